"""A cell's phenotypes as a person looks at them: by series, timeframe and split, never mixed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from evotrade.cells import Phenotype
from evotrade.engine.metrics import METRICS
from evotrade.ui import formats

_DISH_SPLITS = ("train", "validation", "vault")
_UNSEEN = {
    "validation": "Validation: not scored, only the finalists of a run are.",
    "vault": "Vault: unopened, no strategy was scored on it.",
}


class Series(NamedTuple):
    """The market a phenotype was measured on."""

    pair: str
    source: str

    @property
    def label(self) -> str:
        """Pair and source; a synthetic market says so."""
        return f"{self.pair or 'unnamed pair'} · {'synthetic market' if self.synthetic else self.source}"

    @property
    def synthetic(self) -> bool:
        """Whether nobody ever traded on it."""
        return self.source == "synthetic"


def series(phenotypes: Sequence[Phenotype]) -> list[Series]:
    """The markets, in the order of the phenotypes."""
    return list(dict.fromkeys(Series(row.pair, row.source) for row in phenotypes))


def of_series(phenotypes: Sequence[Phenotype], market: Series) -> list[Phenotype]:
    """The phenotypes that were measured on `market`."""
    return [row for row in phenotypes if (row.pair, row.source) == market]


def measured(phenotypes: Sequence[Phenotype]) -> dict[str, dict[str, Phenotype]]:
    """timeframe → split → phenotype, of those that have numbers; recorded ones have a split of their own."""
    found: dict[str, dict[str, Phenotype]] = {}
    for row in phenotypes:
        if row.skipped is None:
            found.setdefault(row.timeframe, {})[split_label(row)] = row
    return found


def split_label(phenotype: Phenotype) -> str:
    """Name of the split; numbers that another system computed say that they are recorded."""
    return f"{phenotype.split}, recorded" if phenotype.recorded else phenotype.split


def skipped(phenotypes: Sequence[Phenotype]) -> list[str]:
    """A sentence for each timeframe at which the genome could not run."""
    reasons = {row.timeframe: row.skipped for row in phenotypes if row.skipped is not None}
    return [f"{timeframe}: skipped, {reason}" for timeframe, reason in reasons.items()]


def unseen(splits: Sequence[str]) -> list[str]:
    """A sentence for each split of a dish that has no numbers, and must not be taken for forgotten."""
    if "train" not in splits:
        return []
    return [_UNSEEN[split] for split in _DISH_SPLITS if split not in splits and split in _UNSEEN]


def span(phenotype: Phenotype) -> str:
    """First and last day, and the number of bars where it is known."""
    days = f"{formats.day(phenotype.start_s)} to {formats.day(phenotype.end_s)}"
    return f"{days}, {phenotype.bars:,} bars of {phenotype.timeframe}" if phenotype.bars else days


def knows(phenotype: Phenotype, name: str) -> bool:
    """Whether the phenotype has that metric: one computed here may lack a value, a recorded one may not."""
    value = phenotype.metrics.get(name)
    return value is not None and not (phenotype.recorded and math.isnan(value))


def metrics_table(splits: Mapping[str, Phenotype], quote: str) -> pd.DataFrame:
    """A row for each metric that some split knows, a column for each split; money in `quote`."""
    names = [name for name in METRICS if any(knows(row, name) for row in splits.values())]
    columns = {
        split: [formats.metric(name, row.metrics.get(name), quote) for name in names]
        for split, row in splits.items()
    }
    return pd.DataFrame({"Metric": [formats.metric_row(name) for name in names], **columns})
