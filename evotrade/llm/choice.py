"""Which language model is set, and where its key comes from: found without the network or a slow import."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

import keyring
from keyring.errors import KeyringError

from evotrade.errors import LlmNotConfigured
from evotrade.settings import LLM_PROVIDERS, Settings

SERVICE = "evotrade"
KEY_VARIABLES: Mapping[str, str] = {
    "anthropic": "ANTHROPIC_API_KEY",
    "openai": "OPENAI_API_KEY",
    "google": "GOOGLE_API_KEY",
    "compatible": "EVOTRADE_LLM_KEY",
}
"""Provider → environment variable of its key; the entry in the keyring has the same name in small letters.

A key is sent to its own provider only: a server named by its address gets EVOTRADE_LLM_KEY, or none.
"""
_KEYLESS = ("ollama", "compatible")
OLLAMA_URL = "http://127.0.0.1:11434/v1"

HOW_TO = (
    "no language model is set: set EVOTRADE_LLM, or llm in evotrade.toml, to anthropic:MODEL, openai:MODEL, "
    "google:MODEL, ollama:MODEL or the address of an OpenAI-compatible server"
)

ReadEntry = Callable[[str, str], str | None]


@dataclass(frozen=True, slots=True)
class Choice:
    """The model that is set. `model` is empty where the server is to say which it has; `url` is None for a
    provider's own address. The key is never shown.
    """

    provider: str
    model: str
    url: str | None = None
    key: str | None = field(default=None, repr=False)

    @property
    def label(self) -> str:
        """How the model is known in records, tables and pages: `openai:gpt-5`; of a path, its last part."""
        return f"{self.provider}:{self.model.rsplit('/', 1)[-1] or 'default'}"


def chosen(
    settings: Settings,
    environment: Mapping[str, str] = os.environ,
    read_entry: ReadEntry = keyring.get_password,
) -> Choice:
    """The model of the settings, with its key of the environment or the keyring.

    `LlmNotConfigured` says what to set.
    """
    if settings.llm is None:
        raise LlmNotConfigured(HOW_TO)
    provider, _, model = settings.llm.partition(":")
    if provider not in LLM_PROVIDERS or model.startswith("//"):
        return _by_address(settings.llm, _key("compatible", environment, read_entry))
    key = None if provider == "ollama" else _key(provider, environment, read_entry)
    if key is None and provider not in _KEYLESS:
        variable = KEY_VARIABLES[provider]
        raise LlmNotConfigured(
            f"the key for {settings.llm} is missing: set {variable}, or the entry {variable.lower()} of the "
            f"service {SERVICE} in the keyring"
        )
    url = environment.get("OLLAMA_BASE_URL") or OLLAMA_URL if provider == "ollama" else None
    return Choice(provider, model.strip(), url, key)


def _by_address(text: str, key: str | None) -> Choice:
    parts = urlsplit(text)
    path = parts.path.rstrip("/") or "/v1"
    url = urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))
    return Choice("compatible", parts.fragment.strip(), url, key)


def _key(provider: str, environment: Mapping[str, str], read_entry: ReadEntry) -> str | None:
    variable = KEY_VARIABLES[provider]
    found = (environment.get(variable) or "").strip()
    if found:
        return found
    try:
        return (read_entry(SERVICE, variable.lower()) or "").strip() or None
    except KeyringError:  # a machine without a keyring, or one that is locked, has no keys in it
        return None
