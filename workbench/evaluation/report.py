"""A model's scores on any triplets, beside floors, combinations and another model.

Everything here is plain numbers, ready for JSON; see `evaluate` for the names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.errors import NotReadyError
from workbench.evaluation.answers import answers
from workbench.evaluation.combinations import (
    best_combination,
    choose_combination,
    combination_answers,
)
from workbench.evaluation.floors import CHANCE, Floor
from workbench.evaluation.questions import OVERALL, Questions, model_answers
from workbench.evaluation.scores import compare, count_right, holm
from workbench.progress import Progress
from workbench.search.subspaces import subspace_blocks
from workbench.subspaces.structure import song_groups
from workbench.subspaces.triplets import Triplets, artist_groups

if TYPE_CHECKING:
    from workbench.subspaces.model import Model
    from workbench.workspace import Workspace

FLATTERY = (
    "The best of {count} combinations, chosen on the triplets it is scored on, is also the "
    "luckiest; the score that counts is the one on the other half of the items."
)
_FEWEST_ARTISTS = 8  # fewer, and halves are made of songs


def usable_items(
    ws: Workspace, questions: Questions, *models: Model, held_out: bool = False
) -> np.ndarray:
    """Return the items of the questions that models can be asked about, int64 [n].

    Parameters
    ----------
    ws
        The workspace.
    questions
        The triplets.
    models
        Each item must have a vector of every model's encoder.
    held_out
        Whether every model must also have held out the item's song.
    """
    ids = questions.ids
    if held_out and len(ids):
        songs = song_groups(ws.catalogue.items().loc[ids])
        for model in models:
            kept = np.isin(songs, model.card.held_out)
            ids, songs = ids[kept], songs[kept]
    for model in models:
        ids = ids[np.isin(ids, ws.vectors(model.card.encoder).ids)]
    return ids


def evaluate(
    ws: Workspace,
    model: Model,
    questions: Questions,
    *,
    against: Model | None = None,
    floors: bool = True,
    combinations: bool = False,
    distance: str = "euclidean",
    seed: int = 0,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Score a model on triplets, beside the floors and another model.

    Parameters
    ----------
    ws
        The workspace.
    model
        The model.
    questions
        About items that have vectors; see `usable_items`.
    against
        Another model to compare with on the same triplets.
    floors
        Whether to answer with the floors too; sounds are read for them once.
    combinations
        Whether to score every combination of dimensions.
    distance
        Of the models' subspaces; floors have their own.
    seed
        Deals the halves for choosing a combination.
    progress
        Told about sounds that have to be read.

    Returns
    -------
    ``scores`` per dimension and overall; ``items``; ``floors``: by floor and dimension the score
    and what the model gains over it (``gained``, ``lost``, ``p`` of McNemar's exact test,
    ``p_grouped`` counting the songs of the anchors, ``p_holm`` and ``p_grouped_holm`` corrected
    over the dimensions); ``without_sound``: why items had none; ``combinations``; ``against``.

    Raises
    ------
    NotReadyError
        If no triplet is left to ask.
    """
    if not len(questions):
        raise NotReadyError(
            "There is no triplet to ask: no items that have vectors and were held out answer one "
            "in a dimension of the model."
        )
    asked = questions.named | {OVERALL: questions.pooled}
    songs = song_groups(ws.catalogue.items().loc[questions.ids])
    groups = {name: songs[triplets.rows[:, 0]] for name, triplets in asked.items()}
    vectors = _subspaces(ws, model, questions)
    blocks = subspace_blocks(model.card)
    right = model_answers(vectors, blocks, questions, distance=distance)
    report: dict[str, Any] = {
        "items": len(questions.ids),
        "scores": {name: count_right(found).as_dict() for name, found in right.items()},
    }
    if floors:
        from workbench.evaluation.floor_store import workspace_floors

        found, silent = workspace_floors(ws, model, questions.ids, progress=progress)
        report["floors"] = {
            name: against_floor(right, floor, asked, groups) for name, floor in found.items()
        }
        report["floors"]["chance"] = {name: {"score": CHANCE} for name in asked}
        report["without_sound"] = {str(item): reason for item, reason in silent.items()}
    if combinations:
        report["combinations"] = combination_report(
            vectors, blocks, questions.pooled, _halves(ws, questions.ids), seed, distance
        )
    if against is not None:
        other = model_answers(
            _subspaces(ws, against, questions),
            subspace_blocks(against.card),
            questions,
            distance=distance,
        )
        report["against"] = {
            "model": against.card.version,
            "scores": {name: count_right(answer).as_dict() for name, answer in other.items()},
            "comparison": comparisons(other, right, groups),
        }
    return report


def comparisons(
    first: Mapping[str, np.ndarray],
    second: Mapping[str, np.ndarray],
    groups: Mapping[str, np.ndarray],
) -> dict[str, dict[str, Any]]:
    """Return what the second gains over the first per dimension, with corrected p values.

    Parameters
    ----------
    first, second
        Whether each triplet was answered right, bool [t] per dimension; ``overall`` is one test
        of its own and not corrected.
    groups
        The group of each triplet, int [t] per dimension.
    """
    found = {name: compare(first[name], second[name], groups=groups[name]) for name in second}
    for kind in ("p", "p_grouped"):
        corrected = holm({name: row[kind] for name, row in found.items() if name != OVERALL})
        for name, row in found.items():
            row[f"{kind}_holm"] = corrected.get(name, row[kind])
    return found


def against_floor(
    right: Mapping[str, np.ndarray],
    floor: Floor,
    asked: Mapping[str, Triplets],
    groups: Mapping[str, np.ndarray],
) -> dict[str, dict[str, Any]]:
    """Return a floor's score per dimension and what a model gains over it.

    Parameters
    ----------
    right
        The model's answers, bool [t] per dimension.
    floor
        Rows of NaN are items it knows nothing of; triplets with one of them are left out.
    asked
        The triplets per dimension.
    groups
        The group of each triplet, int [t] per dimension.
    """
    known = np.isfinite(floor.vectors).all(axis=1)
    chosen = {name: known[triplets.rows].all(axis=1) for name, triplets in asked.items()}
    found = {
        name: answers(floor.vectors, triplets.subset(chosen[name]), distance=floor.distance)
        for name, triplets in asked.items()
    }
    model = {name: answer[chosen[name]] for name, answer in right.items()}
    parts = {name: group[chosen[name]] for name, group in groups.items()}
    compared = comparisons(found, model, parts)
    return {name: count_right(found[name]).as_dict() | compared[name] for name in asked}


def combination_report(
    vectors: np.ndarray,
    blocks: Mapping[str, slice],
    triplets: Triplets,
    groups: np.ndarray,
    seed: int,
    distance: str,
) -> dict[str, Any]:
    """Return every combination's score, the best one, and one chosen on other items.

    Parameters
    ----------
    vectors
        Subspace vectors side by side, float32 [n, width].
    blocks
        The columns of each dimension.
    triplets
        The triplets, of whatever dimension.
    groups
        The song or artist of each item, int [n]; halves are made of them.
    seed
        Deals the halves.
    distance
        ``euclidean`` or ``cosine``.
    """
    found = combination_answers(vectors, blocks, triplets, distance=distance)
    scores = {combination: count_right(right) for combination, right in found.items()}
    best = best_combination(scores)
    choice = choose_combination(found, triplets, groups, np.random.default_rng(seed))
    rows = sorted(scores, key=lambda c: (-scores[c].k, len(c)))
    return {
        "table": [{"dimensions": list(c), **scores[c].as_dict()} for c in rows],
        "best": {"dimensions": list(best), **scores[best].as_dict()},
        "warning": FLATTERY.format(count=len(scores)),
        "chosen_on_other_items": choice.as_dict() if choice else None,
    }


def _subspaces(ws: Workspace, model: Model, questions: Questions) -> np.ndarray:
    return model.transform(ws.vectors(model.card.encoder).rows(questions.ids))


def _halves(ws: Workspace, ids: np.ndarray) -> np.ndarray:
    return artist_groups(ws.catalogue.items(), ids, fewest=_FEWEST_ARTISTS)
