"""An ask and its record: kept in the store as it happens, whatever becomes of it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from pydantic import BaseModel

from evotrade.cells import Cell
from evotrade.errors import EvotradeError, LlmAnswerUnusable, LlmBudget, LlmCancelled, StoreError
from evotrade.llm.attempts import Attempt, Budget, Event, Finished, OnEvent, Reason, total_cost
from evotrade.settings import load_settings
from evotrade.store import Store
from evotrade.store.llm import AskRow, AttemptRow

_Made = TypeVar("_Made")


@dataclass(frozen=True, slots=True)
class Asked:
    """How asking for a strategy ended.

    `best` is the attempt that served, otherwise the best that could be judged; `cell` is the one made of it,
    None where nothing could be judged, a person stopped it, or none was to be made. `message` says the reason
    in a sentence; `cost_usd` is None where no price is known.
    """

    cell: Cell | None
    best: Attempt | None
    attempts: tuple[Attempt, ...]
    reason: Reason
    message: str
    ask_id: int
    cost_usd: float | None

    def require_cell(self) -> Cell:
        """The cell made. Where there is none: `LlmCancelled`, `LlmAnswerUnusable` or `LlmBudget`."""
        if self.cell is not None:
            return self.cell
        if self.reason == "cancelled":
            raise LlmCancelled(self.message)
        if self.reason == "attempts":
            raise LlmAnswerUnusable(self.message)
        raise LlmBudget(self.message, self.reason)


class Keeper:
    """Keeps one ask in the store: its begin, each attempt when it is over, its end."""

    def __init__(self, store: Store, row: AskRow, on_event: OnEvent | None) -> None:
        self._store, self._on_event = store, on_event
        self.attempts: list[Attempt] = []
        self.ask_id = store.begin_ask(row)

    def on_event(self, event: Event) -> None:
        """Keep an attempt that is over, then tell the watcher."""
        if isinstance(event, Finished):
            self.attempts.append(event.attempt)
            self._store.add_attempt(self.ask_id, attempt_row(event.attempt))
        if self._on_event is not None:
            self._on_event(event)

    def run(self, work: Callable[[], _Made]) -> _Made:
        """What `work` gives. Its error is kept as the end of the ask, and raised."""
        try:
            return work()
        except BaseException as error:
            # the store may be what failed: its error is raised all the same
            with contextlib.suppress(StoreError):
                self.finish(_reason_of(error), str(error) or type(error).__name__)
            raise

    def finish(
        self, reason: Reason, message: str, *, answer: BaseModel | None = None, born: Cell | None = None
    ) -> None:
        """Keep how it ended."""
        self._store.finish_ask(
            self.ask_id,
            reason,
            message,
            now(),
            answer=None if answer is None else answer.model_dump_json(),
            born_id=born.cell_id if born else None,
        )

    @property
    def cost_usd(self) -> float | None:
        """US dollars so far."""
        return total_cost(tuple(self.attempts))


def _reason_of(error: BaseException) -> Reason:
    match error:
        case LlmCancelled() | KeyboardInterrupt():
            return "cancelled"
        case LlmBudget(which="tokens"):
            return "tokens"
        case LlmBudget(which="money"):
            return "money"
        case LlmBudget(which="time"):
            return "time"
        case LlmAnswerUnusable():
            return "attempts"
        case EvotradeError():
            return "failed"
    # a page that is closed, too, ends its script by an exception
    return "failed" if isinstance(error, Exception) else "cancelled"


def attempt_row(attempt: Attempt) -> AttemptRow:
    """The attempt as the store keeps it."""
    proposal, error, outcome = attempt.proposal, attempt.error or {}, attempt.outcome
    return AttemptRow(
        number=attempt.number,
        prompt=attempt.prompt,
        answer=attempt.answer,
        tokens_in=attempt.tokens_in,
        tokens_out=attempt.tokens_out,
        started_at=attempt.started_at,
        seconds=attempt.seconds,
        cost_usd=attempt.cost_usd,
        name=proposal.name if proposal else None,
        category=proposal.category if proposal else None,
        hypothesis=proposal.hypothesis if proposal else None,
        genome=proposal.genome if proposal else None,
        expected_trades=proposal.expected.trades if proposal else None,
        expected_win_rate_pct=proposal.expected.win_rate_pct if proposal else None,
        expected_sharpe=proposal.expected.sharpe if proposal else None,
        error=error.get("message"),
        error_line=error.get("line"),
        error_column=error.get("column"),
        error_length=error.get("length"),
        error_suggestion=error.get("suggestion"),
        genome_id=outcome.genome_id if outcome else None,
        fitness=outcome.fitness if outcome else None,
        status=outcome.status if outcome else None,
        reasons=outcome.reasons if outcome else None,
        timeframe=outcome.timeframe if outcome else None,
        split=outcome.split if outcome else None,
        trades=outcome.trades if outcome else None,
        win_rate_pct=outcome.win_rate_pct if outcome else None,
        sharpe=outcome.sharpe if outcome else None,
        metrics=outcome.metrics if outcome else None,
    )


def budget_or_usual(budget: Budget | None) -> Budget:
    """The budget, or the one of the settings."""
    return budget or Budget.of(load_settings())


def now() -> datetime:
    """This moment, UTC."""
    return datetime.now(UTC)
