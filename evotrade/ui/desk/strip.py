"""Whether the daemon runs and prices flow, in a row of badges; and what to do while it does not."""

from __future__ import annotations

import streamlit as st

from evotrade.ui.desk import words
from evotrade.ui.desk.reads import Snapshot
from evotrade.ui.formats import duration
from evotrade.ui.text import as_markdown, sentence

_SANDBOX = "sandbox"


def show(desk: Snapshot) -> None:
    """Badges of the daemon, its exchange and the age of the data."""
    health = desk.health
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="state of the desk"):
        if desk.trouble:
            st.badge("Daemon does not answer", icon=":material/cloud_off:", color="red")
        else:
            st.badge("Daemon runs", icon=":material/check_circle:", color="green")
        if health is None:
            return
        _exchange(health["exchange"], desk)
        _feed(desk)
        if health["real_orders_allowed"]:
            st.badge("Real orders allowed", icon=":material/payments:", color="red")
        else:
            st.badge("Paper only", icon=":material/description:", color="gray")


def _exchange(name: str, desk: Snapshot) -> None:
    if name == _SANDBOX:
        st.badge(
            "Sandbox",
            icon=":material/science:",
            color="gray" if desk.trouble else "orange",
            help="Prices are played, not those of a market",
        )
    else:
        st.markdown(f":blue-badge[:material/account_balance: {as_markdown(name)}]", width="content")


def _feed(desk: Snapshot) -> None:
    """How old the last word of the exchange is, and why none comes."""
    health, age_s = desk.health, desk.age_s
    if health is None:
        return
    age = words.age(age_s)
    if desk.trouble or (health["feed_ok"] and not desk.is_stale):
        fresh = not desk.is_stale
        icon = ":material/sensors:" if fresh else ":material/signal_disconnected:"
        st.badge(f"prices {age} old", icon=icon, color="green" if fresh else "gray")
        return
    heard = "nothing heard yet" if age_s is None else f"heard {age} ago"
    st.badge(f"Prices do not flow, {heard}", icon=":material/signal_disconnected:", color="orange")
    if health["feed_reason"]:
        st.caption(as_markdown(health["feed_reason"]), width="content")


def say_trouble(desk: Snapshot, now_s: float) -> None:
    """Why the daemon cannot be asked, how to start it, and how old what is shown is; nothing if it can."""
    if not desk.trouble:
        return
    st.warning(sentence(RuntimeError(desk.trouble)), icon=":material/cloud_off:")
    st.code("evotrade daemon", language="bash")
    told = "" if desk.health is None else f" What is shown is {duration(now_s - desk.taken_s)} old."
    st.caption(
        f"Type it in a terminal, in the folder of the project.{told} This page looks for it every second, "
        "and goes on by itself once it is there; sessions go on where they were."
    )
