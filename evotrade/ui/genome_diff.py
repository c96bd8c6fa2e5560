"""What changed from one genome to another: both in colours with the changes marked, and a list of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

import pandas as pd
import streamlit as st

from evotrade.errors import GenomeError
from evotrade.genome import Diff, as_genome, diff
from evotrade.genome.difference import aligned
from evotrade.genome.printer import Style
from evotrade.ui.genome import Piece, pieces, show_genome, show_pieces
from evotrade.ui.text import as_markdown, sentence

_WORDS = re.compile(r"\s+|[<>=!]=|.")
_LEAST_PX = 240
Line = list[Piece]


class Marked(NamedTuple):
    """The lines of both genomes, a rule each, with what is not in the other one marked."""

    parent: list[Line]
    child: list[Line]


def show_diff(
    parent: str,
    child: str,
    key: str,
    *,
    titles: tuple[str, str] = ("Parent", "Child"),
    style: Style = "abstract",
) -> None:
    """Both genomes side by side with changes marked, and the changes node by node.

    `titles` are plain text. A genome that does not parse is shown as it is, with its error.
    """
    try:
        found: Diff | None = diff(parent, child, style)
    except GenomeError:
        found = None
    marked = found and mark(found.parent.render(style), found.child.render(style))
    with st.grid(2, min_column_width=_LEAST_PX):
        for side, text in enumerate((parent, child)):
            with st.container(gap="xsmall"):
                st.caption(as_markdown(titles[side]))
                if marked:
                    show_pieces(marked[side], key=f"{key} {side}")
                else:
                    _show_as_it_is(text, key=f"{key} {side}")
    if found is None:
        st.caption("No list of changes: it takes two genomes that parse.")
    else:
        _show_changes(found)


def mark(parent: str, child: str) -> Marked:
    """Two printed genomes in pieces; what only one of them has is marked as removed or added."""
    before, after = parent.split("\n"), child.split("\n")
    marked = Marked([], [])
    for i, j in aligned(before, after):
        one, other = _mark_line([] if i is None else _words(before[i]), [] if j is None else _words(after[j]))
        if i is not None:
            marked.parent.append(one)
        if j is not None:
            marked.child.append(other)
    return marked


def _mark_line(old: Sequence[Piece], new: Sequence[Piece]) -> tuple[Line, Line]:
    before: Line = []
    after: Line = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        changed = tag != "equal"
        before.extend(_marked(old[i1:i2], "removed") if changed else old[i1:i2])
        after.extend(_marked(new[j1:j2], "added") if changed else new[j1:j2])
    return before, after


def _marked(run: Sequence[Piece], how: str) -> Iterator[Piece]:
    last = len(run) - 1
    for position, piece in enumerate(run):
        edge = position in (0, last) and piece.text.isspace()  # a blank at an end would look like a change
        yield piece if edge else Piece(f"{piece.kind} {how}".strip(), piece.text)


def _words(line: str) -> list[Piece]:
    """The pieces of a line, those without a colour cut further: operators, parentheses, blanks."""
    return [
        Piece(piece.kind, text)
        for piece in pieces(line)
        for text in ([piece.text] if piece.kind else _WORDS.findall(piece.text))
    ]


def _show_as_it_is(genome: str, key: str) -> None:
    show_genome(genome, key=key)
    try:
        as_genome(genome)
    except GenomeError as error:
        st.caption(f":material/error: Does not parse: {sentence(error)}")


def _show_changes(found: Diff) -> None:
    if not found:
        st.caption("No change: both genomes are the same.")
        return
    if found.parent.id == found.child.id:
        st.caption("The same strategy, written in another way: both have one genome id.")
    st.table(_changes_table(found), hide_index=True, border="horizontal", alt="The changes, node by node")


def _changes_table(found: Diff) -> pd.DataFrame:
    rows = [(f"{row.rule}", row.kind.capitalize(), _code(row.before), _code(row.after)) for row in found]
    return pd.DataFrame(rows, columns=["Rule", "Change", "Before", "After"])


def _code(text: str) -> str:
    """Markdown of a printed part of a genome, which has no character that ends the code."""
    return f"`{text}`" if text else ""
