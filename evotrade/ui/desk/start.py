"""The panel that starts a session: cell, pair, bars, money, on paper or for real, and risk limits.

What the daemon refuses is said in the panel, and what was filled in stays.
"""

from __future__ import annotations

import time
from contextlib import suppress
from decimal import Decimal
from typing import Any, NamedTuple

import streamlit as st

from evotrade import timeframes
from evotrade.cells import Cell, status_label
from evotrade.desk.checks import confirmation
from evotrade.errors import EvotradeError, NotFound, SettingsError
from evotrade.market.pairs import pair_name
from evotrade.settings import load_settings
from evotrade.ui import reads as lab_reads
from evotrade.ui.desk import limits, reads
from evotrade.ui.desk.access import check_access
from evotrade.ui.desk.reads import Snapshot
from evotrade.ui.entrance import say_on_next_page
from evotrade.ui.reads import Order
from evotrade.ui.text import as_markdown, sentence, shortened

ADDRESS = "start"
"""The parameter of the address that opens the panel; its value is the number of the cell."""

_BEST = 50
_PAPER, _REAL = "Paper", "Real orders"
_LIVE_SOURCES = ("kraken", "archive", "sandbox")
_REFUSED = "start was refused because"
_LEFT = "start panel was left"
_LATE_S = 5.0  # longer than a browser takes to hear of a new address
_NAME = 60


class Asked(NamedTuple):
    """What a person has filled in; `confirm` is what they typed for real orders."""

    cell_id: int
    pair: str
    timeframe: str
    allocation: Decimal
    dry_run: bool
    limits: dict[str, Any]
    confirm: str


def button(desk: Snapshot) -> None:
    """The primary button of the page: opens the panel, with the best living cell."""
    st.button(
        "Start live trading",
        type="primary",
        icon=":material/play_circle:",
        key="open start",
        disabled=bool(desk.trouble),
        on_click=_open,
        help="The daemon must run first" if desk.trouble else None,
    )


def is_open() -> bool:
    """Whether the address asks for the panel.

    A run that the browser asked for before it heard of the new address brings the old one back: what was just
    left stays left.
    """
    asked_for = st.query_params.get(ADDRESS)
    left, left_s = st.session_state.get(_LEFT, (None, 0.0))
    if asked_for is not None and asked_for == left and time.monotonic() - left_s < _LATE_S:
        st.query_params.pop(ADDRESS)
        return False
    return asked_for is not None


def _open() -> None:
    st.session_state.pop(_LEFT, None)
    best = _best_cells()
    st.query_params[ADDRESS] = str(best[0]) if best else "1"


def _close() -> None:
    st.session_state[_LEFT] = st.query_params.pop(ADDRESS, None), time.monotonic()
    st.session_state.pop(_REFUSED, None)


def panel(desk: Snapshot) -> None:
    """The panel, if the address asks for it."""
    if not is_open():
        return
    asked_for = st.query_params[ADDRESS]
    with st.container(border=True, key="start panel"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.subheader("Start live trading", anchor=False, width="content")
            st.space("stretch")
            st.button("Close", icon=":material/close:", type="tertiary", key="close start", on_click=_close)
        if not lab_reads.count_cells():
            st.markdown(
                "**No cells yet.** Evolve some, or write one in the Strategy editor, and trade it here."
            )
            return
        try:
            cell = lab_reads.cell_of_address(asked_for)
        except NotFound as error:
            st.warning(sentence(error), icon=":material/search_off:")
            cell = None
        _fields(desk, cell)


def _fields(desk: Snapshot, cell: Cell | None) -> None:
    with st.grid(5, min_column_width=150, vertical_alignment="bottom"):
        _cell(cell)
        if cell is None:
            return
        number = cell.cell_id
        pair = st.text_input("Pair", _pair(cell), max_chars=40, key=f"start pair {number}").strip()
        timeframe = st.selectbox(
            "Timeframe",
            tuple(timeframes.SECONDS),
            tuple(timeframes.SECONDS).index(_timeframe(cell)),
            key=f"start timeframe {number}",
            help="Length of the bars that it decides on",
        )
        allocation = st.number_input(
            f"Allocation, {_quote(pair)}",
            min_value=0.01,
            value=1_000.0,
            step=100.0,
            key="start allocation",
            help="What it may spend. It never touches anything else of the account.",
        )
        money = st.segmented_control(
            "Orders", (_PAPER, _REAL), default=_PAPER, required=True, key="start orders"
        )
    _about(cell)
    given = limits.ask()
    asked = Asked(number, pair, timeframe, Decimal(str(allocation)), money != _REAL, given or {}, "")
    ready = given is not None and not desk.trouble
    if not asked.dry_run:
        expected = _expected(asked)
        asked = asked._replace(confirm=_confirm(asked, expected, desk))
        ready = ready and asked.confirm == expected
    _go(asked, ready=ready)


def _cell(cell: Cell | None) -> None:
    """The choice of a cell: the best ones alive and the one in the address, or any number."""
    chosen = [] if cell is None else [cell.cell_id]
    options = list(dict.fromkeys([*chosen, *_best_cells()]))
    key = f"start cell {st.query_params.get(ADDRESS)}"
    st.selectbox(
        "Cell",
        options,
        index=0 if cell is not None else None,
        key=key,
        format_func=_cell_label,
        accept_new_options=True,
        placeholder="Number of a cell",
        on_change=_choose,
        args=(key,),
        help=f"The {_BEST} best ones alive; type the number of any other.",
    )


def _choose(key: str) -> None:
    chosen = st.session_state[key]
    st.session_state.pop(_REFUSED, None)
    # a browser may tell of the field once more when the panel was left: that must not open it again
    if chosen is not None and ADDRESS in st.query_params:
        st.query_params[ADDRESS] = str(chosen).strip()


def _best_cells() -> list[int]:
    cells = lab_reads.list_cells(Order("fitness", True), _BEST, 0, status="alive")
    return [int(number) for number in cells["cell_id"]]


def _cell_label(number: int | str) -> str:
    with suppress(NotFound):
        cell = lab_reads.cell_of_address(str(number))
        name = cell.name or cell.llm_name or cell.genome
        return f"{status_label(cell.status).partition(' ')[0]} {number} · {shortened(name, _NAME)}"
    return str(number)


def _about(cell: Cell) -> None:
    """Which cell this is; a dead one trades on paper only."""
    name = cell.name or cell.llm_name
    named = f" · {as_markdown(shortened(name, _NAME))}" if name else ""
    st.caption(f"Cell {cell.cell_id}{named} · `{_code(cell.genome)}`")
    if cell.status == "dead":
        why = as_markdown(shortened("; ".join(cell.reasons), 200))
        st.caption(f":orange[:material/warning: This cell is dead ({why}): it may trade on paper only.]")


def _code(genome: str) -> str:
    """The genome between backticks: without any of its own, or line breaks."""
    return shortened(" ".join(genome.replace("`", "'").split()), 160)


def _pair(cell: Cell) -> str:
    """The pair that the cell was measured on, where an exchange has it; otherwise that of the settings."""
    seen = (row.pair for row in cell.phenotypes if row.source in _LIVE_SOURCES and row.skipped is None)
    for pair in filter(None, seen):
        with suppress(SettingsError):
            return pair_name(pair)
    return load_settings().pair


def _timeframe(cell: Cell) -> str:
    measured = [row.timeframe for row in cell.phenotypes if row.skipped is None]
    known = [name for name in measured if name in timeframes.SECONDS]
    return "1h" if "1h" in known or not known else known[0]


def _quote(pair: str) -> str:
    return as_markdown(shortened(pair.partition("/")[2].upper(), 12)) or "quote currency"


def _expected(asked: Asked) -> str:
    """What a person types so that real orders are no slip of a finger, as the daemon wants it."""
    pair = asked.pair
    with suppress(SettingsError):
        pair = pair_name(pair)
    return confirmation(asked.cell_id, pair, asked.allocation)


def _confirm(asked: Asked, expected: str, desk: Snapshot) -> str:
    """What they have typed."""
    if desk.health is not None and not desk.health["real_orders_allowed"]:
        st.caption(
            ":orange[:material/lock: This daemon may not send real orders: start it with "
            "`EVOTRADE_ALLOW_REAL_ORDERS=1` and the exchange's keys, or trade on paper.]"
        )
    typed = st.text_input(
        f"Real money. To confirm, type: {as_markdown(expected)}",
        max_chars=200,
        key=f"start confirm {asked.cell_id}",
        placeholder="cell pair allocation",
    ).strip()
    if typed and typed != expected:
        st.caption(f":red[:material/error: This is not the text: type {as_markdown(expected)}]")
    return typed


def _go(asked: Asked, *, ready: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        wanted = st.button(
            "Start on paper" if asked.dry_run else "Start with real orders",
            type="primary",
            icon=":material/play_arrow:",
            key="start session",
            disabled=not ready,
        )
        st.caption(
            "Orders are filled here, at the prices of the exchange; no money is used."
            if asked.dry_run
            else "Orders go to the exchange and are paid from its account.",
            width="content",
        )
    if wanted:
        with st.spinner("Checking, and fetching the history that the genome looks back at …", show_time=True):
            _start(asked)
    refused = st.session_state.get(_REFUSED)
    if refused is not None and refused[0] == asked:
        st.error(refused[1], icon=":material/block:")


def _start(asked: Asked) -> None:
    """Ask the daemon; what it refuses is kept until something else is asked for."""
    st.session_state.pop(_REFUSED, None)
    try:
        check_access()
        session = reads.client().start(
            asked.cell_id,
            allocation=asked.allocation,
            timeframe=asked.timeframe,
            dry_run=asked.dry_run,
            pair=asked.pair or None,
            limits=asked.limits,
            confirm=None if asked.dry_run else asked.confirm,
        )
    except EvotradeError as error:
        st.session_state[_REFUSED] = (asked, sentence(error))
        return
    reads.forget()
    _close()
    st.query_params["session"] = str(session["session_id"])
    say_on_next_page(f"Session {session['session_id']} of cell {asked.cell_id} has started.")
    st.rerun()
