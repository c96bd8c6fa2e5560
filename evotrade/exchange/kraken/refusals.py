"""Kraken's failures as evotrade's errors: its code stays in the text, the repair follows."""

from __future__ import annotations

import json
from decimal import Decimal
from http import HTTPStatus
from typing import Any, NoReturn

from evotrade.errors import ExchangeBusy, ExchangeError, ExchangeUnreachable, OrderRefused
from evotrade.exchange.venue import KRAKEN, Venue

RATE_LIMIT = "EAPI:Rate limit exceeded"
ORDER_RATE_LIMIT = "EOrder:Rate limit exceeded"
INVALID_NONCE = "EAPI:Invalid nonce"

# In this order: the first beginning that fits names the error and the repair.
_KINDS: tuple[tuple[str, type[ExchangeError], str], ...] = (
    # The exchange lost track itself: an order may have been taken.
    ("EGeneral:Internal error", ExchangeUnreachable, "ask what became of it before another try"),
    ("EService:Timeout", ExchangeUnreachable, "ask what became of it before another try"),
    ("EService:Deadline elapsed", OrderRefused, "it came too late and was not carried out: try again"),
    ("EService:Market in", OrderRefused, "wait until the pair is online again"),
    ("EService:", ExchangeBusy, "try again in a minute"),
    (RATE_LIMIT, ExchangeBusy, "wait until the counter has decayed"),
    ("EGeneral:Too many requests", ExchangeBusy, "wait a few seconds"),
    ("EGeneral:Temporary lockout", ExchangeBusy, "wait 15 minutes and check the key"),
    (ORDER_RATE_LIMIT, OrderRefused, "wait until the pair's order counter has decayed"),
    ("EOrder:Insufficient funds", OrderRefused, "add funds or make the allocation smaller"),
    ("EOrder:Order minimum not met", OrderRefused, "make the order larger"),
    ("EOrder:Cost minimum not met", OrderRefused, "make the order larger"),
    ("EOrder:Tick size check failed", OrderRefused, "read the pair's rules again"),
    ("EOrder:", OrderRefused, "see Kraken's documentation of this error"),
    (INVALID_NONCE, ExchangeError, "use one API key for one process only"),
    ("EAPI:Invalid key", ExchangeError, "check the API key"),
    ("EAPI:Invalid signature", ExchangeError, "check the API secret"),
    ("EGeneral:Permission denied", ExchangeError, "give the key the permission in Kraken's settings"),
    ("EQuery:Unknown asset pair", ExchangeError, "check the pair's name, like BTC/USD"),
    ("EGeneral:Invalid arguments", ExchangeError, "check what was asked for"),
)
_LATER = "try again in a minute"


def error_of(code: str, call: str, venue: Venue = KRAKEN) -> ExchangeError:
    """The error of one of Kraken's codes, in answer to a call."""
    for beginning, kind, repair in _KINDS:
        if code.startswith(beginning):
            return kind(f"{venue.name} refused {call} with {code}: {repair}")
    return ExchangeError(f"{venue.name} refused {call} with {code}: see Kraken's documentation of this error")


def error_of_status(status: int, call: str, url: str, venue: Venue = KRAKEN) -> ExchangeError:
    """The error of an HTTP status other than 200."""
    text = f"{venue.name} answered {call} with HTTP {status}"
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        return ExchangeBusy(f"{text}: {_LATER}")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:  # 520 and its like come from the house before Kraken
        return ExchangeUnreachable(f"{text}: ask what became of it, or {_LATER}")
    return ExchangeError(f"{text}: check the address {url}")


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def read_answer(status: int, body: bytes, call: str, url: str, venue: Venue = KRAKEN) -> Any:
    """The `result` in a response, numbers with a point as Decimal. Raises the `ExchangeError` it tells of.

    An answer that can't be read tells nothing of what was done: `ExchangeUnreachable`.
    """
    if status != HTTPStatus.OK:
        raise error_of_status(status, call, url, venue)
    try:
        answer = json.loads(body, parse_float=Decimal, parse_constant=_no_number)
    except ValueError:
        raise ExchangeUnreachable(
            f"{call} was answered with something other than JSON: check the address {url}"
        ) from None
    if not isinstance(answer, dict):
        raise ExchangeUnreachable(f"{call} was answered without a result: check the address {url}")
    errors = answer.get("error")
    if errors:
        codes = errors if isinstance(errors, list) else [errors]
        raise error_of(", ".join(map(str, codes)), call, venue)
    if "result" not in answer:
        raise ExchangeUnreachable(f"{call} was answered without a result: check the address {url}")
    return answer["result"]
