"""How large a genome may be; beyond it, text and tree alike are refused with a message of their own."""

from __future__ import annotations

from evotrade.errors import GenomeError

MAX_TEXT_BYTES = 16_384
"""Bytes of UTF-8 that a genome's text may have."""
MAX_RULES = 16
MAX_NODES = 200
"""Operators, comparisons, functions, symbols and numbers over all rules."""
MAX_DEPTH = 24
"""Nodes on the longest way down from a rule; parentheses that change nothing don't count."""
MAX_PARENTHESES = 100
"""Parentheses open at once."""
MAX_WINDOW = 5_000
"""Bars of a window, of RSI and of LAG; at least 1."""
MAX_LAG = 5_000
"""Bars that a symbol looks back; at least 0."""

TOO_MANY_RULES = f"a genome has at most {MAX_RULES} rules"
TOO_MANY_NODES = f"a genome has at most {MAX_NODES} nodes"
TOO_DEEP = f"a rule nests at most {MAX_DEPTH} levels deep"
TOO_MANY_PARENTHESES = f"at most {MAX_PARENTHESES} parentheses may be open at once"


def check_whole(what: str, value: int, lowest: int, highest: int) -> None:
    """Raise `GenomeError` unless the whole number `value` lies in [lowest, highest]."""
    if not lowest <= value <= highest:
        raise GenomeError(f"{what} must be between {lowest} and {highest}, found {value}")
