"""Cells of an earlier system's SQLite file: ids, lineage, recorded numbers and runs, kept as recorded."""

from __future__ import annotations

import math
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from evotrade.cells import Cell, Phenotype
from evotrade.engine.execution import Execution
from evotrade.engine.metrics import METRICS
from evotrade.errors import DataError, StoreError
from evotrade.evolution.evaluation import evaluate_batch
from evotrade.evolution.evidence import Evidence, Occasion
from evotrade.evolution.ledger import Trial
from evotrade.genome import as_genome
from evotrade.lab.bench import whole_plan
from evotrade.lab.candles import keep_candles
from evotrade.lab.evolution import viability_rules
from evotrade.lab.recorded import genome_id_of, judged, recorded_trial
from evotrade.market.candles import Candles
from evotrade.settings import load_settings
from evotrade.store import Store

_TABLES = {"cells", "cell_phenotypes", "evolution_runs", "failed_mutations"}
_COMBINE = "majority"  # that system counted HOLD as a vote
_REASONS = {
    "lower_than_parent": "lower than parent",
    "negative_fitness": "fitness not above 0",
    "execution_error": "cannot run",
    "invalid_dsl": "does not parse",
}
Rows = list[sqlite3.Row]


@dataclass(frozen=True, slots=True)
class ImportedCells:
    """What an import brought in; `unreadable` names the cells whose genome does not parse."""

    cells: int
    phenotypes: int
    runs: int
    failed: int
    alive: int
    evaluated: int
    unreadable: tuple[int, ...]


def import_cells(
    path: Path,
    *,
    store: Store,
    candles: Candles | None = None,
    timeframes: Sequence[str] = ("1h", "4h", "1d"),
    on_cell: Callable[[int, int], None] | None = None,
) -> ImportedCells:
    """Bring in every cell of the file under its own id, in one transaction; all of it or nothing.

    Fitness and metrics stay as recorded (dollars on 100 are percent). With `candles`, each cell is also
    evaluated on all of them and judged by that; otherwise by its recorded numbers. Raises `DataError`
    when the file is not such a database, `StoreError` when ids are taken.
    """
    tables = _read(path)
    if candles is not None and not candles.pair:
        candles = replace(candles, pair=_pair(tables["cell_phenotypes"], path))
    taken = set(store.cells()["cell_id"]) & {row["cell_id"] for row in tables["cells"]}
    if taken:
        raise StoreError(
            f"cell {min(taken)} is in the store already: import {path.name} into a store of its own, "
            "by --store FILE"
        )
    rules = viability_rules(load_settings())
    recorded = _phenotypes(tables["cell_phenotypes"])
    dish = path.stem
    cells: list[Cell] = []
    ledger: list[Trial] = []
    for number, row in enumerate(tables["cells"], start=1):
        cell = _cell(row, recorded[row["cell_id"]], dish)
        if candles is not None:
            evaluated, looked = _evaluated(cell, candles, timeframes)
            cell = replace(cell, phenotypes=cell.phenotypes + evaluated)
            ledger.extend(looked)
        cells.append(judged(cell, rules))
        if on_cell:
            on_cell(number, len(tables["cells"]))
    with store.write():
        store.save_dish(dish, {"imported_from": path.name, "combine": _COMBINE}, _now())
        runs = {_time(row["started_at"]): _store_run(store, dish, row) for row in tables["evolution_runs"]}
        store.add_cells(cells)
        if candles is not None:
            keep_candles(candles, store)
        store.add_trials([*_recorded_trials(tables, recorded, dish, runs), *ledger])
    return ImportedCells(
        cells=len(cells),
        phenotypes=sum(len(cell.phenotypes) for cell in cells),
        runs=len(tables["evolution_runs"]),
        failed=len(tables["failed_mutations"]),
        alive=sum(cell.status == "alive" for cell in cells),
        evaluated=len(cells) if candles is not None else 0,
        unreadable=tuple(cell.cell_id for cell in cells if not cell.genome_id),
    )


def _read(path: Path) -> dict[str, Rows]:
    """All rows of the tables we know, read without writing so much as a journal beside the file."""
    if not path.is_file():
        raise DataError(f"there is no file {path}: name the earlier system's SQLite file")
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as db:
            db.row_factory = sqlite3.Row
            there = {row["name"] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if missing := _TABLES - there:
                raise DataError(
                    f"{path} has no table {', '.join(sorted(missing))}: it holds no cells of that system"
                )
            return {name: db.execute(f"SELECT * FROM {name} ORDER BY 1").fetchall() for name in _TABLES}
    except sqlite3.DatabaseError as error:
        raise DataError(f"{path} is not a readable SQLite file ({error}): name another") from error


def _pair(phenotypes: Rows, path: Path) -> str:
    """The market that the recorded numbers are of, for candles that do not say theirs."""
    if not phenotypes:
        raise DataError(f"{path.name} names no market and the candles no pair: name it by --pair")
    return str(phenotypes[0]["symbol"])


def _phenotypes(rows: Rows) -> Mapping[int, tuple[Phenotype, ...]]:
    """The recorded numbers by cell. That system traded dollars on 100, so dollars are percent."""
    found: defaultdict[int, tuple[Phenotype, ...]] = defaultdict(tuple)
    for row in rows:
        metrics = dict.fromkeys(METRICS, math.nan) | {
            "net_profit": _number(row["total_profit"]),
            "return_pct": _number(row["total_profit"]),
            "trades": _number(row["total_trades"]),
            "fees_paid": _number(row["total_fees"]),
            "max_drawdown_pct": 100 * _number(row["max_drawdown"]),
            "sharpe": _number(row["sharpe_ratio"]),
            "sortino": _number(row["sortino_ratio"]),
            "win_rate_pct": 100 * _number(row["win_rate"]),
            "profit_factor": _number(row["profit_factor"]),
        }
        phenotype = Phenotype(
            pair=row["symbol"],
            source="archive",
            timeframe=row["timeframe"],
            split="all",
            start_s=int(float(row["data_start_date"]) / 1000),
            end_s=int(float(row["data_end_date"]) / 1000),
            metrics=metrics,
            combine=_COMBINE,
            recorded=True,
        )
        found[row["cell_id"]] += (phenotype,)
    return found


def _cell(row: sqlite3.Row, recorded: tuple[Phenotype, ...], dish: str) -> Cell:
    return Cell(
        genome=row["dsl_genome"],
        genome_id=genome_id_of(row["dsl_genome"]),
        fitness=row["fitness"],
        created_at=_time(row["created_at"]),
        cell_id=row["cell_id"],
        dish=dish,
        generation=row["generation"],
        parent_id=row["parent_cell_id"],
        origin="import",
        combine=_COMBINE,
        llm_name=row["llm_name"],
        llm_category=row["llm_category"],
        llm_hypothesis=row["llm_hypothesis"],
        phenotypes=recorded,
    )


def _evaluated(
    cell: Cell, candles: Candles, timeframes: Sequence[str]
) -> tuple[tuple[Phenotype, ...], tuple[Trial, ...]]:
    """What the cell shows here, on all of the candles, by our rules; nothing if it does not parse."""
    if not cell.genome_id:
        return (), ()
    genome = as_genome(cell.genome)
    plan = whole_plan(candles, timeframes, Execution(), cell.combine)
    (evaluation,) = evaluate_batch([genome], candles, plan)
    occasion = Occasion("imported", "", cell.fitness, _now(), cell.dish, None, cell.generation)
    evidence = Evidence(plan, candles)
    return evidence.phenotypes(evaluation), evidence.trials(genome, evaluation, occasion)


def _recorded_trials(
    tables: Mapping[str, Rows],
    recorded: Mapping[int, tuple[Phenotype, ...]],
    dish: str,
    runs: Mapping[datetime, int],
) -> Iterator[Trial]:
    """That system's looks at the data count too: each of its phenotypes, and each mutation that failed.

    It did not say in which of its runs; `runs` are their numbers by start, and a trial is of the last begun.
    """
    for trial in _looks(tables, recorded, dish):
        begun = [start for start in runs if start <= trial.created_at]
        yield replace(trial, run_id=runs[max(begun)] if begun else None)


def _looks(
    tables: Mapping[str, Rows], recorded: Mapping[int, tuple[Phenotype, ...]], dish: str
) -> Iterator[Trial]:
    for row in tables["cells"]:
        for phenotype in recorded[row["cell_id"]]:
            fitness, at = phenotype.metrics["return_pct"], _time(row["created_at"])
            occasion = Occasion("imported", "", fitness, at, dish, None, row["generation"])
            yield recorded_trial(row["dsl_genome"], phenotype, occasion)
    for row in tables["failed_mutations"]:
        for phenotype in recorded[row["parent_cell_id"]][:1]:
            reason = _REASONS.get(row["failure_reason"], row["failure_reason"])
            fitness, at = _number(row["fitness_achieved"]), _time(row["failed_at"])
            occasion = Occasion("failed", reason, fitness, at, dish, None, row["generation"])
            yield recorded_trial(row["attempted_genome"], replace(phenotype, metrics={}), occasion)


def _store_run(store: Store, dish: str, row: sqlite3.Row) -> int:
    run_id = store.start_run(dish, _time(row["started_at"]))
    if row["completed_at"]:
        store.finish_run(run_id, row["termination_reason"] or "", _time(row["completed_at"]))
    return run_id


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _time(text: str) -> datetime:
    """SQLite's CURRENT_TIMESTAMP is UTC without saying so."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _now() -> datetime:
    return datetime.now(UTC)
