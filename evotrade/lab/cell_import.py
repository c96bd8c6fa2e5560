"""A cell of another evotrade comes in: its numbers told, or computed again where its candles are here."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from evotrade.cells import Cell, Phenotype, ViabilityRules
from evotrade.engine import ENGINE_VERSION
from evotrade.engine.backtest import Span
from evotrade.engine.execution import Execution
from evotrade.errors import NotFound, StoreError
from evotrade.evolution.evaluation import Plan, evaluate_batch
from evotrade.evolution.evidence import Evidence, Occasion
from evotrade.evolution.ledger import Trial
from evotrade.genome import as_genome
from evotrade.lab.candles import keep_candles
from evotrade.lab.cell_file import CellFile, read_cell_file
from evotrade.lab.cells import Reproduction, differing
from evotrade.lab.evolution import viability_rules
from evotrade.lab.recorded import judged, proved_fitness, recorded_trial, told_fitness
from evotrade.market.candles import Candles
from evotrade.settings import load_settings
from evotrade.store import Store

_LONG_NAME = 60  # of a dish, as the name of another begins with it
_IMPORT = re.compile(r"^import of cell \d+( \(\d+\))?( from |$)")  # so that it says so once, after many hops


@dataclass(frozen=True, slots=True)
class ImportedCell:
    """What an import brought in.

    `numbers` are those given here, by those in the file; `known` those of ancestors that were here already.
    `computed` are the results whose candles are here, compared with what was computed again on them;
    `recorded` are the others, that stay as told. `trials_at_export` is the largest N behind a result.
    """

    cell_id: int
    numbers: Mapping[int, int]
    known: tuple[int, ...]
    computed: tuple[Reproduction, ...]
    recorded: tuple[Phenotype, ...]
    trials_at_export: int


def import_cell(
    text: str | bytes, *, store: Store, candles: Candles | None = None, name: str = "the file"
) -> ImportedCell:
    """Bring in the cell of a file that was exported, and its ancestors: all of it or nothing.

    They get new numbers here, and a dish of their own that says where they come from. Results are computed
    again where the very candles are `candles` or in the store, and so is the fitness that they make: what was
    computed counts. All others stay as recorded, and have to agree with the fitness told. Each is a trial.
    One that was imported before gets the results that it lacks. Raises `DataError` for a file with a mistake,
    which says its place, and for `candles` other than those of the store; `StoreError` where all of it is in
    the store already.
    """
    file = read_cell_file(text, name)
    here_or_given = _Series(store, candles)
    results = [_result(file, row.phenotype(), here_or_given) for row in file.cell.phenotypes]
    told = replace(file.cell.cell(), phenotypes=tuple(row for one in results for row in one.phenotypes))
    family = [_with_fitness(one, name) for one in (*(one.cell() for one in file.lineage), told)]
    cell = family[-1]
    with store.write():
        here = dict(zip((one.cell_id for one in family), store.numbers_of(family), strict=True))
        known = {told: number for told, number in here.items() if number is not None}
        if cell.cell_id in known:
            numbers = known
            dish = _add_results(cell, known[cell.cell_id], name, store)
        else:
            dish = _free_name(cell, store)
            store.save_dish(dish, _facts(file, name), _now())
            numbers = _store_family(family, known, dish, store)
        for series in {one.candles for one in results if one.candles is not None}:
            keep_candles(series, store)
        store.enter_once([replace(trial, dish=dish) for one in results for trial in one.trials])
    return ImportedCell(
        cell_id=numbers[cell.cell_id],
        numbers=numbers,
        known=tuple(number for told, number in known.items() if told != cell.cell_id),
        computed=tuple(_compared(one.reproduction, told, cell) for one in results if one.reproduction),
        recorded=tuple(row for one in results if not one.reproduction for row in one.phenotypes),
        trials_at_export=max((row.trials_at_export for row in file.cell.phenotypes), default=0),
    )


@dataclass(frozen=True, slots=True)
class _Result:
    """A result of the file as it is kept: its phenotypes and trials, and the candles to be kept with them."""

    phenotypes: tuple[Phenotype, ...]
    trials: tuple[Trial, ...] = ()
    candles: Candles | None = None
    reproduction: Reproduction | None = None


class _Series:
    """The series that results were computed on, where they are here or given; each is looked for once."""

    def __init__(self, store: Store, given: Candles | None) -> None:
        self._store = store
        self.given = given
        self._stored: dict[tuple[str, ...], Candles | None] = {}
        self._found: dict[tuple[str | int, ...], Candles | None] = {}

    def behind(self, told: Phenotype) -> Candles | None:
        """The very candles of a result, by their contents, where that engine is here, too."""
        if not told.data_hash or told.engine_version != ENGINE_VERSION:
            return None
        span = (told.series_start_s, told.series_end_s)
        key = (told.pair, told.source, told.base_timeframe, told.data_hash, *span)
        if key not in self._found:
            inside = (series.between(*span) for series in self._candidates(told))
            self._found[key] = next((one for one in inside if one.data_hash == told.data_hash), None)
        return self._found[key]

    def _candidates(self, told: Phenotype) -> Iterator[Candles]:
        if self.given is not None:
            yield self.given if self.given.pair else replace(self.given, pair=told.pair)
        names = (told.pair, told.base_timeframe, told.source)
        if names not in self._stored:
            try:
                self._stored[names] = self._store.load_candles(*names)
            except NotFound:
                self._stored[names] = None
        stored = self._stored[names]
        if stored is not None:
            yield stored


def _with_fitness(told: Cell, name: str) -> Cell:
    proved = proved_fitness(told)
    return replace(told, fitness=told_fitness(told, name) if proved is None else proved)


def _compared(result: Reproduction, told: Cell, kept: Cell) -> Reproduction:
    """The result, with `fitness` among what differs where it makes one and that was not as told."""
    if result.phenotype.split not in ("train", "all") or repr(told.fitness) == repr(kept.fitness):
        return result
    return replace(result, differing=(*result.differing, "fitness"))


def _result(file: CellFile, told: Phenotype, series: _Series) -> _Result:
    if told.skipped is not None:
        return _Result((told,))
    candles = series.behind(told) if file.cell.genome_id and told.metrics else None
    if candles is None:
        trial = recorded_trial(file.cell.genome, told, _occasion(file, file.cell.created_at))
        return _Result((told,), (trial,))
    genome = as_genome(file.cell.genome)
    span = Span(told.split, told.start_s, told.end_s)
    plan = Plan({told.timeframe: (span,)}, Execution.from_dict(told.execution), told.combine)
    (evaluation,) = evaluate_batch([genome], candles, plan)
    evidence = Evidence(plan, candles)
    (computed,) = evidence.phenotypes(evaluation, told.seed)
    different = tuple(told.metrics) if computed.skipped else differing(told.metrics, computed.metrics)
    if told.bars != computed.bars:
        different += ("bars",)
    return _Result(
        phenotypes=(computed, told) if different else (computed,),
        trials=evidence.trials(genome, evaluation, _occasion(file, _now())),
        candles=candles if series.given is not None else None,
        reproduction=Reproduction(told, dict(computed.metrics), different),
    )


def _occasion(file: CellFile, at: datetime) -> Occasion:
    cell = file.cell
    return Occasion("imported", "", cell.fitness, at, generation=cell.generation, operator=cell.operator)


def _facts(file: CellFile, name: str) -> dict[str, Any]:
    """What the dish of an import says: where its cells come from, and how many trials stood behind them."""
    counted = {(row.pair, row.start_s, row.end_s): row.trials_at_export for row in file.cell.phenotypes}
    return {
        "imported_from": name,
        "evotrade": file.evotrade,
        "cell_id": file.cell.cell_id,
        "origin": file.cell.origin,
        "dish": file.cell.dish,
        "dish_settings": file.dish,
        "trials_at_export": [
            {"pair": pair, "start_s": start_s, "end_s": end_s, "trials": count}
            for (pair, start_s, end_s), count in counted.items()
        ],
    }


def _free_name(cell: Cell, store: Store) -> str:
    """A name for the dish of an import, that says what came and is not taken."""
    taken = set(store.dishes()["name"])
    origin = _IMPORT.sub("", "".join(sign if sign.isprintable() else " " for sign in cell.dish))
    short = origin if len(origin) <= _LONG_NAME else f"{origin[:_LONG_NAME]}…"
    name = f"import of cell {cell.cell_id}" + (f" from {short}" if short.strip() else "")
    further = (f"{name} ({count})" for count in itertools.count(2))
    return next(one for one in itertools.chain([name], further) if one not in taken)


def _store_family(
    family: Sequence[Cell], known: Mapping[int, int], dish: str, store: Store
) -> dict[int, int]:
    """Store what is not here of them, with their parents as they are numbered here; all their numbers."""
    rules = viability_rules(load_settings())
    places = {one.cell_id: known.get(one.cell_id, -one.cell_id) for one in family}
    fresh = [
        replace(
            one,
            cell_id=places[one.cell_id],
            parent_id=places.get(one.parent_id or 0),
            second_parent_id=places.get(one.second_parent_id or 0),
            dish=dish,
        )
        for one in family
        if one.cell_id not in known
    ]
    born = store.add_cells([_judged(one, rules) for one in fresh])
    return dict(known) | {-one.cell_id: number for one, number in zip(fresh, born, strict=True)}


def _judged(one: Cell, rules: ViabilityRules) -> Cell:
    """Judged by the rules here; what an ancestor died of elsewhere may be results that did not come along."""
    return one if one.status == "dead" and not one.phenotypes else judged(one, rules)


def _add_results(cell: Cell, number: int, name: str, store: Store) -> str:
    """Give an imported cell the results it lacks, as one that came as an ancestor does; returns its dish."""
    mine = store.cell(number)
    had = {(_subject(row), row.recorded) for row in mine.phenotypes}
    lacking = tuple(
        row
        for row in cell.phenotypes
        if had.isdisjoint({(_subject(row), flag) for flag in (False, row.recorded)})
    )
    if mine.origin != "import" or not lacking:
        raise StoreError(
            f"cell {cell.cell_id} of {name} is in the store already, as cell {number}: nothing was imported"
        )
    grown = replace(mine, phenotypes=mine.phenotypes + lacking)
    proved = proved_fitness(grown)
    if proved is not None:
        grown = replace(grown, fitness=proved)
        store.set_fitness(number, proved)
    grown = judged(grown, viability_rules(load_settings()))
    store.add_phenotypes(number, lacking)
    store.set_statuses([(number, grown.status, grown.reasons)], _now())
    return mine.dish


def _subject(row: Phenotype) -> tuple[object, ...]:
    """What a result is of, whoever computed it."""
    return row.pair, row.source, row.timeframe, row.split, row.start_s, row.end_s


def _now() -> datetime:
    return datetime.now(UTC)
