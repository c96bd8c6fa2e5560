"""What a model may see of the store: no vault's numbers, of whatever cell, dish or attempt."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

from evotrade.cells import Cell, Phenotype
from evotrade.errors import DataError, EvotradeError
from evotrade.evolution.dish import Dish
from evotrade.lab.bench import Bench
from evotrade.llm.views import UNSEEN, cell_view, day, number
from evotrade.store import Store

_WHOLE = "all"
_BEST, _FAILED, _ANCESTORS = 5, 5, 4
_EVER_S = 2**62
_LOOKED_AT = 40  # cells among which the best of a market are sought


class _Vault(NamedTuple):
    """What a dish keeps unseen of a market."""

    dish: str
    pair: str
    synthetic: bool
    start_s: int
    end_s: int


class Sight:
    """What of a store may be shown to a model, as its dishes stood when it was made."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._vaults = tuple(_vaults(store))

    def results(self, cell: Cell) -> tuple[Phenotype, ...]:
        """The cell's results on train and validation; those on all candles only where no vault is in them.

        Those evaluated here go before those that another system recorded.
        """
        seen = [row for row in cell.phenotypes if row.split not in UNSEEN and self._open(row)]
        return tuple(row for row in seen if not row.recorded) or tuple(seen)

    def cell(self, cell: Cell) -> dict[str, Any]:
        """The cell as it is shown."""
        return cell_view(cell, self.results(cell))

    def check(self, bench: Bench) -> None:
        """`DataError` for a bench whose numbers a model may not see: no splits, and a dish's vault in it."""
        if bench.training != _WHOLE:
            return
        vault = self._vault_in(bench.candles.pair, bench.candles.source, bench.start_s, bench.end_s)
        if vault is not None:
            raise DataError(
                f"dish {vault.dish!r} keeps the candles after {day(vault.start_s)} in its vault, which no "
                "language model may see: choose a bench with splits"
            )

    def ancestors(self, cell: Cell) -> list[dict[str, Any]]:
        """The nearest of the cell's ancestors by its first parent, the parent first."""
        found: list[dict[str, Any]] = []
        known = {cell.cell_id}
        parent = cell.parent_id
        while parent is not None and parent not in known and len(found) < _ANCESTORS:
            one = self._store.cell(parent)
            found.append(self.cell(one))
            known.add(parent)
            parent = one.parent_id
        return found

    def best(self, bench: Bench, but: int | None = None) -> list[dict[str, Any]]:
        """The best living cells on the bench's market by its objective, but for one."""
        frame = self._store.cells(status="alive", limit=_LOOKED_AT)
        chosen = frame.loc[frame["objective"] == bench.dish.objective, "cell_id"]
        cells = (self._store.cell(int(one)) for one in chosen if one != but)
        series = bench.candles
        there = (
            one
            for one in cells
            if (series.pair, series.source) in {(r.pair, r.source) for r in self.results(one)}
        )
        return [self.cell(one) for one in islice(there, _BEST)]

    def failed(self, bench: Bench) -> list[dict[str, Any]]:
        """Attempts of models on the bench's market that did not parse or died lately, with their reasons."""
        failures = self._store.llm_failures(bench.candles.pair, bench.dish.objective, _FAILED)
        rows = failures.to_dict("records")
        return [
            {
                "genome": row["genome"],
                "error": row["error"],
                "reasons": list(row["reasons"]) if row["reasons"] is not None else [],
                "fitness": number(row["fitness"]) if row["split"] not in (*UNSEEN, _WHOLE) else None,
            }
            for row in rows
        ]

    def _open(self, row: Phenotype) -> bool:
        if row.split != _WHOLE:
            return True
        return self._vault_in(row.pair, row.source, row.start_s, row.end_s) is None

    def _vault_in(self, pair: str, source: str, start_s: int, end_s: int) -> _Vault | None:
        for vault in self._vaults:
            same = vault.pair == pair and vault.synthetic == (source == "synthetic")
            if same and vault.start_s < end_s and start_s < vault.end_s:
                return vault
        return None


def bench_view(bench: Bench) -> dict[str, Any]:
    """What a model is told of the bench that its strategies are tried on."""
    dish = bench.dish
    return {
        "pair": bench.candles.pair,
        "source": bench.candles.source,
        "bars": bench.candles.timeframe,
        "timeframes": [
            {
                "timeframe": name,
                "longest_lookback_bars": bench.max_lookback.get(name),
                "spans": [
                    {"split": span.split, "from": day(span.start_s), "to": day(span.end_s)} for span in spans
                ],
            }
            for name, spans in bench.spans.items()
        ],
        "fee_bps_per_side": dish.execution.fee_bps,
        "slippage_bps_per_side": dish.execution.slippage_bps,
        "rules_vote_by": dish.combine,
        "objective": dish.objective,
        "fitness_is_measured_on": bench.training,
        "expected_is_compared_with": f"{bench.training} at the timeframe of the best fitness",
    }


def _vaults(store: Store) -> Iterator[_Vault]:
    """The vault of each dish; all of a dish's series where it was made before dishes kept their borders."""
    for text in store.dishes()["spec"]:
        spec = json.loads(text)
        if "shares" not in spec or "data_hash" not in spec:  # imported: it has no series of its own
            continue
        try:
            dish = Dish.from_dict(spec)
        except (EvotradeError, KeyError, TypeError):  # of another evotrade: nothing of its market is told
            synthetic = spec.get("source") == "synthetic"
            yield _Vault(str(spec.get("name", "")), str(spec.get("pair", "")), synthetic, 0, _EVER_S)
            continue
        start_s = dish.borders_s[2] if len(dish.borders_s) > 2 else dish.series_start_s
        if dish.shares[2] > 0:
            yield _Vault(dish.name, dish.pair, dish.source == "synthetic", start_s, dish.series_end_s)


def shown(cells: Sequence[Cell], sight: Sight) -> list[dict[str, Any]]:
    """Cells as they are shown."""
    return [sight.cell(one) for one in cells]
