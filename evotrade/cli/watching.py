"""How an ask of a language model is watched on a terminal: its attempts, each with its error or score."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.console import Console
from rich.status import Status
from rich.text import Text

from evotrade.cells import status_label
from evotrade.cli.output import shown, visible
from evotrade.cli.stopping import stop_on_interrupt

if TYPE_CHECKING:
    from evotrade.llm import Attempt, Event, Outcome
    from evotrade.llm.attempts import OnEvent, Stop


class Watched(NamedTuple):
    """What an ask takes to be watched: whom it tells, and whether to stop."""

    on_event: OnEvent
    stop: Stop


@contextmanager
def watched_ask() -> Iterator[Watched]:
    """Attempts as they happen, on standard error, and Ctrl-C as a request to stop."""
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    told = "Stopping the ask, its record is kept"
    with stop_on_interrupt(told) as stop, console.status("the model is asked …") as status:
        yield Watched(_Watcher(console, status).hear, stop.is_set)


class _Watcher:
    """Says what happens: what runs on the line that moves, what is over on lines that stay."""

    def __init__(self, console: Console, status: Status) -> None:
        self._console, self._status = console, status
        self._heard = 0

    def hear(self, event: Event) -> None:
        """An event of the ask."""
        from evotrade.llm import Finished, Started, Streamed, Waiting  # they are loaded by now

        match event:
            case Started(number=number):
                self._heard = 0
                self._status.update(f"attempt {number}: the model is asked …")
            case Streamed(number=number, text=text):
                self._heard += len(text)
                self._status.update(f"attempt {number}: {self._heard:,} characters …")
            case Waiting(number=number, seconds=seconds):
                self._say(f"attempt {number}: the model is busy, it is asked again in {seconds:g} s")
            case Finished(attempt=attempt):
                self._say(attempt_line(attempt))

    def _say(self, line: str) -> None:
        self._console.print(Text(line))


def attempt_line(attempt: Attempt) -> str:
    """An attempt that is over, on one line: its error or its score, and what it took."""
    took = f"{attempt.seconds:.1f} s, {attempt.tokens_in + attempt.tokens_out:,} tokens"
    cost = "" if attempt.cost_usd is None else f", {attempt.cost_usd:.4f} USD"
    name = f" {attempt.proposal.name!r}:" if attempt.proposal else ""
    return visible(f"attempt {attempt.number}:{name} {_result(attempt)} ({took}{cost})")


def _result(attempt: Attempt) -> str:
    if attempt.outcome is not None:
        return _score(attempt.outcome)
    error: Any = attempt.error
    if error is None:
        return "answered"
    place = f"line {error['line']}, column {error['column']}: " if error.get("line") else ""
    meant = f". Did you mean {error['suggestion']}?" if error.get("suggestion") else ""
    return f"{place}{' '.join(str(error['message']).split())}{meant}"


def _score(outcome: Outcome) -> str:
    numbers = (
        f"fitness {shown(outcome.fitness)} on {outcome.split}, {outcome.trades:g} trades, "
        f"wins {shown(outcome.win_rate_pct)} %, Sharpe {shown(outcome.sharpe)}"
    )
    reasons = f": {'; '.join(outcome.reasons)}" if outcome.reasons else ""
    return f"{numbers}, {status_label(outcome.status)}{reasons}"
