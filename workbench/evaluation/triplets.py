"""The triplet score of a model: how often a subspace finds the candidate that is closer.

Metrics
-------
`evaluate_model`
    Scores and leakage on triplets from the tags of held-out items, as model cards hold them.
`tag_metrics`
    The same for any vectors and triplets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.errors import NotReadyError
from workbench.evaluation.answers import answers
from workbench.evaluation.leakage import leakage, off_diagonal_mean, strict_leakage
from workbench.evaluation.questions import Questions, model_answers, tag_questions
from workbench.evaluation.scores import Score, count_right
from workbench.search.subspaces import subspace_blocks

if TYPE_CHECKING:
    from workbench.subspaces.model import Model
    from workbench.subspaces.store import ModelCard
    from workbench.workspace import Workspace

__all__ = ["answers", "evaluate_model", "held_out_items", "leakage", "tag_metrics"]


def held_out_items(
    ws: Workspace, card: ModelCard, items: Sequence[int] | None = None
) -> np.ndarray:
    """Return the items a model held out, or those of `items`, that have vectors, int64 [n].

    Raises
    ------
    NotReadyError
        If there are fewer than three.
    """
    source = ws.vectors(card.encoder)
    wanted = np.asarray(card.held_out if items is None else items, dtype=np.int64)
    ids = wanted[np.isin(wanted, source.ids)]
    if len(ids) < 3:
        raise NotReadyError(
            "Fewer than three held-out items have vectors; a score needs more music with tags."
        )
    return ids


def evaluate_model(
    ws: Workspace,
    model: Model,
    *,
    items: Sequence[int] | None = None,
    seed: int = 0,
    distance: str = "euclidean",
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
    distance
        ``euclidean`` or ``cosine``.

    Returns
    -------
    The card's metrics: ``scores``, ``leakage``, ``strict_leakage``, ``leakage_mean`` (``plain``
    and ``strict``, off the diagonal) and ``held_out_items``.
    """
    ids = held_out_items(ws, model.card, items)
    source = ws.vectors(model.card.encoder)
    questions = tag_questions(ws, ids, model.card.dimensions, among=source.ids, seed=seed)
    vectors = model.transform(source.rows(questions.ids))
    return {
        **tag_metrics(
            vectors, subspace_blocks(model.card), questions, seed=seed, distance=distance
        ),
        "held_out_items": len(ids),
    }


def tag_metrics(
    vectors: np.ndarray,
    blocks: Mapping[str, slice],
    questions: Questions,
    *,
    seed: int = 0,
    distance: str = "euclidean",
) -> dict[str, Any]:
    """Return scores and both leakage tables of subspace vectors, as plain numbers.

    Parameters
    ----------
    vectors
        Subspace vectors of the questions' items side by side, float32 [n, width].
    blocks
        The columns of each dimension.
    questions
        The triplets and the relations they come from.
    seed
        Draws the triplets of the strict table.
    distance
        ``euclidean`` or ``cosine``.
    """
    right = model_answers(vectors, blocks, questions, distance=distance)
    plain = leakage(vectors, blocks, questions.named, distance=distance)
    rng = np.random.default_rng([seed, 1])
    strict = strict_leakage(vectors, blocks, questions.relations, rng=rng, distance=distance)
    for name, score in ((n, plain[n][n]) for n in questions.named):
        strict[name][name] = score
    return {
        "scores": {name: count_right(found).as_dict() for name, found in right.items()},
        "leakage": _as_dicts(plain),
        "strict_leakage": _as_dicts(strict),
        "leakage_mean": {"plain": off_diagonal_mean(plain), "strict": off_diagonal_mean(strict)},
    }


def _as_dicts(table: Mapping[str, Mapping[str, Score]]) -> dict[str, dict[str, Any]]:
    return {s: {t: v.as_dict() for t, v in row.items()} for s, row in table.items()}
