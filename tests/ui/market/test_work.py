import threading
import time

import pytest

from evotrade.errors import ExchangeError
from evotrade.ui.market.work import Done, Work

DONE = Done("done", {"pair": "BTC/USD"})


def ended(work):
    deadline = time.monotonic() + 10
    while work.running and time.monotonic() < deadline:
        time.sleep(0.01)
    return work


def test_work_that_is_short_is_done_at_once():
    work = Work("short", lambda own: DONE)
    work.start()
    assert (work.running, work.done, work.error, work.stopped) == (False, DONE, None, False)


def test_work_goes_on_beside_whoever_began_it():
    go_on = threading.Event()
    work = Work("long", lambda own: go_on.wait() and DONE)
    work.start()
    assert work.running
    assert work.done is None
    go_on.set()
    assert ended(work).done == DONE


def test_stop_ends_a_wait_at_once():
    work = Work("waiting", lambda own: own.sleep(3_600))
    work.start()
    began = time.monotonic()
    work.stop()
    assert work.stopping
    assert ended(work).stopped
    assert time.monotonic() - began < 5


def test_stop_ends_work_at_its_next_step():
    def count(own):
        for bars in range(1, 10_000):
            own.progress(bars / 10_000, bars)
            time.sleep(0.01)
        return DONE

    work = Work("counting", count)
    work.start()
    work.stop()
    assert ended(work).stopped
    assert 0 < work.bars < 9_999
    assert work.done is None


def test_rate_and_time_left_follow_from_what_is_done(monkeypatch):
    now = iter([100.0, 100.0, 110.0, 110.0])
    monkeypatch.setattr("evotrade.ui.market.work.time.monotonic", lambda: next(now))
    work = Work("a quarter", lambda own: own.progress(0.25, 500) or DONE)
    assert work.left_s is None
    work.start()
    assert work.bars_per_s == 50
    assert work.left_s == 30


def test_an_error_of_evotrade_is_kept_for_the_page():
    def fail(own):
        raise ExchangeError("Kraken is away: try again")

    work = Work("failing", fail)
    work.start()
    assert str(work.error) == "Kraken is away: try again"
    assert (work.running, work.done, work.stopped) == (False, None, False)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_error_nobody_expected_ends_the_work_without_a_word_of_it():
    work = Work("broken", lambda own: {}["nothing"])
    work.start()
    assert (work.running, work.done, work.error, work.stopped) == (False, None, None, False)


def test_work_can_be_begun_anew():
    work = Work("twice", lambda own: DONE)
    work.start()
    again = work.again()
    assert (again.title, again.done) == ("twice", None)
    again.start()
    assert again.done == DONE
