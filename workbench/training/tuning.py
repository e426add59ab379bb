"""Cross-validated fits of one dimension's head.

Items are dealt to folds, whole songs at a time. The strength of the pull is chosen by the loss on
triplets with held-out items; accuracy is counted on triplets of seen items that took no part
(`seen`) and on triplets whose three items are all held out (`unseen`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from workbench.errors import CancelledError
from workbench.evaluation.scores import Score, count_right
from workbench.evaluation.triplets import answers
from workbench.progress import Progress
from workbench.subspaces.heads import Parameters, apply_head
from workbench.subspaces.model import Model
from workbench.subspaces.triplets import Triplets
from workbench.training.fit import STRENGTHS, Problem, fit_heads, seen_and_unseen
from workbench.training.judged import JudgedTriplets

FOLDS = 3
STEPS = 60
_SEEN_TEST_SHARE = 0.2
_REPORT_EVERY = 5


@dataclass
class Outcome:
    """Scores of one dimension, summed over folds."""

    seen: Score = field(default_factory=Score)
    unseen: Score = field(default_factory=Score)


class Observer:
    """Turns the steps of a fit into progress events, and a request to stop into an exception."""

    def __init__(self, progress: Progress, name: str, offset: int, total: int) -> None:
        self._progress, self._name, self._offset, self._total = progress, name, offset, total

    def shifted(self, steps: int) -> Observer:
        """Return an observer whose steps count from `steps` further on."""
        return Observer(self._progress, self._name, self._offset + steps, self._total)

    def __call__(
        self,
        step: int,
        of: int,
        loss: float,
        accuracy: Callable[[], tuple[float | None, float | None]] = lambda: (None, None),
    ) -> None:
        """Report a step; `accuracy` gives seen and unseen and is asked every few steps only."""
        if self._progress.cancelled():
            raise CancelledError("Fine-tuning was cancelled; the model is as it was.")
        if step % _REPORT_EVERY == 0 or step == of:
            seen, unseen = accuracy()
            self._progress.event(
                "step",
                step=self._offset + step,
                of=self._total,
                loss=loss,
                seen=seen,
                unseen=unseen,
                dimension=self._name,
            )


class HeadTuning:
    """The fits of one dimension's head."""

    def __init__(
        self,
        model: Model,
        name: str,
        x: np.ndarray,
        judged: JudgedTriplets,
        tagged: Triplets,
        folds: np.ndarray,
        rng: np.random.Generator,
    ) -> None:
        self._kind, self._start = model.card.head, model.heads[name]
        self._x, self._tagged = x, tagged
        self._triplets, self._votes = judged.triplets[name], judged.votes[name]
        self._splits = []
        turn = rng.integers(FOLDS, size=len(self._triplets))  # a triplet is tested once at most
        for fold in range(FOLDS):
            seen, unseen = seen_and_unseen(self._triplets, folds, fold)
            test = seen & (turn == fold) & (rng.random(len(seen)) < FOLDS * _SEEN_TEST_SHARE)
            tags_seen, _ = seen_and_unseen(tagged, folds, fold)
            self._splits.append((seen & ~test, test, unseen, ~seen, tags_seen))

    def cross_validate(self, observe: Observer) -> tuple[Outcome, Outcome, float]:
        """Return the scores before and after, and the strength to use.

        The strength that is scored on a fold is chosen on the other folds.
        """
        strengths = np.tile(STRENGTHS, FOLDS)
        train = np.repeat([self._votes * s[0] for s in self._splits], len(STRENGTHS), axis=0)
        tags = np.repeat([s[4].astype(float) for s in self._splits], len(STRENGTHS), axis=0)
        problem = Problem(self._x, self._triplets, self._tagged, train, tags)

        def on_step(step: int, of: int, loss: float, y: np.ndarray) -> None:
            observe(step, of, loss, lambda: self._accuracy(y))

        heads = fit_heads(self._kind, self._start, problem, strengths, steps=STEPS, on_step=on_step)
        fitted = apply_head(self._kind, heads, self._x).reshape(
            FOLDS, len(STRENGTHS), len(self._x), -1
        )
        losses = np.array(
            [
                [self._loss(fitted[f, s], self._splits[f][3]) for s in range(len(STRENGTHS))]
                for f in range(FOLDS)
            ]
        )
        parent = apply_head(self._kind, self._start, self._x)
        before, after = Outcome(), Outcome()
        for fold, (_, test, unseen, _, _) in enumerate(self._splits):
            others = np.delete(losses, fold, axis=0).sum(axis=0)
            best = fitted[fold, _strongest_best(others)]
            for outcome, vectors in ((before, parent), (after, best)):
                outcome.seen += self._score(vectors, test)
                outcome.unseen += self._score(vectors, unseen)
        return before, after, STRENGTHS[_strongest_best(losses.sum(axis=0))]

    def final(self, strength: float, observe: Observer) -> Parameters:
        """Return the head fitted to all judgements."""
        problem = Problem(
            self._x,
            self._triplets,
            self._tagged,
            self._votes[None],
            np.ones((1, len(self._tagged))),
        )
        heads = fit_heads(
            self._kind,
            self._start,
            problem,
            np.array([strength]),
            steps=STEPS,
            on_step=lambda step, of, loss, _: observe(step, of, loss),
        )
        return {key: value[0] for key, value in heads.items()}

    def _accuracy(self, y: np.ndarray) -> tuple[float | None, float | None]:
        """Return the accuracy on seen and unseen test triplets at a middling strength."""
        seen, unseen = Score(), Score()
        for fold, (_, test, hidden, _, _) in enumerate(self._splits):
            vectors = y[fold * len(STRENGTHS) + len(STRENGTHS) // 2]
            seen += self._score(vectors, test)
            unseen += self._score(vectors, hidden)
        return seen.value, unseen.value

    def _score(self, vectors: np.ndarray, chosen: np.ndarray) -> Score:
        decided = chosen & (self._triplets.share != 0.5)
        return count_right(answers(vectors, self._triplets.subset(decided)))

    def _loss(self, vectors: np.ndarray, chosen: np.ndarray) -> float:
        """Return the summed logistic loss on triplets that took no part in a fit."""
        asked = self._triplets.subset(chosen)
        anchor, a, b = (vectors[asked.rows[:, i]] for i in range(3))
        margin = 8.0 * (((anchor - b) ** 2).sum(1) - ((anchor - a) ** 2).sum(1))
        return float((np.logaddexp(0, margin) - asked.share * margin).sum())


def _strongest_best(losses: np.ndarray) -> int:
    """Return the index of the smallest loss, of several equal ones the strongest pull."""
    return int(np.flatnonzero(losses <= losses.min() + 1e-9)[-1])
