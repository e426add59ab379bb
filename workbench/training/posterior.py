"""What answers leave open about a head: a distribution over its gains, not one best value.

A head's *gains* are one factor per column of the encoder's vector. Their logarithms are normal
before any answer, and after some are taken for normal again, around the values that fit best
(Laplace's method; MacKay 1992, *A practical Bayesian framework for backpropagation networks*).
Directions in which no answer has said anything stay as uncertain as they were; an ensemble fitted
to resampled answers would agree on them, since all its members stay at the start there.

It is NumPy alone and takes a fraction of a second, so that it can run beside a page.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workbench.subspaces.triplets import Triplets
from workbench.training.fit import TEMPERATURE

SPREAD = 0.5  # of the logarithm of a gain before any answer
ERROR = 0.05  # answers given against the distance, however large it is
_STEPS = 6
_LONGEST_STEP, _STANDS_STILL = 1.0, 0.03  # of a logarithm
_FLAT = 1e-4  # an answer that seems impossible still counts this much


@dataclass(frozen=True)
class GainPosterior:
    """A normal distribution over the logarithms of D gains.

    Attributes
    ----------
    mean : float64 [D]
        The gains that fit best.
    root : float64 [D, D]
        Lower triangular; root @ root.T is the inverse of the covariance.
    """

    mean: np.ndarray
    root: np.ndarray

    def draw(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """Return draws from the distribution, float32 [count, D]."""
        noise = rng.normal(size=(len(self.mean), count))
        drawn = self.mean[:, None] + np.linalg.solve(self.root.T, noise)
        return drawn.T.astype(np.float32)


def fit_gains(
    weight: np.ndarray,
    x: np.ndarray,
    triplets: Triplets,
    votes: np.ndarray,
    *,
    spread: float = SPREAD,
    error: float = ERROR,
) -> GainPosterior:
    """Return what the answers say about the gains of a linear head.

    Parameters
    ----------
    weight
        The head to start from, float32 [d, D].
    x
        Normalised vectors of the items, float32 [n, D].
    triplets
        Triplets of these items with the share of answers for a.
    votes
        How many answers each triplet got, float [t].
    spread
        Standard deviation of the logarithm of each gain before any answer.
    error
        How often a rater says the opposite of what is heard, whatever the distances.
    """
    mean = np.zeros(weight.shape[1])
    tightness = np.eye(len(mean)) / spread**2
    if not len(triplets):
        return GainPosterior(mean, np.linalg.cholesky(tightness))
    for _ in range(_STEPS):
        margin, slope = margins_and_slopes(weight, x, mean, triplets.rows)
        push, pull = _push_and_pull(margin, triplets.share, votes, error)
        precision = tightness + (slope.T @ (slope * pull[:, None])).astype(np.float64)
        step = np.linalg.solve(precision, slope.T @ push - mean / spread**2)
        longest = np.abs(step).max()
        mean = mean + step * min(1.0, _LONGEST_STEP / longest)
        if longest < _STANDS_STILL:
            break
    return GainPosterior(mean, np.linalg.cholesky(precision))


def margins_and_slopes(
    weight: np.ndarray, x: np.ndarray, log_gains: np.ndarray, rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return how much closer a is than b, and how that changes with the gains.

    Returns
    -------
    margin : float32 [t]
        The squared distance from the anchor to b minus that to a, of unit vectors.
    slope : float32 [t, D]
        Its derivatives by the logarithms of the gains.
    """
    items, places = np.unique(rows, return_inverse=True)
    anchor, a, b = places.reshape(rows.shape).T
    scaled = x[items] * np.exp(log_gains).astype(np.float32)
    u = scaled @ weight.T
    length = np.sqrt((u * u).sum(1, keepdims=True) + 1e-12)
    y = u / length
    to_a = (y[anchor] * y[a]).sum(1, keepdims=True)
    to_b = (y[anchor] * y[b]).sum(1, keepdims=True)

    def back(change: np.ndarray, of: np.ndarray) -> np.ndarray:
        """Return what a change of unit vectors means for the gains, through their length."""
        return ((change / length[of]) @ weight) * scaled[of]

    slope = back(y[a] - y[b] - (to_a - to_b) * y[anchor], anchor)
    slope += back(y[anchor] - to_a * y[a], a)
    slope -= back(y[anchor] - to_b * y[b], b)
    return 2 * (to_a - to_b)[:, 0], 2 * slope


def chance_of_a(margin: np.ndarray, *, error: float = ERROR) -> np.ndarray:
    """Return the chance that a rater finds a closer, given by how much it is (any shape)."""
    heard = 1 / (1 + np.exp(-np.clip(TEMPERATURE * margin, -30, 30)))
    return error + (1 - 2 * error) * heard


def _push_and_pull(
    margin: np.ndarray, share: np.ndarray, votes: np.ndarray, error: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return slope and expected curvature of the log likelihood by the margins, [t] each.

    An answer far from what is expected is more likely an error than a discovery: its push fades.
    """
    expected = chance_of_a(margin, error=error)
    heard = (expected - error) / (1 - 2 * error)
    rise = (1 - 2 * error) * TEMPERATURE * heard * (1 - heard)
    variance = expected * (1 - expected)
    push = votes * (share - expected) * rise / variance
    return push, np.maximum(votes * rise**2 / variance, _FLAT)
