"""How a rater, a sitting or a week went: consistency, gold, sides, pace.

Conventions
-----------
Every function takes answers as `workbench.judgements.given.given_answers` returns them, or some
of these rows. Proportions are `Score`: k of n with a 95 % interval.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.evaluation.scores import Score
from workbench.judgements.given import CANNOT_TELL, SKIPPED

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, kw_only=True)
class Conduct:
    """What some answers tell of whoever gave them.

    Attributes
    ----------
    answers
        How many, skips not counted.
    agreement
        First answers that are what most others said.
    consistency
        Repeats answered as the first time, of those decided both times.
    gold
        Gold triplets answered right.
    left
        Choices of the leftmost candidate; `left_chance` is what a blind choice would give.
    cannot_tell, skipped
        Of the answers, and of all questions.
    response_s
        The median time from the first sight to the answer, None if unknown.
    """

    answers: int
    agreement: Score
    consistency: Score
    gold: Score
    left: Score
    left_chance: float
    cannot_tell: Score
    skipped: Score
    response_s: float | None

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain numbers."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {k: v.as_dict() if isinstance(v, Score) else v for k, v in values.items()}


def conduct(given: pd.DataFrame) -> Conduct:
    """Return what some answers tell of whoever gave them."""
    said = given["said"].to_numpy(dtype=np.int64)
    answered = given[said != SKIPPED]
    times = answered["response_ms"].astype(float).dropna()
    return Conduct(
        answers=len(answered),
        agreement=_counted(given["agrees"]),
        consistency=_counted(given["same"]),
        gold=_counted(given["right"]),
        left=left_choices(given),
        left_chance=_blind_chance(chosen(given)),
        cannot_tell=Score(int((said == CANNOT_TELL).sum()), len(answered)),
        skipped=Score(int((said == SKIPPED).sum()), len(given)),
        response_s=float(times.median()) / 1000 if len(times) else None,
    )


def chosen(given: pd.DataFrame) -> pd.DataFrame:
    """Return the answers that chose an item whose place is known."""
    return given[(given["said"] > CANNOT_TELL) & (given["place"] >= 0)]


def left_choices(given: pd.DataFrame) -> Score:
    """Return how often the leftmost candidate was chosen, of the answers that chose one."""
    places = chosen(given)["place"]
    return Score(int((places == 0).sum()), len(places))


def longest_run(given: pd.DataFrame) -> tuple[int, float]:
    """Return how often in a row the same place was chosen at most, and how likely that is.

    Returns
    -------
    run, p
        The longest run and the chance that so many blind choices hold one as long.
    """
    part = chosen(given)
    places = part["place"].tolist()
    longest = current = 0
    for i, place in enumerate(places):
        current = current + 1 if i and place == places[i - 1] else 1
        longest = max(longest, current)
    return longest, run_chance(longest, len(places), _blind_chance(part))


def run_chance(run: int, choices: int, chance: float = 0.5) -> float:
    """Return how likely blind choices hold a run of the same place at least this long.

    Parameters
    ----------
    run, choices
        The length of the run, and how many choices there are.
    chance
        Of each of the equally likely places.

    Examples
    --------
    >>> run_chance(2, 2), run_chance(3, 3), run_chance(2, 3)
    (0.5, 0.25, 0.75)
    """
    if run <= 1:
        return 1.0
    if run > choices:
        return 0.0
    # A run of r is r - 1 choices in a row that are as the one before. `without[m]` is the chance
    # that the first m of these comparisons hold none: the last difference may come anywhere.
    repeats, comparisons = run - 1, choices - 1
    without = [1.0] * repeats
    for m in range(repeats, comparisons + 1):
        if m == repeats:
            without.append(1.0 - chance**repeats)
        else:
            without.append(without[-1] - (1 - chance) * chance**repeats * without[m - repeats - 1])
    return 1.0 - without[comparisons]


def trend(given: pd.DataFrame) -> list[tuple[str, Conduct]]:
    """Return how it went over time: per day, or per hundred answers where there are few days.

    Returns
    -------
    Pairs of a name, such as ``2026-03-02`` or ``101 to 200``, and what its answers tell; oldest
    first.
    """
    if given.empty:
        return []
    days = given["at"].dt.strftime("%Y-%m-%d")
    if days.nunique() >= _FEWEST_DAYS:
        return [(str(day), conduct(part)) for day, part in given.groupby(days, sort=True)]
    slices = []
    for first in range(0, len(given), _SLICE):
        part = given.iloc[first : first + _SLICE]
        slices.append((f"{first + 1} to {first + len(part)}", conduct(part)))
    return slices


_FEWEST_DAYS = 4
_SLICE = 100


def _counted(facts: pd.Series) -> Score:
    known = facts.dropna()
    return Score(int(known.sum()), len(known))


def _blind_chance(part: pd.DataFrame) -> float:
    return float((1.0 / part["places"]).mean()) if len(part) else 0.5
