"""A genome in colours: keywords, actions, functions, columns, numbers and comments."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import streamlit as st

from evotrade.genome.functions import ALIASES, FUNCTIONS, SYMBOLS

KEYWORDS = {
    "IF": "begins a rule: IF condition THEN action",
    "THEN": "what the rule votes for where its condition holds",
    "ELSE": "what it votes for elsewhere; without it: HOLD",
    "AND": "both conditions hold",
    "OR": "at least one of the conditions holds",
    "NOT": "the condition does not hold",
}
"""Words that build a rule, with what they say."""

ACTIONS = {
    "BUY": "votes for being in the market",
    "SELL": "votes for being out of the market",
    "HOLD": "leaves things as they are",
}
"""What a rule may vote for, with what it says."""

KINDS = {
    **dict.fromkeys(KEYWORDS, "keyword"),
    **{action: action.lower() for action in ACTIONS},
    **dict.fromkeys(FUNCTIONS, "function"),
    **dict.fromkeys((*SYMBOLS, *ALIASES), "column"),
}
"""Words in upper case → the class that colours them."""

TOKEN = re.compile(
    r"(#[^\n]*)|([A-Za-z][A-Za-z0-9]*)(_[A-Za-z0-9_]*)?|((?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
)
"""Comment | word with its timeframe | number: for texts that may be wrong, so it refuses nothing.

A browser runs the same pattern, so it uses only what Python and JavaScript understand alike.
"""

COLOURS = """
.keyword { color: var(--st-violet-color); font-weight: 600; }
.function { color: var(--st-blue-color); }
.column { color: var(--st-text-color); font-weight: 600; }
.number { color: var(--st-orange-color); }
.comment, .hold { color: var(--st-gray-color); }
.buy { color: var(--st-green-color); font-weight: 700; }
.sell { color: var(--st-red-color); font-weight: 700; }
"""
"""Style sheet of the kinds, for every component that shows a genome."""


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
    for match in TOKEN.finditer(genome):
        found.append(Piece("", genome[end : match.start()]))
        found.append(Piece(_kind(match), match.group()))
        end = match.end()
    found.append(Piece("", genome[end:]))
    return [piece for piece in found if piece.text]


def _kind(match: re.Match[str]) -> str:
    comment, word, _, number = match.groups()
    if comment:
        return "comment"
    return "number" if number else KINDS.get(word.upper(), "")


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
    css=COLOURS
    + """
ol { margin: 0; padding: 0.6rem 0.75rem 0.6rem 2.75rem; overflow-wrap: anywhere; white-space: pre-wrap;
     background: var(--st-code-background-color); border: 1px solid var(--st-border-color);
     border-radius: var(--st-base-radius); color: var(--st-text-color); font: 13px/1.65 var(--st-code-font); }
li::marker { color: var(--st-gray-color); font-size: 11px; }
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
