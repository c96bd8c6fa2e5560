"""Trades on candles: where a simulation bought and sold, and what came of it."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from html import escape
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from evotrade import timeframes
from evotrade.engine.fills import Trades
from evotrade.market.candles import Candles, bar_start_s
from evotrade.plots.equity import spans_a_decade
from evotrade.plots.theme import COLOURS, Colours, Theme, themed

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Places = npt.NDArray[np.intp]

DRAWN_CANDLES = 1_500
"""Most candles that are drawn: beyond that they are narrower than a pixel."""

DRAWN_TRADES = 1_000
"""Most trades that are drawn, the latest ones: every marker is an element of the page."""

_DIGITS = 5
_MARGIN = 0.04  # of the height, above and below the candles
_TIME = "%Y-%m-%d %H:%M UTC"


class Bars(NamedTuple):
    """(n,) bars as they are drawn: starts in Unix seconds, prices in quote currency."""

    start_s: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats


def drawn_timeframe(candles: Candles, most: int = DRAWN_CANDLES) -> str:
    """The shortest timeframe at which `candles` are at most `most` bars, the longest where none is short."""
    base_s = timeframes.length_s(candles.timeframe)
    fitting = [name for name, length_s in timeframes.SECONDS.items() if length_s % base_s == 0]
    return next((name for name in fitting if len(_firsts(candles, name)) <= most), fitting[-1])


def coarser(candles: Candles, timeframe: str) -> Bars:
    """The candles as bars of `timeframe`, every one of them, the first and last as far as they go.

    To look at only: whoever decides on longer bars must not see unfinished ones, see `market.resample`.
    """
    first = _firsts(candles, timeframe)
    if not len(first):
        return Bars(candles.time_s, candles.open, candles.high, candles.low, candles.close)
    return Bars(
        bar_start_s(candles.time_s[first], timeframe),
        candles.open[first],
        np.maximum.reduceat(candles.high, first),
        np.minimum.reduceat(candles.low, first),
        candles.close[np.append(first[1:], len(candles)) - 1],
    )


def _firsts(candles: Candles, timeframe: str) -> Places:
    """Places of the bars with which a bar of `timeframe` begins."""
    return np.flatnonzero(np.diff(bar_start_s(candles.time_s, timeframe), prepend=-1))


def touching(trades: Trades, candles: Candles) -> Places:
    """Places of the trades that were open at some time within `candles`."""
    if not len(candles):
        return np.array([], dtype=np.intp)
    left = np.where(trades.exit_time_s < 0, candles.end_s[-1], trades.exit_time_s)
    return np.flatnonzero((trades.entry_time_s <= candles.end_s[-1]) & (left >= candles.time_s[0]))


def price_decimals(price: float) -> int:
    """Decimals that show a price to five digits, at least two: 2 for 43,210.50, and 9 for 0.000012345."""
    return max(2, _DIGITS - 1 - math.floor(math.log10(price))) if price > 0 else 2


def trades_figure(
    candles: Candles,
    trades: Trades,
    theme: Theme = "light",
    *,
    quote: str = "",
    chosen: int | None = None,
) -> go.Figure:
    """Candlesticks with entries, exits and a line from each to the other; results stand where one points.

    `candles` are the stretch to draw, as bars of `drawn_timeframe`; of `trades` those that touch it, at most
    the latest `DRAWN_TRADES`, each under its number, counted from 1; `chosen` is the place of one that is
    marked. The scale is logarithmic where prices span a decade, and says so.
    """
    places = touching(trades, candles)[-DRAWN_TRADES:]
    view = _View(candles, trades, places, COLOURS[theme], escape(quote))  # Plotly reads some HTML in texts
    figure = go.Figure(_candlesticks(view))
    if len(candles):
        figure.add_traces([*_lines(view), *_markers(view)])
        _set_ranges(figure, view)
    if chosen is not None and chosen in places:
        _mark(figure, view, chosen)
    figure.update_layout(hovermode="closest", xaxis_rangeslider_visible=False)
    return themed(figure, theme)


class _View(NamedTuple):
    candles: Candles
    trades: Trades
    places: Places
    colours: Colours
    quote: str

    @property
    def still_open(self) -> npt.NDArray[np.bool_]:
        """(k,) of the trades drawn."""
        return self.trades.exit_time_s[self.places] < 0


def _candlesticks(view: _View) -> go.Candlestick:
    timeframe = drawn_timeframe(view.candles)
    bars, colours = coarser(view.candles, timeframe), view.colours
    return go.Candlestick(
        x=_utc(bars.start_s),
        open=bars.open,
        high=bars.high,
        low=bars.low,
        close=bars.close,
        # a bar is as wide as its time, so that a fill at its open lies at its left edge
        xperiod=1_000 * timeframes.length_s(timeframe),
        xperiodalignment="middle",
        increasing={"line": {"color": colours.rising, "width": 1}, "fillcolor": colours.rising},
        decreasing={"line": {"color": colours.falling, "width": 1}, "fillcolor": colours.falling},
        xhoverformat=_TIME,
        yhoverformat=f",.{price_decimals(float(bars.low.min() if len(bars.low) else 0))}f",
        name=f"Bar of {timeframe}",
        showlegend=False,
    )


def _lines(view: _View) -> list[go.Scatter]:
    """A line from each entry to its exit: a gain, a loss, or still open."""
    colours, gained = view.colours, view.trades.return_pct[view.places] > 0
    kinds = (
        ("Gain", colours.strategy, "solid", gained),
        ("Loss", colours.falling, "dash", ~gained & ~view.still_open),
        ("Open", colours.muted, "dot", view.still_open),
    )
    return [
        go.Scatter(
            **_segments(view._replace(places=view.places[of_kind])),
            name=name,
            mode="lines",
            line={"color": colour, "dash": dash, "width": 1.5},
            hoverinfo="skip",
        )
        for name, colour, dash, of_kind in kinds
        if of_kind.any()
    ]


def _segments(view: _View) -> dict[str, object]:
    """Points of lines that are apart: entry, exit, nothing; an open trade goes on to the last close."""
    trades, places, candles = view.trades, view.places, view.candles
    end_s = np.where(view.still_open, candles.end_s[-1], trades.exit_time_s[places])
    end_price = np.where(view.still_open, candles.close[-1], trades.exit_price[places])
    time_s = np.column_stack([trades.entry_time_s[places], end_s, end_s])
    price = np.column_stack([trades.entry_price[places], end_price, np.full(len(places), np.nan)])
    return {"x": _utc(time_s.ravel()), "y": price.ravel()}


def _markers(view: _View) -> list[go.Scatter]:
    trades, colours = view.trades, view.colours
    closed = view.places[~view.still_open]
    return [
        go.Scatter(
            x=_utc(time_s[places]),
            y=price[places],
            name=name,
            mode="markers",
            marker={
                "symbol": symbol,
                "size": 12,
                "color": colour,
                "line": {"color": colours.ground, "width": 1},
            },
            text=[_said(view, name, place, time_s[place], price[place]) for place in places.tolist()],
            hovertemplate="%{text}<extra></extra>",
        )
        for name, symbol, colour, places, time_s, price in (
            ("Buy", "triangle-up", colours.buy, view.places, trades.entry_time_s, trades.entry_price),
            ("Sell", "triangle-down", colours.sell, closed, trades.exit_time_s, trades.exit_price),
        )
    ]


def _said(view: _View, name: str, place: int, time_s: int, price: float) -> str:
    amount = f"{price:,.{price_decimals(price)}f} {view.quote}".rstrip()
    when = f"{datetime.fromtimestamp(time_s, UTC):{_TIME}}"
    return (
        f"<b>Trade {place + 1:,}: {name.lower()}</b> at {amount}<br>{when}<br>{_outcome(view.trades, place)}"
    )


def _outcome(trades: Trades, place: int) -> str:
    bars = f"{trades.bars_held[place]:,} bars"
    if trades.exit_time_s[place] < 0:
        return f"still open after {bars}"
    result = f"{trades.return_pct[place]:+,.2f} %".replace("-", "−")
    return f"{result} in {bars}, closed by {trades.reason[place].replace('_', ' ')}"


def _set_ranges(figure: go.Figure, view: _View) -> None:
    """Axes as the candles need them: a trade that began long before must not squeeze them."""
    candles, trades, places = view.candles, view.trades, view.places
    start_s, end_s = int(candles.time_s[0]), int(candles.end_s[-1])
    times_s = np.concatenate([trades.entry_time_s[places], trades.exit_time_s[places]])
    prices = np.concatenate([trades.entry_price[places], trades.exit_price[places]])
    seen = prices[(times_s >= start_s) & (times_s <= end_s)]
    ends = np.array([seen.min(initial=candles.low.min()), seen.max(initial=candles.high.max())])
    scale = "log" if spans_a_decade(candles.low, candles.high) else "linear"
    if scale == "log":
        ends = np.log10(ends)
    margin = _MARGIN * (ends[1] - ends[0])
    title = ", ".join(part for part in ("Price", view.quote, scale if scale == "log" else "") if part)
    figure.update_yaxes(title_text=title, type=scale, range=[ends[0] - margin, ends[1] + margin])
    figure.update_xaxes(range=list(_utc(np.array([start_s, end_s]))))


def _mark(figure: go.Figure, view: _View, chosen: int) -> None:
    entry_s, exit_s = view.trades.entry_time_s[chosen], view.trades.exit_time_s[chosen]
    start, end = _utc(np.array([entry_s, exit_s if exit_s >= 0 else view.candles.end_s[-1]]))
    figure.add_vrect(x0=start, x1=end, fillcolor=view.colours.grid, opacity=0.5, line_width=0, layer="below")


def _utc(time_s: Ints) -> npt.NDArray[np.datetime64]:
    """Without a zone, since with one Plotly would copy each time by itself; it shows them as they are."""
    return time_s.astype("datetime64[s]")
