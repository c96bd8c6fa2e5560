"""A runner writes down first and acts then, whatever the outbox does."""

from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

import pytest

from evotrade.desk.lines import Decided
from evotrade.desk.runner import Runner, Terms
from evotrade.engine.session.core import Session
from evotrade.engine.session.events import Accepted, Started
from evotrade.engine.session.plan import Plan
from evotrade.errors import StoreError
from evotrade.exchange.protocols import Quote
from evotrade.store.outbox import Outbox
from evotrade.store.records import OrderRow
from tests.desk.world import GENOME, HOUR_S, until

pytestmark = pytest.mark.anyio

START_S = 1_700_000_000 // HOUR_S * HOUR_S


@dataclass
class FakeBroker:
    """Remembers what it was asked, and what the outbox held at that moment."""

    outbox: Outbox
    placed: list = field(default_factory=list)
    written: list = field(default_factory=list)

    async def place(self, order):
        self.placed.append(order)
        rows = [entry.record for entry in self.outbox.pending() if isinstance(entry.record, OrderRow)]
        self.written.append(order.order_id in {row.order_id for row in rows})

    async def cancel(self, order_id):
        pass


class Deaf:
    """Hears everything and does nothing."""

    def expect(self, runner, effects):
        pass

    def told(self, runner, effects):
        pass


class FullDisk(Outbox):
    """An outbox that takes nothing while `full`."""

    full = False

    def commit(self, *args, **kwargs):
        if self.full:
            raise StoreError("the disk is full: free some space")
        return super().commit(*args, **kwargs)


@pytest.fixture
def outbox(tmp_path):
    with FullDisk(tmp_path / "outbox.sqlite") as made:
        yield made


@pytest.fixture
async def clock():
    return [float(START_S)]


@pytest.fixture
async def runner(outbox, clock):
    key = str(UUID(int=7))
    plan = Plan(1, key, 1, GENOME, "BTC/USD", "1h", Decimal(1000), START_S, dry_run=False)
    made = Runner(
        Session(plan), Terms("anna", "kraken"), FakeBroker(outbox), outbox, Deaf(), now_s=lambda: clock[0]
    )
    made.begin()
    made.feed(Started(START_S))
    yield made
    await made.close()


def buy_signal(runner):
    """A bar that says buy, and the tick that follows it."""
    end_s = START_S + HOUR_S
    bar = Decided(1, START_S, end_s, 100.0, 101.0, 99.0, 100.0, 1.0, 5.0, decision=1, may_act=True)
    runner.decide(bar, end_s)
    runner.see(Quote("BTC/USD", end_s + 1.0, 100.0, 99.9, 100.1))


async def test_an_order_is_written_down_before_it_leaves(runner):
    buy_signal(runner)
    await until(lambda: runner.broker.placed)
    assert runner.broker.written == [True]


async def test_nothing_leaves_while_the_outbox_takes_nothing_and_then_it_does(runner, outbox):
    outbox.full = True
    buy_signal(runner)
    await runner.idle()
    assert (runner.broker.placed, runner.settle()) == ([], False)
    outbox.full = False
    assert runner.settle()
    await until(lambda: runner.broker.placed)
    assert runner.broker.written == [True]


async def test_an_entry_that_waited_too_long_does_not_leave_any_more(runner, outbox, clock):
    outbox.full = True
    buy_signal(runner)
    outbox.full, clock[0] = False, clock[0] + HOUR_S / 2
    assert runner.settle()
    await runner.idle()
    assert runner.broker.placed == []
    assert not runner.core.open_orders or runner.core.open_orders[0].attempt > 1


async def test_an_order_on_its_way_is_not_asked_about(runner):
    buy_signal(runner)
    assert (len(runner.core.open_orders), runner.askable_orders) == (1, [])
    await runner.idle()
    assert runner.askable_orders == runner.core.open_orders


async def test_a_fault_of_the_core_ends_that_session_in_error(runner, monkeypatch):
    monkeypatch.setattr(runner.core._trader, "accepted", lambda event: 1 / 0)
    runner.feed(Accepted(START_S + 1, "x", "y"))
    assert runner.core.status == "error"
    assert "ZeroDivisionError" in runner.core.reason


async def test_what_was_committed_is_a_session_again(runner, outbox):
    buy_signal(runner)
    await runner.idle()
    (kept,) = outbox.unfinished()
    plan = Plan.from_dict(kept.plan["plan"])
    again = Session.restore(plan, kept.snapshot["core"])
    assert (again.status, again.open_orders) == (runner.core.status, runner.core.open_orders)
    assert Terms(**kept.plan["terms"]) == runner.terms
