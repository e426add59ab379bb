"""Right or wrong: whether vectors agree with the answer to a triplet.

Conventions
-----------
Section 4.1 of Ribecky et al. 2021: an answer is right when the Euclidean distance from anchor to
positive is smaller than that from anchor to negative. Ties count as wrong. Subspace vectors have
unit length, so Euclidean and cosine distance agree; on other vectors either may be asked for.
"""

from __future__ import annotations

import numpy as np

from workbench.errors import UnknownNameError
from workbench.subspaces.triplets import Triplets

DISTANCES = ("euclidean", "cosine")


def check_distance(distance: str) -> None:
    """Refuse a distance there is not."""
    if distance not in DISTANCES:
        raise UnknownNameError(
            f"There is no distance {distance!r}; choose one of {', '.join(DISTANCES)}."
        )


def distances(
    vectors: np.ndarray, triplets: Triplets, *, distance: str = "euclidean"
) -> tuple[np.ndarray, np.ndarray]:
    """Return the distances from each anchor to a and to b, float64 [t] twice.

    Parameters
    ----------
    vectors
        float32 [n, d]
    triplets
        Rows refer to `vectors`.
    distance
        ``euclidean`` as in the paper's test, or ``cosine`` as in its training; a vector of zeros
        is at cosine distance 1 from all.
    """
    check_distance(distance)
    x = np.asarray(vectors, dtype=np.float64)
    if distance == "cosine":
        x = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
    anchor, a, b = (x[triplets.rows[:, i]] for i in range(3))
    if distance == "cosine":
        return 1 - np.einsum("td,td->t", anchor, a), 1 - np.einsum("td,td->t", anchor, b)
    return np.linalg.norm(anchor - a, axis=1), np.linalg.norm(anchor - b, axis=1)


def margins(vectors: np.ndarray, triplets: Triplets, *, distance: str = "euclidean") -> np.ndarray:
    """Return how much further the other candidate is than the closer one, float64 [t].

    An answer is right where it is above 0. Vectors of unit length are at most 2 apart.

    Parameters
    ----------
    vectors, triplets, distance
        As for `distances`; which candidate is closer is what most raters or tags say.
    """
    to_a, to_b = distances(vectors, triplets, distance=distance)
    return np.where(triplets.share > 0.5, to_b - to_a, to_a - to_b)


def closer_first(triplets: Triplets) -> np.ndarray:
    """Return rows of the anchor, the closer candidate and the other one, int64 [t, 3]."""
    turned = np.where((triplets.share > 0.5)[:, None], [[0, 1, 2]], [[0, 2, 1]])
    return np.take_along_axis(triplets.rows, turned, axis=1)


def is_right(to_a: np.ndarray, to_b: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Return whether distances agree with raters, bool [t]; a tie of either agrees with nobody."""
    return np.where(share > 0.5, to_a < to_b, (to_b < to_a) & (share < 0.5))


def answers(vectors: np.ndarray, triplets: Triplets, *, distance: str = "euclidean") -> np.ndarray:
    """Return whether each triplet is answered as the raters or tags say, bool [t].

    Parameters
    ----------
    vectors
        Subspace vectors, float32 [n, d].
    triplets
        Rows refer to `vectors`; where raters are evenly split no answer is right.
    distance
        ``euclidean`` or ``cosine``.
    """
    return is_right(*distances(vectors, triplets, distance=distance), triplets.share)
