"""Judgements as files: everything that is known of them, or plain triplets with votes."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
        keys = zip(table["dimension"], *sorted_items(table), strict=True)
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


def export_triplets(file: Path, judgements: pd.DataFrame) -> int:
    """Write a row per triplet with its votes, as `workbench evaluate --triplets` reads it."""
    rows = [
        {**dict(zip(TRIPLETS, task, strict=False)), "votes": f"{votes[0]}:{votes[1]}"}
        for task, votes in voted_triplets(judgements)
    ]
    write_rows(file, rows, TRIPLETS)
    return len(rows)


def voted_triplets(judgements: pd.DataFrame) -> list[tuple[tuple[str, int, int, int], list[int]]]:
    """Return each triplet that anybody decided, with the votes for both candidates."""
    table = answer_table(judgements)
    votes = label_counts(table.labels, kinds=3)[:, :2]
    return [(t, v) for t, v in zip(table.tasks, votes.tolist(), strict=True) if sum(v)]


def sorted_items(table: pd.DataFrame) -> tuple[list[int], list[int], list[int]]:
    """Return the anchors of judgements and their candidates, the lower id first."""
    candidates = table[["a_id", "b_id"]]
    low, high = candidates.min(axis=1), candidates.max(axis=1)
    return table["anchor_id"].tolist(), low.tolist(), high.tolist()
