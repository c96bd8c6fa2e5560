"""What the editor reads: markets to try strategies on, and benches, once for what they are made of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import streamlit as st

from evotrade.cells import Cell
from evotrade.engine.backtest import Backtest
from evotrade.engine.execution import Execution
from evotrade.errors import DataError, EvolutionError, EvotradeError, NotFound, SettingsError
from evotrade.genome import Genome
from evotrade.lab.bench import Bench, bench_of, bench_on
from evotrade.market.candles import Candles
from evotrade.store import Store
from evotrade.ui.phenotypes import Series
from evotrade.ui.reads import store

# A bench has a series, so the bounds keep memory small. Its key holds the contents of the series and the
# dishes instead of the store's version: while something evolves, that changes every few seconds.
_KEPT_S = 600
_FEW, _MANY = 8, 64
# What is wrong with the data stays wrong until the data change; a store that is busy does not stay so.
_LASTING = (DataError, EvolutionError, NotFound, SettingsError)


class Market(NamedTuple):
    """A series that the store holds: pair, source and length of a bar."""

    pair: str
    source: str
    timeframe: str

    @property
    def label(self) -> str:
        """As people name it; a synthetic market says so."""
        return f"{Series(self.pair, self.source).label} · {self.timeframe}"


def markets() -> list[Market]:
    """Every series of the store, the longest first."""
    shared = store()
    return _markets(shared, shared.version())


@st.cache_data(ttl=_KEPT_S, max_entries=_MANY, show_spinner=False)
def _markets(_store: Store, version: str) -> list[Market]:
    held = _store.coverage().sort_values(["bars", "last"], ascending=False)
    return [Market(*row) for row in held[list(Market._fields)].to_numpy(object).tolist()]


class _Ground(NamedTuple):
    """All of a store that a bench depends on: contents of series, and specs of the dishes."""

    path: str
    contents: tuple[str, ...]
    dishes: tuple[str, ...]


def _ground(series: Iterable[Market]) -> _Ground:
    shared = store()
    version = shared.version()
    contents = tuple(_contents(shared, version, one) for one in series)
    return _Ground(str(shared.path), contents, _dishes(shared, version))


@st.cache_data(ttl=_KEPT_S, max_entries=_MANY, show_spinner=False)
def _contents(_store: Store, version: str, series: Market) -> str:
    return _store.contents(series.pair, series.timeframe, series.source)


@st.cache_data(ttl=_KEPT_S, max_entries=_FEW, show_spinner=False)
def _dishes(_store: Store, version: str) -> tuple[str, ...]:
    return tuple(_store.dishes()["spec"])


def parent_bench(cell: Cell) -> Bench:
    """The bench that the cell was evaluated on; raises what `bench_of` raises."""
    series = {Market(row.pair, row.source, row.base_timeframe) for row in cell.phenotypes if row.data_hash}
    return _bench(_parent_bench(store(), _ground(sorted(series)), repr(cell), cell))


@st.cache_resource(ttl=_KEPT_S, max_entries=_FEW, show_spinner=False)
def _parent_bench(_store: Store, ground: _Ground, said_of_it: str, _cell: Cell) -> Bench | EvotradeError:
    try:
        return bench_of(_cell, _store)
    except _LASTING as error:
        return error


def _bench(found: Bench | EvotradeError) -> Bench:
    if isinstance(found, EvotradeError):
        raise found.with_traceback(None)  # one that is kept would grow with each time it is raised
    return found


class Terms(NamedTuple):
    """How a fresh strategy is tried on a market; costs are basis points per side."""

    timeframes: tuple[str, ...]
    fee_bps: float
    slippage_bps: float
    combine: str
    objective: str


def fresh_bench(market: Market, terms: Terms) -> Bench:
    """A bench on all that the store holds of the market; raises what `bench_on` raises."""
    return _bench(_fresh_bench(store(), _ground([market]), market, terms))


@st.cache_resource(ttl=_KEPT_S, max_entries=_FEW, show_spinner=False)
def _fresh_bench(_store: Store, ground: _Ground, market: Market, terms: Terms) -> Bench | EvotradeError:
    execution = Execution(fee_bps=terms.fee_bps, slippage_bps=terms.slippage_bps)
    try:
        candles = _store.load_candles(market.pair, market.timeframe, market.source)
        return bench_on(candles, terms.timeframes, execution, terms.combine, terms.objective, store=_store)
    except _LASTING as error:
        return error


def seen(bench: Bench, timeframe: str) -> Candles:
    """The bars of `timeframe` that the bench does not keep unseen."""
    return _seen(bench, bench.candles.data_hash, bench.end_s, timeframe)


@st.cache_resource(ttl=_KEPT_S, max_entries=_FEW, show_spinner=False)
def _seen(_bench: Bench, data_hash: str, end_s: int, timeframe: str) -> Candles:
    return _bench.seen(timeframe)


def replayed(bench: Bench, genome: Genome, timeframe: str, split: str) -> Backtest:
    """The backtest behind a test's numbers, run again."""
    terms = repr((bench.dish, bench.spans))
    return _replayed(bench, genome, bench.candles.data_hash, terms, genome.id, timeframe, split)


@st.cache_resource(ttl=_KEPT_S, max_entries=_FEW, show_spinner=False)
def _replayed(
    _bench: Bench, _genome: Genome, data_hash: str, terms: str, genome_id: str, timeframe: str, split: str
) -> Backtest:
    return _bench.replay(_genome, timeframe, split)
