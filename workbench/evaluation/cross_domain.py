"""Scores of relations within and across domains, and finding a recording by its score.

Metrics
-------
`relation_scores`
    The share of triplets, of one relation, whose related item is nearer to the anchor.
`recall_at`
    How often an item's own counterpart is among the nearest k of all.
`ranks_of_own`
    At which place it is.
"""

from __future__ import annotations

import numpy as np

from workbench.evaluation.scores import Score
from workbench.subspaces.triplets import sample_triplets

TRIPLETS = 1000


def relation_scores(
    anchors: np.ndarray, others: np.ndarray, relation: np.ndarray, *, seed: int = 0
) -> Score:
    """Return how many triplets are answered rightly.

    Parameters
    ----------
    anchors, others
        The same items, the anchors in one domain and what they are compared with in the same or
        another one; unit vectors, float [n, d].
    relation
        int8 [n, n] of anchors to others: 1 related, -1 not, 0 unknown.
    seed
        Chooses at most 1,000 triplets.
    """
    triplets = sample_triplets(relation, TRIPLETS, np.random.default_rng(seed))
    anchor, near, far = triplets.rows.T
    closer = (anchors[anchor] * others[near]).sum(1) - (anchors[anchor] * others[far]).sum(1)
    return Score(int((closer > 0).sum()), len(triplets))


def ranks_of_own(queries: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Return the place of each query's counterpart among all targets, int [n], the best is 1.

    Parameters
    ----------
    queries, targets
        Row i of one belongs to row i of the other; [n, ...], compared by their inner product.
        Of equally near targets the counterpart comes last.
    """
    size = int(np.prod(queries.shape[1:]))
    similarity = queries.reshape(-1, size) @ targets.reshape(-1, size).T
    own = np.diagonal(similarity)
    return np.asarray((similarity >= own[:, None]).sum(axis=1))


def recall_at(queries: np.ndarray, targets: np.ndarray, k: int) -> Score:
    """Return how many queries have their counterpart among the nearest k; see `ranks_of_own`."""
    ranks = ranks_of_own(queries, targets)
    return Score(int((ranks <= k).sum()), len(ranks))
