"""How items are ranked by those who build songs: stars, uses, and who is used with whom.

Patent US 12,394,399, figure 7: ranked music items, and sociometric rankings of them, are received
by the processor that finds and learns.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import sqlalchemy as sa

from workbench.catalogue.tables import Rating, Use, now
from workbench.errors import UnknownNameError, WorkbenchError

if TYPE_CHECKING:
    import pandas as pd

    from workbench.workspace import Workspace

_MIDDLE, _HALF = 3.0, 2.0  # of the scale from 1 to 5 stars


def rate(
    ws: Workspace, item_id: int, stars: int, *, rater: str = "", assembly_id: str | None = None
) -> None:
    """Store how well somebody likes an item; their newest rating of it counts.

    Parameters
    ----------
    ws
        The workspace.
    item_id
        What is rated.
    stars
        1 to 5.
    rater
        Who says so.
    assembly_id
        The song it is rated for; None: in general.

    Raises
    ------
    UnknownNameError
        If there is no such item.
    WorkbenchError
        If the stars are not 1 to 5.
    """
    if stars not in (1, 2, 3, 4, 5):
        raise WorkbenchError(f"Rate with 1 to 5 stars, not {stars}.")
    if item_id not in ws.catalogue.items().index:
        raise UnknownNameError(f"There is no item {item_id}.")
    with ws.database.write() as session:
        session.add(
            Rating(
                item_id=int(item_id), stars=stars, rater=rater, assembly_id=assembly_id, at=now()
            )
        )


def ranking(ws: Workspace) -> pd.DataFrame:
    """Return how items are ranked, the best first.

    Returns
    -------
    A table indexed by item_id, of all items that were used or rated: ``uses`` (songs exported with
    it), ``stars`` (mean of the newest ratings of each rater and song, NaN without any),
    ``sociometric`` (see `sociometric_scores`, 0 for items that were never used) and ``score``:
    stars from -1 to 1, 0 for none, plus the sociometric score as a share of the highest.
    """
    with ws.database.read() as session:
        return _ranking(session)


def item_weights(ws: Workspace, ids: Sequence[int] | np.ndarray) -> np.ndarray:
    """Return how much each item should count when a model learns, float64 [n], mean 1.

    An item liked and used counts up to four times as much as one that is neither, and one disliked
    half as much: 2 to the power of its ``score``. Meant for the choice of anchors of training
    triplets or as weights of their losses; without ranks all are 1.
    """
    scores = ranking(ws)["score"].reindex(np.asarray(ids, dtype=np.int64)).fillna(0.0)
    weights = np.asarray(2.0 ** scores.to_numpy(dtype=float))
    return weights / weights.mean() if len(weights) else weights


def tie_scores(session: sa.orm.Session, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the uses and the score of items, int64 [n] and float64 [n]."""
    table = _ranking(session).reindex(ids)
    uses = table["uses"].fillna(0).to_numpy(dtype=np.int64)
    return uses, table["score"].fillna(0.0).to_numpy(dtype=float)


def sociometric_scores(
    songs: np.ndarray, items: np.ndarray, *, damping: float = 0.85, tolerance: float = 1e-12
) -> np.ndarray:
    """Return how central items are among those that are used together.

    PageRank of the graph whose edges join items of the same song, weighted by the number of songs
    they share. What stands alone passes its rank on to all alike.

    Parameters
    ----------
    songs, items : int [u]
        One entry per use, songs and items numbered from 0 without gaps; repeated uses count once.
    damping
        The share of rank that follows edges.
    tolerance
        The change of all ranks together at which they stand.

    Returns
    -------
    float64 [items]
        They sum to 1.

    References
    ----------
    Page, Brin, Motwani and Winograd 1999, The PageRank citation ranking; patent US 12,394,399,
    figure 7 (sociometric ranking).
    """
    from scipy import sparse

    count = int(items.max(initial=-1)) + 1
    if count == 0:
        return np.zeros(0)
    shape = (int(songs.max()) + 1, count)
    heard = sparse.csr_array((np.ones(len(items)), (songs, items)), shape=shape)
    heard.data[:] = 1.0
    together = (heard.T @ heard).tolil()
    together.setdiag(0.0)
    together = together.tocsr()
    strength = np.asarray(together.sum(axis=1)).ravel()
    alone = strength == 0
    share = sparse.diags_array(1.0 / np.where(alone, 1.0, strength)) @ together
    rank = np.full(count, 1.0 / count)
    for _ in range(1000):
        spread = (1.0 - damping + damping * rank[alone].sum()) / count
        before, rank = rank, damping * (rank @ share) + spread
        if np.abs(rank - before).sum() < tolerance:
            break
    return rank / rank.sum()


def _ranking(session: sa.orm.Session) -> pd.DataFrame:
    import pandas as pd

    used = session.execute(sa.select(Use.assembly_id, Use.item_id).distinct()).all()
    uses = pd.DataFrame([tuple(row) for row in used], columns=["song", "item"])
    table = pd.DataFrame({"uses": uses.groupby("item").size(), "stars": _mean_stars(session)})
    table["uses"] = table["uses"].fillna(0).astype(int)
    items, places = np.unique(uses["item"].to_numpy(dtype=np.int64), return_inverse=True)
    ranks = sociometric_scores(pd.factorize(uses["song"])[0], places)
    table["sociometric"] = pd.Series(ranks, index=items, dtype=float).reindex(table.index)
    table["sociometric"] = table["sociometric"].fillna(0.0)
    liked = ((table["stars"] - _MIDDLE) / _HALF).fillna(0.0)
    table["score"] = liked + table["sociometric"] / max(float(ranks.max(initial=0.0)), 1e-12)
    table = table.rename_axis("item_id").reset_index()
    return table.sort_values(["score", "item_id"], ascending=[False, True]).set_index("item_id")


def _mean_stars(session: sa.orm.Session) -> pd.Series:
    """Return the mean of the newest ratings of each rater, item and song, by item."""
    import pandas as pd

    query = sa.select(Rating.item_id, Rating.rater, Rating.assembly_id, Rating.stars)
    rows = [tuple(row) for row in session.execute(query.order_by(Rating.id))]
    table = pd.DataFrame(rows, columns=["item", "rater", "song", "stars"]).fillna({"song": ""})
    newest = table.drop_duplicates(["item", "rater", "song"], keep="last")
    return newest.groupby("item")["stars"].mean().astype(float)
