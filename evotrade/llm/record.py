"""The record of an ask while it runs: its attempts, what they used, and whether one more is allowed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from evotrade.llm.answers import Proposal
from evotrade.llm.attempts import (
    Attempt,
    Budget,
    Finished,
    OnEvent,
    Outcome,
    Reason,
    Started,
    Streamed,
    total_cost,
)
from evotrade.llm.models import Llm
from evotrade.llm.questions import Question

_CHARACTERS_PER_TOKEN = 4  # of English; where a server does not count
_FEWEST_TOKENS = 200  # an answer needs
_MOST_TOKENS = 16_000  # more than an answer needs, thought included


class Checked(NamedTuple):
    """What became of an answer: whether it will do, and otherwise what the model is told."""

    ok: bool
    text: str = ""
    proposal: Proposal | None = None
    error: Mapping[str, Any] | None = None
    outcome: Outcome | None = None


@dataclass(slots=True)
class _Open:
    """The attempt that runs."""

    number: int
    prompt: str
    started_at: datetime
    since: float
    heard: str = ""
    answer: str | None = None
    seconds: float = 0.0
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float | None = None


class Record:
    """Attempts within a budget. `on_event` is told of each begin, piece and end."""

    def __init__(self, llm: Llm, question: Question, budget: Budget, on_event: OnEvent) -> None:
        self.budget = budget
        self.attempts: list[Attempt] = []
        self.allowance = _MOST_TOKENS
        self._llm, self._on_event = llm, on_event
        self._open: _Open | None = None
        self._until = time.monotonic() + budget.time_s
        self._first = _tokens(question.instructions) + _tokens(question.prompt)

    @property
    def number(self) -> int:
        """The number of the attempt that runs, or ran last."""
        return self._open.number if self._open else len(self.attempts)

    def expect(self, text: str) -> None:
        """Requests also say this, once."""
        self._first += _tokens(text)

    def begin(self, prompt: str, complaint: str = "") -> Reason | None:
        """Begin an attempt with what is newly sent for it; says why not, where the budget does not allow it.

        An attempt still open was refused by its schema alone: `complaint` says why.
        """
        if self._open is not None:
            self._close(Checked(False, error={"message": complaint or prompt}))
        reason = self._exhausted(prompt)
        if reason is None:
            self._open = _Open(len(self.attempts) + 1, prompt, datetime.now(UTC), time.monotonic())
            self._on_event(Started(self._open.number, prompt))
        return reason

    def hear(self, piece: str) -> None:
        """A piece of the answer has come."""
        if self._open is not None:
            self._open.heard += piece
            self._on_event(Streamed(self._open.number, piece))

    def answered(self, text: str, tokens_in: int, tokens_out: int, cost: Decimal | None) -> None:
        """The answer is complete; tokens are 0 where the server does not count them."""
        if self._open is not None:
            one = self._open
            one.answer, one.seconds = text or one.heard, time.monotonic() - one.since
            one.tokens_in, one.tokens_out = (
                tokens_in or self._expected_in(one.prompt),
                tokens_out or _tokens(text),
            )
            one.cost = self._llm.paid_usd(cost, one.tokens_in, one.tokens_out)

    def check(self, check: Callable[[], Checked]) -> Checked:
        """Look at the answer, and close the attempt with what was found."""
        checked = check()
        self._close(checked)
        return checked

    def close_unfinished(self, why: str, *, read: bool = False) -> None:
        """Close the attempt that an error, a person or the clock ended; nothing where there is none.

        What was read and written of it is paid for; with `read` the prompt was, also where nothing came.
        """
        one = self._open
        if one is None:
            return
        if one.answer is None and (read or one.heard):
            self.answered(one.heard, 0, 0, None)
        one.seconds = time.monotonic() - one.since
        self._close(Checked(False, error={"message": why}))

    def _close(self, checked: Checked) -> None:
        one = self._open
        if one is None:
            return
        self._open = None
        attempt = Attempt(
            number=one.number,
            prompt=one.prompt,
            answer=one.answer or "",
            proposal=checked.proposal,
            error=checked.error,
            outcome=checked.outcome,
            tokens_in=one.tokens_in,
            tokens_out=one.tokens_out,
            cost_usd=one.cost,
            started_at=one.started_at,
            seconds=one.seconds,
        )
        self.attempts.append(attempt)
        self._on_event(Finished(attempt))

    def _exhausted(self, prompt: str) -> Reason | None:
        """Why no further request is allowed; otherwise sets how many tokens its answer may have."""
        if len(self.attempts) >= self.budget.attempts:
            return "attempts"
        if time.monotonic() >= self._until:
            return "time"
        coming = self._expected_in(prompt)
        left = self.budget.tokens - sum(one.tokens_in + one.tokens_out for one in self.attempts) - coming
        if left < _FEWEST_TOKENS:
            return "tokens"
        affordable = self._affordable(coming)
        if affordable < _FEWEST_TOKENS:
            return "money"
        self.allowance = min(_MOST_TOKENS, left, affordable)
        return None

    def _affordable(self, coming: int) -> int:
        """Tokens of an answer that the money left pays, after `coming` tokens are read."""
        read, written = self._llm.cost_usd(coming, 0), self._llm.cost_usd(0, _MOST_TOKENS)
        if read is None or written is None:
            return _MOST_TOKENS
        left = self.budget.cost_usd - (total_cost(tuple(self.attempts)) or 0.0) - read
        return _MOST_TOKENS if left >= written else int(_MOST_TOKENS * left / written)

    def _expected_in(self, prompt: str) -> int:
        """Tokens that the next request has: all that was said so far, and the prompt."""
        if not self.attempts:
            return self._first
        last = self.attempts[-1]
        return last.tokens_in + last.tokens_out + _tokens(prompt)


def _tokens(text: str) -> int:
    return len(text) // _CHARACTERS_PER_TOKEN + 1
