"""A live session as it went: profit and position over time, its bars with its fills, where profit differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from evotrade.plots.equity import thin
from evotrade.plots.theme import COLOURS, Colours, Theme, themed
from evotrade.plots.trades import DRAWN_CANDLES, price_decimals

Times = npt.NDArray[np.datetime64]

DRAWN_FILLS = 500
"""Most fills that are drawn, the latest ones: every marker is an element of the page."""

_LEAST = 0.005
_TIME = "%Y-%m-%d %H:%M:%S UTC"


@dataclass(frozen=True, slots=True)
class Moment:
    """What a session was worth at a time (UTC): `pnl` in quote currency, `price` the last one."""

    at: datetime
    price: float
    pnl: float


@dataclass(frozen=True, slots=True)
class FillMark:
    """One execution: `side` is buy or sell, `quantity` and `position_after` in base currency."""

    at: datetime
    side: str
    quantity: float
    price: float
    position_after: float


@dataclass(frozen=True, slots=True)
class SessionBar:
    """A bar that a session decided on, `start` in UTC; `missed`: why its signal could not trade, or ""."""

    start: datetime
    open: float
    high: float
    low: float
    close: float
    missed: str


def pnl_figure(
    moments: Sequence[Moment],
    fills: Sequence[FillMark],
    theme: Theme = "light",
    *,
    quote: str = "",
    base: str = "",
) -> go.Figure:
    """Profit over time, and below it the position, a step at each fill.

    Of many moments about 3 000 are drawn, see `thin`. Fills before the first moment count for what was
    held there.
    """
    colours = COLOURS[theme]
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.68, 0.32], vertical_spacing=0.06)
    drawn = _thinned(moments)
    figure.add_trace(_profit(drawn, colours, escape(quote)), row=1, col=1)
    figure.add_trace(_position(drawn, fills, colours, escape(base)), row=2, col=1)
    figure.add_hline(y=0, line={"color": colours.muted, "width": 1, "dash": "dot"}, row=1, col=1)
    figure.update_yaxes(title_text=_titled("P&L", quote), row=1, col=1)
    figure.update_yaxes(title_text=_titled("Position", base), rangemode="tozero", row=2, col=1)
    if not any(fill.position_after or fill.quantity for fill in fills):
        figure.update_yaxes(range=[0, 1], showticklabels=False, row=2, col=1)  # not a scale around nothing
    figure.update_layout(hovermode="x unified", showlegend=False)
    return themed(figure, theme)


def _titled(name: str, unit: str) -> str:
    return f"{name}, {escape(unit)}" if unit else name


def _thinned(moments: Sequence[Moment]) -> list[Moment]:
    if not moments:
        return []
    return [moments[place] for place in thin(np.array([one.pnl for one in moments])).tolist()]


def _profit(moments: Sequence[Moment], colours: Colours, quote: str) -> go.Scatter:
    return go.Scatter(
        x=_utc([one.at for one in moments]),
        y=[one.pnl for one in moments],
        name="P&L",
        mode="lines" if len(moments) > 1 else "markers",
        line={"width": 1.5, "color": colours.strategy},
        hovertemplate=f"%{{y:+,.2f}} {quote}".rstrip() + "<extra></extra>",
    )


def _position(
    moments: Sequence[Moment], fills: Sequence[FillMark], colours: Colours, base: str
) -> go.Scatter:
    """A step line from the first moment to the last."""
    first = moments[0].at if moments else None
    before = [fill for fill in fills if first is not None and fill.at < first]
    steps = [(fill.at, fill.position_after) for fill in fills if first is None or fill.at >= first]
    if first is not None:
        steps.insert(0, (first, before[-1].position_after if before else 0.0))
        steps.append((max(moments[-1].at, steps[-1][0]), steps[-1][1]))
    return go.Scatter(
        x=_utc([at for at, _ in steps]),
        y=[held for _, held in steps],
        name="Position",
        mode="lines",
        line={"width": 1.5, "color": colours.buy, "shape": "hv"},
        fill="tozeroy",
        fillcolor=_soft(colours.buy),
        hovertemplate=f"%{{y:,.8~f}} {base}".rstrip() + "<extra></extra>",
    )


def session_figure(
    bars: Sequence[SessionBar],
    fills: Sequence[FillMark],
    length_s: int,
    theme: Theme = "light",
    *,
    quote: str = "",
    running: SessionBar | None = None,
) -> go.Figure:
    """The session's bars as candlesticks with its fills, and a cross at each bar whose signal was missed.

    `length_s` is the length of a bar in seconds; `running` is the bar that has not closed yet, drawn paler.
    At most the latest `DRAWN_CANDLES` bars and `DRAWN_FILLS` fills are drawn.
    """
    colours = COLOURS[theme]
    shown = list(bars)[-DRAWN_CANDLES:]
    figure = go.Figure([_candles(shown, length_s, colours, "Bar")])
    if running is not None:
        figure.add_trace(_candles([running], length_s, colours, "Running bar", opacity=0.45))
    since = min((bar.start for bar in [*shown, *filter(None, [running])]), default=None)
    seen = [fill for fill in fills if since is None or fill.at >= since][-DRAWN_FILLS:]
    figure.add_traces([_marks(seen, "buy", colours, quote), _marks(seen, "sell", colours, quote)])
    figure.add_trace(_missed(shown, length_s, colours))
    figure.update_yaxes(title_text=_titled("Price", quote))
    figure.update_layout(hovermode="closest", xaxis_rangeslider_visible=False)
    return themed(figure, theme)


def _candles(
    bars: Sequence[SessionBar], length_s: int, colours: Colours, name: str, opacity: float = 1.0
) -> go.Candlestick:
    rising = {"line": {"color": colours.rising, "width": 1}, "fillcolor": colours.rising}
    falling = {"line": {"color": colours.falling, "width": 1}, "fillcolor": colours.falling}
    return go.Candlestick(
        x=_utc([bar.start for bar in bars]),
        open=[bar.open for bar in bars],
        high=[bar.high for bar in bars],
        low=[bar.low for bar in bars],
        close=[bar.close for bar in bars],
        xperiod=1_000 * length_s,
        xperiodalignment="middle",
        increasing=rising,
        decreasing=falling,
        opacity=opacity,
        xhoverformat=_TIME,
        yhoverformat=f",.{price_decimals(min((bar.low for bar in bars), default=0.0))}f",
        name=name,
        showlegend=False,
    )


def _marks(fills: Sequence[FillMark], side: str, colours: Colours, quote: str) -> go.Scatter:
    of_side = [fill for fill in fills if fill.side == side]
    return go.Scatter(
        x=_utc([fill.at for fill in of_side]),
        y=[fill.price for fill in of_side],
        name=side.capitalize(),
        mode="markers",
        marker={
            "symbol": "triangle-up" if side == "buy" else "triangle-down",
            "size": 12,
            "color": colours.buy if side == "buy" else colours.sell,
            "line": {"color": colours.ground, "width": 1},
        },
        text=[_said(fill, escape(quote)) for fill in of_side],
        hovertemplate="%{text}<extra></extra>",
        showlegend=bool(of_side),
    )


def _said(fill: FillMark, quote: str) -> str:
    price = f"{fill.price:,.{price_decimals(fill.price)}f} {quote}".rstrip()
    when = f"{fill.at.astimezone(UTC):{_TIME}}"
    return f"<b>{fill.side.capitalize()}</b> {fill.quantity:.8g} at {price}<br>{when}"


def _missed(bars: Sequence[SessionBar], length_s: int, colours: Colours) -> go.Scatter:
    missed = [bar for bar in bars if bar.missed]
    ends = _utc([bar.start for bar in missed]) + np.timedelta64(length_s, "s")
    return go.Scatter(
        x=ends,
        y=[bar.close for bar in missed],
        name="Missed signal",
        mode="markers",
        marker={"symbol": "x", "size": 9, "color": colours.muted},
        text=[escape(bar.missed) for bar in missed],
        hovertemplate="Missed signal: %{text}<extra></extra>",
        showlegend=bool(missed),
    )


def split_figure(
    backtest: float, parts: Mapping[str, float], live: float, theme: Theme = "light", *, quote: str = ""
) -> go.Figure:
    """From the backtest's profit to the live one, a step for each cause; all in quote currency."""
    colours = COLOURS[theme]
    labels = ["Backtest", *(name.replace("_", " ").capitalize() for name in parts), "Live"]
    values = [backtest, *parts.values(), live]
    bars: dict[str, Any] = {"decreasing": colours.falling, "increasing": colours.rising}
    figure = go.Figure(
        go.Waterfall(
            x=labels,
            y=values,
            measure=["absolute", *["relative"] * len(parts), "total"],
            text=[_amount(value) for value in values],
            textposition="outside",
            cliponaxis=False,
            connector={"line": {"color": colours.muted, "width": 1}},
            totals={"marker": {"color": colours.strategy}},
            hovertemplate="%{x}: %{text}<extra></extra>",
            **{name: {"marker": {"color": colour}} for name, colour in bars.items()},
        )
    )
    figure.update_yaxes(title_text=_titled("P&L", quote))
    return themed(figure, theme)


def _amount(value: float) -> str:
    """Signed, with two decimals; what rounds to nothing has no sign."""
    return f"{value:+,.2f}".replace("-", "−") if abs(value) >= _LEAST else "0.00"


def _soft(colour: str) -> str:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, 0.15)"


def _utc(times: Sequence[datetime]) -> Times:
    """Without a zone, since with one Plotly would copy each time by itself; it shows them as they are."""
    plain = [time.astimezone(UTC).replace(tzinfo=None) for time in times]
    return np.array(plain, dtype="datetime64[ms]")
