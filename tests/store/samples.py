"""Cells, phenotypes and trials to store: plain ones for examples, any at all for laws."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from evotrade.cells import ORIGINS, Cell, Phenotype
from evotrade.engine.metrics import METRICS
from evotrade.evolution.ledger import Trial

NOW = datetime(2024, 5, 1, 12, 30, 0, 123_456, tzinfo=UTC)
GENOME = "IF DELTA(0) > AVG(DELTA, 20) THEN BUY ELSE SELL"


def phenotype(**changes: Any) -> Phenotype:
    """A result on train at 1h."""
    plain = {"pair": "BTC/USD", "source": "archive", "timeframe": "1h", "split": "train"}
    span = {"start_s": 3_600, "end_s": 36_000, "bars": 9, "series_start_s": 0, "series_end_s": 72_000}
    return Phenotype(**{**plain, **span, "metrics": {"return_pct": 1.5}, **changes})


def cell(**changes: Any) -> Cell:
    """A living cell without phenotypes."""
    return Cell(**{"genome": GENOME, "genome_id": "abc", "fitness": 1.5, "created_at": NOW, **changes})


def trial(**changes: Any) -> Trial:
    """A trial on train at 1h that traded."""
    series = {"pair": "BTC/USD", "source": "archive", "timeframe": "1h", "split": "train"}
    span = {
        "start_s": 3_600,
        "end_s": 36_000,
        "bars": 9,
        "fitness": 1.5,
        "trades": 3,
        "skew": 0.1,
        "kurtosis": 3.2,
    }
    slices = {"slice_n": (1,) * 16, "slice_sum": (0.1,) * 16, "slice_sum_sq": (0.01,) * 16}
    names = {"genome_id": "abc", "genome": GENOME, "settings_key": "k", "outcome": "born", "reason": ""}
    return Trial(**{**series, **span, **slices, **names, "fingerprint": "f", "created_at": NOW, **changes})


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
moments_s = st.integers(0, 4_000_000_000)
numbers = st.floats(allow_nan=True, allow_infinity=True)
json_values = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts


@st.composite
def phenotypes(draw: st.DrawFn) -> Phenotype:
    """Any phenotype."""
    named = {
        name: draw(texts) for name in ("pair", "source", "timeframe", "split", "data_hash", "engine_version")
    }
    times = {name: draw(moments_s) for name in ("start_s", "end_s", "series_start_s", "series_end_s")}
    return Phenotype(
        **named,
        **times,
        bars=draw(st.integers(0, 2**40)),
        metrics=draw(st.dictionaries(st.sampled_from(sorted(METRICS)), numbers, max_size=30)),
        execution=draw(st.dictionaries(texts, json_values, max_size=3)),
        seed=draw(st.none() | st.integers(-(2**63), 2**63 - 1)),
        recorded=draw(st.booleans()),
        skipped=draw(st.none() | texts),
    )


@st.composite
def cells(draw: st.DrawFn) -> Cell:
    """Any cell without a number and parents."""
    named = {
        name: draw(texts)
        for name in ("genome", "genome_id", "name", "dish", "operator", "category", "hypothesis")
    }
    by_model = {
        name: draw(st.none() | texts) for name in ("llm_name", "llm_model", "llm_category", "llm_hypothesis")
    }
    return Cell(
        **named,
        **by_model,
        fitness=draw(numbers),
        created_at=draw(st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))),
        generation=draw(st.integers(0, 2**31 - 1)),
        origin=draw(st.sampled_from(ORIGINS)),
        status=draw(st.sampled_from(["alive", "dead"])),
        reasons=tuple(draw(st.lists(texts, max_size=3))),
        phenotypes=tuple(draw(st.lists(phenotypes(), max_size=3))),
    )
