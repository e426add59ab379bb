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
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.subspaces.heads import Parameters, apply_head
from workbench.subspaces.triplets import Triplets
from workbench.training.adam import Adam

TEMPERATURE = 8.0  # squared distances of unit vectors differ by about 0.1 to 1
_WEIGHT_RATE, _GAIN_RATE = 0.004, 0.06
_AT_ONCE = 3  # fits that one core carries side by side
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
    fits = [
        _Fits(
            kind,
            start,
            problem,
            pulls,
            np.array(chosen),
            steps=steps,
            rate=rate,
            temperature=temperature,
        )
        for alike in _alike(pulls)  # what stays as it is need not be carried along
        for chosen in _parts(alike)
    ]
    with _each_on_one_core(len(fits)) as on_each:
        for step in range(steps):
            seen = on_each(lambda some, now=step: (some.chosen, *some.step(now)), fits)
            if on_step is not None:
                y = _together([(chosen, vectors) for chosen, vectors, _ in seen], len(pulls))
                loss = sum(losses.sum() for _, _, losses in seen) / len(pulls)
                on_step(step + 1, steps, float(loss), y)
        ended = [(some.chosen, some.heads()) for some in fits]
    return {
        k: _together([(c, heads[k].detach().numpy()) for c, heads in ended], len(pulls))
        for k in start
    }


def _alike(pulls: Sequence[Pull]) -> list[list[int]]:
    """Return the places of the pulls that let the same move."""
    moves = [(math.isfinite(p.weights), math.isfinite(p.gains)) for p in pulls]
    return [[i for i, m in enumerate(moves) if m == kind] for kind in sorted(set(moves))]


def _parts(places: list[int]) -> list[list[int]]:
    """Cut them into parts that cores share; how many cores there are changes no result."""
    return [places[i : i + _AT_ONCE] for i in range(0, len(places), _AT_ONCE)]


def _together(parts: Sequence[tuple[np.ndarray, np.ndarray]], count: int) -> np.ndarray:
    """Return arrays [c', ...] as one, [count, ...], each row at its place."""
    whole = np.empty((count, *parts[0][1].shape[1:]), np.float32)
    for places, values in parts:
        whole[places] = values
    return whole


class _Fits:
    """Some of the fits, all of which let the same move: gains, weights, both or nothing."""

    def __init__(
        self,
        kind: str,
        start: Parameters,
        problem: Problem,
        pulls: Sequence[Pull],
        chosen: np.ndarray,
        *,
        steps: int,
        rate: float,
        temperature: float,
    ) -> None:
        import torch

        self.chosen, self._kind, self._steps = chosen, kind, steps
        self._temperature = temperature
        self._x = torch.from_numpy(problem.x)
        judged, tagged = problem.judged, problem.tagged
        self._pairs = _Pairs(np.concatenate([judged.rows, tagged.rows]))
        self._share = torch.from_numpy(np.concatenate([judged.share, tagged.share]))
        self._counts = torch.cat(
            [
                _normalised(problem.judged_weight[chosen]),
                _normalised(problem.tagged_weight[chosen]) * _TAG_SHARE,
            ],
            dim=1,
        )
        count = len(chosen)
        self._origin = {k: torch.from_numpy(np.array(v)) for k, v in start.items()}
        self._weights = {k: v.expand(count, *v.shape) for k, v in self._origin.items()}
        self._gains: Any = None
        self._moving: list[Adam] = []
        pull = pulls[chosen[0]]
        if math.isfinite(pull.weights):
            size = sum(float((v**2).sum()) for v in self._origin.values())
            held = 2.0 / size * torch.tensor([pulls[i].weights for i in chosen])
            for k, v in self._origin.items():
                self._weights[k] = self._weights[k].clone().requires_grad_()
                # Rates follow the size of the numbers they change: a zero matrix needs a floor.
                fast = rate * _WEIGHT_RATE * max(float(v.std()) * 10, 0.1)
                self._moving.append(Adam(self._weights[k], fast, v, held))
        if math.isfinite(pull.gains):
            width = self._x.shape[1]
            self._gains = torch.zeros(count, width, requires_grad=True)
            held = 2.0 / width * torch.tensor([pulls[i].gains for i in chosen])
            self._moving.append(Adam(self._gains, rate * _GAIN_RATE, torch.zeros(width), held))

    def heads(self) -> Parameters:
        """Return what the heads are with their gains folded in."""
        if self._gains is None:
            return self._weights
        factor = self._gains.exp()[:, None, :]
        return {k: v * factor if k in ("weight", "hidden") else v for k, v in self._weights.items()}

    def step(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """Take a step; return the subspace vectors [c, n, d] and losses [c] before it."""
        y = apply_head(self._kind, self.heads(), self._x)
        data = self._loss(y)
        if data.requires_grad:
            data.sum().backward()
        share = (1.0 + math.cos(math.pi * number / self._steps)) / 2.0
        for moving in self._moving:
            moving.step(number + 1, share)
        return y.detach().numpy(), data.detach().numpy()

    def _loss(self, y: Any) -> Any:
        """Return the weighted logistic loss of each fit, [c], from subspace vectors [c, n, d]."""
        from torch.nn import functional as F

        near, far = self._pairs.products(y)
        logit = 2.0 * self._temperature * (near - far)  # of unit vectors: of squared distances
        share = self._share.expand(len(y), -1)
        wrong = F.binary_cross_entropy_with_logits(logit, share, reduction="none")
        return (wrong * self._counts).sum(1)


class _Pairs:
    """The pairs of triplets, anchor and a, then anchor and b, and their products.

    Parameters
    ----------
    rows
        Anchor, a and b, int64 [t, 3].
    """

    def __init__(self, rows: np.ndarray) -> None:
        import torch

        anchor, a, b = torch.from_numpy(np.ascontiguousarray(rows.T))
        self._first, self._second = anchor.repeat(2), torch.cat([a, b])

    def products(self, y: Any) -> Any:
        """Return those of rows of y [c, n, d], twice [c, t].

        One index along one axis is what PyTorch is quick with, on the way back, too.
        """
        n, d = y.shape[1:]
        if n**2 <= len(self._first) * d:  # few items: all products cost less
            places = self._first * n + self._second
            found = (y @ y.transpose(1, 2)).flatten(1).index_select(1, places)
        else:
            found = (y.index_select(1, self._first) * y.index_select(1, self._second)).sum(-1)
        return found.chunk(2, dim=1)


@contextmanager
def _each_on_one_core(count: int) -> Iterator[Callable[..., list[Any]]]:
    """Yield a `map` that works on up to `count` things at once, on as many cores as torch may."""
    import torch

    workers = min(torch.get_num_threads(), count)
    with one_thread():
        if workers == 1:
            yield lambda work, things: [work(thing) for thing in things]
            return
        with ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            yield lambda work, things: list(pool.map(work, things))


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
