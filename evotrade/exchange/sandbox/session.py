"""One websocket connection without its socket: what it is subscribed to, and the frames it gets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from evotrade.exchange.sandbox.bars import INTERVALS_MIN
from evotrade.exchange.sandbox.events import (
    BalanceChanged,
    Event,
    OrderChanged,
    PairChanged,
    SystemChanged,
    Traded,
)
from evotrade.exchange.sandbox.exchange import Exchange
from evotrade.exchange.sandbox.frames import (
    Frame,
    book_snapshot,
    book_update,
    frame,
    instrument_data,
    ohlc_data,
    pair_data,
    status_frame,
    ticker_data,
    trade_data,
)
from evotrade.exchange.sandbox.orders import Refused
from evotrade.exchange.sandbox.private_frames import (
    balance_data,
    balances_snapshot,
    execution_data,
    executions_snapshot,
)
from evotrade.exchange.sandbox.tape import NS, Trade
from evotrade.exchange.sandbox.times import rfc3339

PUBLIC = ("ticker", "ohlc", "trade", "book", "instrument")
PRIVATE = ("executions", "balances")
_BY_SYMBOL = ("ticker", "ohlc", "trade", "book")
_DEPTHS = (10, 25, 100, 500, 1000)
_SNAPSHOT_TRADES = 50


@dataclass(frozen=True)
class Subscription:
    """A channel, its symbol where it has one, and the bar length of ohlc or the depth of book."""

    channel: str
    symbol: str = ""
    size: int = 0


@dataclass
class Session:
    """A connection's subscriptions; a frame goes only to who asked for it."""

    exchange: Exchange
    connection_id: int
    private: bool
    subscriptions: dict[Subscription, Frame] = field(default_factory=dict)
    _sequences: dict[str, int] = field(default_factory=dict)

    def greeting(self) -> Frame:
        """The first frame."""
        return status_frame(self.exchange, self.connection_id)

    def subscribe(self, wanted: Subscription, params: Frame) -> list[Frame]:
        """Begin a subscription; its snapshot. `Refused` where that cannot be."""
        self._require_possible(wanted)
        if wanted in self.subscriptions:
            raise Refused("Already subscribed")
        self.subscriptions[wanted] = {}
        if params.get("snapshot") is False and wanted.channel != "executions":
            return []
        data = self._snapshot(wanted, params)
        more: Frame = {"timestamp": rfc3339(self.exchange.reported_ns, 9)} if wanted.channel == "ohlc" else {}
        return [] if data is None else [self._frame(wanted.channel, "snapshot", data, **more)]

    def unsubscribe(self, unwanted: Subscription) -> None:
        """End a subscription. `Refused` where there is none."""
        if self.subscriptions.pop(unwanted, None) is None:
            raise Refused("Subscription Not Found")

    def _require_possible(self, wanted: Subscription) -> None:
        if wanted.channel not in (PRIVATE if self.private else PUBLIC):
            raise Refused("Channel not supported" if wanted.channel not in PRIVATE else "Session required")
        # The second websocket knows BTC/USD alone, where REST takes any spelling.
        if wanted.channel in _BY_SYMBOL and wanted.symbol not in self.exchange.markets:
            raise Refused(f"Currency pair not supported {wanted.symbol}")
        if wanted.channel == "ohlc" and wanted.size not in INTERVALS_MIN:
            raise Refused("Interval not supported")
        if wanted.channel == "book" and wanted.size not in _DEPTHS:
            raise Refused("Depth not supported")

    def _snapshot(self, wanted: Subscription, params: Frame) -> list[Frame] | None:
        exchange = self.exchange
        if wanted.channel == "executions":
            orders, trades = wanted_of_executions(params)
            asked = orders or trades
            return executions_snapshot(exchange.account, exchange.rules, orders, trades) if asked else None
        if wanted.channel == "balances":
            return balances_snapshot(exchange.account)
        if wanted.channel == "instrument":
            return instrument_data(exchange)
        market = exchange.markets[wanted.symbol]
        if wanted.channel == "ticker":
            return [ticker_data(exchange, market)]
        if wanted.channel == "trade":
            return [trade_data(trade) for trade in market.latest_trades(_SNAPSHOT_TRADES)]
        if wanted.channel == "book":
            book = self.subscriptions[wanted] = book_snapshot(market, wanted.size)
            return [book]
        bars = list(market.series(wanted.size * 60 * NS).bars)[-720:]
        return [ohlc_data(market, bar, wanted.size) for bar in bars]

    def publish(self, events: Iterable[Event]) -> list[Frame]:
        """The frames that this connection gets of what happened since the last ones.

        Trades of one step come in one frame, and a bar or ticker once a step, as it stands at its end.
        """
        happened = list(events)
        trades: dict[str, list[Trade]] = {}
        for event in happened:
            if isinstance(event, Traded):
                trades.setdefault(event.trade.pair, []).append(event.trade)
        frames = self._public(trades)
        frames += self._notices(happened)
        if self.private:
            frames += self._account(happened)
        return frames

    def _public(self, trades: dict[str, list[Trade]]) -> list[Frame]:
        """Tickers first: best prices move, and then trades are made at them."""
        frames = []
        for wanted in sorted(self.subscriptions, key=lambda wanted: wanted.channel != "ticker"):
            traded = trades.get(wanted.symbol)
            if traded:
                frames += self._updates(wanted, traded)
        return frames

    def _updates(self, wanted: Subscription, traded: list[Trade]) -> list[Frame]:
        market = self.exchange.markets[wanted.symbol]
        if wanted.channel == "ticker":
            return [frame("ticker", "update", [ticker_data(self.exchange, market)])]
        if wanted.channel == "trade":
            return [frame("trade", "update", [trade_data(trade) for trade in traded])]
        if wanted.channel == "book":
            before = self.subscriptions[wanted]
            if not before:
                return []
            update = book_update(market, before, wanted.size)
            self.subscriptions[wanted] = book_snapshot(market, wanted.size)
            return [frame("book", "update", [update])] if update["bids"] or update["asks"] else []
        length_ns = wanted.size * 60 * NS
        first_ns = traded[0].time_ns - traded[0].time_ns % length_ns
        bars = [bar for bar in market.series(length_ns).bars if bar.start_ns >= first_ns]
        at = rfc3339(traded[-1].time_ns, 9)
        return [frame("ohlc", "update", [ohlc_data(market, bar, wanted.size)], timestamp=at) for bar in bars]

    def _notices(self, events: list[Event]) -> list[Frame]:
        frames = [self.greeting()] if any(isinstance(event, SystemChanged) for event in events) else []
        pairs = [event.rules for event in events if isinstance(event, PairChanged)]
        if pairs and Subscription("instrument") in self.subscriptions:
            frames.append(frame("instrument", "update", [{"assets": [], "pairs": pair_data(pairs)}]))
        return frames

    def _account(self, events: list[Event]) -> list[Frame]:
        frames = []
        rules = self.exchange.rules
        if Subscription("executions") in self.subscriptions:
            changes = [event for event in events if isinstance(event, OrderChanged)]
            data = [execution_data(event, rules[event.order.request.pair]) for event in changes]
            frames += [self._frame("executions", "update", [item]) for item in data]
        if Subscription("balances") in self.subscriptions:
            moved = [event for event in events if isinstance(event, BalanceChanged)]
            if moved:
                frames.append(self._frame("balances", "update", balance_data(moved)))
        return frames

    def _frame(self, channel: str, kind: str, data: list[Frame], **more: Any) -> Frame:
        made = frame(channel, kind, data, **more)
        if channel in PRIVATE:
            made["sequence"] = self._sequences[channel] = self._sequences.get(channel, 0) + 1
        return made


def wanted_of_executions(params: Frame) -> tuple[bool, bool]:
    """Whether a subscription begins with open orders (Kraken's default), and with the latest fills."""
    orders = params.get("snap_orders", params.get("snapshot", True))
    return bool(orders), bool(params.get("snap_trades", False))
