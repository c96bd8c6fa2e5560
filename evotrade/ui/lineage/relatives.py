"""The chosen cell among its nearest relatives, as a graph: ancestors left of it, descendants right."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import streamlit as st
from streamlit_agraph import _agraph  # agraph() has no key, and would replace its frame on each change

from evotrade.cells import Cell
from evotrade.plots.theme import COLOURS, Colours
from evotrade.ui import formats
from evotrade.ui.charts import theme_in_force
from evotrade.ui.lineage import reads
from evotrade.ui.lineage.layout import Layout, Size, arrange
from evotrade.ui.lineage.overview import ask_for
from evotrade.ui.text import shortened

_GRAPH, _SHOWN = "relatives", "relatives shown"
_FRAME_PX = 470
# The frame stays from cell to cell, and with it the part in view: so every graph fills the same box.
_BOX = Size(560.0, 440.0)
_DOT, _CHOSEN_DOT, _FONT = 8.0, 13.0, 13.0
_LETTER, _LINE = 7.5, 20.0  # of that font
_NAMED, _MEASURED = 12, 40  # cells up to which there is room for names, and for fitness
_NAME = 18

Row = Mapping[Hashable, Any]


def show(cell: Cell) -> None:
    """The graph; a click on a cell chooses it."""
    family = reads.family(cell.cell_id)
    everyone = family.ancestors + family.descendants + 1
    if everyone == 1:
        st.caption("No relatives in the store: no parent, and no child yet.")
        return
    rows = reads.certificates(list(family.nearest)).to_dict("records")
    colours = COLOURS[theme_in_force()]
    graph = relatives_graph(rows, family.nearest, colours, prefix=f"{_views(cell.cell_id)}:")
    _agraph(data=json.dumps(graph), config=json.dumps(_config(colours)), key=_GRAPH, on_change=_follow)
    words = ["Ancestors to the left, descendants to the right; dead cells are hollow"]
    if everyone > len(rows):
        words.append(f"{formats.counted(everyone - len(rows), 'relative')} further away left out")
    st.caption(". ".join(words) + ".")


def relatives_graph(
    rows: Sequence[Row], depths: Mapping[int, int], colours: Colours, prefix: str
) -> dict[str, list[dict[str, Any]]]:
    """Nodes and edges of cells, given as certificates, for vis.js; ids are numbers behind `prefix`.

    Nothing that somebody wrote gets anywhere but into labels, which are drawn and not read as HTML. Titles
    would be read as HTML, and opened as an address by a double click.
    """
    parents = {row["cell_id"]: _parents(row, depths) for row in rows}
    labels = {row["cell_id"]: _label(row, len(rows)) for row in rows}
    layout = arrange(depths, parents, _BOX, _mark(labels.values()))
    nodes = [
        _node(row, labels[row["cell_id"]], depths[row["cell_id"]], layout, colours, prefix) for row in rows
    ]
    edges = [
        _edge(parent, child, depths, colours, prefix) for child, both in parents.items() for parent in both
    ]
    return {"nodes": [*nodes, *_corners()], "edges": edges}


def _parents(row: Row, among: Mapping[int, int]) -> list[int]:
    both = dict.fromkeys((row["parent_id"], row["second_parent_id"]))
    return [int(number) for number in both if number in among and number != row["cell_id"]]


def _mark(labels: Iterable[str]) -> Size:
    """The room that a dot and the largest of the labels take."""
    lines = [label.split("\n") for label in labels]
    widest = max(len(line) for label in lines for line in label)
    return Size((widest + 1) * _LETTER, 2 * _DOT + max(map(len, lines)) * _LINE)


def _node(row: Row, label: str, depth: int, layout: Layout, colours: Colours, prefix: str) -> dict[str, Any]:
    number = row["cell_id"]
    x, y = layout.places[number]
    colour = _colour(depth, colours)
    ground = {"background": colour if row["status"] == "alive" else colours.ground, "border": colour}
    return {
        "id": f"{prefix}{number}",
        "label": label,
        "x": x,
        "y": y,
        "size": (_DOT if depth else _CHOSEN_DOT) * layout.shrunk,
        "shape": "dot",
        "borderWidth": 2,
        "color": {**ground, "highlight": ground},
        "font": {"size": _FONT * layout.shrunk},
        "div": {"innerHTML": ""},  # what a double click would open
    }


def _label(row: Row, count: int) -> str:
    lines = [str(row["cell_id"])]
    if count <= _NAMED and row["name"]:
        lines.append(shortened(" ".join(row["name"].split()), _NAME))
    if count <= _MEASURED:
        lines.append(formats.headline(row["objective"], row["fitness"]))
    return "\n".join(lines)


def _edge(
    parent: int, child: int, depths: Mapping[int, int], colours: Colours, prefix: str
) -> dict[str, Any]:
    depth = depths[parent] if depths[parent] < 0 else depths[child]
    colour = {"color": _colour(depth, colours), "opacity": 0.6}
    return {"from": f"{prefix}{parent}", "to": f"{prefix}{child}", "color": colour}


def _colour(depth: int, colours: Colours) -> str:
    """Of the chosen cell, its ancestors, its descendants: as in the picture of the population."""
    _, ancestors, descendants, *_ = colours.cells
    return colours.text if depth == 0 else ancestors if depth < 0 else descendants


def _corners() -> list[dict[str, Any]]:
    """Two marks that nobody sees, by which the first view is that of the whole box."""
    unseen = {"shape": "dot", "size": 0, "color": "transparent", "chosen": False, "div": {"innerHTML": ""}}
    return [
        {"id": f"corner {side}", "x": side * _BOX.width / 2, "y": side * _BOX.height / 2, **unseen}
        for side in (-1, 1)
    ]


def _config(colours: Colours) -> dict[str, Any]:
    return {
        "height": f"{_FRAME_PX}px",
        "width": "100%",
        "groups": {},
        "physics": {"enabled": False},
        "nodes": {"font": {"color": colours.text, "strokeWidth": 3, "strokeColor": colours.ground}},
        "edges": {
            "smooth": False,
            "chosen": False,
            "width": 1.2,
            "arrows": {"to": {"enabled": True, "scaleFactor": 0.4}},
        },
        "interaction": {"dragNodes": False, "hover": False, "selectConnectedEdges": False},
    }


def _views(cell_id: int) -> int:
    """How often another cell came into view; with it, nodes have other ids in each view.

    Streamlit would not hear of a click that chooses the same id as the last one.
    """
    count, before = st.session_state.get(_SHOWN, (0, None))
    if before != cell_id:
        count += 1
    st.session_state[_SHOWN] = (count, cell_id)
    return int(count)


def _follow() -> None:
    number = str(st.session_state[_GRAPH]).partition(":")[2]
    if number:  # not a corner
        ask_for(int(number))
