"""Items dealt to training, validation and test, so that no music is on two sides.

One song is all its parts, segments, bars, scores, renditions and every submix it is heard in; one
artist is all their songs. Whatever hangs together so is a group and goes to one side. Side sizes
and tags are then balanced as far as whole groups allow: first every tag is given to every side,
the rarest first, then the rest is dealt where it is wanted most, after the iterative
stratification of Sechidis et al. (2011).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from workbench.catalogue.compositions import COMPOSITION
from workbench.catalogue.words import SPLIT
from workbench.corpus.manifest import SPLITS, artist_key, assert_disjoint
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.workspace import Workspace

_FEWEST_GROUPS = 3  # that a tag needs to be on every side
_TRAIN, _VALIDATION, _TEST = range(3)
_SPILL = 1.5  # how far a side may exceed its share so that a tag gets there
_FIT = 1.2  # how far a group may exceed what a side should get yet


def split_workspace(
    ws: Workspace,
    *,
    ids: Sequence[int] | np.ndarray | None = None,
    tags: pd.DataFrame | None = None,
    kept: Mapping[int, str] | None = None,
    shares: tuple[float, float] = (0.1, 0.2),
    seed: int = 0,
) -> pd.DataFrame:
    """Deal the items of a workspace, or leave them where tags of the dimension `split` say.

    Where there are such tags, as in published splits, items without one are on no side.

    Parameters
    ----------
    ws
        The workspace.
    ids, tags, shares, seed
        As of `split_items`; tags may be what `Cleaning.apply` returns.
    kept
        Sides by item id of an earlier split, such as a teacher's: what hangs together with these
        items stays there, only the rest is dealt. What was on two sides and has come to hang
        together since is on none, and so is what was on none (``""``).

    Returns
    -------
    ``split`` and ``group``, what hangs together with an item, by item id.

    Raises
    ------
    WorkbenchError
        If a declared split has an artist or a piece on two sides, or is of other sides.
    """
    catalogue = ws.catalogue
    members = [
        (submix, part)
        for submix in sorted(catalogue.mixed())
        for part, _, _ in catalogue.submix_parts(submix)
    ]
    links = [*members, *composition_links(catalogue.tags(COMPOSITION))]
    items = catalogue.items()
    named = items["artist"].where(items["artist"] != "", items["title"])
    groups = item_groups(items, links).map(lambda first: f"{named[first]} (item {first})")
    declared = catalogue.tags(SPLIT)
    wanted = items.index if ids is None else pd.Index(ids)
    if declared.empty:
        earlier = _continued(groups, kept or {})
        fresh = wanted[~groups[wanted].isin(earlier.index)].to_numpy()
        dealt = split_items(items, ids=fresh, tags=tags, links=links, shares=shares, seed=seed)
        split = dealt.reindex(wanted).fillna(groups[wanted].map(earlier))
    else:
        split = _declared(declared).reindex(wanted)
        sides = split.dropna()
        assert_disjoint(groups[sides.index], sides)
    return pd.DataFrame({"split": split.fillna(""), "group": groups.reindex(split.index)})


def _continued(groups: pd.Series, kept: Mapping[int, str]) -> pd.Series:
    """Return the side of each group that has one, "" where it was on several or on none."""
    sides = pd.Series(dict(kept), dtype=object)
    sides = sides[sides.index.isin(groups.index)]
    sided = sides[sides != ""]
    found = sided.groupby(groups[sided.index]).agg(["first", "nunique"])
    side = found["first"].where(found["nunique"] == 1, "")
    return side.reindex(groups[sides.index].unique(), fill_value="")


def _declared(tags: pd.DataFrame) -> pd.Series:
    """Return the side that tags put items on, by item id."""
    odd = sorted(set(tags["value"]) - set(SPLITS))
    if odd:
        raise WorkbenchError(
            f"An item is tagged with the split {odd[0]!r}; splits are {', '.join(SPLITS)}."
        )
    return tags.drop_duplicates("item_id").set_index("item_id")["value"]


def split_items(
    items: pd.DataFrame,
    *,
    ids: Sequence[int] | np.ndarray | None = None,
    tags: pd.DataFrame | None = None,
    links: Iterable[tuple[int, int]] = (),
    shares: tuple[float, float] = (0.1, 0.2),
    seed: int = 0,
) -> pd.Series:
    """Deal items to train, validation and test, whole artists and songs at a time.

    Parameters
    ----------
    items
        The whole catalogue, as ``Catalogue.items`` returns it; ``artist`` and ``parent_id`` count.
        Items without an artist are by artists of their own.
    ids
        Which to deal; by default all.
    tags
        What should be on every side: item_id, dimension, value, such as `Cleaning.apply` returns.
        A tag of three groups or more is, where the groups are not too large for that.
    links
        Further pairs of items that stay together: submixes with their members,
        `composition_links`.
    shares
        Of validation and test.
    seed
        One seed gives one split.

    Returns
    -------
    ``train``, ``validation`` or ``test`` by item id.

    Raises
    ------
    WorkbenchError
        If the shares leave nothing to train on.
    """
    if min(shares) < 0 or sum(shares) >= 1:
        raise WorkbenchError("Shares of validation and test are above 0 and below 1 together.")
    wanted = items.index if ids is None else pd.Index(ids)
    groups = item_groups(items, links).reindex(wanted)
    names, member = np.unique(groups.to_numpy(), return_inverse=True)
    sizes = np.bincount(member, minlength=len(names)).astype(float)
    rng = np.random.default_rng(seed)
    dealing = _Dealing(sizes, _tags_of(groups, member, tags), shares, rng)
    dealing.cover()
    dealing.fill()
    split = pd.Series(np.array(SPLITS)[dealing.side[member]], index=wanted, name="split")
    assert_disjoint(groups.map("item {}".format), split)
    return split


def item_groups(items: pd.DataFrame, links: Iterable[tuple[int, int]] = ()) -> pd.Series:
    """Return which items hang together: the lowest id of each item's group, by item id.

    Parameters
    ----------
    items
        The whole catalogue; items of one parent or one artist hang together.
    links
        Further pairs that do.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ids = items.index.to_numpy()
    parents = items["parent_id"].dropna().astype(int)
    artists = items["artist"].map(artist_key)
    first = artists.index.to_series().groupby(artists).transform("first")[artists != ""]
    pairs = [*zip(parents.index, parents, strict=True), *zip(first.index, first, strict=True)]
    ends = np.array([*pairs, *links], dtype=np.int64).reshape(-1, 2)
    places = pd.Index(ids).get_indexer(ends.ravel()).reshape(-1, 2)
    a, b = places[(places >= 0).all(axis=1)].T
    graph = coo_array((np.ones(len(a), dtype=np.int8), (a, b)), shape=(len(ids), len(ids)))
    member = connected_components(graph, directed=False)[1]
    return pd.Series(ids, index=items.index).groupby(member).transform("min")


def composition_links(tags: pd.DataFrame) -> list[tuple[int, int]]:
    """Return pairs that join all items of one composition.

    Parameters
    ----------
    tags
        Of the dimension ``composition``: item_id and value.
    """
    first = tags.groupby("value")["item_id"].transform("first")
    return list(zip(first.astype(int), tags["item_id"].astype(int), strict=True))


def _tags_of(groups: pd.Series, member: np.ndarray, tags: pd.DataFrame | None) -> np.ndarray:
    """Return how many items of each group have each tag, float64 [groups, tags]."""
    count = int(member.max(initial=-1)) + 1
    if tags is None:
        return np.zeros((count, 0))
    place = groups.index.get_indexer(pd.Index(tags["item_id"]))
    known = tags[place >= 0].groupby(["dimension", "value"], sort=True)
    found = np.zeros((count, known.ngroups))
    np.add.at(found, (member[place[place >= 0]], known.ngroup().to_numpy()), 1)
    return found


class _Dealing:
    """Groups on their way to the three sides.

    Parameters
    ----------
    sizes
        Items of each group, float64 [groups].
    has
        Items of each group with each tag, float64 [groups, tags].
    shares
        Of validation and test.
    rng
        Breaks ties.
    """

    def __init__(
        self,
        sizes: np.ndarray,
        has: np.ndarray,
        shares: tuple[float, float],
        rng: np.random.Generator,
    ) -> None:
        self.sizes, self.has = sizes, has
        self.share = np.array([1 - sum(shares), *shares])
        self.room = self.share * sizes.sum()  # items that each side should get yet
        self.need = self.share[:, None] * has.sum(axis=0)  # and items with each tag
        self.spread = (has > 0).sum(axis=0)
        self.order = rng.permutation(len(sizes))
        self.side = np.full(len(sizes), -1)

    def give(self, group: int, to: int) -> None:
        """Put a group on a side."""
        self.side[group] = to
        self.room[to] -= self.sizes[group]
        self.need[to] -= self.has[group]

    def cover(self) -> None:
        """Give every side a group of every tag that has enough of them, rare tags first.

        Of the groups that fit, the one with the most tags that the side lacks, then the smallest.
        """
        spill = (_SPILL - 1) * self.share * self.sizes.sum()
        wide = np.flatnonzero(self.spread >= _FEWEST_GROUPS)
        for tag in wide[np.argsort(self.spread[wide], kind="stable")]:
            for to in (_TEST, _VALIDATION, _TRAIN):
                there = (self.has[self.side == to] > 0).any(axis=0)
                if self.share[to] == 0 or there[tag]:
                    continue
                free = self.order[(self.side[self.order] < 0) & (self.has[self.order, tag] > 0)]
                if to != _TRAIN:
                    free = free[self.sizes[free] <= self.room[to] + spill[to]]
                if len(free):
                    new = (self.has[free][:, wide[~there[wide]]] > 0).sum(axis=1)
                    self.give(int(free[np.lexsort((self.sizes[free], -new))[0]]), to)

    def fill(self) -> None:
        """Deal what is left, groups of rare tags first, to the side that has least of its due.

        A side's due is its share of all items, and of the items with each tag of the group.
        """
        rarest = np.where(self.has > 0, self.spread, np.inf).min(axis=1, initial=np.inf)
        total = np.maximum(self.has.sum(axis=0), 1)
        share = np.maximum(self.share, 1e-9)
        for group in self.order[np.argsort(rarest[self.order], kind="stable")]:
            if self.side[group] >= 0:
                continue
            due = self.need * (self.has[group] > 0) / total
            wish = (self.room / self.sizes.sum() + due.sum(axis=1)) / share
            fits = (self.share > 0) & (self.sizes[group] <= _FIT * self.room)
            fits[_TRAIN] = True
            self.give(int(group), int(np.where(fits, wish, -np.inf).argmax()))
