"""The editor's page: which draft is in view, what its buttons do, and what stands beside it."""

from __future__ import annotations

from typing import NoReturn

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from evotrade.cells import Cell
from evotrade.errors import EvotradeError, NotFound
from evotrade.lab.cells import create_on, try_on
from evotrade.ui import navigation, reads
from evotrade.ui.editor import ask, results, truth
from evotrade.ui.editor import reads as editor_reads
from evotrade.ui.editor.draft import Draft, drop, unfinished_fork
from evotrade.ui.editor.form import Strategy
from evotrade.ui.entrance import say_on_next_page
from evotrade.ui.genome_diff import show_diff
from evotrade.ui.text import sentence

_FORK = "fork"
_TEST, _CREATE = "test strategy", "create cell"
_TABS = ("Results", "Ask the LLM", "What it thinks", "Changes")


def header() -> DeltaGenerator:
    """The header row, whose buttons come once the form is known."""
    row = st.container(horizontal=True, vertical_alignment="center", gap="small")
    row.title("Strategy editor", width="content", anchor=False)
    return row


def asked_parent() -> Cell | None:
    """The cell that the URL asks to fork (`?fork=29`), None where it asks for none or for one not there."""
    if _FORK not in st.query_params and _TEST not in st.session_state:  # arrived from another page
        resumed = unfinished_fork()
        if resumed is not None:
            st.query_params[_FORK] = str(resumed)
    asked_for = st.query_params.get(_FORK)
    if asked_for is None:
        return None
    try:
        return reads.cell_of_address(asked_for)
    except NotFound as error:
        st.warning(sentence(error), icon=":material/search_off:")
        st.caption("Choose a cell on the Cells page and fork it there, or go on without a parent.")
        return None


def buttons(draft: Draft, strategy: Strategy) -> None:
    """Test and Create at the end of the header row."""
    st.space("stretch")
    st.button(
        "Test strategy",
        icon=":material/science:",
        key=_TEST,
        disabled=bool(strategy.problem),
        help=strategy.problem or None,
        shortcut="Mod+Enter",
        on_click=draft.ask,
        args=("test",),
    )
    refused = strategy.problem or _refused(strategy)
    st.button(
        "Create cell",
        type="primary",
        icon=":material/add:",
        key=_CREATE,
        disabled=bool(refused),
        help=refused or None,
        on_click=draft.ask,
        args=("create",),
    )


def _refused(strategy: Strategy) -> str:
    if not strategy.is_its_parent:
        return ""
    return "This is its parent, word for word in meaning: change something first, or remove the parent."


def act(draft: Draft, strategy: Strategy) -> None:
    """Do what was asked for; what goes wrong is said in its place, and the draft stays."""
    if draft.born is not None:  # another run came between the birth and the way to the cell
        _show_born(draft, draft.born)
    try:
        _act(draft, strategy)
    except EvotradeError as error:
        st.error(sentence(error), icon=":material/error:")
    draft.asked = None  # not before: letters that arrive meanwhile end this run, and the next one does it


def _act(draft: Draft, strategy: Strategy) -> None:
    bench, genome = strategy.bench, strategy.genome
    if draft.asked is None or bench is None or genome is None:
        return
    if draft.asked == "test":
        with st.spinner("Testing on each timeframe and split …"):
            draft.tried = try_on(bench, genome, reads.store())
        return
    if _refused(strategy):  # changed back since the button was drawn
        return
    with st.spinner("Creating the cell …"):
        words = {"name": strategy.name, "category": strategy.category, "hypothesis": strategy.hypothesis}
        if draft.idea:
            words = draft.idea.words(**words)
        draft.born = create_on(bench, genome, reads.store(), parent=draft.parent, **words).cell_id
        if draft.idea:
            reads.store().adopt(draft.idea.ask_id, draft.born)
    _show_born(draft, draft.born)


def _show_born(draft: Draft, cell_id: int) -> NoReturn:
    """Leave the draft, which is done, for its cell."""
    drop(draft)
    say_on_next_page(f"Cell {cell_id} is born.")
    st.switch_page(navigation.cells_page(), query_params={"cell": str(cell_id)})


def show(draft: Draft, strategy: Strategy) -> None:
    """Results, what the strategy thinks, and what changed from the parent; only what is open is computed."""
    names = [name for name in _TABS if name != "Changes" or strategy.parent]
    tabs = dict(zip(names, st.tabs(names, key="editor tabs", on_change="rerun"), strict=True))
    if tabs["Results"].open:
        with tabs["Results"]:
            _results(draft, strategy)
    if tabs["Ask the LLM"].open:
        with tabs["Ask the LLM"]:
            ask.show(draft, strategy)
    if tabs["What it thinks"].open:
        with tabs["What it thinks"]:
            _thoughts(strategy)
    if strategy.parent and tabs["Changes"].open:
        with tabs["Changes"]:
            titles = (f"Cell {strategy.parent.cell_id}", "This strategy")
            show_diff(strategy.parent.genome, draft.text, "changes", titles=titles, style=strategy.style)


def _results(draft: Draft, strategy: Strategy) -> None:
    tried = draft.tried
    if tried is None:
        results.show_nothing_yet()
        return
    same = strategy.genome is not None and strategy.genome.id == tried.genome.id
    results.show(tried, stale=not same or strategy.bench != tried.bench)


def _thoughts(strategy: Strategy) -> None:
    if strategy.genome is None or strategy.bench is None:
        st.caption(strategy.problem)
        return
    names = tuple(strategy.bench.spans)
    timeframe = names[0]
    if len(names) > 1:
        timeframe = st.segmented_control(
            "Timeframe", names, default=names[0], required=True, key="timeframe of thoughts"
        )
    candles = editor_reads.seen(strategy.bench, timeframe if timeframe in names else names[0])
    truth.show(strategy.genome, candles, strategy.bench.dish.combine, "bar", strategy.style)
