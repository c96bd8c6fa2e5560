"""The panel of one cell: who it is, what it says, and how it did."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from evotrade.cells import Cell, Phenotype
from evotrade.engine.buy_hold import buy_and_hold
from evotrade.errors import DataError, GenomeError, NotFound
from evotrade.genome import as_genome
from evotrade.plots.equity import equity_figure
from evotrade.ui import formats, phenotypes, reads
from evotrade.ui.badges import market_badge, status_badge
from evotrade.ui.charts import draw, theme_in_force
from evotrade.ui.genome import show_genome
from evotrade.ui.phenotypes import Series
from evotrade.ui.text import as_markdown, facts, sentence

_CARDS = ("return_pct", "buy_hold_return_pct", "max_drawdown_pct", "sharpe", "trades")
_LINKED_CHILDREN = 20
_REASONS = {"alive": "Warning", "dead": "Cause of death"}
_CHART_PX = 380


def show(default: int | None) -> None:
    """The panel of the cell that the URL names (`?cell=29`), of `default` where it names none, if any."""
    asked_for = st.query_params.get("cell", default)
    if asked_for is None:
        return
    try:
        cell = reads.cell(_number(str(asked_for)))
    except NotFound as error:
        st.warning(sentence(error), icon=":material/search_off:")
        st.caption("Choose a cell in the list, or correct `?cell=` in the address.")
        return
    with st.container(border=True):  # not before the cell is there: a box without one says nothing
        _panel(cell)


def _panel(cell: Cell) -> None:
    _heading(cell)
    _birth(cell)
    for reason in cell.reasons:
        st.caption(f"{_REASONS[cell.status]}: {as_markdown(reason)}")
    _genome(cell)
    _performance(cell)
    facts(_facts(cell))


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):  # what a 64-bit number surely holds
        raise NotFound(f"the address asks for cell {text!r}, which is no number of a cell")
    return int(text)


def _heading(cell: Cell) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        name = cell.name or cell.llm_name
        title = f"Cell {cell.cell_id}" + (f" · {as_markdown(name)}" if name else "")
        st.subheader(title, anchor=False, width="content")
        status_badge(cell.status)
        st.space("stretch")
        _relatives(cell)


def _relatives(cell: Cell) -> None:
    for number in (cell.parent_id, cell.second_parent_id):
        if number is not None:
            _go_to(number, f"Parent {number}", ":material/arrow_upward:")
    children = reads.children(cell.cell_id)
    if children:
        label = "1 child" if len(children) == 1 else f"{len(children):,} children"
        with st.popover(label, icon=":material/arrow_downward:", type="tertiary"):
            for number in children[:_LINKED_CHILDREN]:
                _go_to(number, f"Cell {number}", ":material/arrow_downward:")
            if len(children) > _LINKED_CHILDREN:
                st.caption(f"and {len(children) - _LINKED_CHILDREN:,} more")


def _go_to(number: int, label: str, icon: str) -> None:
    st.button(label, icon=icon, type="tertiary", key=f"go to {number}", on_click=_show, args=(number,))


def _show(number: int) -> None:
    st.query_params["cell"] = str(number)


def _birth(cell: Cell) -> None:
    words = (
        f"fitness {formats.fitness(cell)}",
        f"generation {cell.generation:,}",
        cell.dish,
        cell.origin if cell.operator in ("", cell.origin) else f"{cell.origin} by {cell.operator}",
        formats.moment(cell.created_at),
    )
    st.caption(" · ".join(as_markdown(word) for word in words if word))
    hypothesis = cell.hypothesis or cell.llm_hypothesis
    if hypothesis:
        st.text(hypothesis)


def _facts(cell: Cell) -> list[tuple[str, str]]:
    rows = (
        ("Category", cell.category or cell.llm_category),
        ("Named by model", cell.llm_model),
        ("Rules combine by", cell.combine),
        ("Genome id", cell.genome_id),
    )
    return [(label, value) for label, value in rows if value]


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
    st.caption(phenotypes.span(shown) + (", recorded by another system" if shown.recorded else ""))
    _cards(shown)
    _chart(cell, shown)
    st.dataframe(
        phenotypes.metrics_table(splits, formats.quote_currency(shown.pair)),
        hide_index=True,
        height="content",
        row_height=28,
        column_config={
            name: st.column_config.TextColumn(f"{timeframe} {name}", alignment="right") for name in splits
        },
        alt=f"Metrics of cell {cell.cell_id} at {timeframe}, a column for each split",
    )
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


def _cards(shown: Phenotype) -> None:
    with st.grid(len(_CARDS), min_column_width=110, gap="xsmall"):
        for name in _CARDS:
            if phenotypes.knows(shown, name):
                value = formats.headline(name, shown.metrics[name])
                st.metric(formats.metric_label(name), value, border=True)


def _chart(cell: Cell, shown: Phenotype) -> None:
    if shown.recorded:
        st.caption("No equity to draw: only these numbers were recorded.")
        return
    with st.skeleton(height=_CHART_PX):
        try:
            result = reads.replayed(cell, shown)
        except (NotFound, DataError, GenomeError) as error:
            st.caption(f":material/show_chart: No equity to draw: {as_markdown(str(error))}")
            return
        figure = equity_figure(
            pd.to_datetime(result.candles.end_s, unit="s", utc=True),
            result.simulation.equity,
            buy_and_hold(result.candles, result.execution),
            initial=result.execution.initial,
            theme=theme_in_force(),
            quote=formats.quote_currency(shown.pair),
        )
        draw(
            figure,
            key="equity",
            height_px=_CHART_PX,
            alt=f"Equity of cell {cell.cell_id} against buy and hold, and its drawdown",
        )
