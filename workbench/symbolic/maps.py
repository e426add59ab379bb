"""Tempo and metre maps: from quarters to seconds and back, and where the bars are."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

BPM = 120.0  # what a MIDI file that names no tempo is played at
METRE = (4, 4)
_SLOWEST, _FASTEST = 1.0, 10_000.0
_LONGEST_METRE = 256
MOST_BARS = 100_000


class TooManyBarsError(ValueError):
    """A metre map divides a score into more bars than anybody writes."""


def tempo_map(rows: Iterable[tuple[float, float]]) -> tuple[np.ndarray, int]:
    """Return tempi in order from quarter 0, and how many rows made no sense.

    Parameters
    ----------
    rows
        (quarter, quarters per minute). Of several at one quarter the last counts.

    Returns
    -------
    tempi : float64 [t, 2]
        At least one row, the first at quarter 0.
    unusable : int
        Rows with a tempo that nobody plays, or a time before the start.
    """
    kept, unusable = {}, 0
    for quarter, bpm in rows:
        if np.isfinite(quarter) and quarter >= 0 and _SLOWEST <= bpm <= _FASTEST:
            kept[float(quarter)] = float(bpm)
        else:
            unusable += 1
    kept.setdefault(0.0, BPM)
    return np.array(sorted(kept.items()), dtype=np.float64), unusable


def metre_map(rows: Iterable[tuple[float, float, float]]) -> tuple[np.ndarray, int]:
    """Return metres in order from quarter 0, and how many rows made no sense.

    Parameters
    ----------
    rows
        (quarter, numerator, denominator). Of several at one quarter the last counts.

    Returns
    -------
    metres : float64 [m, 3]
        At least one row, the first at quarter 0.
    unusable : int
        Rows whose metre is none, such as 4/0, or that stand before the start.
    """
    kept, unusable = {}, 0
    for quarter, numerator, denominator in rows:
        fits = 1 <= numerator <= _LONGEST_METRE and denominator in (1, 2, 4, 8, 16, 32, 64)
        if fits and np.isfinite(quarter) and quarter >= 0:
            kept[float(quarter)] = (float(numerator), float(denominator))
        else:
            unusable += 1
    kept.setdefault(0.0, (float(METRE[0]), float(METRE[1])))
    return np.array([(q, *m) for q, m in sorted(kept.items())], dtype=np.float64), unusable


def seconds_at(quarters: np.ndarray, tempi: np.ndarray) -> np.ndarray:
    """Return the seconds at which quarters fall, both of shape (n,), by tempi [t, 2]."""
    starts = _tempo_seconds(tempi)
    row = np.clip(np.searchsorted(tempi[:, 0], quarters, side="right") - 1, 0, None)
    return starts[row] + (quarters - tempi[row, 0]) * 60.0 / tempi[row, 1]


def quarters_at(seconds: np.ndarray, tempi: np.ndarray) -> np.ndarray:
    """Return the quarters at which seconds fall, both of shape (n,), by tempi [t, 2]."""
    starts = _tempo_seconds(tempi)
    row = np.clip(np.searchsorted(starts, seconds, side="right") - 1, 0, None)
    return tempi[row, 0] + (seconds - starts[row]) * tempi[row, 1] / 60.0


def _tempo_seconds(tempi: np.ndarray) -> np.ndarray:
    """Return when each tempo begins, in seconds [t]."""
    lengths = np.diff(tempi[:, 0]) * 60.0 / tempi[:-1, 1]
    return np.concatenate([[0.0], np.cumsum(lengths)])


def bar_edges(metres: np.ndarray, end: float, *, pickup: float = 0.0) -> np.ndarray:
    """Return where bars begin, and after them where the last one ends.

    A change of metre begins a bar, so that the one before it may be short.

    Parameters
    ----------
    metres
        As `metre_map` gives them, [m, 3].
    end
        The quarter that the last bar has to reach.
    pickup
        How many quarters come before the first whole bar; they are a bar of their own.

    Returns
    -------
    float64 [b + 1]
        In quarters, rising; b is at least 1.

    Raises
    ------
    TooManyBarsError
        If there were more than `MOST_BARS`.
    """
    begins = np.append(metres[:, 0], np.inf)
    starts = [np.zeros(1)] if pickup > 0 else []
    count = 0
    for number, (begin, numerator, denominator) in enumerate(metres):
        begin = max(begin, pickup)
        length = numerator * 4.0 / denominator
        stop = min(begins[number + 1], max(end, pickup))
        # The ends of two notes that are meant to be one moment may differ in the last digits.
        bars = int(np.ceil((stop - begin) / length - 1e-6))
        count += max(bars, 0)
        if count > MOST_BARS:
            raise TooManyBarsError(f"more than {MOST_BARS:,} bars")
        if bars > 0:
            starts.append(begin + length * np.arange(bars))
            last = begin + length * bars
    if not starts:
        return np.array([0.0, metres[0, 1] * 4.0 / metres[0, 2]])
    edges = np.concatenate(starts)
    return np.append(edges, last if count else max(pickup, end))
