"""Public REST of Kraken and its like: one call in, its result out, every failure one clear error."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from evotrade.errors import ExchangeError
from evotrade.exchange.venue import KRAKEN, Venue

if TYPE_CHECKING:
    import requests

Sleep = Callable[[float], None]

_BACK_OFF_S = (1.0, 2.0, 4.0, 8.0, 16.0)
_PASSING = ("EAPI:Rate limit", "EGeneral:Too many requests", "EGeneral:Internal error", "EService:")
_REPAIRS = {
    "EQuery:Unknown asset pair": "check the pair's name, like BTC/USD",
    "EGeneral:Invalid arguments": "check the pair and the interval",
}
_LATER = "try again in a minute"


@dataclass(frozen=True)
class _Failure:
    message: str
    passing: bool  # worth another try after a pause


class PublicApi:
    """Calls to one address; `sleep` takes the seconds to wait before another try.

    The SDK raises only the errors it knows and returns the others as if they were answers, so its own
    checks are off and each response is read here.
    """

    def __init__(self, url: str | None = None, sleep: Sleep = time.sleep, venue: Venue = KRAKEN) -> None:
        from kraken.spot import SpotClient  # loads for a quarter of a second: only who asks waits

        self._client = SpotClient(url=url or "", use_custom_exceptions=False)
        self._sleep, self._venue = sleep, venue
        self._has_answered = False

    def ask(self, endpoint: str, **params: str | int) -> dict[str, Any]:
        """The `result` of `GET /0/public/{endpoint}`.

        Too many requests, a busy exchange, and an address that answered before and is gone are tried
        again, six times in all within about half a minute. Raises `ExchangeError` after that, and at once
        for all that waiting does not mend.
        """
        answer = self._try(endpoint, params)
        for pause_s in _BACK_OFF_S:
            if not isinstance(answer, _Failure) or not answer.passing:
                break
            self._sleep(pause_s)
            answer = self._try(endpoint, params)
        if isinstance(answer, _Failure):
            raise ExchangeError(answer.message)
        return answer

    def _try(self, endpoint: str, params: dict[str, Any]) -> dict[str, Any] | _Failure:
        import requests

        try:
            response: Any = self._client.request("GET", f"/0/public/{endpoint}", params, auth=False)
        except requests.RequestException as error:
            reason = type(error).__name__
            name, url = self._venue.name, self._client.URL
            message = f"{name} cannot be reached at {url} ({reason}): {self._venue.repair}"
            return _Failure(message, passing=self._has_answered)
        self._has_answered = True
        call = f"{endpoint} of {params.get('pair', 'all pairs')}"
        return _read(response, call, self._client.URL, self._venue.name)


def _read(response: requests.Response, call: str, url: str, name: str) -> dict[str, Any] | _Failure:
    """The result in a response, or what is wrong with it."""
    status = response.status_code
    if status != HTTPStatus.OK:
        passing = status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR
        repair = _LATER if passing else f"check the address {url}"
        return _Failure(f"{name} answered {call} with HTTP {status}: {repair}", passing)
    try:
        answer = response.json(parse_float=str)  # a double would move the last 1e-7 s of a bar into the next
    except ValueError:
        return _Failure(f"{call} was answered with something other than JSON: check the address {url}", False)
    errors = answer.get("error") if isinstance(answer, dict) else None
    if errors:
        text = ", ".join(map(str, errors))
        passing = text.startswith(_PASSING)
        repair = _REPAIRS.get(text, _LATER if passing else "see Kraken's documentation of this error")
        return _Failure(f"{name} refused {call} with {text}: {repair}", passing)
    if not isinstance(answer, dict) or not isinstance(answer.get("result"), dict):
        return _Failure(f"{call} was answered without a result: check the address {url}", False)
    result: dict[str, Any] = answer["result"]
    return result
