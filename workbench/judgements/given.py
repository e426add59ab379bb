"""Answers as they were given: one row each, with what was asked and said and how it compares.

An odd-one-out answer is two rows of the log and one row here. Whether an answer is the same as
the rater's earlier one, what most others said, or what is known to be right, stands beside it;
every rate of `workbench.judgements.conduct` is then a count over some of the rows.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

Question: TypeAlias = tuple[str, tuple[int, ...], bool]  # dimension, items, is the odd one asked?
Row: TypeAlias = Mapping[Any, Any]

SKIPPED, CANNOT_TELL = -1, 0  # what `said` holds where no item was chosen; ids begin at 1
NEEDED_MS = 500  # where it is not stored: below half a second nobody has heard a clip
_ROLES = ("anchor", "a", "b")
_KEPT = ("rater", "session_id", "task", "dimension", "at", "purpose", "response_ms")


def given_answers(judgements: pd.DataFrame, gold: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return one row per answer, oldest first.

    Parameters
    ----------
    judgements
        As `JudgementLog.table` returns them.
    gold
        As `GoldTriplets.table` returns it: the triplets whose answer is known.

    Returns
    -------
    DataFrame
        Of the log: ``rater``, ``session_id``, ``task``, ``dimension``, ``at``, ``purpose``,
        ``response_ms``. And:

        ``said``
            The id of the item chosen (the closer one, or the odd one out), 0 for "cannot tell",
            -1 for a skip.
        ``place``, ``places``
            Where the chosen one lay among how many candidates, 0 is leftmost; -1 if unknown.
        ``heard_share``
            How much of what was needed of the clip heard least was heard; NaN if unknown.
        ``needed_s``
            How long all three clips had to sound before an answer was taken; NaN if unknown.
        ``same``, ``agrees``, ``right``
            1 or 0: whether a repeat got the rater's earlier answer (where both times one was
            chosen), whether a first answer is what most others said, whether a gold triplet was
            answered right; NaN where that cannot be asked.
    """
    import pandas as pd

    ordered = judgements.sort_values("at", kind="stable").to_dict("records")
    seen: set[str] = set()
    rows, questions = [], []
    for row in ordered:
        if isinstance(row["answer_id"], str):
            if row["answer_id"] in seen:
                continue
            seen.add(row["answer_id"])
        rows.append({name: row[name] for name in _KEPT} | _said(row))
        questions.append(_question(row))
    columns = [*_KEPT, "said", "place", "places", "heard_share", "needed_s"]
    given = pd.DataFrame(rows, columns=columns)
    said, raters = given["said"].to_numpy(dtype=np.int64), given["rater"].tolist()
    is_repeat = (given["purpose"] == "repeat").to_numpy(dtype=bool)
    return given.assign(
        same=_same(questions, raters, said, is_repeat),
        agrees=_agrees(questions, raters, said),
        right=_right(questions, said, gold),
    )


def _question(row: Row) -> Question:
    anchor, a, b = (int(row[f"{role}_id"]) for role in _ROLES)
    if isinstance(row["answer_id"], str):
        return row["dimension"], tuple(sorted((anchor, a, b))), True
    return row["dimension"], (anchor, min(a, b), max(a, b)), False


def _said(row: Row) -> dict[str, Any]:
    clips = row["clips"] if isinstance(row["clips"], dict) else {}
    needed = {role: clip.get("needed_ms", NEEDED_MS) for role, clip in clips.items()}
    shares = [
        clip["heard_ms"] / max(needed[role], 1)
        for role, clip in clips.items()
        if "heard_ms" in clip
    ]
    odd_one_out = isinstance(row["answer_id"], str)
    said, place = SKIPPED if row["choice"] == "skip" else CANNOT_TELL, -1
    if row["choice"] in ("a", "b"):
        # Of an odd-one-out answer each row says which of two is closer: the other is the odd one.
        role = {"a": "b", "b": "a"}[row["choice"]] if odd_one_out else row["choice"]
        said = int(row[f"{role}_id"])
        if odd_one_out:
            place = clips.get(role, {}).get("place", -1)
        else:
            place = int((role == "a") != bool(row["a_is_left"]))
    return {
        "said": said,
        "place": place,
        "places": 3 if odd_one_out else 2,
        "heard_share": float(min(shares)) if shares else np.nan,
        "needed_s": sum(needed.values()) / 1000 if needed else np.nan,
    }


def _same(
    questions: list[Question], raters: list[str], said: np.ndarray, is_repeat: np.ndarray
) -> np.ndarray:
    """Compare repeats with the same rater's last answer before, float [answers].

    Only where both chose: what guessing would give is known then.
    """
    last: dict[tuple[Question, str], int] = {}
    same = np.full(len(said), np.nan)
    for i, key in enumerate(zip(questions, raters, strict=True)):
        if said[i] <= CANNOT_TELL:
            continue
        if is_repeat[i] and key in last:
            same[i] = float(said[i] == last[key])
        last[key] = int(said[i])
    return same


def _agrees(questions: list[Question], raters: list[str], said: np.ndarray) -> np.ndarray:
    """Compare raters' first answers with the commonest one of the others, float [answers]."""
    first: dict[Question, dict[str, int]] = defaultdict(dict)
    for i, (question, rater) in enumerate(zip(questions, raters, strict=True)):
        if said[i] != SKIPPED:
            first[question].setdefault(rater, i)
    agrees = np.full(len(said), np.nan)
    for answers in first.values():
        if len(answers) < 2:
            continue
        votes = Counter(int(said[i]) for i in answers.values())
        for i in answers.values():
            others = votes - Counter([int(said[i])])
            (top, most), *rest = others.most_common(2)
            if not rest or rest[0][1] < most:
                agrees[i] = float(said[i] == top)
    return agrees


def _right(questions: list[Question], said: np.ndarray, gold: pd.DataFrame | None) -> np.ndarray:
    """Compare answers with what is known, float [answers]; who cannot tell is not right."""
    known: dict[Question, int] = {}
    for row in gold.to_dict("records") if gold is not None else []:
        closer = int(row[f"{row['choice']}_id"])
        known[row["dimension"], (row["anchor_id"], row["a_id"], row["b_id"]), False] = closer
    right = np.full(len(said), np.nan)
    for i, question in enumerate(questions):
        if question in known and said[i] != SKIPPED:
            right[i] = float(said[i] == known[question])
    return right
