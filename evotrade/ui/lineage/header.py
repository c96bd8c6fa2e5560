"""The header row of the Lineage page: whose lineage, and how it is drawn; all of it lies in the URL."""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st

from evotrade.ui import navigation, reads
from evotrade.ui.lineage.population import COLOURS, SCALES, Look

_TITLE = "Lineage"


class Wanted(NamedTuple):
    """What the header asks for: cells of one dish or of all (None), and their look."""

    dish: str | None
    look: Look


def show_nothing_yet() -> None:
    """What to do in a store without cells."""
    st.title(_TITLE, anchor=False)
    st.markdown("**No cells yet.** Evolve some, and this page shows who descends from whom:")
    st.code('evotrade evolve --dish "first dish" --data FILE', language="bash")
    st.caption("Type it in a terminal, in the folder of the project.")


def ask() -> Wanted:
    """Title, dish, colour and scale."""
    # Keys of widgets are the names of their parameters in the URL.
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.title(_TITLE, width="content", anchor=False)
        st.space("stretch")
        dish = st.selectbox(
            "Dish", reads.dish_names(), None, key="dish", bind="query-params", placeholder="All", width=170
        )
        colour = _one_of("Colour by", COLOURS, "colour")
        scale = _one_of("Scale", SCALES, "scale")
        navigation.create_strategy_button()
    return Wanted(dish, Look(colour, scale))


def _one_of(label: str, options: tuple[str, ...], key: str) -> str:
    chosen = st.segmented_control(
        label, options, default=options[0], required=True, key=key, bind="query-params"
    )
    return chosen or options[0]
