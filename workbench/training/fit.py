"""Fit heads to answered triplets, pulled towards where they started.

A head can learn in two ways: by *gains*, one factor per column of the encoder's vector (a rater
attends more to this, less to that), which few answers can teach; or by its *weights*, the full
matrix, which needs many. How much of either is allowed is a `Pull`.

Many fits run at once: pulls and folds of the cross-validation are a leading axis of every array,
so that choosing the pull costs little more than one fit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.subspaces.heads import Parameters, apply_head
from workbench.subspaces.triplets import Triplets

TEMPERATURE = 8.0  # squared distances of unit vectors differ by about 0.1 to 1
_WEIGHT_RATE, _GAIN_RATE = 0.004, 0.06
_TAG_SHARE = 0.3  # of a judgement: tags are a prior, not the answer
Step = Callable[[int, int, float, np.ndarray], None]


@dataclass(frozen=True)
class Pull:
    """How strongly gains are held at one and weights at their start; infinite: they stay."""

    gains: float = math.inf
    weights: float = math.inf

    def __str__(self) -> str:
        """Say it in words."""
        held = {"gains": self.gains, "weights": self.weights}
        moving = [f"{name} held by {pull:g}" for name, pull in held.items() if math.isfinite(pull)]
        return " and ".join(moving) or "nothing moves"


# From the freest to the strongest; of equals the strongest is chosen.
PULLS = (
    Pull(weights=10.0),
    Pull(weights=100.0),
    Pull(gains=0.3),
    Pull(gains=1.0),
    Pull(gains=10.0),
)


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
    pulls: Sequence[Pull],
    *,
    steps: int = 60,
    rate: float = 1.0,
    temperature: float = TEMPERATURE,
    on_step: Step | None = None,
) -> Parameters:
    """Return the parameters of c heads fitted side by side, arrays of shape [c, ...].

    The loss of each fit is the logistic loss of its triplets (soft where raters disagree), the
    mean over the judged plus 0.3 times the mean over the tagged ones; plus the pull on the weights
    times their squared distance from `start` relative to the size of `start`; plus the pull on the
    gains times the mean of their squared logarithms.

    Parameters
    ----------
    kind
        ``linear`` or ``mlp``.
    start
        The parameters of this dimension to start from.
    problem
        The triplets and their weights in each fit.
    pulls
        The pull of each of the c fits.
    steps
        Of Adam, over all triplets at once.
    rate
        Its learning rates, as a multiple of the usual ones.
    temperature
        How sharply a difference of squared distances is taken for an answer.
    on_step
        Called with (step, of, mean loss, subspace vectors [c, n, d] before the step); it may raise
        to end the fit.
    """
    import torch

    x = torch.from_numpy(problem.x)
    count = len(pulls)
    origin = {k: torch.from_numpy(np.array(v)) for k, v in start.items()}
    weights = {k: v.expand(count, *v.shape).clone().requires_grad_() for k, v in origin.items()}
    gains = torch.zeros(count, x.shape[1], requires_grad=True)
    size = sum(float((v**2).sum()) for v in origin.values())
    weight_pull, weight_moves = _finite([p.weights for p in pulls])
    gain_pull, gain_moves = _finite([p.gains for p in pulls])
    parts = [
        (t, _normalised(w) * share)
        for t, w, share in (
            (problem.judged, problem.judged_weight, 1.0),
            (problem.tagged, problem.tagged_weight, _TAG_SHARE),
        )
        if len(t)
    ]
    # Rates follow the size of the numbers they change: a zero matrix needs a floor.
    optimiser = torch.optim.Adam(
        [
            {"params": [v], "lr": rate * _WEIGHT_RATE * max(float(origin[k].std()) * 10, 0.1)}
            for k, v in weights.items()
        ]
        + [{"params": [gains], "lr": rate * _GAIN_RATE}]
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)

    def heads() -> Parameters:
        """Return what the head is with its gains folded in; what may not move is the start."""
        factor = torch.exp(gains * gain_moves[:, None])[:, None, :]
        moved = {
            k: origin[k] + (v - origin[k]) * weight_moves.reshape(-1, *[1] * origin[k].ndim)
            for k, v in weights.items()
        }
        return {k: v * factor if k in ("weight", "hidden") else v for k, v in moved.items()}

    with one_thread():
        for step in range(steps):
            optimiser.zero_grad()
            y = apply_head(kind, heads(), x)
            distance = sum(((v - origin[k]) ** 2).flatten(1).sum(1) for k, v in weights.items())
            loss = (weight_pull * distance / size + gain_pull * (gains**2).mean(1)).sum()
            data = sum((_triplet_loss(y, t, w, temperature) for t, w in parts), torch.zeros(count))
            (loss + data.sum()).backward()
            optimiser.step()
            schedule.step()
            if on_step is not None:
                on_step(step + 1, steps, float(data.detach().mean()), y.detach().numpy())
    with torch.no_grad():
        return {k: v.numpy() for k, v in heads().items()}


def _finite(pulls: list[float]):  # type: ignore[no-untyped-def]
    """Return pulls as a tensor with infinite ones as zero, and which are finite as 0 and 1."""
    import torch

    values = torch.tensor(pulls, dtype=torch.float32)
    moves = torch.isfinite(values).float()
    return torch.nan_to_num(values, posinf=0.0), moves


def _triplet_loss(y: Any, triplets: Triplets, weight: Any, temperature: float) -> Any:
    """Return the weighted logistic loss of each fit, [c], from subspace vectors [c, n, d]."""
    import torch
    from torch.nn import functional as F

    anchor, a, b = torch.from_numpy(triplets.rows).T
    near, far = _cosines(y, anchor.repeat(2), torch.cat([a, b])).chunk(2, dim=1)
    margin = 2.0 * (near - far)  # of unit vectors: the difference of squared distances
    share = torch.from_numpy(triplets.share).expand(len(y), -1)
    wrong = F.binary_cross_entropy_with_logits(temperature * margin, share, reduction="none")
    return (wrong * weight).sum(1)


def _cosines(y: Any, first: Any, second: Any) -> Any:
    """Return the products of pairs of rows of y [c, n, d], [c, pairs]."""
    if y.shape[1] ** 2 <= len(first) * y.shape[2]:  # few items: all products cost less
        return (y @ y.transpose(1, 2))[:, first, second]
    return (y.index_select(1, first) * y.index_select(1, second)).sum(-1)


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep torch to one thread: with arrays this small, threads mostly wait for each other."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


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
