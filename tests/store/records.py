"""Records of sessions to commit and deliver: plain ones for examples, any at all for laws."""

import types
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, get_args, get_type_hints

from hypothesis import strategies as st

from evotrade.store.records import (
    TABLES,
    AlertRow,
    BarRow,
    Entry,
    FillRow,
    OrderRow,
    Record,
    SessionRow,
    TradeRow,
    TransitionRow,
)
from tests.store.samples import NOW, texts

MONEY = Decimal("1000.0000000001")


def session(session_id: int = 1, **changes: Any) -> SessionRow:
    """A paper session that runs."""
    names = {"genome": "IF DELTA(0) > 0 THEN BUY", "combine": "votes", "pair": "BTC/USD", "source": "kraken"}
    who = {"session_key": f"key-{session_id}", "cell_id": 1, "owner": "ann", "dry_run": True}
    state = {"status": "running", "reason": "", "timeframe": "1h", "execution": "{}", "engine_version": "1"}
    money = {"allocation": MONEY, "cash": MONEY, "quantity": Decimal(0), "realized_pnl": Decimal(0)}
    return SessionRow(session_id, **{**names, **who, **state, **money, "started_at": NOW, **changes})


def order(order_id: str = "o1", session_id: int = 1, **changes: Any) -> OrderRow:
    """An entry at market that was intended."""
    what = {"leg": "entry", "attempt": 1, "side": "buy", "kind": "market", "quantity": Decimal("0.1")}
    state = {"exchange_id": None, "price": None, "status": "intended", "reason": "", "cause": "signal"}
    times = {"bar_start": NOW, "created_at": NOW, "changed_at": NOW}
    return OrderRow(order_id=order_id, session_id=session_id, **{**what, **state, **times, **changes})


def fill(fill_id: str = "f1", session_id: int = 1, **changes: Any) -> FillRow:
    """A buy."""
    money = {
        "quantity": Decimal("0.1"),
        "price": MONEY,
        "fee": Decimal("0.4"),
        "position_after": Decimal("0.1"),
    }
    plain = {"order_id": "o1", "filled_at": NOW, "side": "buy", "pnl": None}
    return FillRow(fill_id=fill_id, session_id=session_id, **{**money, **plain, **changes})


def trade(trade_id: int = 1, session_id: int = 1, **changes: Any) -> TradeRow:
    """An entry that is open."""
    money = {"quantity": Decimal("0.1"), "entry_price": MONEY, "fees": Decimal("0.4")}
    still = {"exit_at": None, "exit_price": None, "pnl": None, "exit_reason": None}
    return TradeRow(session_id, trade_id, entry_at=NOW, **{**money, **still, **changes})


def transition(session_id: int = 1, reason: str = "") -> TransitionRow:
    """It runs."""
    return TransitionRow(session_id, NOW, "initializing", "running", reason)


def bar(session_id: int = 1, **changes: Any) -> BarRow:
    """A bar that decided to buy."""
    prices = {"open": 1.0, "high": 2.0, "low": 0.5, "close": 1.5, "volume": 3.0, "trades": 4.0}
    return BarRow(session_id, **{"start": NOW, **prices, "decision": 1, **changes})


def alert(session_id: int | None = 1, text: str = "it stopped") -> AlertRow:
    """A warning."""
    return AlertRow(NOW, "warning", session_id, text)


def whole(session_id: int) -> list[Record]:
    """A row of each kind."""
    mine = f"o{session_id}"
    rows = [order(mine, session_id), fill(session_id=session_id, order_id=mine), trade(session_id=session_id)]
    return [session(session_id), transition(session_id), *rows, bar(session_id), alert(session_id)]


def numbered(records: list[Record], first: int = 1) -> list[Entry]:
    """The records as an outbox would hand them over."""
    return [Entry(seq, record) for seq, record in enumerate(records, first)]


amounts = st.decimals(-(10**17), 10**17, places=10, allow_nan=False, allow_infinity=False)
_OF_TYPE: dict[Any, st.SearchStrategy[Any]] = {
    Decimal: amounts,
    datetime: st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),
    str: texts,
    bool: st.booleans(),
    int: st.integers(0, 100),
    float: st.floats(allow_nan=False),
    types.NoneType: st.none(),
}


def _values(hint: Any) -> st.SearchStrategy[Any]:
    if hint in _OF_TYPE:
        return _OF_TYPE[hint]
    if isinstance(hint, types.UnionType):
        return st.one_of(*map(_values, get_args(hint)))
    return st.sampled_from(get_args(hint))  # a Literal


def of_kind(kind: type[Record]) -> st.SearchStrategy[Record]:
    """Any record of that type, one of a few sessions."""
    fields = {name: _values(hint) for name, hint in get_type_hints(kind).items()}
    few = {
        "session_id": st.integers(1, 4),
        "order_id": st.sampled_from("ab"),
        "fill_id": st.sampled_from("cd"),
    }
    built = st.builds(kind, **{**fields, **{name: value for name, value in few.items() if name in fields}})
    return built.map(_of_its_session)


def _of_its_session(record: Record) -> Record:
    """The record with names that no other session uses."""
    names = {"order_id", "fill_id"} & set(record._fields)
    return record._replace(**{name: f"{getattr(record, name)}{record.session_id}" for name in names})


records = st.one_of(*(of_kind(table.row) for table in TABLES))
