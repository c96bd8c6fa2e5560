"""The answers that a model is asked for: what it is told of each field, and the bounds that are checked."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from evotrade.genome.limits import MAX_TEXT_BYTES

Category = Literal["momentum", "mean reversion", "trend", "breakout", "volatility", "volume", "other"]
"""`evotrade.cells.CATEGORIES`, as a type."""

_UNSHOWN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_FENCE = re.compile(r"\A\s*```[a-z]*\n|\n?```\s*\Z")
_NAME, _TEXT, _LONG = 80, 2_000, 6_000


def _shown(text: str) -> str:
    """The text without characters that nobody sees, or that turn others around; lone surrogates become ?."""
    return _UNSHOWN.sub("", text).encode("utf-8", "replace").decode().strip()


def _one_line(text: str) -> str:
    return " ".join(_shown(text).split())


def _unfenced(text: str) -> str:
    """The text without the marks of a block of code, in which models like to write."""
    return _FENCE.sub("", text).strip() or text


_Line = Annotated[str, Field(min_length=1, max_length=_NAME), AfterValidator(_one_line)]
_Text = Annotated[str, Field(min_length=1, max_length=_TEXT), AfterValidator(_shown)]
_Long = Annotated[str, Field(min_length=1, max_length=_LONG), AfterValidator(_shown)]

_Genome = Annotated[str, Field(min_length=1, max_length=MAX_TEXT_BYTES), AfterValidator(_unfenced)]


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class Expected(_Answer):
    """What the strategy is expected to show on the span it will be judged on first."""

    trades: float = Field(ge=0, le=1e6, description="entries, count")
    win_rate_pct: float = Field(ge=0, le=100, description="closed trades that win, percent")
    sharpe: float = Field(ge=-100, le=100, description="annual Sharpe ratio")


class Proposal(_Answer):
    """One trading strategy."""

    name: _Line = Field(description="a short name")
    category: Category
    hypothesis: _Text = Field(description="why it should work, in one to three sentences")
    expected: Expected
    genome: _Genome = Field(description="the strategy in the genome language, and nothing else")


class Explanation(_Answer):
    """What a strategy does, told to its owner."""

    summary: _Text = Field(description="what it does, in one or two sentences")
    rules: tuple[_Text, ...] = Field(max_length=16, description="what each rule says, in their order")
    strengths: tuple[_Text, ...] = Field(max_length=8, description="when it should work, and what shows it")
    weaknesses: tuple[_Text, ...] = Field(max_length=8, description="when it should fail, and what shows it")


class NamedCell(_Answer):
    """A name and a category for one cell."""

    cell_id: int = Field(description="its number, as given")
    name: _Line = Field(description="a short name that tells it from the others")
    category: Category
    hypothesis: _Text = Field(description="why it may work, in one or two sentences")


class Naming(_Answer):
    """Names and categories for several cells."""

    cells: tuple[NamedCell, ...] = Field(max_length=200)


class Pattern(_Answer):
    """Something that several cells have in common."""

    name: _Line = Field(description="a short name for it")
    description: _Text = Field(description="what it is, and what their results say of it")
    cell_ids: tuple[int, ...] = Field(
        min_length=1, max_length=1_000, description="numbers of cells that show it"
    )


class Patterns(_Answer):
    """What was found over a population."""

    patterns: tuple[Pattern, ...] = Field(max_length=20)


class Suggestion(_Answer):
    """What to do after a live session."""

    assessment: _Long = Field(description="what its trades and its divergence from the backtest show")
    actions: tuple[_Text, ...] = Field(
        max_length=10, description="what its owner could do, the most useful first"
    )
    fork_instruction: Annotated[str, Field(max_length=_TEXT), AfterValidator(_shown)] = Field(
        "", description="how to change the strategy, for a fork of it; empty where it should stay as it is"
    )
