"""The trading floor: one market for all sessions; what it tells reaches each session that it concerns."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import structlog

from evotrade import timeframes
from evotrade.desk.checks import check_history
from evotrade.desk.counters import Counters
from evotrade.desk.lines import Line, Member
from evotrade.desk.runner import Runner
from evotrade.engine.session.events import FeedBack, FeedLost
from evotrade.exchange.protocols import ClosedBars, FeedState, Market, MarketEvent, Quote
from evotrade.market.candles import Candles

Key = tuple[str, str]
"""Pair and timeframe."""

Keep = Callable[[Candles], None]
"""Takes candles to be stored, at once and without waiting."""

TellFeed = Callable[[bool, str], None]
"""Takes whether prices flow, and why not."""

_FURTHER_BACK = (1, 2, 6)  # times the bars needed: a market that hardly trades has gaps
_SPARE_BARS = 2
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Past:
    """Bars before a session's first one: `candles` as far as they are needed, up to `next_start_s`."""

    candles: Candles
    next_start_s: int


class Floor:
    """Lines of bars, the sessions on them, and how the feed is. Used in the daemon's event loop."""

    def __init__(self, market: Market, counters: Counters, keep: Keep, tell_feed: TellFeed) -> None:
        self.market = market
        self.feed = FeedState(False, "not connected yet", 0.0)
        self.runners: dict[int, Runner] = {}
        self._counters, self._keep, self._tell_feed = counters, keep, tell_feed
        self._lines: dict[Key, Line] = {}
        self._locks: dict[Key, asyncio.Lock] = {}
        market.listen(self.on_event)

    @property
    def lines(self) -> Mapping[Key, Line]:
        """All lines, by pair and timeframe."""
        return self._lines

    # Coming and going

    async def past(self, pair: str, timeframe: str, lookback: int) -> Past:
        """History for a session that starts now. `SessionRefused` where bars of its lookback are lacking."""
        line = self._lines.get((pair, timeframe))
        until_s = line.next_start_s if line else None
        if line is not None and len(line.candles) >= lookback:
            candles = line.candles
        else:
            candles = await self.history(pair, timeframe, lookback, until_s)
            self._keep(candles)
        check_history(len(candles), lookback, timeframe, pair)
        next_start_s = until_s or int(candles.end_s[-1]) if len(candles) else until_s or 0
        return Past(candles[max(0, len(candles) - lookback) :], next_start_s)

    async def history(self, pair: str, timeframe: str, bars: int, until_s: int | None) -> Candles:
        """At least so many closed bars that end at `until_s` (now where None), if they can be had.

        Raises `ExchangeError`.
        """
        length_s = timeframes.length_s(timeframe)
        end_s = self.market.now_s() if until_s is None else float(until_s)
        found = 0
        for times in _FURTHER_BACK:
            since_s = int(end_s) - length_s * (times * bars + _SPARE_BARS)
            candles = await self.market.history(pair, timeframe, since_s)
            if until_s is not None:
                candles = candles.between(0, until_s)
            if len(candles) >= bars or len(candles) == found:
                break
            found = len(candles)
        return candles

    async def admit(self, runner: Runner, member: Member, past: Candles | None = None) -> None:
        """Let a session decide from its next bar on: missed bars first, then those to come.

        `past` are bars before `member.next_start_s`, fetched where None. Raises `ExchangeError`.
        """
        plan = runner.core.plan
        key = plan.pair, plan.timeframe
        async with self._locks.setdefault(key, asyncio.Lock()):
            line = self._lines.get(key)
            if line is None:
                line = Line(await self._since(runner, member, past))
            else:
                await self._deepen(line, member, past)
            self._lines[key] = line
            line.join(runner.session_id, member)
            self.runners[runner.session_id] = runner
            self._catch_up(runner, line)
            if not self.feed.ok:
                runner.feed(FeedLost(self.market.now_s(), self.feed.reason))
            if len(line) == 1:
                await self.market.watch(*key, after_s=line.next_start_s)

    async def dismiss(self, runner: Runner) -> None:
        """A session has ended: it hears of nothing any more."""
        plan = runner.core.plan
        key = plan.pair, plan.timeframe
        async with self._locks.setdefault(key, asyncio.Lock()):
            self.runners.pop(runner.session_id, None)
            line = self._lines.get(key)
            if line is None:
                return
            line.leave(runner.session_id)
            if not len(line):
                del self._lines[key]
                await self.market.unwatch(*key)

    async def _since(self, runner: Runner, member: Member, past: Candles | None) -> Candles:
        """Bars for a new line: the lookback before the member's next bar, and all since then."""
        plan = runner.core.plan
        if past is not None:
            return past
        lookback = member.genome.lookback(plan.timeframe)
        before = await self.history(plan.pair, plan.timeframe, lookback, member.next_start_s)
        start_s = int(before.time_s[0]) if len(before) else member.next_start_s
        candles = await self.market.history(plan.pair, plan.timeframe, start_s)
        self._keep(candles)
        return candles

    async def _deepen(self, line: Line, member: Member, past: Candles | None) -> None:
        """Older bars for a line that begins too late for this member."""
        timeframe = line.candles.timeframe
        lookback = member.genome.lookback(timeframe)
        held = line.candles.between(0, member.next_start_s)
        if len(held) >= lookback:
            return
        older = past
        if older is None:
            older = await self.history(line.candles.pair, timeframe, lookback, member.next_start_s)
        line.extend_back(older)

    def _catch_up(self, runner: Runner, line: Line) -> None:
        now_s = self.market.now_s()
        for bar in line.catch_up(runner.session_id, now_s):
            runner.decide(bar, now_s)

    # Market events

    def on_event(self, event: MarketEvent) -> None:
        """Take in what the market tells; never raises."""
        try:
            match event:
                case Quote():
                    self._on_quote(event)
                case ClosedBars():
                    self._on_bars(event)
                case FeedState():
                    self._on_feed(event)
        except Exception:  # noqa: BLE001 - the connection that all sessions share must live on
            self._counters.add("market_event_failures")
            _log.exception("market event failed", kind=type(event).__name__)

    def _on_quote(self, quote: Quote) -> None:
        self._counters.add("quotes")
        self._counters.peak("oldest_quote_s", self.market.now_s() - quote.at_s)
        for runner in self._on_pair(quote.pair):
            runner.see(quote)

    def _on_bars(self, event: ClosedBars) -> None:
        candles = event.candles
        line = self._lines.get((candles.pair, candles.timeframe))
        if line is None:
            return
        self._counters.add("bars", len(candles))
        now_s = self.market.now_s() if event.late else event.at_s
        for told in line.take(candles, now_s, event.late):
            for bar in told:
                runner = self.runners.get(bar.session_id)
                if runner is not None:
                    runner.decide(bar, event.at_s)
        self._keep(candles)

    def _on_feed(self, state: FeedState) -> None:
        if state.ok == self.feed.ok and state.reason == self.feed.reason:
            return
        self.feed = state
        _log.warning("feed", ok=state.ok, reason=state.reason)
        self._counters.add("feed_back" if state.ok else "feed_lost")
        at_s = self.market.now_s()
        for runner in list(self.runners.values()):
            runner.feed(FeedBack(at_s) if state.ok else FeedLost(at_s, state.reason))
        self._tell_feed(state.ok, state.reason)

    def _on_pair(self, pair: str) -> Iterator[Runner]:
        return (runner for runner in list(self.runners.values()) if runner.core.plan.pair == pair)
