"""Fields of a file that somebody else wrote: what each may hold, and how a mistake in one is told."""

from __future__ import annotations

import math
import re
import reprlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    JsonValue,
    TypeAdapter,
    ValidationError,
    WrapValidator,
)
from pydantic_core import to_json

from evotrade.engine.execution import Execution
from evotrade.engine.metrics import METRICS
from evotrade.market.candles import LATEST_S

LARGEST = 2**63 - 1  # what the store holds
_MOST = 2**53  # what a float counts up to
_MANY = 200
_LONGEST = 300  # characters of a complaint
_SHORT = 40
_Checked = TypeVar("_Checked")


def checked(check: Callable[[_Checked], object]) -> AfterValidator:
    """Refuses what `check` refuses with a ValueError, in its words."""

    def same(value: _Checked) -> _Checked:
        check(value)
        return value

    return AfterValidator(same)


def _one_line(text: str) -> None:
    if not text.isprintable():
        raise ValueError("has a character that is no part of a line of text")


def _metric(name: str) -> None:
    if name not in METRICS:
        raise ValueError("is no metric of evotrade")


def _in_range(value: datetime) -> datetime:
    if not 1970 <= value.year < datetime.fromtimestamp(LATEST_S, UTC).year:
        raise ValueError("is outside 1970 to 2199")
    return value.astimezone(UTC)


def _number(value: object, finite: Callable[[object], float]) -> float:
    """JSON knows neither: null is a number without a value, and an infinite one goes by its name."""
    if value is None:
        return math.nan
    return float(str(value)) if value in ("Infinity", "-Infinity") else finite(value)


def _counts(metrics: dict[str, float]) -> None:
    for name, value in metrics.items():
        counts = math.isnan(value) or (0 <= value < _MOST and value.is_integer())
        if METRICS[name].unit == "count" and not counts:
            raise ValueError(f"{name} should be a count, found {value}")


def _few(value: object) -> object:
    """Before any is looked at: a mistake in each of a million would take all memory to tell."""
    if isinstance(value, dict) and len(value) > _MANY:
        raise ValueError(f"has {len(value):,} entries, more than there are names for")
    return value


_TERMS = TypeAdapter(Execution)


def _terms(spec: dict[str, JsonValue]) -> None:
    """Names and types are those of `Execution`, which says itself when a value is out of range."""
    try:
        _TERMS.validate_json(to_json(spec), strict=True)
    except ValidationError as error:
        raise ValueError(complaint(error)) from None
    Execution.from_dict(spec)


Text = str  # as long as the file lets it be: the store holds any
Line = Annotated[str, Field(max_length=_LONGEST), checked(_one_line)]
Count = Annotated[int, Field(ge=0, le=LARGEST)]
Number = Annotated[int, Field(ge=1, le=LARGEST)]
Seconds = Annotated[int, Field(ge=0, lt=LATEST_S)]
Value = Annotated[float, Field(allow_inf_nan=False), WrapValidator(_number)]
Moment = Annotated[AwareDatetime, AfterValidator(_in_range)]
Metrics = Annotated[dict[Annotated[str, checked(_metric)], Value], BeforeValidator(_few), checked(_counts)]
Terms = Annotated[dict[str, JsonValue], BeforeValidator(_few), checked(_terms)]


def complaint(error: ValidationError) -> str:
    """The first thing that is wrong, after its place in the file."""
    first = error.errors(include_url=False)[0]
    place = "".join(map(_step, first["loc"])).removeprefix(".")
    message = first["msg"]
    match first["type"]:
        case "missing":
            text = f"{place} is missing"
        case "value_error":
            text = ": ".join(filter(None, (place, message.removeprefix("Value error, "))))
        case _:
            expected = re.sub(r"^[A-Z]\w+ should", "should", message)
            text = f"{place} {expected}, found {short(first['input'])}"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _step(part: int | str) -> str:
    """One step of the way to a place; a key that the file made up itself is quoted."""
    if isinstance(part, int) or not part.isidentifier() or len(part) > _SHORT:
        return "" if part == "[key]" else f"[{short(part)}]"
    return f".{part}"


def short(value: Any) -> str:
    """The value as a sentence quotes it, however large it is."""
    return reprlib.repr(value)
