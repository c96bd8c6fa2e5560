"""A pair's rules and an account's balances as Kraken tells them, and numbers written by the rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from typing import Any, cast, get_args

from evotrade.engine.session.orders import Order
from evotrade.errors import ExchangeError, OrderRefused, SettingsError
from evotrade.exchange.kraken.rest import Rest
from evotrade.exchange.protocols import PairRules, PairStatus
from evotrade.market.pairs import kraken_name, pair_name

_ASSETS = {"XBT": "BTC", "XDG": "DOGE"}
_OLD_NAME = 4  # letters of XXBT and ZUSD


async def ask_rules(rest: Rest, pair: str) -> PairRules:
    """The rules now. `ExchangeError`, `SettingsError` for a pair that Kraken does not know."""
    try:
        result = await rest.public("AssetPairs", {"pair": kraken_name(pair)})
    except ExchangeError as error:
        if "Unknown asset pair" in str(error):
            raise SettingsError(
                f"{rest.venue.name} does not trade {pair}: check the pair's name, like BTC/USD"
            ) from None
        raise
    try:
        return read_rules(pair, next(iter(result.values())))
    except (AttributeError, StopIteration, KeyError, TypeError, ValueError, ArithmeticError):
        raise ExchangeError(
            f"the rules that {rest.venue.name} has of {pair} can't be read: check the address {rest.url}"
        ) from None


def read_rules(pair: str, row: Mapping[str, Any]) -> PairRules:
    """Rules of a row of AssetPairs."""
    name = pair_name(pair)
    base, quote = name.split("/")
    status = row.get("status", "online")
    if status not in get_args(PairStatus):
        raise ValueError(f"status {status}")
    decimals = int(row["pair_decimals"])
    return PairRules(
        pair=name,
        base=base,
        quote=quote,
        status=cast(PairStatus, status),
        tick_size=Decimal(str(row.get("tick_size") or Decimal(1).scaleb(-decimals))),
        price_decimals=decimals,
        lot_decimals=int(row["lot_decimals"]),
        order_min=Decimal(str(row["ordermin"])),
        cost_min=Decimal(str(row.get("costmin") or 0)),
    )


def asset_name(key: str) -> str:
    """BTC for XXBT and XBT, USD for ZUSD; USD.M and the like, which cannot be traded with, as they are."""
    if len(key) == _OLD_NAME and key[0] in "XZ" and "." not in key:
        key = key[1:]
    return _ASSETS.get(key, key)


def read_balances(rows: Any) -> dict[str, Decimal]:
    """What an answer to Balance says, by the names that people use. `ExchangeError` for one that is none."""
    return _summed(rows, lambda amount: Decimal(str(amount)))


def read_free_balances(rows: Any) -> dict[str, Decimal]:
    """What an answer to BalanceEx says that no open order holds. `ExchangeError` for one that is none."""
    # credit is not for sessions: they own an allocation, and borrow nothing
    return _summed(rows, lambda row: Decimal(str(row["balance"])) - Decimal(str(row.get("hold_trade") or 0)))


def _summed(rows: Any, amount_of: Callable[[Any], Decimal]) -> dict[str, Decimal]:
    held: dict[str, Decimal] = {}
    try:
        for key, row in rows.items():
            name = asset_name(key)
            held[name] = held.get(name, Decimal(0)) + amount_of(row)
    except (AttributeError, LookupError, TypeError, ArithmeticError):
        raise ExchangeError("the exchange's balances can't be read: check the address") from None
    return held


def volume_text(quantity: Decimal, rules: PairRules) -> str:
    """A quantity as Kraken takes it, never more than was meant. `OrderRefused` where nothing is left."""
    step = Decimal(1).scaleb(-rules.lot_decimals)
    rounded = quantity.quantize(step, ROUND_DOWN)
    if rounded <= 0:
        raise OrderRefused(
            f"{quantity} {rules.base} is less than the exchange's smallest step {step}: order more"
        )
    return f"{rounded:f}"


def price_text(order: Order, rules: PairRules) -> str | None:
    """An order's price on a tick: a limit never worse than was meant, a trigger the nearest. None of none.

    `OrderRefused` where the order needs one that it lacks.
    """
    if order.kind == "market":
        return None
    if order.price is None or order.price <= 0:
        raise OrderRefused(f"a {order.kind} order needs a price above 0, not {order.price}: give one")
    rounding = {"buy": ROUND_DOWN, "sell": ROUND_CEILING}[order.side]
    if order.kind == "stop-loss":
        rounding = ROUND_HALF_EVEN
    ticks = (order.price / rules.tick_size).quantize(Decimal(1), rounding)
    price = max(ticks, Decimal(1)) * rules.tick_size
    return f"{price:.{rules.price_decimals}f}"
