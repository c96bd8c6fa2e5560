"""A local exchange that speaks Kraken's REST and websocket v2, for demonstrations, tests and no network.

It replays candles, or synthetic ones, at a chosen speed and matches orders against them. Its prices are
played, so whoever keeps candles of it marks them with the source `sandbox`; nothing it sends says so.

In a test: `async with serve(SandboxSettings(candles=[candles], speed=MANUAL)) as sandbox:`, then
`sandbox.url` for the SDK, `sandbox.advance(3600)` for time and `sandbox.inject("drop")` for faults.
"""

from evotrade.exchange.sandbox.counters import UNLIMITED, Limits
from evotrade.exchange.sandbox.faults import KINDS, Fault, Faults
from evotrade.exchange.sandbox.keys import DEMO_KEY, DEMO_SECRET, PERMISSIONS, ApiKey
from evotrade.exchange.sandbox.orders import Refused
from evotrade.exchange.sandbox.rules import PairRules, rules_for
from evotrade.exchange.sandbox.running import ThreadedSandbox, in_thread, run, serve
from evotrade.exchange.sandbox.sandbox import Sandbox
from evotrade.exchange.sandbox.settings import MANUAL, SandboxSettings, demo_candles

__all__ = [
    "DEMO_KEY",
    "DEMO_SECRET",
    "KINDS",
    "MANUAL",
    "PERMISSIONS",
    "UNLIMITED",
    "ApiKey",
    "Fault",
    "Faults",
    "Limits",
    "PairRules",
    "Refused",
    "Sandbox",
    "SandboxSettings",
    "ThreadedSandbox",
    "demo_candles",
    "in_thread",
    "rules_for",
    "run",
    "serve",
]
