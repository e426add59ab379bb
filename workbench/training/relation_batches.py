"""Which pieces come into a batch: performances of one score, and others in their tempo and key."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pandas as pd

_MATCHED = 2  # performances of other scores for each one drawn
_POWER = 0.5  # of how many performances a corpus has: large ones come less than their share


class PieceBatches:
    """Draws batches from the pieces of a split.

    Parameters
    ----------
    table
        Of the whole corpus.
    rows
        Of the split.
    """

    def __init__(self, table: pd.DataFrame, rows: np.ndarray) -> None:
        part = table.iloc[rows]
        names = list(zip(part["composition"], part["performance"], strict=True))
        self._pieces: dict[tuple[str, int], list[int]] = defaultdict(list)
        for name, row in zip(names, rows, strict=True):
            self._pieces[name].append(int(row))
        first = part.drop_duplicates(["composition", "performance"])
        self._names = list(zip(first["composition"], first["performance"], strict=True))
        cells = list(zip(first["tempo"].round(2), first["centre"], strict=True))
        self._cell = dict(zip(self._names, cells, strict=True))
        self._in_cell: dict[tuple[float, str], list[tuple[str, int]]] = defaultdict(list)
        self._of_score: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for name in self._names:
            self._in_cell[self._cell[name]].append(name)
            self._of_score[name[0]].append(name)
        size = first.groupby("corpus")["composition"].transform("size").to_numpy(dtype=float)
        # Tracks that can be heard alone are rare, and some relations are only between them.
        stems = np.array([len(self._pieces[name]) for name in self._names], dtype=float)
        weight = size ** (_POWER - 1.0) * stems
        self._weight = weight / weight.sum()

    def draw(self, seeds: int, rng: np.random.Generator) -> np.ndarray:
        """Return the rows of a batch, int [n], in order.

        Parameters
        ----------
        seeds
            Performances to start from.
        rng
            The source of chance.
        """
        count = min(seeds, len(self._names))
        chosen: set[tuple[str, int]] = set()
        for index in rng.choice(len(self._names), count, replace=False, p=self._weight):
            name = self._names[index]
            chosen |= {name, *self._of_score[name[0]]}
            matched = [n for n in self._in_cell[self._cell[name]] if n[0] != name[0]]
            for i in rng.permutation(len(matched))[:_MATCHED]:
                chosen.add(matched[i])
        return np.array(sorted(row for name in chosen for row in self._pieces[name]))
