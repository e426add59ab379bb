"""The judgement log as triplets with soft answers, ready to learn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workbench.evaluation.scores import Score
from workbench.judgements.answer_table import answer_table
from workbench.judgements.ceiling import pairs_that_agree
from workbench.judgements.consensus import soft_labels
from workbench.judgements.learned import was_learned
from workbench.subspaces.triplets import Triplets

if TYPE_CHECKING:
    from collections.abc import Collection

    from workbench.subspaces.store import ModelCard
    from workbench.workspace import Workspace

_JUDGED = ("a", "b", "cannot_tell")


@dataclass(frozen=True)
class JudgedTriplets:
    """What raters answered.

    Attributes
    ----------
    ids : int64 [n]
        The items judged; the rows of the triplets refer to them.
    triplets
        Per dimension: each different triplet once, with how probably a is the closer one (see
        `workbench.judgements.consensus.soft_labels`).
    votes
        Per dimension float32 [t]: how many raters answered each triplet; a rater who was asked
        twice counts once, by the first answer.
    known_votes
        Per dimension float32 [t]: how many of them the model had learned from already.
    answers
        How many answers say which is closer.
    ceiling
        Per dimension and overall: how often two raters say the same of a triplet. No model can
        be expected to agree with people more than they do with each other.
    watermark
        The id of the last judgement, None without any.
    excluded
        The sittings left out because somebody said so.
    """

    ids: np.ndarray
    triplets: dict[str, Triplets]
    votes: dict[str, np.ndarray]
    known_votes: dict[str, np.ndarray]
    answers: int
    ceiling: dict[str, Score]
    watermark: str | None
    excluded: tuple[str, ...] = ()


def judged_triplets(
    ws: Workspace, card: ModelCard, *, excluding: Collection[str] = ()
) -> JudgedTriplets:
    """Read the effective judgements a model can learn from; skipped triplets say nothing.

    Parameters
    ----------
    ws, card
        The workspace and the model.
    excluding
        Sittings to leave out, by id.
    """
    table = ws.judgements.table(excluding=excluding)
    table = table[table["choice"].isin(_JUDGED) & table["dimension"].isin(card.dimensions)]
    embedded = ws.vectors(card.encoder).ids
    columns = ["anchor_id", "a_id", "b_id"]
    table = table[table[columns].isin(embedded).all(axis=1)]
    known = table[was_learned(ws, card, table)]
    ids = np.unique(table[columns].to_numpy(dtype=np.int64))
    triplets, votes, known_votes, ceiling = {}, {}, {}, {}
    for name in card.dimensions:
        answers = answer_table(table[table["dimension"] == name])
        if len(answers.tasks):
            items = np.array([task[1:] for task in answers.tasks], dtype=np.int64)
            share = soft_labels(answers.labels).astype(np.float32)
            triplets[name] = Triplets(np.searchsorted(ids, items), share)
            votes[name] = (answers.labels >= 0).sum(axis=1).astype(np.float32)
            before = answer_table(known[known["dimension"] == name])
            count = dict(zip(before.tasks, (before.labels >= 0).sum(axis=1), strict=True))
            known_votes[name] = np.array([count.get(t, 0) for t in answers.tasks], np.float32)
            ceiling[name] = pairs_that_agree(answers.labels)
    ceiling["overall"] = sum(ceiling.values(), Score())
    return JudgedTriplets(
        ids=ids,
        triplets=triplets,
        votes=votes,
        known_votes=known_votes,
        answers=int(table["choice"].isin(["a", "b"]).sum()),
        ceiling=ceiling,
        watermark=str(table["id"].iloc[-1]) if len(table) else None,
        excluded=tuple(sorted(set(excluding))),
    )
