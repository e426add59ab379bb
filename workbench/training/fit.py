"""Fit heads to answered triplets, pulled towards where they started.

Many fits run at once: strengths of the pull and folds of the cross-validation are a leading axis
of every array, so that choosing the strength costs little more than one fit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from workbench.subspaces.heads import Parameters, apply_head
from workbench.subspaces.triplets import Triplets

STRENGTHS = (0.03, 0.3, 3.0, 30.0)
_TEMPERATURE = 8.0  # squared distances of unit vectors differ by about 0.1 to 1
_LEARNING_RATE = 0.004
Step = Callable[[int, int, float, np.ndarray], None]


@dataclass(frozen=True)
class Problem:
    """What a head learns from.

    Attributes
    ----------
    x : float32 [n, D]
        Normalised vectors of the items.
    judged, tagged
        Triplets from raters and from tags.
    judged_weight, tagged_weight : float32 [c, t]
        How much each triplet counts in each of the c fits; 0 leaves it out.
    """

    x: np.ndarray
    judged: Triplets
    tagged: Triplets
    judged_weight: np.ndarray
    tagged_weight: np.ndarray


def fit_heads(
    kind: str,
    start: Parameters,
    problem: Problem,
    strengths: np.ndarray,
    *,
    steps: int = 80,
    on_step: Step | None = None,
) -> Parameters:
    """Return the parameters of c heads fitted side by side, arrays of shape [c, ...].

    The loss of each fit is the logistic loss of its triplets (soft where raters disagree), the
    mean over the judged plus the mean over the tagged ones, plus ``strength`` times the squared
    distance of the parameters from `start` relative to the size of `start`.

    Parameters
    ----------
    kind
        ``linear`` or ``mlp``.
    start
        The parent's parameters of this dimension.
    problem
        The triplets and their weights in each fit.
    strengths
        float [c], the pull of each fit.
    steps
        Of Adam, over all triplets at once.
    on_step
        Called with (step, of, mean loss, subspace vectors [c, n, d] before the step); it may raise
        to end the fit.
    """
    import torch
    from torch.nn import functional as F

    x = torch.from_numpy(problem.x)
    count = len(strengths)
    origin = {k: torch.from_numpy(np.array(v)) for k, v in start.items()}
    heads = {k: v.expand(count, *v.shape).clone().requires_grad_() for k, v in origin.items()}
    size = sum(float((v**2).sum()) for v in origin.values())
    pull = torch.as_tensor(strengths, dtype=torch.float32) / size
    parts = [
        (torch.from_numpy(t.rows), torch.from_numpy(t.share), _normalised(w))
        for t, w in (
            (problem.judged, problem.judged_weight),
            (problem.tagged, problem.tagged_weight),
        )
        if len(t)
    ]
    # Rates follow the size of the numbers they change: a zero matrix needs a floor.
    groups = [
        {"params": [v], "lr": _LEARNING_RATE * max(float(origin[k].std()) * 10, 0.1)}
        for k, v in heads.items()
    ]
    optimiser = torch.optim.Adam(groups)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for step in range(steps):
        optimiser.zero_grad()
        y = apply_head(kind, heads, x)
        loss = sum(
            (pull * ((v - origin[k]) ** 2).flatten(1).sum(1)).sum() for k, v in heads.items()
        )
        data = torch.zeros(count)
        for rows, share, weight in parts:
            anchor, a, b = (y[:, rows[:, i]] for i in range(3))
            margin = ((anchor - b) ** 2).sum(-1) - ((anchor - a) ** 2).sum(-1)  # [c, t]
            wrong = F.binary_cross_entropy_with_logits(
                _TEMPERATURE * margin, share.expand(count, -1), reduction="none"
            )
            data = data + (wrong * weight).sum(1)
        (loss + data.sum()).backward()
        optimiser.step()
        schedule.step()
        if on_step is not None:
            on_step(step + 1, steps, float(data.detach().mean()), y.detach().numpy())
    return {k: v.detach().numpy() for k, v in heads.items()}


def _normalised(weight: np.ndarray):  # type: ignore[no-untyped-def]
    """Scale each row to sum to one; rows without triplets stay zero."""
    import torch

    total = weight.sum(axis=1, keepdims=True)
    return torch.from_numpy((weight / np.where(total > 0, total, 1)).astype(np.float32))


def item_folds(groups: np.ndarray, folds: int, rng: np.random.Generator) -> np.ndarray:
    """Deal groups of items to folds of about equal size, int64 [n]; no group is torn apart."""
    members = np.unique(groups, return_inverse=True)[1]
    sizes = np.bincount(members)
    order = rng.permutation(len(sizes))
    dealt, load = np.zeros(len(sizes), np.int64), np.zeros(folds)
    for group in order[np.argsort(-sizes[order], kind="stable")]:  # the largest first
        dealt[group] = load.argmin()
        load[dealt[group]] += sizes[group]
    return dealt[members]


def seen_and_unseen(triplets: Triplets, folds: np.ndarray, fold: int) -> tuple[np.ndarray, ...]:
    """Split triplets by a fold of items that is held out.

    Returns
    -------
    seen : bool [t]
        None of the three items is held out.
    unseen : bool [t]
        All three are. Triplets in between belong to neither.
    """
    held_out = folds[triplets.rows] == fold
    return ~held_out.any(axis=1), held_out.all(axis=1)
