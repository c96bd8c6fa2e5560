"""The bench: where a strategy is tried outside a run: candles, spans, costs, and how fitness is measured.

Neither a cell's bench nor a fresh strategy's holds a vault: what a dish keeps unseen, and what a fresh
strategy's own splits keep, stays so. `whole_bench` has no splits and looks at all of the candles it is given.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import NamedTuple

from evotrade.cells import Cell, Phenotype
from evotrade.engine.backtest import Backtest, Span, backtest
from evotrade.engine.execution import Execution
from evotrade.errors import DataError, NotEnoughCandles, NotFound
from evotrade.evolution.dish import Dish
from evotrade.evolution.evaluation import Plan, series_columns
from evotrade.evolution.splits import Splits, borders, divide
from evotrade.genome import Genome
from evotrade.lab.candles import phenotype_candles
from evotrade.lab.evolution import dish_candles, divide_all, viability_rules
from evotrade.market.candles import Candles, bar_start_s
from evotrade.settings import load_settings
from evotrade.store import Store
from evotrade.timeframes import length_s

_NO_DISH = "bench"  # a dish of that name is in no store, and no cell is of it


@dataclass(frozen=True, slots=True)
class Bench:
    """Where strategies are tried, so that those tried on equal benches compare.

    `dish` says how: timeframes, costs, the way to vote, objective, viability. `spans` are those judged at
    each timeframe: train and validation, or all; `max_lookback` is how many bars lie before the first, so
    that a genome that looks back further is skipped there, as in a run.
    """

    candles: Candles
    dish: Dish
    spans: Mapping[str, tuple[Span, ...]]
    max_lookback: Mapping[str, int]

    @property
    def plan(self) -> Plan:
        """What is evaluated on it."""
        return Plan(self.spans, self.dish.execution, self.dish.combine, self.max_lookback)

    @property
    def training(self) -> str:
        """The split whose numbers are the fitness: `train`, or `all` where there are no splits."""
        return next(iter(self.spans.values()))[0].split

    @property
    def unvalidated(self) -> tuple[str, ...]:
        """Timeframes that are trained at but not validated: nothing is left of their validation."""
        return tuple(
            name for name, spans in self.spans.items() if [span.split for span in spans] == ["train"]
        )

    @property
    def start_s(self) -> int:
        """When the first judged bar of any timeframe starts, Unix seconds."""
        return min(span.start_s for span in self._all_spans())

    @property
    def end_s(self) -> int:
        """When the last judged bar of any timeframe ends, Unix seconds."""
        return max(span.end_s for span in self._all_spans())

    def voting(self, combine: str) -> Bench:
        """The same bench for rules that vote by `combine`, which belongs to a strategy as its genome does."""
        return replace(self, dish=replace(self.dish, combine=combine))

    def seen(self, timeframe: str) -> Candles:
        """The bars of `timeframe` up to the end of the last split: those behind it stay unseen."""
        series = series_columns(self.candles, timeframe).candles
        return series.between(int(series.time_s[0]), self.end_s)

    def replay(self, genome: Genome, timeframe: str, split: str) -> Backtest:
        """The backtest behind what the bench showed of the genome at one timeframe and split."""
        span = next(span for span in self.spans[timeframe] if span.split == split)
        columns = series_columns(self.candles, timeframe)
        return backtest(genome, columns, self.dish.execution, self.dish.combine, span)

    def _all_spans(self) -> Iterator[Span]:
        return (span for spans in self.spans.values() for span in spans)


def whole_bench(
    candles: Candles,
    timeframes: Sequence[str] = (),
    execution: Execution | None = None,
    combine: str = "votes",
    objective: str = "return_pct",
) -> Bench:
    """A bench without splits, for who takes all of the candles: notebook, command line."""
    dish = _settings(candles, timeframes, execution, combine, objective)
    return Bench(candles, dish, whole_plan(candles, dish.timeframes, dish.execution, combine).spans, {})


def whole_plan(candles: Candles, timeframes: Sequence[str], execution: Execution, combine: str) -> Plan:
    """A plan that judges the whole series at each timeframe."""
    spans = {}
    for name in timeframes:
        series = series_columns(candles, name).candles
        if not len(series):
            raise DataError(
                f"{len(candles)} bars of {candles.timeframe} make no bar of {name}: use more candles"
            )
        spans[name] = (Span.whole(series),)
    return Plan(spans, execution, combine)


def bench_on(
    candles: Candles,
    timeframes: Sequence[str] = (),
    execution: Execution | None = None,
    combine: str = "votes",
    objective: str = "return_pct",
    *,
    store: Store,
) -> Bench:
    """A bench for a fresh strategy: train and validation by a dish's default shares, the vault left closed.

    Where dishes of the store keep a vault on that market, borders and warm-up are those of the earliest one.
    What they leave no validation of is trained at alone, and `Bench.unvalidated` names it. Raises
    `NotEnoughCandles` for a series too short to divide, `SettingsError` for a timeframe that its bars do not
    make.
    """
    dish = _settings(candles, timeframes, execution, combine, objective)
    vault = min(_vaults(candles, store), key=lambda one: one.start_s, default=None)
    if vault is None:
        return _divided(candles, dish, divide_all(candles, dish))
    try:
        return _divided(candles, *vault.divide(candles, dish))
    except NotEnoughCandles as error:
        raise NotEnoughCandles(
            f"{error} (dish {vault.dish.name!r} trains until {_day(vault.borders_s[1])} and keeps what comes "
            f"after {_day(vault.start_s)} in its vault)"
        ) from None


def bench_of(cell: Cell, store: Store) -> Bench:
    """The bench that the cell was evaluated on, for its children: the same candles, spans and costs.

    Raises `NotFound` for a cell without an evaluation here or whose candles are gone, `EvolutionError` and
    `DataError` where they have changed since, and `DataError` where a dish keeps some of them in its vault.
    """
    spec = store.dish(cell.dish) if cell.dish in set(store.dishes()["name"]) else {}
    if "data_hash" in spec:  # a dish that was imported has no series of its own
        dish = Dish.from_dict(spec)
        candles = dish_candles(dish, store)
        return _divided(candles, dish, divide_all(candles, dish))
    rows = [row for row in cell.phenotypes if not row.recorded and row.split != "vault"]
    if not rows:
        raise NotFound(f"cell {cell.cell_id} was not evaluated here: choose a market for its children")
    return _repeated(cell, [row for row in rows if row.data_hash == rows[0].data_hash], store)


def _repeated(cell: Cell, rows: Sequence[Phenotype], store: Store) -> Bench:
    """The bench that gave the cell its phenotypes, all of one series."""
    first = rows[0]
    candles = phenotype_candles(store, first)
    if candles.data_hash != first.data_hash:
        raise DataError(
            f"the candles that cell {cell.cell_id} was evaluated on have changed since: choose a market for "
            "its children"
        )
    judged_s = max(row.end_s for row in rows)
    vault = next((one for one in _vaults(candles, store) if one.start_s < judged_s), None)
    if vault is not None:
        raise DataError(
            f"cell {cell.cell_id} was evaluated on candles until {_day(judged_s)}, and dish "
            f"{vault.dish.name!r} keeps those after {_day(vault.start_s)} in its vault: choose a market for "
            "its children"
        )
    spans: dict[str, tuple[Span, ...]] = {}
    for row in rows:
        spans[row.timeframe] = (*spans.get(row.timeframe, ()), Span(row.split, row.start_s, row.end_s))
    dish = _settings(
        candles, tuple(spans), Execution.from_dict(first.execution), first.combine, cell.objective
    )
    before = {
        name: parts[0].bars(series_columns(candles, name).candles).start for name, parts in spans.items()
    }
    return Bench(candles, dish, spans, {} if first.split == "all" else before)


def _settings(
    candles: Candles, timeframes: Sequence[str], execution: Execution | None, combine: str, objective: str
) -> Dish:
    if not len(candles):
        raise DataError("a series without bars tries nothing: load some candles first")
    return Dish.of(
        _NO_DISH,
        candles,
        timeframes=tuple(timeframes) or (candles.timeframe,),
        execution=execution or Execution(),
        combine=combine,
        objective=objective,
        viability=viability_rules(load_settings()),
    )


def _divided(candles: Candles, dish: Dish, divided: Mapping[str, Splits]) -> Bench:
    spans, before = {}, {}
    for name, splits in divided.items():
        filled = (span for span in (splits.train, splits.validation) if span.start_s < span.end_s)
        spans[name], before[name] = tuple(filled), splits.warmup_bars
    return Bench(candles, dish, spans, before)


class _Vault(NamedTuple):
    """What a dish keeps unseen: from `start_s` on; `borders_s` as `splits.borders` gives them."""

    dish: Dish
    borders_s: tuple[int, ...]

    @property
    def start_s(self) -> int:
        return self.borders_s[2]

    def divide(self, candles: Candles, other: Dish) -> tuple[Dish, dict[str, Splits]]:
        """`other` with this dish's borders and warm-up, and the splits that they make of `candles`."""
        warmup_bars = self.dish.warmup_bars
        splits = {
            name: divide(
                series_columns(candles, name).candles, self.borders_s, warmup_bars, _bars(self.dish, name)
            )
            for name in other.timeframes
        }
        return replace(other, warmup_bars=warmup_bars, borders_s=self.borders_s), splits


def _vaults(candles: Candles, store: Store) -> Iterator[_Vault]:
    """The vaults that dishes keep on the market of `candles`, at any interval and from any source.

    A synthetic market is none of a real one's, whatever its pair is called.
    """
    for text in store.dishes()["spec"]:
        spec = json.loads(text)
        if spec.get("pair") != candles.pair or "shares" not in spec:
            continue
        dish = Dish.from_dict(spec)
        if (dish.source == "synthetic") != (candles.source == "synthetic"):
            continue
        borders_s = dish.borders_s or _borders_known(dish, store)
        if borders_s[2] < min(dish.series_end_s, candles.end_s[-1]) and candles.time_s[0] < dish.series_end_s:
            yield _Vault(dish, borders_s)


def _bars(dish: Dish, timeframe: str) -> int:
    """How many bars of `timeframe` the dish's series makes; those that fell into its gaps count too."""
    length = length_s(timeframe)
    if length <= length_s(dish.timeframe):
        return (dish.series_end_s - dish.series_start_s) // length
    first_s, last_s = (
        int(bar_start_s(end_s, timeframe)) for end_s in (dish.series_start_s, dish.series_end_s)
    )
    return (last_s - first_s) // length - 1  # resampling drops the first


def _borders_known(dish: Dish, store: Store) -> tuple[int, ...]:
    """The borders of a dish that was made before dishes kept them.

    Where its candles have changed since, they divide elsewhere today: then all counts as vault that comes
    after what the ledger says it was judged on.
    """
    series = store.load_candles(
        dish.pair, dish.timeframe, dish.source, dish.series_start_s, dish.series_end_s
    )
    if series.data_hash == dish.data_hash:
        return borders(series, dish.shares)
    judged = store.trials(dish=dish.name)
    ends_s = {split: int(ends.max().timestamp()) for split, ends in judged.groupby("split")["span_end"]}
    trained_s = ends_s.get("train", dish.series_start_s)
    return (dish.series_start_s, trained_s, ends_s.get("validation", trained_s), dish.series_end_s)


def _day(time_s: int) -> str:
    return f"{datetime.fromtimestamp(time_s, UTC):%Y-%m-%d}"
