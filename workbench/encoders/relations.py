"""The networks of relations at work: whole sounds and whole scores into the same subspaces."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from workbench.errors import MediaError
from workbench.features.notes import drum_features, note_shares, tonal_features

if TYPE_CHECKING:
    from torch import Tensor

    from workbench.features.frontend import Features
    from workbench.symbolic.score import Score

SHIPPED = Path(__file__).parent / "weights" / "relations"
_BATCH = 64


class RelationEncoder:
    """Maps sounds and scores to one unit vector per relation.

    An item is read in windows of twelve seconds that do not overlap; its vector is the mean of
    theirs, at unit length again.

    Parameters
    ----------
    folder
        Holds ``network.safetensors`` and ``card.json``; by default the weights that are shipped.

    Raises
    ------
    StorageError
        If the folder holds no networks of relations.
    """

    def __init__(self, folder: Path = SHIPPED) -> None:
        from workbench.backbones.relation_store import load_relations

        self._networks, self.card = load_relations(folder)
        self.version, self.licence = self.card.version, self.card.licence
        self.relations = self.card.shape.relations
        self.dim = len(self.relations) * self.card.shape.size

    @property
    def blocks(self) -> dict[str, slice]:
        """The columns of each relation."""
        size = self.card.shape.size
        return {name: slice(i * size, (i + 1) * size) for i, name in enumerate(self.relations)}

    def of_sound(self, vector: np.ndarray, features: Features) -> np.ndarray:
        """Return the relations of a sound, float32 [dim].

        Parameters
        ----------
        vector
            Signal descriptors and base network of the whole item; see
            `workbench.encoders.descriptors`.
        features
            What `workbench.features.frontend.front_end` makes of it.
        """
        import torch

        from workbench.backbones.relations import Windows
        from workbench.features.notes import band_columns, chroma_columns
        from workbench.features.reduced import reduced

        seconds = self.card.shape.seconds
        chroma, bands = reduced(features)
        windows = _cut(chroma, chroma_columns(seconds)), _cut(bands, band_columns(seconds))
        count = min(len(w) for w in windows)
        with torch.inference_mode():
            found = [
                self._networks.sound(
                    Windows(
                        torch.from_numpy(np.tile(vector, (len(c), 1)).astype(np.float32)),
                        torch.from_numpy(c),
                        torch.from_numpy(b),
                    )
                )
                for c, b in zip(*(_batches(w[:count]) for w in windows), strict=True)
            ]
        return self._mean(found)

    def of_score(self, score: Score) -> tuple[np.ndarray, np.ndarray]:
        """Return the relations of a score, and the vector its sound would have.

        Returns
        -------
        relations : float32 [dim]
        vector : float32 [vector]
            An estimate of the signal descriptors and the base network's embedding.

        Raises
        ------
        MediaError
            If it holds no notes.
        """
        import torch

        from workbench.backbones.relations import Windows

        seconds = self.card.shape.seconds
        windows = note_windows(score, seconds)
        kinds = []
        for features in (tonal_features, drum_features):
            read = [features(window, seconds) for window in windows]
            kinds.append(tuple(np.stack(x) for x in zip(*read, strict=True)))
        shares = np.array([note_shares(window) for window in windows], dtype=np.float32)
        found, vectors = [], []
        with torch.inference_mode():
            for i in range(0, len(windows), _BATCH):
                part = slice(i, i + _BATCH)
                tonal, drums = (Windows(*(torch.from_numpy(x[part]) for x in k)) for k in kinds)
                said, vector = self._networks.notes(tonal, drums, torch.from_numpy(shares[part]))
                found.append(said)
                vectors.append(vector.numpy())
        predicted = np.concatenate(vectors).mean(axis=0)
        mean, scale = self._networks.mean.numpy(), self._networks.scale.numpy()
        return self._mean(found), (mean + scale * predicted).astype(np.float32)

    def musicnn_of(self, vector: np.ndarray) -> np.ndarray:
        """Return a linear guess at what musicnn would hear, float32 [200].

        Parameters
        ----------
        vector
            As `of_score` returns it.
        """
        mean, scale = self._networks.mean.numpy(), self._networks.scale.numpy()
        known = np.append((vector - mean) / scale, 1.0)
        return (self._networks.musicnn.numpy() @ known).astype(np.float32)

    def _mean(self, windows: Sequence[Tensor]) -> np.ndarray:
        """Return the mean of the unit vectors of windows, at unit length again, float32 [dim]."""
        import torch

        from workbench.backbones.relations import unit_blocks

        count = len(self.relations)
        mean = unit_blocks(torch.cat(list(windows)), count).mean(dim=0)
        return np.asarray(unit_blocks(mean, count).numpy())


def note_windows(score: Score, seconds: float) -> list[np.ndarray]:
    """Return the notes of a score by windows; a shorter score goes round, silence is passed over.

    Returns
    -------
    Tables of notes, float32 [n, 6] each; see `workbench.features.notes.COLUMNS`. Notes are cut at
    the end of their window, and what is left at the end of the score counts if it is half a window.

    Raises
    ------
    MediaError
        If there are no notes.
    """
    notes = score.notes
    if not len(notes):
        raise MediaError("the score holds no notes here")
    programs = np.array([track.program for track in score.tracks])
    drums = np.array([track.is_drum for track in score.tracks])
    table = np.column_stack(
        [
            *(notes[name] for name in ("onset_s", "duration_s", "pitch", "velocity")),
            programs[notes["track"]],
            drums[notes["track"]],
        ]
    )
    begin = float(table[0, 0])
    length = max(float((table[:, 0] + table[:, 1]).max()) - begin, 1e-3)
    table[:, 0] -= begin
    if length < seconds:
        period = max(length, seconds / 64)  # a single short note is no reason for thousands
        rounds = int(np.ceil(seconds / period))
        table = np.concatenate([table + np.eye(1, 6) * period * i for i in range(rounds)])
        length = seconds
    count = max(int(length / seconds + 0.5), 1)
    place = np.minimum((table[:, 0] / seconds).astype(int), count)
    windows = []
    for number in range(count):
        window = table[place == number]
        window[:, 0] -= number * seconds
        window[:, 1] = np.minimum(window[:, 1], seconds - window[:, 0])
        windows.append(window.astype(np.float32))
    return [window for window in windows if len(window)]


def _cut(columns: np.ndarray, width: int) -> np.ndarray:
    """Return windows of columns, float32 [n, rows, width]; a shorter item goes round."""
    if columns.shape[1] < width:
        columns = np.tile(columns, -(-width // max(columns.shape[1], 1)))
    count = columns.shape[1] // width
    cut = columns[:, : count * width].reshape(len(columns), count, width)
    return np.ascontiguousarray(cut.transpose(1, 0, 2), dtype=np.float32)


def _batches(windows: np.ndarray) -> list[np.ndarray]:
    return [windows[i : i + _BATCH] for i in range(0, len(windows), _BATCH)]
