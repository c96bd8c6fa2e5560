"""The repair loop: a strategy is proposed, parsed and judged, and what is wrong goes back to the model."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from evotrade.errors import GenomeError, LlmError, NotEnoughCandles
from evotrade.genome import as_genome
from evotrade.llm.answers import Proposal
from evotrade.llm.attempts import Attempt, Budget, Judge, OnEvent, Proposed, Reason, Stop
from evotrade.llm.conversation import converse
from evotrade.llm.endings import message_of
from evotrade.llm.models import Llm
from evotrade.llm.questions import Question
from evotrade.llm.record import Checked, Record


def propose(
    llm: Llm,
    question: Question,
    judge: Judge,
    budget: Budget,
    on_event: OnEvent | None = None,
    stop: Stop | None = None,
) -> Proposed:
    """Ask for a strategy until `judge` takes one or the budget is used up; then the best that it could judge.

    Genome errors and poor results go back to the model, with their place and numbers. A stop by a person
    gives no proposal. Raises `LlmError` where the model cannot be asked and nothing was judged so far, and
    what `judge` and `on_event` raise; both are called in this thread.
    """
    watch = on_event or _nobody
    record = Record(llm, question, budget, watch)
    error = ""
    try:
        _, reason = converse(
            llm, question, Proposal, lambda answer: _checked(answer, judge), record, watch, stop or _never
        )
    except LlmError as refused:
        if best_of(record.attempts) is None:
            raise
        reason, error = "failed", str(refused)
    attempts = tuple(record.attempts)
    best = _taken(attempts, reason)
    return Proposed(
        best.proposal if best else None, attempts, reason, message_of(reason, budget, attempts, error)
    )


def best_of(attempts: list[Attempt] | tuple[Attempt, ...]) -> Attempt | None:
    """The attempt with the best outcome: alive before dead, then by fitness; None where none was judged."""
    judged = [one for one in attempts if one.outcome is not None]
    return max(judged, key=_rank, default=None)


def _rank(attempt: Attempt) -> tuple[bool, bool, float]:
    outcome = attempt.outcome
    if outcome is None or math.isnan(outcome.fitness):
        return False, False, 0.0
    return outcome.status == "alive", outcome.trades > 0, outcome.fitness


def _taken(attempts: tuple[Attempt, ...], reason: Reason) -> Attempt | None:
    if reason == "cancelled":
        return None
    return attempts[-1] if reason == "done" else best_of(attempts)


def _checked(proposal: Proposal, judge: Judge) -> Checked:
    try:
        as_genome(proposal.genome)
        verdict = judge(proposal)
    except GenomeError as wrong:
        return Checked(False, genome_feedback(proposal.genome, wrong), proposal, _placed(wrong))
    except NotEnoughCandles as short:
        return Checked(False, f"The genome cannot be judged: {short}", proposal, {"message": str(short)})
    error = None if verdict.ok or verdict.outcome else {"message": verdict.text}
    return Checked(verdict.ok, verdict.text, proposal, error, verdict.outcome)


def _placed(error: GenomeError) -> Mapping[str, Any]:
    return {
        "line": error.line,
        "column": error.column,
        "length": error.length,
        "message": error.message,
        "suggestion": error.suggestion,
    }


def genome_feedback(genome: str, error: GenomeError) -> str:
    """What a model is told of a genome error: its place, the line with a mark under it, the word meant."""
    lines = genome.splitlines()
    told = f"The genome is wrong at {error}"
    if 0 < error.line <= len(lines):
        mark = " " * (error.column - 1) + "^" * max(1, error.length)
        told += f"\n{lines[error.line - 1]}\n{mark}"
    return f"{told}\nMend it and give the whole answer again."


def _nobody(_: object) -> None:
    """Nobody watches."""


def _never() -> bool:
    return False
