"""Kraken through its SDK, hardened: REST, websocket, a market and a broker.

`KrakenMarket(source, address)` is a `Market`, `KrakenBroker(Rest(url, keys), report, rules=…, now_s=…)` a
`Broker`. Both are made inside a running event loop, count what happens in `counters`, and connect for ever.
"""

from evotrade.exchange.kraken.broker import BrokerSettings, KrakenBroker
from evotrade.exchange.kraken.connection import Address, ConnectionSettings
from evotrade.exchange.kraken.counters import Counters
from evotrade.exchange.kraken.keys import Keys, check_permissions, load_keys, redact
from evotrade.exchange.kraken.market import KrakenMarket, MarketSettings
from evotrade.exchange.kraken.rest import Rest, RestSettings

__all__ = [
    "Address",
    "BrokerSettings",
    "ConnectionSettings",
    "Counters",
    "Keys",
    "KrakenBroker",
    "KrakenMarket",
    "MarketSettings",
    "Rest",
    "RestSettings",
    "check_permissions",
    "load_keys",
    "redact",
]
