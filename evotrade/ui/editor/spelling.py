"""The names in a genome's text, abstract or readable, exchanged without touching anything else."""

from __future__ import annotations

import re

from evotrade.genome.functions import ALIASES, SYMBOLS
from evotrade.genome.printer import Style
from evotrade.ui.genome import TOKEN

_READABLE = {name: column.alias for name, column in SYMBOLS.items()}


def respelled(text: str, style: Style) -> str:
    """The text with its columns named in `style`; comments, layout and mistakes stay as they are."""
    names = _READABLE if style == "readable" else ALIASES

    def name(found: re.Match[str]) -> str:
        word = found[2]
        other = names.get(word.upper()) if word else None
        return f"{other}{found[3] or ''}" if other else found[0]

    return TOKEN.sub(name, text)
