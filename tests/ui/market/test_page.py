import re
from dataclasses import replace

import numpy as np
import pytest

from evotrade.market import Candles, synthetic_candles
from evotrade.store import open_store
from evotrade.ui.market import reads
from tests.ui.stores import HOSTILE

SERIES = "series 0"
MARKUP = re.compile(r":material/home:|(?<!\\)(<img|\*\*c|`d|\$e|# f)|\]\(javascript")


@pytest.fixture
def store(tmp_path):
    return open_store(tmp_path / "lab.duckdb")


def hours(bars, pair="BTC/USD", source="archive", timeframe="1h"):
    return replace(synthetic_candles(bars, timeframe, seed=1, pair=pair), source=source)


def with_gaps(candles, *missing):
    """The candles without those bars."""
    kept = np.delete(np.arange(len(candles)), missing)
    columns = {name: getattr(candles, name)[kept] for name in ("time_s", *candles.columns)}
    return Candles(**columns, timeframe=candles.timeframe, pair=candles.pair, source=candles.source)


def text(app):
    return "\n".join(each.value for each in (*app.markdown, *app.caption, *app.subheader))


def test_an_empty_store_says_what_to_do_and_has_the_buttons_there(store, open_market):
    app = open_market(store)
    assert "No candles yet" in text(app)
    assert app.code[0].value == "evotrade up"
    assert [button.label for button in app.button] == [
        "Create strategy",
        "Fetch from Kraken",
        "Import a file",
    ]
    assert not app.exception


def test_each_series_is_a_row_short_bars_first(store, open_market):
    store.save_candles(hours(20, timeframe="4h"))
    store.save_candles(with_gaps(hours(20, source="kraken"), 3, 4, 9))
    store.save_candles(hours(20))
    shown = open_market(store).dataframe(key=SERIES).value
    assert shown["Interval"].tolist() == ["1h", "4h", "1h"]
    assert shown["Source"].tolist() == ["archive", "archive", "kraken"]
    last = shown.iloc[2]
    assert (last["Bars"], last["Coverage"], last["Gaps"], last["Missing bars"]) == (17, 85.0, 2, 3)
    assert str(last["Last bar, UTC"]) == "2020-01-01 19:00:00+00:00"
    assert last["Age"].endswith(" years")


def test_a_synthetic_market_says_so_and_has_no_age(store, open_market):
    store.save_candles(synthetic_candles(20, "1h", seed=1))
    app = open_market(store)
    row = app.dataframe(key=SERIES).value.iloc[0]
    assert (row["Source"], row["Age"]) == ("synthetic market", "–")
    assert "orange-badge" in text(app)


def test_coverage_is_never_rounded_up_to_all(store, open_market):
    store.save_candles(with_gaps(hours(40_000, timeframe="1m"), 7))
    assert open_market(store).dataframe(key=SERIES).value["Coverage"].tolist() == [99.99]


@pytest.mark.parametrize(
    ("address", "row"),
    [
        ({}, 0),
        ({"pair": "BTC/USD", "source": "kraken", "interval": "1h"}, 1),
        ({"pair": "ETH/USD"}, 2),
        ({"source": "kraken"}, 1),
    ],
)
def test_the_series_in_the_address_is_marked_and_shown(store, open_market, address, row):
    for candles in (hours(20), hours(21, source="kraken"), hours(22, pair="ETH/USD")):
        store.save_candles(candles)
    app = open_market(store, **address)
    assert app.session_state[SERIES]["selection"]["rows"] == [row]
    assert f"{20 + row} bars" in text(app).replace("\\", "")
    assert len(app.get("plotly_chart")) == 2


@pytest.mark.parametrize(
    "address", [{"pair": "DOGE/USD"}, {"interval": "9z"}, {"pair": "BTC/USD", "source": HOSTILE}]
)
def test_a_series_that_is_not_there_is_said_above_the_list(store, open_market, address):
    store.save_candles(hours(20))
    app = open_market(store, **address)
    assert "The store holds no candles of" in app.warning[0].value
    assert not MARKUP.search(app.warning[0].value)
    assert app.session_state[SERIES]["selection"]["rows"] == []
    assert not app.get("plotly_chart")
    assert not app.exception


def test_a_series_in_the_address_of_an_empty_store_is_passed_over(store, open_market):
    app = open_market(store, pair="BTC/USD")
    assert "No candles yet" in text(app)
    assert not app.warning


def test_the_largest_gaps_come_first(store, open_market):
    store.save_candles(with_gaps(hours(30), 3, 10, 11, 12, 20, 21))
    gaps = open_market(store).dataframe[1].value
    assert gaps["Missing bars"].tolist() == [3, 2, 1]
    assert gaps["Duration"].tolist() == ["3 h", "2 h", "1 h"]
    assert str(gaps["From, UTC"].iloc[0]) == "2020-01-01 10:00:00+00:00"
    assert str(gaps["To, UTC"].iloc[0]) == "2020-01-01 13:00:00+00:00"


def test_of_many_gaps_the_largest_are_listed_and_all_counted(store, open_market):
    every_second = range(1, 2 * (reads.LARGEST_GAPS + 5), 2)
    store.save_candles(with_gaps(hours(400), *every_second))
    app = open_market(store)
    assert len(app.dataframe[1].value) == reads.LARGEST_GAPS
    assert f"the {reads.LARGEST_GAPS} largest of 105" in text(app)


def test_a_series_without_gaps_says_so(store, open_market):
    store.save_candles(hours(20))
    app = open_market(store)
    assert "without gaps" in text(app)
    assert len(app.dataframe) == 1


def test_bars_that_come_later_are_seen(store, open_market):
    whole = hours(30)
    store.save_candles(with_gaps(whole, 10))
    app = open_market(store)
    assert app.dataframe(key=SERIES).value["Gaps"].tolist() == [1]
    store.save_candles(whole)
    assert app.run().dataframe(key=SERIES).value["Gaps"].tolist() == [0]


def test_hostile_names_of_pairs_are_text(store, open_market):
    store.save_candles(with_gaps(hours(30, pair=HOSTILE), 4))
    app = open_market(store)
    assert app.dataframe(key=SERIES).value["Pair"].tolist() == [HOSTILE]
    for markup in (*app.markdown, *app.caption, *app.subheader):
        assert not MARKUP.search(markup.value)
    assert not app.exception


def test_a_way_to_bring_candles_opens_and_closes_its_panel_in_the_address(store, open_market):
    store.save_candles(hours(20))
    app = open_market(store)
    app.button(key="file header").click().run()
    assert (app.query_params["add"], len(app.file_uploader)) == ("file", 1)
    app.button(key="fetch header").click().run()
    assert (app.query_params["add"], len(app.file_uploader), len(app.date_input)) == ("fetch", 0, 1)
    app.button(key="fetch header").click().run()
    assert "add" not in app.query_params
    assert not app.date_input
