"""What the desk writes down of its sessions: a row type for each table, exact on its way through JSON.

Every field is a column of the same name. Times need a zone and come back in UTC; money is Decimal, kept
digit by digit in the outbox and with ten decimals in DuckDB.
"""

from __future__ import annotations

import json
import types
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any, NamedTuple, get_args, get_type_hints

from evotrade.engine.session.orders import Kind, Leg, OrderStatus, Side
from evotrade.engine.session.states import Status
from evotrade.errors import StoreError
from evotrade.store.rows import utc


class SessionRow(NamedTuple):
    """A session as it is now; the newest row replaces the older ones.

    `allocation`, `cash`, the profits and prices are in quote currency, `quantity` (its position) in base
    currency. `execution` is JSON: costs, fills and limits. `session_key` is the UUID from which the ids of
    its orders are made.
    """

    session_id: int
    session_key: str
    cell_id: int
    genome: str
    combine: str
    pair: str
    source: str
    timeframe: str
    dry_run: bool
    owner: str
    status: Status
    reason: str
    allocation: Decimal
    cash: Decimal
    quantity: Decimal
    realized_pnl: Decimal
    execution: str
    engine_version: str
    started_at: datetime
    ended_at: datetime | None = None
    entry_price: Decimal | None = None
    price: float | None = None
    price_at: datetime | None = None
    current_pnl: Decimal = Decimal(0)
    final_pnl: Decimal | None = None
    trade_count: int = 0
    missed_bars: int = 0


class TransitionRow(NamedTuple):
    """A session became another state, and why."""

    session_id: int
    changed_at: datetime
    before: Status
    after: Status
    reason: str


class OrderRow(NamedTuple):
    """An order as it is now; the newest row of an `order_id` replaces the older ones.

    `cause` is why it was made (signal, the limit that struck, stop), `reason` why it has its status.
    """

    order_id: str
    session_id: int
    exchange_id: str | None
    bar_start: datetime
    leg: Leg
    attempt: int
    side: Side
    kind: Kind
    quantity: Decimal
    price: Decimal | None
    status: OrderStatus
    reason: str
    created_at: datetime
    changed_at: datetime
    cause: str = ""


class FillRow(NamedTuple):
    """One execution; `fill_id` names it within its session. `pnl` is None for a buy.

    `market` is the price of the last trade at that moment, where it is known.
    """

    fill_id: str
    order_id: str
    session_id: int
    filled_at: datetime
    side: Side
    quantity: Decimal
    price: Decimal
    fee: Decimal
    pnl: Decimal | None
    position_after: Decimal
    market: Decimal | None = None


class TradeRow(NamedTuple):
    """An entry and what closed it; `trade_id` counts within the session, from 1.

    The newest row of a trade replaces the older ones.
    """

    session_id: int
    trade_id: int
    entry_at: datetime
    exit_at: datetime | None
    quantity: Decimal
    entry_price: Decimal
    exit_price: Decimal | None
    fees: Decimal
    pnl: Decimal | None
    exit_reason: str | None


class BarRow(NamedTuple):
    """A bar that the session used, and what it decided at its close: 1 buy, -1 sell, 0 hold.

    `decision` is None for a bar of the lookback, from before the start. `missed` says why a signal that
    could have traded did not, "" otherwise.
    """

    session_id: int
    start: datetime
    open: float
    high: float
    low: float
    close: float
    volume: float
    trades: float
    decision: int | None
    missed: str = ""


class AlertRow(NamedTuple):
    """What a person was, or should have been, told; `session_id` is None where it concerns the desk."""

    raised_at: datetime
    level: str
    session_id: int | None
    text: str


Record = SessionRow | TransitionRow | OrderRow | FillRow | TradeRow | BarRow | AlertRow


class Entry(NamedTuple):
    """A record with the number that the outbox gave it, which rises in time and is never given twice."""

    seq: int
    record: Record


class Table(NamedTuple):
    """Where rows of a type go, and by which columns they are known.

    A `fact` never changes; of other rows the newest counts. Rows that are `archived` move to the table
    `archived_…` with their session.
    """

    name: str
    row: type[Record]
    key: tuple[str, ...]
    fact: bool = False
    archived: bool = True


RECORD_ID = "record_id"
"""The column for the outbox's number, the key of rows that have no other."""

TABLES = (
    Table("sessions", SessionRow, ("session_id",)),
    Table("transitions", TransitionRow, (RECORD_ID,), fact=True),
    Table("orders", OrderRow, ("order_id",)),
    Table("fills", FillRow, ("session_id", "fill_id"), fact=True),
    Table("trades", TradeRow, ("session_id", "trade_id")),
    Table("session_bars", BarRow, ("session_id", "start")),
    Table("alerts", AlertRow, (RECORD_ID,), fact=True, archived=False),
)
TABLE_OF: Mapping[type[Record], Table] = {table.row: table for table in TABLES}

_BY_NAME = {table.name: table for table in TABLES}
_WHOLE = 2**63
_SMALL = {"attempt": 2**31, "trade_count": 2**31, "missed_bars": 2**31, "decision": 2**7}
_DECIMALS = Decimal("1e-10")
_TOO_MUCH = Decimal(10**18) - 1  # DECIMAL(28, 10) holds no more, also once it is rounded
_EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)
_DECIMAL_TAG, _TIME_TAG = "$decimal", "$time"


def rounded(amount: Decimal) -> Decimal:
    """The amount with the ten decimals of DECIMAL(28, 10), half to even."""
    return amount.quantize(_DECIMALS, context=_EXACT)


def _types(row: type[Record]) -> dict[str, tuple[type, ...]]:
    """The Python types that each field may have; a Literal is text."""
    found = {}
    for name, hint in get_type_hints(row).items():
        kinds = get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
        found[name] = tuple(kind if isinstance(kind, type) else str for kind in kinds)
    return found


_TYPES = {row: _types(row) for row in TABLE_OF}


def write_record(record: Record) -> tuple[str, str]:
    """The name of its table, and the record as JSON.

    `StoreError` for a value that its column could not hold: it is refused here, where whoever made it
    learns of it, and not when it is carried over.
    """
    kinds = _TYPES[type(record)]
    for name, value in zip(record._fields, record, strict=True):
        _check(f"{type(record).__name__}.{name}", name, value, kinds[name])
    return TABLE_OF[type(record)].name, write_json(list(record))


def read_record(table: str, text: str) -> Record:
    """The record that `write_record` wrote. Fields that are newer than the text have their defaults."""
    return _BY_NAME[table].row(*read_json(text))


def _check(what: str, name: str, value: Any, kinds: tuple[type, ...]) -> None:
    if not _is_one(value, kinds):
        expected = " or ".join(kind.__name__ for kind in kinds)
        raise StoreError(f"{what} is {value!r:.60}, a {type(value).__name__}: give it a {expected}")
    if isinstance(value, Decimal) and not (value.is_finite() and abs(value) < _TOO_MUCH):
        raise StoreError(f"{what} is {value}: give it an amount below 10^18")
    if isinstance(value, int) and not -_SMALL.get(name, _WHOLE) <= value < _SMALL.get(name, _WHOLE):
        raise StoreError(f"{what} is {value}, more than its column holds: give it a smaller number")


def _is_one(value: Any, kinds: tuple[type, ...]) -> bool:
    if isinstance(value, bool):  # which is an int to Python, and none to a database
        return bool in kinds
    return isinstance(value, kinds) or (float in kinds and isinstance(value, int))


def write_json(value: Any) -> str:
    """Plain data as JSON; Decimals and times keep every digit, tuples become lists.

    `StoreError` for anything else, a time without a zone, or a name that is no text.
    """
    return json.dumps(_tagged(value), ensure_ascii=False, separators=(",", ":"))


def read_json(text: str) -> Any:
    """What `write_json` wrote."""
    return json.loads(text, object_hook=_untagged)


def _tagged(value: Any) -> Any:
    if value is None or isinstance(value, (str, int, float)):
        return _encodable(value)
    if isinstance(value, Decimal):
        return {_DECIMAL_TAG: str(value)}
    if isinstance(value, datetime):
        return {_TIME_TAG: utc(value, "time").isoformat()}
    if isinstance(value, Mapping):
        return {_name(name): _tagged(inner) for name, inner in value.items()}
    if isinstance(value, Sequence):
        return [_tagged(inner) for inner in value]
    raise StoreError(
        f"{value!r:.60} is a {type(value).__name__}, which JSON cannot hold: use text, numbers, Decimal, "
        "datetime, lists and dictionaries"
    )


def _encodable(value: Any) -> Any:
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise StoreError(f"{value!r:.60} is no valid Unicode: remove the lone surrogates") from error
    return value


def _name(name: Any) -> str:
    if not isinstance(name, str) or name.startswith("$"):
        raise StoreError(f"{name!r:.60} cannot be a name in JSON here: use text that does not begin with $")
    return str(_encodable(name))


def _untagged(found: dict[str, Any]) -> Any:
    if _DECIMAL_TAG in found:
        return Decimal(found[_DECIMAL_TAG])
    if _TIME_TAG in found:
        return datetime.fromisoformat(found[_TIME_TAG])
    return found
