import pytest

from evotrade.store import open_store
from evotrade.ui.market import importing
from tests.candle_files import kraken_file
from tests.ui.stores import HOSTILE


@pytest.fixture
def store(tmp_path):
    return open_store(tmp_path / "lab.duckdb")


@pytest.fixture
def upload(store, open_market):
    """The page after the upload of a file of that name."""

    def choose(content, name="XBTUSD_60.csv"):
        app = open_market(store, add="file")
        app.file_uploader(key="candle file").upload(name, content)
        return app.run()

    return choose


@pytest.fixture
def lines(tmp_path):
    """A header and 30 hours, as lines of a CSV."""
    return kraken_file(tmp_path, 30).read_text().splitlines()


def content(lines):
    return ("\n".join(lines) + "\n").encode()


def text(app):
    shown = (*app.markdown, *app.caption, *app.error)
    return "\n".join(each.value for each in shown).replace("\\", "").replace("\u200c", "")


def the_import(app):
    return next(
        button for button in app.button if button.label.startswith("Import ") and "bar" in button.label
    )


def test_a_preview_says_what_the_file_holds_and_stores_nothing(store, upload, lines):
    app = upload(content(lines))
    facts = app.html[0].value
    for value in ("BTC/USD", "1h", "30", "2020-01-01 00:00", "2020-01-02 05:00", "100.00 %"):
        assert f">{value}<" in facts
    assert the_import(app).label == "Import 30 bars"
    assert store.coverage().empty


def test_an_import_says_what_was_new_and_closes_its_panel(store, upload, lines, finished):
    app = finished(the_import(upload(content(lines[:21]))).click().run())
    assert "Imported XBTUSD_60.csv as BTC/USD 1h: 20 bars new or corrected, 0 known already." in text(app)
    assert "add" not in app.query_params
    app = finished(the_import(upload(content(lines))).click().run())
    assert "10 bars new or corrected, 20 known" in text(app)
    assert len(store.load_candles("BTC/USD", "1h", "archive")) == 30


def test_bad_rows_are_named_and_refuse_the_file_until_they_are_skipped(store, upload, lines, finished):
    lines[5] = "nonsense"
    app = upload(content(lines))
    assert "1 row cannot be used" in text(app)
    assert app.dataframe[0].value.to_dict("records") == [{"Line": 6, "Reason": "1 cell instead of 7"}]
    assert the_import(app).disabled
    app = app.checkbox[0].check().run()
    app = finished(the_import(app).click().run())
    assert "29 bars new or corrected, 0 known already, 1 row skipped" in text(app)
    assert len(store.load_candles("BTC/USD", "1h", "archive")) == 29


def test_skipping_rows_of_one_file_says_nothing_of_the_next(upload, lines):
    lines[5] = "nonsense"
    app = upload(content(lines))
    app.checkbox[0].check().run()
    app.file_uploader(key="candle file").set_value(("XBTUSD_60.csv", content([*lines, "more"]), "text/csv"))
    assert not app.run().checkbox[0].value
    assert the_import(app).disabled


def test_of_many_bad_rows_the_first_are_shown_and_all_are_counted(upload, tmp_path):
    lines = kraken_file(tmp_path, 400).read_text().splitlines()
    lines[1:300:2] = ["bad,row"] * 150
    app = upload(content(lines))
    assert "150 rows cannot be used, the first 100 of them" in text(app).replace("*", "")
    assert len(app.dataframe[0].value) == importing.REFUSED_SHOWN


def test_a_file_that_does_not_say_its_pair_waits_for_it(store, upload, lines, finished):
    app = upload(content(lines), "hours.csv")
    assert the_import(app).disabled
    assert "does not say its pair" in text(app)
    app.text_input(key="file pair").set_value("eth/eur").run()
    finished(the_import(app).click().run())
    assert store.coverage()["pair"].tolist() == ["ETH/EUR"]


@pytest.mark.parametrize(
    ("name", "bad", "said"),
    [
        ("XBTUSD_240.csv", None, "XBTUSD_240.csv holds bars of 1h, not of 4h"),
        ("XBTUSD_60.csv", b"", "is empty"),
        ("x.parquet", b"PAR1nothing", "damaged Parquet file"),
        ("x.csv", b"PK\x03\x04", "ZIP archive: unpack it"),
        ("x.csv", b"\xff\xfe\x00\x00", "neither text nor Parquet"),
        (f"{HOSTILE}.csv", b"a,b\n1,2\n", "<img src=x onerror="),
    ],
)
def test_a_file_that_is_none_is_one_sentence(store, upload, lines, name, bad, said):
    app = upload(content(lines) if bad is None else bad, name)
    assert said in text(app)
    assert not app.exception
    assert store.coverage().empty


def test_a_pair_that_is_none_is_one_sentence(upload, lines):
    app = upload(content(lines))
    app.text_input(key="file pair").set_value("nonsense").run()
    assert "names no pair" in app.error[0].value
    assert not app.exception


def test_a_wrong_interval_is_corrected_in_its_field(upload, lines):
    app = upload(content(lines), "XBTUSD_240.csv")
    app.selectbox(key="file interval").set_value("1h").run()
    assert not app.error
    assert not the_import(app).disabled


def test_a_file_that_runs_backwards_and_bars_without_trades_are_told(upload, lines):
    quiet = lines[7].split(",")
    lines[7] = ",".join([*quiet[:5], "0", "0"])
    app = upload(content([lines[0], *lines[:0:-1]]))
    assert "newest row first" in text(app)
    assert "1 bar without trades left out" in text(app)


def test_hostile_cells_and_names_are_text(upload, lines):
    lines[4] = lines[4].replace(lines[4].split(",")[1], HOSTILE.replace(",", ""))
    app = upload(content(lines), f"{HOSTILE}.csv")
    reason = app.dataframe[0].value["Reason"][0]
    assert reason.startswith("open is '<img src=x onerror=")
    for markup in (*app.markdown, *app.caption):
        assert "<img" not in markup.value.replace("\\<", "")
    assert not app.exception
