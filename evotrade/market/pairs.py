"""Names of pairs: `BTC/USD` for people, tables and the websocket, `XBTUSD` for Kraken's REST and files."""

from __future__ import annotations

import re

from evotrade import timeframes
from evotrade.errors import SettingsError

_KRAKEN_ASSETS = {"BTC": "XBT", "DOGE": "XDG"}
_ASSETS = {kraken: name for name, kraken in _KRAKEN_ASSETS.items()}
_PAIR = re.compile(
    r"X([A-Z]{3})[XZ]([A-Z]{3})"  # XXBTZUSD: Kraken's answers still use its oldest names
    r"|([A-Z0-9]+)/([A-Z0-9]+)"
    r"|([A-Z0-9]{2,}?)(USDT|USDC|USD|EUR|GBP|CAD|AUD|CHF|JPY|XBT|BTC|ETH)"
)
_ARCHIVE_MINUTES = ("1", "5", "15", "30", "60", "240", "720", "1440")


def pair_name(text: str) -> str:
    """`BTC/USD` for BTC/USD, xbt/usd, XBTUSD or XXBTZUSD. `SettingsError` for what names no pair."""
    match = _PAIR.fullmatch(text.upper())
    if match is None:
        raise SettingsError(f"{text!r} names no pair: write base and quote currency like BTC/USD")
    return "/".join(_ASSETS.get(asset, asset) for asset in match.groups() if asset)


def kraken_name(pair: str) -> str:
    """`XBTUSD`, the name that Kraken's REST and archive use, of a pair in any spelling."""
    return "".join(_KRAKEN_ASSETS.get(asset, asset) for asset in pair_name(pair).split("/"))


def archive_name(name: str) -> tuple[str, str] | None:
    """Pair and timeframe that a file name of Kraken's archive says, `XBTUSD_60.csv`; None for other names.

    The pair is "" where the name has no known quote currency.
    """
    match = re.fullmatch(r"([A-Z0-9]+)_(\d+)\.(?:csv|parquet)", name)
    if match is None or match[2] not in _ARCHIVE_MINUTES:
        return None
    try:
        pair = pair_name(match[1])
    except SettingsError:
        pair = ""
    return pair, timeframes.of_length(int(match[2]) * 60)
