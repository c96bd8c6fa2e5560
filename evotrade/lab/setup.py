"""The settings file that `evotrade init` writes."""

from __future__ import annotations

from pathlib import Path

from evotrade.errors import SettingsError

SETTINGS_FILE = "evotrade.toml"

_TEMPLATE = """\
# Settings of evotrade. Every line shows its default; take the # away to change one.
# The environment comes first: EVOTRADE_STORE, EVOTRADE_VIABILITY__MIN_TRADES …

# store = "db/evotrade.duckdb"
# kraken_url = "https://api.kraken.com"
# fee_bps = 40            # per side; Kraken's lowest taker tier
# executor = "threads"  # serial, threads, processes or dask://HOST:PORT
# workers = 2             # otherwise the machine's cores

# [viability]
# min_trades = 10         # fewer on train: a warning
# max_drawdown_pct = 90   # deeper on train: a warning
# max_decay_pct = 50      # Sharpe lost from train to validation: a warning
# strict = false          # true: warnings are deaths
"""


def write_settings(path: Path) -> bool:
    """Write a settings file of defaults, commented out; False, and nothing changed, where one is there."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(_TEMPLATE)
    except FileExistsError:
        return False
    except OSError as error:
        raise SettingsError(
            f"cannot write {path} ({error.strerror}): run it in a folder you may write to"
        ) from error
    return True
