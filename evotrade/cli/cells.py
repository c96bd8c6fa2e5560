"""Commands on genomes and cells: check, backtest, cells, show, lineage, reproduce, import-cells."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from evotrade.cells import Cell, Origin, Phenotype, Status, status_label
from evotrade.cli.options import (
    CombineOption,
    DataOption,
    FeeOption,
    IntervalOption,
    JsonOption,
    PairOption,
    StoreOption,
    TimeframesOption,
    candle_file,
    candles_of,
    names,
    store_at,
)
from evotrade.cli.output import fail, note, one_line, say, show_json, show_table
from evotrade.engine.execution import Execution
from evotrade.genome import as_genome
from evotrade.lab.cells import reproduce as reproduce_cell
from evotrade.lab.cells import try_genome
from evotrade.lab.legacy import import_cells as import_legacy
from evotrade.settings import load_settings
from evotrade.timeframes import length_s

CellArgument = Annotated[int, typer.Argument(help="Number of the cell.", metavar="CELL")]
GenomeArgument = Annotated[str, typer.Argument(help="The genome's text, in quotes.", metavar="GENOME")]

_SHOWN_METRICS = (
    ("return_pct", "return %"),
    ("buy_hold_return_pct", "buy and hold %"),
    ("sharpe", "Sharpe"),
    ("max_drawdown_pct", "drawdown %"),
    ("trades", "trades"),
    ("win_rate_pct", "wins %"),
    ("profit_factor", "profit factor"),
    ("exposure_pct", "exposure %"),
)


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(check)
    app.command()(backtest)
    app.command()(cells)
    app.command()(show)
    app.command()(lineage)
    app.command()(reproduce)
    app.command("import-cells")(import_cells)


def check(genome: GenomeArgument, as_json: JsonOption = False) -> None:
    """Parse a genome: its canonical text, id, size and lookback; or the place where it is wrong."""
    tree = as_genome(genome)
    base = min(("1h", *map(str.lower, tree.timeframes)), key=length_s)  # shorter than each of its suffixes
    facts: dict[str, Any] = {
        "genome": str(tree),
        "readable": tree.render("readable"),
        "id": tree.id,
        "nodes": tree.size,
        f"lookback_bars_{base}": tree.lookback(base),
    }
    if as_json:
        return show_json(facts)
    for name, value in facts.items():
        say(f"{name:>16}  {value}".replace("\n", "\n" + " " * 18))
    return None


def backtest(
    genome: GenomeArgument,
    data: DataOption = None,
    pair: PairOption = None,
    interval: IntervalOption = None,
    timeframes: TimeframesOption = "",
    combine: CombineOption = None,
    fee_bps: FeeOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Backtest a genome on all of the candles. The look is recorded as a trial."""
    lab = store_at(store)
    execution = Execution(fee_bps=load_settings().fee_bps if fee_bps is None else fee_bps)
    candles = candles_of(data, pair, interval, lab)
    shown = try_genome(
        genome,
        candles,
        store=lab,
        timeframes=names(timeframes),
        execution=execution,
        combine=combine or "votes",
    )
    if as_json:
        return show_json(shown)
    say(f"{candles!r}, fee {execution.fee_bps:g} bps a side")
    _show_phenotypes(shown)
    return note("Recorded as a trial in the store's ledger.")


def cells(
    status: Annotated[Status | None, typer.Option(help="Only cells that are.")] = None,
    dish: Annotated[str | None, typer.Option(help="Only cells of this dish.")] = None,
    origin: Annotated[Origin | None, typer.Option(help="Only cells that came so.")] = None,
    top: Annotated[int, typer.Option(help="How many, best fitness first.", min=1)] = 10,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """The best cells."""
    lab = store_at(store, create=False)
    if dish is not None:
        lab.dish(dish)  # a dish that is not there is a mistake, not an empty answer
    found = lab.cells(status=status, dish=dish, origin=origin, limit=top)
    if as_json:
        return show_json(found)
    if found.empty:
        return note("No such cells yet: evotrade evolve --dish NAME --data FILE makes some.")
    rows = (
        (
            row["cell_id"],
            status_label(row["status"]),
            row["fitness"],
            row["dish"],
            row["generation"],
            row["origin"],
            one_line(row["genome"]),
        )
        for row in found.to_dict("records")
    )
    return show_table(
        ("cell", "status", "fitness", "dish", "generation", "origin", "genome"), rows, cut_last=True
    )


def show(cell: CellArgument, store: StoreOption = None, as_json: JsonOption = False) -> None:
    """One cell: genome, status with its reasons, metrics per timeframe and split."""
    found = store_at(store, create=False).cell(cell)
    if as_json:
        return show_json(found)
    say(f"Cell {found.cell_id}  {status_label(found.status)}  {found.objective} {found.fitness:.2f}")
    say(_descent(found))
    for reason in found.reasons:
        say(f"  · {reason}")
    say("\n" + found.genome + "\n")
    return _show_phenotypes(found.phenotypes)


def lineage(cell: CellArgument, store: StoreOption = None, as_json: JsonOption = False) -> None:
    """Ancestors and descendants of a cell, in order of birth."""
    found = store_at(store, create=False).lineage(cell)
    if as_json:
        return show_json(found)
    rows = (
        (
            row["relation"],
            row["cell_id"],
            row["generation"],
            status_label(row["status"]),
            row["fitness"],
            one_line(row["genome"]),
        )
        for row in found.to_dict("records")
    )
    return show_table(("relation", "cell", "generation", "status", "fitness", "genome"), rows, cut_last=True)


def reproduce(
    cell: CellArgument, data: DataOption = None, store: StoreOption = None, as_json: JsonOption = False
) -> None:
    """Compute a cell's metrics again, from stored candles or a file, and compare to the last bit."""
    lab = store_at(store, create=False)
    results = reproduce_cell(lab, cell, candle_file(data, None, None).candles if data else None)
    if as_json:
        show_json(results)
    for result in () if as_json else results:
        row = result.phenotype
        verdict = "differs in " + ", ".join(result.differing) if result.differing else "equal to the bit"
        say(f"cell {cell}, {row.timeframe} {row.split}: {len(row.metrics)} metrics, {verdict}")
    if any(result.differing for result in results):
        fail("the metrics were not reproduced: the store or the engine has changed since they were computed")
        raise typer.Exit(1)


def import_cells(
    file: Annotated[Path, typer.Argument(help="The earlier system's SQLite file.")],
    data: DataOption = None,
    timeframes: TimeframesOption = "1h,4h,1d",
    store: StoreOption = None,
) -> None:
    """Bring in cells, phenotypes, lineage and runs of an earlier system; --data evaluates them anew."""
    lab = store_at(store)
    candles = candle_file(data, None, None).candles if data else None
    brought = import_legacy(file, store=lab, candles=candles, timeframes=names(timeframes))
    say(
        f"{brought.cells} cells, {brought.phenotypes} phenotypes, {brought.runs} runs and {brought.failed} "
        f"failed mutations from {file.name}: {brought.alive} {status_label('alive')}, "
        f"{brought.cells - brought.alive} {status_label('dead')}"
    )
    if brought.unreadable:
        note(f"These cells do not parse: {', '.join(map(str, brought.unreadable))}")


def _descent(cell: Cell) -> str:
    parents = [f"cell {parent}" for parent in (cell.parent_id, cell.second_parent_id) if parent is not None]
    by = f" by {cell.operator}" if parents and cell.operator else ""
    of = f", child of {' and '.join(parents)}{by}" if parents else ""
    return (
        f"{cell.name or 'unnamed'}, {cell.origin}, dish {cell.dish or '–'}, generation {cell.generation}{of}"
    )


def _show_phenotypes(rows: tuple[Phenotype, ...]) -> None:
    """A column a phenotype, so that splits stand side by side and are never mixed."""
    ran = [row for row in rows if not row.skipped]
    headings = ["\n".join((row.timeframe, row.split, *["recorded"] * row.recorded)) for row in ran]
    body = [(label, *(row.metrics.get(name) for row in ran)) for name, label in _SHOWN_METRICS]
    show_table(("", *headings), [("bars", *(row.bars or None for row in ran)), *body])
    for row in rows:
        if row.skipped:
            note(f"{row.timeframe} {row.split} skipped: {row.skipped}")
    if any(row.source == "synthetic" for row in rows):
        note("These numbers are of a synthetic market.")
