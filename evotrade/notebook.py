"""The notebook's face: the services with short arguments, and results that show themselves."""

from __future__ import annotations

import html
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack

import numpy as np
import numpy.typing as npt
import pandas as pd

from evotrade.cells import Cell
from evotrade.engine import backtest as engine
from evotrade.engine.backends import CORE
from evotrade.engine.buy_hold import buy_and_hold
from evotrade.engine.columns import Columns
from evotrade.engine.evaluator import decide as decide_on
from evotrade.engine.execution import Execution, FeeOn, FillAt, Instrument, Limits
from evotrade.engine.population import screen_population
from evotrade.errors import SettingsError
from evotrade.evolution.evaluation import evaluate_all
from evotrade.evolution.executors import SerialExecutor
from evotrade.genome import Genome, as_genome
from evotrade.lab.trades import trades_frame
from evotrade.market.candles import Candles
from evotrade.market.resample import resample

# The store, the exchange and the plots take most of a second to load: whoever only backtests waits for none.
if TYPE_CHECKING:
    import plotly.graph_objects as go

    from evotrade.lab import evolution
    from evotrade.store import Store


class Terms(TypedDict, total=False):
    """How decisions are filled; what is left out is as in `Execution`, whose docstring says what each means.

    By default fee_bps=40, slippage_bps=0, spread_bps=0, fill="next_open", fee_on="top", close_at_end=False,
    initial=1000.0, size=1.0, instrument=None.
    """

    fee_bps: float
    slippage_bps: float
    spread_bps: float
    fill: FillAt
    fee_on: FeeOn
    close_at_end: bool
    initial: float
    size: float
    instrument: Instrument | None


class Result:
    """A backtest, for a notebook: it shows its metrics, and `plot()` its equity."""

    def __init__(self, outcome: engine.Backtest) -> None:
        self.outcome = outcome
        self.metrics: Mapping[str, float] = outcome.metrics
        self.decisions: npt.NDArray[np.int8] = outcome.decisions
        self.notes = outcome.notes

    @cached_property
    def equity(self) -> pd.Series[float]:
        """(n,) equity in quote currency at each close, indexed by the bar's start (UTC)."""
        return pd.Series(self.outcome.simulation.equity, index=self.outcome.candles.timestamp, name="equity")

    @cached_property
    def trades(self) -> pd.DataFrame:
        """A row a trade, an open one last: times (UTC), prices, quantity, fees, pnl, return, bars, reason."""
        return trades_frame(self.outcome.simulation.trades)

    def plot(self) -> go.Figure:
        """Equity against buy and hold, with the drawdown below."""
        from evotrade.plots.equity import equity_figure

        shown = self.outcome
        return equity_figure(
            pd.to_datetime(shown.candles.end_s, unit="s", utc=True),
            shown.simulation.equity,
            buy_and_hold(shown.candles, shown.execution),
            initial=shown.execution.initial,
        )

    def report(self) -> pd.DataFrame:
        """The metrics, a row each."""
        return pd.DataFrame({"value": pd.Series(dict(self.metrics))})

    def __repr__(self) -> str:
        shown = ("return_pct", "sharpe", "max_drawdown_pct", "trades")
        numbers = ", ".join(f"{name} {self.metrics[name]:,.2f}" for name in shown)
        return f"<Result on {self.outcome.candles!r}: {numbers}>"

    def _repr_html_(self) -> str:
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in self.notes)
        return f"{html.escape(repr(self))}{self.report().to_html(float_format='{:,.4g}'.format)}{notes}"


def open_store(path: str | os.PathLike[str] | None = None) -> Store:
    """The store at `path`, made if missing; without a path, the one of the settings."""
    from evotrade.settings import load_settings
    from evotrade.store import open_store as open_store_at

    return open_store_at(path or load_settings().store)


def load_candles(
    source: str | os.PathLike[str],
    interval: str | None = None,
    *,
    pair: str | None = None,
    store: Store | None = None,
) -> Candles:
    """Candles of a file (CSV, Parquet, Kraken archive), or of a pair that the store holds.

    Raises `BadCandleFile` for a file that cannot be used, `NotFound` for a pair that the store lacks.
    """
    from evotrade.lab import candles as candle_service

    return candle_service.load_candles(source, interval, pair=pair, store=store or open_store)


def decide(genome: Genome | str, candles: Candles, combine: str = "votes") -> npt.NDArray[np.int8]:
    """(n,) decisions at each close: 1 BUY, -1 SELL, 0 HOLD; 0 before the lookback."""
    return decide_on(as_genome(genome), Columns(candles), combine)


def backtest(
    genome: Genome | str,
    candles: Candles,
    timeframe: str | None = None,
    *,
    combine: str = "votes",
    limits: Limits | None = None,
    store: Store | None = None,
    **terms: Unpack[Terms],
) -> Result:
    """Backtest a genome on all of `candles`, resampled to `timeframe` where one is given.

    Costs and fills are `Terms`, `limits` the risk limits. With a `store`, the look is recorded as a trial in
    its ledger, as pages and commands always do.
    """
    tree, series = as_genome(genome), _at(candles, timeframe)
    execution = Execution(**terms, limits=limits or Limits())
    if store is not None:
        from evotrade.lab import cells as cell_service

        cell_service.try_genome(tree, series, store=store, execution=execution, combine=combine)
    return Result(engine.backtest(tree, Columns(series), execution, combine))


def backtest_decisions(
    decisions: npt.NDArray[np.int8], candles: Candles, *, limits: Limits | None = None, **terms: Unpack[Terms]
) -> Result:
    """The same simulation for any (n,) decisions: 1 buy, -1 sell, 0 hold."""
    execution = Execution(**terms, limits=limits or Limits())
    return Result(engine.backtest_decisions(decisions, candles, execution))


def backtest_many(
    genomes: Sequence[Genome | str],
    candles: Candles,
    timeframe: str | None = None,
    *,
    executor: Executor | None = None,
    workers: int = 1,
    combine: str = "votes",
    limits: Limits | None = None,
    store: Store | None = None,
    metrics: Literal["all", "core"] = "all",
    **terms: Unpack[Terms],
) -> pd.DataFrame:
    """The metrics of many genomes on all of `candles`: a row a genome, in the order given.

    `skipped` says why a genome could not run. The numbers are those of `backtest`, on any executor. With a
    `store`, each look is recorded as a trial: what is picked from many rows was picked by luck too.
    With `metrics="core"` a first look: trades, fees_paid, final_equity and max_drawdown_pct alone, in this
    thread, sooner. It makes no trials, which need more than that: `SettingsError` with a store.
    """
    trees = [as_genome(genome) for genome in genomes]
    series = _at(candles, timeframe)
    execution = Execution(**terms, limits=limits or Limits())
    if metrics == "core":
        if store is not None:
            raise SettingsError("core metrics make no trial: ask for all of them, or leave the store out")
        core = screen_population(trees, Columns(series), engine.Span.whole(series), execution, combine)
        named = pd.DataFrame(
            {"genome": [str(tree) for tree in trees], "genome_id": [tree.id for tree in trees]}
        )
        return named.join(pd.DataFrame(core, columns=list(CORE)))
    from evotrade.lab.bench import whole_plan

    plan = whole_plan(series, (series.timeframe,), execution, combine)
    evaluations = evaluate_all(trees, series, plan, executor or SerialExecutor(), workers)
    if store is not None:
        from evotrade.lab import cells as cell_service

        cell_service.count_looks(trees, evaluations, plan, series, store)
    found: list[dict[str, object]] = []
    for tree, evaluation in zip(trees, evaluations, strict=True):
        evaluated = evaluation[series.timeframe]
        values = evaluated.outcomes[0].metrics if evaluated.outcomes else {}
        found.append({"genome": str(tree), "genome_id": tree.id, "skipped": evaluated.skipped, **values})
    return pd.DataFrame(found)


class Evolved:
    """A run that ended, for a notebook: `best` cell, `history` per generation, `cells` of the dish."""

    def __init__(self, run: evolution.Run) -> None:
        self.run = run
        self.best: Cell | None = run.best
        self.history: pd.DataFrame = run.history
        self.cells: pd.DataFrame = run.cells

    def __repr__(self) -> str:
        best = f"best cell {self.best.cell_id} {self.best.fitness:,.2f}" if self.best else "no cell lives"
        return f"<Run of {self.run.dish.name!r}: {len(self.cells)} cells, {best}; {self.run.reason}>"


def evolve(
    name: str,
    candles: Candles | None = None,
    *,
    generations: int = 50,
    population: int | None = None,
    seed: int | None = None,
    executor: Executor | str | None = None,
    store: Store | None = None,
    resume: bool = False,
    on_generation: Callable[[evolution.Progress], None] | None = None,
    **dish: Any,
) -> Evolved:
    """Evolve a dish; every trial goes into the store's ledger (without `store`, the one of the settings).

    `dish` takes further fields of `Dish`: timeframes, aggregate, objective, execution, combine …
    A dish that exists goes on with `resume=True`.
    """
    from evotrade.lab import evolution

    asked = {"population": population, "seed": seed, **dish}
    run = evolution.evolve(
        name,
        candles,
        store=store or open_store(),
        generations=generations,
        executor=executor,
        resume=resume,
        on_generation=on_generation,
        **{key: value for key, value in asked.items() if value is not None},
    )
    return Evolved(run)


def create_cell(
    genome: Genome | str,
    candles: Candles,
    *,
    name: str = "",
    hypothesis: str = "",
    category: str = "",
    parent: int | None = None,
    store: Store | None = None,
    **more: Any,
) -> Cell:
    """A cell of your own: evaluated on all of `candles`, judged, stored; see `evotrade.lab.cells`."""
    from evotrade.lab import cells as cell_service

    return cell_service.create_cell(
        genome,
        candles,
        store=store or open_store(),
        name=name,
        hypothesis=hypothesis,
        category=category,
        parent=parent,
        **more,
    )


def _at(candles: Candles, timeframe: str | None) -> Candles:
    return candles if timeframe in (None, candles.timeframe) else resample(candles, timeframe)
