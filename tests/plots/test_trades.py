import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evotrade import timeframes
from evotrade.engine.backtest import backtest_decisions
from evotrade.engine.execution import Execution
from evotrade.market.synthetic import synthetic_candles
from evotrade.plots.theme import COLOURS
from evotrade.plots.trades import (
    DRAWN_CANDLES,
    DRAWN_TRADES,
    coarser,
    drawn_timeframe,
    price_decimals,
    touching,
    trades_figure,
)

CANDLES = synthetic_candles(600, "1h", seed=1)
stretches = st.tuples(st.integers(0, 599), st.integers(1, 600)).map(lambda ends: CANDLES[ends[0] : sum(ends)])


def trades_of(decisions, candles=CANDLES):
    padded = np.zeros(len(candles), dtype=np.int8)
    padded[: len(decisions)] = decisions
    return backtest_decisions(padded, candles, Execution(fee_bps=0.0)).simulation.trades


def traces(figure):
    return {trace.name: trace for trace in figure.data}


@given(stretches, st.sampled_from(["1h", "4h", "1d", "1w"]))
def test_longer_bars_lose_no_price_and_no_time(candles, timeframe):
    bars = coarser(candles, timeframe)
    assert (bars.open[0], bars.close[-1]) == (candles.open[0], candles.close[-1])
    assert (bars.high.max(), bars.low.min()) == (candles.high.max(), candles.low.min())
    assert np.all(np.diff(bars.start_s) >= timeframes.length_s(timeframe))
    assert bars.start_s[0] <= candles.time_s[0] < bars.start_s[0] + timeframes.length_s(timeframe)
    assert np.all(bars.low <= np.minimum(bars.open, bars.close))


@given(stretches, st.integers(5, 700))
def test_bars_are_drawn_as_short_as_they_fit(candles, most):
    chosen = drawn_timeframe(candles, most)
    assert len(coarser(candles, chosen).start_s) <= most
    shorter = [
        name
        for name in ("1h", "4h", "12h", "1d", "1w")
        if timeframes.SECONDS[name] < timeframes.SECONDS[chosen]
    ]
    assert all(len(coarser(candles, name).start_s) > most for name in shorter)


def test_four_hours_become_one_bar_that_may_be_unfinished():
    day = synthetic_candles(24, "1h", seed=2)
    bars = coarser(day[2:7], "4h")  # 02:00 to 07:00: two hours of the first bar, three of the second
    assert bars.start_s.tolist() == [day.time_s[0], day.time_s[4]]
    assert bars.open.tolist() == [day.open[2], day.open[4]]
    assert bars.close.tolist() == [day.close[3], day.close[6]]
    assert bars.high.tolist() == [day.high[2:4].max(), day.high[4:7].max()]
    assert bars.low.tolist() == [day.low[2:4].min(), day.low[4:7].min()]


def test_few_candles_are_drawn_as_they_are():
    candles = traces(trades_figure(CANDLES, trades_of([0])))["Bar of 1h"]
    assert list(candles.close) == CANDLES.close.tolist()


def test_many_candles_are_drawn_as_longer_ones():
    figure = trades_figure(synthetic_candles(DRAWN_CANDLES + 1, "1h", seed=1), trades_of([0]))
    assert list(traces(figure)) == ["Bar of 4h", "Buy", "Sell"]


def test_entry_and_exit_stand_at_their_time_and_price_and_say_the_result():
    trades = trades_of([1, 0, 0, -1])
    drawn = traces(trades_figure(CANDLES, trades, quote="USD"))
    assert drawn["Buy"].y.tolist() == [CANDLES.open[1]]
    assert drawn["Sell"].y.tolist() == [CANDLES.open[4]]
    assert drawn["Buy"].x.tolist() == [CANDLES.timestamp[1].to_pydatetime().replace(tzinfo=None)]
    result = f"{100 * (CANDLES.open[4] / CANDLES.open[1] - 1):+.2f} % in 3 bars, closed by signal"
    assert drawn["Sell"].text[0].endswith(result.replace("-", "−"))
    assert "USD" in drawn["Buy"].text[0]


def test_an_open_trade_leads_to_the_last_close_without_an_exit():
    drawn = traces(trades_figure(CANDLES, trades_of([1])))
    assert list(drawn) == ["Bar of 1h", "Open", "Buy", "Sell"]
    assert drawn["Open"].y[1] == CANDLES.close[-1]
    assert len(drawn["Sell"].x) == 0
    assert "still open after 599 bars" in drawn["Buy"].text[0]


def test_gains_and_losses_have_lines_of_their_own():
    done = trades_of(np.resize([1, 0, -1], 300))
    drawn = traces(trades_figure(CANDLES, done))
    assert np.isnan(drawn["Gain"].y).sum() == (done.return_pct > 0).sum()
    assert np.isnan(drawn["Loss"].y).sum() == (done.return_pct <= 0).sum()
    assert drawn["Gain"].line.dash != drawn["Loss"].line.dash


@given(stretches)
def test_a_trade_touches_a_stretch_when_it_was_open_in_it(candles):
    done = trades_of(np.resize([1, 0, 0, -1, 0, 0, 0], 590))
    start_s, end_s = candles.time_s[0], candles.end_s[-1]
    closed = np.where(done.exit_time_s < 0, CANDLES.end_s[-1], done.exit_time_s)
    inside = [n for n in range(len(done)) if closed[n] >= start_s and done.entry_time_s[n] <= end_s]
    assert touching(done, candles).tolist() == inside


def test_trades_keep_their_numbers_in_a_part_of_the_candles():
    done = trades_of(np.resize([1, -1], 100))
    drawn = traces(trades_figure(CANDLES[50:60], done))
    assert drawn["Buy"].text[0].startswith("<b>Trade 25:")


def test_of_very_many_trades_the_latest_are_drawn():
    candles = synthetic_candles(2 * DRAWN_TRADES + 20, "1h", seed=3)
    done = trades_of(np.resize([1, -1], len(candles)), candles)
    drawn = traces(trades_figure(candles, done))
    assert len(drawn["Buy"].x) == DRAWN_TRADES
    assert drawn["Buy"].text[-1].startswith(f"<b>Trade {len(done):,}:")


def test_a_trade_that_began_long_before_does_not_squeeze_the_candles():
    part = CANDLES[500:520]
    axis = trades_figure(part, trades_of([1])).layout.yaxis
    height = part.high.max() - part.low.min()
    assert axis.range[0] >= part.low.min() - 0.05 * height
    assert axis.range[1] <= part.high.max() + 0.05 * height


def test_a_chosen_trade_is_marked_from_entry_to_exit():
    done = trades_of([1, -1, 0, 1, -1])
    (band,) = trades_figure(CANDLES, done, chosen=1).layout.shapes
    assert np.array([band.x0, band.x1], "datetime64[s]").astype(int).tolist() == CANDLES.time_s[4:6].tolist()
    assert not trades_figure(CANDLES[50:], done, chosen=1).layout.shapes


def test_no_candles_make_an_empty_figure():
    assert len(trades_figure(CANDLES[:0], trades_of([1, -1])).data) == 1


def test_a_name_of_a_currency_is_no_markup():
    figure = trades_figure(CANDLES, trades_of([1, -1]), quote="<img src=x>")
    assert "<img" not in json.dumps(figure.to_plotly_json(), default=str)


@pytest.mark.parametrize("theme", COLOURS)
def test_buys_and_sells_have_the_colours_of_the_theme(theme):
    drawn = traces(trades_figure(CANDLES, trades_of([1, -1]), theme))
    assert (drawn["Buy"].marker.color, drawn["Sell"].marker.color) == (
        COLOURS[theme].buy,
        COLOURS[theme].sell,
    )
    assert drawn["Buy"].marker.symbol != drawn["Sell"].marker.symbol
    assert drawn["Bar of 1h"].increasing.line.color == COLOURS[theme].rising


@pytest.mark.parametrize(("price", "decimals"), [(43_210.5, 2), (5.0, 4), (0.000012345, 9), (0.0, 2)])
def test_a_price_has_five_digits_and_at_least_two_decimals(price, decimals):
    assert price_decimals(price) == decimals
