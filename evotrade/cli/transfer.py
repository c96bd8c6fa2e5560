"""Commands that take a cell from one store to another: export and import."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from evotrade.cells import Phenotype, status_label
from evotrade.cli.cells import CellArgument
from evotrade.cli.options import DataOption, JsonOption, StoreOption, candle_file, store_at
from evotrade.cli.output import counted, note, say, show_json
from evotrade.engine import ENGINE_VERSION
from evotrade.errors import DataError
from evotrade.lab import cell_export, cell_import
from evotrade.lab.cell_file import MAX_BYTES
from evotrade.lab.cell_import import ImportedCell
from evotrade.lab.cells import Reproduction

_STANDARD = Path("-")  # as a file name: standard input or output

OutOption = Annotated[
    Path,
    typer.Option("--out", "-o", help="A new file for it; standard output unless named.", show_default=False),
]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("export")(export_cell)
    app.command("import")(import_cell)


def export_cell(cell: CellArgument, out: OutOption = _STANDARD, store: StoreOption = None) -> None:
    """Write a cell with its lineage, provenance and metrics as one JSON file."""
    document = cell_export.to_json(cell_export.export_cell(store_at(store, create=False), cell))
    if out == _STANDARD:
        sys.stdout.write(document)
    else:
        _write(out, document)
        say(f"cell {cell} is in {out}")


def import_cell(
    file: Annotated[
        Path, typer.Argument(help="A file that evotrade export wrote; - is standard input.", metavar="FILE")
    ],
    data: DataOption = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring in a cell and its lineage; --data names the candles to compute its metrics again on."""
    name = "standard input" if file == _STANDARD else file.name
    content = _read(file)
    candles = candle_file(data, None, None).candles if data else None
    lab = store_at(store)
    brought = cell_import.import_cell(content, store=lab, candles=candles, name=name)
    if as_json:
        return show_json(brought)
    ancestors = counted(len(brought.numbers) - 1, "ancestor")
    known = f" ({len(brought.known):,} known already)" if brought.known else ""
    status = status_label(lab.cell(brought.cell_id).status)
    say(f"cell {brought.cell_id}  {status}, from {name} with {ancestors}{known}")
    if brought.trials_at_export:
        say(f"{counted(brought.trials_at_export, 'trial')} stood behind its numbers where they come from")
    for line in _on_results(brought):
        note(line)
    return None


def _on_results(brought: ImportedCell) -> Iterator[str]:
    """What became of the file's numbers, those of one kind together."""
    kinds: dict[str, list[str]] = defaultdict(list)
    for result in brought.computed:
        kinds[_how_computed(result)].append(_place(result.phenotype))
    for row in brought.recorded:
        if not row.skipped:
            kinds[_why_recorded(row, brought.cell_id)].append(_place(row))
    for kind, places in kinds.items():
        yield f"{', '.join(places)}: {kind}"


def _place(row: Phenotype) -> str:
    return f"{row.pair} {row.timeframe} {row.split}"


def _how_computed(result: Reproduction) -> str:
    if not result.differing:
        return "reproduced to the bit"
    return f"computed again, and judged by that, since the file differs in {', '.join(result.differing)}"


def _why_recorded(row: Phenotype, cell_id: int) -> str:
    if not row.data_hash:
        return "as an earlier system recorded it"
    if row.engine_version != ENGINE_VERSION:
        return f"as engine {row.engine_version} computed it, this is {ENGINE_VERSION}"
    days = " to ".join(
        f"{datetime.fromtimestamp(time_s, UTC):%Y-%m-%d}" for time_s in (row.series_start_s, row.series_end_s)
    )
    return (
        f"as recorded, for {row.pair} {row.base_timeframe} from {row.source}, {days}, is not here: "
        f"evotrade reproduce {cell_id} --data FILE computes it again"
    )


def _read(file: Path) -> bytes:
    """The file, but no more of it than shows that it is too large."""
    if file == _STANDARD:
        return sys.stdin.buffer.read(MAX_BYTES + 1)
    try:
        with file.open("rb") as opened:
            return opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise DataError(f"{file} cannot be read ({error.strerror}): check the path") from None


def _write(path: Path, text: str) -> None:
    try:
        opened = path.open("x", encoding="utf-8", newline="\n")
    except FileExistsError:
        raise DataError(f"{path} exists already: name a new file") from None
    try:
        with opened:
            opened.write(text)
    except BaseException:
        with suppress(OSError):
            path.unlink()  # half a file would be taken for a whole one
        raise
