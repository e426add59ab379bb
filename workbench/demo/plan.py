"""Who plays what, how fast and in which key: drawn so that no dimension stands for another.

Genre and era come with a piece. Instruments, tempo, key and dynamics are dealt out in shuffled
rounds, in which every value comes once, so that all have equally many pieces and so has every
beginning of the recipe. Of many such deals the one is kept in which the dimensions are least
associated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from workbench.demo.instruments import FAMILIES
from workbench.demo.recipe import Piece

# Beats per minute in one octave of tempo; doubled or halved to suit the piece. Tempi of one class
# are within 5 bpm of each other, tempi of two classes are not, octaves being equal.
TEMPO_CLASSES = (68.0, 78.0, 90.0, 103.0, 118.0)
_SHADES = (0.0, -1.0, 1.0)
PACES = (2.2, 3.4, 5.0)  # onsets per second, roughly
DYNAMICS = ("soft", "medium", "loud")
TONICS = {"major": ("C", "D", "Eb", "F", "G", "A", "Bb"), "minor": ("A", "C", "D", "E")}
_DEALS = 400


@dataclass(frozen=True)
class Plan:
    """How one piece is arranged.

    `tempo_class` and `shade` (bpm) add up to a tempo that may still be doubled or halved; `pace`
    is the wished number of onsets per second.
    """

    piece: Piece
    lead: str
    companion: str
    tempo_class: float
    shade: float
    pace: float
    dynamic: str
    key: str


def make_plans(pieces: Sequence[Piece], *, seed: int = 0) -> list[Plan]:
    """Deal instruments, tempi, keys and dynamics to the pieces of the recipe.

    Parameters
    ----------
    pieces
        The whole recipe: a piece's plan depends on those beside it.
    seed
        The same seed gives the same plans.
    """
    deals = (_deal(pieces, np.random.default_rng([seed, i])) for i in range(_DEALS))
    return min(deals, key=_association)


def cramers_v(a: Sequence[str], b: Sequence[str]) -> float:
    """Return Cramer's V of two label lists of equal length: 0 unrelated, 1 one decides the other.

    Source: H. Cramer, Mathematical Methods of Statistics, 1946, section 21.9.
    """
    rows, columns = np.unique(a, return_inverse=True)[1], np.unique(b, return_inverse=True)[1]
    table = np.zeros((rows.max() + 1, columns.max() + 1))
    np.add.at(table, (rows, columns), 1)
    smaller = min(table.shape) - 1
    if smaller == 0:
        return 0.0
    expected = table.sum(1, keepdims=True) * table.sum(0, keepdims=True) / len(rows)
    chi2 = ((table - expected) ** 2 / expected).sum()
    return float(np.sqrt(chi2 / (len(rows) * smaller)))


def _deal(pieces: Sequence[Piece], rng: np.random.Generator) -> list[Plan]:
    count = len(pieces)
    leads = _rounds(list(FAMILIES), count, rng)
    others = _rounds(list(FAMILIES), count, rng)
    alone = _rounds([True, False], count, rng)  # one family plays all parts in half of the pieces
    tempi = _rounds(list(TEMPO_CLASSES), count, rng)
    shades = _rounds(list(_SHADES), count, rng)
    moods = _rounds(list(product(PACES, DYNAMICS)), count, rng)
    tonics = {mode: iter(_rounds(list(names), count, rng)) for mode, names in TONICS.items()}
    return [
        Plan(
            piece=piece,
            lead=leads[i],
            companion=leads[i] if alone[i] else others[i],
            tempo_class=tempi[i],
            shade=shades[i],
            pace=moods[i][0],
            dynamic=moods[i][1],
            key=f"{next(tonics[piece.mode])} {piece.mode}" if piece.key else "",
        )
        for i, piece in enumerate(pieces)
    ]


def _rounds(values: list, count: int, rng: np.random.Generator) -> list:
    """Return `count` values in shuffled rounds of all of them."""
    order: list[int] = []
    while len(order) < count:
        order.extend(rng.permutation(len(values)).tolist())
    return [values[i] for i in order[:count]]


def _association(plans: list[Plan]) -> float:
    """Return how far the dimensions depend on each other, summed over all pairs."""
    columns = (
        [plan.piece.genre for plan in plans],
        [plan.piece.era for plan in plans],
        [plan.lead for plan in plans],
        [plan.companion for plan in plans],
        [str(plan.tempo_class) for plan in plans],
        [plan.key for plan in plans],
        [str(plan.pace) for plan in plans],
        [plan.dynamic for plan in plans],
    )
    return sum(cramers_v(a, b) ** 2 for a, b in combinations(columns, 2))
