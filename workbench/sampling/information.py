"""How much an answer would tell, in bits, from the chances that an ensemble gives it.

Every function takes chances of shape [t, heads]: of each triplet, each head's chance that a rater
finds a closer.
"""

from __future__ import annotations

import numpy as np


def binary_entropy(chance: np.ndarray) -> np.ndarray:
    """Return the entropy of an answer whose chance is given, in bits, of the same shape.

    Examples
    --------
    >>> binary_entropy(np.array([0.0, 0.5, 1.0])).round(2).tolist()
    [0.0, 1.0, 0.0]
    """
    p = np.clip(np.asarray(chance, dtype=np.float64), 1e-12, 1 - 1e-12)
    return -(p * np.log2(p) + (1 - p) * np.log2(1 - p))


def uncertainty(chances: np.ndarray) -> np.ndarray:
    """Return how open each answer is: the entropy of the heads' mean chance, in bits, [t]."""
    return binary_entropy(chances.mean(axis=1))


def information_gain(chances: np.ndarray) -> np.ndarray:
    """Return what each answer would tell about which head is right, in bits, [t].

    The entropy of the mean chance minus the mean entropy (Houlsby et al. 2011, *Bayesian active
    learning for classification and preference learning*): a triplet that every head calls a toss-up
    is open and tells nothing; one on which certain heads contradict each other tells most.
    """
    gain = uncertainty(chances) - binary_entropy(chances).mean(axis=1)
    return np.maximum(gain, 0.0)


def likeness(chances: np.ndarray, chosen: int) -> np.ndarray:
    """Return how much of each triplet's answer the chosen one's would tell already, 0 to 1, [t].

    The squared correlation, over the heads, of their chances: where those who expect a in one
    triplet are those who expect a in the other, or those who expect b, one answer stands for both.
    """
    spread = chances - chances.mean(axis=1, keepdims=True)
    size = np.sqrt((spread**2).sum(axis=1))
    return (spread @ spread[chosen] / np.maximum(size * size[chosen], 1e-12)) ** 2
