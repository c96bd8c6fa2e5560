"""A session against the backtest of its own bars: do decisions agree, and where does the profit differ?"""

from __future__ import annotations

from decimal import Decimal

import pandas as pd
import streamlit as st

from evotrade.errors import DataError, SessionError
from evotrade.plots.session import split_figure
from evotrade.ui.charts import draw, theme_in_force
from evotrade.ui.desk import reads, words
from evotrade.ui.desk.reads import JSON
from evotrade.ui.formats import counted
from evotrade.ui.text import as_markdown, sentence

_CHART_PX = 280
_LEAST_WIDTH_PX = 380
_ROW_PX = 28
_MISSED_SHOWN = 50

_CAUSES = {
    "signal": ("Signal", "Bars or decisions other than the series'"),
    "price": ("Price", "Spread, slippage, ticks, rounding, sizes"),
    "fee": ("Fee", "Fees other than those of its terms"),
    "latency": ("Latency", "The market moved before a fill"),
    "missed_bars": ("Missed bars", "Signals it could not act on"),
}


def show(session: JSON) -> None:
    """The parity badge, the first bar that differs, and the split of the difference in profit."""
    try:
        found = reads.verification(session["session_id"], session["status"])
    except (SessionError, DataError) as error:
        st.caption(f":material/compare_arrows: Nothing to compare yet: {sentence(error)}")
        return
    _badge(found)
    quote = words.names(session)[1]
    with st.grid(2, min_column_width=_LEAST_WIDTH_PX):
        _table(found, quote)
        _figure(found, quote, session["session_id"])
    for note in found["notes"]:
        st.caption(f":material/info: {as_markdown(note)}")
    _missed(found)


def _badge(found: JSON) -> None:
    bars = counted(found["bars"], "bar")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if found["agrees"]:
            st.badge(f"Decisions equal on all of {bars}", icon=":material/verified:", color="green")
        else:
            differing = f"Decisions differ on {found['differing_bars']:,} of {bars}"
            st.badge(differing, icon=":material/difference:", color="red")
            if found["first_difference"]:
                first = words.moment(found["first_difference"])
                st.caption(f"The first that differs is the bar of {as_markdown(first)}", width="content")
    st.caption("The session's bars, replayed through the backtest's evaluator and its simulation.")


def _table(found: JSON, quote: str) -> None:
    """Backtest, each cause, and live: the lines between sum to the difference exactly."""
    difference = Decimal(found["live_pnl"]) - Decimal(found["backtest_pnl"])
    rows = [
        ("Backtest P&L", found["backtest_pnl"], "What the same bars give in the backtest"),
        *(
            (_CAUSES.get(name, (name, ""))[0], amount, _CAUSES.get(name, ("", ""))[1])
            for name, amount in found["parts"].items()
        ),
        ("Difference", str(difference), "Sum of the lines above but the first"),
        ("Live P&L", found["live_pnl"], "What the session made"),
    ]
    st.dataframe(
        pd.DataFrame(
            {
                "": [label for label, _, _ in rows],
                "P&L": [words.exact(amount, quote) for _, amount, _ in rows],
                "What it is": [said for _, _, said in rows],
            }
        ),
        hide_index=True,
        height="content",
        row_height=_ROW_PX,
        column_config={
            "": st.column_config.TextColumn(width=110),
            "P&L": st.column_config.TextColumn(alignment="right", width=150),
        },
        alt="Live P&L, that of the backtest, and the difference by cause",
    )


def _figure(found: JSON, quote: str, session_id: int) -> None:
    parts = {_CAUSES.get(name, (name, ""))[0]: float(amount) for name, amount in found["parts"].items()}
    backtest, live = float(found["backtest_pnl"]), float(found["live_pnl"])
    figure = split_figure(backtest, parts, live, theme_in_force(), quote=quote)
    draw(figure, "split", _CHART_PX, f"From the backtest's P&L to that of session {session_id}, by cause")


def _missed(found: JSON) -> None:
    missed = found["missed_bars"]
    if not missed:
        return
    with st.expander(f"{counted(len(missed), 'missed bar')}", icon=":material/event_busy:"):
        st.caption("Bars whose signal could not trade:")
        st.text("\n".join(words.moment(bar) for bar in missed[-_MISSED_SHOWN:]))
