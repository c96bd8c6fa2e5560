"""What the exchange has of some orders: open orders, closed orders, trades, in this order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from evotrade.errors import ExchangeBusy, ExchangeError, ExchangeUnreachable
from evotrade.exchange.kraken.budget import Priority
from evotrade.exchange.kraken.order_rows import OrderRow, TradeRow, read_order, read_trade
from evotrade.exchange.kraken.rest import Rest

Row = TypeVar("Row")

_ORDERS_A_CALL, _TRADES_A_CALL, _ROWS_A_PAGE = 50, 20, 50


@dataclass(frozen=True, slots=True)
class Asked:
    """An order that is looked for; `exchange_id` where it is known, `since_s` lies before it was sent."""

    order_id: str
    exchange_id: str | None
    since_s: float


@dataclass(frozen=True, slots=True)
class Found:
    """The orders under one `cl_ord_id` (nearly always one) with all their trades, oldest first."""

    rows: tuple[OrderRow, ...]
    trades: tuple[TradeRow, ...]


class Lookup:
    """Asks REST; raises `ExchangeError` when it can't be asked, or tells only half."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    async def find(self, asked: Sequence[Asked], known: Mapping[str, TradeRow]) -> dict[str, Found]:
        """Those orders that the exchange has, by `cl_ord_id`; `known` are trades that needn't be asked again.

        An order may move from open to closed between two questions, never back: so open ones are asked
        first.
        """
        if not asked:
            return {}
        rows: dict[str, dict[str, OrderRow]] = {one.order_id: {} for one in asked}
        exchange_ids = {one.exchange_id: one.order_id for one in asked if one.exchange_id}

        def sort(found: Iterable[OrderRow]) -> None:
            for row in found:
                name = row.order_id if row.order_id in rows else exchange_ids.get(row.exchange_id)
                if name is not None:
                    rows[name][row.exchange_id] = row

        sort(await self._open())
        sort(
            await self._query(
                [one.exchange_id for one in asked if one.exchange_id and not rows[one.order_id]]
            )
        )
        sort(await self._closed([one for one in asked if not rows[one.order_id]]))
        missing = [one for one in asked if not rows[one.order_id]]
        if missing:
            sort(await self._by_trades(missing))
        return {name: await self._with_trades(found.values(), known) for name, found in rows.items() if found}

    async def has_open_stop(self) -> bool:
        """Whether any stop-loss of the account rests, whoever placed it."""
        return any(row.is_stop for row in await self._open())

    async def _open(self) -> list[OrderRow]:
        result = await self._ask("OpenOrders", {"trades": "true"})
        return _read(result.get("open"), read_order)

    async def _query(self, exchange_ids: Sequence[str]) -> list[OrderRow]:
        rows: list[OrderRow] = []
        for part in _parts(exchange_ids, _ORDERS_A_CALL):
            try:
                result = await self._ask("QueryOrders", {"txid": ",".join(part), "trades": "true"})
            except ExchangeError as error:
                if "Unknown order" not in str(error):
                    raise
                continue
            rows += _read(result, read_order)
        return rows

    async def _closed(self, asked: Sequence[Asked]) -> list[OrderRow]:
        """One by its name, several by their time: the calls are few."""
        if not asked:
            return []
        if len(asked) == 1:
            return await self._closed_page({"cl_ord_id": asked[0].order_id})
        names, start_s = {one.order_id for one in asked}, int(min(one.since_s for one in asked))
        rows: list[OrderRow] = []
        while names - {row.order_id for row in rows}:
            page = await self._closed_page({"start": start_s, "ofs": len(rows)})
            rows += page
            if len(page) < _ROWS_A_PAGE:
                break
        return rows

    async def _closed_page(self, params: Mapping[str, Any]) -> list[OrderRow]:
        result = await self._ask("ClosedOrders", {**params, "trades": "true"})
        return _read(result.get("closed"), read_order)

    async def _by_trades(self, missing: Sequence[Asked]) -> list[OrderRow]:
        """Orders that no list has yet though they were carried out."""
        start_s = int(min(one.since_s for one in missing))
        result = await self._ask("TradesHistory", {"start": start_s})
        trades = _read(result.get("trades"), read_trade)
        return await self._query(list(dict.fromkeys(trade.exchange_id for trade in trades)))

    async def _with_trades(self, rows: Iterable[OrderRow], known: Mapping[str, TradeRow]) -> Found:
        rows = tuple(sorted(rows, key=lambda row: row.opened_at_s))
        names = [name for row in rows for name in row.trade_ids]
        trades = {name: known[name] for name in names if name in known}
        for part in _parts([name for name in names if name not in known], _TRADES_A_CALL):
            result = await self._ask("QueryTrades", {"txid": ",".join(part)})
            trades |= {trade.trade_id: trade for trade in _read(result, read_trade)}
        for row in rows:
            have = sum((trades[name].quantity for name in row.trade_ids if name in trades), Decimal(0))
            if have != row.filled:
                raise ExchangeBusy(
                    f"the exchange lists trades of {have:f} for order {row.exchange_id} that filled "
                    f"{row.filled:f}: ask again in a moment"
                )
        return Found(rows, tuple(sorted(trades.values(), key=lambda trade: (trade.at_s, trade.trade_id))))

    async def _ask(self, call: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        result = await self._rest.private(call, params, Priority.QUERY)
        if not isinstance(result, Mapping):
            name = self._rest.venue.name
            raise ExchangeUnreachable(f"{name} answered {call} with {type(result).__name__}: ask again")
        return result


def _read(rows: object, reader: Callable[[str, Mapping[str, Any]], Row]) -> list[Row]:
    try:
        return [reader(str(name), row) for name, row in rows.items()]  # type: ignore[attr-defined]
    except (AttributeError, LookupError, TypeError, ValueError, ArithmeticError) as error:
        raise ExchangeUnreachable(
            f"the exchange's list of orders or trades can't be read ({error!r}): ask again"
        ) from None


def _parts(names: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for first in range(0, len(names), size):
        yield names[first : first + size]
