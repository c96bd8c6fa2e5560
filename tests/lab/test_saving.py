"""Generations that are stored while the run goes on."""

import threading

import pytest

from evotrade.errors import StoreError
from evotrade.lab.saving import Saver


class SlowStore:
    """A store that has a generation only when it is let, and then numbers its one cell."""

    def __init__(self, error=None):
        self.let, self.error, self.stored = threading.Event(), error, []

    def save_generation(self, record):
        assert self.let.wait(10)
        if self.error:
            raise self.error
        self.stored.append(record)
        return {-1: len(self.stored)}


def test_saving_goes_on_beside_the_run_and_waiting_gives_the_numbers_once():
    store = SlowStore()
    with Saver(store) as saver:
        saver.save("first")
        assert store.stored == []
        store.let.set()
        assert saver.wait() == {-1: 1}
        assert saver.wait() == {}


def test_one_generation_is_stored_after_the_other():
    store = SlowStore()
    store.let.set()
    with Saver(store) as saver:
        for record in range(5):
            saver.save(record)
    assert store.stored == [0, 1, 2, 3, 4]


def saved(store, comes_next):
    """A run that stores one generation and then does what `comes_next` says."""
    with Saver(store) as saver:
        saver.save("first")
        comes_next(saver)


def fail(_saver):
    raise ZeroDivisionError


def test_a_run_that_fails_still_has_its_last_generation_stored():
    store = SlowStore()
    threading.Timer(0.05, store.let.set).start()
    with pytest.raises(ZeroDivisionError):
        saved(store, fail)
    assert store.stored == ["first"]


@pytest.mark.parametrize(
    "comes_next", [Saver.wait, lambda saver: saver.save("second"), lambda saver: None, fail]
)
def test_an_error_in_storing_is_raised_by_what_comes_next(comes_next):
    store = SlowStore(StoreError("the disk is full"))
    store.let.set()
    with pytest.raises(StoreError, match="the disk is full"):
        saved(store, comes_next)
    assert store.stored == []
