"""A model asked about the cell in the panel: a fork of it by a wish, or what it does."""

from __future__ import annotations

from typing import Any, Literal

import streamlit as st

from evotrade.cells import Cell
from evotrade.errors import EvotradeError
from evotrade.ui import navigation
from evotrade.ui.cells import relatives
from evotrade.ui.cells.reads import Relative
from evotrade.ui.editor import reads as editor_reads
from evotrade.ui.entrance import say_on_next_page
from evotrade.ui.llm import explanation, tasks
from evotrade.ui.llm.model import available, budget_words, say_what_to_set
from evotrade.ui.llm.progress import say_end, say_failure, watch
from evotrade.ui.llm.run import Run
from evotrade.ui.llm.runs import latest, remember
from evotrade.ui.llm.tasks import Tried
from evotrade.ui.text import sentence

Panel = Literal["fork", "explain"]
_OPEN, _WAITED_FOR = "panel of a model", "cell whose fork is waited for"
_LONGEST_WISH = 4_000


def buttons(cell_id: int) -> None:
    """What opens the panel, or closes it, among the cell's actions."""
    _button("Fork with LLM", ":material/auto_awesome:", "fork", cell_id)
    _button("Explain", ":material/lightbulb:", "explain", cell_id)


def _button(label: str, icon: str, panel: Panel, cell_id: int) -> None:
    st.button(
        label, icon=icon, type="tertiary", key=f"{panel} by model", on_click=_toggle, args=(panel, cell_id)
    )


def _toggle(panel: Panel, cell_id: int) -> None:
    now = (panel, cell_id)
    st.session_state[_OPEN] = None if st.session_state.get(_OPEN) == now else now
    first = panel == "explain" and latest(panel, cell_id) is None
    if first and not available().problem and explanation.known(cell_id) is None:
        _explain(cell_id)


def _explain(cell_id: int) -> None:
    remember("explain", cell_id, tasks.explain(cell_id))


def show(cell: Cell) -> None:
    """The panel that is open for this cell, if any."""
    if st.session_state.get(_WAITED_FOR) != cell.cell_id:  # who looks at another cell waits no more
        st.session_state.pop(_WAITED_FOR, None)
    opened = st.session_state.get(_OPEN)
    if not opened or opened[1] != cell.cell_id:
        return
    with st.container(border=True, key="asked of a model"):
        model = available()
        if opened[0] == "explain":
            _explanation(cell, model.problem)
        elif model.problem:
            say_what_to_set(model.problem)
        else:
            _fork(cell, model.label)


def _explanation(cell: Cell, problem: str) -> None:
    run = latest("explain", cell.cell_id)
    if run is not None and run.running:
        watch(run, "explanation")
        return
    if run is not None and run.result is None:
        say_failure(run)
    found = explanation.known(cell.cell_id)
    if found is not None:
        explanation.show(found)
    if problem:
        say_what_to_set(problem)
        return
    label = "Explain anew" if found is not None else "Explain"
    st.button(label, icon=":material/refresh:", key="explain anew", on_click=_explain, args=(cell.cell_id,))


def _fork(cell: Cell, model: str) -> None:
    try:
        bench = editor_reads.parent_bench(cell)
    except EvotradeError as error:
        st.caption(f":material/info: {sentence(error)}")
        st.page_link(
            navigation.editor_page(),
            label="Ask the LLM in the editor, on another market",
            icon=":material/edit_square:",
            query_params={"fork": str(cell.cell_id)},
        )
        return
    run = latest("fork", cell.cell_id)
    running = run is not None and run.running
    key = f"wish for cell {cell.cell_id}"
    st.text_area(
        "Change wished",
        height=70,
        max_chars=_LONGEST_WISH,
        key=key,
        persist_state="session",
        placeholder="Trade less often, and leave a falling market sooner",
    )

    def begin() -> None:
        wish = str(st.session_state.get(key) or "").strip()
        if wish and not (run and run.running):
            st.session_state[_WAITED_FOR] = cell.cell_id
            remember("fork", cell.cell_id, tasks.fork(cell.cell_id, wish, bench))

    st.button("Fork", icon=":material/auto_awesome:", key="fork it", disabled=running, on_click=begin)
    st.caption(budget_words(model))
    if run is None:
        return
    if not run.running:
        _forked(cell, run)
    watch(run, f"fork of {cell.cell_id}", bench.dish.objective)


def _forked(cell: Cell, run: Run[Any]) -> None:
    """The child, opened where somebody waited for it; else the way to it, or why there is none."""
    tried: Tried | None = run.result
    if tried is None:
        say_failure(run)
        return
    child = tried.asked.cell
    if child is None:
        say_end(tried.asked.message, good=False)
        return
    if st.session_state.pop(_WAITED_FOR, None) == cell.cell_id:
        say_on_next_page(f"Cell {child.cell_id} is born.")
        st.query_params["cell"] = str(child.cell_id)
        st.rerun()
    say_end(tried.asked.message, good=tried.asked.reason == "done")
    relatives.go_to(Relative(child.cell_id, child.name or child.llm_name or "", child.status), "born")
