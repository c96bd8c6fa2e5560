"""Candles, exchanges and orders that the tests of the sandbox start from."""

from decimal import Decimal

from hypothesis import strategies as st

from evotrade import timeframes
from evotrade.exchange.sandbox import MANUAL, UNLIMITED, SandboxSettings
from evotrade.exchange.sandbox.orders import OrderRequest
from evotrade.exchange.sandbox.settings import build_exchange
from evotrade.market.candles import Candles

HOUR_S = 3_600
START_S = 1_700_000_000 // 86_400 * 86_400


def candles_of(rows, timeframe="1h", pair="BTC/USD", step_s=None):
    """Candles of (open, high, low, close, volume, trades) rows, one after the other."""
    columns = zip(*rows, strict=True)
    names = ("open", "high", "low", "close", "volume", "trades")
    length = timeframes.length_s(timeframe)
    time_s = [START_S + bar * length for bar in range(len(rows))]
    return Candles(time_s, **dict(zip(names, columns, strict=True)), timeframe=timeframe, pair=pair)


def flat(*prices, **options):
    """Candles that each stay at one price."""
    return candles_of([(price, price, price, price, 4.0, 4) for price in prices], **options)


@st.composite
def tick_candles(draw, min_size=2, max_size=12, timeframe="1h", pair="BTC/USD"):
    """Candles on ticks of 0.1 and lots of 1e-8, with gaps between them."""
    count = draw(st.integers(min_size, max_size))
    length = timeframes.length_s(timeframe)
    rows, time_s, at_s = [], [], START_S
    for _ in range(count):
        prices = draw(st.lists(st.integers(500, 1_500), min_size=4, max_size=4))
        low, high = min(prices), max(prices)
        lots, trades = draw(st.integers(1, 10**12)), draw(st.integers(0, 90))
        rows.append((prices[0] / 10, high / 10, low / 10, prices[1] / 10, lots / 1e8, trades))
        time_s.append(at_s)
        at_s += length * draw(st.integers(1, 3))
    names = ("open", "high", "low", "close", "volume", "trades")
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    return Candles(time_s, **columns, timeframe=timeframe, pair=pair)


def exchange_of(*series, **options):
    """An exchange whose clock stands at the end of the first candle."""
    settings = {"history_bars": 1, "speed": MANUAL, "limits": UNLIMITED, **options}
    return build_exchange(SandboxSettings(series, **settings))


def order(side="buy", qty="1", **options):
    """A request for BTC/USD, a market order unless a type is named."""
    prices = {
        name: Decimal(str(options.pop(name))) for name in ("limit_price", "stop_price") if name in options
    }
    return OrderRequest("BTC/USD", side, options.pop("type", "market"), Decimal(qty), **prices, **options)
