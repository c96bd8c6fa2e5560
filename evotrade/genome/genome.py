"""A genome: the whole strategy as one immutable value."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from functools import cached_property

from evotrade.errors import GenomeError
from evotrade.genome.limits import MAX_NODES, MAX_RULES, TOO_MANY_NODES, TOO_MANY_RULES
from evotrade.genome.lookback import fits, lookback, suffixes
from evotrade.genome.printer import Style, canonical_text, render
from evotrade.genome.tree import Rule

_ID_DIGITS = 12
_SUFFIXED = re.compile(r"#[^\n]*|(?P<name>[A-Za-z]+)[ \t\r]*_(?P<suffix>[A-Za-z0-9]+)")


@dataclass(frozen=True, repr=False)
class Genome:
    """1 to 16 rules within the limits; equal when the trees are equal.

    `source` is the text that a person or a model wrote, where there is one. Raises `GenomeError` when
    the rules are over a limit.
    """

    rules: tuple[Rule, ...]
    source: str | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if not self.rules:
            raise GenomeError("a genome has at least one rule")
        if len(self.rules) > MAX_RULES:
            raise GenomeError(TOO_MANY_RULES)
        if self.size > MAX_NODES:
            raise GenomeError(TOO_MANY_NODES)

    @cached_property
    def id(self) -> str:
        """12 hexadecimal digits, the same for all texts with one canonical tree."""
        return hashlib.sha256(self.canonical.encode()).hexdigest()[:_ID_DIGITS]

    @cached_property
    def canonical(self) -> str:
        """The canonical text, which `id` is the hash of."""
        return canonical_text(self.rules)

    @cached_property
    def size(self) -> int:
        """Nodes over all rules."""
        return sum(rule.condition.size for rule in self.rules)

    @property
    def depth(self) -> int:
        """Nodes on the longest way down from a rule."""
        return max(rule.condition.depth for rule in self.rules)

    @cached_property
    def timeframes(self) -> tuple[str, ...]:
        """Timeframe suffixes in use (`"4H"`), in the order of the text."""
        return suffixes(self.rules)

    def lookback(self, timeframe: str = "1h") -> int:
        """Earlier bars of the base `timeframe` that the first decision needs.

        Raises `GenomeError` where a suffix is shorter than `timeframe` or not a multiple of it.
        """
        needed = self._lookbacks.get(timeframe)
        if needed is None:
            for suffix in self.timeframes:
                if not fits(suffix, timeframe):
                    raise self._misfit(suffix, timeframe)
            needed = self._lookbacks[timeframe] = lookback(self.rules, timeframe)
        return needed

    def render(self, style: Style = "abstract") -> str:
        """The text, a rule a line, with abstract names or their readable aliases."""
        return render(self.rules, style)

    def _misfit(self, suffix: str, timeframe: str) -> GenomeError:
        text = str(self) if self.source is None else self.source
        found = next(match for match in _SUFFIXED.finditer(text) if (match["suffix"] or "").upper() == suffix)
        before = text[: found.start()]
        message = f"{found.group()} cannot be made of {timeframe} bars: its bars must be a multiple of them"
        column = found.start() - before.rfind("\n")
        return GenomeError(message, line=before.count("\n") + 1, column=column, length=len(found.group()))

    @cached_property
    def _lookbacks(self) -> dict[str, int]:
        """What was found by timeframe: every evaluation asks, and the answer never changes."""
        return {}

    @cached_property
    def _text(self) -> str:
        return self.render()

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"<Genome {self.id}: {'; '.join(str(self).splitlines())}>"
