"""Leakage: how well the subspace of one dimension answers the triplets of another.

Metrics
-------
`leakage`
    Every subspace on the triplets of every dimension. The diagonal should be high; off the
    diagonal 0.5 means that nothing leaked. A value above it may also show that the two dimensions
    vary together in the catalogue.
`strict_leakage`
    The same on triplets in which the tags of the subspace's own dimension are no help: what is
    above 0.5 here does not come from dimensions that vary together.
`off_diagonal_mean`
    One number for a table.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from workbench.evaluation.answers import answers
from workbench.evaluation.scores import Score, count_right
from workbench.subspaces.triplets import NO_TRIPLETS, Triplets, sample_triplets

TRIPLETS_PER_CELL = 500


def leakage(
    vectors: np.ndarray,
    blocks: Mapping[str, slice],
    triplets: Mapping[str, Triplets],
    *,
    distance: str = "euclidean",
) -> dict[str, dict[str, Score]]:
    """Return the score of every subspace on the triplets of every dimension.

    Parameters
    ----------
    vectors
        Subspace vectors side by side, float32 [n, dimensions * d].
    blocks
        The columns of each subspace.
    triplets
        The triplets of each dimension.
    distance
        ``euclidean`` or ``cosine``.
    """
    return {
        subspace: {
            name: count_right(answers(vectors[:, block], asked, distance=distance))
            for name, asked in triplets.items()
        }
        for subspace, block in blocks.items()
    }


def same_under(relation: np.ndarray, triplets: Triplets) -> np.ndarray:
    """Return in which triplets a and b stand to the anchor alike under `relation`, bool [t].

    Parameters
    ----------
    relation
        Of another dimension than the triplets', int8 [n, n]: 1 similar, -1 dissimilar, 0 unknown.
    triplets
        Rows refer to `relation`; where it is unknown the answer is False.
    """
    anchor, a, b = triplets.rows.T
    return (relation[anchor, a] != 0) & (relation[anchor, a] == relation[anchor, b])


def sample_controlled(
    relation: np.ndarray, other: np.ndarray, count: int, rng: np.random.Generator
) -> Triplets:
    """Return up to `count` triplets from the tags of one dimension that another cannot answer.

    In each, a is similar to the anchor and b is not under `relation`, while under `other` both
    are similar to it, or both dissimilar.

    Parameters
    ----------
    relation, other
        int8 [n, n]: 1 similar, -1 dissimilar, 0 unknown.
    count
        How many to draw; fewer where the two dimensions leave no more.
    rng
        The source of chance.
    """
    alike = [np.where(other == sign, relation, 0) for sign in (1, -1)]
    drawn = sample_triplets(np.concatenate(alike), count, rng)
    anchor = drawn.rows[:, :1] % max(len(relation), 1)
    return Triplets(np.concatenate([anchor, drawn.rows[:, 1:]], axis=1), drawn.share)


def strict_leakage(
    vectors: np.ndarray,
    blocks: Mapping[str, slice],
    relations: Mapping[str, np.ndarray],
    triplets: Mapping[str, Triplets] | None = None,
    *,
    count: int = TRIPLETS_PER_CELL,
    rng: np.random.Generator | None = None,
    distance: str = "euclidean",
) -> dict[str, dict[str, Score]]:
    """Return the leakage between subspaces with what their tags share taken out.

    The cell of subspace S and dimension T counts triplets of T in which positive and negative
    stand to the anchor alike under S. A subspace that holds its own dimension and nothing else
    scores 0.5 there, however much the tags of S and T go together in the catalogue. The diagonal
    holds each subspace's own triplets as they are.

    Parameters
    ----------
    vectors
        Subspace vectors side by side, float32 [n, width].
    blocks
        The columns of each subspace.
    relations
        Of each dimension, int8 [n, n]: 1 similar, -1 dissimilar, 0 unknown.
    triplets
        The triplets to choose from, per dimension, such as judged ones; without any, each cell
        draws `count` of its own from the relations.
    count, rng
        How many to draw, and the source of chance.
    distance
        ``euclidean`` or ``cosine``.
    """
    rng = rng or np.random.default_rng(0)

    def asked(subspace: str, name: str) -> Triplets:
        own, other = triplets, relations.get(subspace)
        if own is not None:
            if name == subspace:
                return own[name]
            return NO_TRIPLETS if other is None else own[name].subset(same_under(other, own[name]))
        if name == subspace:
            return sample_triplets(relations[name], count, rng)
        return (
            NO_TRIPLETS if other is None else sample_controlled(relations[name], other, count, rng)
        )

    names = list(relations if triplets is None else triplets)
    return {
        subspace: {
            name: count_right(answers(vectors[:, block], asked(subspace, name), distance=distance))
            for name in names
        }
        for subspace, block in blocks.items()
    }


def off_diagonal_mean(table: Mapping[str, Mapping[str, Score]]) -> float | None:
    """Return the mean of a leakage table's measured cells off the diagonal, None without any."""
    cells = [
        score.value
        for subspace, row in table.items()
        for name, score in row.items()
        if name != subspace and score.value is not None
    ]
    return float(np.mean(cells)) if cells else None
