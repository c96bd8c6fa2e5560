"""Agreement with others: backtesting.py on fills, empyrical on the metrics that both define alike."""

import warnings

import empyrical
import numpy as np
import pandas as pd
import pytest

from evotrade.engine.backtest import backtest_decisions
from evotrade.engine.execution import Execution
from evotrade.engine.reckoning import per_bar_returns
from evotrade.market.candles import Candles
from tests.paths import shared

HOURS_A_YEAR = 365 * 24


@pytest.fixture(scope="module")
def candles():
    """3 000 hours of bitcoin without a gap."""
    frame = pd.read_csv(shared("data/XBTUSD_60.csv")).tail(3_000)
    columns = {
        name: frame[name].to_numpy(float) for name in ("open", "high", "low", "close", "volume", "trades")
    }
    return Candles(time_s=frame["timestamp"].to_numpy(), timeframe="1h", **columns)


@pytest.fixture(scope="module")
def crossing(candles):
    """Buy above, sell below: the mean of 10 closes against that of 50."""
    close = pd.Series(candles.close)
    fast, slow = close.rolling(10).mean(), close.rolling(50).mean()
    decisions = np.where(fast > slow, 1, np.where(fast < slow, -1, 0))
    decisions[-3] = -1  # flat at the end, so that both count the same closed trades
    decisions[-2:] = 0
    return decisions.astype(np.int8)


def peer_run(candles, decisions, fee_bps=0, **terms):
    """The same decisions in backtesting.py: (statistics, trades)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the peer and its plotting library warn on import and on use
        from backtesting import Strategy
        from backtesting.lib import FractionalBacktest

        class Follow(Strategy):
            def init(self):
                pass

            def next(self):
                decision = decisions[len(self.data) - 1]
                if decision == 1 and not self.position:
                    self.buy()
                elif decision == -1 and self.position:
                    self.position.close()

        frame = candles.frame.rename(columns=str.capitalize).tz_localize(None)
        # whole units are all that it trades: a unit of 1e-12 bitcoin makes their rounding vanish
        test = FractionalBacktest(
            frame, Follow, cash=1_000, commission=fee_bps / 1e4, fractional_unit=1e-12, **terms
        )
        stats = test.run()
        return stats, stats["_trades"]


@pytest.fixture(scope="module")
def peer_stats(candles, crossing):
    return peer_run(candles, crossing)[0]


@pytest.mark.parametrize("fee_bps", [0, 40])
@pytest.mark.parametrize("fill", ["next_open", "close"])
def test_backtesting_py_makes_the_same_trades_and_ends_with_the_same_equity(candles, crossing, fee_bps, fill):
    mine = backtest_decisions(crossing, candles, Execution(fee_bps=fee_bps, fill=fill))
    stats, trades = peer_run(candles, crossing, fee_bps, trade_on_close=fill == "close")
    assert mine.metrics["trades"] == mine.metrics["closed_trades"] == len(trades) > 20
    assert mine.simulation.trades.entry_bar.tolist() == trades["EntryBar"].tolist()
    assert mine.simulation.trades.exit_bar.tolist() == trades["ExitBar"].tolist()
    assert mine.metrics["final_equity"] == pytest.approx(stats["Equity Final [$]"], rel=1e-6)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("win_rate_pct", "Win Rate [%]"),
        ("best_trade_pct", "Best Trade [%]"),
        ("worst_trade_pct", "Worst Trade [%]"),
        ("avg_trade_pct", "Avg. Trade [%]"),
        ("expectancy_pct", "Expectancy [%]"),
        ("sqn", "SQN"),
        ("kelly", "Kelly Criterion"),
    ],
)
def test_backtesting_py_agrees_on_the_metrics_of_trades(candles, crossing, peer_stats, name, label):
    mine = backtest_decisions(crossing, candles, Execution(fee_bps=0)).metrics
    assert mine[name] == pytest.approx(peer_stats[label], rel=1e-6)


def test_backtesting_py_agrees_on_the_deepest_drawdown(candles, crossing, peer_stats):
    mine = backtest_decisions(crossing, candles, Execution(fee_bps=0)).metrics
    assert mine["max_drawdown_pct"] == pytest.approx(-peer_stats["Max. Drawdown [%]"], rel=1e-6)


def test_empyrical_agrees_on_the_metrics_of_returns(candles, crossing):
    run = backtest_decisions(crossing, candles, Execution(fee_bps=10))
    returns = pd.Series(per_bar_returns(run.simulation.equity, 1000))
    yearly = {"annualization": HOURS_A_YEAR}
    theirs = {
        "sharpe": empyrical.sharpe_ratio(returns, **yearly),
        "sortino": empyrical.sortino_ratio(returns, **yearly),
        "calmar": empyrical.calmar_ratio(returns, **yearly),
        "omega": empyrical.omega_ratio(returns, **yearly),
        "volatility_pct": 100 * empyrical.annual_volatility(returns, **yearly),
        "cagr_pct": 100 * empyrical.cagr(returns, **yearly),
        "max_drawdown_pct": -100 * empyrical.max_drawdown(returns),
        "return_pct": 100 * empyrical.cum_returns_final(returns),
    }
    assert {name: run.metrics[name] for name in theirs} == pytest.approx(theirs, rel=1e-9)
