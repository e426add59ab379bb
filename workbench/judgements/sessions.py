"""Sittings that look odd, each with the reasons in words.

A flag is a question to ask the rater, no verdict: a flagged sitting counts like any other until
somebody leaves it out by name. Each threshold is wide enough that an attentive rater of hard
triplets stays below it nearly always; the comment beside it says how wide.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.judgements.answer_table import answer_table
from workbench.judgements.conduct import Conduct, conduct, longest_run
from workbench.judgements.consensus import dawid_skene
from workbench.judgements.given import CANNOT_TELL

if TYPE_CHECKING:
    import pandas as pd

CLEARLY_BELOW = 0.75  # half way from guessing (0.5) to always right: where an interval must reach
FEWEST_GOLD = 5  # who gets nine of ten right is flagged after five in 1 of 2,000 sittings
SAME_BY_ERRORS = 0.65  # who errs in one of five says the same twice in two of three (0.68)
FEWEST_REPEATS = 10  # such a rater is flagged after ten in 1 of 60 sittings, as after thirty
FEWEST_CHOICES = 20  # for the side: below, five of one side in a row are nothing
ODD_SIDE = 0.001  # chance of so lopsided a choice, and of so long a run, by blind luck
FEWEST_SHARED = 20  # answers others gave too, before an accuracy means anything
FEWEST_RATERS = 3  # where two disagree nobody can say who is right
NEAR_CHANCE = 0.6  # accuracy: a guesser's is 0.5, give or take 0.1 in twenty answers
FEWEST_TIMES = 10  # answers with a time
UNKNOWN_PACE_S = 1.5  # for three clips, where it is not known how much was to be heard
HEARD_SHARE = 0.9  # of the minimum: players count in steps, and a clip may end a little early
HEARD_TOO_LITTLE = 3  # answers, before it is more than a slip


@dataclass(frozen=True, kw_only=True)
class Sitting:
    """One sitting.

    Attributes
    ----------
    id, rater, task, device
        As the log holds them.
    began
        When its first answer was given.
    conduct
        How it went.
    accuracy
        How often it is right by Dawid and Skene's model; None where that cannot be known.
    flags
        What is odd about it, a sentence each.
    """

    id: str
    rater: str
    task: str
    device: str
    began: pd.Timestamp
    conduct: Conduct
    accuracy: float | None
    flags: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain numbers and text."""
        return {
            "id": self.id,
            "rater": self.rater,
            "task": self.task,
            "device": self.device,
            "began": self.began.isoformat(),
            "accuracy": self.accuracy,
            "flags": list(self.flags),
        } | self.conduct.as_dict()


def sittings(
    judgements: pd.DataFrame,
    given: pd.DataFrame,
) -> list[Sitting]:
    """Return every sitting with what is odd about it, the newest first.

    Parameters
    ----------
    judgements
        As `JudgementLog.table` returns them.
    given
        The same as `given_answers` returns them.
    """
    accuracies = sitting_accuracies(judgements)
    devices = dict(zip(judgements["session_id"], judgements["device"], strict=True))
    found = []
    for name, part in given.groupby("session_id", sort=False):
        first = part.iloc[0]
        went = conduct(part)
        accuracy = accuracies.get(str(name))
        found.append(
            Sitting(
                id=str(name),
                rater=str(first["rater"]),
                task=str(first["task"]),
                device=str(devices[name]),
                began=first["at"],
                conduct=went,
                accuracy=accuracy,
                flags=tuple(flags(part, went, accuracy=accuracy)),
            )
        )
    return sorted(found, key=lambda sitting: sitting.began, reverse=True)


def sitting_accuracies(judgements: pd.DataFrame) -> dict[str, float]:
    """Return how often each sitting is right by Dawid and Skene's model.

    Only those with enough answers that others gave too, where three people overlap.
    """
    fresh = judgements[judgements["purpose"] != "repeat"]
    owner = dict(zip(fresh["session_id"], fresh["rater"], strict=True))
    table = answer_table(fresh.assign(rater=fresh["session_id"]))
    shared = table.labels[(table.labels >= 0).sum(axis=1) >= 2]
    taking_part = (shared >= 0).sum(axis=0)
    people = {owner[s] for s, n in zip(table.raters, taking_part, strict=True) if n}
    if len(people) < FEWEST_RATERS:
        return {}
    accuracy = dawid_skene(shared).accuracy
    return {
        session: float(accuracy[i])
        for i, session in enumerate(table.raters)
        if taking_part[i] >= FEWEST_SHARED
    }


def flags(
    part: pd.DataFrame,
    went: Conduct,
    *,
    accuracy: float | None = None,
) -> list[str]:
    """Return what is odd about one sitting, a sentence each.

    Parameters
    ----------
    part
        Its answers, as `given_answers` returns them.
    went
        What `conduct` says of these.
    accuracy
        By Dawid and Skene's model, if known.
    """
    reasons = [
        _gold(went),
        _repeats(went),
        _side(went),
        _run(part),
        _pace(part, went),
        _heard(part),
        _accuracy(accuracy),
    ]
    return [reason for reason in reasons if reason]


def lasting_flags(part: pd.DataFrame, went: Conduct, *, accuracy: float | None) -> list[str]:
    """Return what is odd about all that one rater answered: what no single sitting may show.

    Parameters
    ----------
    part, went
        As for `flags`; the pace and the listening are matters of a sitting and its task.
    accuracy
        By Dawid and Skene's model, if three people overlap.
    """
    known = accuracy if part["agrees"].count() >= FEWEST_SHARED else None
    reasons = [_gold(went), _repeats(went), _side(went), _accuracy(known)]
    return [reason for reason in reasons if reason]


def _gold(went: Conduct) -> str:
    gold = went.gold
    if gold.n < FEWEST_GOLD or gold.interval is None or gold.interval[1] >= CLEARLY_BELOW:
        return ""
    return f"Of {gold.n} gold triplets only {gold.k} were answered right."


def _repeats(went: Conduct) -> str:
    again = went.consistency
    if again.n < FEWEST_REPEATS or again.interval is None:
        return ""
    low, high = again.interval
    if low > went.left_chance or high >= SAME_BY_ERRORS:
        return ""
    return f"Of {again.n} repeated questions {again.k} got the same answer, as guessing would."


def _side(went: Conduct) -> str:
    from scipy.stats import binomtest

    left = went.left
    if left.n < FEWEST_CHOICES or binomtest(left.k, left.n, went.left_chance).pvalue >= ODD_SIDE:
        return ""
    side = "left" if left.k > went.left_chance * left.n else "right"
    share = left.k if side == "left" else left.n - left.k
    where = "on the left" if side == "left" else "not on the left"
    if went.left_chance == 0.5:
        where = f"on the {side}"
    return f"The one {where} was chosen {share} times of {left.n}."


def _run(part: pd.DataFrame) -> str:
    run, p = longest_run(part)
    return f"The same side was chosen {run} times in a row." if p < ODD_SIDE else ""


def _pace(part: pd.DataFrame, went: Conduct) -> str:
    timed = part["response_ms"].notna() & (part["said"] >= CANNOT_TELL)
    least = float(part["needed_s"].median()) if part["needed_s"].notna().any() else UNKNOWN_PACE_S
    if went.response_s is None or timed.sum() < FEWEST_TIMES or went.response_s >= least:
        return ""
    return (
        f"Half of the answers took less than {went.response_s:.1f} s; hearing the three clips "
        f"takes {least:.1f} s at least."
    )


def _heard(part: pd.DataFrame) -> str:
    judged = part["said"] > CANNOT_TELL
    short = int((judged & (part["heard_share"] < HEARD_SHARE)).sum())
    if short < HEARD_TOO_LITTLE:
        return ""
    known = int((judged & np.isfinite(part["heard_share"])).sum())
    return f"In {short} of {known} answers a clip was heard for less than it had to be."


def _accuracy(accuracy: float | None) -> str:
    if accuracy is None or accuracy >= NEAR_CHANCE:
        return ""
    return (
        f"By what the others say, {100 * accuracy:.0f} % of the answers are right (Dawid and "
        "Skene's model); guessing gives 50 %."
    )
