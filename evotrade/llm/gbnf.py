"""Lark grammar → GBNF, the notation in which llama.cpp takes the grammar that its decoding must keep to.

GBNF reads letters, not tokens: white space is part of it, and a rule must not begin with itself. So blanks
are put where the printer of genomes puts them, and Lark's `a: b | a "+" b` becomes `b (" + " b)*`.
"""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from lark import Lark, Token, Tree

_Node = Tree[Token] | Token
_GLUED_LEFT = frozenset(("(", ")", ",", "TIMEFRAME"))
_BLANK = " "


@dataclass(frozen=True)
class Wording:
    """How sentences are written, and how far they go.

    `terminals` are GBNF alternatives by terminal, or by `rule.TERMINAL` where it means something else
    there; a terminal without any is left out, with all that needs it. `separator` is the text between two
    rules. `repeats` says how often a rule that begins with itself may go on, `depth` how often rules may
    come back to an earlier one; without them there is no end.
    """

    terminals: Mapping[str, str]
    separator: str = "\n"
    repeats: Mapping[str, int] = field(default_factory=dict)
    depth: int | None = None


def quoted(text: str) -> str:
    """The text as a GBNF literal."""
    for letter, written in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n")):
        text = text.replace(letter, written)
    return f'"{text}"'


def one_of(words: Sequence[str]) -> str:
    """GBNF alternatives of literal words."""
    return " | ".join(quoted(word) for word in words)


def text_of(rules: Mapping[str, str]) -> str:
    """Rules as GBNF text, one a line."""
    return "".join(f"{name} ::= {alternatives}\n" for name, alternatives in rules.items())


def whole_between(lowest: int, highest: int) -> str:
    """GBNF alternatives of the whole numbers `lowest` to `highest`, at least 0, without leading zeros."""
    parts: list[str] = []
    for digits in range(len(str(lowest)), len(str(highest)) + 1):
        least = max(lowest, 10 ** (digits - 1) if digits > 1 else 0)
        parts.extend(_digits(str(least), str(min(highest, 10**digits - 1))))
    return " | ".join(parts)


def _digits(low: str, high: str) -> Iterator[str]:
    """Alternatives of the numbers between two that have as many digits."""
    rest = len(low) - 1
    if set(low[1:]) <= {"0"} and set(high[1:]) <= {"9"}:
        yield f"[{low[0]}-{high[0]}]" + " [0-9]" * rest
    elif low[0] == high[0]:
        yield from (f"[{low[0]}] {tail}" for tail in _digits(low[1:], high[1:]))
    else:
        middle_low, middle_high = int(low[0]), int(high[0])
        if set(low[1:]) != {"0"}:
            yield from (f"[{low[0]}] {tail}" for tail in _digits(low[1:], "9" * rest))
            middle_low += 1
        if set(high[1:]) != {"9"}:
            middle_high -= 1
        if middle_low <= middle_high:
            yield f"[{middle_low}-{middle_high}]" + " [0-9]" * rest
        if set(high[1:]) != {"9"}:
            yield from (f"[{high[0]}] {tail}" for tail in _digits("0" * rest, high[1:]))


def converted(grammar: str, start: str, wording: Wording) -> dict[str, str]:
    """The GBNF rules of a Lark grammar's text by name, that of `start` first; all others are reached from it.

    Of Lark's notation it knows what such a grammar of tokens needs: literals, alternatives, groups, optional
    parts, aliases and left recursion; a separator `_SEPARATOR*` is written once between, and not at the ends.
    Raises `ValueError` for other notation, and where nothing is left of `start`.
    """
    converter = _Converter(grammar, wording)
    if converter.rule(start, wording.depth) is None:
        raise ValueError(f"nothing is left of rule {start!r}: give it terminals, or more depth")
    return converter.reached(start)


_Place = tuple[str, int | None]  # a rule, and how often it may still come back


class _Converter:
    def __init__(self, grammar: str, wording: Wording) -> None:
        reader = Lark.open_from_package(
            "lark", "lark.lark", ("grammars",), parser="lalr", maybe_placeholders=False
        )
        rules = [rule.children for rule in reader.parse(grammar).find_data("rule")]
        self._bodies: dict[str, _Node] = {str(parts[0]).lstrip("!?"): parts[-1] for parts in rules}
        self._order = list(self._bodies)
        self._wording = wording
        self._made: dict[_Place, str | None] = {}
        self._named_by: dict[_Place, list[_Place]] = {}

    def rule(self, rule: str, depth: int | None) -> str | None:
        """A rule's alternatives; None where there are none."""
        place = rule, depth
        if place not in self._made:
            self._made[place] = ""  # it is there for those inside that come back to it
            self._named_by[place] = []
            self._made[place] = self._alternatives(place) if depth is None or depth >= 0 else None
        return self._made[place]

    def reached(self, start: str) -> dict[str, str]:
        """The rules that `start` needs."""
        found: dict[str, str] = {}
        waiting: list[_Place] = [(start, self._wording.depth)]
        for place in waiting:
            name, made = self._name(*place), self._made[place]
            if made is not None and name not in found:
                found[name] = made
                waiting.extend(self._named_by[place])
        return found

    def _name(self, rule: str, depth: int | None) -> str:
        return rule.replace("_", "-") + ("" if depth is None or rule not in self._returning else f"-{depth}")

    @cached_property
    def _returning(self) -> frozenset[str]:
        """Rules that come back to an earlier one, or lead to one that does."""
        found: set[str] = set()
        for rule in reversed(self._order):
            if any(target in found or self._is_back(rule, target) for target in self._targets(rule)):
                found.add(rule)
        return frozenset(found)

    def _targets(self, rule: str) -> Iterator[str]:
        """The rules that one names, but for itself where it begins with itself."""
        for items in _alternatives(self._bodies[rule]):
            for item in items[1:] if _is_name(items[0], rule) else items:
                names = item.find_data("name") if isinstance(item, Tree) else ()
                yield from (str(name.children[0]) for name in names if name.children[0] in self._bodies)

    def _is_back(self, rule: str, target: str) -> bool:
        return self._order.index(target) <= self._order.index(rule)

    def _alternatives(self, place: _Place) -> str | None:
        heads: list[str] = []
        tails: list[str] = []
        for items in _alternatives(self._bodies[place[0]]):
            goes_on = _is_name(items[0], place[0])
            made = self._sequence(place, items[1:] if goes_on else items, follows=goes_on)
            (tails if goes_on else heads).extend([made] if made else [])
        if not heads or not tails:
            return " | ".join(heads) or None
        most = self._wording.repeats.get(place[0])
        return f"{_group(heads)} ({' | '.join(tails)}){'*' if most is None else f'{{0,{most}}}'}"

    def _sequence(self, place: _Place, items: Sequence[_Node], *, follows: bool = False) -> str | None:
        """Items in order, None where one is missing; `follows` says that something stands before them."""
        parts: list[str] = []
        left: _Node | None = None
        for index, item in enumerate(items):
            made = self._item(place, item)
            if _is_separator(item):
                is_between = (follows or index) and index < len(items) - 1
                parts.extend([quoted(self._wording.separator)] if is_between else [])
            elif made:
                is_first = left is None and not follows
                is_glued = is_first or _are_glued(left, item, is_prefix=index == 1 and not follows)
                parts.append(_placed(made, "" if is_glued else _BLANK, is_optional=_is_optional(item)))
            elif not _is_optional(item):
                return None
            else:
                continue
            left = item
        return _joined(parts)

    def _item(self, place: _Place, item: _Node) -> list[str]:
        """The alternatives of one item, without the blank before it."""
        kind = item.data if isinstance(item, Tree) else str(item)
        if isinstance(item, Tree):
            if kind == "literal":
                return [quoted(_literal(item))]
            if kind == "name":
                return self._named(place, str(item.children[0]))
            if kind in ("maybe", "expansions", "expansion"):
                inner = item.children[0] if kind == "maybe" else item
                made = (self._sequence(place, each) for each in _alternatives(inner))
                return [each for each in made if each]
            if _is_separator(item):
                return []
        raise ValueError(f"rule {place[0]!r}: {kind} has no counterpart in GBNF here")

    def _named(self, place: _Place, name: str) -> list[str]:
        rule, depth = place
        if name not in self._bodies:
            terminals = self._wording.terminals
            made = terminals.get(f"{rule}.{name}", terminals.get(name, ""))
            return [made] if made else []
        below = depth - 1 if depth is not None and self._is_back(rule, name) else depth
        if self.rule(name, below) is None:
            return []
        self._named_by[place].append((name, below))
        return [self._name(name, below)]


def _alternatives(body: _Node) -> list[list[_Node]]:
    """The alternatives of a rule or a group, each as its items."""
    listed = body.children if isinstance(body, Tree) and body.data == "expansions" else [body]
    found: list[list[_Node]] = []
    for each in listed:
        inner = each.children[0] if isinstance(each, Tree) and each.data == "alias" else each
        found.append(
            list(inner.children) if isinstance(inner, Tree) and inner.data == "expansion" else [inner]
        )
    return found


def _edge(item: _Node) -> str:
    """The literal or the name that an item begins with."""
    if isinstance(item, Token):
        return str(item)
    if item.data == "literal":
        return _literal(item)
    return _edge(item.children[0])


def _literal(item: Tree[Token]) -> str:
    return str(literal_eval(str(item.children[0]).removesuffix("i"))).upper()


def _is_name(item: _Node, name: str) -> bool:
    return isinstance(item, Tree) and item.data == "name" and item.children[0] == name


def _is_separator(item: _Node | None) -> bool:
    return isinstance(item, Tree) and item.data == "expr" and _is_name(item.children[0], "_SEPARATOR")


def _is_optional(item: _Node) -> bool:
    return isinstance(item, Tree) and item.data == "maybe"


def _are_glued(left: _Node | None, item: _Node, *, is_prefix: bool) -> bool:
    """Whether no blank stands between two; `is_prefix` says that the left one begins its expression."""
    if _edge(item) in _GLUED_LEFT or _is_separator(left):
        return True
    edge = "" if left is None else _edge(left)
    is_sign = bool(edge) and not edge[0].isalnum()  # the minus of an operand; NOT is a word and stands apart
    return edge == "(" or (is_prefix and is_sign)


def _placed(alternatives: Sequence[str], blank: str, *, is_optional: bool) -> str:
    """An item with the blank before it; what is optional takes it along."""
    if not is_optional:
        return _joined([quoted(blank), _group(alternatives)] if blank else [_group(alternatives)])
    whole = [_joined([quoted(blank), _group(alternatives)])] if blank else alternatives
    return f"({' | '.join(whole)})?"


def _group(parts: Sequence[str]) -> str:
    """Alternatives as one item."""
    whole = " | ".join(parts)
    return f"({whole})" if "|" in whole else whole


def _joined(parts: Sequence[str]) -> str:
    return " ".join(parts)
