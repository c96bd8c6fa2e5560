"""What a session was started with: it never changes while the session lives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from evotrade import timeframes
from evotrade.engine.execution import Execution
from evotrade.errors import SettingsError

StopOwner = Literal["engine", "exchange"]
EntryKind = Literal["limit", "market"]

ACT_SHARE = 0.1
"""A signal may act until this share of its bar's interval has passed; a first attempt may come later when
nothing was traded meanwhile."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A session's terms. `key` is a UUID as text, from which the ids of its orders are made.

    `execution` has costs, limits and the exchange's rules (`instrument`); `allocation` is the session's own
    money in quote currency. `entry_kind` says how it buys: by a limit order at the price that the quantity
    was sized at, which can't cost more than the session has, or at the market. It tries `entry_attempts`
    times. `stop_owner` says who watches the stop-loss: a resting order at the exchange, or the engine.
    Raises `SettingsError` for a value out of range.
    """

    session_id: int
    key: str
    cell_id: int
    genome: str
    pair: str
    timeframe: str
    allocation: Decimal
    started_at_s: float
    combine: str = "votes"
    execution: Execution = field(default_factory=Execution)
    dry_run: bool = True
    stop_owner: StopOwner = "engine"
    entry_kind: EntryKind = "limit"
    entry_attempts: int = 3

    def __post_init__(self) -> None:
        timeframes.length_s(self.timeframe)
        if not self.allocation.is_finite() or self.allocation <= 0:
            raise SettingsError(f"allocation is {self.allocation}: give an amount above 0")
        if self.stop_owner not in ("engine", "exchange"):
            raise SettingsError(f"unknown stop_owner {self.stop_owner!r}: use engine or exchange")
        if self.entry_kind not in ("limit", "market"):
            raise SettingsError(f"unknown entry_kind {self.entry_kind!r}: use limit or market")
        if self.entry_attempts < 1:
            raise SettingsError(f"entry_attempts is {self.entry_attempts}: use at least 1")
        try:
            UUID(self.key)
        except ValueError:
            raise SettingsError(f"{self.key!r} is no UUID: make one with uuid.uuid4") from None

    @property
    def interval_s(self) -> int:
        """Length of a bar in seconds."""
        return timeframes.length_s(self.timeframe)

    @property
    def act_s(self) -> float:
        """Seconds for which a signal may act, counted from its bar's end or its first attempt."""
        return self.interval_s * ACT_SHARE

    @property
    def patience_s(self) -> float:
        """Seconds after which an entry that has not filled is cancelled, and tried again at a new price."""
        return self.act_s / self.entry_attempts

    def to_dict(self) -> dict[str, Any]:
        """The plan as JSON keeps it."""
        return {**asdict(self), "allocation": str(self.allocation)}

    @classmethod
    def from_dict(cls, spec: Mapping[str, Any]) -> Plan:
        """The plan that `to_dict` described. `SettingsError` for a value out of range."""
        execution = Execution.from_dict(spec["execution"])
        return cls(**{**spec, "allocation": Decimal(spec["allocation"]), "execution": execution})
