"""Judgements in dim-sim's columns (Lee et al. 2020), out and in.

The columns are those of the published files and a last one of ours, ``dimension``. What reads them
as votes is `workbench.evaluation.triplet_files`.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.evaluation.item_names import ItemNames
from workbench.evaluation.questions import OVERALL
from workbench.evaluation.triplet_files import read_triplets
from workbench.exchange.export import sorted_items, voted_triplets
from workbench.row_files import write_rows

if TYPE_CHECKING:
    import pandas as pd

    from workbench.workspace import Workspace

_WHO = ("anchor", "song1", "song2")  # dim-sim's words for anchor, a and b
DIM_SIM: dict[str, type] = {
    "triplet_id": str,
    **{
        f"{who}_{name}": kind
        for who in _WHO
        for name, kind in {"id": str, "start_seconds": float, "start_samples": int}.items()
    },
    "sampling_rate": int,
    "clip_lengths_seconds": float,
    "clip_lengths_samples": int,
    "song1_vote": int,
    "song2_vote": int,
    "dimension": str,
}


def export_dim_sim(ws: Workspace, file: Path, judgements: pd.DataFrame) -> int:
    """Write a row per triplet in dim-sim's columns (Lee et al. 2020); return how many.

    An item is called by its file's name without suffix (with its folders, where several files
    are called the same), as `workbench evaluate` looks it up. Votes are those of different raters;
    who cannot tell has none. A last column, ``dimension``, is ours.

    Parameters
    ----------
    ws, file, judgements
        As for `export_judgements`.
    """
    catalogue = ws.catalogue
    names = ItemNames.of(ws)
    rates = catalogue.sample_rates()
    clips = _first_clips(judgements)
    rows: list[dict[str, Any]] = []
    for task, votes in voted_triplets(judgements):
        dimension, *items = task
        presented, length = clips[task]
        rate = rates.get(items[0]) or 0
        row: dict[str, Any] = {"triplet_id": f"{len(rows) + 1:04d}", "dimension": dimension}
        for who, item_id in zip(_WHO, items, strict=True):
            start = float(presented.get(item_id, 0.0))
            row |= {
                f"{who}_id": names.shortest(item_id),
                f"{who}_start_seconds": start,
                f"{who}_start_samples": round(start * rate),
            }
        row |= {
            "sampling_rate": rate,
            "clip_lengths_seconds": length,
            "clip_lengths_samples": None if length is None else round(length * rate),
            "song1_vote": votes[0],
            "song2_vote": votes[1],
        }
        rows.append(row)
    write_rows(file, rows, DIM_SIM)
    return len(rows)


def majority_answers(
    ws: Workspace, file: Path, *, dimension: str = OVERALL
) -> tuple[list[tuple[dict[str, Any], dict[str, Any]]], int]:
    """Return the majority of each triplet as the answer of one rater: who voted is not known.

    The same file gives the same ids.

    Parameters
    ----------
    ws
        The workspace whose sounds the rows name.
    file
        A table with dim-sim's columns.
    dimension
        Of rows that do not name one.

    Returns
    -------
    answers, missing
        Columns of a judgement and of its sitting, and how many rows name a sound that is not here.
    """
    votes = read_triplets(ws, file)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    name = f"votes of {file.name}"[:80]
    session_id = str(uuid.uuid5(uuid.NAMESPACE_URL, digest))
    at = datetime.fromtimestamp(file.stat().st_mtime).astimezone()
    sitting = {"id": session_id, "rater": name, "device": "", "task": "", "started_at": at}
    shared = {"supersedes": None, "answer_id": None, "session_id": session_id, "rater": name,
              "at": at, "a_is_left": True, "sampler": "dim-sim", "app_version": ""}  # fmt: skip
    voted, answers = votes.voted, []
    found = zip(voted.dimensions, voted.items.tolist(), voted.votes.tolist(), strict=True)
    for asked, (anchor, a, b), (for_a, for_b, _) in found:
        values = {
            "dimension": dimension if asked == OVERALL else asked,
            "anchor_id": anchor,
            "a_id": a,
            "b_id": b,
            "choice": "a" if for_a > for_b else "b" if for_b > for_a else "cannot_tell",
        }
        own = uuid.uuid5(uuid.UUID(session_id), repr(sorted(values.items())))
        answers.append((values | shared | {"id": str(own)}, sitting))
    return answers, votes.rows - votes.matched


def _first_clips(
    judgements: pd.DataFrame,
) -> dict[tuple[str, int, int, int], tuple[Mapping[int, float], float | None]]:
    """Return by triplet where each item's clip began and how long it was, as first heard."""
    found: dict[Any, tuple[Mapping[int, float], float | None]] = {}
    keys = zip(judgements["dimension"], *sorted_items(judgements), strict=True)
    for key, row in zip(keys, judgements.to_dict("records"), strict=True):
        if key not in found:
            clips = row["clips"] if isinstance(row["clips"], dict) else {}
            starts = {row[f"{role}_id"]: clip.get("start_s", 0.0) for role, clip in clips.items()}
            length = row["clip_length_s"]
            found[key] = starts, None if length is None or np.isnan(length) else float(length)
    return found
