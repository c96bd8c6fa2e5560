"""What to say when a token stands where the grammar allows none: what was expected, what was found."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from lark import Token, UnexpectedToken
from lark.lexer import PatternStr, TerminalDef

from evotrade.errors import GenomeError
from evotrade.genome.functions import FUNCTIONS, TIMEFRAMES
from evotrade.genome.lexer import SEPARATOR, UNKNOWN, declared_words, error_at

_CLOSE_ENOUGH = 0.7  # "DELT" and "STDEV" find their word; "SMA" is no misspelt SUM


def syntax_error(error: UnexpectedToken, terminals: Iterable[TerminalDef]) -> GenomeError:
    """The `GenomeError` that tells a person what `error` found; `terminals` are those of the grammar."""
    literals = {each.name: each.pattern.value for each in terminals if isinstance(each.pattern, PatternStr)}
    accepted = set(error.accepts or ())
    found = error.token
    suggestion = _suggestion(found, accepted, literals) if found.type == UNKNOWN else None
    expected = _expected(accepted, literals)
    if found.type == UNKNOWN and found.startswith("_"):
        known = f": use _{', _'.join(TIMEFRAMES)}" if suggestion is None else ""
        return error_at(found, f"unknown timeframe {found.value!r}{known}", suggestion)
    if found.type == UNKNOWN:
        kind = _unknown_kind(suggestion, accepted)
        message = f"unknown {kind} {found.value!r}" if kind else f"expected {expected}, found {found.value!r}"
        return error_at(found, message, suggestion)
    if found.type == "$END":
        found = Token(found.type, "", line=found.end_line or 1, column=found.end_column or 1)
    return error_at(_one_wide(found), f"expected {expected}, found {_shown(found, accepted)}")


def _suggestion(found: Token, accepted: set[str], literals: dict[str, str]) -> str | None:
    words = [word for word, terminal in declared_words().items() if terminal in accepted]
    words += [literals[terminal] for terminal in accepted if literals.get(terminal, "").isalpha()]
    return next(iter(get_close_matches(found.upper(), sorted(words), n=1, cutoff=_CLOSE_ENOUGH)), None)


def _unknown_kind(suggestion: str | None, accepted: set[str]) -> str | None:
    """What sort of name an unknown word was meant to be; None where a fixed word was expected."""
    if suggestion in FUNCTIONS:
        return "function"
    if suggestion is not None:
        return "symbol" if declared_words().get(suggestion) == "SYMBOL" else None
    return "symbol or function" if "SYMBOL" in accepted else None


def _expected(accepted: set[str], literals: dict[str, str]) -> str:
    """The accepted terminals in a few words: what must come, not everything that may."""
    if "SYMBOL" in accepted:
        return "a condition" if "NOT" in accepted else "an expression"
    words = {literals.get(terminal, terminal) for terminal in accepted}
    if {"BUY", "SELL", "HOLD"} <= words:
        return "BUY, SELL or HOLD"
    parts = ["a comparison"] if ">" in words else []
    parts += [word for word in ("THEN", "ELSE") if word in words]
    parts += [repr(mark) for mark in (",", ")") if mark in words]
    parts += ["a whole number"] if "INTEGER" in words else []
    parts += ["end of rule"] if SEPARATOR in words and "ELSE" in words else []
    parts = parts or ["IF" if "IF" in words else "'('"]
    return " or ".join(parts)


def _shown(found: Token, accepted: set[str]) -> str:
    if found.type == SEPARATOR:
        return "end of rule"
    if found.type == "$END":
        return "end of text" if "IF" in accepted else "end of rule"
    if found.type in ("NUMBER", "INTEGER"):
        return str(found)
    return found.upper() if found[:1].isalpha() else repr(found.value)


def _one_wide(found: Token) -> Token:
    return Token.new_borrow_pos(found.type, " ", found) if found.type in (SEPARATOR, "$END") else found
