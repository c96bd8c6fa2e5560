"""Kraken's market: one connection to public data, told to all who listen."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from evotrade import timeframes
from evotrade.exchange.kraken.backfill import Backfill, BackfillSettings
from evotrade.exchange.kraken.budget import Monotonic
from evotrade.exchange.kraken.connection import Address, Connection, ConnectionSettings, Handler
from evotrade.exchange.kraken.counters import Counters
from evotrade.exchange.kraken.frames import BadFrame, Bar, Message, System, Ticker, Trade, read
from evotrade.exchange.kraken.history import History, no_candles
from evotrade.exchange.kraken.pair_feed import PairFeed
from evotrade.exchange.kraken.poller import Poller
from evotrade.exchange.kraken.rest import Jitter, Rest, RestSettings, no_jitter
from evotrade.exchange.kraken.rules import ask_rules
from evotrade.exchange.kraken.sanity import ExchangeClock, PriceGuard
from evotrade.exchange.kraken.series import MADE_OF, Series, bars_of, first_start_s, join
from evotrade.exchange.kraken.subscriptions import Name, Params
from evotrade.exchange.protocols import FeedState, Listener, MarketEvent, PairRules
from evotrade.exchange.venue import venue_of
from evotrade.market.candles import Candles, Source
from evotrade.market.pairs import pair_name


@dataclass(frozen=True, slots=True)
class MarketSettings:
    """How a market watches; all `_s` in our seconds.

    `speed` is how many seconds of the exchange pass in one of ours (a sandbox may be fast). Quotes wait for
    bars at most `hold_s`; `rules_s` is how long a pair's rules are believed; without a feed prices are asked
    by REST every `poll_s`. A price `jump_factor` off the last waits for `confirmations` frames.
    """

    speed: float = 1.0
    step_s: float = 0.1
    hold_s: float = 5.0
    rules_s: float = 60.0
    poll_s: float = 5.0
    jump_factor: float = 5.0
    confirmations: int = 3
    connection: ConnectionSettings = field(default_factory=ConnectionSettings)
    backfill: BackfillSettings = field(default_factory=BackfillSettings)
    rest: RestSettings = field(default_factory=lambda: RestSettings(tries=3))


class KrakenMarket(Handler):
    """A `Market` at Kraken's address or another one that speaks like it. Used in one event loop.

    A second `watch` of the same pair and timeframe from further back tells bars again: listeners skip what
    they had.
    """

    def __init__(
        self,
        source: Source = "kraken",
        address: Address | None = None,
        *,
        settings: MarketSettings | None = None,
        counters: Counters | None = None,
        jitter: Jitter = no_jitter,
        monotonic: Monotonic = time.monotonic,
        wall: Monotonic = time.time,
    ) -> None:
        self.source: str = source
        self.settings = settings or MarketSettings()
        self.counters = counters or Counters()
        self._candle_source: Source = source
        address = address or Address()
        self._monotonic = monotonic
        self._wall = wall
        self._listeners: list[Listener] = []
        self._feeds: dict[str, PairFeed] = {}
        self._watchers: Counter[tuple[str, str]] = Counter()
        self._clock = ExchangeClock(self.settings.speed)
        self._rules: dict[str, tuple[float, PairRules]] = {}
        self._system = "online"
        self._trouble = "not connected yet"
        self._state = FeedState(ok=False, reason=self._trouble, since_s=0.0)
        self.rest = Rest(
            address.rest,
            settings=self.settings.rest,
            counters=self.counters,
            jitter=jitter,
            monotonic=monotonic,
            venue=venue_of(source),
        )
        self._history = History(address.rest, source, self.settings.rest.public_pause_s, monotonic)
        self._backfill = Backfill(self._history, self.settings.backfill, self.counters, monotonic)
        self._connection = Connection(
            self,
            address,
            settings=self.settings.connection,
            counters=self.counters,
            jitter=jitter,
            monotonic=monotonic,
        )
        self._worker: asyncio.Task[None] | None = None
        self._poller = Poller(self.rest, self.settings.poll_s, self._polled_pairs, self.counters)

    @property
    def state(self) -> FeedState:
        """Whether prices flow now."""
        return self._state

    @property
    def age_s(self) -> float | None:
        """Our seconds since anything was heard, None before that."""
        heard_s = self._connection.heard_s
        return None if heard_s is None else self._monotonic() - heard_s

    def now_s(self) -> float:
        """The exchange's time; ours until it has told its own."""
        return self._clock.now_s(self._monotonic()) if self._clock.is_set else self._wall()

    def listen(self, listener: Listener) -> None:
        """Tell this listener everything from now on."""
        self._listeners.append(listener)

    async def start(self) -> None:
        """Begin to connect; returns at once, and goes on until `close`."""
        self._connection.start()
        if self._worker is None:
            self._worker = asyncio.create_task(self._work(), name="kraken-market")

    async def close(self) -> None:
        """End all connections."""
        self._history.close()
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)
        await self._poller.close()
        await self._backfill.close()
        await self._connection.close()
        await self.rest.close()

    async def watch(self, pair: str, timeframe: str, after_s: int) -> None:
        """Tell quotes of the pair, and each bar of the timeframe that starts at or after `after_s`.

        Returns at once: bars that are over already are fetched as soon as the connection stands, and told
        before any later one. `SettingsError` for a pair or timeframe that is none.
        """
        pair, timeframe = pair_name(pair), timeframe.lower()
        timeframes.length_s(timeframe)
        feed = self._feeds.setdefault(pair, self._new_feed(pair))
        self._watchers[pair, timeframe] += 1
        series = Series(pair, timeframe, after_s, self._candle_source)
        known = feed.series.get(timeframe)
        if known is None or series.told_until_s < known.told_until_s:
            feed.series[timeframe] = series
        self._connection.refresh()

    async def unwatch(self, pair: str, timeframe: str) -> None:
        """Stop telling them, unless somebody else watches them too."""
        pair, timeframe = pair_name(pair), timeframe.lower()
        self._watchers[pair, timeframe] -= 1
        if self._watchers[pair, timeframe] > 0:
            return
        del self._watchers[pair, timeframe]
        feed = self._feeds.get(pair)
        if feed is not None:
            feed.series.pop(timeframe, None)
            if not feed.series:
                del self._feeds[pair]
        self._connection.refresh()

    async def history(self, pair: str, timeframe: str, since_s: int) -> Candles:
        """Closed bars that start at `since_s` or later. `ExchangeError` where they can't be had."""
        pair, timeframe = pair_name(pair), timeframe.lower()
        base = MADE_OF.get(timeframe, timeframe)
        start_s = first_start_s(since_s, timeframe)
        candles, error = await self._history.fetch(pair, base, start_s)
        if error is not None:
            raise error
        if candles is None:
            return no_candles(pair, timeframe, self._candle_source)
        if base == timeframe:
            return candles
        joined = join(bars_of(candles), timeframe, self._candle_source)
        return joined.between(start_s, max(int(self.now_s()), int(candles.end_s[-1])))

    async def rules(self, pair: str) -> PairRules:
        """The rules of the pair, at most a minute old."""
        pair = pair_name(pair)
        now_s = self._monotonic()
        asked_s, rules = self._rules.get(pair, (float("-inf"), None))
        if rules is None or now_s - asked_s > self.settings.rules_s:
            rules = await ask_rules(self.rest, pair)
            self._rules[pair] = (now_s, rules)
        return rules

    def wanted(self) -> list[Params]:
        """The channels of every pair that is watched."""
        return [params for feed in self._feeds.values() for params in feed.wanted()]

    def settled(self, active: frozenset[Name], complete: bool) -> None:
        """Subscriptions stand."""
        for feed in self._feeds.values():
            feed.settle(active)
        if self._trouble and complete:
            behind = [series for series in self._all_series() if series.behind]
            self._backfill.recovering.update(id(series) for series in behind)
        self._trouble = "" if complete else "the exchange refuses a subscription"
        self._update_state()

    def down(self, reason: str) -> None:
        """The connection is lost."""
        self._trouble = f"the connection is lost: {reason}"
        for feed in self._feeds.values():
            feed.lose()
        self._update_state()

    def handle(self, frame: Mapping[str, Any]) -> None:
        """One frame of data."""
        try:
            messages, complaints = read(frame)
        except BadFrame as error:
            self.counters.warn("unknown_frames", reason=str(error))
            return
        for complaint in complaints:
            self.counters.warn("malformed_frames", reason=complaint)
        touched = {feed.pair: feed for feed in self._dispatch(messages)}
        for feed in touched.values():
            self._flush(feed)

    def _dispatch(self, messages: Iterable[Message]) -> Iterable[PairFeed]:
        trades: dict[str, list[Trade]] = {}
        for message in messages:
            if isinstance(message, System):
                self._see_system(message)
            elif isinstance(message, Trade | Ticker | Bar) and self._believes_time(message):
                feed = self._feeds.get(message.pair)
                if feed is None:
                    continue  # no longer watched
                if isinstance(message, Trade):
                    trades.setdefault(message.pair, []).append(message)
                elif isinstance(message, Ticker):
                    feed.see_ticker(message, self.now_s())
                else:
                    feed.see_bar(message)
                yield feed
        for pair, each in trades.items():
            self._feeds[pair].see_trades(each)

    def _believes_time(self, message: Trade | Ticker | Bar) -> bool:
        times = [message.at_s, float(message.start_s)] if isinstance(message, Bar) else [message.at_s]
        now_s = self._monotonic()
        if all(self._clock.hear(at_s, now_s) for at_s in times if at_s is not None):
            return True
        self.counters.warn("absurd_times", pair=message.pair, at_s=message.at_s, now_s=self.now_s())
        return False

    def _see_system(self, system: System) -> None:
        self._system = system.status
        self._rules.clear()
        self._update_state()

    def _update_state(self) -> None:
        reason = self._trouble
        if not reason and self._system != "online":
            reason = f"the exchange is in {self._system}"
        if not reason and self._backfill.recovering:
            reason = "missing candles are being fetched"
        if (not reason) != self._state.ok or reason != self._state.reason:
            self._state = FeedState(ok=not reason, reason=reason, since_s=self.now_s())
            self._tell(self._state)

    def _flush(self, feed: PairFeed) -> None:
        feed.flush(self._tell, self.now_s(), self._monotonic(), self.settings.hold_s)

    def _tell(self, event: MarketEvent) -> None:
        for listener in self._listeners:
            try:
                listener(event)
            except Exception as error:  # noqa: BLE001 - one listener's fault must not silence the others
                self.counters.warn("listener_errors", error=repr(error)[:300])

    def _new_feed(self, pair: str) -> PairFeed:
        return PairFeed(
            pair, self.counters, PriceGuard(self.settings.jump_factor, self.settings.confirmations)
        )

    def _all_series(self) -> list[Series]:
        return [series for feed in self._feeds.values() for series in feed.series.values()]

    async def _work(self) -> None:
        """Time passes: what waits is told, fetched, or asked by REST."""
        while True:
            try:
                self._step()
            except Exception as error:  # noqa: BLE001 - the outermost loop: the market must go on
                self.counters.warn("callback_errors", error=repr(error)[:300], where="worker")
            await asyncio.sleep(self.settings.step_s)

    def _step(self) -> None:
        self._backfill.forget(self._all_series())
        for feed in list(self._feeds.values()):
            self._flush(feed)
            self._backfill.step(feed, self._tell, self.now_s)
        self._update_state()
        if self._trouble and self._feeds:
            self._poller.step(self._see_polled)

    def _polled_pairs(self) -> list[str]:
        return list(self._feeds) if self._trouble else []

    def _see_polled(self, at_s: float, ticker: Ticker) -> None:
        self._clock.hear(at_s, self._monotonic())
        feed = self._feeds.get(ticker.pair)
        if feed is not None and self._trouble:
            feed.see_polled(ticker, self.now_s(), self._tell)
