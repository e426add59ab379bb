"""The triplet score: how often a subspace finds the candidate that is closer.

Conventions
-----------
Section 4.1 of Ribecky et al. 2021: an answer is right when the Euclidean distance from anchor to
positive is smaller than that from anchor to negative. Ties count as wrong. Subspace vectors have
unit length, so Euclidean and cosine distance agree.

Metrics
-------
`answers`
    Right or wrong for each triplet.
`leakage`
    How well the subspace of one dimension answers the triplets of another. The diagonal should be
    high; off the diagonal 0.5 means that nothing leaked. A value above it may also show that the
    two dimensions vary together in the catalogue.
`overall`
    All triplets of all dimensions answered by all subspaces together (the mean cosine distance).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.errors import NotReadyError
from workbench.evaluation.scores import Score, count_right
from workbench.subspaces.triplets import Triplets, relations, sample_triplets, song_groups

if TYPE_CHECKING:
    from workbench.subspaces.model import Model
    from workbench.workspace import Workspace

TRIPLETS_PER_DIMENSION = 500


def answers(vectors: np.ndarray, triplets: Triplets) -> np.ndarray:
    """Return whether each triplet is answered as the raters or tags say, bool [t].

    Parameters
    ----------
    vectors
        Subspace vectors, float32 [n, d].
    triplets
        Rows refer to `vectors`; where raters are evenly split no answer is right.
    """
    anchor, a, b = (vectors[triplets.rows[:, i]] for i in range(3))
    to_a = np.linalg.norm(anchor - a, axis=1)
    to_b = np.linalg.norm(anchor - b, axis=1)
    return np.where(triplets.share > 0.5, to_a < to_b, (to_b < to_a) & (triplets.share < 0.5))


def leakage(
    vectors: np.ndarray, blocks: dict[str, slice], triplets: dict[str, Triplets]
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
    """
    return {
        subspace: {
            name: count_right(answers(vectors[:, block], asked)) for name, asked in triplets.items()
        }
        for subspace, block in blocks.items()
    }


def evaluate_model(
    ws: Workspace,
    model: Model,
    *,
    items: Sequence[int] | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Score a model on triplets from the tags of held-out items.

    Parameters
    ----------
    ws
        The workspace.
    model
        The model.
    items
        The items to ask about; by default those the model held out.
    seed
        Chooses the triplets; the same for models that hold out the same items, so that they
        compare.

    Returns
    -------
    The card's metrics: ``scores``, ``leakage`` and ``held_out_items``.
    """
    from workbench.search.subspaces import subspace_blocks

    source = ws.vectors(model.card.encoder)
    wanted = np.asarray(model.card.held_out if items is None else items, dtype=np.int64)
    ids = wanted[np.isin(wanted, source.ids)]
    if len(ids) < 3:
        raise NotReadyError(
            "Fewer than three held-out items have vectors; a score needs more music with tags."
        )
    vectors = model.transform(source.rows(ids))
    groups = song_groups(ws.catalogue.items().loc[ids])
    rng = np.random.default_rng(seed)
    asked = {
        name: sample_triplets(relation, TRIPLETS_PER_DIMENSION, rng)
        for name, relation in relations(ws, ids.tolist(), groups).items()
        if name in model.card.dimensions
    }
    table = leakage(vectors, subspace_blocks(model.card), asked)
    scores = {name: table[name][name] for name in asked}
    scores["overall"] = sum(
        (count_right(answers(vectors, triplets)) for triplets in asked.values()), Score()
    )
    return {
        "scores": {name: score.as_dict() for name, score in scores.items()},
        "leakage": {s: {t: v.as_dict() for t, v in row.items()} for s, row in table.items()},
        "held_out_items": len(ids),
    }
