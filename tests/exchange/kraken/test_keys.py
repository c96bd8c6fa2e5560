import pytest
from keyring.errors import NoKeyringError

from evotrade.errors import SettingsError
from evotrade.exchange.kraken.keys import NEEDED, Keys, check_permissions, load_keys, redact

IN_ENVIRONMENT = {"EVOTRADE_KRAKEN_KEY": "k", "EVOTRADE_KRAKEN_SECRET": "s"}


def no_keyring(service: str, name: str) -> str | None:
    raise NoKeyringError


def test_the_environment_goes_before_the_keyring() -> None:
    assert load_keys(IN_ENVIRONMENT, lambda *_: "other") == Keys("k", "s")


def test_the_keyring_is_asked_for_the_service_evotrade() -> None:
    held = {("evotrade", "kraken_key"): "k", ("evotrade", "kraken_secret"): "s"}
    assert load_keys({}, lambda *entry: held[entry]) == Keys("k", "s")


def test_without_keys_or_keyring_there_are_none() -> None:
    assert load_keys({}, no_keyring) is None


def test_half_a_key_is_an_error() -> None:
    with pytest.raises(SettingsError, match="API secret is missing: set EVOTRADE_KRAKEN_KEY and"):
        load_keys({"EVOTRADE_KRAKEN_KEY": "k"}, no_keyring)


def test_keys_are_never_shown() -> None:
    keys = Keys("the-key", "the-secret")
    assert repr(keys) == "Keys()"
    assert redact("the-secret of the-key", keys) == "••• of •••"
    assert redact("nothing", None) == "nothing"


def test_a_key_with_what_trading_needs_is_taken() -> None:
    check_permissions({"permissions": [*NEEDED, "query-ledger"]})


@pytest.mark.parametrize(
    ("info", "complaint"),
    [
        ({"permissions": [*NEEDED, "withdraw-funds"]}, "may withdraw funds: make one without"),
        ({"permissions": sorted(NEEDED - {"create-ws-token"})}, "lacks the permission create-ws-token"),
        ({}, "does not say what the API key may do"),
    ],
)
def test_other_keys_are_refused(info: dict[str, object], complaint: str) -> None:
    with pytest.raises(SettingsError, match=complaint):
        check_permissions(info)
