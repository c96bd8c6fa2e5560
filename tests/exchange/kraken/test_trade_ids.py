from hypothesis import given
from hypothesis import strategies as st

from evotrade.exchange.kraken.frames import Trade
from evotrade.exchange.kraken.trade_ids import TradeIds

START_S = 1_600_000_020 // 60 * 60
tapes = st.lists(st.integers(0, 150), min_size=2, max_size=60)


def tape_of(pauses: list[int]) -> list[Trade]:
    at_s, trades = START_S, []
    for number, pause_s in enumerate(pauses, 5):
        at_s += pause_s
        trades.append(Trade("BTC/USD", number, float(at_s), 1.0))
    return trades


@given(tapes, st.data())
def test_a_count_that_is_told_is_right_whatever_was_missed(pauses: list[int], data: st.DataObject) -> None:
    tape = tape_of(pauses)
    heard = data.draw(st.lists(st.sampled_from(tape), max_size=len(tape) * 2))
    ids = TradeIds()
    for trade in heard:
        ids.add(trade)
    for minute in range(START_S, int(tape[-1].at_s) + 60, 60):
        expected = ids.expected(minute, minute + 60)
        assert expected in (None, sum(minute <= trade.at_s < minute + 60 for trade in tape))


@given(tapes)
def test_every_inner_minute_of_a_whole_tape_can_be_counted(pauses: list[int]) -> None:
    tape, ids = tape_of(pauses), TradeIds()
    assert all(ids.add(trade) for trade in tape)
    first, last = int(tape[0].at_s) // 60 * 60 + 60, int(tape[-1].at_s) // 60 * 60
    assert all(ids.expected(minute, minute + 60) is not None for minute in range(first, last, 60))


def test_a_trade_told_again_is_not_newer() -> None:
    ids, trade = TradeIds(), Trade("BTC/USD", 5, 1.6e9, 1.0)
    assert [ids.add(trade), ids.add(trade)] == [True, False]
    assert not ids.is_gap(Trade("BTC/USD", 6, 1.6e9, 1.0))
    assert ids.is_gap(Trade("BTC/USD", 7, 1.6e9, 1.0))
