"""What language models were asked and answered, saw in populations, and how good their ideas were."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import duckdb
import pandas as pd

from evotrade.errors import NotFound
from evotrade.store.cells import CellTable, no_such_cell
from evotrade.store.rows import fetch, insert, scalar, utc


@dataclass(frozen=True, slots=True)
class AskRow:
    """An ask as it begins. `kind` is create, fork, try, evolve, explain, name, patterns or suggest.

    `cell_ids` are the cells that it is about, the parent of a fork first; `parent_fitness` is in the
    objective's unit.
    """

    kind: str
    model: str
    instructions: str
    prompt: str
    started_at: datetime
    pair: str = ""
    dish: str = ""
    run_id: int | None = None
    generation: int | None = None
    session_id: int | None = None
    cell_ids: tuple[int, ...] = ()
    objective: str = ""
    parent_fitness: float | None = None


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One answer; see the comments of the table `llm_attempts`, which has these columns.

    What a backtest gave, from `genome_id` to `metrics`, is None where the proposal was not judged.
    """

    number: int
    prompt: str
    answer: str
    tokens_in: int
    tokens_out: int
    started_at: datetime
    seconds: float
    cost_usd: float | None = None
    name: str | None = None
    category: str | None = None
    hypothesis: str | None = None
    genome: str | None = None
    expected_trades: float | None = None
    expected_win_rate_pct: float | None = None
    expected_sharpe: float | None = None
    error: str | None = None
    error_line: int | None = None
    error_column: int | None = None
    error_length: int | None = None
    error_suggestion: str | None = None
    genome_id: str | None = None
    fitness: float | None = None
    status: str | None = None
    reasons: tuple[str, ...] | None = None
    timeframe: str | None = None
    split: str | None = None
    trades: float | None = None
    win_rate_pct: float | None = None
    sharpe: float | None = None
    metrics: Mapping[str, Any] | None = field(default=None, hash=False)


class PatternRow(NamedTuple):
    """What a model saw in several cells."""

    name: str
    description: str
    cell_ids: tuple[int, ...]


class Words(NamedTuple):
    """What a model calls a cell."""

    cell_id: int
    name: str
    category: str
    hypothesis: str


_ASK = (
    *(
        "kind",
        "model",
        "instructions",
        "prompt",
        "pair",
        "dish",
        "run_id",
        "generation",
        "session_id",
        "objective",
    ),
    "parent_fitness",
)
_ATTEMPT = tuple(
    name for name in AttemptRow.__dataclass_fields__ if name not in ("started_at", "reasons", "metrics")
)
_FINISH = """
    UPDATE llm_asks SET finished_at = $at, reason = $reason, message = $message, answer = $answer,
           born_id = $born_id WHERE ask_id = $id
"""
_NAME = """
    UPDATE cells SET llm_name = $name, llm_category = $category, llm_hypothesis = $hypothesis, llm_model =
    $model WHERE cell_id = $cell_id
"""
# The cost of an ask is that of its attempts. NaN is a value in DuckDB, above every number: it is none here.
_SPENT = """
    SELECT ask_id, count(*) AS attempts, sum(tokens_in) AS tokens_in, sum(tokens_out) AS tokens_out,
           sum(cost_usd) AS cost_usd, sum(seconds) AS seconds
    FROM llm_attempts GROUP BY ask_id
"""
_ASKS = f"""
    SELECT llm_asks.*, coalesce(attempts, 0) AS attempts, coalesce(tokens_in, 0)::BIGINT AS tokens_in,
           coalesce(tokens_out, 0)::BIGINT AS tokens_out, cost_usd
    FROM llm_asks LEFT JOIN ({_SPENT}) USING (ask_id)
    WHERE ($kind IS NULL OR kind = $kind) AND ($model IS NULL OR model = $model)
    ORDER BY ask_id DESC LIMIT $limit
"""
_ATTEMPTS = "SELECT * FROM llm_attempts WHERE ask_id = $id ORDER BY number"
_ANSWER = """
    SELECT model, answer, finished_at FROM llm_asks
    WHERE kind = $kind AND answer IS NOT NULL AND list_contains(cell_ids, $id) ORDER BY ask_id DESC LIMIT 1
"""
_PREDICTIONS = """
    SELECT model, kind, ask_id, number, born_id, llm_attempts.name, category, pair, objective, timeframe,
    split,
           expected_trades, trades, expected_win_rate_pct, win_rate_pct, expected_sharpe, sharpe,
           fitness, parent_fitness, status, llm_attempts.started_at
    FROM llm_attempts JOIN llm_asks USING (ask_id)
    WHERE genome_id IS NOT NULL AND ($model IS NULL OR model = $model)
    ORDER BY ask_id, number
"""
_FAILURES = """
    SELECT genome, any_value(error) AS error, any_value(reasons) AS reasons, any_value(fitness) AS fitness,
           any_value(split) AS split, max(llm_attempts.started_at) AS tried_at
    FROM llm_attempts JOIN llm_asks USING (ask_id)
    WHERE genome IS NOT NULL AND objective = $objective AND pair = $pair AND (error IS NOT NULL OR status =
    'dead') GROUP BY genome ORDER BY tried_at DESC LIMIT $limit
"""
_NUMBER = "if(isnan({0}), NULL, {0})"
_MISS = "abs(if(isnan({0}), NULL, {0}) - expected_{0})"
_BIAS = "expected_{0} - if(isnan({0}), NULL, {0})"
_PAYS = "NOT isnan(fitness) AND (fitness > 0 OR coalesce(fitness > parent_fitness, false))"
_CALIBRATION = f"""
    SELECT model,
        count(DISTINCT ask_id) AS asks,
        count(DISTINCT born_id) AS cells,
        count(number) AS attempts,
        count(genome_id) AS judged,
        count(genome_id) / nullif(count(number), 0) AS share_judged,
        avg((status = 'alive')::INTEGER) AS share_alive,
        avg((trades > 0)::INTEGER) AS share_trading,
        avg(if(genome_id IS NULL, NULL, {_PAYS})::INTEGER) AS share_paying,
        avg({_NUMBER.format("fitness - parent_fitness")}) AS mean_gain,
        median({_NUMBER.format("fitness")}) AS median_fitness,
        avg({_MISS.format("trades")}) AS trades_error,
        avg({_BIAS.format("trades")}) AS trades_bias,
        avg({_MISS.format("win_rate_pct")}) AS win_rate_pct_error,
        avg({_BIAS.format("win_rate_pct")}) AS win_rate_pct_bias,
        avg({_MISS.format("sharpe")}) AS sharpe_error,
        avg({_BIAS.format("sharpe")}) AS sharpe_bias,
        coalesce(sum(tokens_in), 0)::BIGINT AS tokens_in,
        coalesce(sum(tokens_out), 0)::BIGINT AS tokens_out,
        sum(cost_usd) AS cost_usd,
        sum(cost_usd) / nullif(count(DISTINCT born_id), 0) AS cost_usd_per_cell,
        avg(seconds) AS seconds_per_attempt
    FROM llm_asks LEFT JOIN llm_attempts USING (ask_id)
    WHERE kind IN ('create', 'fork', 'try', 'evolve') GROUP BY model ORDER BY asks DESC, model
"""


class LlmTable(CellTable):
    """The tables `llm_asks`, `llm_attempts` and `llm_patterns`, and the words of models in `cells`."""

    def begin_ask(self, row: AskRow) -> int:
        """Keep an ask that begins; returns its number."""
        values = {name: getattr(row, name) for name in _ASK}
        values |= {"cell_ids": list(row.cell_ids), "started_at": utc(row.started_at, "begin of an ask")}
        with self.write() as con:
            number = int(scalar(con, "SELECT coalesce(max(ask_id), 0) + 1 FROM llm_asks"))
            insert(con, "llm_asks", [{"ask_id": number, **values}])
        return number

    def add_attempt(self, ask_id: int, row: AttemptRow) -> None:
        """Keep an attempt that is over."""
        values = {name: getattr(row, name) for name in _ATTEMPT}
        values["started_at"] = utc(row.started_at, "begin of an attempt")
        values["reasons"] = None if row.reasons is None else list(row.reasons)
        values["metrics"] = None if row.metrics is None else json.dumps(row.metrics)
        with self.write() as con:
            insert(con, "llm_attempts", [{"ask_id": ask_id, **values}])

    def finish_ask(
        self,
        ask_id: int,
        reason: str,
        message: str,
        at: datetime,
        *,
        answer: str | None = None,
        born_id: int | None = None,
    ) -> None:
        """Say how an ask ended. `NotFound` for one that never began."""
        values = {"id": ask_id, "reason": reason, "message": message, "answer": answer, "born_id": born_id}
        with self.write() as con:
            _expect_ask(con, ask_id)
            con.execute(_FINISH, {**values, "at": utc(at, "end of an ask")})

    def adopt(self, ask_id: int, cell_id: int) -> None:
        """Say that a cell came of an ask that made none itself. `NotFound` for no such ask."""
        with self.write() as con:
            _expect_ask(con, ask_id)
            con.execute(
                "UPDATE llm_asks SET born_id = $cell_id WHERE ask_id = $id",
                {"cell_id": int(cell_id), "id": int(ask_id)},
            )

    def llm_asks(
        self, *, kind: str | None = None, model: str | None = None, limit: int = 1_000
    ) -> pd.DataFrame:
        """Asks, the newest first, with the columns of `llm_asks`, attempts, tokens_in, tokens_out, cost_usd.

        `cost_usd` is missing where no price is known; times are UTC.
        """
        return self.query(_ASKS, {"kind": kind, "model": model, "limit": limit})

    def llm_attempts(self, ask_id: int) -> pd.DataFrame:
        """The attempts of an ask in order, with the columns of `llm_attempts`. `NotFound` for no such ask."""
        with self.read() as con:
            _expect_ask(con, ask_id)
            return self.query(_ATTEMPTS, {"id": int(ask_id)})

    def llm_answer(self, kind: str, cell_id: int) -> dict[str, Any] | None:
        """The latest answer of that kind about a cell: model, answer (JSON), finished_at (UTC); or None."""
        with self.read() as con:
            rows = fetch(con, _ANSWER, {"kind": kind, "id": int(cell_id)})
        return rows[0] if rows else None

    def add_patterns(
        self, ask_id: int, model: str, dish: str, rows: Sequence[PatternRow], at: datetime
    ) -> list[int]:
        """Keep what a model saw; returns the numbers."""
        found_at = utc(at, "time of a pattern")
        with self.write() as con:
            first = int(scalar(con, "SELECT coalesce(max(pattern_id), 0) + 1 FROM llm_patterns"))
            shared = {"ask_id": ask_id, "model": model, "dish": dish, "found_at": found_at}
            numbered = [
                {"pattern_id": first + n, **shared, **row._asdict(), "cell_ids": list(row.cell_ids)}
                for n, row in enumerate(rows)
            ]
            insert(con, "llm_patterns", numbered)
        return [row["pattern_id"] for row in numbered]

    def llm_patterns(self, dish: str | None = None) -> pd.DataFrame:
        """Patterns, the newest ask's first, with the columns of `llm_patterns`; of all dishes, or of one."""
        return self.query(
            "SELECT * FROM llm_patterns WHERE $dish IS NULL OR dish = $dish ORDER BY ask_id DESC, pattern_id",
            {"dish": dish},
        )

    def set_words(self, model: str, words: Sequence[Words]) -> None:
        """Keep what a model calls cells, in place of any such words before. `NotFound` for no such cell."""
        with self.write() as con:
            for one in words:
                if not scalar(con, "SELECT count(*) FROM cells WHERE cell_id = $id", {"id": one.cell_id}):
                    raise no_such_cell(con, one.cell_id)
                con.execute(_NAME, {"model": model, **one._asdict()})

    def llm_predictions(self, model: str | None = None) -> pd.DataFrame:
        """What models expected of each proposal that was judged, beside what was measured on the same span.

        A row an attempt: model, kind, ask_id, number, born_id, name, category, pair, objective, timeframe,
        split, expected_trades and trades, expected_win_rate_pct and win_rate_pct, expected_sharpe and sharpe,
        fitness, parent_fitness, status, started_at.
        """
        return self.query(_PREDICTIONS, {"model": model})

    def llm_failures(self, pair: str, objective: str, limit: int = 5) -> pd.DataFrame:
        """Genomes of models on that pair that did not parse or run, or would be dead, the latest first.

        genome, error or reasons, fitness, split, tried_at.
        """
        return self.query(_FAILURES, {"pair": pair, "objective": objective, "limit": limit})

    def llm_calibration(self) -> pd.DataFrame:
        """How good each model's strategies were, a row a model, over all attempts to make one.

        asks, cells (born), attempts, judged (parsed and backtested) and share_judged; of those judged:
        share_alive, share_trading, share_paying (fitness above 0 or the parent's), mean_gain (fitness over
        the parent's), median_fitness; the mean absolute miss `…_error` and the mean of expected − measured
        `…_bias` of trades, win_rate_pct and sharpe; tokens_in, tokens_out, cost_usd, cost_usd_per_cell
        (missing where no price is known), seconds_per_attempt. Shares are fractions.
        """
        return self.query(_CALIBRATION)


def _expect_ask(con: duckdb.DuckDBPyConnection, ask_id: int) -> None:
    if not fetch(con, "SELECT ask_id FROM llm_asks WHERE ask_id = $id", {"id": int(ask_id)}):
        raise NotFound(f"there is no ask {ask_id} in the store: list them with store.llm_asks()")
