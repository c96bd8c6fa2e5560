from evotrade.ui import phenotypes
from evotrade.ui.phenotypes import Series
from tests.ui.stores import a_phenotype


def test_markets_are_told_apart_by_pair_and_source():
    rows = [a_phenotype(), a_phenotype(source="synthetic"), a_phenotype(split="validation")]
    assert phenotypes.series(rows) == [Series("BTC/USD", "archive"), Series("BTC/USD", "synthetic")]
    assert phenotypes.of_series(rows, Series("BTC/USD", "synthetic")) == [rows[1]]


def test_a_synthetic_market_says_so_in_its_label():
    assert Series("SYN/USD", "synthetic").label == "SYN/USD · synthetic market"
    assert Series("BTC/USD", "kraken").label == "BTC/USD · kraken"


def test_recorded_numbers_never_share_a_column_with_computed_ones():
    computed, recorded = a_phenotype(split="all"), a_phenotype(split="all", recorded=True)
    assert phenotypes.measured([computed, recorded]) == {"1h": {"all": computed, "all, recorded": recorded}}


def test_a_skipped_timeframe_has_a_reason_and_no_numbers():
    skipped = a_phenotype(timeframe="1d", skipped="lookback too long")
    assert phenotypes.measured([skipped]) == {}
    assert phenotypes.skipped([skipped, skipped]) == ["1d: skipped, lookback too long"]


def test_what_nobody_has_seen_is_named_only_for_cells_of_a_dish():
    assert [note.split(":")[0] for note in phenotypes.unseen(["train"])] == ["Validation", "Vault"]
    assert [note.split(":")[0] for note in phenotypes.unseen(["train", "validation"])] == ["Vault"]
    assert phenotypes.unseen(["train", "validation", "vault"]) == []
    assert phenotypes.unseen(["all"]) == []


def test_a_span_names_its_days_and_bars():
    assert phenotypes.span(a_phenotype()) == "2025-01-01 to 2025-01-02, 24 bars of 1h"
    assert phenotypes.span(a_phenotype(bars=0)) == "2025-01-01 to 2025-01-02"


def test_a_metric_that_was_not_recorded_is_left_out_but_one_without_a_value_stays():
    nothing = {"sharpe": float("nan"), "trades": 1.0}
    recorded, computed = a_phenotype(metrics=nothing, recorded=True), a_phenotype(metrics=nothing)
    assert phenotypes.metrics_table({"all, recorded": recorded}, "")["Metric"].tolist() == ["Trades"]
    assert phenotypes.metrics_table({"all": computed}, "")["Metric"].tolist() == [
        "Sharpe, per √year",
        "Trades",
    ]


def test_the_table_has_metrics_that_some_split_has_in_their_order():
    splits = {
        "train": a_phenotype(metrics={"trades": 3.0}),
        "vault": a_phenotype(metrics={"return_pct": 1.0}),
    }
    table = phenotypes.metrics_table(splits, "USD")
    assert table.to_dict("list") == {
        "Metric": ["Return", "Trades"],
        "train": ["–", "3"],
        "vault": ["1.00 %", "–"],
    }
