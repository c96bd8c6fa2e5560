"""Offspring by a language model: a run's asks, one for each parent, kept so that a resumed run reads them.

What was asked for a generation and is over is never asked again, be it that it failed: a run that was killed
and goes on ends as one that was not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Any

from evotrade.cells import Cell
from evotrade.errors import GenomeError, LlmError
from evotrade.evolution.generation import Fate
from evotrade.evolution.proposals import AnswerKey, Proposal, Proposals, Wanted
from evotrade.evolution.records import Measured
from evotrade.evolution.selection import Member
from evotrade.genome import Genome, as_genome
from evotrade.lab.bench import Bench
from evotrade.lab.llm.asks import Keeper, now
from evotrade.lab.llm.judging import outcome_of
from evotrade.lab.llm.seen import bench_view
from evotrade.llm import answers as model_answers
from evotrade.llm.attempts import Budget, Judge, Stop, Verdict
from evotrade.llm.models import Llm, ready
from evotrade.llm.proposing import propose
from evotrade.llm.questions import Question, fork_question
from evotrade.llm.views import cell_view, number
from evotrade.settings import Settings
from evotrade.store import Store
from evotrade.store.llm import AskRow
from evotrade.store.offspring import AskedOffspring

_TRAIN = "train"
_BEST, _FAILED = 4, 6
_LONGEST_PAUSE = 32  # generations
_ENDED = ("failed", "time", "cancelled")  # the next ask of the generation would end alike


class Breeder:
    """A `Proposer` for one run, on the bench that the run's dish trains on.

    `make` gives the model, or raises `LlmNotConfigured`; it is called when a model is asked.
    """

    def __init__(
        self, bench: Bench, store: Store, run_id: int, make: Callable[[], Llm], settings: Settings, stop: Stop
    ) -> None:
        self._bench, self._store, self._run_id = bench, store, run_id
        self._make, self._stop = make, stop
        self._budget, self._run_cost_usd = Budget.of(settings), settings.llm_run_max_cost_usd
        self._llm: Llm | None = None

    def propose(self, wanted: Wanted) -> Proposals:
        """Ask for a child of each parent, until the model fails; what was asked before is read instead."""
        self._llm = None  # a server may have come up since
        made: list[Proposal] = []
        over: list[AskedOffspring] = []
        warning, tried = "", set(wanted.tried)
        for parent in wanted.parents:
            try:
                over = self._asked(parent, wanted, tried, over)
            except LlmError as refused:  # nothing was asked
                warning = str(refused)
                break
            last = over[-1]
            taken = _proposal(last, parent)
            if taken is not None:
                tried.add(taken.genome.id)
                made.append(taken)
                continue
            warning = last.message
            if last.reason in _ENDED or not last.answers:
                break
        costs = [one.cost_usd for one in over if one.cost_usd is not None]
        answers = sum(one.answers for one in over)
        paid = sum(costs) if costs or not answers else None
        return Proposals(tuple(made), len(over), answers, paid, warning)

    def measured(self, fates: Iterable[Fate]) -> tuple[Measured, ...]:
        """What the evaluation of proposals gave, for the record of their asks."""
        return tuple(
            self._measured(fate) for fate in fates if any(not row.skipped for row in fate.cell.phenotypes)
        )

    def _measured(self, fate: Fate) -> Measured:
        outcome = outcome_of(fate.cell, self._bench)
        return Measured(
            key=fate.proposal.key,
            cell_id=fate.cell.cell_id,
            genome_id=outcome.genome_id,
            fitness=outcome.fitness,
            status=outcome.status,
            reasons=((f"not born: {fate.reason}",) if fate.reason else ()) + outcome.reasons,
            timeframe=outcome.timeframe,
            split=outcome.split,
            trades=outcome.trades,
            win_rate_pct=outcome.win_rate_pct,
            sharpe=outcome.sharpe,
            metrics=outcome.metrics,
        )

    def _asked(
        self, parent: Member, wanted: Wanted, tried: set[str], over: list[AskedOffspring]
    ) -> list[AskedOffspring]:
        """The asks of the generation that are over, one more than before."""
        known = self._store.asked_offspring(self._run_id, wanted.generation)
        if len(known) <= len(over):
            self._ask(parent, wanted, tried)
            known = self._store.asked_offspring(self._run_id, wanted.generation)
        return known[: len(over) + 1]

    def _ask(self, parent: Member, wanted: Wanted, tried: set[str]) -> None:
        """Ask for a child of the parent; how it ended is in the store, also where the model failed."""
        budget = self._allowed(wanted.generation)
        llm = self._llm = self._llm or ready(self._make())
        dish = self._bench.dish
        question = self._question(parent, wanted)
        keeper = Keeper(
            self._store,
            AskRow(
                kind="evolve",
                model=llm.label,
                instructions=question.instructions,
                prompt=question.prompt,
                started_at=now(),
                pair=dish.pair,
                dish=dish.name,
                run_id=self._run_id,
                generation=wanted.generation,
                cell_ids=(parent.cell_id,),
                objective=dish.objective,
                parent_fitness=parent.fitness,
            ),
            None,
        )
        judge = self._judge(tried)
        try:
            proposed = keeper.run(lambda: propose(llm, question, judge, budget, keeper.on_event, self._stop))
        except LlmError:  # kept as the end of the ask
            return
        keeper.finish(proposed.reason, proposed.message)

    def _allowed(self, generation: int) -> Budget:
        """What the next ask may use. `LlmError` where the run's money is spent or the model failed lately."""
        failed = list(takewhile(lambda end: end[1], self._store.offspring_ends(self._run_id, generation)))
        if failed:
            again = failed[0][0] + min(_LONGEST_PAUSE, 2 ** (len(failed) - 1))
            if generation < again:
                raise LlmError(
                    f"the model failed {len(failed)} times in a row: generation {again + 1} asks it again"
                )
        left = self._run_cost_usd - self._store.offspring_cost_usd(self._run_id)
        if left <= 0:
            raise LlmError(
                f"the {self._run_cost_usd:g} USD of a run's asks are used up: allow more with "
                "llm_run_max_cost_usd"
            )
        return replace(self._budget, cost_usd=min(left, self._budget.cost_usd))

    def _judge(self, tried: set[str]) -> Judge:
        """A judge by what can be told without a backtest: that follows with the generation's others."""

        def judge(proposal: model_answers.Proposal) -> Verdict:
            complaint = self._complaint(as_genome(proposal.genome), tried)
            return Verdict(complaint is None, complaint or "")

        return judge

    def _complaint(self, genome: Genome, tried: set[str]) -> str | None:
        dish = self._bench.dish
        if genome.size > dish.max_size:
            return f"The genome has {genome.size} nodes of at most {dish.max_size}: make it smaller."
        if genome.id in tried:
            return "This genome was tried here before: change more of it."
        reaches = [_reach(genome, name, most) for name, most in self._bench.max_lookback.items()]
        return None if None in reaches else reaches[0]

    def _question(self, parent: Member, wanted: Wanted) -> Question:
        dish, best = self._bench.dish, wanted.members[0]
        wish = (
            f"Write a child with a higher {dish.objective} on {_TRAIN} than the parent's "
            f"{parent.fitness:.4g}; the best of the population has {best.fitness:.4g}. The parent enters "
            f"{parent.trades} times there: enter at least {dish.min_trades} times. Use at most "
            f"{dish.max_size} nodes, which are numbers, symbols, functions and operators. "
            "Change what holds the parent back, by its results."
        )
        others = [one for one in wanted.members if one.cell_id != parent.cell_id]
        return fork_question(
            wish,
            self._view(parent),
            bench_view(self._bench),
            best=[self._view(one) for one in others[:_BEST]],
            failed=self._failed(wanted.generation),
        )

    def _view(self, member: Member) -> dict[str, Any]:
        """The cell as it is shown, with its results on train alone."""
        cell: Cell = self._store.cell(member.cell_id)
        return cell_view(cell, [row for row in cell.phenotypes if row.split == _TRAIN])

    def _failed(self, generation: int) -> Sequence[dict[str, Any]]:
        """Children that earlier generations asked for and that came to nothing, with their reasons."""
        rows = self._store.unborn_offspring(self._run_id, generation, _FAILED).to_dict("records")
        return [
            {
                "genome": row["genome"],
                "error": row["error"],
                "reasons": list(row["reasons"]) if row["reasons"] is not None else [],
                "fitness": number(row["fitness"]),
                "parent_fitness": number(row["parent_fitness"]),
            }
            for row in rows
        ]


def _proposal(asked: AskedOffspring, parent: Member) -> Proposal | None:
    if asked.genome is None or asked.number is None or asked.reason != "done":
        return None
    return Proposal(
        genome=as_genome(asked.genome),
        parent=parent,
        key=AnswerKey(asked.ask_id, asked.number),
        model=asked.model,
        name=asked.name or "",
        category=asked.category or "",
        hypothesis=asked.hypothesis or "",
    )


def _reach(genome: Genome, timeframe: str, most_bars: int) -> str | None:
    """Why the genome cannot run at a timeframe; None where it can."""
    try:
        bars = genome.lookback(timeframe)
    except GenomeError as misfit:
        return f"The genome cannot run at {timeframe}: {misfit}."
    if bars > most_bars:
        return f"The genome looks back {bars} bars of {timeframe}, of at most {most_bars}: shorten it."
    return None
