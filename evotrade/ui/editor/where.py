"""Where a strategy is tried: as its parent was, or on a market, timeframes and costs of one's choice."""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st

from evotrade import timeframes
from evotrade.cells import Cell
from evotrade.engine.evaluator import COMBINES
from evotrade.engine.execution import Execution
from evotrade.errors import EvotradeError
from evotrade.lab.bench import Bench
from evotrade.settings import load_settings
from evotrade.ui import navigation
from evotrade.ui.editor import reads
from evotrade.ui.editor.draft import Draft
from evotrade.ui.editor.reads import Market, Terms
from evotrade.ui.formats import day
from evotrade.ui.phenotypes import Series
from evotrade.ui.text import as_markdown, sentence

_VOTES = {
    "votes": "votes: HOLD abstains",
    "majority": "majority: HOLD counts as a vote",
    "first": "first: the first rule decides",
    "unanimous": "unanimous: all rules must agree",
}
_SPLITS = {"train": "Train", "validation": "Validation", "all": "Without splits"}

_MARKET = "market"


class Place(NamedTuple):
    """The bench that was chosen; None where there is none, and `problem` says in markdown what to do."""

    bench: Bench | None
    problem: str = ""


def ask(draft: Draft, parent: Cell | None) -> Place:
    """The controls, and the bench that they choose."""
    markets = reads.markets()
    own, reason = _own_bench(parent)
    if reason:
        st.caption(f":material/info: {reason}")
    if own is None and not markets:
        return _nowhere()
    left, right = st.columns(2)
    with left:
        market = _market(draft, parent, own, markets)
    with right:
        combine = _combine(draft, parent)
    place = _fresh(draft, parent, market, combine) if market else Place(own and own.voting(combine))
    if place.bench:
        st.caption(as_markdown(" · ".join(_facts(place.bench, market))))
    else:
        st.caption(f":material/error: {place.problem}")
    return place


def _own_bench(parent: Cell | None) -> tuple[Bench | None, str]:
    """The bench of the parent, or why it has none."""
    if parent is None:
        return None, ""
    try:
        return reads.parent_bench(parent), ""
    except EvotradeError as error:
        return None, sentence(error)


def _nowhere() -> Place:
    st.markdown("**No candles yet.** Fetch or import some, and strategies can be tested and created here:")
    st.page_link(navigation.market_page())
    return Place(None, "There are no candles yet to try it on.")


def _market(draft: Draft, parent: Cell | None, own: Bench | None, markets: list[Market]) -> Market | None:
    """The market chosen; None stands for what the parent was tried on."""
    options: dict[str, Market | None] = {market.label: market for market in markets}
    if own:
        options = {f"As cell {draft.parent}": None, **options}
    chosen = st.selectbox(
        "Market",
        tuple(options),
        index=0 if own else _of_parent(parent, markets),
        key=draft.key(f"market, parent {draft.parent}, asked {st.query_params.get(_MARKET)}"),
        persist_state="session",
        help="A fork that is tried as its parent was can be compared with it.",
    )
    return options[chosen]


def _of_parent(parent: Cell | None, markets: list[Market]) -> int:
    """Where the market asked for (`?market=`) is, or else that of the parent's numbers; otherwise 0."""
    asked_for = [place for place, one in enumerate(markets) if one.label == st.query_params.get(_MARKET)]
    if asked_for:
        return asked_for[0]
    pairs = {(row.pair, row.source) for row in parent.phenotypes} if parent else set()
    return next((place for place, one in enumerate(markets) if (one.pair, one.source) in pairs), 0)


def _combine(draft: Draft, parent: Cell | None) -> str:
    return st.selectbox(
        "Rules combine by",
        COMBINES,
        index=COMBINES.index(parent.combine) if parent and parent.combine in COMBINES else 0,
        format_func=_VOTES.__getitem__,
        key=draft.key(f"combine, parent {draft.parent}"),
        persist_state="session",
        help="How the votes of several rules make one decision",
    )


def _fresh(draft: Draft, parent: Cell | None, market: Market, combine: str) -> Place:
    """A bench on the market, with timeframes and costs as asked for."""
    options = [name for name in timeframes.SECONDS if _made_of(market.timeframe, name)]
    left, right = st.columns(2, vertical_alignment="bottom")
    chosen = left.multiselect(
        "Timeframes",
        options,
        default=[market.timeframe],
        key=draft.key(f"timeframes on {market.label}"),
        persist_state="session",
        placeholder=f"{market.timeframe}, as the candles",
        help="Each is tried on its own; fitness is that of the best one.",
    )
    with right:
        fee_bps, slippage_bps = _costs(draft)
    in_order = tuple(name for name in options if name in chosen)
    terms = Terms(in_order, fee_bps, slippage_bps, combine, parent.objective if parent else "return_pct")
    try:
        return Place(reads.fresh_bench(market, terms))
    except EvotradeError as error:
        return Place(None, sentence(error))


def _made_of(base: str, timeframe: str) -> bool:
    return timeframes.length_s(timeframe) % timeframes.length_s(base) == 0


def _costs(draft: Draft) -> tuple[float, float]:
    with st.popover("Costs", icon=":material/payments:", key=draft.key("costs")):
        fee_bps = st.number_input(
            "Fee, bps a side",
            0.0,
            1_000.0,
            load_settings().fee_bps,
            5.0,
            format="%.1f",
            key=draft.key("fee"),
            persist_state="session",
            help="100 basis points are 1 %",
        )
        slippage_bps = st.number_input(
            "Slippage, bps a side",
            0.0,
            1_000.0,
            0.0,
            1.0,
            format="%.1f",
            key=draft.key("slippage"),
            persist_state="session",
            help="How much worse than the price of the candle an order fills",
        )
    return fee_bps, slippage_bps


def _facts(bench: Bench, market: Market | None) -> list[str]:
    """Timeframes, costs and spans in words, and the market where it is not to be seen above."""
    facts = [] if market else [Series(bench.candles.pair, bench.candles.source).label]
    facts += [", ".join(bench.spans), _cost_words(bench.dish.execution)]
    facts += [f"{_SPLITS[name]} {first} to {last}" for name, (first, last) in _days(bench).items()]
    if bench.unvalidated:
        facts += [f"No validation at {', '.join(bench.unvalidated)}: too few bars are left before the vault"]
    return facts if bench.training == "all" else [*facts, f"Vault from {day(bench.end_s)}: unopened"]


def _cost_words(execution: Execution) -> str:
    slippage = f", slippage {execution.slippage_bps:g} bps" if execution.slippage_bps else ""
    return f"fee {execution.fee_bps:g} bps a side{slippage}"


def _days(bench: Bench) -> dict[str, tuple[str, str]]:
    """First and last day of each split, over all timeframes."""
    spans = [span for parts in bench.spans.values() for span in parts]
    names = dict.fromkeys(span.split for span in spans)
    return {
        name: (
            day(min(span.start_s for span in spans if span.split == name)),
            day(max(span.end_s for span in spans if span.split == name)),
        )
        for name in names
    }
