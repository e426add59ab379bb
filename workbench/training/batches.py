"""Which renditions come into a batch, and which of their segments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from workbench.features.segments import FRAMES

_BY_LOT = ("tempo", "key")  # every rendition has its own: nothing to balance
_RAREST = 0.02  # a share below this counts as this


def frequencies(table: pd.DataFrame, dimensions: Sequence[str], balance: float) -> np.ndarray:
    """Return how often each rendition comes, the mean being once, float64 [n].

    A label that a share p of the renditions bears weighs p to the power of minus `balance`, and a
    rendition as much as its labels do on average: a corpus of four hundred songs and thirty
    sonatas shall teach what a sonata is.

    Parameters
    ----------
    table
        Labels of renditions.
    dimensions
        Whose labels count; tempo and key do not.
    balance
        0: all come alike; 1: all labels do, but for the very rare ones.
    """
    weights = [np.ones(len(table))]
    for name in dimensions:
        if name not in _BY_LOT:
            share = table[name].map(table[name].value_counts(normalize=True))
            known = (table[name] != "").to_numpy()
            weight = share.clip(lower=_RAREST).to_numpy(dtype=float) ** -balance
            weights.append(np.where(known, weight / weight.mean(), 1.0))
    mean = np.mean(weights, axis=0)
    return mean / mean.mean()


def draw_batches(
    rows: np.ndarray,
    often: np.ndarray,
    *,
    renditions: int,
    steps: int,
    rng: np.random.Generator,
) -> Iterator[np.ndarray]:
    """Yield rows of a corpus, each twice.

    Parameters
    ----------
    rows
        Of the training part, int [n].
    often
        How often each comes in a round, float [n], mean 1; where all are 1, none comes again
        before all others did.
    renditions, steps
        In a batch, and batches.
    rng
        The source of chance.
    """
    count = min(renditions, len(rows))
    waiting = np.zeros(0, dtype=rows.dtype)
    for _ in range(steps):
        while len(waiting) < count:
            times = np.floor(often + rng.random(len(rows))).astype(int)
            waiting = np.concatenate([waiting, rng.permutation(np.repeat(rows, times))])
        chosen, waiting = waiting[:count], waiting[count:]
        yield np.repeat(np.sort(chosen), 2)


def two_starts(count: int, frames: int, rng: np.random.Generator) -> np.ndarray:
    """Return the first columns of two segments of each of `count` renditions, int [2 * count].

    The two overlap by half, or less, (Lee et al. 2020, section 3), where there is room for that.
    """
    last = frames - FRAMES
    first = rng.integers(0, last + 1, count)
    apart = min(FRAMES // 2, last // 2)
    second = (first + rng.integers(apart, last - apart + 2, count)) % (last + 1)
    return np.stack([first, second], axis=1).ravel()
