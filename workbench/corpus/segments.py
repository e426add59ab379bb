"""A rendered corpus: what is known of its renditions, and segments of them for a network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from workbench.array_files import read_array
from workbench.corpus.build import ARRAYS
from workbench.corpus.manifest import assert_disjoint
from workbench.errors import NotReadyError, WorkbenchError
from workbench.features.segments import FRAMES, smoothed_chroma, tempogram_of
from workbench.features.spectral import TEMPOGRAM_LAGS
from workbench.files import from_json
from workbench.row_files import table_from_csv
from workbench.subspaces.dimensions import BUILT_IN

if TYPE_CHECKING:
    import torch

_TAGS = ("genre", "mood", "instrument", "era", "tempo", "key")
_TEXT = ("composition", "group", "split", *(name for name in _TAGS if name != "tempo"))


@dataclass(frozen=True)
class Corpus:
    """A corpus in memory.

    Attributes
    ----------
    table
        One row per rendition, as `workbench.corpus.build.build_corpus` wrote it.
    arrays
        ``mel`` [n, 128, frames], ``cens`` [n, 12, frames] and ``envelope`` [n, frames], float16.
    recipe
        How it was made.
    """

    table: pd.DataFrame
    arrays: dict[str, np.ndarray]
    recipe: dict[str, Any]

    @classmethod
    def open(cls, folder: Path) -> Corpus:
        """Read a corpus; its splits must share no artist.

        Raises
        ------
        NotReadyError
            If the folder holds no finished corpus.
        WorkbenchError
            If table and arrays do not belong together, or an artist is on two sides.
        """
        try:
            table = table_from_csv(
                folder / "renditions.csv",
                keep_default_na=False,
                dtype=dict.fromkeys(_TEXT, str),  # a title may be a number
            )
            arrays = {name: read_array(folder / f"{name}.npy", mapped=True) for name in ARRAYS}
            recipe = from_json((folder / "recipe.json").read_text())
        except (OSError, EOFError, ValueError) as error:
            raise NotReadyError(
                f"{folder} holds no finished corpus ({error}); build one with "
                "`workbench train corpus`."
            ) from error
        lengths = {name: len(array) for name, array in arrays.items()} | {"table": len(table)}
        if len(set(lengths.values())) > 1:
            raise WorkbenchError(f"{folder}: arrays and table differ in length, {lengths}.")
        if not {*_TEXT, "tempo"} <= set(table.columns):
            raise WorkbenchError(f"{folder}: renditions.csv lacks columns; build the corpus again.")
        assert_disjoint(table["group"], table["split"])
        return cls(table, arrays, recipe)

    def __len__(self) -> int:
        """Return the number of renditions."""
        return len(self.table)

    def part(self, rows: np.ndarray) -> Corpus:
        """Return some of the renditions, in memory."""
        arrays = {name: np.asarray(array[rows]) for name, array in self.arrays.items()}
        return replace(self, table=self.table.iloc[rows].reset_index(drop=True), arrays=arrays)

    def with_context(self, seconds: float) -> Corpus:
        """Return the corpus with chromagrams smoothed over so many seconds."""
        import torch

        cens = [
            smoothed_chroma(torch.from_numpy(c.astype(np.float32)), seconds).numpy()
            for c in self.arrays["cens"]
        ]
        return replace(self, arrays={**self.arrays, "cens": np.stack(cens).astype(np.float16)})

    @property
    def frames(self) -> int:
        """The columns of a rendition."""
        return int(self.arrays["mel"].shape[2])

    def rows(self, split: str) -> np.ndarray:
        """Return the row numbers of a split.

        Raises
        ------
        NotReadyError
            If the split is empty.
        """
        found = np.flatnonzero(self.table["split"].to_numpy() == split)
        if not len(found):
            raise NotReadyError(f"The corpus has no {split} renditions; render more scores.")
        return found

    def relations(self, rows: np.ndarray, dimensions: Sequence[str]) -> dict[str, np.ndarray]:
        """Return each dimension's relation of some renditions, int8 [n, n].

        1 similar, -1 dissimilar, 0 unknown or two renditions of one composition, which share their
        tags by descent.
        """
        return relations_of(self.table.iloc[rows], dimensions)

    def segments(
        self, rows: np.ndarray, starts: np.ndarray, *, tempogram: str = "cyclic"
    ) -> dict[str, torch.Tensor]:
        """Return segments of 129 columns.

        Parameters
        ----------
        rows, starts
            Rendition and first column of each of n segments.
        tempogram
            ``"cyclic"`` (64 rows), ``"octaves"`` (256) or ``"autocorrelation"`` (384).

        Returns
        -------
        ``mel`` [n, 128, 129], ``cens`` [n, 12, 129] and ``tempogram`` [n, rows, 129], float32.
        """
        import torch

        from workbench.features.tempogram import pad_envelope

        def cut(name: str, width: int) -> torch.Tensor:
            array = self.arrays[name]
            spans = [array[r, ..., s : s + width] for r, s in zip(rows, starts, strict=True)]
            return torch.from_numpy(np.stack(spans).astype(np.float32))

        # A tempogram looks around: its span of the envelope is longer.
        envelopes = pad_envelope(torch.from_numpy(self.arrays["envelope"][rows].astype(np.float32)))
        reach = FRAMES + TEMPOGRAM_LAGS - 1
        spans = torch.stack([e[s : s + reach] for e, s in zip(envelopes, starts, strict=True)])
        return {
            "mel": cut("mel", FRAMES),
            "cens": cut("cens", FRAMES),
            "tempogram": tempogram_of(spans, tempogram, padded=True),
        }

    def starts(self) -> np.ndarray:
        """Return where the non-overlapping segments of a rendition begin."""
        return np.arange(self.frames // FRAMES) * FRAMES


def relations_of(table: pd.DataFrame, dimensions: Sequence[str]) -> dict[str, np.ndarray]:
    """Return each dimension's relation of the rows of a table; see `Corpus.relations`."""
    names = table["composition"].to_numpy()
    apart = names[:, None] != names[None, :]
    return {name: tag_relation(name, table[name]) * apart for name in dimensions}


def tag_relation(name: str, column: pd.Series) -> np.ndarray:
    """Return the relation of a dimension of all pairs of a column's labels, int8 [n, n]."""
    tags = _tags(column).assign(dimension=name)
    return BUILT_IN[name].relation(tags, list(range(len(column))))


def _tags(column: pd.Series) -> pd.DataFrame:
    """Return a column as tags of items 0 to n - 1; several values are separated by bars."""
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=float)
    pairs = [
        (item, value, number)
        for item, (text, number) in enumerate(zip(column.astype(str), numbers, strict=True))
        for value in text.split("|")
        if value
    ]
    return pd.DataFrame(pairs, columns=["item_id", "value", "number"])
