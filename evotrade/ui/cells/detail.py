"""The panel of one cell: who it is, what it says, and how it did."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from evotrade.cells import Cell, Phenotype, status_label
from evotrade.errors import GenomeError, NotFound
from evotrade.genome import as_genome
from evotrade.ui import formats, phenotypes, reads
from evotrade.ui.badges import market_badge, status_badge
from evotrade.ui.cells import actions, charts, relatives
from evotrade.ui.cells import reads as cell_reads
from evotrade.ui.cells.reads import Verdict
from evotrade.ui.genome import show_genome
from evotrade.ui.numbers import show_cards, show_table
from evotrade.ui.phenotypes import Series
from evotrade.ui.text import as_markdown, facts, sentence, shortened

_TITLE, _WORD, _SENTENCE, _PARAGRAPH = 120, 120, 300, 600  # characters; an import may bring any number
_PARAGRAPH_PX = 160
_REASONS = {"alive": "Warning", "dead": "Cause of death"}


def show(default: int | None) -> None:
    """The panel of the cell that the URL names (`?cell=29`), of `default` where it names none, if any."""
    asked_for = st.query_params.get("cell", default)
    if asked_for is None:
        return
    try:
        cell = reads.cell_of_address(str(asked_for))
    except NotFound as error:
        st.warning(sentence(error), icon=":material/search_off:")
        st.caption("Choose a cell in the list, or correct `?cell=` in the address.")
        return
    with st.container(border=True):  # not before the cell is there: a box without one says nothing
        _panel(cell)


def _panel(cell: Cell) -> None:
    _heading(cell)
    _birth(cell)
    _status(cell)
    relatives.show(cell)
    actions.show(cell)
    _genome(cell)
    _performance(cell)
    facts((label, shortened(value, _SENTENCE)) for label, value in _facts(cell) if value)


def _heading(cell: Cell) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        name = cell.name or cell.llm_name
        title = f"Cell {cell.cell_id}" + (f" · {as_markdown(shortened(name, _TITLE))}" if name else "")
        st.subheader(title, anchor=False, width="content")
        status_badge(cell.status)


def _birth(cell: Cell) -> None:
    words = (
        f"fitness {formats.fitness(cell)}",
        f"generation {cell.generation:,}",
        cell.dish,
        cell.origin if cell.operator in ("", cell.origin) else f"{cell.origin} by {cell.operator}",
        formats.moment(cell.created_at),
    )
    st.caption(" · ".join(as_markdown(shortened(word, _WORD)) for word in words if word))
    if cell.hypothesis:
        _paragraph(cell.hypothesis)
    if cell.llm_hypothesis:
        st.caption("Hypothesis of a model:")
        _paragraph(cell.llm_hypothesis)


def _paragraph(text: str) -> None:
    with st.container(height=_PARAGRAPH_PX if len(text) > _PARAGRAPH else "content", border=False):
        st.text(text)


def _status(cell: Cell) -> None:
    for reason in cell.reasons:
        st.caption(f"{_REASONS[cell.status]}: {as_markdown(shortened(reason, _SENTENCE))}")
    verdicts = cell_reads.history(cell.cell_id)
    changes = len(verdicts) - 1
    if changes > 0:
        label = "1 change of status" if changes == 1 else f"{changes:,} changes of status"
        with st.popover(label, icon=":material/history:", type="tertiary"):
            for verdict in reversed(verdicts):
                _verdict(verdict)


def _verdict(verdict: Verdict) -> None:
    st.markdown(f"{status_label(verdict.status)} since {formats.moment(verdict.changed_at)}")
    for reason in verdict.reasons:
        st.caption(as_markdown(shortened(reason, _SENTENCE)))


def _facts(cell: Cell) -> list[tuple[str, str | None]]:
    return [
        ("Category", cell.category),
        ("Name by a model", cell.llm_name),
        ("Category by a model", cell.llm_category),
        ("Model", cell.llm_model),
        ("Rules combine by", cell.combine),
        ("Genome id", cell.genome_id),
    ]


def _genome(cell: Cell) -> None:
    try:
        genome = as_genome(cell.genome)
    except GenomeError as error:
        show_genome(cell.genome, key="genome")
        st.caption(f":material/error: {sentence(error)}")
        return
    code = st.container()
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.caption(f"{genome.size} nodes, depth {genome.depth}", width="content")
        style = _one_of("Names", ("abstract", "readable"), "names")
    with code:
        show_genome(genome.render("readable" if style == "readable" else "abstract"), key="genome")


def _performance(cell: Cell) -> None:
    if not cell.phenotypes:
        st.caption("This cell has not been evaluated on any candles yet.")
        return
    market = _market(cell)
    rows = phenotypes.of_series(cell.phenotypes, market)
    measured = phenotypes.measured(rows)
    if measured:
        _numbers(cell, market, measured)
    for note in phenotypes.skipped(rows):
        st.caption(f":material/block: {as_markdown(note)}")


def _numbers(cell: Cell, market: Series, measured: Mapping[str, Mapping[str, Phenotype]]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        market_badge(market)
        timeframe = _one_of("Timeframe", tuple(measured), "timeframe")
        splits = measured[timeframe]
        split = _one_of("Split", tuple(splits), "split")
    shown = splits[split]
    st.caption(phenotypes.span(shown) + (", recorded elsewhere" if shown.recorded else ""))
    show_cards(shown)
    charts.show(cell, shown)
    show_table(splits, timeframe, f"cell {cell.cell_id}")
    for note in phenotypes.unseen(tuple(splits)):
        st.caption(f":material/lock: {note}")


def _market(cell: Cell) -> Series:
    markets = {market.label: market for market in phenotypes.series(cell.phenotypes)}
    first = next(iter(markets))
    if len(markets) == 1:
        return markets[first]
    return markets[st.selectbox("Market", tuple(markets), key="market", bind="query-params") or first]


def _one_of(label: str, options: tuple[str, ...], key: str) -> str:
    chosen = st.segmented_control(
        label,
        options,
        default=options[0],
        required=True,
        key=key,
        bind="query-params",
        label_visibility="collapsed",
    )
    return chosen or options[0]
