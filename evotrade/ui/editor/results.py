"""What a test showed: numbers per timeframe and split, equity, whether it would live, and what it cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby

import streamlit as st

from evotrade.cells import Phenotype
from evotrade.lab.cells import Tried
from evotrade.ui import formats, phenotypes
from evotrade.ui.badges import market_badge, status_badge
from evotrade.ui.cells import charts
from evotrade.ui.editor import reads
from evotrade.ui.numbers import show_cards, show_table
from evotrade.ui.phenotypes import Series
from evotrade.ui.text import as_markdown


def show_nothing_yet() -> None:
    """What a test is, before the first one."""
    st.markdown("**Not tested yet.** A test shows how the strategy does on train and on validation.")
    st.caption(
        "Each test is a trial and is counted: the more strategies are tried on a market, the more likely the "
        "best one is luck."
    )


def show(tried: Tried, *, stale: bool) -> None:
    """The results of a test; `stale` ones are of a strategy that has changed since."""
    if stale:
        st.caption(":orange[:material/history: The strategy has changed since this test.]")
    _verdict(tried)
    st.caption(f":material/receipt_long: {trial_words(tried)}")
    measured = phenotypes.measured(tried.cell.phenotypes)
    _numbers(tried, measured)
    for note in phenotypes.skipped(tried.cell.phenotypes):
        st.caption(f":material/block: {as_markdown(note)}")
    if tried.bench.training != "all":
        st.caption(":material/lock: Vault: unopened, the editor never looks.")


def _verdict(tried: Tried) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown("Would be born", width="content")
        status_badge(tried.cell.status)
        st.caption(f"fitness {as_markdown(formats.fitness(tried.cell))}", width="content")
    for reason in tried.cell.reasons:
        st.caption(as_markdown(reason[:1].upper() + reason[1:]))


def _numbers(tried: Tried, measured: Mapping[str, Mapping[str, Phenotype]]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        market_badge(Series(tried.bench.candles.pair, tried.bench.candles.source))
        timeframe = _one_of("Timeframe", tuple(measured))
        splits = measured[timeframe]
        split = _one_of("Split", tuple(splits))
    shown = splits[split]
    st.caption(phenotypes.span(shown))
    show_cards(shown)
    replay = partial(reads.replayed, tried.bench, tried.genome, timeframe, split)
    charts.show_run(replay, shown, "this strategy")
    for note in replay().notes:
        st.caption(as_markdown(note))
    show_table(splits, timeframe, "the test")


def _one_of(label: str, options: tuple[str, ...]) -> str:
    chosen = st.segmented_control(
        label,
        options,
        default=options[0],
        required=True,
        key=f"{label} of the test",
        persist_state="session",
        label_visibility="collapsed",
    )
    return chosen if chosen in options else options[0]


def trial_words(tried: Tried) -> str:
    """What the test was to the ledger: which trials, and how many there are by now."""
    new = [trial.trial_id for trial in tried.trials if trial.new]
    known = [trial.trial_id for trial in tried.trials if not trial.new]
    parts = [f"Recorded as {_numbered(new)}"] if new else []
    parts += [f"{'tested' if new else 'Tested'} before as {_numbered(known)}"] if known else []
    count = tried.market_trials
    counted = f"{count:,} {'trial' if count == 1 else 'trials'} that traded so far on this market and time"
    return f"{'; '.join(parts)}: {counted}."


def _numbered(trials: Sequence[int]) -> str:
    """`trial 7`, `trials 7 and 8`, `trials 3, 7 to 9`."""
    if len(trials) == 1:
        return f"trial {trials[0]:,}"
    return f"trials {', '.join(_ranges(sorted(trials)))}"


def _ranges(numbers: Sequence[int]) -> Iterator[str]:
    for _, run in groupby(enumerate(numbers), lambda item: item[1] - item[0]):
        members = [number for _, number in run]
        first, last = members[0], members[-1]
        yield f"{first:,}" if first == last else f"{first:,} to {last:,}"
