import io

import numpy as np
import pandas as pd

from evotrade.engine.backtest import backtest_decisions
from evotrade.engine.execution import Execution
from evotrade.lab.trades import trades_csv, trades_frame
from evotrade.market.synthetic import synthetic_candles

CANDLES = synthetic_candles(50, "1h", seed=1)


def trades(*decisions: int):
    """Trades of decisions at the first bars, held from then on."""
    padded = np.zeros(len(CANDLES), dtype=np.int8)
    padded[: len(decisions)] = decisions
    return backtest_decisions(padded, CANDLES, Execution(fee_bps=0.0)).simulation.trades


def read(text: str) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(text))


def test_the_file_names_its_units_and_holds_the_numbers_to_the_bit():
    done = trades(1, 0, -1)
    (row,) = read(trades_csv(done)).to_dict("records")
    assert row["trade"] == 1
    assert row["entry_price_quote"] == done.entry_price[0] == CANDLES.open[1]
    assert row["exit_price_quote"] == done.exit_price[0] == CANDLES.open[3]
    assert (row["fees_quote"], row["closed_by"], row["bars_held"]) == (0.0, "signal", 2)
    assert row["quantity_base"] == done.quantity[0] == 1000.0 / CANDLES.open[1]
    assert row["pnl_quote"] == done.pnl[0]


def test_times_in_the_file_are_utc_as_iso_8601_says():
    (row,) = read(trades_csv(trades(1, 0, -1))).to_dict("records")
    assert row["entry_time_utc"] == f"{CANDLES.timestamp[1]:%Y-%m-%dT%H:%M:%S}Z"
    assert pd.Timestamp(row["exit_time_utc"]) == CANDLES.timestamp[3]


def test_a_trade_that_is_open_has_an_entry_and_no_exit():
    closed, still_open = read(trades_csv(trades(1, 0, -1, 1))).to_dict("records")
    assert (closed["trade"], still_open["trade"], still_open["closed_by"]) == (1, 2, "open")
    assert all(pd.isna(still_open[name]) for name in ("exit_time_utc", "exit_price_quote", "return_pct"))


def test_no_trades_are_a_file_with_names_alone():
    assert trades_csv(trades(0)).count("\n") == 1
    assert trades_frame(trades(0)).empty
