"""Every command, typed as the README types it, and nonsense typed instead."""

import json
import re

import pytest

from tests.paths import shared

GENOME = "IF DELTA(0) > AVG(DELTA, 20) THEN BUY ELSE SELL"
SMALL = ("--generations", "2", "--population", "12", "--executor", "serial")


def test_check_shows_what_a_genome_is(evotrade):
    ran = evotrade("check", GENOME, "--json")
    assert ran.code == 0
    facts = json.loads(ran.out)
    assert (facts["nodes"], facts["lookback_bars_1h"]) == (4, 19)
    assert facts["readable"] == "IF CLOSE(0) > AVG(CLOSE, 20) THEN BUY ELSE SELL"


def test_check_takes_the_shortest_timeframe_that_a_genome_names(evotrade):
    ran = evotrade("check", "IF DELTA_30M(0) > AVG_4H(DELTA, 2) THEN BUY", "--json")
    assert json.loads(ran.out)["lookback_bars_30m"] == 8 * 3 - 1  # three closed bars of 4h


def test_check_points_at_the_mistake(evotrade):
    ran = evotrade("check", "IF DELT(0) > 1 THEN BUY")
    assert ran == (1, "", "Error: line 1, column 4: unknown symbol 'DELT'. Did you mean DELTA?\n")


def test_a_candle_file_goes_in_and_says_what_was_refused(evotrade, market):
    lines = market.read_text().splitlines()
    lines[5] = lines[4]
    lines[9] = re.sub(r"^(\d+),[^,]+", r"\1,nan", lines[9])
    market.write_text("\n".join(lines))
    refused = evotrade("import-candles", str(market))
    assert (refused.code, refused.out) == (1, "")
    assert "2 rows refused:\n  line 6: " in refused.err
    assert "2 rows of XBTUSD_60.csv cannot be used, as listed above: mend the file" in refused.err
    ran = evotrade("import-candles", str(market), "--skip-bad-rows")
    assert ran.code == 0
    assert "1,998 bars new to the store" in ran.out
    assert "line 10: " in ran.err


def test_evolve_show_lineage_and_reproduce_hang_together(evotrade, market):
    ran = evotrade("evolve", "--dish", "first", "--data", str(market), *SMALL)
    assert ran.code == 0, ran.err
    assert "generation 2/2" in ran.out
    best = re.search(r"best: cell (\d+)", ran.out)[1]
    assert f"Cell {best}" in evotrade("show", best).out
    assert "self" in evotrade("lineage", best).out
    assert "30 metrics, equal to the bit" in evotrade("reproduce", best, "--data", str(market)).out
    cells = json.loads(evotrade("cells", "--json", "--top", "3").out)
    assert [row["fitness"] for row in cells] == sorted((row["fitness"] for row in cells), reverse=True)
    assert evotrade("doctor").code == 0


def test_a_dish_goes_on_where_it_stopped(evotrade, market):
    evotrade("evolve", "--dish", "first", "--data", str(market), *SMALL)
    again = evotrade("evolve", "--dish", "first", "--data", str(market), *SMALL)
    assert (again.code, again.err) == (
        1,
        "Error: dish 'first' exists: go on with it by --resume, or choose another name\n",
    )
    more = evotrade("evolve", "--dish", "first", "--resume", "--generations", "3", "--executor", "serial")
    assert more.code == 0
    assert "generation 3/3" in more.out
    assert "generation 2/3" not in more.out


def test_a_dish_is_resumed_with_its_own_settings_or_not_at_all(evotrade, market):
    evotrade("evolve", "--dish", "first", "--data", str(market), *SMALL)
    again = ("evolve", "--dish", "first", "--resume", "--executor", "serial", "--generations", "2")
    assert evotrade(*again, "--population", "12", "--seed", "1", "--data", str(market)).code == 0
    refused = evotrade(*again, "--seed", "2")
    assert refused.code == 1
    assert "was made with seed 1 (asked: 2)" in refused.err


def test_a_backtest_is_shown_and_counted(evotrade, market):
    ran = evotrade("backtest", GENOME, "--data", str(market), "--timeframes", "1h,4h")
    assert ran.code == 0
    assert "Recorded as a trial" in ran.err
    assert re.search(r"^trades +\d+ +\d+", ran.out, re.MULTILINE)


def test_a_backtest_of_stored_candles(evotrade, market):
    evotrade("import-candles", str(market))
    ran = evotrade("backtest", GENOME, "--pair", "BTC/USD", "--interval", "1h", "--json")
    assert json.loads(ran.out)[0]["pair"] == "BTC/USD"


def test_cells_of_the_earlier_system_come_in(evotrade):
    ran = evotrade("import-cells", str(shared("data/origin/cells.db")))
    assert "100 cells, 300 phenotypes, 3 runs and 201 failed mutations from cells.db" in ran.out


def test_the_store_is_made_copied_and_compacted(evotrade, tmp_path):
    assert evotrade("init").code == 0
    assert "(was there already)" in evotrade("init").out
    assert evotrade("db", "snapshot", "copy.duckdb").code == 0
    assert (tmp_path / "copy.duckdb").exists()
    assert evotrade("db", "compact").code == 0
    assert evotrade("db", "migrate").code == 0


def test_the_version_is_told(evotrade):
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", evotrade("--version").out)


def test_an_option_names_the_store(evotrade, tmp_path):
    evotrade("init", "--store", str(tmp_path / "other.duckdb"))
    assert (tmp_path / "other.duckdb").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("show", "1"), "there is no cell 1 in the store"),
        (("reproduce", "1"), "there is no cell 1 in the store"),
        (("lineage", "1"), "there is no cell 1 in the store"),
        (("backtest", GENOME), "no candles named: give --data FILE"),
        (("backtest", GENOME, "--pair", "BTC/USD"), "BTC/USD"),
        (("evolve", "--dish", "x", "--data", "missing.csv"), "missing.csv"),
        (("evolve", "--dish", "x", "--resume"), "there is no dish 'x'"),
        (("import-candles", "missing.csv"), "missing.csv"),
        (("import-cells", "missing.db"), "there is no file missing.db"),
        (("cells", "--store", "/nonexistent/lab.duckdb"), "/nonexistent"),
        (("cells", "--store", "mistyped.duckdb"), "make it with evotrade init"),
        (("cells", "--dish", "zzz"), "there is no dish 'zzz'"),
        (("evolve", "--dish", "two\nlines", "--data", "candles.csv"), "candles.csv"),
    ],
)
def test_what_fails_says_so_in_one_sentence(evotrade, words, message):
    evotrade("init")
    ran = evotrade(*words)
    assert ran.code == 1
    assert ran.err.startswith("Error: ")
    assert message in ran.err
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        ("nonsense",),
        ("check",),
        ("cells", "--top", "many"),
        ("cells", "--status", "zombie"),
        ("cells", "--origin", "martian"),
        ("evolve",),
        ("evolve", "--dish", "x", "--combine", "shout"),
    ],
)
def test_wrong_use_is_exit_code_2(evotrade, words):
    assert evotrade(*words).code == 2


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("EVOTRADE_FEE_BPS", "cheap", "fee_bps"),
        ("EVOTRADE_VIABILITY__MIN_TRADES", "-1", "viability.min_trades"),
    ],
)
def test_a_wrong_setting_is_named(evotrade, monkeypatch, name, value, message):
    monkeypatch.setenv(name, value)
    ran = evotrade("cells")
    assert ran.code == 1
    assert message in ran.err
    assert name in ran.err


def test_warm_says_where_the_kernels_are_kept(evotrade):
    ran = evotrade("warm")
    assert ran.code == 0
    assert re.search(r"ready after \d+\.\d s, kept in .*kernels-[0-9a-f]{16}", ran.out)
