"""An ask as plain data: its budget, its attempts, what is told while it runs, and how it ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple

from evotrade.errors import SettingsError
from evotrade.llm.answers import Proposal
from evotrade.settings import Settings

Reason = Literal["done", "attempts", "tokens", "money", "time", "cancelled", "failed"]
"""Why an ask ended. `failed`: the model could not be asked further, after an attempt that serves."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What one ask may use: answers, tokens in and out, US dollars, seconds.

    `SettingsError` for one that allows nothing.
    """

    attempts: int = 4
    tokens: int = 40_000
    cost_usd: float = 0.5
    time_s: float = 120.0

    def __post_init__(self) -> None:
        for name in ("attempts", "tokens", "cost_usd", "time_s"):
            if not getattr(self, name) > 0:
                raise SettingsError(
                    f"a budget of {getattr(self, name)} {name} asks nothing: give more than 0"
                )

    @classmethod
    def of(cls, settings: Settings) -> Budget:
        """The budget of the settings."""
        return cls(
            settings.llm_attempts, settings.llm_max_tokens, settings.llm_max_cost_usd, settings.llm_timeout_s
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the backtest of a proposal gave.

    `fitness` is in the objective's unit; `trades`, `win_rate_pct` and `sharpe` are of the `split` and
    `timeframe` that it was measured at; `metrics` are by timeframe, split and name, without a vault's.
    """

    genome_id: str
    fitness: float
    status: str
    reasons: tuple[str, ...] = ()
    timeframe: str = ""
    split: str = ""
    trades: float = 0.0
    win_rate_pct: float = float("nan")
    sharpe: float = float("nan")
    metrics: Mapping[str, Mapping[str, Mapping[str, float]]] = field(default_factory=dict)


class Verdict(NamedTuple):
    """What a judge says of a proposal: whether it will do, what the model is told of it, and its results."""

    ok: bool
    text: str
    outcome: Outcome | None = None


Judge = Callable[[Proposal], Verdict]
"""Judges a proposal whose genome parses; a `GenomeError` or `NotEnoughCandles` of its goes to the model."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One answer of the model. `number` is from 1, `answer` what it wrote, as it came.

    `error` is a dict: of a genome's error line, column, length, message and suggestion, otherwise the message
    alone; None where the proposal was judged. `seconds` last until the answer was complete, or broke off;
    `cost_usd` is None where the price is not known.
    """

    number: int
    prompt: str
    answer: str
    proposal: Proposal | None
    error: Mapping[str, Any] | None
    outcome: Outcome | None
    tokens_in: int
    tokens_out: int
    cost_usd: float | None
    started_at: datetime
    seconds: float


class Started(NamedTuple):
    """An attempt begins: this is newly sent."""

    number: int
    prompt: str


class Streamed(NamedTuple):
    """A piece of the answer has come."""

    number: int
    text: str


class Waiting(NamedTuple):
    """The model is busy, and is asked again in so many seconds."""

    number: int
    seconds: float


class Finished(NamedTuple):
    """An attempt is over."""

    attempt: Attempt


Event = Started | Streamed | Waiting | Finished
"""What a watcher of an ask is told, in this order for each attempt, in the thread that asks."""

OnEvent = Callable[[Event], None]
Stop = Callable[[], bool]
"""Asks a person, several times a second, whether to stop."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """How asking for a proposal ended.

    `proposal` is the one that the judge took, otherwise the best that it could judge; None where it could
    judge none. `message` says the reason in a sentence.
    """

    proposal: Proposal | None
    attempts: tuple[Attempt, ...]
    reason: Reason
    message: str

    @property
    def best(self) -> Attempt | None:
        """The attempt that `proposal` is of."""
        return next(
            (one for one in reversed(self.attempts) if one.proposal is self.proposal and one.outcome), None
        )

    @property
    def cost_usd(self) -> float | None:
        """US dollars of all attempts; None where the price of none is known."""
        return total_cost(self.attempts)


def total_cost(attempts: tuple[Attempt, ...]) -> float | None:
    """US dollars of the attempts whose price is known; None where there is none."""
    known = [one.cost_usd for one in attempts if one.cost_usd is not None]
    return sum(known) if known else None
