"""Up to five cells compared: equity on one axis, metrics side by side, what changed from one to another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import streamlit as st

from evotrade.cells import Cell
from evotrade.engine.backtest import Backtest
from evotrade.errors import DataError, GenomeError, NotFound
from evotrade.plots.comparison import Line, comparison_figure
from evotrade.plots.theme import COLOURS
from evotrade.ui import phenotypes, reads
from evotrade.ui.badges import cell_label, market_badge
from evotrade.ui.cells import compared, side_by_side
from evotrade.ui.cells.compared import Asked
from evotrade.ui.cells.side_by_side import BEST, Column, Drawn, Sight
from evotrade.ui.charts import draw, theme_in_force
from evotrade.ui.genome_diff import show_diff
from evotrade.ui.text import as_markdown, shortened

_CHART_PX = 360
_LONG, _LONG_LABEL = 28, 80


def show() -> bool:
    """The comparison that the address asks for; False where a panel is in view, with a reminder above it."""
    asked = compared.asked()
    if compared.in_view():
        with st.container(border=True):
            _comparison(asked)
        return True
    _say_mistakes(asked)
    if asked.numbers:
        _reminder(asked.numbers)
    return False


def _reminder(numbers: Sequence[int]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if len(numbers) == 1:
            said = f"Cell {numbers[0]} is set aside: choose another one and press Compare."
        else:
            said = f"Cells {', '.join(map(str, numbers))} are set aside."
            st.button("Show comparison", icon=":material/compare_arrows:", on_click=compared.show_comparison)
        st.caption(said, width="content")
        st.button("Clear", type="tertiary", key="clear comparison", on_click=compared.clear)


def _comparison(asked: Asked) -> None:
    cells = [reads.cell(number) for number in asked.numbers]
    _heading(cells)
    _say_mistakes(asked)
    options = side_by_side.shared_sights(cells)
    sight = _sight(options) if options else None
    if sight:
        _equity(cells, sight)
    _metrics(side_by_side.columns(cells, sight))
    _genomes(cells)


def _say_mistakes(asked: Asked) -> None:
    for mistake in asked.mistakes:
        st.caption(f":material/error: {as_markdown(mistake[:1].upper() + mistake[1:])}")


def _heading(cells: Sequence[Cell]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.subheader(f"{len(cells)} cells compared", anchor=False, width="content")
        st.space("stretch")
        st.button("Close", icon=":material/close:", key="close comparison", on_click=compared.clear)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for cell, colour in zip(cells, COLOURS[theme_in_force()].cells, strict=False):
            with st.container(horizontal=True, vertical_alignment="center", gap=None, width="content"):
                _legend(cell, colour)


def _legend(cell: Cell, colour: str) -> None:
    number = cell.cell_id
    st.html(f'<span style="color:{colour};font-size:1.25em">&#9632;</span>', width="content")
    st.button(
        cell_label(number, shortened(cell.name or cell.llm_name or "", _LONG), cell.status),
        type="tertiary",
        key=f"show {number}",
        help="Show this cell; the comparison is kept",
        on_click=compared.show_cell,
        args=(number,),
    )
    st.button(
        "",
        icon=":material/close:",
        type="tertiary",
        key=f"remove {number}",
        help="Remove from the comparison",
        on_click=compared.remove,
        args=(number,),
    )


def _sight(options: Sequence[Sight]) -> Sight:
    """What the cells are compared on: what most of them share, unless a person chooses something else."""
    if len(options) == 1:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            market_badge(options[0].market)
            st.caption(as_markdown(f"{options[0].timeframe}, {options[0].split}"), width="content")
        return options[0]
    labels = {option.label: option for option in options}
    chosen = st.selectbox("Measured on", tuple(labels), key="measured_on", bind="query-params")
    return labels[chosen]


def _equity(cells: Sequence[Cell], sight: Sight) -> None:
    results: dict[int, Backtest] = {}
    missing: dict[str, list[str]] = {}
    for cell in cells:
        try:
            results[cell.cell_id] = _replayed(cell, sight)
        except (NotFound, DataError, GenomeError) as error:
            missing.setdefault(str(error), []).append(str(cell.cell_id))
    for reason, numbers in missing.items():
        who = f"Cell {numbers[0]} is" if len(numbers) == 1 else f"Cells {', '.join(numbers)} are"
        st.caption(f":material/show_chart: {who} not drawn: {as_markdown(reason)}")
    drawn = side_by_side.on_one_axis(results) if results else None
    if drawn:
        _chart(cells, sight, drawn)
    elif results:
        st.caption(":material/show_chart: No equity to draw: these cells were measured at different times.")


def _replayed(cell: Cell, sight: Sight) -> Backtest:
    found = side_by_side.sights(cell).get(sight)
    if found is None:
        raise NotFound("not measured on this")
    if found.recorded:
        raise NotFound("only numbers were recorded, by another system")
    return reads.replayed(cell, found)


def _chart(cells: Sequence[Cell], sight: Sight, drawn: Drawn) -> None:
    first, last = f"{drawn.time[0]:%Y-%m-%d}", f"{drawn.time[-1]:%Y-%m-%d}"
    said = f"{first} to {last}, {len(drawn.time):,} bars of {sight.timeframe}"
    if drawn.cut:
        said += ": what the spans of these cells have in common, each from 100 at its start"
    st.caption(said + "; dotted is buy and hold" * (drawn.buy_hold is not None))
    lines = [
        Line(place, _called(cell), drawn.lines[cell.cell_id])
        for place, cell in enumerate(cells)
        if cell.cell_id in drawn.lines
    ]
    draw(
        comparison_figure(drawn.time, lines, drawn.buy_hold, theme=theme_in_force()),
        key="equities",
        height_px=_CHART_PX,
        alt=f"Equity on one axis, each started at 100: cells {', '.join(map(str, drawn.lines))}",
    )


def _metrics(table: Sequence[Column]) -> None:
    if not any(column.phenotype for column in table):
        st.caption("None of these cells has been evaluated on any candles yet.")
        return
    shown = side_by_side.metrics_table(table)
    st.dataframe(
        shown,
        hide_index=True,
        height="content",
        row_height=28,
        column_config={
            name: st.column_config.TextColumn(name, alignment="right") for name in shown.columns[1:]
        }
        | {"Metric": st.column_config.TextColumn("Metric", pinned=True, width=150)},
        alt="Metrics of the cells side by side",
    )
    for note in _notes(table):
        st.caption(as_markdown(note))


def _notes(table: Sequence[Column]) -> Iterator[str]:
    """What a reader of the table must know: what is best of, and which numbers are of something else."""
    alike = [column.phenotype for column in table if column.alike and column.phenotype]
    if len(alike) > 1:
        yield f"{BEST}best of the row" + (
            "" if len(alike) == len(table) else ", of the columns without a star"
        )
    terms = side_by_side.differing_terms(alike)
    if terms:
        yield f"Not only the genomes differ: the cells traded under different {', '.join(terms)}"
    for cell, phenotype, is_alike in table:
        if phenotype is None:
            yield f"* Cell {cell.cell_id} has not been evaluated on any candles yet"
        elif not is_alike:
            sight = next(sight for sight, row in side_by_side.sights(cell).items() if row is phenotype)
            measured = f"{shortened(sight.label, _LONG_LABEL)}, {phenotypes.span(phenotype)}"
            yield f"* Cell {cell.cell_id}: {measured}"


def _genomes(cells: Sequence[Cell]) -> None:
    numbers = [str(cell.cell_id) for cell in cells]
    one, other = numbers[:2]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption("Genome of cell" if len(cells) > 2 else "Genomes", width="content")
        if len(cells) > 2:
            one = _number("From cell", numbers, 0, "diff_from")
            st.caption("against cell", width="content")
            other = _number("To cell", numbers, 1, "diff_to")
    by_number = dict(zip(numbers, cells, strict=True))
    show_diff(
        by_number[one].genome,
        by_number[other].genome,
        key="diff",
        titles=(_called(by_number[one]), _called(by_number[other])),
    )


def _number(label: str, numbers: Sequence[str], default: int, key: str) -> str:
    return st.selectbox(
        label, numbers, default, key=key, bind="query-params", label_visibility="collapsed", width=110
    )


def _called(cell: Cell) -> str:
    name = shortened(cell.name or cell.llm_name or "", _LONG)
    return f"Cell {cell.cell_id}" + (f" · {name}" if name else "")
