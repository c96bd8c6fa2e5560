"""What must hold before a session may start: each check refuses with its reason, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal

from evotrade import timeframes
from evotrade.cells import Cell
from evotrade.desk.views import SessionView, StartRequest
from evotrade.engine.session.states import ENDED
from evotrade.errors import DeskLimit, SessionRefused, SettingsError
from evotrade.exchange.protocols import PairRules
from evotrade.market.pairs import pair_name

_LIVE_SOURCES = ("kraken", "archive", "sandbox")
_BPS = Decimal("1e-4")


@dataclass(frozen=True, slots=True)
class DeskLimits:
    """How much the desk may do at once; allocations in quote currency, None for no limit."""

    max_sessions: int = 100
    max_sessions_per_owner: int = 100
    max_total_allocation: Decimal | None = None


def pair_of(request: StartRequest, cell: Cell, default: str) -> str:
    """The pair asked for, else the one that the cell was evaluated on, else the desk's.

    `SettingsError` for a name that is no pair.
    """
    if request.pair is not None:
        return pair_name(request.pair)
    for row in cell.phenotypes:
        if row.source in _LIVE_SOURCES and row.skipped is None:
            with suppress(SettingsError):  # an imported cell knows its market by another name, PURR for one
                return pair_name(row.pair)
    return pair_name(default)


def confirmation(cell_id: int, pair: str, allocation: Decimal) -> str:
    """What a person types to start real orders: `"<cell> <pair> <allocation>"`, as in `29 BTC/USD 1000`."""
    return f"{cell_id} {pair} {allocation.normalize():f}"


def check_request(request: StartRequest) -> None:
    """`SettingsError` for an allocation or a timeframe that is none."""
    if not request.allocation.is_finite() or request.allocation <= 0:
        raise SettingsError(f"allocation is {request.allocation}: give an amount above 0")
    timeframes.length_s(request.timeframe)


def check_desk(request: StartRequest, running: Iterable[SessionView], limits: DeskLimits) -> None:
    """`DeskLimit` where one session more, or its allocation, is too much."""
    active = [view for view in running if view.status not in ENDED]
    own = [view for view in active if view.owner == request.owner]
    if len(active) >= limits.max_sessions:
        raise DeskLimit(
            f"{len(active)} sessions run, and {limits.max_sessions} are the limit: stop one first"
        )
    if len(own) >= limits.max_sessions_per_owner:
        raise DeskLimit(
            f"{len(own)} sessions of {request.owner or 'this owner'} run, and "
            f"{limits.max_sessions_per_owner} are the limit: stop one first"
        )
    if limits.max_total_allocation is not None:
        total = sum((view.allocation for view in active), request.allocation)
        if total > limits.max_total_allocation:
            raise DeskLimit(
                f"allocations would sum to {total:f}, and {limits.max_total_allocation:f} are the limit: "
                "allocate less, or stop a session first"
            )


def check_cell(cell: Cell, request: StartRequest) -> str:
    """A warning about the cell, "" where there is none. `SessionRefused` for a dead one with real orders."""
    if not cell.genome_id:
        raise SessionRefused(f"cell {cell.cell_id} has a genome that does not parse: it cannot trade")
    if cell.status != "dead":
        return ""
    why = "; ".join(cell.reasons) or "no reason is recorded"
    if not request.dry_run:
        raise SessionRefused(
            f"cell {cell.cell_id} is dead ({why}): a dead cell trades on paper only, start it with dry_run"
        )
    return f"cell {cell.cell_id} is dead ({why})"


def check_real(
    request: StartRequest, pair: str, *, allowed: bool, has_keys: bool, keys_complaint: str = ""
) -> None:
    """`SessionRefused` where one of the conditions of real orders does not hold."""
    if not allowed:
        raise SessionRefused(
            "this daemon may not send real orders: start it with EVOTRADE_ALLOW_REAL_ORDERS=1, or use paper"
        )
    if not has_keys:
        raise SessionRefused(
            keys_complaint
            or "there are no keys of the exchange: put them into the environment or the keyring of the daemon"
        )
    expected = confirmation(request.cell_id, pair, request.allocation)
    if request.confirm != expected:
        raise SessionRefused(f'real orders need the confirmation text "{expected}": give exactly this')


def check_pair(rules: PairRules, allocation: Decimal, price: Decimal, fee_bps: Decimal) -> None:
    """`SessionRefused` for a pair that does not trade now, or an allocation below its smallest order."""
    if rules.status != "online":
        raise SessionRefused(f"{rules.pair} is {rules.status} at the exchange: try again when it is online")
    cost = allocation / (1 + fee_bps * _BPS)
    least = max(rules.cost_min, rules.order_min * price)
    if cost < least:
        needed = (least * (1 + fee_bps * _BPS)).quantize(Decimal("0.01"), rounding="ROUND_UP")
        raise SessionRefused(
            f"{allocation:f} {rules.quote} is below the smallest order of {rules.pair}, which takes "
            f"{needed:f} {rules.quote} with its fee now: allocate more"
        )


def check_funds(
    request: StartRequest, rules: PairRules, free: Decimal, running: Iterable[SessionView]
) -> None:
    """`SessionRefused` where the account's free quote currency does not cover what sessions may still spend.

    What a buy order of a session holds while it waits counts twice: better refused than promised twice.
    """
    same = [view for view in running if not view.dry_run and view.status not in ENDED]
    promised = sum((view.cash for view in same if view.pair.endswith("/" + rules.quote)), Decimal(0))
    if promised + request.allocation > free:
        raise SessionRefused(
            f"the account has {free:f} {rules.quote} free, of which {promised:f} belong to other sessions: "
            f"allocate at most {max(free - promised, Decimal(0)):f}"
        )


def check_history(bars: int, needed: int, timeframe: str, pair: str) -> None:
    """`SessionRefused` with the number of bars that the genome's lookback lacks."""
    if bars < needed:
        raise SessionRefused(
            f"the history of {pair} at {timeframe} is {needed - bars} bars short of the {needed} that the "
            "genome looks back: use a shorter timeframe, or try again later"
        )
