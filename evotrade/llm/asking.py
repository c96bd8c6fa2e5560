"""Ask for one structured answer that is no strategy: an explanation, names, patterns, a suggestion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel

from evotrade.errors import LlmAnswerUnusable, LlmBudget, LlmCancelled, LlmError
from evotrade.llm.attempts import Attempt, Budget, OnEvent, Reason, Stop, total_cost
from evotrade.llm.conversation import converse
from evotrade.llm.endings import message_of
from evotrade.llm.models import Llm
from evotrade.llm.questions import Question
from evotrade.llm.record import Checked, Record

_Output = TypeVar("_Output", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Answered(Generic[_Output]):
    """An answer and the attempts that it took."""

    answer: _Output
    attempts: tuple[Attempt, ...]

    @property
    def cost_usd(self) -> float | None:
        """US dollars of all attempts; None where the price of none is known."""
        return total_cost(self.attempts)


def ask(
    llm: Llm,
    question: Question,
    output: type[_Output],
    budget: Budget,
    *,
    complaint: Callable[[_Output], str | None] | None = None,
    on_event: OnEvent | None = None,
    stop: Stop | None = None,
) -> Answered[_Output]:
    """The model's answer. What `complaint` says against one goes back to the model, within the budget.

    Raises `LlmCancelled`, `LlmBudget` and `LlmAnswerUnusable` where the ask ends without an answer, and what
    the model's server does: `LlmBusy`, `LlmUnreachable`, `LlmNotConfigured`.
    """
    record = Record(llm, question, budget, on_event or _nobody)

    def check(answer: _Output) -> Checked:
        said = complaint(answer) if complaint else None
        return Checked(True) if said is None else Checked(False, said, error={"message": said})

    answer, reason = converse(llm, question, output, check, record, on_event or _nobody, stop or _never)
    if answer is None:
        raise _ending(reason, record)
    return Answered(answer, tuple(record.attempts))


def _ending(reason: Reason, record: Record) -> LlmError:
    message = message_of(reason, record.budget, tuple(record.attempts))
    if reason == "cancelled":
        return LlmCancelled(message)
    return LlmAnswerUnusable(message) if reason == "attempts" else LlmBudget(message, reason)


def _nobody(_: object) -> None:
    """Nobody watches."""


def _never() -> bool:
    return False
