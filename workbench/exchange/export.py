"""Judgements as files: everything, in dim-sim's columns, or as plain triplets."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa

from workbench.catalogue.tables import Session
from workbench.exchange.columns import FLAT, NESTED, flat_clips
from workbench.exchange.item_keys import ROLES, ItemKeys
from workbench.judgements.answer_table import answer_table, label_counts
from workbench.judgements.consensus import agreed_triplets
from workbench.judgements.rows import aware
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
TRIPLETS: dict[str, type] = {"dimension": str, "anchor": int, "a": int, "b": int, "votes": str}


def selected(
    ws: Workspace,
    *,
    dimension: str | None = None,
    agreement: float | None = None,
    fewest: int = 1,
    history: bool = False,
    excluding: Collection[str] = (),
) -> pd.DataFrame:
    """Return the judgements to export, as the log's table with the column ``supersedes``.

    Parameters
    ----------
    ws
        The workspace.
    dimension
        One dimension only.
    agreement, fewest
        Only triplets on which this share of at least so many raters agree; None for all.
    history
        Every row ever stored, what was undone and the undoing included.
    excluding
        Sittings to leave out, by id.
    """
    table = ws.judgements.history()
    if not history:
        table = table[table["id"].isin(ws.judgements.table(excluding=excluding)["id"])]
        table = table.assign(supersedes=None)
    if dimension is not None:
        table = table[table["dimension"] == dimension]
    if agreement is not None or fewest > 1:
        kept = agreed_triplets(table, agreement=agreement or 0.0, raters=fewest)
        wanted = {row[:4] for row in kept}
        keys = zip(table["dimension"], *_sorted_items(table), strict=True)
        table = table[[key in wanted for key in keys]]
    return table.reset_index(drop=True)


def export_judgements(ws: Workspace, file: Path, judgements: pd.DataFrame) -> int:
    """Write judgements with everything known of them; return how many rows there are.

    In CSV and Parquet what was presented and heard is a column each; in JSON Lines it is an object
    `clips`, as in the log. Titles, artists and hashes of the items lead another workspace to them.

    Parameters
    ----------
    ws
        The workspace.
    file
        ``.csv``, ``.parquet`` or ``.jsonl``.
    judgements
        From `selected`.
    """
    keys = ItemKeys(ws)
    with ws.database.read() as transaction:
        query = sa.select(Session.id, Session.started_at)
        began = {row.id: aware(row.started_at).isoformat() for row in transaction.execute(query)}
    nested = file.suffix.lower() == ".jsonl"
    rows: list[dict[Any, Any]] = []
    for row in judgements.astype(object).where(judgements.notna(), None).to_dict("records"):
        clips = row.pop("clips") or None
        row |= {"at": row["at"].isoformat(), "workspace": ws.id}
        row["session_started_at"] = began[row["session_id"]]
        for role in ROLES:
            key = keys.of(row[f"{role}_id"])
            row |= {f"{role}_{name}": value for name, value in key.items()}
        for name in ("confidence", "response_ms"):  # pandas makes floats of columns with gaps
            row[name] = None if row[name] is None else int(row[name])
        rows.append(row | ({"clips": clips} if nested else flat_clips(clips)))
    write_rows(file, rows, NESTED if nested else FLAT)
    return len(rows)


def export_dim_sim(ws: Workspace, file: Path, judgements: pd.DataFrame) -> int:
    """Write a row per triplet in dim-sim's columns (Lee et al. 2020); return how many.

    An item is called by its file's name without suffix, as `workbench evaluate` looks it up.
    Votes are those of different raters; who cannot tell has none. A last column, ``dimension``,
    is ours.

    Parameters
    ----------
    ws, file, judgements
        As for `export_judgements`.
    """
    catalogue = ws.catalogue
    names = {i: PurePath(path).stem for i, path in catalogue.media_names().items()}
    rates = catalogue.sample_rates()
    clips = _first_clips(judgements)
    rows: list[dict[str, Any]] = []
    for task, votes in _voted(judgements):
        dimension, *items = task
        presented, length = clips[task]
        rate = rates.get(items[0]) or 0
        row: dict[str, Any] = {"triplet_id": f"{len(rows) + 1:04d}", "dimension": dimension}
        for who, item_id in zip(_WHO, items, strict=True):
            start = float(presented.get(item_id, 0.0))
            row |= {
                f"{who}_id": names.get(item_id, str(item_id)),
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


def export_triplets(file: Path, judgements: pd.DataFrame) -> int:
    """Write a row per triplet with its votes, as `workbench evaluate --triplets` reads it."""
    rows = [
        {**dict(zip(TRIPLETS, task, strict=False)), "votes": f"{votes[0]}:{votes[1]}"}
        for task, votes in _voted(judgements)
    ]
    write_rows(file, rows, TRIPLETS)
    return len(rows)


def _voted(judgements: pd.DataFrame) -> list[tuple[tuple[str, int, int, int], list[int]]]:
    """Return each triplet that anybody decided, with the votes for both candidates."""
    table = answer_table(judgements)
    votes = label_counts(table.labels, kinds=3)[:, :2]
    return [(t, v) for t, v in zip(table.tasks, votes.tolist(), strict=True) if sum(v)]


def _first_clips(
    judgements: pd.DataFrame,
) -> dict[tuple[str, int, int, int], tuple[Mapping[int, float], float | None]]:
    """Return by triplet where each item's clip began and how long it was, as first heard."""
    found: dict[Any, tuple[Mapping[int, float], float | None]] = {}
    keys = zip(judgements["dimension"], *_sorted_items(judgements), strict=True)
    for key, row in zip(keys, judgements.to_dict("records"), strict=True):
        if key not in found:
            clips = row["clips"] if isinstance(row["clips"], dict) else {}
            starts = {row[f"{role}_id"]: clip.get("start_s", 0.0) for role, clip in clips.items()}
            length = row["clip_length_s"]
            found[key] = starts, None if length is None or np.isnan(length) else float(length)
    return found


def _sorted_items(table: pd.DataFrame) -> tuple[list[int], list[int], list[int]]:
    candidates = table[["a_id", "b_id"]]
    low, high = candidates.min(axis=1), candidates.max(axis=1)
    return table["anchor_id"].tolist(), low.tolist(), high.tolist()
