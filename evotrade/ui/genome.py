"""A genome in colours: keywords, actions, functions, columns, numbers and comments."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import streamlit as st

from evotrade.genome.functions import ALIASES, FUNCTIONS, SYMBOLS

_ACTIONS = {"BUY": "buy", "SELL": "sell", "HOLD": "hold"}
_KINDS = {
    **dict.fromkeys(("IF", "THEN", "ELSE", "AND", "OR", "NOT"), "keyword"),
    **_ACTIONS,
    **dict.fromkeys(FUNCTIONS, "function"),
    **dict.fromkeys((*SYMBOLS, *ALIASES), "column"),
}
_TOKEN = re.compile(
    r"(#[^\n]*)|([A-Za-z][A-Za-z0-9]*)(?:_[A-Za-z0-9]+)?|((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
)


class Piece(NamedTuple):
    """A run of characters and what it is; `kind` is empty where it has no colour.

    "removed" or "added" after the kind marks what changed from one genome to another.
    """

    kind: str
    text: str


def pieces(genome: str) -> list[Piece]:
    """The text cut into coloured and plain pieces; joined, they are the text again, valid genome or not."""
    found: list[Piece] = []
    end = 0
    for match in _TOKEN.finditer(genome):
        found.append(Piece("", genome[end : match.start()]))
        found.append(Piece(_kind(match), match.group()))
        end = match.end()
    found.append(Piece("", genome[end:]))
    return [piece for piece in found if piece.text]


def _kind(match: re.Match[str]) -> str:
    comment, word, number = match.groups()
    if comment:
        return "comment"
    return "number" if number else _KINDS.get(word.upper(), "")


def show_genome(genome: str, key: str) -> None:
    """The genome with line numbers, in the colours of the theme in force."""
    show_pieces([pieces(line) for line in genome.split("\n")], key)


def show_pieces(lines: Sequence[Sequence[Piece]], key: str) -> None:
    """Lines of pieces, numbered, in the colours of the theme in force."""
    _COMPONENT(data={"lines": [[tuple(piece) for piece in line] for line in lines]}, key=key)


# A component, since it follows a change of theme by itself; text goes in as text nodes, never as HTML.
_COMPONENT = st.components.v2.component(
    "evotrade_genome",
    html="<ol></ol>",
    css="""
ol { margin: 0; padding: 0.6rem 0.75rem 0.6rem 2.75rem; overflow-wrap: anywhere; white-space: pre-wrap;
     background: var(--st-code-background-color); border: 1px solid var(--st-border-color);
     border-radius: var(--st-base-radius); color: var(--st-text-color); font: 13px/1.65 var(--st-code-font); }
li::marker { color: var(--st-gray-color); font-size: 11px; }
.keyword { color: var(--st-violet-color); font-weight: 600; }
.function { color: var(--st-blue-color); }
.column { color: var(--st-text-color); font-weight: 600; }
.number { color: var(--st-orange-color); }
.comment, .hold { color: var(--st-gray-color); }
.buy { color: var(--st-green-color); font-weight: 700; }
.sell { color: var(--st-red-color); font-weight: 700; }
.removed { background: var(--st-red-background-color); }
.added { background: var(--st-green-background-color); }
""",
    js="""
export default function ({ data, parentElement }) {
  const items = data.lines.map((line) => {
    const item = document.createElement("li");
    for (const [kind, text] of line) {
      const piece = document.createElement("span");
      piece.className = kind;
      piece.textContent = text;
      item.append(piece);
    }
    return item;
  });
  parentElement.querySelector("ol").replaceChildren(...items);
}
""",
)
