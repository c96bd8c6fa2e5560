"""Which language model is set, or what to set: said in the same words wherever one can be asked."""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st

from evotrade.errors import LlmNotConfigured
from evotrade.llm.attempts import Budget
from evotrade.llm.choice import chosen
from evotrade.settings import Settings, load_settings
from evotrade.ui.formats import counted, duration
from evotrade.ui.text import as_markdown, sentence

_KEPT_S = 10  # a key that was put into the keyring is found that soon


class Available(NamedTuple):
    """The model that can be asked; `problem` says in markdown what to set where none can."""

    label: str
    problem: str = ""


def available() -> Available:
    """The model of the settings in force."""
    return _available(load_settings().model_dump_json(), load_settings())


@st.cache_data(ttl=_KEPT_S, max_entries=4, show_spinner=False)
def _available(settings: str, _settings: Settings) -> Available:
    try:
        return Available(chosen(_settings).label)  # without its key, which is in no cache
    except LlmNotConfigured as missing:
        return Available("", sentence(missing))


def say_what_to_set(problem: str) -> None:
    """What stands where a model would be asked."""
    st.markdown(":material/key_off: **No language model can be asked.** Everything else works without one.")
    st.caption(f"{problem}, in `evotrade.toml` or the environment; then start the app again.")
    st.code("EVOTRADE_LLM=ollama:MODEL streamlit run app.py", language="bash")


def budget_words(model: str) -> str:
    """The model and what one ask may use, as markdown."""
    allowed = Budget.of(load_settings())
    return (
        f":material/smart_toy: {as_markdown(model)} · at most {counted(allowed.attempts, 'answer')}, "
        f"{allowed.tokens:,} tokens, {allowed.cost_usd:g} USD, {duration(allowed.time_s)}"
    )
