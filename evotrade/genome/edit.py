"""Reading and replacing nodes by number: 0, 1, … in written order over all rules.

A node knows its size, so the way to the n-th one skips whole subtrees and touches only its ancestors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from evotrade.genome.tree import Condition, Node, Rule, as_condition, walk

Rules = tuple[Rule, ...]


def numbered_nodes(rules: Sequence[Rule]) -> list[tuple[int, Node]]:
    """All nodes with their numbers."""
    return list(enumerate(node for rule in rules for node in walk(rule.condition)))


def replace_node(rules: Rules, number: int, new: Node) -> Rules:
    """The rules with `new` in the place of node `number`; `GenomeError` where the result breaks a limit."""
    for index, rule in enumerate(rules):
        if number < rule.condition.size:
            condition = as_condition(_replaced(rule.condition, number, new))
            return (*rules[:index], replace(rule, condition=condition), *rules[index + 1 :])
        number -= rule.condition.size
    raise IndexError(f"no node has a number that is {number} beyond the last one")


def of_one_kind(one: Node, other: Node) -> bool:
    """Whether each can stand where the other does: two expressions, or two conditions."""
    return isinstance(one, Condition) == isinstance(other, Condition)


def _replaced(node: Node, number: int, new: Node) -> Node:
    if number == 0:
        return new
    number -= 1
    children = list(node.children)
    for index, child in enumerate(children):
        if number < child.size:
            children[index] = _replaced(child, number, new)
            break
        number -= child.size
    return node.with_children(*children)
