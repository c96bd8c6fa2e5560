"""Text → tokens.

Lark's own lexers would read the first letters of a longer word as a keyword (`IFX` as IF and X); this
one takes words whole and looks them up, so that an unknown word is one token at one place. It also
bounds what the parser's stack can be asked to hold, before any tree exists.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lark import Token
from lark.common import LexerConf
from lark.lexer import Lexer as LarkLexer
from lark.lexer import PatternStr

from evotrade.errors import GenomeError
from evotrade.genome.functions import ALIASES, SYMBOLS, TIMEFRAMES, WINDOWS
from evotrade.genome.limits import MAX_DEPTH, MAX_PARENTHESES, TOO_DEEP, TOO_MANY_PARENTHESES

UNKNOWN = "UNKNOWN"
"""Type of a word that is in no table; the parser refuses it at its place."""

SEPARATOR = "_SEPARATOR"

_WORD = "[A-Za-z][A-Za-z0-9]*|_[A-Za-z0-9_]*"

_MEANT = {
    "=>": ">=",
    "=<": "<=",
    "=": "==",
    "&&": "AND",
    "&": "AND",
    "||": "OR",
    "|": "OR",
    "!": "NOT",
    "×": "*",
    "÷": "/",
    "−": "-",
    "≥": ">=",
    "≤": "<=",
    "≠": "!=",
}
"""What other languages and keyboards write → what this one does; longer ones first."""


def declared_words() -> dict[str, str]:
    """Words of the tables in upper case → the terminal that the grammar declares for them."""
    return {
        **dict.fromkeys((*SYMBOLS, *ALIASES), "SYMBOL"),
        **dict.fromkeys(WINDOWS, "WINDOW"),
        **{f"_{timeframe}": "TIMEFRAME" for timeframe in TIMEFRAMES},
    }


def error_at(token: Token, message: str, suggestion: str | None = None) -> GenomeError:
    """A `GenomeError` at the place of `token`."""
    length = max(1, len(token))
    return GenomeError(
        message, line=token.line or 1, column=token.column or 1, length=length, suggestion=suggestion
    )


class Lexer(LarkLexer):
    """The lexer of grammar.lark; its literals and patterns come from there, its words from the tables.

    A separator token stands one past the last character of the rule it ends.
    """

    def __init__(self, lexer_conf: LexerConf) -> None:
        literals = {
            t.pattern.value: t.name for t in lexer_conf.terminals if isinstance(t.pattern, PatternStr)
        }
        patterns = [t for t in lexer_conf.terminals if not isinstance(t.pattern, PatternStr)]
        patterns.sort(key=lambda terminal: -terminal.priority)
        marks = sorted((literal for literal in literals if not literal.isalpha()), key=len, reverse=True)
        self._types = literals | declared_words()
        self._ignored = frozenset(lexer_conf.ignore)
        groups = [(terminal.name, terminal.pattern.to_regexp()) for terminal in patterns]
        groups += [("MARK", "|".join(map(re.escape, marks))), ("WORD", _WORD), ("OTHER", ".")]
        self._pattern = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in groups))

    def lex(self, text: str) -> Iterator[Token]:  # type: ignore[override]
        """The tokens of `text`, in order; `GenomeError` at a character that belongs to none."""
        line, line_start, end = 1, 0, 0
        nesting = _Nesting()
        for match in self._pattern.finditer(text):
            kind = str(match.lastgroup)
            if kind in self._ignored:
                continue
            value, start, stop = match.group(), match.start(), match.end()
            if kind == SEPARATOR:
                column = end - line_start + 1
                newlines = value.count("\n")
                end_line, next_line_start = (
                    line + newlines,
                    start + value.rfind("\n") + 1 if newlines else line_start,
                )
                yield Token(kind, value, start, line, column, end_line, stop - next_line_start + 1, stop)
                line, line_start = end_line, next_line_start
                continue
            if kind == "MARK":
                kind = self._types[value]
            elif kind == "WORD":
                kind = self._types.get(value.upper(), UNKNOWN)
            column = start - line_start + 1
            token = Token(kind, value, start, line, column, line, column + stop - start, stop)
            if kind == "OTHER":
                raise _stray_character(text, token)
            nesting.check(token)
            end = stop
            yield token


class _Nesting:
    """Refuses text that opens more than a tree may hold, while it is being read."""

    def __init__(self) -> None:
        self._parentheses = 0
        self._prefixes = 0

    def check(self, token: Token) -> None:
        kind = token.type
        if kind == "LPAR":
            self._parentheses += 1
            if self._parentheses > MAX_PARENTHESES:
                raise error_at(token, TOO_MANY_PARENTHESES)
            return
        if kind == "RPAR":
            self._parentheses -= 1
        # each of a run of prefixes lies one level deeper, and the operand below the last of them
        self._prefixes = self._prefixes + 1 if kind in ("MINUS", "NOT") else 0
        if self._prefixes >= MAX_DEPTH:
            raise error_at(token, TOO_DEEP)


def _stray_character(text: str, token: Token) -> GenomeError:
    rest = text[token.start_pos : (token.start_pos or 0) + 2]
    for written, meant in _MEANT.items():
        if rest.startswith(written):
            token = Token.new_borrow_pos("OTHER", written, token)
            return error_at(token, f"unexpected character {written!r}", meant)
    return error_at(token, f"unexpected character {token.value!r}")
