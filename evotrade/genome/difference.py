"""What changed from one genome to another, node by node."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from evotrade.genome.genome import Genome
from evotrade.genome.parser import as_genome
from evotrade.genome.printer import Style, node_text, rule_text
from evotrade.genome.tree import Node, Number, Rule, Symbol, Window

_PARTS: dict[type[Node], tuple[tuple[str, str], ...]] = {
    Number: (("number", "value"),),
    Symbol: (("symbol", "name"), ("lag", "lag"), ("timeframe", "timeframe")),
    Window: (("function", "function"), ("window", "bars"), ("timeframe", "timeframe")),
}
"""What a node consists of besides its children: (name in a change, attribute)."""
_OPERATOR = (("operator", "operator"),)


@dataclass(frozen=True)
class Change:
    """One difference: in which rule (counted from 1), of what kind, and both texts.

    `kind` is "rule added", "rule removed", "then", "else", "number", "symbol", "lag", "timeframe",
    "function", "window", "operator", "wrapped" (the old text is a part of the new one), "unwrapped" (the
    other way round) or "replaced". `rule` counts in the child, for a removed rule in the parent.
    """

    rule: int
    kind: str
    before: str
    after: str

    def __str__(self) -> str:
        return (
            f"rule {self.rule}, {self.kind}: {' → '.join(text for text in (self.before, self.after) if text)}"
        )


@dataclass(frozen=True)
class Diff:
    """The changes that make `child` of `parent`, in the order of the text; falsy when there are none."""

    parent: Genome
    child: Genome
    changes: tuple[Change, ...]

    def __len__(self) -> int:
        return len(self.changes)

    def __iter__(self) -> Iterator[Change]:
        return iter(self.changes)

    def __str__(self) -> str:
        return "\n".join(map(str, self.changes)) or "no change"

    __repr__ = __str__


def diff(parent: Genome | str, child: Genome | str, style: Style = "abstract") -> Diff:
    """What changed from `parent` to `child`, with texts in `style`.

    Raises `GenomeError` where a text does not parse.
    """
    parent, child = as_genome(parent), as_genome(child)
    old, new = parent.rules, child.rules
    changes: list[Change] = []
    for i, j in aligned([rule_text(rule) for rule in old], [rule_text(rule) for rule in new]):
        before = None if i is None else (i + 1, old[i])
        after = None if j is None else (j + 1, new[j])
        changes.extend(_rule_changes(before, after, style))
    return Diff(parent, child, tuple(changes))


def aligned(old: Sequence[str], new: Sequence[str]) -> list[tuple[int | None, int | None]]:
    """Which line became which: pairs of places in order, None for what was removed or added.

    Of all ways to pair them in order, the one whose pairs are most alike in sum (Needleman and Wunsch 1970,
    without a price for gaps); a line that stayed as it was counts twice.
    """
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]  # of what is left from (i, j) on
    alike = [[_likeness(one, other) for other in new] for one in old]
    for i in reversed(range(len(old))):
        for j in reversed(range(len(new))):
            best[i][j] = max(best[i + 1][j + 1] + alike[i][j], best[i + 1][j], best[i][j + 1])
    pairs: list[tuple[int | None, int | None]] = []
    i = j = 0
    while i < len(old) or j < len(new):
        if i < len(old) and j < len(new) and best[i][j] == best[i + 1][j + 1] + alike[i][j]:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif j == len(new) or (i < len(old) and best[i][j] == best[i + 1][j]):
            pairs.append((i, None))
            i += 1
        else:
            pairs.append((None, j))
            j += 1
    return pairs


def _likeness(one: str, other: str) -> float:
    if one == other:
        return 2.0
    return SequenceMatcher(None, one.split(), other.split(), autojunk=False).ratio()


def _rule_changes(
    before: tuple[int, Rule] | None, after: tuple[int, Rule] | None, style: Style
) -> Iterator[Change]:
    if before is None:
        if after is not None:
            yield Change(after[0], "rule added", "", rule_text(after[1], style))
        return
    if after is None:
        yield Change(before[0], "rule removed", rule_text(before[1], style), "")
        return
    number, old, new = after[0], before[1], after[1]
    for kind, one, other in _node_changes(old.condition, new.condition):
        yield Change(number, kind, node_text(one, style), node_text(other, style))
    if old.then != new.then:
        yield Change(number, "then", old.then, new.then)
    if old.otherwise != new.otherwise:
        yield Change(number, "else", old.otherwise, new.otherwise)


def _node_changes(old: Node, new: Node) -> Iterator[tuple[str, Node, Node]]:
    """(kind, old node, new node) of every difference between two trees, parents before children."""
    if old == new:
        return
    if old in new.children:
        yield "wrapped", old, new
    elif new in old.children:
        yield "unwrapped", old, new
    elif type(old) is type(new):
        for kind, part in _PARTS.get(type(old), _OPERATOR if hasattr(old, "operator") else ()):
            if getattr(old, part) != getattr(new, part):
                yield kind, old, new
        for one, other in zip(old.children, new.children, strict=True):
            yield from _node_changes(one, other)
    else:
        yield "replaced", old, new
