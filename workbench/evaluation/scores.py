"""Scores as k/n with a 95 % interval, and paired comparisons.

Conventions
-----------
A score counts right answers: k of n. Its interval is Wilson's (1927), which stays within 0 and 1
and is honest for small n. Two models are compared on the same triplets by the exact form of
McNemar's test (1947): only triplets on which they differ say anything.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

_Z = 1.959963984540054  # the normal quantile of a 95 % interval


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
        if not self.n:
            return None
        p, n, z2 = self.k / self.n, self.n, _Z**2
        centre = (p + z2 / (2 * n)) / (1 + z2 / n)
        half = _Z / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
        return max(0.0, min(p, centre - half)), min(1.0, max(p, centre + half))

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
    from scipy.stats import binomtest

    gained = int(np.count_nonzero(second & ~first))
    lost = int(np.count_nonzero(first & ~second))
    return float(binomtest(gained, gained + lost).pvalue) if gained + lost else 1.0
