"""API keys: where they come from, that nobody sees them, and what they are allowed to do."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import keyring
from keyring.errors import KeyringError

from evotrade.errors import SettingsError

KEY_VARIABLE, SECRET_VARIABLE = "EVOTRADE_KRAKEN_KEY", "EVOTRADE_KRAKEN_SECRET"
SERVICE, KEY_ENTRY, SECRET_ENTRY = "evotrade", "kraken_key", "kraken_secret"

NEEDED = frozenset(
    {
        "query-funds",
        "query-open-trades",
        "query-closed-trades",
        "modify-trades",
        "close-trades",
        "create-ws-token",
    }
)
"""Permissions that trading asks of a key."""

_FORBIDDEN = frozenset({"withdraw-funds"})
_HIDDEN = "•••"

ReadEntry = Callable[[str, str], str | None]
"""Takes service and name, gives what the OS keyring holds under them."""


@dataclass(frozen=True, slots=True)
class Keys:
    """A key and its secret. Neither is ever shown: `repr` hides both, `redact` takes them out of texts."""

    key: str = field(repr=False)
    secret: str = field(repr=False)


def load_keys(
    environment: Mapping[str, str] = os.environ, read_entry: ReadEntry = keyring.get_password
) -> Keys | None:
    """Keys of the environment, else of the OS keyring; None where there are none.

    Raises `SettingsError` where only one of the two is there.
    """
    key, secret = environment.get(KEY_VARIABLE), environment.get(SECRET_VARIABLE)
    if not key and not secret:
        key, secret = _entry(read_entry, KEY_ENTRY), _entry(read_entry, SECRET_ENTRY)
    if not key and not secret:
        return None
    if not key or not secret:
        missing = "secret" if key else "key"
        raise SettingsError(
            f"Kraken's API {missing} is missing: set {KEY_VARIABLE} and {SECRET_VARIABLE}, or the entries "
            f"{KEY_ENTRY} and {SECRET_ENTRY} of the service {SERVICE} in the keyring, both in one place"
        )
    return Keys(key.strip(), secret.strip())


def _entry(read_entry: ReadEntry, name: str) -> str | None:
    try:
        return read_entry(SERVICE, name)
    except KeyringError:  # a machine without a keyring, or one that is locked, has no keys in it
        return None


def redact(text: str, keys: Keys | None) -> str:
    """The text without key and secret."""
    for hidden in (keys.secret, keys.key) if keys else ():
        if hidden:
            text = text.replace(hidden, _HIDDEN)
    return text


def check_permissions(info: Mapping[str, object]) -> None:
    """Look at an answer to GetApiKeyInfo. `SettingsError` for a key that may withdraw, or may too little."""
    listed = info.get("permissions")
    if not isinstance(listed, list):
        raise SettingsError(
            "the exchange does not say what the API key may do: make a new key with permissions"
        )
    permissions = {str(permission) for permission in listed}
    if permissions & _FORBIDDEN:
        raise SettingsError(
            "the exchange's API key may withdraw funds: make one without that permission, and delete this one"
        )
    missing = sorted(NEEDED - permissions)
    if missing:
        raise SettingsError(
            f"the exchange's API key lacks the permission {', '.join(missing)}: allow it where keys are made"
        )
