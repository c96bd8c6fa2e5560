"""What a strategy thinks at a chosen bar: the bar, the decision with its votes, and every rule as a tree."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

import numpy as np
import streamlit as st

from evotrade import timeframes
from evotrade.engine.columns import Columns
from evotrade.engine.evaluator import Decisions, decide
from evotrade.engine.thought import Thought, explain, turns
from evotrade.errors import GenomeError
from evotrade.genome import Genome
from evotrade.genome.printer import Style
from evotrade.genome.tree import ACTIONS, Action
from evotrade.market.candles import Candles
from evotrade.plots.truth import decisions_figure
from evotrade.ui.charts import draw, theme_in_force
from evotrade.ui.editor.truth_tree import number, show_tree
from evotrade.ui.formats import moment
from evotrade.ui.text import as_markdown, sentence

_KEPT_S, _KEPT = 600, 16
_CHART_PX = 240
_MOST_STEP_S = 3_600
_PRICES = ("open", "high", "low", "close")
_ACTIONS: dict[int, Action] = {1: "BUY", 0: "HOLD", -1: "SELL"}
_SAID = {
    "votes": "HOLD abstains",
    "majority": "HOLD counts as a vote",
    "first": "the first rule decides",
    "unanimous": "all must agree",
}


@st.fragment
def show(genome: Genome, candles: Candles, combine: str, key: str, style: Style = "abstract") -> None:
    """What `genome` thinks at a bar of `candles` that a person chooses; the last one to begin with.

    The start of the bar is in the URL under `key`: `?bar=2023-03-31T12:00` for the key `bar`. `style` chooses
    between DELTA and its alias CLOSE. Moving the bar runs only this view again.
    """
    if not len(candles):
        st.markdown("**No bar to think about:** choose candles first.")
        return
    try:
        decisions = _decisions(genome, genome.id, candles, candles.data_hash, combine)
        bar = _choose(candles, decisions, key)
        thought = _think(genome, candles, bar, combine)
    except GenomeError as error:
        st.caption(f":material/error: {sentence(error)}")
        return
    figure = decisions_figure(candles, decisions, bar, theme_in_force())
    draw(
        figure,
        key=f"{key} chart",
        height_px=_CHART_PX,
        alt="Closes around the chosen bar, with the bars at which the strategy decides to buy or to sell",
        on_click=partial(_go_where_clicked, f"{key} chart", candles, key),
    )
    _decision(thought, bar)
    st.caption(_candle(candles, bar))
    show_tree(genome, thought, style, key=f"{key} tree")


# Not cached: explaining one bar from its lookback alone takes 5 to 15 ms for a genome of 190 nodes.
def _think(genome: Genome, candles: Candles, bar: int, combine: str) -> Thought:
    own = candles[max(0, bar - genome.lookback(candles.timeframe)) : bar + 1]
    return explain(genome, Columns(own), len(own) - 1, combine)


@st.cache_resource(ttl=_KEPT_S, max_entries=_KEPT, show_spinner=False)
def _decisions(_genome: Genome, genome_id: str, _candles: Candles, data_hash: str, combine: str) -> Decisions:
    return decide(_genome, Columns(_candles), combine)


def _choose(candles: Candles, decisions: Decisions, key: str) -> int:
    """The controls, and the bar that they choose."""
    last = len(candles) - 1
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
        back = st.container(horizontal=True, width="content", gap="xsmall")
        asked_for = st.datetime_input(
            "Bar, UTC",
            value=_start(candles, last),
            min_value=_start(candles, 0),
            max_value=_start(candles, last),
            step=min(_MOST_STEP_S, timeframes.length_s(candles.timeframe)),
            format="YYYY-MM-DD",
            key=key,
            bind="query-params",
            label_visibility="collapsed",
            required=True,
            width=190,
        )
        bar = _bar_at(candles, asked_for)
        changes = turns(decisions)
        before, after = changes[changes < bar], changes[changes > bar]
        go = partial(_button, candles, key)
        with back:
            go("Previous change", ":material/skip_previous:", before[-1] if len(before) else None)
            go("Previous bar", ":material/chevron_left:", bar - 1 if bar else None)
        go("Next bar", ":material/chevron_right:", bar + 1 if bar < last else None)
        go("Next change", ":material/skip_next:", after[0] if len(after) else None)
    return bar


def _button(candles: Candles, key: str, label: str, icon: str, bar: int | None) -> None:
    st.button(
        icon if label.endswith("bar") else label,
        icon=None if label.endswith("bar") else icon,
        help=label if label.endswith("bar") else "To where the decision becomes another",
        disabled=bar is None,
        key=f"{key} {label}",
        on_click=_go,
        args=(candles, key, bar),
    )


def _go(candles: Candles, key: str, bar: int) -> None:
    st.session_state[key] = _start(candles, bar)


def _go_where_clicked(chart: str, candles: Candles, key: str) -> None:
    points = st.session_state[chart]["selection"]["points"]
    bar = points[0].get("customdata") if points else None
    if isinstance(bar, int) and 0 <= bar < len(candles):
        _go(candles, key, bar)


def _start(candles: Candles, bar: int) -> datetime:
    """Start of a bar, UTC, without a zone, as Streamlit's widget has it."""
    return datetime.fromtimestamp(int(candles.time_s[bar]), UTC).replace(tzinfo=None)


def _end(candles: Candles, bar: int) -> datetime:
    return datetime.fromtimestamp(int(candles.end_s[bar]), UTC)


def _bar_at(candles: Candles, when: datetime) -> int:
    """The last bar that had begun at a moment in UTC, or the first."""
    begun = np.searchsorted(candles.time_s, int(when.replace(tzinfo=UTC).timestamp()), "right")
    return max(0, int(begun) - 1)


def _decision(thought: Thought, bar: int) -> None:
    if bar < thought.lookback:
        st.markdown(f"**No decision before bar {thought.lookback:,}** (lookback), this is bar {bar:,}.")
        return
    action = _ACTIONS[thought.decision]
    votes = ", ".join(f"{count} {each}" for each in ACTIONS if (count := thought.votes(each)))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.badge(action, color="blue" if action == "BUY" else "orange" if action == "SELL" else "gray")
        st.caption(
            f"{_count(len(thought.rules), 'rule')}: {votes} · combined by {thought.combine}, "
            f"{_SAID[thought.combine]}",
            width="content",
        )


def _candle(candles: Candles, bar: int) -> str:
    """The bar's time and its columns with their units, as markdown."""
    base, _, quote = candles.pair.partition("/")
    units = {**dict.fromkeys(_PRICES, quote), "volume": base}
    facts = [f"bar {bar:,}: {_start(candles, bar):%Y-%m-%d %H:%M} to {moment(_end(candles, bar))}"]
    for name in candles.columns:
        value = float(getattr(candles, name)[bar])
        amount = f"{name.replace('_', ' ')} {number(value)} {units.get(name, '')}".rstrip()
        facts.append(_count(value, "trade") if name == "trades" else amount)
    return " · ".join(as_markdown(fact) for fact in facts)


def _count(count: float, what: str) -> str:
    return f"{number(count)} {what}{'' if count == 1 else 's'}"
