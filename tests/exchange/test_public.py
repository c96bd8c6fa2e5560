from collections.abc import Iterator

import pytest

from evotrade.errors import ExchangeError
from evotrade.exchange.public import PublicApi
from tests.kraken_server import Kraken, serve

FINE = (200, b'{"error": [], "result": {"unixtime": 1}}')


@pytest.fixture
def kraken() -> Iterator[Kraken]:
    with serve(Kraken()) as server:
        yield server


def asked(kraken: Kraken, pauses: list[float] | None = None) -> dict[str, int]:
    waits = [] if pauses is None else pauses
    return PublicApi(kraken.url, waits.append).ask("OHLC", pair="XBTUSD")


@pytest.mark.parametrize(
    "answer",
    [
        (429, b"slow down"),
        (503, b"<html>maintenance</html>"),
        (520, b""),
        (200, b'{"error": ["EAPI:Rate limit exceeded"]}'),
        (200, b'{"error": ["EGeneral:Too many requests"]}'),
        (200, b'{"error": ["EService:Busy"]}'),
        (200, b'{"error": ["EService:Throttled: 1700000000"]}'),
    ],
)
def test_what_passes_is_asked_again(kraken: Kraken, answer: tuple[int, bytes]) -> None:
    kraken.answers.extend([answer, answer, FINE])
    pauses: list[float] = []
    assert asked(kraken, pauses) == {"unixtime": 1}
    assert pauses == [1.0, 2.0]


def test_patience_has_an_end(kraken: Kraken) -> None:
    kraken.refuse("EAPI:Rate limit exceeded", times=10)
    pauses: list[float] = []
    with pytest.raises(
        ExchangeError, match="OHLC of XBTUSD with EAPI:Rate limit exceeded: try again in a minute"
    ):
        asked(kraken, pauses)
    assert len(kraken.asked) == 6
    assert sum(pauses) == 31


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((200, b'{"error": ["EQuery:Unknown asset pair"]}'), "Unknown asset pair: check the pair's name"),
        ((200, b'{"error": ["EOrder:Post only order"]}'), "with EOrder:Post only order: see Kraken's doc"),
        (
            (200, b'{"error": ["EGeneral:Invalid arguments"], "result": {}}'),
            "check the pair and the interval",
        ),
        ((404, b""), "HTTP 404: check the address http://127.0.0.1"),
        ((200, b"<html>"), "other than JSON: check the address"),
        ((200, b"[1, 2]"), "without a result: check the address"),
        ((200, b'{"error": []}'), "without a result: check the address"),
    ],
)
def test_what_waiting_does_not_mend_is_an_error_at_once(
    kraken: Kraken, answer: tuple[int, bytes], message: str
) -> None:
    kraken.answers.append(answer)
    pauses: list[float] = []
    with pytest.raises(ExchangeError, match=message):
        asked(kraken, pauses)
    assert pauses == []


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "no address"])
def test_an_address_that_never_answered_is_an_error_at_once(url: str) -> None:
    pauses: list[float] = []
    with pytest.raises(ExchangeError, match=f"cannot be reached at {url} .*: check network and address"):
        PublicApi(url, pauses.append).ask("OHLC", pair="XBTUSD")
    assert pauses == []


def test_an_address_that_answered_before_is_given_time_to_come_back() -> None:
    pauses: list[float] = []
    with serve(Kraken()) as kraken:
        kraken.answers.append(FINE)
        api = PublicApi(kraken.url, pauses.append)
        api.ask("OHLC", pair="XBTUSD")
    with pytest.raises(ExchangeError, match="cannot be reached"):
        api.ask("OHLC", pair="XBTUSD")
    assert len(pauses) == 5


def test_without_an_address_it_is_krakens_own() -> None:
    assert PublicApi()._client.URL == "https://api.kraken.com"
