"""Settings: one frozen value from the environment (`EVOTRADE_…`) and `evotrade.toml`, in that order."""

from __future__ import annotations

import os
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PositiveInt, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from pydantic_settings import SettingsError as UnreadableSetting

from evotrade.errors import SettingsError


def _address(text: str) -> str:
    """The address as it is. `ValueError` where it is none of HTTP or a websocket."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https", "ws", "wss") or not parts.hostname:
        raise ValueError("an address begins like https://api.kraken.com or wss://ws.kraken.com")
    return text


_Address = Annotated[str, AfterValidator(_address)]


LLM_PROVIDERS = ("anthropic", "openai", "google", "ollama")
"""Providers of language models that are known by name; any other is named by its address."""


def _language_model(text: str) -> str:
    """The text as it is. `ValueError` where it names neither a provider's model nor a server."""
    provider, _, model = text.partition(":")
    if provider in LLM_PROVIDERS and model.strip() and not model.startswith("//"):
        return text
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(
            "a language model is named like anthropic:MODEL, openai:MODEL, google:MODEL, ollama:MODEL, "
            "http://127.0.0.1:8080/v1 or http://127.0.0.1:8080/v1#MODEL"
        )
    if "@" in parts.netloc:
        raise ValueError("an address holds no password: put the key into EVOTRADE_LLM_KEY or the keyring")
    return text


_LanguageModel = Annotated[str, AfterValidator(_language_model)]


class ViabilitySettings(BaseModel):
    """Thresholds of viability; `strict` turns warnings into deaths."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_trades: int = Field(10, ge=0)
    max_drawdown_pct: float = Field(90.0, gt=0, le=100)
    max_decay_pct: float = Field(50.0, ge=0, le=100)
    strict: bool = False


class Settings(BaseSettings):
    """What a person may set once for all commands and pages.

    `EVOTRADE_VIABILITY__MIN_TRADES=20` in the environment is `[viability] min_trades = 20` in the file.
    """

    model_config = SettingsConfigDict(
        env_prefix="EVOTRADE_",
        env_nested_delimiter="__",
        toml_file="evotrade.toml",
        frozen=True,
        extra="forbid",
    )

    store: Path = Path("db/evotrade.duckdb")
    kraken_url: _Address | None = None
    fee_bps: float = Field(40.0, ge=0)
    executor: str = "threads"
    workers: PositiveInt = Field(default_factory=lambda: os.cpu_count() or 1)
    viability: ViabilitySettings = ViabilitySettings()

    exchange: Literal["kraken", "sandbox"] = "kraken"
    exchange_url: _Address | None = None
    exchange_ws_url: _Address | None = None
    exchange_speed: float = Field(1.0, ge=0)
    pair: str = "BTC/USD"
    tier: Literal["starter", "intermediate", "pro"] = "starter"
    allow_real_orders: bool = False
    max_sessions: PositiveInt = 100
    max_sessions_per_owner: PositiveInt = 100
    max_total_allocation: Decimal | None = Field(None, gt=0)
    paper_latency_s: float = Field(0.0, ge=0, le=60)
    paper_slippage_bps: float = Field(0.0, ge=0, lt=10_000)
    alert_urls: tuple[SecretStr, ...] = ()
    daemon_port: int = Field(8710, ge=1, le=65_535)
    daemon_url: str | None = None
    llm: _LanguageModel | None = None
    llm_attempts: PositiveInt = 4
    llm_max_tokens: PositiveInt = 40_000
    llm_max_cost_usd: float = Field(0.5, gt=0)
    llm_timeout_s: float = Field(120.0, gt=0)
    llm_run_max_cost_usd: float = Field(5.0, gt=0)
    llm_price_in_usd_per_mtok: float | None = Field(None, ge=0)
    llm_price_out_usd_per_mtok: float | None = Field(None, ge=0)

    @property
    def daemon_address(self) -> str:
        """Where the daemon is asked: `daemon_url`, otherwise this machine at `daemon_port`."""
        return self.daemon_url or f"http://127.0.0.1:{self.daemon_port}"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load_settings() -> Settings:
    """The settings in force. `SettingsError` names what is wrong and where it is set."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        why = first["msg"].removeprefix("Value error, ")
        raise SettingsError(
            f"setting {name!r}: {why} (found {first['input']!r}); "
            f"mend it in evotrade.toml or EVOTRADE_{name.upper().replace('.', '__')}"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"evotrade.toml is no TOML file ({error}): mend it, or delete it") from None
    except UnreadableSetting as error:
        raise SettingsError(f"the environment is unreadable ({error}): mend the EVOTRADE_ variable") from None
