"""The judgement log as triplets with soft answers, ready to learn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workbench.evaluation.scores import Score
from workbench.subspaces.triplets import Triplets

if TYPE_CHECKING:
    import pandas as pd

    from workbench.subspaces.store import ModelCard
    from workbench.workspace import Workspace

_VOTES = {"a": 1.0, "b": 0.0, "cannot_tell": 0.5}


@dataclass(frozen=True)
class JudgedTriplets:
    """What raters answered.

    Attributes
    ----------
    ids : int64 [n]
        The items judged; the rows of the triplets refer to them.
    triplets
        Per dimension: each different triplet once, with the share of votes for a.
    votes
        Per dimension float32 [t]: how many answers each triplet got.
    known_votes
        Per dimension float32 [t]: how many of them the model had learned from already.
    answers
        How many answers say which is closer.
    ceiling
        Per dimension and overall: how often two answers to the same triplet agree. No model can
        be expected to agree with people more than they do with each other.
    watermark
        The id of the last judgement, None without any.
    """

    ids: np.ndarray
    triplets: dict[str, Triplets]
    votes: dict[str, np.ndarray]
    known_votes: dict[str, np.ndarray]
    answers: int
    ceiling: dict[str, Score]
    watermark: str | None


def judged_triplets(ws: Workspace, card: ModelCard) -> JudgedTriplets:
    """Read the effective judgements a model can learn from; skipped triplets say nothing."""
    table = ws.judgements.table()
    table = table[table["choice"].isin(_VOTES) & table["dimension"].isin(card.dimensions)]
    embedded = ws.vectors(card.encoder).ids
    columns = ["anchor_id", "a_id", "b_id"]
    table = table[table[columns].isin(embedded).all(axis=1)]
    table = table.assign(known=table["at"] <= _learned_until(ws, card))
    ids = np.unique(table[columns].to_numpy(dtype=np.int64))
    triplets, votes, known_votes, ceiling = {}, {}, {}, {}
    for name in card.dimensions:
        rows = table[table["dimension"] == name]
        if len(rows):
            triplets[name], member, ceiling[name] = _aggregate(rows, ids)
            votes[name] = np.bincount(member).astype(np.float32)
            known_votes[name] = np.bincount(member, weights=rows["known"]).astype(np.float32)
    ceiling["overall"] = sum(ceiling.values(), Score())
    return JudgedTriplets(
        ids=ids,
        triplets=triplets,
        votes=votes,
        known_votes=known_votes,
        answers=int(table["choice"].isin(["a", "b"]).sum()),
        ceiling=ceiling,
        watermark=str(table["id"].iloc[-1]) if len(table) else None,
    )


def _learned_until(ws: Workspace, card: ModelCard) -> pd.Timestamp:
    """Return when the last judgement was given that a model learned from."""
    import pandas as pd

    history = ws.judgements.history()
    last = history.loc[history["id"] == card.watermark, "at"]
    return last.iloc[0] if len(last) else pd.Timestamp(0, tz="UTC")


def _aggregate(rows: pd.DataFrame, ids: np.ndarray) -> tuple[Triplets, np.ndarray, Score]:
    """Join the answers to each triplet, whichever way round it was asked.

    Returns
    -------
    triplets
        Each once, with the share of votes for a.
    member : int64 [rows]
        Which of them a row answers.
    ceiling
        Pairs of answers that agree, of all pairs of answers to the same triplet.
    """
    a, b = rows["a_id"].to_numpy(), rows["b_id"].to_numpy()
    vote = rows["choice"].map(_VOTES).to_numpy(dtype=float)
    vote = np.where(a < b, vote, 1.0 - vote)
    key = np.stack([rows["anchor_id"].to_numpy(), np.minimum(a, b), np.maximum(a, b)], axis=1)
    unique, member = np.unique(key, axis=0, return_inverse=True)
    member = member.reshape(-1)
    count = np.bincount(member)
    share = np.bincount(member, weights=vote) / count
    for_a = np.bincount(member, weights=vote == 1.0)
    for_b = np.bincount(member, weights=vote == 0.0)
    decided = for_a + for_b
    pairs = decided * (decided - 1) / 2
    agreeing = for_a * (for_a - 1) / 2 + for_b * (for_b - 1) / 2
    triplets = Triplets(np.searchsorted(ids, unique), share.astype(np.float32))
    return triplets, member, Score(int(agreeing.sum()), int(pairs.sum()))
