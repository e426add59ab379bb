"""Which pieces of a corpus are related, by each of the relations, and what the negatives share.

The relations of US 12,394,399 and the dimensions of Ribecky et al. 2021. Where a relation could be
answered by another one (two tracks of one song share tempo and key), the dissimilar pieces are
matched in that other one, so that it is of no help.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from workbench.corpus.segments import tag_relation

TAGS = ("genre", "mood", "instrument", "era", "tempo", "key")
STRUCTURE = (
    "sound",
    "rhythm",
    "preset",
    "composition",
    "track",
    "complementarity",
    "consecutiveness",
)
RELATIONS = (*TAGS, *STRUCTURE)
HEARD_ONLY = ("sound", "preset")  # no score says through what it is heard
_PER_BEAT = 12
_BEATS = 4
_ALIKE, _UNLIKE = 0.9, 0.6  # of onset profiles


def piece_relations(
    table: pd.DataFrame, profiles: np.ndarray, *, names: tuple[str, ...] = RELATIONS
) -> np.ndarray:
    """Return every relation of every pair of pieces.

    Parameters
    ----------
    table
        Rows of a corpus of pieces.
    profiles
        Of their onsets, as `onset_profiles` returns them, float [n, 2, 48].
    names
        Which relations.

    Returns
    -------
    int8 [relations, n, n]: 1 related, -1 not, 0 unknown; the diagonals are 0.
    """
    pairs = _Pairs(table, profiles)
    return np.stack([pairs.of(name) for name in names])


def across(relations: np.ndarray, names: tuple[str, ...] = RELATIONS) -> np.ndarray:
    """Return the relations of pieces in one domain to pieces in the other.

    A piece is related to itself in the other domain, and what is only heard is unknown.
    """
    crossed = relations.copy()
    count = relations.shape[1]
    for number, name in enumerate(names):
        if name in HEARD_ONLY:
            crossed[number] = 0
        else:
            crossed[number, np.arange(count), np.arange(count)] = 1
    return crossed


class _Pairs:
    """What is the same, pair by pair."""

    def __init__(self, table: pd.DataFrame, profiles: np.ndarray) -> None:
        self.table, self.profiles = table, profiles
        self.composition = _same(table["composition"])
        self.performance = self.composition & _same(table["performance"])
        self.section = _same(table["section"])
        self.track = _same(table["track"])
        self.is_stem = (table["track"].astype(str) != "").to_numpy()
        self.matched = _same(table["tempo"].round(2)) & _same(table["centre"])

    def of(self, name: str) -> np.ndarray:
        known: dict[str, Callable[[], np.ndarray]] = {
            "sound": self._sound,
            "rhythm": self._rhythm,
            "preset": self._preset,
            "composition": self._composition,
            "track": self._track,
            "complementarity": self._complementarity,
            "consecutiveness": self._consecutiveness,
        }
        if name in known:
            relation = known[name]().astype(np.int8)
            np.fill_diagonal(relation, 0)
            return relation
        return (tag_relation(name, self.table[name]) * ~self.composition).astype(np.int8)

    def _sound(self) -> np.ndarray:
        """Related: the same programs of the same sound font, through whatever effects."""
        font = _same(self.table["studio"].str.rsplit(" ", n=1).str[0])
        return self._same_instruments(font)

    def _preset(self) -> np.ndarray:
        """Related: the same programs in the same studio. Not: another studio or other programs."""
        return self._same_instruments(_same(self.table["studio"]))

    def _same_instruments(self, place: np.ndarray) -> np.ndarray:
        shared = _shares(self.table["programs"])
        same = place & _same(self.table["programs"])
        return np.where(same, 1, np.where(~place | ~shared, -1, 0)) * ~self.composition

    def _rhythm(self) -> np.ndarray:
        """Related: alike in when within the beats, and how long after one another, notes begin."""
        alike = profile_similarity(self.profiles)
        relation = np.where(alike >= _ALIKE, 1, np.where(alike <= _UNLIKE, -1, 0))
        return relation * ~self.composition

    def _composition(self) -> np.ndarray:
        """Related: another performance of the same score, in another tempo, key and sound."""
        return np.where(self.composition, 1, -1) * ~self.performance

    def _track(self) -> np.ndarray:
        """Related: another section of the same track. Not: another track, of this song or not."""
        stems = self.is_stem[:, None] & self.is_stem
        same = self.performance & self.track
        other_song = ~self.composition
        other_track = self.performance & ~self.track
        return np.where(same, 1, np.where(other_song | other_track, -1, 0)) * stems

    def _complementarity(self) -> np.ndarray:
        """Related: another instrument's track that sounds at the same time.

        Not: a track of another song of other instruments, in the same tempo and key.
        """
        stems = self.is_stem[:, None] & self.is_stem & ~_shares(self.table["instrument"])
        together = self.performance & self.section & ~self.track
        elsewhere = ~self.composition & self.matched
        return np.where(together, 1, np.where(elsewhere, -1, 0)) * stems

    def _consecutiveness(self) -> np.ndarray:
        """Related: neighbouring sections of a mix or a track.

        Not: a section further away, and one of another song in the same tempo and key.
        """
        number = self.table["section"].to_numpy(dtype=int)
        apart = np.abs(number[:, None] - number)
        alike = self.is_stem[:, None] == self.is_stem
        inside = self.performance & self.track
        related = inside & (apart == 1)
        unrelated = (inside & (apart > 1)) | (~self.composition & self.matched & alike)
        return np.where(related, 1, np.where(unrelated, -1, 0))


def onset_profiles(
    notes: list[np.ndarray], bpm: np.ndarray, *, per_beat: int = _PER_BEAT, beats: int = _BEATS
) -> np.ndarray:
    """Return when within four beats notes begin, and how long after one another.

    Parameters
    ----------
    notes
        Of n pieces, each float [notes, 6], in seconds.
    bpm
        Their tempi, float [n].

    Returns
    -------
    float32 [n, 2, 48]: shares, in steps of a twelfth of a beat.
    """
    size = per_beat * beats
    profiles = np.zeros((len(notes), 2, size), np.float32)
    for row, (table, tempo) in enumerate(zip(notes, bpm, strict=True)):
        steps = np.unique(np.round(table[:, 0] * tempo / 60.0 * per_beat).astype(int))
        gaps = np.clip(np.diff(steps), 1, size - 1)
        profiles[row, 0] = np.bincount(steps % size, minlength=size)
        profiles[row, 1] = np.bincount(gaps, minlength=size)
    return profiles / np.maximum(profiles.sum(axis=2, keepdims=True), 1.0)


def profile_similarity(profiles: np.ndarray) -> np.ndarray:
    """Return how alike onset profiles are, wherever a bar begins, float [n, n] from 0 to 1."""
    unit = profiles / (np.linalg.norm(profiles, axis=2, keepdims=True) + 1e-9)
    spectra = np.fft.rfft(unit[:, 0], axis=1)
    size = profiles.shape[2]
    turned = np.zeros((len(unit), len(unit)))
    for shift in range(0, size, _PER_BEAT):  # bars begin with a beat
        turn = np.exp(-2j * np.pi * shift * np.arange(spectra.shape[1]) / size)
        moved = np.fft.irfft(spectra * turn, size, axis=1)
        turned = np.maximum(turned, unit[:, 0] @ moved.T)
    gaps = unit[:, 1] @ unit[:, 1].T
    return np.asarray(0.5 * turned + 0.5 * gaps)


def _same(column: pd.Series) -> np.ndarray:
    codes = pd.factorize(column)[0]
    return codes[:, None] == codes


def _shares(column: pd.Series) -> np.ndarray:
    """Say of every pair whether its values, separated by bars, have one in common."""
    has = column.astype(str).str.get_dummies("|").to_numpy(dtype=np.float32)
    return has @ has.T > 0
