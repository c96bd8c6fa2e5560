"""Keys of widgets whose value the page sets too, such as a mark that follows the address.

A value that is put into a widget can be taken back by what the browser sent before it heard of it (every
few seconds, see `follow`), as if a person had. A new widget with that value as its default cannot.
"""

from __future__ import annotations

from typing import Any

import streamlit as st


def key_that_shows(value: object, name: str) -> str:
    """Key of a widget that has `value`: the one there is while it has it, or else a new one.

    The widget needs `value` as its default, and its callback asks `value_of(name)`.
    """
    if st.session_state.get(_key(name), value) != value:
        st.session_state[_before(name)] = st.session_state.get(_before(name), 0) + 1
    return _key(name)


def value_of(name: str) -> Any:
    """Value of the widget of that name that is on the page; None until it is."""
    return st.session_state.get(_key(name))


def _key(name: str) -> str:
    return f"{name} {st.session_state.get(_before(name), 0)}"


def _before(name: str) -> str:
    return f"{name}s before this one"
