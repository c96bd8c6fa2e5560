"""The work that runs or has ended, in a strip below the header: how far it is, Stop, and what came of it."""

from __future__ import annotations

import streamlit as st

from evotrade.ui import formats
from evotrade.ui.formats import counted
from evotrade.ui.market import work
from evotrade.ui.market.work import Work
from evotrade.ui.text import as_markdown, sentence

_EVERY_S = 1


def show() -> None:
    """All work of this store; it looks for news once a second while some of it runs."""
    running = _any_running()
    st.fragment(_strip, run_every=_EVERY_S if running else None)(running)


def _any_running() -> bool:
    return any(each.running for each in work.all_work().values())


def _strip(was_running: bool) -> None:
    if was_running and not _any_running():
        st.rerun()  # the whole page has news, and no more to come
    for kind, each in tuple(work.all_work().items()):
        with st.container(
            border=True, horizontal=True, vertical_alignment="center", gap="small", key=f"work {kind}"
        ):
            if each.running:
                _running(kind, each)
            else:
                _ended(kind, each)


def _running(kind: str, each: Work) -> None:
    st.progress(min(each.part, 1.0), text=f"{as_markdown(each.title)}: {_how_far(each)}")
    st.button(
        "Stopping …" if each.stopping else "Stop",
        icon=":material/stop_circle:",
        key=f"stop {kind}",
        disabled=each.stopping,
        on_click=each.stop,
    )


def _how_far(each: Work) -> str:
    """The part that is done, bars, rate and time left, as far as they are known."""
    if each.left_s is None:
        return "waiting for the first bars"
    return (
        f"{each.part:.0%} · {counted(each.bars, 'bar')} · {each.bars_per_s:,.0f} a second · "
        f"about {formats.duration(each.left_s)} left"
    )


def _ended(kind: str, each: Work) -> None:
    if each.done:
        st.markdown(f":green[:material/check_circle:] {as_markdown(each.done.said)}", width="stretch")
        if st.button("Show", icon=":material/visibility:", key=f"show {kind}"):
            st.query_params.update(each.done.address)
            st.rerun()
    else:
        st.markdown(_why(each), width="stretch")
        if st.button("Start again", icon=":material/refresh:", key=f"again {kind}"):
            work.begin(kind, each.again())
            st.rerun()
    if st.button("Dismiss", icon=":material/close:", key=f"dismiss {kind}", type="tertiary"):
        work.forget(kind)
        st.rerun()


def _why(each: Work) -> str:
    title = as_markdown(each.title)
    if each.stopped:
        return f":material/stop_circle: {title}: stopped, {counted(each.bars, 'bar')} are kept."
    if each.error:
        return f":red[:material/error:] {title}: {sentence(each.error)}"
    return f":red[:material/error:] {title}: failed by a fault of evotrade, its details are in the terminal."
