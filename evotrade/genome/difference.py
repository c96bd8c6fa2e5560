"""What changed from one genome to another, node by node."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

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
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            pairs = zip_longest(enumerate(old[i1:i2], i1 + 1), enumerate(new[j1:j2], j1 + 1))
            for before, after in pairs:
                changes.extend(_rule_changes(before, after, style))
    return Diff(parent, child, tuple(changes))


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
