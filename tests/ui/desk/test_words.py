from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evotrade.engine.session.states import STATUSES
from evotrade.plots.session import Moment, SessionBar
from evotrade.ui.desk import words
from evotrade.ui.desk.charts import running_bar

amounts = st.decimals(-(10**9), 10**9, places=10, allow_nan=False).map(lambda value: f"{value:f}")


def read_back(text):
    return Decimal(text.replace("−", "-").replace(",", "").split()[0])


@given(amounts)
def test_an_exact_amount_can_be_read_back(amount):
    assert read_back(words.exact(amount, "USD")) == Decimal(amount)


@given(amounts)
def test_money_is_off_by_less_than_a_cent(amount):
    assert abs(read_back(words.money(amount, "USD")) - Decimal(amount)) <= Decimal("0.005")


@given(amounts.map(lambda amount: amount.removeprefix("-")))
def test_a_quantity_loses_no_digit(amount):
    assert read_back(words.quantity(amount, "BTC")) == Decimal(amount)


def test_every_state_has_a_sign_a_colour_and_a_meaning():
    assert set(words.SIGNS) == set(words.COLOURS) == set(STATUSES)
    assert all(words.meaning(name) for name in STATUSES)


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("0", "0.00"),
        ("12.5", "+12.50"),
        ("-0.25", "−0.2500"),
        ("1e-8", "+0.00"),
        ("-1234.5", "−1,234.50"),
    ],
)
def test_signed_money_has_decimals_that_suit_it(amount, said):
    assert words.money(amount, signed=True) == said


def test_what_has_no_value_is_a_dash():
    dash = "–"
    assert words.money(None) == words.quantity(None) == words.price(None) == words.moment(None) == dash
    assert words.age(None) == words.percent(None, "1000") == words.percent("1", "0") == dash


def test_limits_are_said_in_words():
    hours = {"days": ("mon", "tue"), "start": "09:00", "end": "17:00", "zone": "UTC"}
    given = {"stop_loss_pct": 2.5, "max_trades_per_day": 3, "cool_down_bars": 0, "trading_hours": hours}
    said = words.limits({"limits": given})
    assert said == "stop loss 2.5 %, max trades per day 3, trades mon tue 09:00 to 17:00 UTC"


def test_the_running_bar_is_made_of_the_prices_since_the_last_close():
    def at(minute):
        return datetime(2026, 3, 1, 12, minute, tzinfo=UTC)

    moments = [
        Moment(at(minute), price, 0.0) for minute, price in ((0, 10.0), (5, 12.0), (9, 9.0), (14, 11.0))
    ]
    assert running_bar(moments, 600, []) == SessionBar(at(10), 11.0, 11.0, 11.0, 11.0, "")
    assert running_bar(moments[:3], 600, []) == SessionBar(at(0), 10.0, 12.0, 9.0, 9.0, "")
    assert running_bar(moments[:3], 600, [SessionBar(at(0), 10.0, 12.0, 9.0, 9.0, "")]) is None
