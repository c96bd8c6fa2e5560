"""One row for each change of state that the table allows, and a refusal for what it does not."""

import pytest

from evotrade.engine.execution import Limits
from evotrade.engine.session import events
from evotrade.engine.session.states import MAY_BECOME, STATUSES, check_transition
from evotrade.errors import SessionError
from tests.engine.session.hand import Hand

START, BACK = events.Started(1.0), events.FeedBack(1.0)
LOST, FAIL = events.FeedLost(1.0, "silent"), events.Failed(1.0, "broken")
HALT, RESUME = events.HaltAsked(1.0, "a person"), events.ResumeAsked(1.0, "go on")
STOP, KEEP = events.StopAsked(1.0, True, "enough"), events.StopAsked(1.0, False, "enough")
HOLD = "hold"  # buys something, so that stopping takes a while

ROWS = {
    ("initializing", "running"): [START],
    ("initializing", "degraded"): [LOST, START],
    ("initializing", "halted"): [HALT],
    ("initializing", "stopped"): [STOP],
    ("initializing", "error"): [FAIL],
    ("running", "degraded"): [START, LOST],
    ("running", "halted"): [START, HALT],
    ("running", "stopping"): [START, HOLD, STOP],
    ("running", "error"): [START, FAIL],
    ("degraded", "running"): [START, LOST, BACK],
    ("degraded", "halted"): [START, LOST, HALT],
    ("degraded", "stopping"): [START, HOLD, LOST, STOP],
    ("degraded", "error"): [START, LOST, FAIL],
    ("halted", "running"): [START, HALT, RESUME],
    ("halted", "degraded"): [START, HALT, LOST, RESUME],
    ("halted", "stopping"): [START, HOLD, HALT, STOP],
    ("halted", "error"): [START, HALT, FAIL],
    ("stopping", "stopped"): [START, STOP],
    ("stopping", "halted"): [START, HOLD, STOP, HALT],
    ("stopping", "error"): [START, HOLD, STOP, FAIL],
    ("error", "stopping"): [START, HOLD, FAIL, STOP],
    ("error", "stopped"): [START, FAIL, STOP],
}


def test_every_allowed_change_has_a_row():
    allowed = {(before, after) for before, ways in MAY_BECOME.items() for after in ways}
    assert set(ROWS) == allowed
    assert set(MAY_BECOME) == set(STATUSES)


@pytest.mark.parametrize("row", ROWS, ids="-".join)
def test_the_row_makes_the_change(row):
    hand = Hand(start=False)
    for event in ROWS[row]:
        hand.buy() if event == HOLD else hand.feed(event)
    assert ["initializing", *hand.states][-2:] == list(row)
    assert hand.session.status == row[1]


@pytest.mark.parametrize("status", STATUSES)
def test_a_change_that_is_not_in_the_table_is_refused(status):
    for after in set(STATUSES) - MAY_BECOME[status]:
        with pytest.raises(SessionError, match=f"{status} cannot become {after}"):
            check_transition(status, after)


@pytest.mark.parametrize("before", [[], [START], [START, LOST], [START, STOP], [START, FAIL]])
def test_what_is_not_halted_cannot_be_resumed_and_nothing_changes(before):
    hand = Hand(start=False)
    for event in before:
        hand.feed(event)
    kept = hand.session.snapshot()
    with pytest.raises(SessionError, match="is not halted"):
        hand.feed(RESUME)
    assert hand.session.snapshot() == kept


def test_what_is_stopped_cannot_be_stopped_again():
    hand = Hand()
    hand.feed(STOP)
    with pytest.raises(SessionError, match="it is over"):
        hand.feed(KEEP)


def test_asked_a_second_time_while_it_stops_the_last_wish_counts():
    hand = Hand()
    hand.buy()
    hand.feed(STOP)
    order = hand.session.open_orders[0]
    hand.accept(order)
    hand.feed(KEEP)
    hand.end(order, "cancelled")
    assert hand.session.status == "stopped"
    assert hand.session.reason == "enough; it keeps 10 BTC"


def test_a_resumed_session_counts_its_losses_from_there():
    hand = Hand(limits=Limits(max_drawdown_pct=10.0))
    hand.buy(100.0)
    hand.feed(HALT)
    hand.tick(4000.0, 50.0)
    hand.feed(RESUME)
    hand.close(0, 50.0)
    assert hand.session.status == "running"
    hand.close(0, 45.0)
    assert hand.session.status == "halted"
    assert hand.session.reason.startswith("max_drawdown")
