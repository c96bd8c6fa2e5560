"""The terms of execution refuse to be wrong and go through JSON unchanged."""

import json
import math

import pytest
from hypothesis import given

from evotrade.engine.execution import Execution, Instrument, Limits, TradingHours
from evotrade.errors import SettingsError
from tests.engine.bar_by_bar import executions


@given(executions)
def test_terms_come_back_from_json_as_they_were(execution):
    assert Execution.from_dict(json.loads(json.dumps(execution.to_dict()))) == execution


def test_what_is_not_said_is_the_default():
    assert Execution.from_dict({"limits": {"trading_hours": {"start": "08:00"}}}) == Execution(
        limits=Limits(trading_hours=TradingHours(start="08:00"))
    )


@pytest.mark.parametrize("spec", [{"fees": 1}, {"limits": {"stop": 1}}, {"instrument": {"lot": 1}}])
def test_an_unknown_setting_is_named(spec):
    with pytest.raises(SettingsError, match=r"unknown \w+ setting '(fees|stop|lot)'"):
        Execution.from_dict(spec)


@pytest.mark.parametrize(
    "wrong",
    [
        {"fee_bps": 10_000},
        {"fee_bps": float("nan")},
        {"slippage_bps": -1},
        {"spread_bps": 20_000},
        {"fill": "open"},
        {"fee_on": "bottom"},
        {"initial": 0},
        {"size": 1.1},
    ],
)
def test_terms_out_of_range_are_refused(wrong):
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        Execution(**wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"stop_loss_pct": 0},
        {"trailing_stop_pct": 100},
        {"take_profit_pct": -1},
        {"max_drawdown_pct": 101},
        {"max_daily_loss_pct": -5},
        {"max_trades_per_day": 0},
        {"cool_down_bars": -1},
    ],
)
def test_limits_out_of_range_are_refused(wrong):
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        Limits(**wrong)


@pytest.mark.parametrize(
    "wrong", [{"days": ("monday",)}, {"days": ()}, {"start": "8:00"}, {"end": "24:00"}, {"zone": "Mars/Base"}]
)
def test_hours_that_no_clock_shows_are_refused(wrong):
    with pytest.raises(SettingsError):
        TradingHours(**wrong)


def test_costs_that_are_no_numbers_are_refused():
    for name in ("fee_bps", "slippage_bps", "spread_bps"):
        with pytest.raises(SettingsError, match=name):
            Execution(**{name: math.nan})


def test_an_instrument_out_of_range_is_refused():
    with pytest.raises(SettingsError, match="lot_decimals=-1"):
        Instrument(lot_decimals=-1)
