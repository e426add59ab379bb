"""What a base model learns from: classes and shares of classes per dimension."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from workbench.catalogue.keys import parse_key
from workbench.errors import NotReadyError

SOFT = ("tempo",)  # dimensions whose targets are shares of classes
_TEMPO_CLASSES = 48  # an octave of log-tempo: 1.5 % each
_TEMPO_BLUR = 1.5  # classes; 5 bpm at 120 are 2.9


@dataclass(frozen=True)
class TargetCoder:
    """Turns labels of renditions into targets, with the classes seen in training.

    Attributes
    ----------
    vocabulary
        Per dimension the names of its classes; empty for tempo and key, which have theirs fixed.
    """

    vocabulary: dict[str, tuple[str, ...]]

    @classmethod
    def fit(cls, table: pd.DataFrame, dimensions: Sequence[str]) -> TargetCoder:
        """Collect the classes of a training table.

        Raises
        ------
        NotReadyError
            If a dimension has fewer than two classes: nothing can be told apart.
        """
        vocabulary = {}
        for name in dimensions:
            texts = {str(value) for value in table[name] if value == value} - {""}  # NaN: no label
            found = tuple(sorted({v for text in texts for v in text.split("|")}))
            if len(texts) < 2:
                raise NotReadyError(
                    f"Dimension {name} has {'one class' if found else 'no label'} "
                    f"({', '.join(found) or 'nothing'}) in the training part of the corpus; "
                    "render scores that differ in it, or leave it out with --dimensions."
                )
            vocabulary[name] = () if name in ("tempo", "key") else found
        return cls(vocabulary)

    @property
    def classes(self) -> tuple[int, ...]:
        """The number of classes of each dimension."""
        fixed = {"tempo": _TEMPO_CLASSES, "key": 24}
        return tuple(fixed.get(name) or len(names) for name, names in self.vocabulary.items())

    @property
    def soft(self) -> tuple[int, ...]:
        """The positions of dimensions with shares of classes."""
        return tuple(i for i, name in enumerate(self.vocabulary) if name in SOFT)

    def __call__(self, table: pd.DataFrame) -> list[np.ndarray]:
        """Return the targets of renditions.

        Returns
        -------
        Per dimension int64 [n] (-1: unknown), or float32 [n, classes] (NaN rows: unknown).
        """
        return [_encoded(name, table[name], names) for name, names in self.vocabulary.items()]


def _encoded(name: str, column: pd.Series, names: tuple[str, ...]) -> np.ndarray:
    if name == "tempo":
        return _tempo_shares(pd.to_numeric(column, errors="coerce").to_numpy(dtype=float))
    if name == "key":
        return np.array([_key_code(text) for text in column], dtype=np.int64)
    if name == "instrument":
        has = np.array([[n in text.split("|") for n in names] for text in column], dtype=np.float32)
        has[column.to_numpy() == ""] = np.nan
        return has
    codes = {label: i for i, label in enumerate(names)}
    return np.array([codes.get(label, -1) for label in column], dtype=np.int64)


def _key_code(text: str) -> int:
    key = parse_key(text) if text else None
    return -1 if key is None else key[0] + 12 * (not key[1])


def _tempo_shares(bpm: np.ndarray) -> np.ndarray:
    """Return a blurred share of 48 classes of an octave of log-tempo, float32 [n, 48]."""
    position = _TEMPO_CLASSES * (np.log2(np.where(bpm > 0, bpm, np.nan) / 60.0) % 1.0)
    around = np.abs(position[:, None] - np.arange(_TEMPO_CLASSES))
    around = np.minimum(around, _TEMPO_CLASSES - around)
    share = np.exp(-0.5 * (around / _TEMPO_BLUR) ** 2)
    return (share / share.sum(axis=1, keepdims=True)).astype(np.float32)
