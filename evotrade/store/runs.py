"""Dishes, their runs, and what each generation brought."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import duckdb
import pandas as pd

from evotrade.cells import Phenotype
from evotrade.errors import NotFound, StoreError
from evotrade.evolution.ledger import Trial
from evotrade.evolution.records import GenerationRecord
from evotrade.store.births import Brood
from evotrade.store.cells import CellTable
from evotrade.store.offspring import HISTORY, keep_measured
from evotrade.store.rows import fetch, insert, scalar, utc
from evotrade.store.trials import TrialTable, insert_trials, trial_columns

_LAST_RUN = """
    SELECT run_id, dish, started_at, finished_at, reason, latest.checkpoint, latest.checkpoint_generation
    FROM runs LEFT JOIN (
        SELECT dish, checkpoint, checkpoint_generation FROM runs
        WHERE dish = $dish AND checkpoint IS NOT NULL ORDER BY run_id DESC LIMIT 1
    ) AS latest USING (dish)
    WHERE dish = $dish ORDER BY run_id DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class StoredRun:
    """The last run of a dish; unfinished while `finished_at` is None.

    `checkpoint` is the dish's newest, made after `generation`, also when an earlier run made it; empty,
    and -1, before the first.
    """

    run_id: int
    dish: str
    started_at: datetime
    finished_at: datetime | None
    reason: str | None
    generation: int
    checkpoint: Mapping[str, Any]


class RunTable(CellTable, TrialTable):
    """The tables `dishes`, `runs`, `generations` and `failures`."""

    def save_dish(self, name: str, spec: Mapping[str, Any], created_at: datetime) -> None:
        """Keep a dish; again with the same spec changes nothing, with another one is a `StoreError`."""
        text = json.dumps(dict(spec), sort_keys=True)
        created = utc(created_at, f"creation of dish {name}")
        with self.write() as con:
            stored = scalar(con, "SELECT spec FROM dishes WHERE name = $name", {"name": name})
            if stored is None:
                insert(con, "dishes", [{"name": name, "spec": text, "created_at": created}])
            elif stored != text:
                raise StoreError(f"dish {name!r} exists with other settings: choose another name")

    def dish(self, name: str) -> dict[str, Any]:
        """The settings of that dish. `NotFound` lists the dishes there are."""
        with self.read() as con:
            specs = {
                row["name"]: row["spec"] for row in fetch(con, "SELECT name, spec FROM dishes ORDER BY name")
            }
        if name not in specs:
            has = f"it holds {', '.join(specs)}" if specs else "it holds none yet"
            raise NotFound(f"there is no dish {name!r} in the store: {has}")
        spec: dict[str, Any] = json.loads(specs[name])
        return spec

    def dishes(self) -> pd.DataFrame:
        """A row a dish: name, spec (JSON), created_at (UTC), runs, generations, cells, alive, best."""
        return self.query(
            """
            SELECT name, spec, created_at, coalesce(runs, 0) AS runs, coalesce(generations, 0) AS generations,
                   coalesce(cells, 0) AS cells, coalesce(alive, 0) AS alive, best
            FROM dishes
            LEFT JOIN (SELECT dish AS name, count(DISTINCT run_id) AS runs, count(generation) AS generations
                       FROM runs LEFT JOIN generations USING (run_id) GROUP BY dish) USING (name)
            LEFT JOIN (SELECT dish AS name, count(*) AS cells, count(*) FILTER (status = 'alive') AS alive,
                              max(fitness) FILTER (NOT isnan(fitness)) AS best
                       FROM cells GROUP BY dish) USING (name)
            ORDER BY created_at, name
            """
        )

    def start_run(self, dish: str, started_at: datetime) -> int:
        """Begin a run of the dish; returns its number."""
        started = utc(started_at, f"start of a run of dish {dish}")
        with self.write() as con:
            run_id = int(scalar(con, "SELECT coalesce(max(run_id), 0) + 1 FROM runs"))
            insert(con, "runs", [{"run_id": run_id, "dish": dish, "started_at": started}])
        return run_id

    def finish_run(self, run_id: int, reason: str, finished_at: datetime | None = None) -> None:
        """Note why and when (now, unless given) a run ended. `NotFound` where there is no such run."""
        at = utc(finished_at or datetime.now(UTC), f"end of run {run_id}")
        with self.write() as con:
            _expect_run(con, run_id)
            con.execute(
                "UPDATE runs SET reason = $reason, finished_at = $at WHERE run_id = $run_id",
                {"run_id": run_id, "reason": reason, "at": at},
            )

    def last_run(self, dish: str) -> StoredRun | None:
        """The newest run of the dish with its checkpoint; None when it never ran."""
        with self.read() as con:
            rows = fetch(con, _LAST_RUN, {"dish": dish})
        if not rows:
            return None
        checkpoint, generation = rows[0].pop("checkpoint"), rows[0].pop("checkpoint_generation")
        return StoredRun(
            **rows[0],
            generation=-1 if generation is None else generation,
            checkpoint=json.loads(checkpoint) if checkpoint else {},
        )

    def save_generation(self, record: GenerationRecord) -> dict[int, int]:
        """Keep all that a generation brought, in one transaction.

        Returns the number given to each cell's placeholder, also put into `checkpoint["population"]`.
        `StoreError` where another process evolves the dish.
        """
        finished = utc(
            record.finished_at or datetime.now(UTC), f"end of generation {record.stats.generation}"
        )
        key = {"run_id": record.run_id, "generation": record.stats.generation}
        brood, trials = Brood(record.cells), trial_columns(record.trials)
        with self.write() as con:
            _expect_next(con, record)
            numbers = brood.insert(con)
            assigned = {cell.cell_id: number for cell, number in zip(record.cells, numbers, strict=True)}
            insert_trials(con, trials)
            insert(con, "generations", [{**asdict(record.stats), **key, "finished_at": finished}])
            failures = [
                {**key, "reason": reason, "count": count} for reason, count in record.failures.items()
            ]
            insert(con, "failures", failures)
            keep_measured(con, record.measured, assigned)
            con.execute(
                "UPDATE runs SET checkpoint = $text, checkpoint_generation = $generation "
                "WHERE run_id = $run_id",
                {**key, "text": _checkpoint(record.checkpoint, assigned)},
            )
        return assigned

    def save_scores(
        self,
        phenotypes: Mapping[int, Sequence[Phenotype]],
        trials: Sequence[Trial],
        verdicts: Sequence[tuple[int, str, Sequence[str]]],
        at: datetime,
    ) -> None:
        """Keep further results of cells (by number), their trials and their statuses, in one transaction."""
        with self.write():
            for cell_id, results in phenotypes.items():
                self.add_phenotypes(cell_id, results)
            self.add_trials(trials)
            self.set_statuses(verdicts, at)

    def generations(self, dish: str) -> pd.DataFrame:
        """A row a generation of all the dish's runs, with the columns of `GenerationStats`.

        Beside them `llm_asked` (children that language models were asked for), `llm_born` of them, and
        `llm_cost_usd` (US dollars; missing where no price is known).
        """
        return self.query(HISTORY, {"dish": dish})

    def failures(self, dish: str) -> pd.DataFrame:
        """How many mutations of the dish were not born: run_id, generation, reason, count."""
        return self.query(
            "SELECT failures.* FROM failures JOIN runs USING (run_id) WHERE dish = $dish "
            "ORDER BY run_id, generation, reason",
            {"dish": dish},
        )


def _expect_run(con: duckdb.DuckDBPyConnection, run_id: int) -> None:
    if not scalar(con, "SELECT count(*) FROM runs WHERE run_id = $id", {"id": run_id}):
        raise NotFound(f"there is no run {run_id} in the store: begin one with start_run")


def _expect_next(con: duckdb.DuckDBPyConnection, record: GenerationRecord) -> None:
    """`StoreError` unless the run is its dish's last and the generation new: two would evolve one dish."""
    _expect_run(con, record.run_id)
    run_id, generation = record.run_id, record.stats.generation
    (others,) = fetch(
        con,
        "SELECT dish, (SELECT max(run_id) FROM runs later WHERE later.dish = runs.dish) AS last, "
        "(SELECT count(*) FROM generations WHERE run_id = $run_id AND generation = $generation) AS stored "
        "FROM runs WHERE run_id = $run_id",
        {"run_id": run_id, "generation": generation},
    )
    if others["stored"] or others["last"] != run_id:
        raise StoreError(
            f"generation {generation} of dish {others['dish']!r} (run {run_id}) was not stored, since "
            "another process evolves this dish: wait for it to finish, or stop it, then resume"
        )


def _checkpoint(checkpoint: Mapping[str, Any], assigned: Mapping[int, int]) -> str:
    population = [assigned.get(number, number) for number in checkpoint.get("population", ())]
    return json.dumps({**checkpoint, "population": population})
