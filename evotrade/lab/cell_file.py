"""The file of an exported cell as it is read: every field checked, and a mistake told with its place."""

from __future__ import annotations

import codecs
from graphlib import CycleError, TopologicalSorter
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    FailFast,
    Field,
    JsonValue,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import from_json

from evotrade import timeframes
from evotrade.cells import Cell, Origin, Phenotype, Status, objective
from evotrade.errors import DataError, GenomeError
from evotrade.genome import as_genome
from evotrade.lab.fields import (
    LARGEST,
    Count,
    Line,
    Metrics,
    Moment,
    Number,
    Seconds,
    Terms,
    Text,
    Value,
    checked,
    complaint,
    short,
)
from evotrade.market.candles import Source

FORMAT = "evotrade cell"
FORMAT_VERSION = 1
MAX_BYTES = 16 * 2**20  # a lineage of sixteen thousand cells

MAX_RESULTS = 1_000  # of one cell: each may take a second to compute again

Combine = Literal["votes", "majority", "first", "unanimous"]


class _Record(BaseModel):
    """Takes its fields with these very types; a fact that a later evotrade adds is passed over."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class PhenotypeRecord(_Record):
    """A `Phenotype` as the exporter kept it, and N, the trials that stood behind it there."""

    pair: Line
    source: Source
    timeframe: Annotated[Line, checked(timeframes.length_s)]
    split: Literal["train", "validation", "vault", "all"]
    start_s: Seconds
    end_s: Seconds
    bars: Count
    metrics: Metrics
    base_timeframe: Line
    data_hash: Line
    series_start_s: Seconds
    series_end_s: Seconds
    execution: Terms
    combine: Combine
    engine_version: Line
    seed: Annotated[int, Field(ge=-LARGEST, le=LARGEST)] | None
    recorded: bool
    skipped: Text | None
    trials_at_export: Count

    @field_validator("base_timeframe")
    @classmethod
    def _makes_its_timeframe(cls, base: str, info: ValidationInfo) -> str:
        """An earlier system did not tell it."""
        timeframe = info.data.get("timeframe")
        if base and timeframe and timeframes.length_s(timeframe) % timeframes.length_s(base):
            raise ValueError(f"bars of {base} make none of {timeframe}")
        return base

    @field_validator("end_s", "series_end_s")
    @classmethod
    def _not_before_its_start(cls, end_s: int, info: ValidationInfo) -> int:
        start = str(info.field_name).replace("end", "start")
        if end_s < info.data.get(start, 0):
            raise ValueError(f"{end_s} is before {start} {info.data[start]}")
        return end_s

    @model_validator(mode="after")
    def _can_be_computed_again(self) -> PhenotypeRecord:
        """An earlier system told neither bars nor series."""
        if not self.data_hash:
            return self
        if not self.series_start_s <= self.start_s < self.end_s <= self.series_end_s:
            raise ValueError("start_s to end_s is no span of its series")
        if self.metrics and not self.bars:
            raise ValueError("has metrics of no bars")
        return self

    def phenotype(self) -> Phenotype:
        """The phenotype as it comes in: recorded elsewhere."""
        values = {name: getattr(self, name) for name in PhenotypeRecord.model_fields}
        del values["trials_at_export"]
        return Phenotype(**{**values, "recorded": True})


class CellRecord(_Record):
    """A `Cell` as the exporter kept it, with the exporter's numbers."""

    cell_id: Number
    name: Text
    dish: Text
    generation: Annotated[int, Field(ge=0, lt=2**31)]
    parent_id: Number | None
    second_parent_id: Number | None
    origin: Origin
    operator: Line
    genome_id: Line
    genome: Text
    combine: Combine
    objective: Annotated[Line, checked(objective)]
    fitness: Value
    status: Status
    reasons: Annotated[tuple[Text, ...], FailFast()]
    created_at: Moment
    category: Text
    hypothesis: Text
    llm_name: Text | None
    llm_model: Text | None
    llm_category: Text | None
    llm_hypothesis: Text | None

    @field_validator("genome")
    @classmethod
    def _goes_by_its_id(cls, text: str, info: ValidationInfo) -> str:
        """A text without an id is an earlier system's that does not parse: it may come, and is dead."""
        told = info.data.get("genome_id")
        try:
            found = as_genome(text).id
        except GenomeError:
            if told:
                raise
            found = ""
        if told is not None and told != found:
            raise ValueError(f"its genome_id is {found!r}, and the file says {told!r}")
        return text

    @property
    def parents(self) -> set[int]:
        """Numbers of the parents."""
        return {number for number in (self.parent_id, self.second_parent_id) if number is not None}

    def cell(self) -> Cell:
        """The cell as it comes in: an import, without its phenotypes."""
        return Cell(**{name: getattr(self, name) for name in CellRecord.model_fields} | {"origin": "import"})


class ExportedCell(CellRecord):
    """The cell that a file is about."""

    phenotypes: Annotated[tuple[PhenotypeRecord, ...], Field(max_length=MAX_RESULTS), FailFast()]


class CellFile(_Record):
    """All that a file says: the cell, its ancestors, and the settings of the dish that it was born in."""

    format: str
    version: int
    evotrade: Line
    cell: ExportedCell
    lineage: Annotated[tuple[CellRecord, ...], FailFast()]
    dish: dict[str, JsonValue] | None

    @model_validator(mode="after")
    def _is_one_family(self) -> CellFile:
        parents = {one.cell_id: one.parents for one in (self.cell, *self.lineage)}
        if len(parents) <= len(self.lineage):
            raise ValueError("lineage has two cells of one number")
        for number, named in parents.items():
            if named - parents.keys():
                raise ValueError(f"lineage lacks {min(named - parents.keys())}, a parent of cell {number}")
        strays = parents.keys() - _reached(self.cell.cell_id, parents)
        if strays:
            raise ValueError(f"lineage has cell {min(strays)}, no ancestor of cell {self.cell.cell_id}")
        try:
            TopologicalSorter(parents).prepare()
        except CycleError as error:
            raise ValueError(f"lineage runs in a circle at cell {error.args[1][0]}") from None
        return self


def read_cell_file(text: str | bytes, name: str) -> CellFile:
    """The file, or `DataError` that says what is wrong with it, where, and how to repair it."""
    content = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    content = content.removeprefix(codecs.BOM_UTF8)
    _expect_format(content, name)
    try:
        return CellFile.model_validate_json(content)
    except ValidationError as error:
        raise DataError(
            f"{name} cannot be imported ({complaint(error)}): mend it there, or export the cell again"
        ) from None


def _expect_format(content: bytes, name: str) -> None:
    give = "give a file that evotrade export wrote"
    if len(content) > MAX_BYTES:
        raise DataError(f"{name} is larger than an exported cell can be, {MAX_BYTES:,} bytes: {give}")
    try:
        document = from_json(content, allow_inf_nan=False)
    except ValueError as error:
        raise DataError(f"{name} is no JSON ({error}): {give}") from None
    found = document if isinstance(document, dict) else {}
    if found.get("format") != FORMAT:
        raise DataError(f'{name} is no exported cell, it does not say "format": "{FORMAT}": {give}')
    version = found.get("version")
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise DataError(
            f"{name} is of format version {short(version)}, this evotrade reads version {FORMAT_VERSION}: "
            "update evotrade to import it"
        )
    if version != FORMAT_VERSION:
        raise DataError(f"{name} has no format version that there ever was ({short(version)}): {give}")


def _reached(start: int, parents: dict[int, set[int]]) -> set[int]:
    reached, ring = {start}, {start}
    while ring:
        ring = {parent for number in ring for parent in parents[number]} - reached
        reached |= ring
    return reached
