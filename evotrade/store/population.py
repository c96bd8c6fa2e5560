"""The cells of a store as columns, with the family tree that their parents make."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Labels(NamedTuple):
    """A column of few different texts: `names[codes]`, with codes (n,) as small as they come."""

    codes: npt.NDArray[np.uint8]
    names: tuple[str, ...]


class Reach(NamedTuple):
    """Cells that can be reached from one by position, nearest first: how many steps away, and over whom.

    Each way is the shortest; the cell itself is zero steps away, over itself.
    """

    steps: dict[int, int]
    over: dict[int, int]


@dataclass(frozen=True)
class Population:
    """Cells in the order of their birth, as columns (n,).

    `first_parent` and `second_parent` are positions in these columns, -1 for none, also where the parent is
    not among these cells. `fitness` is in the unit of the cell's own `objective`, NaN where it has no value;
    `name` is shortened.
    """

    cell_id: Ints
    first_parent: Ints
    second_parent: Ints
    fitness: Floats
    generation: Ints
    status: Labels
    origin: Labels
    objective: Labels
    name: npt.NDArray[Any]

    def __len__(self) -> int:
        return len(self.cell_id)

    def position(self, cell_id: int) -> int | None:
        """Where that cell is, None where it is not among these."""
        place = int(np.searchsorted(self.cell_id, cell_id))
        return place if place < len(self) and self.cell_id[place] == cell_id else None

    def best(self) -> int | None:
        """Position of the fittest, the oldest of several; None where no cell has a value."""
        return self._fittest(range(len(self)))

    def ancestors(self, position: int) -> Reach:
        """All whom the cell descends from, by either parent."""
        return _reach(position, lambda cell: self._parents[cell])

    def descendants(self, position: int) -> Reach:
        """All who descend from the cell."""
        born, first = self._children
        return _reach(position, lambda cell: born[first[cell] : first[cell + 1]])

    def relatives(self, position: int) -> dict[int, int]:
        """Position → depth of the cell (0), its ancestors (negative) and its descendants, nearest first."""
        up, down = self.ancestors(position).steps, self.descendants(position).steps
        depths = {**down, **{cell: -steps for cell, steps in up.items()}}
        return dict(sorted(depths.items(), key=lambda row: (abs(row[1]), row[0])))

    def line(self, position: int) -> list[int]:
        """Positions from the founder to the cell, each the first parent of the next."""
        line = {position: None}  # keeps the order, and ends a circle
        parent = int(self.first_parent[position])
        while parent >= 0 and parent not in line:
            line[parent] = None
            parent = int(self.first_parent[parent])
        return list(line)[::-1]

    def line_to_best_descendant(self, position: int) -> list[int]:
        """Positions from the cell to the fittest who descends from it, by the shortest way.

        It is alone on it where nobody with a value descends from it.
        """
        steps, over = self.descendants(position)
        best = self._fittest(cell for cell in steps if cell != position)
        line = [position if best is None else best]
        while line[-1] != position:
            line.append(over[line[-1]])
        return line[::-1]

    def _fittest(self, cells: Iterable[int]) -> int | None:
        among = np.fromiter(cells, dtype=np.int64)
        values = self.fitness[among]
        if np.isnan(values).all():  # also when there are none
            return None
        return int(among[np.flatnonzero(values == np.nanmax(values))].min())

    @cached_property
    def _parents(self) -> list[tuple[int, ...]]:
        both = zip(self.first_parent.tolist(), self.second_parent.tolist(), strict=True)
        return [tuple(dict.fromkeys(parent for parent in pair if parent >= 0)) for pair in both]

    @cached_property
    def _children(self) -> tuple[list[int], list[int]]:
        """Everyone's children one after the other, and where those of each cell begin."""
        parents = np.concatenate((self.first_parent, self.second_parent))
        order = np.argsort(parents, kind="stable")
        born = np.tile(np.arange(len(self)), 2)[order]
        first = np.searchsorted(parents[order], np.arange(len(self) + 1))
        return born.tolist(), first.tolist()


def _reach(start: int, neighbours: Callable[[int], Iterable[int]]) -> Reach:
    found = Reach({start: 0}, {start: start})
    ring = [start]
    while ring:
        following = []
        for cell in ring:
            for other in neighbours(cell):
                if other not in found.steps:
                    found.steps[other] = found.steps[cell] + 1
                    found.over[other] = cell
                    following.append(other)
        ring = following
    return found
