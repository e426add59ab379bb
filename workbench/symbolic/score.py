"""A score as one array of notes, with its tracks, tempo map, metre map and bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from workbench.symbolic.maps import quarters_at, seconds_at

NOTE = np.dtype(
    [
        ("onset", np.float64),
        ("duration", np.float64),
        ("onset_s", np.float64),
        ("duration_s", np.float64),
        ("pitch", np.int16),
        ("velocity", np.int16),
        ("track", np.int32),
    ]
)
_SAME_MOMENT = 1e-6  # quarters: files write thirds with few digits


@dataclass(frozen=True)
class Track:
    """One instrument of a score: its name, General MIDI program 0 to 127, and if it drums."""

    name: str = ""
    program: int = 0
    is_drum: bool = False


@dataclass(frozen=True, eq=False)
class Score:
    """The notes of a score and what tells their time; made by `assemble.assemble`.

    Attributes
    ----------
    notes : NOTE [n]
        In the order of onset, pitch and track: `onset` and `duration` in quarters from the start,
        `onset_s` and `duration_s` in seconds, `pitch` and `velocity` as MIDI numbers, and `track`,
        a place in `tracks`. Every duration is above zero.
    tracks
        The instruments.
    tempi : float64 [t, 2]
        (quarter, quarters per minute), the first at quarter 0.
    metres : float64 [m, 3]
        (quarter, numerator, denominator), the first at quarter 0.
    keys : float64 [k, 2]
        (quarter, sharps), sharps negative for flats; may be empty.
    bars : float64 [b + 1, 2]
        Where bars begin, (quarter, second), and in the last row where the last one ends.
    doubts
        What could not be read or was left out, a sentence each.
    title, composer
        As the file says, empty where it does not.
    """

    notes: np.ndarray
    tracks: tuple[Track, ...]
    tempi: np.ndarray
    metres: np.ndarray
    keys: np.ndarray
    bars: np.ndarray
    doubts: tuple[str, ...] = field(default=())
    title: str = ""
    composer: str = ""

    def __len__(self) -> int:
        return len(self.notes)

    @property
    def end_s(self) -> float:
        """When the last note ends, in seconds; 0 without notes."""
        return float((self.notes["onset_s"] + self.notes["duration_s"]).max(initial=0.0))

    @property
    def bar_count(self) -> int:
        """How many bars there are, a pickup counted."""
        return len(self.bars) - 1

    @property
    def has_pickup(self) -> bool:
        """Whether the first bar is shorter than its metre."""
        _, numerator, denominator = self.metres[0]
        first = self.bars[1, 0] - self.bars[0, 0]
        return self.bar_count > 1 and bool(first < numerator * 4.0 / denominator - _SAME_MOMENT)

    def seconds_of(self, quarters: np.ndarray | float) -> np.ndarray:
        """Return the seconds at which quarters fall, in the shape they come in."""
        return seconds_at(np.asarray(quarters, dtype=np.float64), self.tempi)

    def quarters_of(self, seconds: np.ndarray | float) -> np.ndarray:
        """Return the quarters at which seconds fall, in the shape they come in."""
        return quarters_at(np.asarray(seconds, dtype=np.float64), self.tempi)

    def bar_numbers(self) -> np.ndarray:
        """Return the bar in which each note begins, int [n], counted from 0."""
        places = np.searchsorted(self.bars[:, 0], self.notes["onset"] + _SAME_MOMENT, "right")
        return np.clip(places - 1, 0, self.bar_count - 1)

    def track(self, number: int) -> Score:
        """Return one track with the same maps and bars.

        Raises
        ------
        IndexError
            If there is no such track.
        """
        return self.only_tracks([number])

    def only_tracks(self, numbers: Sequence[int]) -> Score:
        """Return some of the tracks, in the order given, with the same maps and bars.

        Raises
        ------
        IndexError
            If there is no such track.
        """
        for number in numbers:
            if not 0 <= number < len(self.tracks):
                raise IndexError(f"there is no track {number} among {len(self.tracks)}")
        return self._with_tracks(list(numbers))

    @property
    def tonal(self) -> Score:
        """The tracks whose pitches are pitches."""
        return self._with_tracks([i for i, track in enumerate(self.tracks) if not track.is_drum])

    @property
    def drums(self) -> Score:
        """The tracks whose pitches are drum sounds."""
        return self._with_tracks([i for i, track in enumerate(self.tracks) if track.is_drum])

    def bar(self, number: int, *, held: bool = False) -> Score:
        """Return one bar, counted from 0, as `span` does.

        Raises
        ------
        IndexError
            If there is no such bar.
        """
        if not 0 <= number < self.bar_count:
            raise IndexError(f"there is no bar {number} among {self.bar_count}")
        return self._between(*self.bars[number : number + 2, 0], held=held)

    def span(self, start_s: float, end_s: float, *, held: bool = False) -> Score:
        """Return what is played between two moments, moved to the start.

        Parameters
        ----------
        start_s, end_s
            In seconds. Notes are cut at the end, and a bar line stands at both.
        held
            Also keep notes that were struck before and sound on. They are left out by default: a
            performance that binds its notes would give every bar a few splinters of the one before.

        Raises
        ------
        ValueError
            If the span has no length.
        """
        if not start_s < end_s:
            raise ValueError(f"a span ends after it begins, not {start_s} to {end_s} s")
        start, end = self.quarters_of(np.array([start_s, end_s]))
        return self._between(float(start), float(end), held=held)

    def pitch_class_weights(self) -> np.ndarray:
        """Return the share of sounding time of the twelve pitch classes from C, float [12]."""
        classes = self.notes["pitch"] % 12
        weights = np.bincount(classes, weights=self.notes["duration_s"], minlength=12)
        return weights / max(weights.sum(), 1e-12)

    def onset_rate(self) -> float:
        """Return how many distinct moments per second have an onset (notes struck together: 1)."""
        if len(self) == 0:
            return 0.0
        moments = np.unique(np.round(self.notes["onset_s"], 3))
        return len(moments) / max(self.end_s - float(moments[0]), 1e-6)

    def _with_tracks(self, kept: list[int]) -> Score:
        place = np.full(len(self.tracks), -1, dtype=np.int32)
        place[kept] = np.arange(len(kept))
        notes = self.notes[place[self.notes["track"]] >= 0].copy()
        notes["track"] = place[notes["track"]]
        notes.setflags(write=False)
        return replace(self, notes=notes, tracks=tuple(self.tracks[i] for i in kept))

    def _between(self, start: float, end: float, *, held: bool) -> Score:
        begin = self.notes["onset"] + _SAME_MOMENT
        kept = (begin >= start) & (begin < end)
        if held:
            kept |= (begin < start) & (self.notes["onset"] + self.notes["duration"] > start)
        notes = self.notes[kept].copy()
        stop = np.minimum(notes["onset"] + notes["duration"], end)
        notes["onset"] = np.maximum(notes["onset"], start)
        notes["duration"] = stop - notes["onset"]
        offset = float(self.seconds_of(start))
        notes["onset_s"] = self.seconds_of(notes["onset"]) - offset
        notes["duration_s"] = self.seconds_of(stop) - offset - notes["onset_s"]
        notes["onset"] -= start
        notes = notes[np.lexsort((notes["track"], notes["pitch"], notes["onset"]))]
        notes.setflags(write=False)
        inside = self.bars[:, 0]
        inside = inside[(inside > start + _SAME_MOMENT) & (inside < end - _SAME_MOMENT)]
        edges = np.concatenate([[start], inside, [end]])
        return replace(
            self,
            notes=notes,
            tempi=_rows_from(self.tempi, start, end),
            metres=_rows_from(self.metres, start, end),
            keys=_rows_from(self.keys, start, end),
            bars=np.column_stack([edges - start, self.seconds_of(edges) - offset]),
        )


def _rows_from(rows: np.ndarray, start: float, end: float) -> np.ndarray:
    """Return the row in force at `start`, moved to quarter 0, and those that follow before `end`.

    The first column holds the quarter.
    """
    current = np.flatnonzero(rows[:, 0] <= start + _SAME_MOMENT)[-1:]
    later = np.flatnonzero((rows[:, 0] > start + _SAME_MOMENT) & (rows[:, 0] < end))
    kept = rows[np.concatenate([current, later])].copy()
    kept[:, 0] = np.maximum(kept[:, 0] - start, 0.0)
    return kept
