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

# exchange = "kraken"     # or "sandbox", the local one of evotrade sandbox
# exchange_url = "https://api.kraken.com"
# exchange_ws_url = "wss://ws.kraken.com"
# exchange_speed = 1      # seconds that pass at a sandbox in one second, as in evotrade sandbox --speed
# pair = "BTC/USD"        # of a session whose cell was never evaluated on a real market
# tier = "starter"        # of the exchange's rate limits: starter, intermediate or pro
# allow_real_orders = false  # real orders also need keys and each session's confirmation
# max_sessions = 100
# max_sessions_per_owner = 100
# max_total_allocation = 10000   # of all running sessions, quote currency; no limit without it
# paper_latency_s = 0     # between an order on paper and its fill
# paper_slippage_bps = 0  # per side, on paper
# daemon_port = 8710      # where the daemon listens, on this machine
# daemon_url = "http://127.0.0.1:8710"   # where pages and commands find it
# llm = "anthropic:MODEL"   # or openai:, google:, ollama:MODEL, or an OpenAI-compatible server's address
# llm_attempts = 4        # of one ask, each answered with its error or score
# llm_max_tokens = 40000  # of one ask, in and out
# llm_max_cost_usd = 0.5  # of one ask, where the model's price is known
# llm_timeout_s = 120     # of one ask
# llm_price_in_usd_per_mtok = 1    # of a million tokens, for a model whose price is not known
# llm_price_out_usd_per_mtok = 4
# alert_urls = []         # where alerts go: apprise's addresses, as "tgram://TOKEN/CHAT"

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
