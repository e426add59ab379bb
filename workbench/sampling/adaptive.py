"""Samplers that follow the answers: they ask where an ensemble of heads is undecided.

They differ in what they count: how open the answer is (`UncertaintySampler`), how much it would
tell about which head is right (`InformationSampler`), and how much it would tell beside the others
of its batch, over all items alike (`CoverageSampler`). Where there is no ensemble, another sampler
stands in, under its own name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from workbench.sampling.ensemble import Ensemble
from workbench.sampling.information import information_gain, likeness, uncertainty
from workbench.sampling.proposals import Proposal, Sampler, distinct, draw_triplets

CANDIDATES = 4000  # triplets looked at for one batch
SHORT_LIST = 400  # of which a varied batch is chosen
SHARE = 2.0  # how many times its even share of a batch an item may take


class AdaptiveSampler:
    """What the samplers that look at an ensemble have in common.

    Parameters
    ----------
    items
        Ids of the items to choose from.
    ensemble
        ``ensemble(dimension, items)``: the latest one, or None. It must not make anybody wait.
    fallback
        Proposes where there is no ensemble, and after what the ensemble can be asked about.
    """

    name = "adaptive"
    batch = 16

    def __init__(
        self,
        items: Sequence[int],
        ensemble: Callable[[str, np.ndarray], Ensemble | None],
        fallback: Sampler,
    ) -> None:
        self._items = distinct(items)
        self._ensemble, self._fallback = ensemble, fallback

    def propose(self, dimension: str, rng: np.random.Generator, count: int) -> list[Proposal]:
        """Return up to `count` different triplets, the best first, of a few thousand drawn."""
        ensemble = self._ensemble(dimension, self._items)
        found = [] if ensemble is None else self._best(ensemble, rng, count)
        if len(found) < count:
            known = {proposal.triplet for proposal in found}
            others = self._fallback.propose(dimension, rng, count)
            found += [other for other in others if other.triplet not in known]
        return found[:count]

    def choose(
        self, chances: np.ndarray, rows: np.ndarray, count: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Choose triplets by the ensemble's chances of their answers.

        Parameters
        ----------
        chances
            float [t, heads]
        rows
            The triplets as numbers of items, int [t, 3].
        count
            How many are wanted.

        Returns
        -------
        chosen : int [min(count, t)]
            Numbers of triplets, the best first.
        scores : float [t]
            The reason, in bits, of every triplet.
        """
        raise NotImplementedError

    def _best(self, ensemble: Ensemble, rng: np.random.Generator, count: int) -> list[Proposal]:
        usable = np.flatnonzero(np.isin(ensemble.ids, self._items))
        if len(usable) < 3:  # the items have changed since it was fitted
            return []
        rows = usable[draw_triplets(len(usable), max(CANDIDATES, count), rng)]
        chosen, scores = self.choose(ensemble.chances(rows), rows, count)
        ids = ensemble.ids[rows[chosen]].tolist()
        return [
            Proposal(anchor, a, b, self.name, float(score), ensemble.model_version)
            for (anchor, a, b), score in zip(ids, scores[chosen], strict=True)
        ]


class UncertaintySampler(AdaptiveSampler):
    """The triplets whose answer is most open: the entropy of the ensemble's mean chance."""

    name = "uncertainty"

    def choose(
        self, chances: np.ndarray, rows: np.ndarray, count: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Choose the most uncertain triplets; see `AdaptiveSampler.choose`."""
        return _highest(uncertainty(chances), count)


class InformationSampler(AdaptiveSampler):
    """The triplets whose answer tells most about which head is right."""

    name = "information"

    def choose(
        self, chances: np.ndarray, rows: np.ndarray, count: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Choose the most informative triplets; see `AdaptiveSampler.choose`."""
        return _highest(information_gain(chances), count)


class CoverageSampler(AdaptiveSampler):
    """Informative triplets that differ from each other and are spread over the items.

    Triplets are chosen one by one. Each counts its information gain less what the chosen ones tell
    of it already; items that have had their share of the batch are passed over.
    """

    name = "coverage"

    def choose(
        self, chances: np.ndarray, rows: np.ndarray, count: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Choose a varied batch of informative triplets; see `AdaptiveSampler.choose`."""
        scores = information_gain(chances)
        ranked, _ = _highest(scores, len(scores))
        short = ranked[:SHORT_LIST]
        batch = min(count, self.batch, len(short))
        picked = varied_batch(scores[short], chances[short], rows[short], batch)
        chosen = short[picked]
        rest = ranked[~np.isin(ranked, chosen)]  # more than a batch: by their scores alone
        return np.concatenate([chosen, rest])[:count], scores


def varied_batch(
    scores: np.ndarray, chances: np.ndarray, rows: np.ndarray, count: int
) -> np.ndarray:
    """Choose triplets one by one that tell much, and not the same.

    Parameters
    ----------
    scores
        What each triplet would tell alone, float [t].
    chances
        The heads' chances of its answer, [t, heads].
    rows
        Its items, int [t, 3].
    count
        How many are wanted, at most t.

    Returns
    -------
    int [at most count]
        Fewer where more would give an item over twice its even share of the batch.
    """
    asked = np.zeros(rows.max() + 1, dtype=int)
    most = max(1, round(SHARE * 3 * count / len(np.unique(rows))))
    left = scores.astype(np.float64)
    free = np.ones(len(rows), dtype=bool)
    chosen: list[int] = []
    while len(chosen) < count and free.any():
        best = int(np.where(free, left, -np.inf).argmax())
        chosen.append(best)
        asked[rows[best]] += 1
        free[best] = False
        free &= (asked[rows] < most).all(axis=1)
        left = np.minimum(left, scores * (1 - likeness(chances, best)))
    return np.array(chosen, dtype=np.int64)


def _highest(scores: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    return np.argsort(-scores, kind="stable")[:count], scores
