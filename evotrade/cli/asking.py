"""Commands that ask the language model for a strategy or about one: ask, fork, explain, suggest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evotrade.cells import Cell
from evotrade.cli.cells import CellArgument
from evotrade.cli.cells import show as show_cell
from evotrade.cli.options import (
    CombineOption,
    DataOption,
    FeeOption,
    IntervalOption,
    JsonOption,
    PairOption,
    StoreOption,
    TimeframesOption,
    candles_of,
    names,
    store_at,
)
from evotrade.cli.output import counted, note, say, show_json
from evotrade.cli.watching import watched_ask
from evotrade.engine.execution import Execution
from evotrade.errors import DaemonError, SessionError
from evotrade.lab.bench import Bench, bench_of, bench_on
from evotrade.settings import load_settings
from evotrade.store import Store

if TYPE_CHECKING:
    from evotrade.lab.llm import Asked
    from evotrade.llm import Llm

NameOption = Annotated[str, typer.Option(help="The new cell's name.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(ask)
    app.command()(fork)
    app.command()(explain)
    app.command()(suggest)


def model_of_settings() -> Llm:
    """The language model that is set. `LlmNotConfigured` says what to set."""
    from evotrade.llm import chosen, llm_of

    settings = load_settings()
    chosen(settings)  # says what is missing before pydantic-ai is loaded
    return llm_of(settings)


def ask(
    idea: Annotated[str, typer.Argument(help="What the strategy should do, in words.", metavar="IDEA")],
    data: DataOption = None,
    pair: PairOption = None,
    interval: IntervalOption = None,
    timeframes: TimeframesOption = "",
    objective: Annotated[str, typer.Option(help="The metric that is fitness.")] = "return_pct",
    combine: CombineOption = None,
    fee_bps: FeeOption = None,
    name: NameOption = "",
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Have the language model write a strategy, backtest it, and make a cell of it.

    It is tried on the candles named, otherwise on the settings' pair. What is wrong or poor goes back to the
    model, within the budget of the settings. Ctrl-C stops it and keeps the record.
    """
    _check_words(idea, "IDEA")
    lab = store_at(store)
    llm = model_of_settings()
    candles = candles_of(data, pair or (None if data else load_settings().pair), interval, lab)
    bench = bench_on(
        candles, names(timeframes), _execution(fee_bps), combine or "votes", objective, store=lab
    )
    from evotrade.lab.llm import create

    with watched_ask() as watched:
        asked = create(idea, bench, lab, llm, name=name, **watched._asdict())
    _show_asked(asked, as_json)


def fork(
    cell: CellArgument,
    llm: Annotated[
        str | None,
        typer.Option("--llm", help="The change, in words, for the language model.", show_default=False),
    ] = None,
    genome: Annotated[
        str | None, typer.Option("--genome", help="Or the changed genome's text.", show_default=False)
    ] = None,
    data: DataOption = None,
    pair: PairOption = None,
    interval: IntervalOption = None,
    name: NameOption = "",
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a child of a cell: changed by the language model as wished, or by hand.

    It is tried where its parent was, unless candles are named.
    """
    if (llm is None) == (genome is None):
        raise typer.BadParameter('give --llm "CHANGE" or --genome "TEXT"', param_hint="--llm")
    lab = store_at(store, create=False)
    parent = lab.cell(cell)
    if llm is None:
        bench = _fork_bench(parent, data, pair, interval, lab)
        return _fork_by_hand(parent, genome or "", bench, lab, name, as_json)
    _check_words(llm, "--llm")
    model = model_of_settings()
    bench = _fork_bench(parent, data, pair, interval, lab)
    from evotrade.lab.llm import fork as fork_by_model

    with watched_ask() as watched:
        asked = fork_by_model(cell, llm, bench, lab, model, name=name, **watched._asdict())
    return _show_asked(asked, as_json)


def explain(cell: CellArgument, store: StoreOption = None, as_json: JsonOption = False) -> None:
    """Have the language model say what a cell does, and when it should work."""
    lab = store_at(store, create=False)
    lab.cell(cell)
    llm = model_of_settings()
    from evotrade.lab.llm import explain as explain_by_model

    with watched_ask() as watched:
        told = explain_by_model(cell, lab, llm, **watched._asdict())
    if as_json:
        return show_json(told.model_dump())
    say(told.summary)
    for title, lines in (("Rules", told.rules), ("For it", told.strengths), ("Against it", told.weaknesses)):
        _say_list(title, lines)
    return None


def suggest(
    session: Annotated[int, typer.Argument(help="Number of the session.", metavar="SESSION", min=1)],
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Have the language model look at a live session, and say what to do."""
    lab = store_at(store, create=False)
    record = lab.session(session)
    llm = model_of_settings()
    from evotrade.lab.llm import suggest as suggest_by_model

    with watched_ask() as watched:
        told = suggest_by_model(record, lab, llm, divergence=_divergence(session), **watched._asdict())
    if as_json:
        return show_json(told.model_dump())
    say(told.assessment)
    _say_list("To do", told.actions)
    if told.fork_instruction:
        note(f"\nTo change it so: evotrade fork {record.cell_id} --llm {told.fork_instruction!r}")
    return None


def _check_words(text: str, where: str) -> None:
    if not text.strip():
        raise typer.BadParameter("say it in words", param_hint=where)


def _execution(fee_bps: float | None) -> Execution:
    return Execution(fee_bps=load_settings().fee_bps if fee_bps is None else fee_bps)


def _fork_bench(parent: Cell, data: Any, pair: str | None, interval: str | None, store: Store) -> Bench:
    if data is None and pair is None:
        return bench_of(parent, store)
    return bench_on(candles_of(data, pair, interval, store), execution=_execution(None), store=store)


def _fork_by_hand(parent: Cell, genome: str, bench: Bench, store: Store, name: str, as_json: bool) -> None:
    from evotrade.lab.cells import create_on

    made = create_on(bench.voting(parent.combine), genome, store, name=name, parent=parent.cell_id)
    show_cell(made.cell_id, as_json=as_json)


def _show_asked(asked: Asked, as_json: bool) -> None:
    """The cell that was made; raises why there is none."""
    if as_json:
        show_json(_plain(asked))
    cell = asked.require_cell()
    if as_json:
        return
    if asked.reason != "done":
        note(f"The best so far was taken: {asked.message}.")
    say(f"{cell.llm_name or 'unnamed'}, {cell.llm_category}, by {cell.llm_model}: {cell.llm_hypothesis}")
    show_cell(cell.cell_id)
    cost = "at a price that is not known" if asked.cost_usd is None else f"for {asked.cost_usd:.4f} USD"
    note(f"Ask {asked.ask_id}: {counted(len(asked.attempts), 'answer')}, {cost}.")
    note(f"Explain it: evotrade explain {cell.cell_id}   Score of the models: evotrade llm report")


def _plain(asked: Asked) -> Mapping[str, Any]:
    named = ("ask_id", "reason", "message", "cost_usd", "cell")
    attempts = [
        {
            **{name: getattr(one, name) for name in one.__dataclass_fields__},
            "proposal": one.proposal.model_dump() if one.proposal else None,
        }
        for one in asked.attempts
    ]
    return {**{name: getattr(asked, name) for name in named}, "attempts": attempts}


def _say_list(title: str, lines: tuple[str, ...]) -> None:
    if lines:
        say(f"\n{title}:")
    for line in lines:
        say(f"  · {line}")


def _divergence(session: int) -> Mapping[str, Any] | None:
    """What the daemon says of the session against its backtest; None, with a word, where it does not."""
    from evotrade.client import Client

    try:
        with Client.of_settings(load_settings()) as daemon:
            return daemon.verify(session)
    except (DaemonError, SessionError) as error:
        note(f"Without its difference from the backtest: {error}.")
        return None
