"""Strategies by a language model: created from an idea, forked by a wish, or tried without making a cell."""

from __future__ import annotations

import math
from dataclasses import dataclass

from evotrade.cells import Cell
from evotrade.lab.bench import Bench
from evotrade.lab.cells import create_on
from evotrade.lab.llm.asks import Asked, Keeper, budget_or_usual, now
from evotrade.lab.llm.judging import judge_on, parent_fitness_on
from evotrade.lab.llm.seen import Sight, bench_view
from evotrade.llm.attempts import Budget, OnEvent, Proposed, Stop
from evotrade.llm.models import Llm, ready
from evotrade.llm.proposing import propose
from evotrade.llm.questions import Question, create_question, fork_question
from evotrade.store import Store
from evotrade.store.llm import AskRow


@dataclass(frozen=True, slots=True)
class _Task:
    """What a strategy is asked for, where it is tried, and what it descends from."""

    kind: str
    question: Question
    bench: Bench
    parent: Cell | None = None
    parent_fitness: float | None = None


def create(
    idea: str,
    bench: Bench,
    store: Store,
    llm: Llm,
    *,
    name: str = "",
    budget: Budget | None = None,
    on_event: OnEvent | None = None,
    stop: Stop | None = None,
) -> Asked:
    """Make a cell from an idea: the first strategy that lives and earns on the bench, else the best so far.

    The budget is the settings' where None. Raises `LlmError` where the model cannot be asked and nothing was
    judged, `DataError` for a bench whose numbers a model may not see, and what `create_on` raises. Every
    attempt and the end are in the store, whatever happens.
    """
    task = _creation("create", idea, bench, store)
    return _made(task, store, llm, name, budget, on_event, stop)


def fork(
    cell_id: int,
    instruction: str,
    bench: Bench,
    store: Store,
    llm: Llm,
    *,
    name: str = "",
    budget: Budget | None = None,
    on_event: OnEvent | None = None,
    stop: Stop | None = None,
) -> Asked:
    """Make a child of a cell by a wish; rules vote as the parent's do. Otherwise as `create`."""
    task = _forking("fork", cell_id, instruction, bench, store)
    return _made(task, store, llm, name, budget, on_event, stop)


def try_idea(
    text: str,
    bench: Bench,
    store: Store,
    llm: Llm,
    *,
    parent: int | None = None,
    budget: Budget | None = None,
    on_event: OnEvent | None = None,
    stop: Stop | None = None,
) -> Asked:
    """As `create`, or `fork` of `parent`, but make no cell: `best` is to be accepted, edited or discarded."""
    if parent is None:
        task = _creation("try", text, bench, store)
    else:
        task = _forking("try", parent, text, bench, store)
    keeper, proposed = _asked(task, store, ready(llm), budget, on_event, stop)
    keeper.finish(proposed.reason, proposed.message)
    return _ended(keeper, proposed, None)


def _creation(kind: str, idea: str, bench: Bench, store: Store) -> _Task:
    sight = Sight(store)
    sight.check(bench)
    question = create_question(idea, bench_view(bench), best=sight.best(bench), failed=sight.failed(bench))
    return _Task(kind, question, bench)


def _forking(kind: str, cell_id: int, instruction: str, bench: Bench, store: Store) -> _Task:
    sight = Sight(store)
    parent = store.cell(cell_id)
    bench = bench.voting(parent.combine)
    sight.check(bench)
    question = fork_question(
        instruction,
        sight.cell(parent),
        bench_view(bench),
        lineage=sight.ancestors(parent),
        best=sight.best(bench, but=cell_id),
        failed=sight.failed(bench),
    )
    return _Task(kind, question, bench, parent, parent_fitness_on(bench, parent, store))


def _made(
    task: _Task,
    store: Store,
    llm: Llm,
    name: str,
    budget: Budget | None,
    on_event: OnEvent | None,
    stop: Stop | None,
) -> Asked:
    llm = ready(llm)
    keeper, proposed = _asked(task, store, llm, budget, on_event, stop)
    born = keeper.run(lambda: _born(task, proposed, store, llm, name))
    keeper.finish(proposed.reason, proposed.message, born=born)
    return _ended(keeper, proposed, born)


def _asked(
    task: _Task,
    store: Store,
    llm: Llm,
    budget: Budget | None,
    on_event: OnEvent | None,
    stop: Stop | None,
) -> tuple[Keeper, Proposed]:
    allowed = budget_or_usual(budget)
    fitness = task.parent_fitness
    row = AskRow(
        kind=task.kind,
        model=llm.label,
        instructions=task.question.instructions,
        prompt=task.question.prompt,
        started_at=now(),
        pair=task.bench.candles.pair,
        dish=task.parent.dish if task.parent else "",
        cell_ids=(task.parent.cell_id,) if task.parent else (),
        objective=task.bench.dish.objective,
        parent_fitness=None if fitness is None or math.isnan(fitness) else fitness,
    )
    keeper = Keeper(store, row, on_event)
    judge = judge_on(task.bench, store, task.parent, fitness)
    proposed = keeper.run(lambda: propose(llm, task.question, judge, allowed, keeper.on_event, stop))
    return keeper, proposed


def _born(task: _Task, proposed: Proposed, store: Store, llm: Llm, name: str) -> Cell | None:
    proposal = proposed.proposal
    if proposal is None:
        return None
    return create_on(
        task.bench,
        proposal.genome,
        store,
        name=name,
        parent=task.parent.cell_id if task.parent else None,
        llm_name=name or proposal.name,
        llm_hypothesis=proposal.hypothesis,
        llm_category=proposal.category,
        llm_model=llm.label,
    )


def _ended(keeper: Keeper, proposed: Proposed, born: Cell | None) -> Asked:
    return Asked(
        cell=born,
        best=proposed.best,
        attempts=proposed.attempts,
        reason=proposed.reason,
        message=proposed.message,
        ask_id=keeper.ask_id,
        cost_usd=proposed.cost_usd,
    )
