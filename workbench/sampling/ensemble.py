"""An ensemble of heads: what the answers so far leave open, as heads that all fit them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workbench.subspaces.heads import apply_head
from workbench.subspaces.triplets import NO_TRIPLETS, Triplets
from workbench.training.judged import judged_triplets
from workbench.training.posterior import chance_of_a, fit_gains

if TYPE_CHECKING:
    from workbench.subspaces.store import ModelCard
    from workbench.workspace import Workspace

HEADS = 24
POOL = 600  # items at a time: their triplets are a hundred million
MOST_TRIPLETS = 3000  # of those judged; more would say little more about the gains


@dataclass(frozen=True)
class Ensemble:
    """Heads of one dimension, and where they put items.

    Attributes
    ----------
    ids : int64 [n]
        The items, ascending.
    vectors : float32 [heads, n, d]
        Their unit vectors in the subspace of each head.
    model_version
        The version whose head they started from.
    """

    ids: np.ndarray
    vectors: np.ndarray
    model_version: str

    def chances(self, rows: np.ndarray) -> np.ndarray:
        """Return each head's chance that a rater finds a closer.

        Parameters
        ----------
        rows
            Row numbers of anchor, a and b among the items, int [t, 3].

        Returns
        -------
        float32 [t, heads]
        """
        anchor, a, b = rows.T
        margins = np.empty((len(rows), len(self.vectors)), np.float32)
        for head, y in enumerate(self.vectors):
            margins[:, head] = 2 * np.einsum("td,td->t", y[anchor], y[a] - y[b])
        return chance_of_a(margins)


def fit_ensemble(
    ws: Workspace,
    dimension: str,
    items: Sequence[int] | np.ndarray,
    rng: np.random.Generator,
    *,
    heads: int = HEADS,
    pool: int = POOL,
) -> Ensemble | None:
    """Fit an ensemble to the judgements of a dimension that stand.

    Parameters
    ----------
    ws, dimension
        Where the judgements and the model are.
    items
        Ids to choose triplets from; of those with vectors, `pool` are drawn.
    rng
        Draws items and heads.

    Returns
    -------
    Ensemble or None
        None where there is nothing to start from: no model or one without this dimension, heads
        without gains (``mask``), or fewer than three items with vectors.
    """
    if ws.models.current() is None:
        return None
    card = ws.models.untaught()
    vectors = ws.vectors(card.encoder)
    if dimension not in card.dimensions or card.head == "mask" or not vectors.exists:
        return None
    ids = np.intersect1d(np.asarray(items, dtype=np.int64), vectors.ids)
    if len(ids) < 3:
        return None
    if len(ids) > pool:
        ids = np.sort(rng.choice(ids, size=pool, replace=False))
    model = ws.models.load(card.version)
    judged_ids, triplets, votes = _judged(ws, card, dimension, rng)
    # A network that corrects the head is at zero before it has learned; gains are of the head.
    parameters = model.heads[dimension]
    weight = parameters["weight"]
    posterior = fit_gains(weight, model.normaliser(vectors.rows(judged_ids)), triplets, votes)
    gains = np.exp(posterior.draw(heads, rng))
    x = model.normaliser(vectors.rows(ids))
    drawn = [apply_head("linear", {"weight": weight * gain}, x) for gain in gains]
    return Ensemble(ids, np.stack(drawn).astype(np.float32), card.version)


def _judged(
    ws: Workspace, card: ModelCard, dimension: str, rng: np.random.Generator
) -> tuple[np.ndarray, Triplets, np.ndarray]:
    """Return the items judged, the triplets of a dimension and how many answers each got."""
    judged = judged_triplets(ws, card)
    triplets = judged.triplets.get(dimension, NO_TRIPLETS)
    votes = judged.votes.get(dimension, np.zeros(0, np.float32))
    if len(triplets) > MOST_TRIPLETS:
        chosen = rng.choice(len(triplets), size=MOST_TRIPLETS, replace=False)
        triplets, votes = triplets.subset(chosen), votes[chosen]
    return judged.ids, triplets, votes
