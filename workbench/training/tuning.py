"""Cross-validated fits of one dimension's head.

Two ways of leaving out, side by side: items are dealt to folds, whole artists at a time, and a
model is asked about triplets whose three items are all held out (`unseen`); triplets are dealt to
folds, and it is asked about those it did not learn from, of items it may know (`seen`). The
pull is chosen by the loss on triplets with at least one held-out item.
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
from workbench.training.fit import PULLS, TEMPERATURE, Problem, Pull, fit_heads, seen_and_unseen
from workbench.training.judged import JudgedTriplets

FOLDS = 3
STEPS = 60
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


@dataclass(frozen=True)
class _Split:
    """Triplets that a fit learns from, those it is tested on, and the tag triplets it may use.

    All are boolean arrays over triplets; `of_items` says that the test's items are held out, too.
    """

    train: np.ndarray
    test: np.ndarray
    tags: np.ndarray
    of_items: bool


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
        for fold in range(FOLDS):
            train, test = seen_and_unseen(self._triplets, folds, fold)
            self._splits.append(_Split(train, test, seen_and_unseen(tagged, folds, fold)[0], True))
        part = rng.permutation(np.arange(len(self._triplets)) % FOLDS)
        for fold in range(FOLDS):
            every = np.ones(len(tagged), bool)
            self._splits.append(_Split(part != fold, part == fold, every, False))

    def cross_validate(self, observe: Observer) -> tuple[Outcome, Outcome, Pull]:
        """Return the scores before and after, and the pull to use.

        The pull that is scored on a split is chosen without the triplets of its test.
        """
        pulls = PULLS * len(self._splits)
        train = np.repeat([self._votes * s.train for s in self._splits], len(PULLS), axis=0)
        tags = np.repeat([s.tags.astype(float) for s in self._splits], len(PULLS), axis=0)
        problem = Problem(self._x, self._triplets, self._tagged, train, tags)

        def on_step(step: int, of: int, loss: float, y: np.ndarray) -> None:
            observe(step, of, loss, lambda: self._accuracy(y))

        heads = fit_heads(self._kind, self._start, problem, pulls, steps=STEPS, on_step=on_step)
        fitted = apply_head(self._kind, heads, self._x).reshape(
            len(self._splits), len(PULLS), len(self._x), -1
        )
        parent = apply_head(self._kind, self._start, self._x)
        losses = self._held_out_losses(fitted)
        before, after = Outcome(), Outcome()
        for index, split in enumerate(self._splits):
            usable = losses[np.arange(FOLDS) != index][:, :, ~split.test]
            best = fitted[index, _strongest_best(usable.sum(axis=(0, 2)))]
            kind = "unseen" if split.of_items else "seen"
            for outcome, vectors in ((before, parent), (after, best)):
                score = getattr(outcome, kind) + self._score(vectors, split.test)
                setattr(outcome, kind, score)
        return before, after, PULLS[_strongest_best(losses.sum(axis=(0, 2)))]

    def final(self, pull: Pull, observe: Observer) -> Parameters:
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
            [pull],
            steps=STEPS,
            on_step=lambda step, of, loss, _: observe(step, of, loss),
        )
        return {key: value[0] for key, value in heads.items()}

    def _accuracy(self, y: np.ndarray) -> tuple[float | None, float | None]:
        """Return the accuracy on seen and unseen test triplets at a middling pull."""
        seen, unseen = Score(), Score()
        for index, split in enumerate(self._splits):
            score = self._score(y[index * len(PULLS) + len(PULLS) // 2], split.test)
            seen, unseen = (seen, unseen + score) if split.of_items else (seen + score, unseen)
        return seen.value, unseen.value

    def _score(self, vectors: np.ndarray, chosen: np.ndarray) -> Score:
        decided = chosen & (self._triplets.share != 0.5)
        return count_right(answers(vectors, self._triplets.subset(decided)))

    def _held_out_losses(self, fitted: np.ndarray) -> np.ndarray:
        """Return the logistic loss of each triplet with a held-out item, [folds, pulls, t].

        Triplets that a fit has learned from count zero.
        """
        rows, share = self._triplets.rows, self._triplets.share
        losses = np.zeros((FOLDS, len(PULLS), len(rows)))
        for fold in range(FOLDS):
            for index in range(len(PULLS)):
                anchor, a, b = (fitted[fold, index][rows[:, i]] for i in range(3))
                margin = ((anchor - b) ** 2).sum(1) - ((anchor - a) ** 2).sum(1)
                logit = TEMPERATURE * margin
                losses[fold, index] = np.logaddexp(0, logit) - share * logit
            losses[fold, :, self._splits[fold].train] = 0.0
        return losses


def _strongest_best(losses: np.ndarray) -> int:
    """Return the index of the smallest loss, of several equal ones the strongest pull."""
    return int(np.flatnonzero(losses <= losses.min() + 1e-9)[-1])
