"""Text that somebody else wrote (names, hypotheses, dishes, genomes): shown as text, never as markup."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

import streamlit as st

_MARKS = re.compile(r"""([\\`*_{}\[\]()<>#+\-.!|~$:&=^"'])""")
_FOUND_BEHIND_BACKSLASHES = re.compile(r"(:|@|www)", re.IGNORECASE)  # icons, emoji, addresses
_BREAK = "\u200c"  # zero-width non-joiner
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")  # these turn round what follows them, numbers too
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_ISOLATED = "\u2068{}\u2069"
_LONG = 40
_GRID = (
    "display:grid;grid-template-columns:repeat(auto-fill,minmax(8rem,1fr));gap:0.5rem 1rem;margin:0;padding:0"
)
_WIDE = "grid-column:1/-1"
_LABEL = "opacity:0.65;font-size:0.875em;margin:0"
_VALUE = "margin:0;overflow-wrap:anywhere"


def as_markdown(text: str) -> str:
    """Markdown that shows `text` as it is, in one paragraph; words around it keep their direction."""
    words = " ".join(_TURNING.sub("", text).split())
    marked = _MARKS.sub(r"\\\1", _FOUND_BEHIND_BACKSLASHES.sub(rf"\1{_BREAK}", words))
    return _ISOLATED.format(marked) if _RIGHT_TO_LEFT.search(marked) else marked


def shortened(text: str, most: int) -> str:
    """The text, or its beginning where it has more than `most` characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def sentence(error: Exception) -> str:
    """Markdown of an error's one sentence, as a sentence begins; the name of a file stays as it is."""
    text = str(error)
    if text.partition(" ")[0].isalpha():
        text = text[:1].upper() + text[1:]
    return as_markdown(text)


def facts(rows: Iterable[tuple[str, str]]) -> None:
    """Show labels above their values, side by side while they are short; both are text."""
    tiles = "".join(
        f'<div style="{_WIDE if len(value) > _LONG else ""}">'
        f'<dt style="{_LABEL}">{escape(label)}</dt><dd style="{_VALUE}">{escape(value)}</dd></div>'
        for label, value in rows
    )
    st.html(f'<dl style="{_GRID}">{tiles}</dl>')
