"""evotrade: a lab and a desk for trading strategies that evolve.

    import evotrade as et

    candles = et.load_candles("XBTUSD_60.csv")
    result = et.backtest("IF DELTA(0) > AVG(DELTA, 20) THEN BUY ELSE SELL", candles)
    result.metrics["sharpe"]

Names load what they need when they are first used, so that the import itself is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evotrade.cells import is_viable as is_viable
    from evotrade.genome import diff as diff
    from evotrade.genome import parse as parse
    from evotrade.market import Candles as Candles
    from evotrade.market import synthetic_candles as synthetic_candles
    from evotrade.notebook import backtest as backtest
    from evotrade.notebook import backtest_decisions as backtest_decisions
    from evotrade.notebook import backtest_many as backtest_many
    from evotrade.notebook import create_cell as create_cell
    from evotrade.notebook import decide as decide
    from evotrade.notebook import evolve as evolve
    from evotrade.notebook import load_candles as load_candles
    from evotrade.notebook import open_store as open_store

_HOMES = {
    "load_candles": "evotrade.notebook",
    "Candles": "evotrade.market",
    "synthetic_candles": "evotrade.market",
    "parse": "evotrade.genome",
    "diff": "evotrade.genome",
    "decide": "evotrade.notebook",
    "backtest": "evotrade.notebook",
    "backtest_many": "evotrade.notebook",
    "backtest_decisions": "evotrade.notebook",
    "evolve": "evotrade.notebook",
    "open_store": "evotrade.notebook",
    "create_cell": "evotrade.notebook",
    "is_viable": "evotrade.cells",
}
_ERRORS = (
    "EvotradeError",
    "GenomeError",
    "SettingsError",
    "DataError",
    "BadCandle",
    "BadCandleFile",
    "NotEnoughCandles",
    "ExchangeError",
    "ExchangeUnreachable",
    "ExchangeBusy",
    "OrderRefused",
    "SessionError",
    "SessionRefused",
    "DeskLimit",
    "DaemonError",
    "EvolutionError",
    "StoreError",
    "StoreBusy",
    "StoreDamaged",
    "StoreTooNew",
    "SlowQuery",
    "NotFound",
    "LlmError",
    "LlmNotConfigured",
    "LlmUnreachable",
    "LlmBusy",
    "LlmAnswerUnusable",
    "LlmBudget",
    "LlmCancelled",
)

__all__ = sorted((*_HOMES, *_ERRORS))


def __getattr__(name: str) -> Any:
    home = "evotrade.errors" if name in _ERRORS else _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'evotrade' has no attribute {name!r}")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return list(__all__)
