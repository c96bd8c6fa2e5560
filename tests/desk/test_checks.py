"""Which pair a session is started on."""

from dataclasses import replace

import pytest

from evotrade.cells import Phenotype
from evotrade.desk.checks import pair_of
from evotrade.desk.views import StartRequest
from evotrade.errors import SettingsError
from tests.desk.world import cell

SEEN = Phenotype("ETH/USD", "kraken", "1h", "train", 0, 3_600)


@pytest.mark.parametrize(
    ("phenotypes", "expected"),
    [
        ((SEEN,), "ETH/USD"),
        ((replace(SEEN, pair="PURR"), SEEN), "ETH/USD"),
        ((replace(SEEN, pair="PURR"),), "BTC/USD"),
        ((replace(SEEN, source="synthetic"),), "BTC/USD"),
        ((), "BTC/USD"),
    ],
)
def test_a_cell_trades_the_first_pair_that_it_was_evaluated_on_and_an_exchange_knows(phenotypes, expected):
    assert pair_of(StartRequest(1), cell(phenotypes=phenotypes), "BTC/USD") == expected


def test_a_pair_that_is_asked_for_is_taken_or_refused():
    assert pair_of(StartRequest(1, pair="xbtusd"), cell(phenotypes=(SEEN,)), "BTC/USD") == "BTC/USD"
    with pytest.raises(SettingsError, match="names no pair"):
        pair_of(StartRequest(1, pair="PURR"), cell(), "BTC/USD")
