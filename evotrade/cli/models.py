"""`evotrade llm report`, `name`, `patterns`: how good models' ideas were, what they say of many cells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any

import pandas as pd
import typer

from evotrade.cli.asking import model_of_settings
from evotrade.cli.options import JsonOption, StoreOption, store_at
from evotrade.cli.output import note, say, show_json, show_table
from evotrade.cli.watching import watched_ask
from evotrade.store import Store

DishOption = Annotated[str | None, typer.Option("--dish", help="Only cells of this dish.")]

_PREDICTED = (("trades", "trades"), ("wins %", "win_rate_pct"), ("Sharpe", "sharpe"))


def register(llm: typer.Typer) -> None:
    """Add this module's commands to those of `evotrade llm`."""
    llm.command()(report)
    llm.command()(name)
    llm.command()(patterns)


def report(
    each: Annotated[bool, typer.Option("--each", help="Each proposal instead of each model.")] = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """How good each model's strategies were: what it expected of them against what was measured."""
    lab = store_at(store, create=False)
    found = lab.llm_predictions() if each else lab.llm_calibration()
    if as_json:
        return show_json(found)
    if found.empty:
        return note('No model was asked yet: evotrade ask "IDEA" asks one.')
    rows: list[Mapping[str, Any]] = [
        {str(key): value for key, value in row.items()} for row in found.to_dict("records")
    ]
    return _show_proposals(rows) if each else _show_models(rows)


def name(
    cells: Annotated[
        list[int] | None, typer.Argument(help="Numbers of cells; otherwise the best without a model's name.")
    ] = None,
    dish: DishOption = None,
    top: Annotated[int, typer.Option(help="How many, where no numbers are given.", min=1)] = 20,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Have the language model give cells a name, a category and a hypothesis, twenty at a time."""
    if cells and dish is not None:
        raise typer.BadParameter("give numbers of cells or a dish, not both", param_hint="--dish")
    lab = store_at(store, create=False)
    chosen = cells or _nameless(lab, dish, top)
    if not chosen:
        return show_json([]) if as_json else note("All cells have a model's name already.")
    for one in chosen:
        lab.cell(one)
    llm = model_of_settings()
    from evotrade.lab.llm import name_cells

    with watched_ask() as watched:
        named = name_cells(chosen, lab, llm, **watched._asdict())
    if as_json:
        return show_json([one.model_dump() for one in named])
    rows = ((one.cell_id, one.name, one.category, one.hypothesis) for one in named)
    return show_table(("cell", "name", "category", "hypothesis"), rows, cut_last=True)


def patterns(
    dish: Annotated[
        str | None, typer.Argument(help="The dish; all cells without one.", metavar="DISH")
    ] = None,
    stored: Annotated[bool, typer.Option("--stored", help="Show those found before; ask nobody.")] = False,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Have the language model find what cells have in common, and keep it with those that show it."""
    lab = store_at(store, create=False)
    if dish is not None:
        lab.dish(dish)
    found = lab.llm_patterns(dish) if stored else _found(lab, dish)
    if as_json:
        return show_json(found)
    if found.empty:
        return note("No patterns were found yet." if stored else "The model saw no patterns.")
    for row in found.to_dict("records"):
        say(f"{row['name']} ({row['model']})")
        say(f"  {row['description']}")
        say(f"  cells {', '.join(map(str, row['cell_ids']))}")
    return None


def _found(store: Store, dish: str | None) -> pd.DataFrame:
    llm = model_of_settings()
    from evotrade.lab.llm import find_patterns

    with watched_ask() as watched:
        return find_patterns(dish, store, llm, **watched._asdict())


def _nameless(store: Store, dish: str | None, top: int) -> list[int]:
    """The best cells that no model has named."""
    if dish is not None:
        store.dish(dish)
    found = store.cells(dish=dish)
    return [int(one) for one in found.loc[found["llm_name"].isna(), "cell_id"].head(top)]


def _show_models(rows: Iterable[Mapping[str, Any]]) -> None:
    """A row a model: expected minus measured is its bias, beside the mean miss."""
    headings = ("model", "asks", "cells", "judged %", "alive %", "paying %", "mean gain")
    misses = tuple(f"{shown} off by\n(bias)" for shown, _ in _PREDICTED)
    show_table((*headings, *misses, "tokens", "USD", "s an answer"), map(_model_row, rows))
    note("Off by: the mean distance of expected from measured. Bias: expected less measured, on average.")


def _model_row(row: Mapping[str, Any]) -> tuple[object, ...]:
    return (
        *(row["model"], int(row["asks"]), int(row["cells"])),
        *(_percent(row[f"share_{what}"]) for what in ("judged", "alive", "paying")),
        _value(row["mean_gain"]),
        *(_miss(row, metric) for _, metric in _PREDICTED),
        *(int(row["tokens_in"] + row["tokens_out"]), _value(row["cost_usd"])),
        _value(row["seconds_per_attempt"]),
    )


def _show_proposals(rows: Iterable[Mapping[str, Any]]) -> None:
    """A row a proposal, expected beside measured."""
    headings = ("model", "ask", "cell", "name", "status", "fitness")
    pairs = tuple(f"{shown}\n{what}" for shown, _ in _PREDICTED for what in ("expected", "measured"))
    show_table((*headings, *pairs), map(_proposal_row, rows))


def _proposal_row(row: Mapping[str, Any]) -> tuple[object, ...]:
    born = None if pd.isna(row["born_id"]) else int(row["born_id"])
    head = (row["model"], int(row["ask_id"]), born, row["name"], row["status"], _value(row["fitness"]))
    return (*head, *_expected_and_measured(row))


def _expected_and_measured(row: Mapping[str, Any]) -> Iterator[object]:
    for _, metric in _PREDICTED:
        yield _value(row[f"expected_{metric}"])
        yield _value(row[metric])


def _miss(row: Mapping[str, Any], metric: str) -> str | None:
    error, bias = _value(row[f"{metric}_error"]), _value(row[f"{metric}_bias"])
    return None if error is None or bias is None else f"{error:.2f} ({bias:+.2f})"


def _percent(share: Any) -> float | None:
    value = _value(share)
    return None if value is None else 100 * value


def _value(value: Any) -> float | None:
    """A number, None where the store has none."""
    return None if pd.isna(value) else float(value)
