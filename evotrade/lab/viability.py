"""The sweep: every cell judged again by the rules of its dish, since rules and phenotypes change."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from evotrade.cells import ViabilityRules, is_viable
from evotrade.errors import EvotradeError
from evotrade.evolution.dish import Dish
from evotrade.store import Store, open_store

_AT_ONCE = 200  # cells a transaction: others wait meanwhile


def sweep(store: Store, rules: ViabilityRules) -> int:
    """Judge all cells again; those outside a dish by `rules`. Returns how many changed their status."""
    of_dish = {name: _rules_of(store, name) for name in store.dishes()["name"]}
    changed = 0
    for numbers in _pages(store):
        verdicts = []
        for number in numbers:
            cell = store.cell(number)
            verdict = is_viable(cell, of_dish.get(cell.dish) or rules)
            verdicts.append((number, verdict.status, verdict.reasons + verdict.warnings))
        changed += store.set_statuses(verdicts, datetime.now(UTC))
    return changed


def sweep_file(path: Path, rules: ViabilityRules) -> int:
    """`sweep` of the store at that path: what a process of its own runs."""
    return sweep(open_store(path, create=False), rules)


def _pages(store: Store) -> Iterator[list[int]]:
    first = 0
    while True:
        page = store.cells(order_by="cell_id", descending=False, limit=_AT_ONCE, offset=first)
        if not len(page):
            return
        yield [int(number) for number in page["cell_id"]]
        first += _AT_ONCE


def _rules_of(store: Store, dish: str) -> ViabilityRules | None:
    try:
        return Dish.from_dict(store.dish(dish)).viability
    except (
        EvotradeError,
        KeyError,
        TypeError,
    ):  # of an older evotrade: its cells are judged as those of no dish
        return None
