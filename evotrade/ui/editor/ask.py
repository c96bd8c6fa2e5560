"""Ask the LLM in the editor: an idea goes in, answers come one by one, one of them goes into the draft."""

from __future__ import annotations

from typing import Any

import streamlit as st

from evotrade.lab.bench import Bench
from evotrade.ui.editor.draft import Draft, Idea
from evotrade.ui.editor.form import Strategy
from evotrade.ui.llm import tasks
from evotrade.ui.llm.attempts import Answer
from evotrade.ui.llm.model import available, budget_words, say_what_to_set
from evotrade.ui.llm.progress import say_end, say_failure, watch
from evotrade.ui.llm.run import Run
from evotrade.ui.llm.tasks import Tried

_LONGEST_IDEA = 4_000


def show(draft: Draft, strategy: Strategy) -> None:
    """The panel: what to ask, and what came of the last ask of this draft."""
    model = available()
    if model.problem:
        say_what_to_set(model.problem)
        return
    run = draft.asking
    _question(draft, strategy, model.label, running=run is not None and run.running)
    if run is None:
        return
    if not run.running:
        _ended(draft, run)
    objective = strategy.bench.dish.objective if strategy.bench else ""
    watch(run, draft.key("ask"), objective, lambda answer: _choices(draft, run, answer))


def _question(draft: Draft, strategy: Strategy, model: str, *, running: bool) -> None:
    st.text_area(
        "Change wished" if draft.parent else "Idea",
        height=90,
        max_chars=_LONGEST_IDEA,
        key=draft.key("idea"),
        persist_state="session",  # but not disabled while it runs: it would lose what it holds
        placeholder="Buy when the price breaks out of a quiet week, sell when it falls back",
    )
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "Ask the LLM",
            icon=":material/auto_awesome:",
            key=draft.key("ask"),
            disabled=running or strategy.bench is None,
            help=strategy.problem if strategy.bench is None else None,
            on_click=_begin,
            args=(draft, strategy),
        )
        if strategy.genome is not None and not strategy.is_its_parent:
            st.checkbox(
                "Start from the strategy in the editor",
                value=True,
                key=draft.key("start from it"),
                persist_state="session",
            )
    if draft.asked_nothing:
        st.caption(":orange[:material/edit: Say first what the strategy is to do.]")
    st.caption(budget_words(model))
    st.caption("Each answer that can be backtested is a trial and is counted; none becomes a cell by itself.")


def _begin(draft: Draft, strategy: Strategy) -> None:
    wish = str(st.session_state.get(draft.key("idea")) or "").strip()
    draft.asked_nothing = not wish
    if not wish or strategy.bench is None or (draft.asking and draft.asking.running):
        return
    begun_with = draft.latest().strip()
    if begun_with and st.session_state.get(draft.key("start from it"), False):
        wish = f"{wish}\n\nStart from this strategy:\n{begun_with}"
    draft.asking = tasks.try_idea(wish, strategy.bench, _parent(strategy, strategy.bench))


def _parent(strategy: Strategy, bench: Bench) -> int | None:
    """The parent, where the strategy's rules vote as its do: a model is judged by that."""
    parent = strategy.parent
    return parent.cell_id if parent and parent.combine == bench.dish.combine else None


def _ended(draft: Draft, run: Run[Tried]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        with st.container():
            if run.result is None:
                say_failure(run)
            else:
                asked = run.result.asked
                say_end(asked.message, good=asked.reason == "done")
        st.button(
            "Discard",
            icon=":material/delete:",
            type="tertiary",
            key=draft.key("discard"),
            on_click=_discard,
            args=(draft,),
            help="Take the answers from here; their record stays on the page Language model",
        )


def _discard(draft: Draft) -> None:
    draft.asking = None


def _choices(draft: Draft, run: Run[Tried], answer: Answer) -> None:
    """Accept the best, or edit any that is a genome or was meant as one."""
    if not answer.genome or run.result is None:
        return
    best = run.result.asked.best
    is_best = best is not None and best.number == answer.number
    if st.button(
        "Accept" if is_best else "Edit",
        type="primary" if is_best else "secondary",
        icon=":material/check:" if is_best else ":material/edit:",
        key=draft.key(f"take {answer.number}"),
        on_click=_take,
        args=(draft, run.result, answer),
        help="Put it into the editor with its name, category and hypothesis; Ctrl+Z takes the text back",
    ):
        st.rerun()  # the editor stands outside of what is drawn every second


def _take(draft: Draft, tried: Tried, answer: Answer) -> None:
    idea = Idea(
        tried.asked.ask_id, tried.model, answer.name, answer.category, answer.hypothesis, answer.genome
    )
    words: dict[str, Any] = {"name": idea.name, "category": idea.category, "hypothesis": idea.hypothesis}
    for name, value in words.items():
        st.session_state[draft.key(name)] = value
    draft.take(idea)
