"""Populations in vectorbt 1.2: decisions by `plain_numpy`, fills and metrics by `Portfolio.from_signals`.

What a knowledgeable user does for speed is done: many genomes at once as columns, everything compiled
before it is timed, no stops, no filling of closes that have no gaps, no benchmark returns, no cache of
intermediate tables, and each table computed once. `pip install "vectorbt[rust]"` brings another engine,
which vectorbt takes by itself where it is installed; name `engine` to be sure of one.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import vectorbt as vbt

from evotrade.genome import Genome, parse
from evotrade.market.candles import Candles
from evotrade.market.synthetic import synthetic_candles

from .portfolio import INITIAL
from .signals import Decisions, Market, signals
from .windows import Means

SMALLEST = 1e-6
"""Final equity below which there is nothing to compare: vectorbt takes amounts under 1e-12 for 0."""
_WARM = parse("IF DELTA(0) > AVG(DELTA, 5) THEN BUY ELSE SELL")


@dataclass
class VectorbtRun:
    """Metrics of each genome, and CPU seconds spent on decisions and on portfolios with their metrics."""

    metrics: list[dict[str, float]] = field(default_factory=list)
    signals_s: float = 0.0
    portfolio_s: float = 0.0


def warm_up(engine: str | None = None) -> None:
    """Compile, or load from numba's cache, all that `run` calls."""
    candles = synthetic_candles(500, "1h", seed=1)
    for columns in (1, 2):
        for full in (False, True):
            run([_WARM] * columns, candles, 10, full, engine=engine)


def run(
    genomes: Sequence[Genome],
    candles: Candles,
    fee_bps: float,
    full: bool = False,
    columns_at_once: int = 50,
    engine: str | None = None,
    means: Means = "numpy",
    keep: int = 0,
) -> VectorbtRun:
    """Trades, fees paid, final equity and deepest drawdown of each genome; `full`: what else vectorbt has.

    `engine` is `"numba"`, `"rust"` or None for vectorbt's own choice; `means` and `keep` are those of
    `Market`.
    """
    result = VectorbtRun()
    market = Market(candles, means, keep)
    close = _table_of(candles, min(columns_at_once, len(genomes)))
    for first in range(0, len(genomes), columns_at_once):
        began = time.process_time()
        decisions = [signals(genome, market) for genome in genomes[first : first + columns_at_once]]
        decided = time.process_time()
        with _without_cache():
            portfolio = simulate(decisions, close.iloc[:, : len(decisions)], candles, fee_bps, engine)
            table = measure(portfolio, candles.timeframe, full, fee_bps)
        result.metrics += _rows(table)
        result.signals_s += decided - began
        result.portfolio_s += time.process_time() - decided
    return result


def simulate(
    decisions: Sequence[Decisions],
    close: pd.DataFrame,
    candles: Candles,
    fee_bps: float,
    engine: str | None = None,
) -> vbt.Portfolio:
    """All cash in and all out at the open after the decision, marked at each close; a column each."""
    shape = (len(close), len(decisions))
    entries, exits = np.zeros(shape, dtype=np.bool_), np.zeros(shape, dtype=np.bool_)
    for column, decided in enumerate(decisions):
        np.equal(decided[:-1], 1, out=entries[1:, column])
        np.equal(decided[:-1], -1, out=exits[1:, column])
    return vbt.Portfolio.from_signals(
        close,
        entries,
        exits,
        price=candles.open[:, None],
        fees=fee_bps / 10_000,
        init_cash=INITIAL,
        min_size=0.0,
        freq=candles.timeframe,
        use_stops=False,
        fillna_close=False,
        engine=engine,
    )


def measure(portfolio: vbt.Portfolio, timeframe: str, full: bool, fee_bps: float) -> dict[str, pd.Series]:
    """Metrics by evotrade's names and in its units, each a value per column."""
    orders, value = portfolio.orders, portfolio.value()
    # of the value at hand: the portfolio's own accessor would compute it again, and a benchmark too
    returns = value.vbt.returns.from_value(value, init_value=INITIAL, freq=timeframe, engine=portfolio.engine)
    table = {
        "trades": orders.buy.count(),
        "fees_paid": orders.fees.sum(),
        "final_equity": value.iloc[-1],
        "max_drawdown_pct": -100 * returns.max_drawdown(),
    }
    if full:
        table |= _of_returns(returns) | _of_trades(portfolio.get_trades(), 1 + fee_bps / 10_000)
    return table


def _of_returns(returns: vbt.returns.accessors.ReturnsAccessor) -> dict[str, pd.Series]:
    """vectorbt counts years by bars: where bars are missing, cagr and calmar are not evotrade's."""
    return {
        "return_pct": 100 * returns.total(),
        "cagr_pct": 100 * returns.annualized(),
        "calmar": returns.calmar_ratio(),
        "volatility_pct": 100 * returns.annualized_volatility(),
        "sharpe": returns.sharpe_ratio(),
        "sortino": returns.sortino_ratio(),
        "omega": returns.omega_ratio(),
    }


def _of_trades(trades: vbt.Trades, cost: float) -> dict[str, pd.Series]:
    """Of round trips; vectorbt's returns are of the price paid, here they are of the cost with its fee."""
    closed = trades.closed
    made = closed.returns
    return {
        "closed_trades": closed.count(),
        "win_rate_pct": 100 * closed.win_rate(),
        "profit_factor": closed.profit_factor(),
        "expectancy_pct": 100 * made.mean() / cost,
        "best_trade_pct": 100 * made.max() / cost,
        "worst_trade_pct": 100 * made.min() / cost,
        "avg_holding_bars": closed.duration.mean(),
        "max_win_streak": closed.winning_streak.max(),
        "max_loss_streak": closed.losing_streak.max(),
        "sqn": closed.sqn(),
    }


@contextmanager
def _without_cache() -> Iterator[None]:
    """No keeping of tables that nothing asks for twice: fresh memory costs more than they do."""
    settings = vbt.settings.caching
    enabled, settings["enabled"] = settings["enabled"], False
    try:
        yield
    finally:
        settings["enabled"] = enabled


def _table_of(candles: Candles, columns: int) -> pd.DataFrame:
    """The closes as so many columns, made once: vectorbt would copy a single one for each batch."""
    table = np.repeat(candles.close[:, None], columns, axis=1)
    return pd.DataFrame(table, index=candles.timestamp.tz_localize(None), copy=False)


def _rows(table: dict[str, pd.Series]) -> list[dict[str, float]]:
    columns = {name: np.asarray(values, dtype=np.float64) for name, values in table.items()}
    count = len(columns["trades"])
    return [{name: float(values[i]) for name, values in columns.items()} for i in range(count)]
