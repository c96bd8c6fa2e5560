"""Laws of a session under any order of events: money, orders, states, memory."""

import asyncio
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evotrade.engine.execution import Execution, Limits
from evotrade.engine.session import events
from evotrade.engine.session.effects import BarDecided, Executed, StatusChanged
from evotrade.engine.session.states import MAY_BECOME
from tests.engine.session.replay import INSTRUMENT, Desk, plan
from tests.engine.session.world import World

NAMES = ["tick", "bar_closed", "exchange", "feed_lost", "person", "clock"]
OFTEN = ["tick"] * 4 + ["bar_closed"] * 2 + ["exchange"] * 6
steps = st.lists(st.tuples(st.sampled_from(OFTEN + NAMES), st.floats(0, 0.9999)), min_size=10, max_size=80)
limits = st.sampled_from(
    [
        Limits(),
        Limits(stop_loss_pct=2.0, take_profit_pct=3.0),
        Limits(trailing_stop_pct=2.0),
        Limits(max_drawdown_pct=3.0, max_trades_per_day=2),
        Limits(stop_loss_pct=1.0, trailing_stop_pct=1.5, max_daily_loss_pct=2.0, cool_down_bars=1),
    ]
)


@st.composite
def plans(draw):
    terms = Execution(instrument=INSTRUMENT, limits=draw(limits))
    return plan(execution=terms, stop_owner=draw(st.sampled_from(["engine", "exchange"])))


def run(world, drawn, check=False):
    world.feed(events.Started(0.0))
    for name, number in drawn:
        world.step(name, number)
        if check:
            world.check()
    return world


@given(plans(), steps)
@settings(max_examples=300)
def test_the_book_is_the_exchanges_own_record_and_never_below_nothing(terms, drawn):
    world = run(World(terms), drawn, check=True)
    ids = [effect.fill_id for effect in world.told if isinstance(effect, Executed)]
    assert len(ids) == len(set(ids)) == sum(len(one.fills) for one in world.orders.values())


@given(plans(), steps, st.integers(1, 7))
@settings(max_examples=200)
def test_a_restored_session_goes_on_as_if_nothing_had_happened(terms, drawn, every):
    assert run(World(terms), drawn).told == run(World(terms, restore_every=every), drawn).told


@given(plans(), steps)
def test_states_follow_one_another_by_the_table(terms, drawn):
    world = run(World(terms), drawn)
    changes = [effect for effect in world.told if isinstance(effect, StatusChanged)]
    assert changes[0].before == "initializing"
    assert all(change.after in MAY_BECOME[change.before] for change in changes)
    assert all(one.after == two.before for one, two in pairwise(changes))


@given(plans(), steps, st.booleans())
@settings(max_examples=200)
def test_a_session_that_is_asked_to_stop_stops_and_holds_nothing_it_could_sell(terms, drawn, flatten):
    world = run(World(terms), drawn)
    world.feed(events.StopAsked(world.at_s, flatten, "enough"))
    world.settle()
    world.check()
    assert world.session.status == "stopped"
    assert not world.session.open_orders
    position, price = world.session.book.position, world.price
    assert not flatten or position < 5e-5 or float(position) * price < 0.5


@given(plans(), steps, st.sampled_from([0.0, 30.0]))
def test_on_paper_the_book_is_the_brokers_balance(terms, drawn, latency_s):
    desk, at_s, bar = Desk(terms, latency_s), 0.0, 0
    for name, number in drawn:
        at_s += 60 * number
        desk.tick(at_s, round(90 + 20 * number, 1), size=round(40 * number, 2))
        if name in ("tick", "bar_closed"):
            decision, bar, at_s = int(number * 99) % 3 - 1, bar + 3600, max(at_s, bar + 3600.0)
            desk.feed(events.BarClosed(at_s, bar - 3600, bar, 100.0, decision))
        desk.restart()
        book = desk.session.book
        assert asyncio.run(desk.broker.balances()) == {"USD": book.cash, "BTC": book.position}
        assert book.cash >= 0
        assert book.position >= 0


@given(plans(), steps)
def test_each_bar_is_decided_and_the_missed_ones_are_counted(terms, drawn):
    world = run(World(terms), drawn)
    last = {effect.start_s: effect for effect in world.told if isinstance(effect, BarDecided)}
    assert len(last) == sum(name == "bar_closed" for name, _ in drawn)
    assert world.session.missed_bars == sum(bool(bar.missed) for bar in last.values())


@given(plans(), steps)
def test_after_the_end_nothing_is_sent_whatever_is_told(terms, drawn):
    world = World(terms)
    world.feed(events.Started(0.0))
    world.feed(events.StopAsked(0.0, True, ""))
    told = len(world.told)
    for name, number in drawn:
        world.step(name, number)
    assert world.session.status == "stopped"
    assert not world.told[told:]


@pytest.mark.soak
@given(plans(), st.lists(st.tuples(st.sampled_from(OFTEN + NAMES), st.floats(0, 0.9999)), max_size=600))
@settings(max_examples=500)
def test_the_book_is_the_record_for_long_too(terms, drawn):
    run(World(terms), drawn, check=True)
