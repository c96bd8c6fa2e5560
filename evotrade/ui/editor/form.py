"""The left side of the editor: the genome, where it is tried, and what the cell will be called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import streamlit as st

from evotrade.cells import CATEGORIES, Cell
from evotrade.errors import GenomeError
from evotrade.genome import Genome, as_genome, diff
from evotrade.genome.printer import Style
from evotrade.lab.bench import Bench
from evotrade.ui.badges import cell_badge
from evotrade.ui.editor import where
from evotrade.ui.editor.code import edit
from evotrade.ui.editor.draft import Draft, drop, orphan
from evotrade.ui.editor.spelling import respelled
from evotrade.ui.text import as_markdown

_STYLES: tuple[Style, ...] = ("abstract", "readable")
_LONGEST_NAME, _LONGEST_HYPOTHESIS = 120, 50_000


@dataclass(frozen=True)
class Strategy:
    """What the form says now; `problem` says in markdown why it cannot be tested yet, "" where it can."""

    parent: Cell | None
    genome: Genome | None
    style: Style
    bench: Bench | None
    name: str
    category: str
    hypothesis: str
    problem: str

    @property
    def is_its_parent(self) -> bool:
        """Whether nothing of the parent was changed, neither its rules nor how they vote."""
        if self.parent is None or self.genome is None or self.bench is None:
            return False
        own = (self.genome.id, self.bench.dish.combine)
        return own == (self.parent.genome_id, self.parent.combine)


def ask(draft: Draft, parent: Cell | None) -> Strategy:
    """Draw the form; what it says."""
    above = st.container()
    draft.text = edit(
        draft.text,
        key=draft.key("genome"),
        revision=draft.revision,
        on_change=draft.keep,
        on_done=partial(draft.ask, "test"),
    )
    genome, problem = _genome(draft.text)
    below = st.container()
    place = where.ask(draft, parent)
    with above:
        _top(draft, parent, genome)
    facts, skipped = _facts(genome, place.bench)
    if place.bench and len(skipped) == len(place.bench.spans):
        problem = problem or f"It can run at none of the timeframes: {as_markdown(skipped[0])}"
    with below:
        style = _bottom(draft, facts, skipped, tidy=genome is not None)
    name, category, hypothesis = _words(draft, parent)
    return Strategy(parent, genome, style, place.bench, name, category, hypothesis, problem or place.problem)


def _genome(text: str) -> tuple[Genome | None, str]:
    """The genome of the text, or what is wrong with it."""
    if not text.strip():
        return None, "Write a strategy first."
    try:
        return as_genome(text), ""
    except GenomeError as error:
        return None, f"Correct the genome first: {as_markdown(str(error))}"


def _top(draft: Draft, parent: Cell | None, genome: Genome | None) -> None:
    """Whose child it will be, and the way back to where the draft began."""
    if parent is None and not draft.touched:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if parent:
            st.markdown("Fork of", width="content")
            cell_badge(parent.cell_id, parent.name or parent.llm_name or "", parent.status)
            st.caption(_changes(parent, genome), width="content")
        if draft.idea:
            since = "" if draft.text.strip() == draft.idea.genome.strip() else ", changed since"
            st.caption(f":material/auto_awesome: {as_markdown(draft.idea.model)}{since}", width="content")
        st.space("stretch")
        if parent:
            _tertiary("Remove parent", ":material/link_off:", draft, _remove_parent)
        if draft.touched:
            _tertiary("Start over", ":material/restart_alt:", draft, drop)


def _tertiary(label: str, icon: str, draft: Draft, act: Callable[[Draft], None]) -> None:
    st.button(label, type="tertiary", icon=icon, key=draft.key(label), on_click=act, args=(draft,))


def _remove_parent(draft: Draft) -> None:
    orphan(draft)
    st.query_params.pop("fork", None)


def _changes(parent: Cell, genome: Genome | None) -> str:
    if genome is None:
        return ""
    try:
        count = len(diff(parent.genome, genome))
    except GenomeError:
        return "its genome does not parse"
    return {0: "no change yet", 1: "1 change"}.get(count, f"{count} changes")


def _bottom(draft: Draft, facts: str, skipped: list[str], *, tidy: bool) -> Style:
    """Size, depth and lookback of the genome; how its columns are named."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(facts, width="stretch")
        style = st.segmented_control(
            "Names",
            _STYLES,
            default=_STYLES[0],
            required=True,
            key=draft.key("names"),
            on_change=_respell,
            args=(draft,),
            persist_state="session",
            label_visibility="collapsed",
        )
        st.button(
            "Tidy",
            type="tertiary",
            icon=":material/format_align_left:",
            key=draft.key("tidy"),
            on_click=_tidy,
            args=(draft,),
            disabled=not tidy,
            help="One rule a line, no needless parentheses, no comments; Ctrl+Z in the text takes it back",
        )
    for note in skipped:
        st.caption(f":material/block: {as_markdown(note)}")
    return "readable" if style == "readable" else "abstract"


def _respell(draft: Draft) -> None:
    draft.rewrite(respelled(draft.latest(), st.session_state[draft.key("names")]))


def _tidy(draft: Draft) -> None:
    try:
        draft.rewrite(as_genome(draft.latest()).render(st.session_state[draft.key("names")]))
    except GenomeError:
        return  # typed since the button was drawn: the editor says what is wrong


def _facts(genome: Genome | None, bench: Bench | None) -> tuple[str, list[str]]:
    """Size, depth and lookback in one line; and a line for each timeframe at which it cannot run."""
    if genome is None:
        return "", []
    lookbacks, notes = [], []
    warmups = bench.max_lookback if bench else {}
    for name in bench.spans if bench else ():
        try:
            bars = genome.lookback(name)
        except GenomeError as error:
            notes.append(f"{name} skipped: {error.message}")
            continue
        warmup = warmups.get(name, bars)
        if bars > warmup:
            notes.append(f"{name} skipped: looks back {bars:,} bars, the warm-up has {warmup:,}")
        else:
            lookbacks.append(f"{bars:,} bars of {name}")
    looks_back = f", looks back {', '.join(lookbacks)}" if lookbacks else ""
    return f"{genome.size} nodes, depth {genome.depth}{looks_back}", notes


def _words(draft: Draft, parent: Cell | None) -> tuple[str, str, str]:
    left, right = st.columns((3, 2))
    name = left.text_input(
        "Name",
        max_chars=_LONGEST_NAME,
        key=draft.key("name"),
        persist_state="session",
        placeholder="What you will call it",
    )
    category = right.selectbox(
        "Category",
        CATEGORIES,
        index=_category(parent),
        key=draft.key("category"),
        persist_state="session",
        placeholder="None",
    )
    hypothesis = st.text_area(
        "Hypothesis",
        max_chars=_LONGEST_HYPOTHESIS,
        height=90,
        key=draft.key("hypothesis"),
        persist_state="session",
        placeholder="Why it should earn money",
    )
    return (name or "").strip(), category or "", (hypothesis or "").strip()


def _category(parent: Cell | None) -> int | None:
    inherited = (parent.category or parent.llm_category) if parent else None
    return CATEGORIES.index(inherited) if inherited in CATEGORIES else None
