"""What a run asked language models for, generation by generation: to go on with, to learn from, to count."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import pandas as pd

from evotrade.evolution.records import Measured
from evotrade.store.database import Database
from evotrade.store.rows import fetch, scalar

_SPENT = """
    SELECT ask_id, count(*)::INTEGER AS answers, sum(cost_usd) AS cost_usd FROM llm_attempts GROUP BY ask_id
"""
# What a proposal was taken from is the answer that ended its ask; before it stand those with errors.
_ASKED = f"""
    SELECT ask_id, model, reason, message, coalesce(answers, 0) AS answers, spent.cost_usd, number, genome,
           name, category, hypothesis
    FROM llm_asks LEFT JOIN ({_SPENT}) AS spent USING (ask_id)
    LEFT JOIN (SELECT * FROM llm_attempts WHERE genome IS NOT NULL AND error IS NULL) AS taken USING (ask_id)
    WHERE kind = 'evolve' AND run_id = $run_id AND generation = $generation AND finished_at IS NOT NULL
    ORDER BY ask_id
"""
_UNBORN = """
    SELECT genome, error, reasons, fitness, parent_fitness, generation
    FROM llm_attempts JOIN llm_asks USING (ask_id)
    WHERE kind = 'evolve' AND run_id = $run_id AND generation < $generation AND genome IS NOT NULL
      AND (error IS NOT NULL OR (genome_id IS NOT NULL AND born_id IS NULL))
    ORDER BY ask_id DESC, number DESC LIMIT $limit
"""
_ENDS = """
    SELECT generation, bool_or(reason IN ('failed', 'time') OR answers IS NULL) AS failed
    FROM llm_asks LEFT JOIN (SELECT ask_id, count(*) AS answers FROM llm_attempts GROUP BY ask_id)
    USING (ask_id)
    WHERE kind = 'evolve' AND run_id = $run_id AND generation < $generation AND finished_at IS NOT NULL
    GROUP BY generation ORDER BY generation DESC
"""
_COST = """
    SELECT sum(cost_usd) AS cost_usd FROM llm_attempts JOIN llm_asks USING (ask_id)
    WHERE kind = 'evolve' AND run_id = $run_id
"""
HISTORY = f"""
    SELECT generations.*, coalesce(llm_asked, 0)::INTEGER AS llm_asked, coalesce(llm_born, 0)::INTEGER
           AS llm_born, if(llm_answers > 0, llm_cost_usd, 0.0) AS llm_cost_usd
    FROM generations JOIN runs USING (run_id)
    LEFT JOIN (
        SELECT run_id, generation, count(*) AS llm_asked, count(born_id) AS llm_born,
               sum(answers) AS llm_answers, sum(cost_usd) AS llm_cost_usd
        FROM llm_asks LEFT JOIN ({_SPENT}) USING (ask_id) WHERE kind = 'evolve' GROUP BY run_id, generation
    ) USING (run_id, generation)
    WHERE dish = $dish ORDER BY run_id, generation
"""
_MEASURE = """
    UPDATE llm_attempts SET genome_id = $genome_id, fitness = $fitness, status = $status, reasons = $reasons,
           timeframe = $timeframe, split = $split, trades = $trades, win_rate_pct = $win_rate_pct,
           sharpe = $sharpe, metrics = $metrics
    WHERE ask_id = $ask_id AND number = $number
"""
_MEASURES = ("genome_id", "fitness", "status", "timeframe", "split", "trades", "win_rate_pct", "sharpe")


@dataclass(frozen=True, slots=True)
class AskedOffspring:
    """An ask for a child that is over: how it ended, in `answers` answers that cost `cost_usd` US dollars.

    `number`, `genome` and the words are of the answer that was taken; None where none was.
    """

    ask_id: int
    model: str
    reason: str
    message: str
    answers: int
    cost_usd: float | None
    number: int | None
    genome: str | None
    name: str | None
    category: str | None
    hypothesis: str | None


class OffspringTable(Database):
    """Of the tables `llm_asks` and `llm_attempts`, what evolution asked."""

    def asked_offspring(self, run_id: int, generation: int) -> list[AskedOffspring]:
        """What was asked for a generation so far, in order; an ask that was killed is as if it never was."""
        with self.read() as con:
            rows = fetch(con, _ASKED, {"run_id": run_id, "generation": generation})
        return [AskedOffspring(**row) for row in rows]

    def unborn_offspring(self, run_id: int, generation: int, limit: int) -> pd.DataFrame:
        """Genomes of models that came to nothing before a generation of the run, the latest first.

        genome, error or reasons, fitness, parent_fitness, generation.
        """
        return self.query(_UNBORN, {"run_id": run_id, "generation": generation, "limit": limit})

    def offspring_ends(self, run_id: int, generation: int) -> list[tuple[int, bool]]:
        """Each generation before that asked, the latest first, and whether the model failed in it."""
        with self.read() as con:
            rows = fetch(con, _ENDS, {"run_id": run_id, "generation": generation})
        return [(row["generation"], row["failed"]) for row in rows]

    def offspring_cost_usd(self, run_id: int) -> float:
        """US dollars that the run's asks cost so far, where the price is known."""
        with self.read() as con:
            return float(scalar(con, _COST, {"run_id": run_id}) or 0.0)


def keep_measured(
    con: duckdb.DuckDBPyConnection, rows: Sequence[Measured], assigned: Mapping[int, int]
) -> None:
    """Inside a write: what the answers' evaluation gave, and the number of the cell that came of each."""
    for row in rows:
        values: dict[str, Any] = {name: getattr(row, name) for name in _MEASURES}
        values |= {"reasons": list(row.reasons), "metrics": json.dumps(row.metrics), **row.key._asdict()}
        con.execute(_MEASURE, values)
        if row.cell_id:
            con.execute(
                "UPDATE llm_asks SET born_id = $born_id WHERE ask_id = $ask_id",
                {"born_id": assigned[row.cell_id], "ask_id": row.key.ask_id},
            )
