"""A cell of another evotrade comes in: its numbers told, or computed again where its candles are here."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from evotrade.cells import Cell, Phenotype
from evotrade.engine import ENGINE_VERSION
from evotrade.engine.backtest import Span
from evotrade.engine.execution import Execution
from evotrade.errors import NotFound, StoreError
from evotrade.evolution.evaluation import Plan, evaluate_batch
from evotrade.evolution.evidence import Occasion, phenotypes, trials
from evotrade.evolution.ledger import Trial
from evotrade.genome import as_genome
from evotrade.lab.candles import keep_candles, phenotype_candles
from evotrade.lab.cell_file import CellFile, read_cell_file
from evotrade.lab.cells import Reproduction, differing
from evotrade.lab.evolution import viability_rules
from evotrade.lab.recorded import judged, recorded_trial
from evotrade.market.candles import Candles
from evotrade.settings import load_settings
from evotrade.store import Store


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
    again where the very candles are `candles` or in the store: if equal to the bit, they count as evaluated
    here. All others stay as recorded. Each counts as a trial. One that was imported before gets the results
    that it lacks. Raises `DataError` for a file with a mistake, which says its place, and `StoreError` where
    all of it is in the store already.
    """
    file = read_cell_file(text, name)
    results = [_result(file, row.phenotype(), candles, store) for row in file.cell.phenotypes]
    cell = replace(file.cell.cell(), phenotypes=tuple(row for one in results for row in one.phenotypes))
    family = [*(one.cell() for one in file.lineage), cell]
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
        computed=tuple(one.reproduction for one in results if one.reproduction),
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


def _result(file: CellFile, told: Phenotype, given: Candles | None, store: Store) -> _Result:
    if told.skipped:
        return _Result((told,))
    candles = _very_candles(told, given, store) if file.cell.genome_id else None
    if candles is None:
        trial = recorded_trial(file.cell.genome, told, _occasion(file, file.cell.created_at))
        return _Result((told,), (trial,))
    genome = as_genome(file.cell.genome)
    span = Span(told.split, told.start_s, told.end_s)
    plan = Plan({told.timeframe: (span,)}, Execution.from_dict(told.execution), told.combine)
    (evaluation,) = evaluate_batch([genome], candles, plan)
    (computed,) = phenotypes(evaluation, plan, candles, told.seed)
    different = tuple(told.metrics) if computed.skipped else differing(told.metrics, computed.metrics)
    return _Result(
        phenotypes=(told, computed) if different else (computed,),
        trials=trials(genome, evaluation, plan, candles, _occasion(file, _now())),
        candles=candles if given is not None else None,
        reproduction=Reproduction(told, dict(computed.metrics), different),
    )


def _very_candles(told: Phenotype, given: Candles | None, store: Store) -> Candles | None:
    """The series that a result was computed on, by its contents, where it is here and so is that engine."""
    if not told.data_hash or told.engine_version != ENGINE_VERSION:
        return None
    for series in _candidates(told, given, store):
        inside = series.between(told.series_start_s, told.series_end_s)
        if inside.data_hash == told.data_hash:
            return inside
    return None


def _candidates(told: Phenotype, given: Candles | None, store: Store) -> Iterator[Candles]:
    if given is not None:
        yield given if given.pair else replace(given, pair=told.pair)
    try:
        yield phenotype_candles(store, told)
    except NotFound:
        return


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
    name = f"import of cell {cell.cell_id}" + (f" from {cell.dish}" if cell.dish else "")
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
    fresh[-1] = judged(fresh[-1], rules)  # ancestors come without results to judge
    born = store.add_cells(fresh)
    return dict(known) | {-one.cell_id: number for one, number in zip(fresh, born, strict=True)}


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
    grown = judged(replace(mine, phenotypes=mine.phenotypes + lacking), viability_rules(load_settings()))
    store.add_phenotypes(number, lacking)
    store.set_statuses([(number, grown.status, grown.reasons)], _now())
    return mine.dish


def _subject(row: Phenotype) -> tuple[object, ...]:
    """What a result is of, whoever computed it."""
    return row.pair, row.source, row.timeframe, row.split, row.start_s, row.end_s


def _now() -> datetime:
    return datetime.now(UTC)
