"""Scores as k/n with a 95 % interval, and paired comparisons.

Conventions
-----------
A score counts right answers: k of n. Its interval is Wilson's (1927), which stays within 0 and 1
and is honest for small n. Two models are compared on the same triplets by the exact form of
McNemar's test (1947): only triplets on which they differ say anything. Several comparisons at once
are corrected by Holm's method (1979). Both take triplets for independent, and triplets that share
an anchor are not: `grouped_p_value` counts anchors instead.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

_Name = TypeVar("_Name", bound=Hashable)
_FLIPS = 10_000  # random sign flips where there are too many groups to try all
_AT_ONCE = 500  # of these: all of them would fill a page's memory
_Z = 1.959963984540054  # the normal quantile of a 95 % interval


def wilson_interval(share: float, n: float) -> tuple[float, float]:
    """Return the 95 % interval of a share of `n` independent answers (Wilson 1927).

    Examples
    --------
    >>> low, high = wilson_interval(0.5, 100)
    >>> round(low, 3), round(high, 3)
    (0.404, 0.596)
    """
    z2 = _Z**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return max(0.0, min(share, centre - half)), min(1.0, max(share, centre + half))


@dataclass(frozen=True)
class Score:
    """`k` right answers of `n`."""

    k: int = 0
    n: int = 0

    @property
    def value(self) -> float | None:
        """The proportion, None when nothing was asked."""
        return self.k / self.n if self.n else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson's 95 % interval, None when nothing was asked.

        Examples
        --------
        >>> low, high = Score(357, 426).interval
        >>> round(low, 3), round(high, 3)
        (0.8, 0.87)
        """
        return wilson_interval(self.k / self.n, self.n) if self.n else None

    def __add__(self, other: Score) -> Score:
        """Pool two scores."""
        return Score(self.k + other.k, self.n + other.n)

    def as_dict(self) -> dict[str, Any]:
        """Return k, n, score, low and high as plain numbers."""
        low, high = self.interval or (None, None)
        return {"k": self.k, "n": self.n, "score": self.value, "low": low, "high": high}

    def __str__(self) -> str:
        """Say the score as people read it: ``0.838 [0.800, 0.870] (357/426)``."""
        if self.interval is None:
            return "no triplets"
        low, high = self.interval
        return f"{self.value:.3f} [{low:.3f}, {high:.3f}] ({self.k}/{self.n})"


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % interval; NaN where there is nothing to say."""

    value: float
    low: float
    high: float

    def as_dict(self) -> dict[str, float | None]:
        """Return value, low and high as plain numbers, None for NaN."""
        named = {"value": self.value, "low": self.low, "high": self.high}
        return {name: None if np.isnan(found) else found for name, found in named.items()}

    def __str__(self) -> str:
        """Say it as people read it: ``0.838 [0.800, 0.870]``."""
        if np.isnan(self.value):
            return "nothing to score"
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def count_right(right: np.ndarray) -> Score:
    """Return the score of a boolean array of answers."""
    return Score(int(np.count_nonzero(right)), int(right.size))


def paired_p_value(first: np.ndarray, second: np.ndarray) -> float:
    """Return the two-sided p value of McNemar's exact test.

    Parameters
    ----------
    first, second
        Whether each model was right, bool [n], on the same triplets.

    Examples
    --------
    >>> import numpy as np
    >>> better, worse = np.ones(10, bool), np.r_[np.zeros(8, bool), np.ones(2, bool)]
    >>> round(paired_p_value(better, worse), 4)
    0.0078
    """
    gained = int(np.count_nonzero(second & ~first))
    lost = int(np.count_nonzero(first & ~second))
    differing = gained + lost
    # At one half the binomial is symmetric; whole numbers keep it exact and spare pages scipy.
    tail = sum(math.comb(differing, k) for k in range(min(gained, lost) + 1))
    return min(1.0, 2 * tail / 2**differing)


def paired_difference(first: np.ndarray, second: np.ndarray) -> Estimate:
    """Return by how much the second's score is higher, with a 95 % interval, -1 to 1.

    The interval is Wald's with one half added to each of the four counts (Agresti and Min 2005),
    which keeps its promise for small n too; like McNemar's test it takes triplets for independent.

    Parameters
    ----------
    first, second
        Whether each model was right, bool [n], on the same triplets.

    Examples
    --------
    >>> import numpy as np
    >>> str(paired_difference(np.array([True, False, False]), np.array([False, True, True])))
    '0.333 [-0.564, 0.964]'
    """
    n = int(first.size)
    if not n:
        return Estimate(math.nan, math.nan, math.nan)
    gained = int(np.count_nonzero(second & ~first)) + 0.5
    lost = int(np.count_nonzero(first & ~second)) + 0.5
    centre = (gained - lost) / (n + 2)
    half = _Z * math.sqrt(gained + lost - (gained - lost) ** 2 / (n + 2)) / (n + 2)
    return Estimate((gained - lost) / n, max(-1.0, centre - half), min(1.0, centre + half))


def grouped_p_value(
    first: np.ndarray, second: np.ndarray, groups: np.ndarray, *, seed: int = 0
) -> float:
    """Return the two-sided p value of a paired test that counts groups, not triplets.

    Triplets that share an anchor rise and fall together. Here each group's gain (its triplets
    gained less those lost) keeps its size and may change its sign by chance: a randomisation test,
    over all sign patterns of up to 13 groups that differ and 10,000 random ones beyond.

    Parameters
    ----------
    first, second
        Whether each model was right, bool [n], on the same triplets.
    groups
        The group of each triplet, such as its anchor's song, int [n].
    seed
        Draws the random patterns.

    Examples
    --------
    >>> import numpy as np
    >>> worse, better = np.zeros(12, bool), np.ones(12, bool)
    >>> grouped_p_value(worse, better, np.zeros(12, int))  # one anchor says nothing
    1.0
    >>> grouped_p_value(worse, better, np.arange(12) // 2)  # six anchors
    0.03125
    """
    _, member = np.unique(groups, return_inverse=True)
    gains = np.bincount(member.reshape(-1), weights=second.astype(float) - first.astype(float))
    gains = gains[gains != 0]
    count, observed = len(gains), abs(gains.sum())
    if 2**count <= _FLIPS:
        signs = 1 - 2 * ((np.arange(2**count)[:, None] >> np.arange(count)) & 1)
        return float(np.mean(np.abs(signs @ gains) >= observed))
    rng = np.random.default_rng(seed)
    extreme = 0
    for _ in range(0, _FLIPS, _AT_ONCE):
        signs = rng.choice(np.array([-1.0, 1.0]), size=(_AT_ONCE, count))
        extreme += int(np.count_nonzero(np.abs(signs @ gains) >= observed))
    return float((extreme + 1) / (_FLIPS + 1))


def compare(
    first: np.ndarray, second: np.ndarray, *, groups: np.ndarray | None = None
) -> dict[str, Any]:
    """Return what `second` gains over `first` on the same triplets, as plain numbers.

    Parameters
    ----------
    first, second
        Whether each model was right, bool [n].
    groups
        The group of each triplet for the stricter test, int [n].

    Returns
    -------
    ``n``; ``gained`` and ``lost`` (triplets right with the second alone and with the first
    alone); ``p`` of McNemar's exact test; with groups ``p_grouped``.

    Examples
    --------
    >>> import numpy as np
    >>> compare(np.array([True, False, False]), np.array([False, True, True]))
    {'n': 3, 'gained': 2, 'lost': 1, 'p': 1.0}
    """
    found: dict[str, Any] = {
        "n": int(first.size),
        "gained": int(np.count_nonzero(second & ~first)),
        "lost": int(np.count_nonzero(first & ~second)),
        "p": paired_p_value(first, second),
    }
    if groups is not None:
        found["p_grouped"] = grouped_p_value(first, second, groups)
    return found


def holm(p_values: Mapping[_Name, float]) -> dict[_Name, float]:
    """Return p values corrected for being several, by Holm's step-down method (1979).

    Examples
    --------
    >>> holm({"genre": 0.01, "tempo": 0.04, "key": 0.03})
    {'genre': 0.03, 'tempo': 0.06, 'key': 0.06}
    """
    ordered = sorted(p_values, key=lambda name: p_values[name])
    corrected: dict[_Name, float] = {}
    highest = 0.0
    for place, name in enumerate(ordered):
        highest = max(highest, min(1.0, (len(ordered) - place) * p_values[name]))
        corrected[name] = highest
    return {name: corrected[name] for name in p_values}
