"""The states of a session, and which may follow which: one table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from evotrade.errors import SessionError

Status = Literal["initializing", "running", "degraded", "halted", "stopping", "stopped", "error"]
STATUSES: tuple[Status, ...] = get_args(Status)

MAY_BECOME: Mapping[Status, frozenset[Status]] = {
    "initializing": frozenset({"running", "degraded", "halted", "stopped", "error"}),
    "running": frozenset({"degraded", "halted", "stopping", "error"}),
    "degraded": frozenset({"running", "halted", "stopping", "error"}),
    "halted": frozenset({"running", "degraded", "stopping", "error"}),
    "stopping": frozenset({"stopped", "halted", "error"}),
    "stopped": frozenset(),
    "error": frozenset({"stopping", "stopped"}),
}
"""`halted` needs a person to go on; `stopping` sells and cancels; from `stopped` nothing leads away."""

ENDED: frozenset[Status] = frozenset({"stopped"})
"""A session in one of these is over, and asks for nothing more."""


def check_transition(before: Status, after: Status) -> None:
    """Raises `SessionError` where the table has no way from one state to the other."""
    if after not in MAY_BECOME[before]:
        ways = ", ".join(sorted(MAY_BECOME[before])) or "nothing: it is over"
        raise SessionError(f"a session that is {before} cannot become {after}; it may become {ways}")
