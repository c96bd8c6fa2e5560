"""The notebook's face: what people type, and results that show themselves."""

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest

import evotrade as et
from evotrade.engine.execution import Limits
from evotrade.evolution.executors import open_executor

CANDLES = et.synthetic_candles(n=1_200, interval="1h", seed=7)
GENOMES = [
    "IF DELTA(0) > AVG(DELTA, 20) THEN BUY ELSE SELL",
    "IF DELTA_4H(0) > MAX_4H(DELTA, 3) THEN BUY; IF DELTA(0) < MIN(GAMMA, 9) THEN SELL",
    "IF DELTA(0) < 0 THEN BUY",
    "IF DELTA(2000) > 1 THEN BUY",
]
TERMS = {"fee_bps": 10, "slippage_bps": 2, "close_at_end": True, "limits": Limits(stop_loss_pct=3)}


@pytest.fixture
def store(tmp_path):
    return et.open_store(tmp_path / "lab.duckdb")


@pytest.fixture
def result():
    return et.backtest(GENOMES[0], CANDLES)


def same_numbers(one, other):
    """Equal to the last bit; NaN equals NaN."""
    return all(a == b or (math.isnan(a) and math.isnan(b)) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("times", ["s", "ms", "iso"])
def test_candles_of_a_file_are_those_of_the_store_once_saved(tmp_path, store, times):
    frame = CANDLES.frame
    index = frame.index.as_unit("ms" if times == "ms" else "s")
    frame.index = index.astype(str) if times == "iso" else index.astype("int64")
    path = tmp_path / "XBTUSD_60.csv"
    frame.to_csv(path)
    candles = et.load_candles(path)
    assert (candles.pair, candles.timeframe) == ("BTC/USD", "1h")
    assert candles.data_hash == CANDLES.data_hash
    store.save_candles(candles)
    assert et.load_candles("BTC/USD", "1h", store=store) == candles


def test_candles_that_are_nowhere_are_told_as_one_error(tmp_path, store):
    with pytest.raises(et.NotFound, match="there are no such candles"):
        et.load_candles("ETH/USD", "1h", store=store)
    with pytest.raises(et.BadCandleFile, match="check the path"):
        et.load_candles(tmp_path / "nothing.csv")


def test_a_flat_market_that_doubles_once_doubles_the_capital_less_one_fee():
    prices = np.array([100.0, 100.0, 200.0, 200.0])
    flat = dict.fromkeys(("open", "high", "low", "close"), prices)
    index = pd.date_range("2026-01-01", periods=4, freq="1h", tz="UTC")
    candles = et.Candles.from_frame(pd.DataFrame({**flat, "volume": 1.0}, index=index), "1h")
    result = et.backtest_decisions(np.array([1, 0, 0, 0], np.int8), candles, fee_bps=100)
    # bought at the open of bar 1 with 1000 / (100 · 1.01) units, marked at 200
    assert result.equity.iloc[-1] == pytest.approx(2_000 / 1.01)
    assert result.metrics["trades"] == 1


def test_decisions_traded_by_hand_are_the_backtest(result):
    decisions = et.decide(GENOMES[0], CANDLES)
    assert decisions.dtype == np.int8
    assert not decisions[:19].any()
    assert np.array_equal(decisions, result.decisions)
    assert same_numbers(et.backtest_decisions(decisions, CANDLES).metrics.values(), result.metrics.values())


def test_a_backtest_at_a_longer_timeframe_is_one_on_longer_bars():
    result = et.backtest(GENOMES[0], CANDLES, timeframe="4h")
    hours = result.equity.index.hour
    assert set(hours) == {0, 4, 8, 12, 16, 20}
    assert result.outcome.candles.timeframe == "4h"


@pytest.mark.parametrize("timeframe", [None, "4h"])
def test_many_backtests_are_those_of_each_genome_in_the_order_given(timeframe):
    rows = et.backtest_many(GENOMES, CANDLES, timeframe, combine="majority", **TERMS)
    assert list(rows["genome"]) == [str(et.parse(text)) for text in GENOMES]
    for text, (_, row) in zip(GENOMES, rows.iterrows(), strict=True):
        alone = et.backtest(text, CANDLES, timeframe, combine="majority", **TERMS)
        assert row["skipped"] is None
        assert same_numbers(row[list(alone.metrics)], alone.metrics.values())


def test_a_first_look_at_many_shows_the_core_of_their_metrics_and_makes_no_trial(tmp_path):
    core = ["trades", "fees_paid", "final_equity", "max_drawdown_pct"]
    rows = et.backtest_many(GENOMES, CANDLES, **TERMS)
    looked = et.backtest_many(GENOMES, CANDLES, metrics="core", **TERMS)
    pd.testing.assert_frame_equal(looked, rows[["genome", "genome_id", *core]], check_exact=True)
    with pytest.raises(et.SettingsError, match="core metrics make no trial"):
        et.backtest_many(GENOMES, CANDLES, metrics="core", store=et.open_store(tmp_path / "lab.duckdb"))


def test_many_backtests_are_the_same_on_every_executor():
    expected = et.backtest_many(GENOMES * 8, CANDLES, **TERMS)
    with ThreadPoolExecutor(2) as threads:
        pd.testing.assert_frame_equal(
            et.backtest_many(GENOMES * 8, CANDLES, executor=threads, workers=2, **TERMS),
            expected,
            check_exact=True,
        )
    with open_executor("processes", 2) as pool:
        found = et.backtest_many(GENOMES * 8, CANDLES, executor=pool, workers=2, **TERMS)
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


def test_a_genome_that_cannot_run_is_skipped_among_many_and_refused_alone():
    unfit = "IF DELTA_5M(0) > 1 THEN BUY"
    rows = et.backtest_many([GENOMES[0], unfit], CANDLES)
    assert rows["skipped"].isna().tolist() == [True, False]
    assert math.isnan(rows["return_pct"].iloc[1])
    with pytest.raises(et.GenomeError, match="5M"):
        et.backtest(unfit, CANDLES)


def test_equity_and_trades_are_tables_in_utc(result):
    assert len(result.equity) == len(CANDLES)
    assert (result.equity.index == CANDLES.timestamp).all()
    assert result.equity.iloc[-1] == result.metrics["final_equity"]
    trades = result.trades
    assert len(trades) == result.metrics["trades"]
    closed = trades.dropna(subset="exit_time")
    assert len(closed) == result.metrics["closed_trades"]
    assert (closed["entry_time"] < closed["exit_time"]).all()
    assert str(trades["entry_time"].dt.tz) == "UTC"


def test_an_open_trade_has_an_entry_and_no_exit():
    trades = et.backtest("IF DELTA(0) > 0 THEN BUY", CANDLES).trades
    assert list(trades["reason"]) == ["open"]
    assert trades["entry_time"].iloc[0] == CANDLES.timestamp[1]
    assert trades["exit_time"].isna().all()


def test_a_genome_that_never_buys_has_no_trades_and_still_shows_itself():
    result = et.backtest(GENOMES[2], CANDLES)
    assert result.trades.empty
    assert "return_pct 0.00, sharpe nan" in repr(result)
    assert result.plot().data


def test_a_result_shows_all_its_metrics_and_what_a_reader_must_know(result):
    report = result.report()
    assert list(report.index) == list(result.metrics)
    shown = result._repr_html_()
    assert all(f"<th>{name}</th>" in shown for name in result.metrics)
    short = et.backtest(GENOMES[3], CANDLES)
    assert "<p>The lookback needs 2000 more bars and there are 1200: no bar was decided.</p>" in (
        short._repr_html_()
    )


def test_a_pair_is_text_in_a_page_and_never_markup():
    candles = et.Candles.from_frame(CANDLES.frame, "1h", pair="<script>alert(1)</script>")
    shown = et.backtest(GENOMES[0], candles)._repr_html_()
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


def test_a_plot_begins_and_ends_with_the_equity(result):
    strategy = next(line for line in result.plot().data if line.name == "Strategy")
    assert strategy.y[-1] == result.equity.iloc[-1]
    assert pd.Timestamp(strategy.x[-1]).tz_localize(None) == pd.to_datetime(CANDLES.end_s[-1], unit="s")


def test_a_look_is_a_trial_where_a_store_is_given_and_only_there(store):
    free = et.backtest(GENOMES[0], CANDLES)
    recorded = et.backtest(GENOMES[0], CANDLES, "4h", store=store, fee_bps=5)
    (trial,) = store.trials().itertuples()
    assert (trial.outcome, trial.split, trial.timeframe) == ("test", "all", "4h")
    assert trial.trades == recorded.metrics["trades"]
    assert store.cells().empty
    assert same_numbers(free.metrics.values(), et.backtest(GENOMES[0], CANDLES).metrics.values())


def test_each_of_many_looks_is_a_trial_where_a_store_is_given(store):
    et.backtest_many([GENOMES[0], "IF DELTA(0) > DELTA(1) THEN BUY"], CANDLES, store=store, limits=None)
    assert list(store.trials()["outcome"]) == ["test", "test"]


def test_an_evolution_goes_into_the_store_and_goes_on(store):
    told = []
    settings = {"store": store, "executor": "serial", "warmup_bars": 60, "min_trades": 2}
    run = et.evolve("first", CANDLES, generations=2, population=12, seed=1, **settings)
    assert run.best.fitness == store.cell(run.best.cell_id).fitness
    assert len(run.history) == 2
    assert set(run.cells["dish"]) == {"first"}
    assert repr(run).startswith("<Run of 'first': ")
    more = et.evolve("first", generations=3, resume=True, store=store, on_generation=told.append)
    assert [step.stats.generation for step in told] == [2]
    assert len(more.history) == 3


def test_without_a_store_it_is_the_one_of_the_settings(tmp_path, monkeypatch):
    monkeypatch.setenv("EVOTRADE_STORE", str(tmp_path / "settings.duckdb"))
    cell = et.create_cell(GENOMES[0], CANDLES, name="mine")
    assert et.open_store().cell(cell.cell_id).name == "mine"
    assert (tmp_path / "settings.duckdb").exists()


def test_a_cell_of_one_s_own_is_judged_stored_and_forked(store):
    mother = et.create_cell(GENOMES[0], CANDLES, name="crossing", hypothesis="trends last", store=store)
    child = et.create_cell(GENOMES[1], CANDLES, parent=mother.cell_id, store=store)
    assert (child.parent_id, child.generation, child.origin) == (mother.cell_id, 1, "person")
    assert et.is_viable(mother).status == mother.status
    assert mother.phenotypes[0].metrics["sharpe"] == et.backtest(GENOMES[0], CANDLES).metrics["sharpe"]
    assert list(store.trials()["outcome"]) == ["born", "born"]
