"""What was judged of each item, and how often the model answers otherwise than listeners."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from workbench.search.subspaces import read_subspaces

if TYPE_CHECKING:
    import pandas as pd

    from workbench.workspace import Workspace


def judged_items(ws: Workspace, *, version: str | None = None) -> pd.DataFrame:
    """Return per dimension and item how often it was judged and what the model makes of it.

    Parameters
    ----------
    ws
        The workspace.
    version
        The model version; by default the current one.

    Returns
    -------
    A table indexed by dimension and item_id: ``judgements`` with the item as anchor or candidate
    (skipped triplets are none); of these ``decided``, those for one candidate that the model has
    vectors for; ``against``, of those the ones whose other candidate is nearer to the anchor in
    the dimension's subspace. A tie is against the listener.
    """
    import pandas as pd

    rows = ws.judgements.table()
    rows = rows[rows["choice"] != "skip"].reset_index(drop=True)
    decided, against = _answers(ws, rows, version)
    long = pd.concat(
        [
            pd.DataFrame(
                {
                    "dimension": rows["dimension"],
                    "item_id": rows[role].astype("int64"),
                    "judgements": 1,
                    "decided": decided.astype(np.int64),
                    "against": against.astype(np.int64),
                }
            )
            for role in ("anchor_id", "a_id", "b_id")
        ]
    )
    return long.groupby(["dimension", "item_id"]).sum()


def _answers(
    ws: Workspace, rows: pd.DataFrame, version: str | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return which judgements the model can be asked about, and which it contradicts, bool [n]."""
    store, blocks = read_subspaces(ws, version)
    trios = rows[["anchor_id", "a_id", "b_id"]].to_numpy(dtype=np.int64)
    decided = rows["choice"].isin(["a", "b"]).to_numpy() & np.isin(trios, store.ids).all(axis=1)
    against = np.zeros(len(rows), dtype=bool)
    for name, block in blocks.items():
        own = np.flatnonzero(decided & (rows["dimension"] == name).to_numpy())
        places = store.positions(trios[own].ravel())
        trio = store.vectors[places][:, block].reshape(len(own), 3, block.stop - block.start)
        anchor, a, b = trio.transpose(1, 0, 2)
        nearer = np.linalg.norm(anchor - a, axis=1) - np.linalg.norm(anchor - b, axis=1)
        chose_a = (rows["choice"] == "a").to_numpy()[own]
        against[own] = ~np.where(chose_a, nearer < 0, nearer > 0)
    decided &= rows["dimension"].isin(list(blocks)).to_numpy()
    return decided, against
