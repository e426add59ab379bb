"""A corpus of pieces in memory: what is known of them, their sound and their notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from workbench.array_files import opened_arrays
from workbench.corpus.manifest import assert_disjoint
from workbench.corpus.piece_making import ARRAYS
from workbench.corpus.piece_relations import onset_profiles
from workbench.errors import NotReadyError, WorkbenchError
from workbench.features.notes import NoteFeatures, drum_features, note_shares, tonal_features
from workbench.files import from_json
from workbench.row_files import table_from_csv

if TYPE_CHECKING:
    from workbench.backbones.relations import Windows

_TEXT = ("composition", "group", "split", "track", "genre", "mood", "instrument", "era", "key")
_MOST_BYTES = 2**36  # a corpus is one's own, and large
_FLAT_VELOCITY = 80.0  # of scores without dynamics


@dataclass(frozen=True)
class PieceCorpus:
    """A corpus of pieces.

    Attributes
    ----------
    table
        One row per piece, as `workbench.corpus.pieces.build_pieces` wrote it.
    sound
        Per name of `ARRAYS` the features of sounds, float16 [n, ...].
    musicnn
        What musicnn heard, float16 [n, 200]; NaN where it was not asked.
    notes
        The notes of each piece, float32 [notes, 6].
    profiles
        Of their onsets; see `workbench.corpus.piece_relations.onset_profiles`.
    recipe
        How it was made.
    """

    table: pd.DataFrame
    sound: dict[str, np.ndarray]
    musicnn: np.ndarray
    notes: list[np.ndarray]
    profiles: np.ndarray
    recipe: dict[str, Any]

    @classmethod
    def open(cls, folder: Path) -> PieceCorpus:
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
                folder / "pieces.csv", keep_default_na=False, dtype=dict.fromkeys(_TEXT, str)
            )
            with opened_arrays(folder / "pieces.npz", most_bytes=_MOST_BYTES) as data:
                sound = {name: data[name] for name in ARRAYS}
                musicnn = data["musicnn"]
                notes = np.split(data["notes"], np.cumsum(data["counts"])[:-1])
            recipe = from_json((folder / "recipe.json").read_text())
        except (OSError, EOFError, ValueError, KeyError) as error:
            raise NotReadyError(
                f"{folder} holds no finished corpus of pieces ({error}); build one with "
                "`workbench train corpus --pieces`."
            ) from error
        lengths = {len(table), len(notes), len(musicnn), *(len(array) for array in sound.values())}
        if len(lengths) > 1:
            raise WorkbenchError(f"{folder}: arrays and table differ in length, {lengths}.")
        assert_disjoint(table["group"], table["split"])
        profiles = onset_profiles(notes, table["tempo"].to_numpy(dtype=float))
        return cls(table, sound, musicnn, notes, profiles, recipe)

    def __len__(self) -> int:
        """Return the number of pieces."""
        return len(self.table)

    @property
    def seconds(self) -> float:
        """The length of a piece."""
        return float(self.recipe["seconds"])

    def rows(self, split: str) -> np.ndarray:
        """Return the row numbers of a split.

        Raises
        ------
        NotReadyError
            If the split is empty.
        """
        found = np.flatnonzero(self.table["split"].to_numpy() == split)
        if not len(found):
            raise NotReadyError(f"The corpus has no {split} pieces; render more scores.")
        return found

    def part(self, rows: np.ndarray) -> PieceCorpus:
        """Return some of the pieces."""
        return replace(
            self,
            table=self.table.iloc[rows].reset_index(drop=True),
            sound={name: array[rows] for name, array in self.sound.items()},
            musicnn=self.musicnn[rows],
            notes=[self.notes[row] for row in rows],
            profiles=self.profiles[rows],
        )

    def sounds(self, rows: np.ndarray) -> Windows:
        """Return the sound of pieces as the network reads it."""
        import torch

        from workbench.backbones.relations import Windows

        return Windows(
            *(torch.from_numpy(self.sound[name][rows].astype(np.float32)) for name in ARRAYS)
        )


class NoteArrays:
    """The notes of a corpus's pieces as networks read them, as played and as written.

    As written: without dynamics, every tonal part a piano, since much notation says no more.
    """

    def __init__(self, notes: Sequence[np.ndarray], seconds: float) -> None:
        plain = [_as_written(table) for table in notes]
        self._tonal = [_stacked([tonal_features(t, seconds) for t in v]) for v in (notes, plain)]
        self._drums = [_stacked([drum_features(t, seconds) for t in v]) for v in (notes, plain)]
        self.shares = np.array([note_shares(table) for table in notes], dtype=np.float32)

    def windows(
        self, rows: np.ndarray, written: np.ndarray | None = None
    ) -> tuple[Windows, Windows, Any]:
        """Return the tonal notes, the drums and the shares of pieces.

        Parameters
        ----------
        rows
            Which pieces, int [n].
        written
            Which of them as written, bool [n]; by default none.
        """
        import torch

        from workbench.backbones.relations import Windows

        chosen = np.zeros(len(rows), bool) if written is None else written

        def pick(kinds: list[tuple[np.ndarray, ...]]) -> Windows:
            arrays = []
            for played, plain in zip(*kinds, strict=True):
                found = played[rows].astype(np.float32)
                found[chosen] = plain[rows[chosen]]
                arrays.append(torch.from_numpy(found))
            return Windows(*arrays)

        return pick(self._tonal), pick(self._drums), torch.from_numpy(self.shares[rows])


def _as_written(notes: np.ndarray) -> np.ndarray:
    plain = notes.copy()
    plain[:, 3] = _FLAT_VELOCITY
    plain[:, 4] = 0
    return plain


def _stacked(features: list[NoteFeatures]) -> tuple[np.ndarray, ...]:
    return tuple(np.stack(arrays).astype(np.float16) for arrays in zip(*features, strict=True))
