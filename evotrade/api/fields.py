"""Kinds of fields that schemas share: exact money, numbers without a value, what a caller may send."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, WithJsonSchema

MAX_ID = 2**63 - 1
_DECIMAL = {"type": "string", "pattern": r"^-?\d+(\.\d+)?$", "examples": ["1000.00"]}


def _fixed(amount: Decimal) -> str:
    return f"{amount:f}"  # never 1E+3, which is exact, too, but not what people or schemas expect


def _or_none(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


Money = Annotated[
    Decimal,
    PlainSerializer(_fixed, return_type=str, when_used="json"),
    WithJsonSchema(_DECIMAL, mode="serialization"),
]
"""An exact amount; JSON has it as a string, since its numbers would round it."""

Number = Annotated[float | None, BeforeValidator(_or_none)]
"""A measured number; what has no value (NaN) is null."""


class Answer(BaseModel):
    """What the API tells; built from plain objects and rows alike."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class Question(BaseModel):
    """What the API is asked; a field that it does not know is a mistake, not ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
