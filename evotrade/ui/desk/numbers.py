"""One session in numbers: who it is, how it stands, what can be done with it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from evotrade.ui import navigation
from evotrade.ui.desk import questions, words
from evotrade.ui.desk.questions import Question
from evotrade.ui.desk.reads import JSON, Snapshot
from evotrade.ui.text import as_markdown, shortened

_REASON = 300


def show(session: JSON, desk: Snapshot) -> None:
    """Heading with actions, and cards; grey while the numbers are old."""
    heading(session, acts=not desk.trouble, is_known=not desk.trouble)
    cards(session, is_stale=desk.is_stale)


def heading(session: JSON, *, acts: bool, is_known: bool = True) -> None:
    """What the session is, its state with the reason if that still is so, its actions if they can be done."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="session heading"):
        pair = as_markdown(f"{session['pair']} {session['timeframe']}")
        st.subheader(f"Session {session['session_id']} · {pair}", anchor=False, width="content")
        state = session["status"]
        colour: Any = words.COLOURS.get(state, "gray") if is_known else "gray"
        st.badge(state if is_known else f"was {state}", color=colour, help=words.meaning(state))
        if session["dry_run"]:
            st.badge("paper", icon=":material/description:", color="gray")
        else:
            st.badge("real orders", icon=":material/payments:", color="red")
        st.page_link(
            navigation.cells_page(),
            label=f"Cell {session['cell_id']}",
            icon=":material/grid_view:",
            query_params={"cell": str(session["cell_id"])},
        )
        st.space("stretch")
        if acts:
            _actions(session)
    limits = words.limits(session)
    parts = (
        f"{state.capitalize()}: {shortened(session['reason'], _REASON)}" if session["reason"] else "",
        f"begun {words.moment(session['start_time'])} by {session['owner'] or 'nobody named'}",
        f"{words.money(session['allocation'], words.names(session)[1])} allocated",
        f"limits: {limits}" if limits else "no risk limits",
    )
    st.caption(as_markdown(" · ".join(filter(None, parts))))


def _actions(session: JSON) -> None:
    number, state = session["session_id"], session["status"]
    if state == "halted":
        st.button(
            "Resume",
            icon=":material/play_arrow:",
            key=f"resume {number}",
            on_click=questions.ask,
            args=(Question("resume", number),),
        )
    if state != "stopped":
        st.button(
            "Stopping …" if state == "stopping" else "Stop",
            icon=":material/stop_circle:",
            key=f"stop {number}",
            disabled=state == "stopping",
            on_click=questions.ask,
            args=(Question("stop", number),),
        )


def cards(session: JSON, *, is_stale: bool) -> None:
    """The numbers of a session, money in quote currency."""
    base, quote = words.names(session)
    profit = words.profit(session)
    entry = f"entry {words.price(session['entry_price'])}" if session["entry_price"] else None
    missed = f"{session['missed_bars']:,} missed bars" if session["missed_bars"] else None
    in_quote = f", {as_markdown(quote)}" if quote else ""
    rows: list[tuple[str, str, str | None, str]] = [
        (
            ("Final P&L" if session["final_pnl"] is not None else "P&L") + in_quote,
            words.money(profit, signed=True),
            _delta(words.percent(profit, session["allocation"])),
            "Since its start, after fees; below it in percent of the allocation",
        ),
        ("Realized" + in_quote, words.money(session["realized_pnl"], signed=True), None, "Of closed trades"),
        (f"Position, {as_markdown(base)}", words.quantity(session["position"]), entry, "Bought by its fills"),
        ("Price" + in_quote, words.price(session["price"]), None, f"At {words.moment(session['price_at'])}"),
        ("Cash" + in_quote, words.money(session["cash"]), None, "What it may still spend"),
        ("Trades", f"{session['trade_count']:,}", missed, "Missed are bars whose signal could not trade"),
        ("Uptime", words.uptime(session), None, "In the exchange's time"),
    ]
    with st.grid(len(rows), min_column_width=120, gap="xsmall"):
        for place, (label, value, below, told) in enumerate(rows):
            is_profit = place == 0
            st.metric(
                label,
                f":gray[{as_markdown(value)}]" if is_stale else as_markdown(value),
                below if is_profit else below and as_markdown(below),
                delta_color="normal" if is_profit and not is_stale else "off",
                delta_arrow="auto" if is_profit else "off",
                help=as_markdown(told),
                border=True,
                height="stretch",
            )


def _delta(percent: str | None) -> str | None:
    """The percentage as `st.metric` reads its sign; none where there is nothing to colour."""
    plain = (percent or "").replace("−", "-")
    return plain if plain.startswith(("+", "-")) and plain.strip("+-0. %") else None
