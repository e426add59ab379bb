"""What to review next: items by how undecided their tagger is, and the tags suggested for one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workbench.catalogue.compositions import COMPOSITION
from workbench.errors import UnknownNameError
from workbench.subspaces.dimensions import dimensions_of
from workbench.subspaces.structure import PartNotion
from workbench.tagging.machine_tags import MachineTags
from workbench.tagging.reviews import SOURCE, ReviewLog
from workbench.tagging.taggers import TagName

if TYPE_CHECKING:
    import pandas as pd

    from workbench.workspace import Workspace

ORDERS = ("uncertain", "certain", "catalogue")
_BELOW = 0.5  # suggested is what reaches this share of the threshold: near it, ears decide
_Key = tuple[int, str, str]


@dataclass(frozen=True)
class Suggestion:
    """A tag that a tagger suggests for an item.

    `verdict` is the newest of its reviewers, None without one; `known` says that a person had
    given the item the tag before, in a manifest for instance.
    """

    dimension: str
    value: str
    score: float
    verdict: str | None = None
    known: bool = False

    @property
    def is_open(self) -> bool:
        """Whether nobody has said anything of it yet."""
        return self.verdict is None and not self.known


def review_queue(
    ws: Workspace,
    *,
    tagger: str,
    dimension: str | None = None,
    kind: str | None = "song",
    count: int | None = None,
    order: str = "uncertain",
) -> pd.DataFrame:
    """Return the items that have open suggestions: item_id (index), uncertainty, open.

    Parameters
    ----------
    ws
        The workspace.
    tagger
        Whose suggestions.
    dimension
        Of which dimension; by default of all.
    kind
        Of which kind of items; None for all. Where no item of the kind was tagged, all are meant.
    count
        How many at most; by default all.
    order
        ``uncertain``: the mean binary entropy of an item's open suggestions, the largest first.
        That is what a verdict is expected to tell, in bits; unlike a distance to the threshold it
        needs no scale of its own and compares tags whose scores differ in kind. ``certain``: the
        smallest first. ``catalogue``: by id.

    Raises
    ------
    UnknownNameError
        If there is no such order, or the tagger knows nothing of the dimension.
    NotReadyError
        If the tagger has not been run.
    """
    import pandas as pd

    if order not in ORDERS:
        raise UnknownNameError(f"There is no order {order!r}; choose one of {', '.join(ORDERS)}.")
    tags = MachineTags(ws, tagger)
    ids = _ids(ws, tags, kind)
    scores = tags.scores(ids)
    still_open = _suggested(tags, scores, dimension)
    places = {int(item_id): place for place, item_id in enumerate(ids)}
    for item_id, name, value in (*_judged(ws), *_known(ws)):
        column = tags.columns.get(TagName(name, value.casefold()))
        if column is not None and item_id in places:
            still_open[places[item_id], column] = False
    number = still_open.sum(axis=1)
    bits = np.where(still_open, entropy(scores), 0.0).sum(axis=1) / np.maximum(number, 1)
    found = pd.DataFrame({"uncertainty": bits, "open": number}, index=pd.Index(ids, name="item_id"))
    found = found[found["open"] > 0]
    if order != "catalogue":
        found = found.sort_values("uncertainty", ascending=order == "certain", kind="stable")
    return found if count is None else found.head(count)


def suggestions(
    ws: Workspace, item_id: int, *, tagger: str, dimension: str | None = None
) -> list[Suggestion]:
    """Return the tags suggested for an item, the highest score first.

    Those that have a verdict, or that a person had given before, are among them and say so.

    Raises
    ------
    UnknownNameError
        If the tagger knows nothing of the dimension.
    NotReadyError
        If the tagger has not heard the item.
    """
    tags = MachineTags(ws, tagger)
    scores = tags.scores([item_id])
    judged = {_folded(*key): verdict for key, verdict in _judged(ws, item_id).items()}
    known = {_folded(*key) for key in _known(ws, item_id)}
    shown = np.flatnonzero(_suggested(tags, scores, dimension)[0])
    found = []
    for column in shown[np.argsort(-scores[0, shown], kind="stable")]:
        dimension, value = tags.tags[column]
        key = _folded(item_id, dimension, value)
        score = float(scores[0, column])
        found.append(Suggestion(dimension, value, score, judged.get(key), key in known))
    return found


def entropy(scores: np.ndarray) -> np.ndarray:
    """Return the binary entropy of probabilities, in bits.

    Examples
    --------
    >>> entropy(np.array([0.0, 0.5, 1.0])).tolist()
    [0.0, 1.0, 0.0]
    """
    p = np.clip(np.asarray(scores, dtype=np.float64), 0.0, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        bits = -(p * np.log2(p) + (1 - p) * np.log2(1 - p))
    return np.nan_to_num(bits) + 0.0


def confirmed(ws: Workspace, item_id: int) -> pd.DataFrame:
    """Return the tags of an item that people gave, by dimension: dimension, value, source."""
    tags = _peoples(ws.catalogue.tags(item_id=item_id))
    names = review_dimensions(ws)
    own = tags[tags["dimension"].isin(names)]
    own = own.sort_values("dimension", key=lambda column: column.map(names.index), kind="stable")
    return own[["dimension", "value", "source"]].reset_index(drop=True)


def review_dimensions(ws: Workspace, tagger: str | None = None) -> list[str]:
    """Return the dimensions of which an item can be given tags.

    They are those of the workspace that tags speak of, and those of which a tagger does.
    """
    own = [
        name
        for name, dimension in dimensions_of(ws).items()
        if not isinstance(dimension.notion, PartNotion) and name != COMPOSITION
    ]
    said = [] if tagger is None else [tag.dimension for tag in MachineTags(ws, tagger).tags]
    return list(dict.fromkeys([*own, *said]))


def known_values(ws: Workspace, dimension: str, *, tagger: str | None = None) -> list[str]:
    """Return the values of a dimension that people or a tagger use, each spelt one way, sorted."""
    values = ws.catalogue.tags(dimension)["value"].value_counts().index.tolist()
    if tagger is not None:
        values += [tag.value for tag in MachineTags(ws, tagger).tags if tag.dimension == dimension]
    by_fold: dict[str, str] = {}
    for value in values:
        by_fold.setdefault(value.casefold(), value)
    return sorted(by_fold.values(), key=str.casefold)


def as_known(value: str, known: Iterable[str]) -> str:
    """Return a value as it is spelt already, where it is known.

    Examples
    --------
    >>> as_known("  Jazz", ["folk", "jazz"]), as_known("New", ["folk"])
    ('jazz', 'New')
    """
    words = " ".join(value.split())
    return next((other for other in known if other.casefold() == words.casefold()), words)


def _ids(ws: Workspace, tags: MachineTags, kind: str | None) -> np.ndarray:
    """Return the tagged items of a kind that are still there, int64 [n], ascending."""
    items = ws.catalogue.items()
    there = tags.ids[np.isin(tags.ids, items.index)]
    if kind is None:
        return there
    of_kind = there[np.isin(there, items.index[items["kind"] == kind])]
    return of_kind if len(of_kind) else there


def _suggested(tags: MachineTags, scores: np.ndarray, dimension: str | None) -> np.ndarray:
    """Return which tags are suggested, bool [n, tags]."""
    named = np.array([dimension in (None, tag.dimension) for tag in tags.tags])
    if not named.any():
        names = ", ".join(dict.fromkeys(tag.dimension for tag in tags.tags))
        raise UnknownNameError(
            f"Tagger {tags.key} knows nothing of {dimension!r}; choose one of {names}."
        )
    return (scores >= _BELOW * tags.card.threshold) & named


def _judged(ws: Workspace, item_id: int | None = None) -> dict[_Key, str]:
    """Return the verdicts that count by (item, dimension, value)."""
    found = ReviewLog(ws.database).table(None if item_id is None else [item_id])
    keys = found[["item_id", "dimension", "value"]].itertuples(index=False, name=None)
    return dict(zip(keys, found["verdict"], strict=True))


def _known(ws: Workspace, item_id: int | None = None) -> list[_Key]:
    """Return what people had said before any review, as (item, dimension, value)."""
    tags = _peoples(ws.catalogue.tags(item_id=item_id))
    tags = tags[tags["source"] != SOURCE]
    return list(tags[["item_id", "dimension", "value"]].itertuples(index=False, name=None))


def _peoples(tags: pd.DataFrame) -> pd.DataFrame:
    """Return the tags that are known, not derived."""
    return tags[~tags["weak"].astype(bool)]


def _folded(item_id: int, dimension: str, value: str) -> _Key:
    return item_id, dimension, value.casefold()
