from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from evotrade.engine.session.events import Accepted, Ended, Filled, OrderEvent
from evotrade.exchange.kraken.counters import Counters
from evotrade.exchange.kraken.frames import Execution
from evotrade.exchange.kraken.ledger import Ledger, Record
from evotrade.exchange.kraken.lookup import Found
from evotrade.exchange.kraken.order_rows import OrderRow, TradeRow
from tests.exchange.kraken.sandboxes import an_order

ORDER = an_order(quantity="3")
FEES = (("USD", Decimal("0.1")),)


def frame(kind: str, status: str, **more: object) -> Execution:
    return replace(Execution("O-1", None, kind, status, 1.6e9, ""), **more)


def fill_frame(number: int) -> Execution:
    one = {"exec_id": f"T-{number}", "quantity": Decimal(1), "price": Decimal(10), "fees": FEES}
    return frame("trade", "partially_filled", **one)


FRAMES = [
    frame("pending_new", "pending_new", order_id=ORDER.order_id),
    frame("new", "new"),
    *map(fill_frame, (1, 2, 3)),
    frame("filled", "filled"),
]


def found(fills: int, ended: str | None) -> Found:
    trades = tuple(
        TradeRow(f"T-{n}", "O-1", None, 1.6e9, Decimal(1), Decimal(10), Decimal("0.1"))
        for n in range(1, fills + 1)
    )
    ids = tuple(trade.trade_id for trade in trades)
    row = OrderRow("O-1", ORDER.order_id, ended, Decimal(3), Decimal(fills), ids, 1.6e9, 1.6e9, "", False)
    return Found((row,), trades)


def a_ledger() -> tuple[Ledger, Record]:
    ledger = Ledger(Counters())
    record = ledger.add(ORDER.order_id, ORDER, Decimal(3))
    record.sent_s = 0.0
    return ledger, record


def is_sound(events: list[OrderEvent]) -> bool:
    """Every fill once, and the end once and after all of them."""
    fills = [event.fill_id for event in events if isinstance(event, Filled)]
    ends = [place for place, event in enumerate(events) if isinstance(event, Ended)]
    accepted = [event for event in events if isinstance(event, Accepted)]
    return len(set(fills)) == len(fills) and len(accepted) <= 1 and ends in ([], [len(events) - 1])


@given(st.lists(st.sampled_from(FRAMES), max_size=25), st.lists(st.integers(0, 3), max_size=3), st.randoms())
def test_however_frames_and_answers_come_fills_are_told_once_and_the_end_last(
    frames, answers, random
) -> None:
    ledger, record = a_ledger()
    news = [*frames, *answers]
    random.shuffle(news)
    events: list[OrderEvent] = []
    for each in news:
        if isinstance(each, Execution):
            events += ledger.see(each)[1]
        else:
            events += ledger.settle(record, found(each, None))
    events += ledger.settle(record, found(3, "filled"))
    assert is_sound(events)
    assert sum(event.quantity for event in events if isinstance(event, Filled)) == 3
    assert record.ended is not None


def test_frames_in_order_need_no_question() -> None:
    ledger, record = a_ledger()
    events = [event for each in FRAMES for event in ledger.see(each)[1]]
    assert [type(event) for event in events] == [Accepted, Filled, Filled, Filled, Ended]
    assert not ledger.in_doubt(record)


def test_an_end_without_all_its_fills_is_in_doubt() -> None:
    ledger, record = a_ledger()
    for each in (FRAMES[0], FRAMES[2], frame("canceled", "canceled", filled=Decimal(2))):
        ledger.see(each)
    assert ledger.in_doubt(record)
    told = ledger.settle(record, found(2, "cancelled"))
    assert [type(event) for event in told] == [Filled, Ended]


def test_a_fee_in_another_currency_is_left_to_rest() -> None:
    ledger, record = a_ledger()
    ledger.see(FRAMES[0])
    _, events = ledger.see(replace(fill_frame(1), fees=(("BTC", Decimal("0.001")),)))
    assert events == []
    assert ledger.in_doubt(record)
    assert len(ledger.settle(record, found(1, None))) == 1
    assert not ledger.in_doubt(record)


def test_what_was_heard_before_the_reply_is_told_with_it() -> None:
    ledger, record = a_ledger()
    assert ledger.see(fill_frame(1)) == (None, [])
    assert [type(event) for event in ledger.accept(record, "O-1", 1.6e9)] == [Accepted, Filled]


def test_somebody_elses_orders_are_nobodys() -> None:
    ledger, _ = a_ledger()
    assert ledger.see(frame("new", "new", order_id="another", exchange_id="O-9")) == (None, [])


def test_an_order_that_turned_up_is_not_refused() -> None:
    ledger, record = a_ledger()
    ledger.see(FRAMES[0])
    assert ledger.refuse(record, 1.6e9, "never arrived") == []
