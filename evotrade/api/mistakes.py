"""What is wrong with a field of a request, as one clear sentence; never what was sent, it may be a secret."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_SENTENCES: Mapping[str, str] = {
    "missing": "it is needed: give it",
    "extra_forbidden": "there is no such field: leave it out",
    "greater_than": "give a number above {gt}",
    "greater_than_equal": "give a number of at least {ge}",
    "less_than": "give a number below {lt}",
    "less_than_equal": "give a number of at most {le}",
    "finite_number": "give a finite number",
    "string_too_short": "give at least {min_length} characters",
    "string_too_long": "give at most {max_length} characters",
    "too_short": "give at least {min_length} of them",
    "too_long": "give at most {max_length} of them",
    "string_pattern_mismatch": "it has not the form that /docs shows: write it so",
    "literal_error": "give one of {expected}",
    "enum": "give one of {expected}",
    "decimal_max_digits": "give at most {max_digits} digits",
    "decimal_max_places": "give at most {decimal_places} digits after the point",
    "decimal_whole_digits": "give at most {whole_digits} digits before the point",
    "json_invalid": "it is no JSON: send an object like {{}}",
    "value_error": "{error}",
}
"""By pydantic's name of the mistake; `{…}` are its numbers."""

_KINDS: Mapping[str, str] = {
    "int": "give a whole number",
    "float": "give a number",
    "decimal": "give a number, exact as a string",
    "bool": "give true or false",
    "string": "give a text",
    "datetime": "give a time like 2026-01-31T12:00:00Z",
    "date": "give a time like 2026-01-31T12:00:00Z",
    "timezone": "give a time with its zone, like 2026-01-31T12:00:00Z",
    "tuple": "give a list",
    "list": "give a list",
    "dict": "give an object like {}",
    "model": "give an object like {}",
}
"""By how the names of all other mistakes begin."""

_UNKNOWN = "it cannot be used: /docs says what it takes"
_TOLD = 3


def mistake(item: Mapping[str, Any]) -> dict[str, str]:
    """The field, `body` where it is all of it, and a sentence that says how to mend it."""
    place = ".".join(str(part) for part in item["loc"] if part not in ("body", "query", "path"))
    if item["type"] == "json_invalid":
        place = ""  # pydantic's place is a count of characters
    return {"field": place or "body", "message": _message(item)}


def sentence(mistakes: Sequence[Mapping[str, str]]) -> str:
    """The first mistakes in one sentence, and how many more there are."""
    told = "; ".join(f"{one['field']}: {one['message']}" for one in mistakes[:_TOLD])
    more = len(mistakes) - _TOLD
    return f"{told}; and {more} more, see errors" if more > 0 else told


def _message(item: Mapping[str, Any]) -> str:
    kind, context = str(item["type"]), item.get("ctx") or {}
    if kind in _SENTENCES:
        return _SENTENCES[kind].format(**context)
    return _KINDS.get(kind.split("_")[0], _UNKNOWN)
