"""Cells and their results as JSON. Times are ISO 8601 in UTC; a metric without a value is null."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from pydantic import Field, StrictInt, computed_field

from evotrade.api.fields import MAX_ID, Answer, Number, Question
from evotrade.cells import Origin, Status, status_label
from evotrade.timeframes import SECONDS

_TEXT = 2_000  # characters


class CreateIn(Question):
    """A strategy to become a cell."""

    dsl_genome: str = Field(
        min_length=1,
        max_length=20_000,
        description="The genome's text.",
        examples=["IF DELTA(0) > AVG(DELTA, 20) THEN BUY ELSE SELL"],
    )
    llm_name: str = Field("", max_length=200, description="The strategy's name.", examples=["Slow trend"])
    llm_hypothesis: str = Field("", max_length=_TEXT, description="Why it should work.")
    llm_category: str = Field("", max_length=100, examples=["trend"])
    parent_cell_id: StrictInt | None = Field(
        None,
        ge=1,
        le=MAX_ID,
        description="The cell it was made from; without a pair it is tried where that one was.",
    )
    pair: str | None = Field(
        None, max_length=40, description="Whose stored candles; the settings' pair.", examples=["BTC/USD"]
    )
    timeframe: Literal[tuple(SECONDS)] | None = Field(  # type: ignore[valid-type]
        None, description="Which of them; 1h, or the only one that is stored."
    )


class ForkIn(Question):
    """How a cell is to be changed, for a language model to do it."""

    mutation_description: str = Field(
        min_length=1,
        max_length=_TEXT,
        pattern=r"\S",
        description="The change, in words.",
        examples=["Trade less: buy only where the volume is above its mean, too."],
    )
    llm_name: str = Field(
        "", max_length=200, description="The new cell's name; otherwise the model's.", examples=["Calm trend"]
    )
    pair: str | None = Field(
        None,
        max_length=40,
        description="Whose stored candles it is tried on; otherwise where its parent was.",
        examples=["BTC/USD"],
    )
    timeframe: Literal[tuple(SECONDS)] | None = Field(  # type: ignore[valid-type]
        None, description="Which of them; 1h, or the only one that is stored."
    )


class _Labelled(Answer):
    status: Status

    @computed_field(description="The status as people see it.")  # type: ignore[prop-decorator]
    @property
    def status_label(self) -> str:
        """`🟢 alive` or `💀 dead`."""
        return status_label(self.status)


class CellOut(_Labelled):
    """A cell's birth certificate and verdict."""

    cell_id: int = Field(examples=[29])
    name: str
    dish: str
    generation: int
    parent_id: int | None
    second_parent_id: int | None
    origin: Origin
    operator: str = Field(description="How it was made of its parents.")
    genome: str
    genome_id: str
    combine: str = Field(description="How its rules vote.")
    objective: str = Field(description="What its fitness measures.")
    fitness: Number
    reasons: tuple[str, ...] = Field(description="Of its death, or warnings.")
    created_at: datetime
    category: str
    hypothesis: str
    llm_name: str | None
    llm_model: str | None
    llm_category: str | None
    llm_hypothesis: str | None


class PhenotypeOut(Answer):
    """What a cell showed on one span of candles; times are Unix seconds."""

    pair: str
    source: str
    timeframe: str
    split: str = Field(description="train, validation, vault or all.")
    start_s: int
    end_s: int
    bars: int
    metrics: Mapping[str, Number]
    execution: Mapping[str, object] = Field(description="Costs and fills.")
    combine: str
    data_hash: str
    engine_version: str
    recorded: bool = Field(description="Computed by another system.")
    skipped: str | None = Field(description="Why the genome could not run here.")


class CellDetail(CellOut):
    """A cell with its results."""

    phenotypes: tuple[PhenotypeOut, ...]


class RelativeOut(_Labelled):
    """A relative of a cell."""

    cell_id: int
    relation: Literal["ancestor", "self", "descendant"]
    depth: int = Field(description="Steps by the shortest way; negative towards ancestors.")
    name: str
    generation: int
    parent_id: int | None
    second_parent_id: int | None
    origin: Origin
    operator: str
    objective: str
    fitness: Number
    genome: str


class CreatedOut(_Labelled):
    """A cell that was made of a genome, and its backtest."""

    cell_id: int
    reasons: tuple[str, ...]
    fitness: Number
    results: tuple[PhenotypeOut, ...]


class ForkedOut(CreatedOut):
    """A cell that a language model made of another, its backtest, and how the ask went."""

    parent_cell_id: int | None
    genome: str
    llm_name: str | None
    llm_model: str | None = Field(examples=["openai:gpt-5"])
    llm_category: str | None
    llm_hypothesis: str | None
    ask_id: int = Field(description="Number of the ask in the store, with all that was said.")
    attempts: int = Field(description="Answers that it took.")
    reason: str = Field(
        description="done where the last answer serves; otherwise what ended it: attempts, tokens, money, "
        "time or failed.",
        examples=["done"],
    )
    message: str = Field(description="The same in a sentence.")
    cost_usd: Number = Field(description="US dollars; null where the model's price is not known.")
