"""Where relatives stand in their graph: a layer for each depth, crossings avoided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

_MOST_COLUMNS = 4
_LEAST = 0.25


class Size(NamedTuple):
    """Across and down, in the units of the graph."""

    width: float
    height: float


_WIDE, _APART = 170.0, 1.5  # from layer to layer at most, and from cell to cell, in marks


class Layout(NamedTuple):
    """Cell → (x, y) around (0, 0), and by how much marks and writing shrink to have room, at most 1."""

    places: dict[int, tuple[float, float]]
    shrunk: float


def arrange(depths: Mapping[int, int], parents: Mapping[int, Sequence[int]], box: Size, mark: Size) -> Layout:
    """Cells by depth from left to right in a box around (0, 0), each with room for a mark if possible.

    A cell that is a relative in several ways stands by the longest, so that parents stand left of their
    children. Each layer is in the order of its neighbours towards depth 0, which keeps lines from crossing;
    a layer with many cells takes several columns.
    """
    layers = _layers(_longest(depths, parents), parents)
    first, count = min(layers), max(layers) - min(layers) + 1
    across = min(max(_WIDE, mark.width), box.width / count)
    places: dict[int, tuple[float, float]] = {}
    shrunk = 1.0
    for depth, layer in layers.items():
        down = min(_APART * mark.height, box.height / len(layer))
        columns = min(len(layer), _columns(Size(across, down), mark))
        shrunk = min(shrunk, _shrunk(Size(across, down), mark, columns))
        x = (depth - first - (count - 1) / 2) * across
        for row, cell in enumerate(layer):
            aside = (row % columns - (columns - 1) / 2) * across / columns
            places[cell] = (x + aside, (row - (len(layer) - 1) / 2) * down)
    return Layout(places, max(_LEAST, shrunk))


def _columns(room: Size, mark: Size) -> int:
    """In how many columns the cells of a layer, in turn, have the most room."""
    return max(range(1, _MOST_COLUMNS + 1), key=lambda columns: (_shrunk(room, mark, columns), -columns))


def _shrunk(room: Size, mark: Size, columns: int) -> float:
    return min(1.0, room.width / columns / mark.width, room.height * columns / mark.height)


def _longest(depths: Mapping[int, int], parents: Mapping[int, Sequence[int]]) -> dict[int, int]:
    """Depths by the longest way, of which `depths` has the shortest; children have larger numbers."""
    longest = dict(depths)
    for child in sorted(parents, reverse=True):
        for parent in parents[child]:
            if depths[parent] < 0 and parent < child:
                longest[parent] = min(longest[parent], longest[child] - 1)
    for child in sorted(parents):
        for parent in parents[child]:
            if depths[child] > 0 and parent < child:
                longest[child] = max(longest[child], longest[parent] + 1)
    return longest


def _layers(depths: Mapping[int, int], parents: Mapping[int, Sequence[int]]) -> dict[int, list[int]]:
    """Depth → its cells in order, from the middle outwards."""
    inner: dict[int, list[int]] = {cell: [] for cell in depths}  # neighbours one step closer
    for child, both in parents.items():
        for parent in both:
            near, far = (child, parent) if depths[parent] < 0 else (parent, child)
            inner[far].append(near)
    layers: dict[int, list[int]] = {}
    height: dict[int, float] = {}
    for depth in sorted(set(depths.values()), key=abs):
        layer = [cell for cell in depths if depths[cell] == depth]
        layer.sort(key=lambda cell: (_mean([height[near] for near in inner[cell] if near in height]), cell))
        height.update({cell: (row + 0.5) / len(layer) for row, cell in enumerate(layer)})
        layers[depth] = layer
    return layers


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.5
