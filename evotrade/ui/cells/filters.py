"""The header row of the Cells page: which of 100 000 cells, and in which order; all of it lies in the URL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import streamlit as st

from evotrade.cells import CATEGORIES, ORIGINS, status_label
from evotrade.store.cells import CellFilters
from evotrade.ui import navigation, reads
from evotrade.ui.reads import Order

STATUSES = ("alive", "dead")

# Keys of widgets are the names of their parameters in the URL.
PAGE = "page"
_TEXT, _STATUS = "text", "status"
_MORE = (
    *("dish", "category", "origin", "model"),
    *("generation_from", "generation_to", "fitness_min", "fitness_max"),
)
_ANY_MODEL, _NO_MODEL = "any", "none"
_WITH_OR_WITHOUT = {_ANY_MODEL: True, _NO_MODEL: False}

ORDERS: Mapping[str, Order] = {
    "Best fitness": Order("fitness", True),
    "Worst fitness": Order("fitness", False),
    "Best Sharpe": Order("sharpe", True),
    "Least drawdown": Order("max_drawdown_pct", False),
    "Most trades": Order("trades", True),
    "Newest": Order("created_at", True),
    "Oldest": Order("created_at", False),
    "Latest generation": Order("generation", True),
    "Number": Order("cell_id", False),
}


class Wanted(NamedTuple):
    """What the filters ask for."""

    order: Order
    filters: CellFilters

    @property
    def active(self) -> bool:
        """Whether a filter is in force."""
        return any(value is not None for value in self.filters.values())


def ask() -> Wanted:
    """The header row: title, search, status, further filters and order."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.title("Cells", width="content", anchor=False)
        text = st.text_input(
            "Search",
            key=_TEXT,
            type="search",
            live="400ms",
            bind="query-params",
            on_change=_first_page,
            args=(_TEXT,),
            placeholder="Name, category, hypothesis or genome",
            label_visibility="collapsed",
            width="stretch",
        )
        status = _status()
        more = _more()
        order = st.selectbox(
            "Order",
            tuple(ORDERS),
            key="order",
            bind="query-params",
            on_change=_first_page,
            args=("order",),
            label_visibility="collapsed",
            width=160,
        )
        navigation.create_strategy_button()
    return Wanted(ORDERS[order], {"text": text or None, "status": status, **more})


def clear_button() -> None:
    """Take every filter back."""
    st.button("Clear filters", icon=":material/filter_list_off:", type="tertiary", on_click=_clear)


def _clear() -> None:
    st.session_state[_TEXT] = ""
    for name in _MORE:
        st.session_state[name] = None
    st.query_params.pop(_STATUS, None)
    st.session_state[PAGE] = 1


def _status() -> str | None:
    # Not bound: Streamlit would put the label into the URL, and `?status=%F0%9F%9F%A2+alive` reads badly.
    asked_for = st.query_params.get(_STATUS)
    in_force = asked_for if asked_for in STATUSES else None
    if st.session_state.get(_STATUS) != in_force:
        st.session_state[_STATUS] = in_force
    return st.segmented_control(
        "Status",
        STATUSES,
        format_func=status_label,
        key=_STATUS,
        on_change=_ask_for_status,
        label_visibility="collapsed",
    )


def _ask_for_status() -> None:
    status = st.session_state[_STATUS]
    if status:
        st.query_params[_STATUS] = status
    else:
        st.query_params.pop(_STATUS, None)
    _first_page(_STATUS)


def _more() -> CellFilters:
    # on the first run the URL knows a filter that its widget has not taken over yet
    active = sum(st.session_state.get(name, st.query_params.get(name)) is not None for name in _MORE)
    label = f"Filters ({active})" if active else "Filters"
    with st.popover(label, icon=":material/filter_list:"):
        dish = _choice("Dish", reads.dish_names(), "dish")
        category = _choice("Category", _categories(), "category")
        origin = _choice("Origin", ORIGINS, "origin")
        model = _choice("Written or named by a model", (_ANY_MODEL, _NO_MODEL, *reads.models()), "model")
        least, most = st.columns(2)
        with least:
            first, lowest = (
                _generation("Generation, from", "generation_from"),
                _fitness("Fitness, at least", "fitness_min"),
            )
        with most:
            last, highest = (
                _generation("Generation, to", "generation_to"),
                _fitness("Fitness, at most", "fitness_max"),
            )
    return {
        "dish": dish,
        "category": category,
        "origin": origin,
        "model": None if model in _WITH_OR_WITHOUT else model,
        "by_model": _WITH_OR_WITHOUT.get(model) if model else None,
        "min_generation": first,
        "max_generation": last,
        "min_fitness": lowest,
        "max_fitness": highest,
    }


def _categories() -> list[str]:
    """Those that everybody knows, then others in use."""
    return [*CATEGORIES, *sorted(set(reads.categories()) - set(CATEGORIES))]


def _choice(label: str, options: Sequence[str], key: str) -> str | None:
    return st.selectbox(
        label, options, None, key=key, bind="query-params", on_change=_first_page, args=(key,)
    )


def _generation(label: str, key: str) -> int | None:
    return st.number_input(
        label, 0, value=None, key=key, bind="query-params", on_change=_first_page, args=(key,)
    )


def _fitness(label: str, key: str) -> float | None:
    return st.number_input(
        label, value=None, step=1.0, key=key, bind="query-params", on_change=_first_page, args=(key,)
    )


def _first_page(changed: str) -> None:
    if PAGE in st.query_params:
        # Taking `page` out of the URL, Streamlit writes all of it, and still without the filter that the
        # browser has changed just now; one that is set here as well goes in with it.
        st.session_state[changed] = st.session_state[changed]
        st.session_state[PAGE] = 1
