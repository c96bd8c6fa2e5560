"""The present decides as the past did: a watch on the last bars gives what the batch gave."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evotrade.engine.backends import NumbaBackend, NumpyBackend
from evotrade.engine.columns import Columns
from evotrade.engine.evaluator import COMBINES, decide
from evotrade.engine.live import Watch
from evotrade.errors import GenomeError, SettingsError
from evotrade.genome import parse
from tests.engine.test_laws import REAL, read
from tests.engine.worlds import SUFFIXES, candles
from tests.strategies import genomes

BACKENDS = [NumpyBackend(), NumbaBackend()]
watched = st.lists(
    st.tuples(genomes(max_bars=6, timeframes=SUFFIXES["1h"]), st.sampled_from(COMBINES)),
    min_size=1,
    max_size=5,
)


@given(watched, st.integers(0, 2**16), st.sampled_from(BACKENDS), st.data())
@settings(max_examples=40)
def test_sessions_watched_together_decide_as_each_backtest_does(several, seed, backend, data):
    series = candles(400, "1h", seed)
    batch = np.array([decide(genome, Columns(series), combine) for genome, combine in several])
    watch = Watch(several, "1h", backend)
    for bar in data.draw(st.lists(st.integers(0, 399), min_size=6, max_size=6)):
        assert watch.decide(series[: bar + 1]).tolist() == batch[:, bar].tolist()
        ago = max(0, bar - watch.lookback)
        assert watch.decide(series[ago : bar + 1]).tolist() == batch[:, bar].tolist()


@pytest.mark.parametrize("backend", BACKENDS, ids=lambda backend: backend.name)
def test_a_year_of_real_bars_is_decided_live_as_in_the_batch(backend):
    series = read("XBTUSD_60.csv", "1h")
    batch, watch = decide(REAL, Columns(series)), Watch([(REAL, "votes")], "1h", backend)
    bars = range(40_000, 48_760, 7)
    assert [watch.decide(series[: bar + 1])[0] for bar in bars] == batch[bars.start : bars.stop : 7].tolist()


def test_nobody_watched_decides_nothing():
    assert Watch([], "1h").decide(candles(5, "1h", 1)).tolist() == []


def test_what_cannot_be_watched_is_refused():
    with pytest.raises(GenomeError, match="DELTA_5M"):
        Watch([(parse("IF DELTA_5M > 1 THEN BUY"), "votes")], "1h")
    with pytest.raises(SettingsError, match="unknown combine 'vote'"):
        Watch([(REAL, "vote")], "1h")
    with pytest.raises(SettingsError, match="bars of 4h cannot be watched at 1h"):
        Watch([(REAL, "votes")], "1h").decide(candles(5, "4h", 1))
