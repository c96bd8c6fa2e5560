import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evotrade.errors import ExchangeError, OrderRefused
from evotrade.exchange.kraken.rules import asset_name, price_text, read_free_balances, read_rules, volume_text
from tests.exchange.kraken.sandboxes import an_order
from tests.paths import shared

ROW = {"pair_decimals": 1, "lot_decimals": 8, "ordermin": "0.00005", "costmin": "0.5", "tick_size": "0.1"}
RULES = read_rules("BTC/USD", ROW)
amounts = st.decimals("0.00000001", "1000000", places=12).filter(lambda value: value > Decimal("1e-7"))


@given(amounts)
def test_a_volume_is_the_most_that_fits_the_lot(quantity: Decimal) -> None:
    volume = Decimal(volume_text(quantity, RULES))
    assert 0 <= quantity - volume < Decimal("1e-8")
    assert volume % Decimal("1e-8") == 0


@given(amounts, st.sampled_from(["buy", "sell"]))
def test_a_limit_is_on_a_tick_and_never_worse_than_meant(price: Decimal, side: str) -> None:
    text = price_text(an_order(side, "limit", price=str(price)), RULES)
    on_tick = Decimal(text)
    assert on_tick % Decimal("0.1") == 0
    assert abs(on_tick - price) <= Decimal("0.1")
    assert price < Decimal("0.1") or (on_tick <= price if side == "buy" else on_tick >= price)


def test_a_trigger_is_the_nearest_tick_and_a_market_order_has_no_price() -> None:
    assert price_text(an_order("sell", "stop-loss", price="60000.06"), RULES) == "60000.1"
    assert price_text(an_order(), RULES) is None


def test_what_cannot_be_written_is_refused() -> None:
    with pytest.raises(OrderRefused, match="smallest step"):
        volume_text(Decimal("1e-9"), RULES)
    with pytest.raises(OrderRefused, match="stop-loss order needs a price above 0, not None"):
        price_text(an_order("sell", "stop-loss"), RULES)


def test_recorded_rules_are_read() -> None:
    path = shared("fixtures/kraken/kraken_net/Endpoints__Spot__ExchangeData__GetSymbols.txt")
    row = json.loads(path.read_text().split("\n", 3)[3])["result"]["XXBTZUSD"]
    rules = read_rules("BTC/USD", row)
    assert (rules.tick_size, rules.order_min, rules.cost_min) == (
        Decimal("0.1"),
        Decimal("0.0001"),
        Decimal("0.5"),
    )


def test_assets_go_by_their_usual_names() -> None:
    named = [asset_name(key) for key in ("XXBT", "ZUSD", "XETH", "USDT", "DOT", "USD.M", "XXDG", "ETH2")]
    assert named == ["BTC", "USD", "ETH", "USDT", "DOT", "USD.M", "DOGE", "ETH2"]


def test_free_is_what_no_order_holds_by_the_names_that_people_use() -> None:
    rows = {
        "ZUSD": {"balance": "100.5", "hold_trade": "40.25", "credit": "1000", "credit_used": "0"},
        "XXBT": {"balance": "1"},
    }
    assert read_free_balances(rows) == {"USD": Decimal("60.25"), "BTC": Decimal(1)}


@pytest.mark.parametrize("rows", [None, [], {"ZUSD": "5"}, {"ZUSD": {"balance": "much"}}, {"ZUSD": {}}])
def test_balances_that_cannot_be_read_are_none(rows: object) -> None:
    with pytest.raises(ExchangeError, match="balances can't be read"):
        read_free_balances(rows)
