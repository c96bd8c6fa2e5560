from hypothesis import given
from hypothesis import strategies as st

from evotrade.exchange.kraken.frames import Ticker, Trade
from evotrade.exchange.kraken.sanity import ExchangeClock, PriceGuard


def trade(number: int, price: float) -> Trade:
    return Trade("BTC/USD", number, 1.6e9 + number, price)


@given(st.lists(st.floats(50, 200), min_size=1, max_size=30))
def test_usual_prices_pass_as_they_come(prices: list[float]) -> None:
    guard = PriceGuard()
    for number, price in enumerate(prices):
        assert guard.accept(trade(number, price), number) == [trade(number, price)]


def test_a_jump_is_believed_when_three_frames_agree() -> None:
    guard = PriceGuard()
    guard.accept(trade(1, 100), 1)
    assert guard.accept(trade(2, 1000), 2) == []
    assert guard.accept(trade(3, 1001), 2) == []
    assert guard.accept(trade(4, 999), 3) == []
    assert [each.id for each in guard.accept(trade(5, 1000), 4)] == [2, 3, 4, 5]
    assert guard.accept(trade(6, 100), 5) == []


def test_frames_that_contradict_each_other_confirm_nothing() -> None:
    guard = PriceGuard()
    guard.accept(trade(1, 100), 1)
    for number, price in enumerate([1000, 9, 1000, 9, 1000, 9], 2):
        assert guard.accept(trade(number, price), number) == []
    assert guard.accept(trade(9, 101), 9) == [trade(9, 101)]


def test_one_trade_told_again_and_again_confirms_nothing() -> None:
    guard = PriceGuard()
    guard.accept(trade(1, 100), 1)
    assert [guard.accept(trade(2, 1000), number) for number in range(2, 6)] == [[], [], [], []]


def test_a_ticker_far_from_the_trades_is_not_believed() -> None:
    guard = PriceGuard()
    assert guard.believes(Ticker("BTC/USD", None, 100, 99, 101, 1, 1))
    guard.accept(trade(1, 100), 1)
    assert not guard.believes(Ticker("BTC/USD", None, 100, 1, 101, 1, 1))


@given(st.lists(st.tuples(st.floats(0, 10), st.floats(-50, 50)), max_size=40))
def test_the_clock_never_goes_back(heard: list[tuple[float, float]]) -> None:
    clock, monotonic_s, before_s = ExchangeClock(), 0.0, 0.0
    clock.hear(1.6e9, 0.0)
    for pause_s, off_s in heard:
        monotonic_s += pause_s
        clock.hear(1.6e9 + monotonic_s + off_s, monotonic_s)
        assert clock.now_s(monotonic_s) >= before_s
        before_s = clock.now_s(monotonic_s)


def test_a_fast_exchange_passes_more_time() -> None:
    clock = ExchangeClock(speed=60)
    clock.hear(1.6e9, 5)
    assert clock.now_s(7) == 1.6e9 + 120


def test_a_time_far_ahead_is_believed_the_third_time() -> None:
    clock = ExchangeClock()
    assert clock.hear(1.6e9, 0)
    assert [clock.hear(2.6e9 + second, second) for second in (1, 2, 3)] == [False, False, True]
    assert clock.now_s(3) == 2.6e9 + 3
