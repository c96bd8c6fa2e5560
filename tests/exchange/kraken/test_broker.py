import asyncio
from decimal import Decimal

import pytest

from evotrade.engine.session.events import Accepted, Ended, Filled, Unknown
from evotrade.errors import ExchangeError, SettingsError
from evotrade.exchange.kraken import Keys, Rest, RestSettings
from evotrade.exchange.sandbox import PERMISSIONS, ApiKey
from tests.exchange.kraken.conftest import Run
from tests.exchange.kraken.sandboxes import Stage, an_order, broker_on, stage


def told_in_order(stage: Stage) -> bool:
    """No fill is told twice, and none after the end of its order."""
    fills = [event.fill_id for event in stage.reports if isinstance(event, Filled)]
    over: set[str] = set()
    for event in stage.reports:
        if isinstance(event, Ended):
            over.add(event.order_id)
        elif isinstance(event, Filled) and event.order_id in over:
            return False
    return len(fills) == len(set(fills))


def test_a_market_order_is_accepted_filled_and_ended(run: Run) -> None:
    async def work() -> None:
        async with stage() as s:
            await s.broker.start()
            await s.broker.place(order := an_order(quantity="0.012345678999"))
            await s.until(lambda: s.ended(order))
            kinds = [type(event) for event in s.reports]
            assert kinds == [Accepted, Filled, Ended]
            fill = s.fills(order)[0]
            assert fill.quantity == Decimal("0.01234567")
            cost = (fill.quantity * fill.price).quantize(Decimal("0.0001"))
            assert abs(fill.fee - cost * Decimal("0.004")) <= Decimal("0.0001")

    run(work())


def test_fills_are_found_by_rest_alone(run: Run) -> None:
    async def work() -> None:
        async with stage() as s:  # the broker's websocket is never started
            await s.broker.place(order := an_order())
            events = await s.broker.reconcile([order])
            assert [type(event) for event in events] == [Filled, Accepted, Ended]
            assert events[-1] == s.ended(order)[0]
            assert told_in_order(s)

    run(work())


def test_partial_fills_are_told_once_each_through_drops_and_reconciliations(run: Run) -> None:
    async def work() -> None:
        async with stage(partial_fill=Decimal("0.25")) as s:
            await s.broker.start()
            await s.until(lambda: s.count("connects"))
            await s.broker.place(order := an_order(quantity="0.4"))
            for step in range(12):
                s.sandbox.advance(60)
                if step % 4 == 1:
                    s.sandbox.inject("drop")
                await s.broker.reconcile([order])
            await s.until(lambda: s.ended(order))
            assert sum(fill.quantity for fill in s.fills(order)) == Decimal("0.4")
            assert told_in_order(s)
            assert len(s.ended(order)) == 1

    run(work())


def test_a_lost_reply_is_unknown_until_the_order_is_found(run: Run) -> None:
    async def work() -> None:
        async with stage() as s:
            s.sandbox.inject("lose_reply", endpoints=["AddOrder"])
            await s.broker.place(order := an_order())
            assert isinstance(s.reports[0], Unknown)
            await s.until(lambda: s.ended(order))
            assert s.ended(order)[0].status == "filled"
            assert len(s.sandbox.exchange.account.orders) == 1
            assert told_in_order(s)

    run(work())


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("http_error", {"status": 503}),
        ("http_error", {"status": 520}),
        ("api_error", {"error": "EService:Busy"}),
        ("api_error", {"error": "EGeneral:Internal error"}),
    ],
)
def test_an_order_that_never_arrived_is_refused_after_its_deadline(
    run: Run, kind: str, options: dict
) -> None:
    async def work() -> None:
        async with stage() as s:
            s.sandbox.inject(kind, endpoints=["AddOrder"], **options)
            await s.broker.place(order := an_order())
            assert isinstance(s.reports[0], Unknown)
            assert not s.ended(order)
            await s.until(lambda: s.ended(order))
            assert s.ended(order)[0].status == "refused"
            assert "neither open, nor closed, nor traded" in s.ended(order)[0].reason
            assert not s.sandbox.exchange.account.orders

    run(work())


def test_a_reply_that_comes_too_late_does_not_send_the_order_twice(run: Run) -> None:
    async def work() -> None:
        async with stage() as s:
            s.sandbox.inject("slow_reply", endpoints=["AddOrder"], seconds=1.5)
            await s.broker.place(order := an_order())
            await s.until(lambda: s.ended(order))
            assert s.ended(order)[0].status == "filled"
            assert len(s.sandbox.exchange.account.orders) == 1

    run(work())


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        (an_order(quantity="0.000001"), "EOrder:Order minimum not met: make the order larger"),
        (an_order(quantity="1000"), "EOrder:Insufficient funds"),
        (an_order(quantity="0.000000001"), "less than the exchange's smallest step"),
        (an_order(kind="limit"), "needs a price above 0"),
    ],
)
def test_a_refusal_says_why_at_once(run: Run, order, reason: str) -> None:
    async def work() -> None:
        async with stage() as s:
            await s.broker.place(order)
            assert [(e.status, reason in e.reason) for e in s.ended(order)] == [("refused", True)]

    run(work())


def test_without_rules_nothing_is_sent(run: Run) -> None:
    async def work() -> None:
        async with stage() as s:
            s.sandbox.inject("http_error", endpoints=["AssetPairs"], calls=None)
            await s.broker.place(order := an_order())
            assert "the order was not sent" in s.ended(order)[0].reason

    run(work())


def test_the_same_intent_is_sent_once(run: Run) -> None:
    async def work() -> None:
        async with stage() as s:
            order = an_order()
            await asyncio.gather(s.broker.place(order), s.broker.place(order))
            await s.broker.reconcile([order])
            assert len(s.sandbox.exchange.account.orders) == 1

    run(work())


def test_a_stop_rests_until_its_cancel_is_confirmed(run: Run) -> None:
    async def work() -> None:
        async with stage(deposits={"USD": Decimal(1000), "BTC": Decimal(1)}) as s:
            await s.broker.start()
            await s.broker.place(order := an_order("sell", "stop-loss", price="60000.04", leg="stop"))
            resting = next(iter(s.sandbox.exchange.account.open.values()))
            assert resting.request.stop_price == Decimal("60000.0")
            s.sandbox.inject("lose_reply", endpoints=["CancelOrder"])
            await s.broker.cancel(order.order_id)
            await s.until(lambda: s.ended(order))
            assert s.ended(order)[0].status == "cancelled"
            await s.broker.cancel(order.order_id)
            assert [e.status for e in s.ended(order)] == ["cancelled", "cancelled"]

    run(work())


def test_the_dead_mans_switch_is_never_armed_over_a_stop(run: Run) -> None:
    async def work() -> None:
        async with stage(deposits={"USD": Decimal(1000), "BTC": Decimal(1)}) as s:
            await s.broker.dead_man.arm(60)
            assert s.sandbox.exchange.switch_ns is not None
            await s.broker.place(an_order("sell", "stop-loss", price="60000", leg="stop"))
            assert s.sandbox.exchange.switch_ns is None
            with pytest.raises(ExchangeError, match="would cancel a resting stop-loss"):
                await s.broker.dead_man.arm(60)
            with pytest.raises(SettingsError, match="give 1 to 86400"):
                await s.broker.dead_man.arm(0)

    run(work())


def test_a_restarted_broker_knows_what_the_exchange_knows(run: Run) -> None:
    async def work() -> None:
        async with stage() as s:
            await s.broker.place(order := an_order())
            never = an_order()
            again = broker_on(s.broker._rest, s.sandbox, s.market, [])
            events = await again.reconcile([order, never])
            assert [type(e) for e in events if e.order_id == order.order_id] == [Filled, Accepted, Ended]
            assert [e.status for e in events if e.order_id == never.order_id] == ["refused"]

    run(work())


def test_nothing_is_known_where_the_exchange_cannot_be_asked(run: Run) -> None:
    async def work() -> None:
        async with stage() as s:
            await s.broker.place(order := an_order())
            s.sandbox.inject("http_error", endpoints=["OpenOrders"], calls=None)
            again = broker_on(s.broker._rest, s.sandbox, s.market, [])
            with pytest.raises(ExchangeError, match="HTTP 503"):
                await again.reconcile([order])

    run(work())


def test_an_order_filled_while_frames_are_lost_is_found_after_the_reconnect(run: Run) -> None:
    async def work() -> None:
        async with stage(deposits={"USD": Decimal(1000), "BTC": Decimal(1)}) as s:
            await s.broker.start()
            await s.until(lambda: s.broker._connection.heard_s)
            price = s.sandbox.exchange.markets["BTC/USD"].last.price
            await s.broker.place(order := an_order("sell", "stop-loss", price=str(price - 1), leg="stop"))
            s.sandbox.inject("outage", seconds=0.5)
            s.sandbox.advance(48 * 3600)
            await s.until(lambda: s.ended(order))
            assert s.ended(order)[0].status == "filled"
            assert told_in_order(s)

    run(work())


def test_frames_twice_and_out_of_order_are_booked_once(run: Run) -> None:
    async def work() -> None:
        async with stage(partial_fill=Decimal("0.2")) as s:
            await s.broker.start()
            await s.until(lambda: s.broker._connection.heard_s)
            s.sandbox.inject("duplicate", calls=20, channels=["executions"])
            s.sandbox.inject("reorder", calls=20, channels=["executions"])
            await s.broker.place(order := an_order(quantity="0.5"))
            await s.advance(1200, steps=20)
            s.sandbox.recover()
            await s.advance(600, steps=10)
            await s.until(lambda: s.ended(order))
            assert sum(fill.quantity for fill in s.fills(order)) == Decimal("0.5")
            assert told_in_order(s)

    run(work())


def test_balances_go_by_the_names_that_people_use(run: Run) -> None:
    async def work() -> None:
        async with stage(deposits={"USD": Decimal(1000), "BTC": Decimal(1)}) as s:
            assert await s.broker.balances() == {"USD": Decimal(1000), "BTC": Decimal(1)}

    run(work())


def test_what_an_open_order_holds_is_not_free(run: Run) -> None:
    async def work() -> None:
        async with stage(deposits={"USD": Decimal(1000), "BTC": Decimal(1)}) as s:
            await s.broker.place(an_order("buy", "limit", "0.01", "40000"))
            await s.broker.place(an_order("sell", "limit", "0.25", "90000", "exit"))
            free = await s.broker.free_balances()
            assert free == {"USD": Decimal("598.4"), "BTC": Decimal("0.75")}  # 400 with 0.4 % of fee
            assert (await s.broker.balances())["USD"] == 1000

    run(work())


@pytest.mark.parametrize(("sent", "told"), [(False, Ended), (True, Unknown)])
def test_an_order_that_an_unexpected_error_keeps_back_is_not_forgotten(run, monkeypatch, sent, told) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("of a library")

    async def work() -> None:
        async with stage() as s:
            monkeypatch.setattr(s.broker._rest, "private_once" if sent else "spend_order", broken)
            await s.broker.place(order := an_order())
            assert type(s.reports[0]) is told
            await s.until(lambda: s.ended(order))
            assert s.ended(order)[0].status == "refused"
            assert s.broker.counters["callback_errors"] == 1

    run(work())


def test_a_key_that_may_withdraw_is_refused(run: Run) -> None:
    key = ApiKey(permissions=(*PERMISSIONS, "withdraw-funds"))

    async def work() -> None:
        async with stage(keys=[key]) as s:
            with pytest.raises(SettingsError, match="may withdraw funds"):
                await s.broker.start()

    run(work())


def test_nonces_rise_whatever_is_asked_at_once(run: Run) -> None:
    async def work() -> None:
        async with stage() as s:
            await asyncio.gather(*(s.broker._rest.private("Balance") for _ in range(12)))
            assert s.count("rest_retries") == 0

    run(work())


def test_neither_key_nor_secret_is_in_an_error_or_a_log(run: Run, capsys: pytest.CaptureFixture) -> None:
    async def work() -> None:
        async with stage() as s:
            rest = Rest(s.sandbox.url, Keys("a-key", "c2VjcmV0"), settings=RestSettings(tries=1))
            with pytest.raises(ExchangeError, match="Invalid key") as refused:
                await rest.private("Balance")
            await rest.close()
            shown = repr(rest.keys) + str(refused.value) + capsys.readouterr().out
            assert "a-key" not in shown
            assert "c2VjcmV0" not in shown

    run(work())
