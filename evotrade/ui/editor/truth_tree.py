"""The rules of a thought as trees: what each node reads, which conditions hold, and by how much."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import streamlit as st

from evotrade.engine.thought import HigherBar, NodeThought, RuleThought, Thought
from evotrade.genome import Genome
from evotrade.genome.printer import Style, node_text
from evotrade.genome.tree import Comparison, Logical, Not, Number
from evotrade.ui.formats import NO_VALUE
from evotrade.ui.genome import pieces

_HERE = Path(__file__)
_OPEN_UP_TO_NODES = 40
_JOINS = {"AND": "all must hold", "OR": "one must hold", "NOT": "must not hold"}


def show_tree(genome: Genome, thought: Thought, style: Style, key: str) -> None:
    """Every rule of the thought; a large genome's comparisons begin closed and stay as they are left."""
    _COMPONENT(
        data={
            "genome": genome.id,
            "open": genome.size <= _OPEN_UP_TO_NODES,
            "rules": [rule_row(number, rule, style) for number, rule in enumerate(thought.rules, 1)],
        },
        key=key,
    )


def rule_row(number: int, rule: RuleThought, style: Style) -> dict[str, Any]:
    """A rule as the component takes it: plain text and truth values."""
    return {
        "number": number,
        "then": rule.rule.then,
        "otherwise": rule.rule.otherwise,
        "branch": rule.branch,
        "vote": rule.vote or "",
        "condition": node_row(rule.condition, style),
    }


def node_row(thought: NodeThought, style: Style) -> dict[str, Any]:
    """A node and what is below it as the component takes it.

    ANDs of ANDs and ORs of ORs are one row; a number is no row of its own, its value is its text.
    """
    node = thought.node
    joins = "NOT" if isinstance(node, Not) else node.operator if isinstance(node, Logical) else ""
    text = [("keyword", joins)] if joins else pieces(node_text(node, style))
    below = _joined(thought, joins) if joins else thought.children
    return {
        "text": [list(piece) for piece in text],
        "joins": bool(joins),
        "holds": thought.value if isinstance(thought.value, bool) else None,
        "value": _value(thought),
        "exact": "" if isinstance(thought.value, bool) else repr(thought.value),
        "margin": _margin(thought),
        "note": _JOINS.get(joins) or _undefined(thought) or _bar(thought.higher_bar),
        "undefined": bool(thought.undefined),
        "rows": [node_row(child, style) for child in below if not isinstance(child.node, Number)],
    }


def number(value: float) -> str:
    """A number of no known unit, to eight digits: `27,431.5`."""
    if math.isnan(value):
        return NO_VALUE
    return f"{value:,.8g}".replace("-", "−").replace("inf", "∞")


def percent(value: float) -> str:
    """A percentage that is not below 0, in few digits."""
    if 0 < value < 0.01:
        return "< 0.01 %"
    if value < 1_000:
        return f"{value:.2f} %"
    return f"{value:,.0f} %" if value < 1e6 else f"{value:.1e} %"


def _joined(thought: NodeThought, joins: str) -> Iterator[NodeThought]:
    for child in thought.children:
        if isinstance(child.node, Logical) and child.node.operator == joins:
            yield from _joined(child, joins)
        else:
            yield child


def _value(thought: NodeThought) -> str:
    if isinstance(thought.node, Comparison):
        left, right = (number(side.value) for side in thought.children)
        return f"{left} {thought.node.operator} {right}"
    return "" if isinstance(thought.value, bool) else number(thought.value)


def _margin(thought: NodeThought) -> str:
    rest = "to spare" if thought.value else "to go"
    if thought.margin_pct is None:
        gap = thought.difference
        return "" if gap is None else f"{number(abs(gap))} {rest}"
    return "never changes" if math.isinf(thought.margin_pct) else f"{percent(abs(thought.margin_pct))} {rest}"


def _undefined(thought: NodeThought) -> str:
    """Why there is no value, said by a comparison and where it begins, not by all between them."""
    begins = all(child.undefined != thought.undefined for child in thought.children)
    return thought.undefined if begins or isinstance(thought.node, Comparison) else ""


def _bar(bar: HigherBar | None) -> str:
    if bar is None:
        return ""
    start, end = (datetime.fromtimestamp(time_s, UTC) for time_s in (bar.start_s, bar.end_s))
    return f"{bar.timeframe} bar {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC"


# A component, since a genome of 200 nodes is as many rows; text goes in as text nodes, never as HTML.
_COMPONENT = st.components.v2.component(
    "evotrade_truth",
    html='<div class="tools"></div>\n<div class="rules"></div>\n',
    css=_HERE.with_name("truth.css").read_text(encoding="utf-8"),
    js=_HERE.with_name("truth.js").read_text(encoding="utf-8"),
)
