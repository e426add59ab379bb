"""How combinations of dimensions answer the questions of each dimension.

The diagonal of leakage asks a subspace about its own dimension; here any subspaces laid side by
side (section 4.2 of Ribecky et al. 2021) are asked about every dimension.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from workbench.errors import UnknownNameError, WorkbenchError
from workbench.evaluation.answers import answers
from workbench.evaluation.combinations import Combination
from workbench.evaluation.questions import OVERALL, tag_questions
from workbench.evaluation.scores import Score, count_right
from workbench.evaluation.triplets import held_out_items
from workbench.search.subspaces import subspace_blocks

if TYPE_CHECKING:
    from workbench.workspace import Workspace


def combined_scores(
    ws: Workspace,
    combinations: Iterable[Combination],
    *,
    version: str | None = None,
    seed: int = 0,
) -> dict[Combination, dict[str, Score]]:
    """Return the score of each combination on the triplets of each dimension, and of all.

    Parameters
    ----------
    ws
        The workspace.
    combinations
        Names of dimensions that are measured together.
    version
        The model; by default the current one.
    seed
        Chooses the triplets from the tags of held-out items; the same as `evaluate_model`, so
        that a single dimension has the score of the model's card.

    Raises
    ------
    UnknownNameError
        If a name is none of the model's dimensions.
    WorkbenchError
        If a combination holds no dimension.
    NotReadyError
        If there is no model, or too few of the items it held out have vectors.
    """
    model = ws.models.load(version)
    blocks, wanted = subspace_blocks(model.card), list(combinations)
    for combination in wanted:
        if not combination:
            raise WorkbenchError("A combination needs at least one dimension.")
        for name in combination:
            if name not in blocks:
                raise UnknownNameError(
                    f"{name!r} is no dimension of model {model.card.version}; choose of "
                    f"{', '.join(blocks)}."
                )
    source = ws.vectors(model.card.encoder)
    ids = held_out_items(ws, model.card)
    questions = tag_questions(ws, ids, model.card.dimensions, among=source.ids, seed=seed)
    vectors = model.transform(source.rows(questions.ids))
    asked = questions.named | {OVERALL: questions.pooled}
    return {
        combination: {
            name: count_right(answers(_side_by_side(vectors, blocks, combination), triplets))
            for name, triplets in asked.items()
        }
        for combination in wanted
    }


def _side_by_side(
    vectors: np.ndarray, blocks: dict[str, slice], combination: Combination
) -> np.ndarray:
    return np.concatenate([vectors[:, blocks[name]] for name in combination], axis=1)
