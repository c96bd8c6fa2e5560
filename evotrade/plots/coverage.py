"""Which bars of a series exist, as a calendar, and its closes as a line to know it by."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go

from evotrade import timeframes
from evotrade.plots.equity import Floats, spans_a_decade
from evotrade.plots.theme import COLOURS, Theme, themed

Counts = npt.NDArray[np.int64]

MOST_MONTHS_OF_DAYS = 24
"""Series over more months than this are drawn as years of months, others as months of days."""

_DAY_S = 86_400
_MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAY_NAMES = tuple(str(day) for day in range(1, 32))
# Classes of the share of bars present, from none to all: one missing bar must not look like none missing.
_CLASS_FROM_PCT = (0.0, 50.0, 90.0, 99.0, 100.0)
_CLASS_NAMES = ("none", "below 50 %", "50 to 90 %", "90 to 99 %", "99 % or more", "all bars")
_MISSING_SHADES = (1.0, 0.8, 0.6, 0.42, 0.25)  # of the colour of what is lost, on the ground
_WHOLE_SHADE = 0.55


class Calendar(NamedTuple):
    """Bars counted by period: a row a year and a column a month, or a row a month and a column a day.

    `bars` and `expected` (rows, columns) count those that exist and those that a series without gaps
    would have from its first bar to its last; 0 are expected outside of it, and on February 30.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    bars: Counts
    expected: Counts

    @property
    def of_days(self) -> bool:
        """Whether a cell is a day; it is a month otherwise."""
        return self.columns == _DAY_NAMES

    @property
    def share_pct(self) -> Floats:
        """(rows, columns) share of the expected bars that exist, in percent; NaN where none is expected."""
        with np.errstate(invalid="ignore"):
            return np.asarray(100.0 * self.bars / self.expected)


def calendar(time_s: Counts, timeframe: str) -> Calendar:
    """The calendar of a series of at least one bar; `time_s` (n,) are the starts in Unix seconds, rising."""
    length = timeframes.length_s(timeframe)
    first, last = (_month_of(int(time)) for time in (time_s[0], time_s[-1]))
    if last - first >= MOST_MONTHS_OF_DAYS or length > _DAY_S:
        months = np.arange(first - first % 12, last + 1, 12)
        rows = tuple(str(1970 + month // 12) for month in months)
        columns: tuple[str, ...] = _MONTH_NAMES
        borders = _start_s(months[:, None] + np.arange(13))
    else:
        months = np.arange(first, last + 1)
        rows = tuple(f"{1970 + month // 12}-{1 + month % 12:02}" for month in months)
        columns = _DAY_NAMES
        borders = _start_s(months)[:, None] + _DAY_S * np.arange(32)
        borders = np.minimum(borders, _start_s(months + 1)[:, None])
    whole = (time_s[-1] - time_s[0]) // length + 1
    before = np.clip(-((time_s[0] - borders) // length), 0, whole)  # bars of a whole series before a border
    return Calendar(rows, columns, np.diff(np.searchsorted(time_s, borders)), np.diff(before))


def _month_of(time_s: int) -> int:
    """Months since 1970."""
    return int(np.datetime64(time_s, "s").astype("datetime64[M]").astype(np.int64))


def _start_s(months: Counts) -> Counts:
    """Unix seconds at which months since 1970 begin."""
    return np.asarray(months.astype("datetime64[M]").astype("datetime64[s]").astype(np.int64))


def coverage_figure(counted: Calendar, theme: Theme = "light") -> go.Figure:
    """The calendar as a heat map: whole periods in one colour, others the redder the more is missing."""
    share = counted.share_pct
    classes = np.where(counted.bars == 0, 0, 1 + np.digitize(share, _CLASS_FROM_PCT[1:]))
    shades = _shades(theme)
    figure = go.Figure(
        go.Heatmap(
            z=np.where(counted.expected == 0, np.nan, classes.astype(np.float64)),
            x=counted.columns,
            y=counted.rows,
            zmin=-0.5,
            zmax=len(shades) - 0.5,
            colorscale=_steps(shades),
            xgap=2,
            ygap=2,
            hoverongaps=False,
            text=_texts(counted),
            texttemplate="" if counted.of_days else "%{text}",
            customdata=_hovers(counted),
            hovertemplate="%{customdata}<extra></extra>",
            colorbar=_legend(),
        )
    )
    figure.update_xaxes(type="category", side="top", showgrid=False, fixedrange=True)
    figure.update_yaxes(type="category", autorange="reversed", showgrid=False, fixedrange=True)
    return themed(figure, theme)


def _legend() -> dict[str, Any]:
    return {
        "orientation": "h",
        "y": 0,
        "yanchor": "top",
        "x": 0,
        "xanchor": "left",
        "len": 1,
        "thickness": 8,
        "outlinewidth": 0,
        "tickvals": list(range(len(_CLASS_NAMES))),
        "ticktext": _CLASS_NAMES,
    }


def _texts(counted: Calendar) -> list[list[str]]:
    """The share where something is missing, never rounded up to all."""
    share = np.floor(10 * np.nan_to_num(counted.share_pct)) / 10
    missing = counted.bars < counted.expected
    return [
        [f"{pct:.1f} %" if lacks else "" for pct, lacks in zip(*row, strict=True)]
        for row in zip(share, missing, strict=True)
    ]


def _hovers(counted: Calendar) -> list[list[str]]:
    found = []
    for row, bars, expected in zip(counted.rows, counted.bars, counted.expected, strict=True):
        periods = (f"{row}-{name:0>2}" if counted.of_days else f"{name} {row}" for name in counted.columns)
        found.append([_hover(*cell) for cell in zip(periods, bars, expected, strict=True)])
    return found


def _hover(period: str, bars: int, expected: int) -> str:
    missing = f"{expected - bars:,} missing" if bars < expected else "none missing"
    return f"{period}: {bars:,} of {expected:,} bars, {missing}"


def _shades(theme: Theme) -> tuple[str, ...]:
    """A colour a class, from no bar to all bars."""
    colours = COLOURS[theme]
    missing = (_mixed(colours.drawdown, colours.ground, share) for share in _MISSING_SHADES)
    return (*missing, _mixed(colours.strategy, colours.ground, _WHOLE_SHADE))


def _mixed(colour: str, ground: str, share: float) -> str:
    pairs = ((int(colour[at : at + 2], 16), int(ground[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(share * over + (1 - share) * under):02X}" for over, under in pairs)


def _steps(shades: Sequence[str]) -> list[tuple[float, str]]:
    """A colour scale of flat steps, one for each whole number."""
    n = len(shades)
    return [(edge / n, shade) for place, shade in enumerate(shades) for edge in (place, place + 1)]


def close_figure(
    time: pd.DatetimeIndex, close: Floats, *, theme: Theme = "light", quote: str = ""
) -> go.Figure:
    """Closes as a line, in quote currency; a price that grew tenfold is on a logarithmic scale that says so.

    `time` (n,) UTC and `close` (n,) should be thinned already, see `Store.closes`.
    """
    quote = escape(quote)  # Plotly reads some HTML in titles
    scale = "log" if spans_a_decade(close) else "linear"
    figure = go.Figure(
        go.Scatter(
            x=time.tz_localize(None).to_numpy(),  # with a zone Plotly would copy each time by itself
            y=close,
            name="Close",
            mode="lines",
            line={"width": 1.5, "color": COLOURS[theme].strategy},
            hovertemplate=f"%{{y:,.6~f}} {quote}".rstrip() + "<extra></extra>",
        )
    )
    title = ", ".join(part for part in ("Close", quote, scale if scale == "log" else "") if part)
    figure.update_yaxes(title_text=title, type=scale)
    figure.update_layout(hovermode="x unified", showlegend=False)
    return themed(figure, theme)
