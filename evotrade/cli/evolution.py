"""The command that evolves a dish, and how a run is watched on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from evotrade.cells import status_label
from evotrade.cli.options import (
    CombineOption,
    DataOption,
    FeeOption,
    IntervalOption,
    PairOption,
    StoreOption,
    TimeframesOption,
    candles_of,
    names,
    store_at,
)
from evotrade.cli.output import note, say
from evotrade.cli.stopping import stop_on_interrupt
from evotrade.engine.execution import Execution
from evotrade.evolution.dish import Aggregate
from evotrade.lab.evolution import ByModel, Run, evolve
from evotrade.lab.evolution import Progress as Step
from evotrade.lab.stopping import StopRules
from evotrade.market.candles import Candles
from evotrade.settings import load_settings
from evotrade.store import Store


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command("evolve")(evolve_dish)


def evolve_dish(
    dish: Annotated[str, typer.Option(help="Name of the dish.")],
    generations: Annotated[int, typer.Option(help="Generations in all, the founders' included.", min=1)] = 50,
    population: Annotated[
        int | None, typer.Option(help="Genomes in a generation; 200 unless you say otherwise.", min=2)
    ] = None,
    data: DataOption = None,
    pair: PairOption = None,
    interval: IntervalOption = None,
    seed: Annotated[int | None, typer.Option(help="Same seed, same data: same cells; 1.", min=0)] = None,
    timeframes: TimeframesOption = "",
    aggregate: Annotated[
        Aggregate | None, typer.Option(help="What fitness is of several timeframes.")
    ] = None,
    objective: Annotated[str | None, typer.Option(help="The metric that is fitness; return_pct.")] = None,
    combine: CombineOption = None,
    fee_bps: FeeOption = None,
    llm_share: Annotated[
        float | None,
        typer.Option(help="At most this share of the offspring by the language model; 0.", min=0, max=1),
    ] = None,
    executor: Annotated[
        str | None, typer.Option(help="serial, threads, processes or dask://HOST:PORT.")
    ] = None,
    workers: Annotated[int | None, typer.Option(help="How many at once.", min=1)] = None,
    goal: Annotated[float | None, typer.Option(help="Stop at this fitness.")] = None,
    minutes: Annotated[float | None, typer.Option(help="Stop after so long.", min=0)] = None,
    patience: Annotated[
        int | None, typer.Option(help="Stop after so many generations without a better cell.", min=1)
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a dish that exists.")] = False,
    store: StoreOption = None,
) -> None:
    """Evolve a population on candles. Ctrl-C stops after the generation; --resume goes on.

    With --resume the candles and settings are those of the dish; what is named must be the same.
    """
    lab = store_at(store)
    candles = None if resume and data is None else candles_of(data, pair, interval, lab)
    if fee_bps is None and not resume:
        fee_bps = load_settings().fee_bps
    asked = {
        "population": population,
        "seed": seed,
        "timeframes": names(timeframes) or None,
        "aggregate": aggregate,
        "objective": objective,
        "combine": combine,
        "llm_share": llm_share,
        "execution": None if fee_bps is None else Execution(fee_bps=fee_bps),
    }
    watched(
        dish,
        candles,
        lab,
        generations,
        executor=executor,
        workers=workers,
        resume=resume,
        fitness_goal=goal,
        max_seconds=None if minutes is None else minutes * 60,
        max_stagnation=patience,
        **{name: value for name, value in asked.items() if value is not None},
    )


def watched(
    dish: str,
    candles: Candles | None,
    store: Store,
    generations: int,
    *,
    fitness_goal: float | None = None,
    max_seconds: float | None = None,
    max_stagnation: int | None = None,
    **settings: Any,
) -> Run:
    """Evolve, with progress on the terminal and Ctrl-C as a request to stop."""
    say(f"Dish {dish!r}" + (f" on {candles!r}" if candles else ", resumed"))
    with stop_on_interrupt("Stopping after this generation") as stop, _progress(generations) as show:
        run = evolve(
            dish,
            candles,
            store=store,
            generations=generations,
            limits=StopRules(fitness_goal, max_seconds, max_stagnation, stop.is_set),
            on_generation=show,
            **settings,
        )
    _conclude(run, store)
    return run


@contextmanager
def _progress(generations: int) -> Iterator[Any]:
    """What to call after each generation: moves a bar on a terminal, prints plain lines elsewhere."""
    if not Console().is_terminal:
        yield _warned(lambda step: say(_line(step)))
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[shown]}"),
    )
    with Progress(*columns) as bar:
        task = bar.add_task("generation", total=generations, shown="")
        yield _warned(
            lambda step: bar.update(task, completed=step.stats.generation + 1, shown=_figures(step)),
            lambda text: bar.console.print(text, markup=False, highlight=False),
        )


def _warned(show: Callable[[Step], None], warn: Callable[[str], None] = note) -> Callable[[Step], None]:
    """`show`, and before it what a language model lacked, once until that changes."""
    last = ""

    def told(step: Step) -> None:
        nonlocal last
        warning = step.by_model.warning if step.by_model else last
        if warning and warning != last:
            warn(f"The language model gave less than was wanted: {warning}.")
        last = warning
        show(step)

    return told


def _line(step: Step) -> str:
    return f"generation {step.stats.generation + 1}/{step.generations}  {_figures(step)}"


def _figures(step: Step) -> str:
    left = timedelta(seconds=round(step.left_s))
    stats = step.stats
    return (
        f"best {stats.best:,.2f}  median {stats.median:,.2f}  born {stats.born}  "
        f"{_by_model(step.by_model)}{stats.cells_per_second:.0f} cells/s  {left} left"
    )


def _by_model(said: ByModel | None) -> str:
    if said is None:
        return ""
    cost = "" if said.cost_usd is None else f" {said.cost_usd:.4f} USD"
    return f"llm {said.born}/{said.asked} born{cost}  "


def _conclude(run: Run, store: Store) -> None:
    alive = store.count_cells(dish=run.dish.name, status="alive")
    dead = store.count_cells(dish=run.dish.name, status="dead")
    say(f"{run.reason}: {alive} {status_label('alive')}, {dead} {status_label('dead')}")
    if run.best is None:
        note("No cell lives: try more generations, another seed or other candles.")
        return
    say(f"best: cell {run.best.cell_id}, {run.best.objective} {run.best.fitness:,.2f} on train")
    say(run.best.genome)
    note(f"See it: evotrade show {run.best.cell_id}   Prove it: evotrade reproduce {run.best.cell_id}")
