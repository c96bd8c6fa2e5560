"""Errors as RFC 9457 problem documents: which status an error has, and what a caller is told of it."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from math import ceil
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from evotrade import errors
from evotrade.api.mistakes import mistake, sentence
from evotrade.api.system_schemas import ProblemOut
from evotrade.client import PROBLEM
from evotrade.errors import EvotradeError

MEDIA_TYPE = "application/problem+json"

_STATUS: Mapping[type[EvotradeError], int] = {
    errors.GenomeError: 422,
    errors.SettingsError: 422,
    errors.DataError: 422,
    errors.EvolutionError: 422,
    errors.NotFound: 404,
    errors.SessionError: 409,
    errors.DeskLimit: 429,
    errors.ExchangeError: 502,
    errors.ExchangeUnreachable: 503,
    errors.ExchangeBusy: 503,
    errors.OrderRefused: 409,
    errors.DaemonError: 503,
    errors.LlmError: 502,
    errors.LlmNotConfigured: 503,
    errors.LlmBusy: 429,
    errors.LlmBudget: 429,
    errors.LlmCancelled: 503,
    errors.StoreBusy: 503,
    errors.SlowQuery: 503,
    errors.EvotradeError: 500,
}
"""The status of the nearest ancestor that stands here."""

_MEMBERS: Mapping[type[EvotradeError], tuple[str, ...]] = {
    errors.GenomeError: ("message", "line", "column", "length", "suggestion"),
    errors.LlmBusy: ("retry_after_s",),
    errors.LlmBudget: ("which",),
}
"""What a problem document tells of an error beside its sentence."""

_RETRY_S = "2"
_TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}  # Python 3.13 and earlier say otherwise


class Problem(Exception):
    """Ends a request with that status and sentence."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        self.status = status
        self.detail = detail
        self.headers = headers
        super().__init__(detail)


def problem(
    status: int,
    detail: str,
    *,
    kind: str = "about:blank",
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> JSONResponse:
    """A problem document as an answer; `more` are further members."""
    title = _TITLES.get(status) or HTTPStatus(status).phrase
    content = {"type": kind, "title": title, "status": status, "detail": detail, **more}
    return JSONResponse(content, status, headers, MEDIA_TYPE)


def status_of(error: EvotradeError) -> int:
    """The status that stands for an error."""
    if isinstance(error, errors.LlmBudget) and error.which == "time":
        return 504
    return next(_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS)


def of_error(error: EvotradeError) -> JSONResponse:
    """The document of one of evotrade's own errors; the client makes that error of it again."""
    status = status_of(error)
    names = next((names for kind, names in _MEMBERS.items() if isinstance(error, kind)), ())
    more = {name: getattr(error, name) for name in names}
    wait = _retry_after(error, status)
    headers = None if wait is None else {"Retry-After": wait}
    return problem(status, str(error), kind=PROBLEM + type(error).__name__, headers=headers, **more)


def _retry_after(error: EvotradeError, status: int) -> str | None:
    """Seconds after which asking again makes sense; None where something has to change before."""
    if isinstance(error, errors.LlmBusy) and error.retry_after_s is not None:
        return str(ceil(error.retry_after_s))
    if status not in (429, 503) or isinstance(error, errors.LlmNotConfigured | errors.LlmBudget):
        return None
    return _RETRY_S


def handle_errors(app: FastAPI) -> None:
    """Have every error of the app answered by a problem document."""

    @app.exception_handler(EvotradeError)
    async def own(_request: Request, error: EvotradeError) -> JSONResponse:
        return of_error(error)

    @app.exception_handler(Problem)
    async def ended(_request: Request, error: Problem) -> JSONResponse:
        return problem(error.status, error.detail, headers=error.headers)

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        mistakes = [mistake(item) for item in error.errors()]
        return problem(422, sentence(mistakes), errors=mistakes)

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> JSONResponse:
        return problem(error.status_code, _sentence(request, error), headers=error.headers)

    @app.exception_handler(Exception)
    async def unexpected(_request: Request, _error: Exception) -> JSONResponse:
        return problem(500, "the daemon met an error that it did not expect: see its log")


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route says of these statuses in the OpenAPI document."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemOut"}}}
    return {
        status: {"description": _TITLES.get(status) or HTTPStatus(status).phrase, "content": content}
        for status in statuses
    }


def problem_schema() -> dict[str, Any]:
    """Components of the OpenAPI document that `documented` refers to."""
    schema = ProblemOut.model_json_schema(ref_template="#/components/schemas/{model}", mode="serialization")
    return {**schema.pop("$defs", {}), "ProblemOut": schema}


def _sentence(request: Request, error: HTTPException) -> str:
    if error.status_code == 404:
        return "there is no such address: /docs lists those that there are"
    if error.status_code == 405:
        return f"{request.method} is not for this address: /docs lists what is"
    return str(error.detail)
