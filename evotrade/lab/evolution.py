"""Run a dish: evolve generation after generation, keep each in the store, resume where a run stopped."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from evotrade.cells import Cell, ViabilityRules
from evotrade.engine import ENGINE_VERSION
from evotrade.errors import EvolutionError
from evotrade.evolution.dish import Dish
from evotrade.evolution.evaluation import Plan, evaluate_all, series_columns
from evotrade.evolution.executors import open_executor
from evotrade.evolution.generation import Delivery, Setting, deliver
from evotrade.evolution.proposals import Proposals
from evotrade.evolution.records import GenerationRecord, GenerationStats
from evotrade.evolution.search import Search, palette_for
from evotrade.evolution.splits import Splits, borders, divide
from evotrade.lab.candles import keep_candles
from evotrade.lab.finalists import Finals
from evotrade.lab.saving import Saver
from evotrade.lab.stopping import StopRules
from evotrade.market.candles import Candles
from evotrade.settings import Settings, load_settings
from evotrade.store import Store

if TYPE_CHECKING:  # a language model takes a second to import, and most runs ask none
    from evotrade.lab.llm.evolving import Breeder
    from evotrade.llm import Llm


@dataclass(frozen=True, slots=True)
class ByModel:
    """A generation's offspring by a language model: children asked for, born of them, what the asks cost.

    `cost_usd` is None where no price is known; `warning` says what kept the model from giving all that was
    wanted, and the operators took its place.
    """

    asked: int
    born: int
    cost_usd: float | None
    warning: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """What a watcher of a run is told after each generation, which is about to be stored.

    `left_s` is an estimate in seconds; `by_model` is None where nothing was wanted of a language model.
    """

    stats: GenerationStats
    generations: int
    left_s: float
    by_model: ByModel | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """A run that ended: its dish, why it ended, and its best cell (None when none lives).

    The best is the first by fitness on train, whatever validation says of it: a validation that chose would
    be training. `history` has a row a generation, `cells` a row a cell of the dish.
    """

    dish: Dish
    reason: str
    best: Cell | None
    history: pd.DataFrame
    cells: pd.DataFrame


def evolve(
    name: str,
    candles: Candles | None = None,
    *,
    store: Store,
    generations: int = 50,
    executor: Executor | str | None = None,
    workers: int | None = None,
    resume: bool = False,
    limits: StopRules | None = None,
    on_generation: Callable[[Progress], None] | None = None,
    settings: Settings | None = None,
    llm: Llm | None = None,
    **dish_settings: Any,
) -> Run:
    """Evolve a dish on `candles` for `generations`, the founders' included, and score its finalists.

    Each generation is stored in one transaction, while the next one is evaluated. A run that was killed goes
    on with `resume=True`, to the same cells; the candles then come from the store, and `generations` may be
    raised. `dish_settings` are those of `Dish` (population, seed, timeframes, objective, execution …); a dish
    keeps the thresholds of viability that were set when it began. Raises `EvolutionError` when the dish
    exists and `resume` is not asked for, or when it differs from what is asked for now.

    Offspring that the dish's `llm_share` leaves to a language model are asked of `llm`, otherwise of the one
    of the settings; `LlmNotConfigured` where a new dish has none. One that fails later stops no run: the
    operators take its place, and `on_generation` is told.
    """
    settings = settings or load_settings()
    if generations < 1:
        raise EvolutionError(f"{generations} generations make no population: ask for at least 1")
    count = workers or settings.workers
    chosen = executor or settings.executor
    with open_executor(chosen, count) if isinstance(chosen, str) else nullcontext(chosen) as pool:
        if resume:
            dish = _existing_dish(name, candles, dish_settings, store)
            candles = dish_candles(dish, store)
        else:
            rules = viability_rules(settings)
            if dish_settings.get("llm_share") and llm is None:
                _expect_model(settings)
            dish, candles = _new_dish(name, candles, {"viability": rules, **dish_settings}, store)
        lab = _Lab(dish, candles, store, pool, count)
        limits = limits or StopRules()
        if dish.llm_share:
            lab.breeder = _breeder(lab, partial(_model, llm, settings), settings, limits)
        reason = lab.run(generations, limits, on_generation)
    return Run(
        dish=dish,
        reason=reason,
        best=store.cell(lab.search.members[0].cell_id) if lab.search.members else None,
        history=store.generations(name),
        cells=store.cells(dish=name),
    )


def dish_candles(dish: Dish, store: Store) -> Candles:
    """The series that a dish was made on, from the store. `EvolutionError` when it has changed since."""
    candles = store.load_candles(
        dish.pair, dish.timeframe, source=dish.source, start_s=dish.series_start_s, end_s=dish.series_end_s
    )
    if candles.data_hash != dish.data_hash:
        raise EvolutionError(
            f"the candles of dish {dish.name!r} have changed since it began: evolve them in a new dish"
        )
    return candles


def viability_rules(settings: Settings) -> ViabilityRules:
    """The thresholds of viability in force."""
    return ViabilityRules(**settings.viability.model_dump())


def _new_dish(
    name: str, candles: Candles | None, settings: Mapping[str, Any], store: Store
) -> tuple[Dish, Candles]:
    if candles is None:
        raise EvolutionError(f"dish {name!r} needs candles to begin with")
    dish = Dish.of(name, candles, **settings)
    divide_all(candles, dish)  # refuses a series that is too short before anything is stored
    with store.write():
        if name in set(store.dishes()["name"]):
            raise EvolutionError(f"dish {name!r} exists: go on with it by --resume, or choose another name")
        keep_candles(candles, store)
        store.save_dish(name, dish.to_dict(), _now())
    return dish, candles


def _existing_dish(name: str, candles: Candles | None, settings: Mapping[str, Any], store: Store) -> Dish:
    spec = store.dish(name)
    if spec.get("engine_version") != ENGINE_VERSION:
        raise EvolutionError(
            f"dish {name!r} was not evolved by engine {ENGINE_VERSION}, whose numbers may differ: "
            "begin a new dish"
        )
    dish = Dish.from_dict(spec)
    asked = replace(dish, **settings)
    if candles is not None:
        asked = replace(asked, data_hash=candles.data_hash)
    different = asked.differences(dish)
    if different:
        named = ", ".join(f"{key} {old!r} (asked: {new!r})" for key, (new, old) in different.items())
        raise EvolutionError(f"dish {name!r} was made with {named}: resume it with the same settings")
    return dish


def _model(llm: Llm | None, settings: Settings) -> Llm:
    from evotrade.llm import llm_of

    return llm or llm_of(settings)


def _expect_model(settings: Settings) -> None:
    """`LlmNotConfigured` where none is set."""
    from evotrade.llm import chosen

    chosen(settings)


def _breeder(lab: _Lab, make: Callable[[], Llm], settings: Settings, limits: StopRules) -> Breeder:
    from evotrade.lab.bench import Bench  # which itself needs this module
    from evotrade.lab.llm.evolving import Breeder

    plan = lab.plan("train")
    bench = Bench(lab.candles, lab.dish, plan.spans, plan.max_lookback)
    return Breeder(bench, lab.store, lab.run_id, make, settings, limits.stop)


class _Lab:
    """One run of one dish: the search, its plan, and where results go."""

    breeder: Breeder | None = None

    def __init__(self, dish: Dish, candles: Candles, store: Store, pool: Executor, workers: int) -> None:
        self.dish, self.candles, self.store = dish, candles, store
        self.pool, self.workers = pool, workers
        self.splits = divide_all(candles, dish)
        shortest_warmup = min(splits.warmup_bars for splits in self.splits.values())
        palette = palette_for(candles, dish, shortest_warmup)
        run = store.last_run(dish.name)
        if run is not None and run.checkpoint:
            self.search = Search.restore(dish, palette, run.checkpoint, store.tried(dish.name))
            self.next_generation = run.generation + 1
        else:
            self.search = Search(dish, palette)
            self.next_generation = 0
        self.run_id = (
            run.run_id if run is not None and run.finished_at is None else store.start_run(dish.name, _now())
        )

    def run(
        self, generations: int, limits: StopRules, on_generation: Callable[[Progress], None] | None
    ) -> str:
        """Evolve until a limit strikes; the reason why it ended."""
        began = time.monotonic()
        generation = first = self.next_generation
        with Saver(self.store) as saver:
            # asked before the first generation too: the run may have been killed after its last one
            while not (reason := limits.struck(self.search, time.monotonic() - began)):
                if generation >= generations:
                    reason = "all generations done"
                    break
                stats, by_model = self.step(generation, saver)
                generation += 1
                if on_generation:
                    left = (time.monotonic() - began) / (generation - first) * (generations - generation)
                    on_generation(Progress(stats, generations, left, by_model))
            self.search.assign(saver.wait())
        finals = Finals(self.dish, self.candles, self.plan("validation"), self.store, self.run_id)
        finals.score(self.search.members, self.pool, self.workers)
        self.store.finish_run(self.run_id, reason, _now())
        return reason

    def step(self, generation: int, saver: Saver) -> tuple[GenerationStats, ByModel | None]:
        """One generation: ask, evaluate, judge, begin to store.

        The one before is stored meanwhile: its cells have numbers only when this brood is judged.
        """
        began = time.perf_counter()
        plan = self.plan("train")
        proposals = self._proposals(generation, saver)
        brood = self.search.ask(generation, proposals.made if proposals else ())
        genomes = [candidate.genome for candidate in brood]
        evaluations = evaluate_all(genomes, self.candles, plan, self.pool, self.workers)
        ids = saver.wait()
        self.search.assign(ids)
        brood = [candidate.numbered(ids) for candidate in brood]
        setting = Setting(self.dish, self.candles, plan, self.run_id, generation, _now())
        delivery = deliver(brood, evaluations, setting)
        self.search.tell(brood, delivery.newborn, proposals.answers if proposals else 0)
        seconds = time.perf_counter() - began
        fitness = [member.fitness for member in self.search.members]
        stats = GenerationStats(
            generation=generation,
            evaluated=len(brood),
            born=len(delivery.cells),
            best=fitness[0] if fitness else math.nan,
            median=statistics.median(fitness) if fitness else math.nan,
            diversity=self.search.diversity,
            cells_per_second=len(brood) / seconds,
            seconds=seconds,
        )
        record = GenerationRecord(
            run_id=self.run_id,
            stats=stats,
            cells=delivery.cells,
            trials=delivery.trials,
            failures=delivery.failures,
            checkpoint=self.search.checkpoint(),
            finished_at=setting.now,
            measured=self.breeder.measured(delivery.fates) if self.breeder else (),
        )
        saver.save(record)
        return stats, _by_model(proposals, delivery)

    def _proposals(self, generation: int, saver: Saver) -> Proposals | None:
        """What a language model proposes for the generation; None where nothing is wanted of one."""
        if self.breeder is None:
            return None
        self.search.assign(saver.wait())  # the model is shown cells, which have numbers only when stored
        wanted = self.search.wanted(generation)
        return self.breeder.propose(wanted) if wanted else None

    def plan(self, split: str) -> Plan:
        """What is evaluated on one split: its span at each timeframe, where the purge left any of it."""
        spans = {name: (getattr(splits, split),) for name, splits in self.splits.items()}
        filled = {name: (span,) for name, (span,) in spans.items() if span.start_s < span.end_s}
        warmups = {name: splits.warmup_bars for name, splits in self.splits.items()}
        return Plan(filled, self.dish.execution, self.dish.combine, warmups)


def divide_all(candles: Candles, dish: Dish) -> dict[str, Splits]:
    """The splits of a dish at each of its timeframes, all with the same borders."""
    same = dish.borders_s or borders(candles, dish.shares)
    return {
        name: divide(series_columns(candles, name).candles, same, dish.warmup_bars)
        for name in dish.timeframes
    }


def _by_model(proposals: Proposals | None, delivery: Delivery) -> ByModel | None:
    if proposals is None:
        return None
    born = sum(not fate.reason for fate in delivery.fates)
    return ByModel(proposals.asks, born, proposals.cost_usd, proposals.warning)


def _now() -> datetime:
    return datetime.now(UTC)
