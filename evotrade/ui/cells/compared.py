"""Which cells are compared: `?compare=3,5,9`, read with care, changed by buttons."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import streamlit as st

from evotrade.errors import NotFound
from evotrade.plots.theme import COLOURS
from evotrade.ui import reads
from evotrade.ui.text import shortened

MOST = len(COLOURS["light"].cells)
"""Most cells that are compared at once: as many as there are colours to tell them apart."""

_PARAMETER, _CELL = "compare", "cell"
_LONG = 20
_DIGITS = 18  # what a 64-bit number surely holds


class Asked(NamedTuple):
    """The numbers of an address, each once, and a sentence for each kind of mistake in it."""

    numbers: tuple[int, ...]
    mistakes: tuple[str, ...]


def asked() -> Asked:
    """What the address asks for, as far as there are such cells."""
    wanted = parse(st.query_params.get(_PARAMETER, ""))
    there, mistakes = [], list(wanted.mistakes)
    for number in wanted.numbers:
        try:
            reads.cell(number)
        except NotFound as error:
            mistakes.append(str(error))
        else:
            there.append(number)
    return Asked(tuple(there), tuple(mistakes))


def parse(text: str) -> Asked:
    """Numbers of cells with commas between them."""
    words = [word for word in map(str.strip, text.split(",")) if word]
    wrong = [word for word in words if not (word.isascii() and word.isdigit() and len(word) <= _DIGITS)]
    numbers = [int(word) for word in words if word not in wrong]
    unique = list(dict.fromkeys(numbers))
    mistakes = []
    if wrong:
        mistakes.append(f"the address compares {shortened(wrong[0], _LONG)!r}, which is no number of a cell")
    if len(unique) < len(numbers):
        twice = next(number for position, number in enumerate(numbers) if number in numbers[:position])
        mistakes.append(f"cell {twice} is named twice, and compared once")
    if len(unique) > MOST:
        mistakes.append(
            f"at most {MOST} cells are compared at once: cell {unique[MOST]} and more are left out"
        )
    return Asked(tuple(unique[:MOST]), tuple(mistakes))


def in_view() -> bool:
    """Whether the comparison is on the page: of two cells or more, unless the address names a cell."""
    return _CELL not in st.query_params and len(asked().numbers) > 1


def show_comparison() -> None:
    """In a callback: put the comparison into the place of the panel."""
    st.query_params.pop(_CELL, None)


def show_cell(cell_id: int) -> None:
    """In a callback: put the panel of a cell into the place of the comparison, which is kept."""
    st.query_params[_CELL] = str(cell_id)


def add(cell_id: int) -> None:
    """In a callback: compare that cell too, and show the comparison once there are two."""
    numbers = parse(st.query_params.get(_PARAMETER, "")).numbers
    _keep((*numbers, cell_id))
    if numbers:
        show_comparison()


def remove(cell_id: int) -> None:
    """In a callback: compare that cell no more; one that is left alone has its panel shown."""
    left = [number for number in parse(st.query_params.get(_PARAMETER, "")).numbers if number != cell_id]
    _keep(left)
    if len(left) == 1:
        show_cell(left[0])


def clear() -> None:
    """In a callback: compare nothing."""
    st.query_params.pop(_PARAMETER, None)


def _keep(numbers: Iterable[int]) -> None:
    text = ",".join(map(str, dict.fromkeys(numbers)))
    if text:
        st.query_params[_PARAMETER] = text
    else:
        clear()


def button(cell_id: int) -> None:
    """Add the cell to the comparison, or take it out."""
    numbers = parse(st.query_params.get(_PARAMETER, "")).numbers
    inside = cell_id in numbers
    full = not inside and len(numbers) == MOST
    st.button(
        "Remove from comparison" if inside else "Compare",
        icon=":material/compare_arrows:",
        type="tertiary",
        key="compare",
        disabled=full,
        help=f"{MOST} cells are compared already: remove one of them first" if full else None,
        on_click=remove if inside else add,
        args=(cell_id,),
    )
