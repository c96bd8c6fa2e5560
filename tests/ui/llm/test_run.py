"""An ask in its thread: what it tells, how it ends."""

import threading

import pytest

from evotrade.errors import LlmCancelled, LlmUnreachable
from evotrade.llm.attempts import Budget, Started, Streamed, Waiting
from evotrade.ui.llm.run import Run


def ended(task):
    run = Run("x", task, Budget())
    run.start()
    run._thread.join(10)
    return run


def test_what_is_told_can_be_read_while_it_runs():
    told, go = threading.Event(), threading.Event()

    def task(watch, stop):
        for event in (Started(2, "p"), Streamed(2, "ab"), Streamed(2, "c"), Waiting(2, 3.0)):
            watch(event)
        told.set()
        go.wait(10)
        return "answer"

    run = Run("x", task, Budget()).start()
    told.wait(10)
    assert (run.running, run.number, run.writing, run.busy_s, run.result) == (True, 2, "abc", 3.0, None)
    go.set()
    run._thread.join(10)
    assert (run.running, run.result) == (False, "answer")


def test_a_stop_reaches_the_task_and_is_no_failure():
    def task(watch, stop):
        while not stop():
            threading.Event().wait(0.01)
        raise LlmCancelled("stopped")

    run = Run("x", task, Budget()).start()
    run.stop()
    assert run.stopping
    run._thread.join(10)
    assert (run.stopped, run.error, run.result) == (True, None, None)


def test_an_error_is_kept_to_be_said():
    def task(watch, stop):
        raise LlmUnreachable("nobody answers")

    assert str(ended(task).error) == "nobody answers"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_fault_ends_it_with_nothing():
    def task(watch, stop):
        raise RuntimeError("a fault")

    run = ended(task)
    assert (run.running, run.result, run.error, run.stopped) == (False, None, None, False)
