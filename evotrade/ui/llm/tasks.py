"""What a model is asked for from the pages, as asks that have begun.

The libraries behind a model take a second to import: they are, in the ask's own thread, when one is asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from evotrade.lab.bench import Bench
from evotrade.llm.attempts import Budget, OnEvent, Stop
from evotrade.settings import load_settings
from evotrade.ui import reads
from evotrade.ui.llm.run import Run, Task

if TYPE_CHECKING:
    import pandas as pd

    from evotrade.lab.llm import Asked
    from evotrade.llm import Explanation, Llm, NamedCell, Suggestion

_Result = TypeVar("_Result")


class Tried(NamedTuple):
    """How asking for a strategy ended, and which model was asked."""

    model: str
    asked: Asked


def _begun(title: str, task: Task[_Result]) -> Run[_Result]:
    return Run(title, task, Budget.of(load_settings())).start()


def _llm() -> Llm:
    from evotrade.llm import llm_of, ready

    return ready(llm_of(load_settings()))


def try_idea(text: str, bench: Bench, parent: int | None) -> Run[Tried]:
    """Ask for a strategy that becomes no cell yet."""
    store = reads.store()

    def task(watch: OnEvent, stop: Stop) -> Tried:
        from evotrade.lab.llm import try_idea as tried

        llm = _llm()
        return Tried(llm.label, tried(text, bench, store, llm, parent=parent, on_event=watch, stop=stop))

    return _begun(text, task)


def fork(cell_id: int, instruction: str, bench: Bench) -> Run[Tried]:
    """Ask for a child of a cell."""
    store = reads.store()

    def task(watch: OnEvent, stop: Stop) -> Tried:
        from evotrade.lab.llm import fork as forked

        llm = _llm()
        return Tried(llm.label, forked(cell_id, instruction, bench, store, llm, on_event=watch, stop=stop))

    return _begun(instruction, task)


def explain(cell_id: int) -> Run[Explanation]:
    """Ask what a cell does."""
    store = reads.store()

    def task(watch: OnEvent, stop: Stop) -> Explanation:
        from evotrade.lab.llm import explain as explained

        return explained(cell_id, store, _llm(), on_event=watch, stop=stop)

    return _begun(f"Explain cell {cell_id}", task)


def name_cells(cell_ids: Sequence[int]) -> Run[list[NamedCell]]:
    """Ask for names of cells."""
    store = reads.store()

    def task(watch: OnEvent, stop: Stop) -> list[NamedCell]:
        from evotrade.lab.llm import name_cells as named

        return named(cell_ids, store, _llm(), on_event=watch, stop=stop)

    return _begun(f"Name {len(cell_ids)} cells", task)


def find_patterns(dish: str | None) -> Run[pd.DataFrame]:
    """Ask what cells of a dish have in common."""
    store = reads.store()

    def task(watch: OnEvent, stop: Stop) -> pd.DataFrame:
        from evotrade.lab.llm import find_patterns as found

        return found(dish, store, _llm(), on_event=watch, stop=stop)

    return _begun(f"Patterns in {dish or 'all dishes'}", task)


def suggest(session_id: int, divergence: Mapping[str, Any] | None) -> Run[Suggestion]:
    """Ask what to do after a live session; `divergence` from the backtest is plain data."""
    store = reads.store()

    def task(watch: OnEvent, stop: Stop) -> Suggestion:
        from evotrade.lab.llm import suggest as suggested

        return suggested(session_id, store, _llm(), divergence=divergence, on_event=watch, stop=stop)

    return _begun(f"Suggest from session {session_id}", task)
