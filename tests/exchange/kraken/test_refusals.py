import json
from decimal import Decimal

import pytest

from evotrade.errors import ExchangeBusy, ExchangeError, ExchangeUnreachable, OrderRefused
from evotrade.exchange.kraken.refusals import read_answer

URL = "http://127.0.0.1:1"


def answer(*errors: str) -> bytes:
    return json.dumps({"error": errors, "result": {"txid": ["A"]}}).encode()


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("EService:Busy", ExchangeBusy),
        ("EService:Unavailable", ExchangeBusy),
        ("EService:Throttled: 1700000000", ExchangeBusy),
        ("EService:Timeout", ExchangeUnreachable),
        ("EService:Market in cancel_only mode", OrderRefused),
        ("EService:Deadline elapsed", OrderRefused),
        ("EGeneral:Internal error", ExchangeUnreachable),
        ("EGeneral:Too many requests", ExchangeBusy),
        ("EAPI:Rate limit exceeded", ExchangeBusy),
        ("EAPI:Invalid nonce", ExchangeError),
        ("EOrder:Rate limit exceeded", OrderRefused),
        ("EOrder:Post only order", OrderRefused),
        ("EOrder:Insufficient funds", OrderRefused),
        ("EUnheard:Of", ExchangeError),
    ],
)
def test_every_error_is_raised_even_beside_a_result(code: str, kind: type[ExchangeError]) -> None:
    with pytest.raises(ExchangeError, match=f"Kraken refused AddOrder with {code}: .") as raised:
        read_answer(200, answer(code), "AddOrder", URL)
    assert type(raised.value) is kind


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (429, ExchangeBusy),
        (503, ExchangeBusy),
        (500, ExchangeUnreachable),
        (520, ExchangeUnreachable),
        (404, ExchangeError),
    ],
)
def test_other_statuses_are_errors(status: int, kind: type[ExchangeError]) -> None:
    with pytest.raises(ExchangeError, match=f"HTTP {status}") as raised:
        read_answer(status, b"", "Balance", URL)
    assert type(raised.value) is kind


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b'{"error": [], "result": NaN}'])
def test_an_answer_without_sense_tells_nothing_of_what_was_done(body: bytes) -> None:
    with pytest.raises(ExchangeUnreachable, match="check the address"):
        read_answer(200, body, "AddOrder", URL)


def test_numbers_are_exact() -> None:
    body = b'{"error": [], "result": {"price": 0.1000000000000000055, "count": 3}}'
    assert read_answer(200, body, "X", URL) == {"price": Decimal("0.1000000000000000055"), "count": 3}
