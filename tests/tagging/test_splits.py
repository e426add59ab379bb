from __future__ import annotations

from collections import defaultdict

import numpy as np
import pandas as pd
import pytest

from workbench import Workspace
from workbench.catalogue.items import TagValue
from workbench.corpus.manifest import SPLITS, artist_key
from workbench.errors import WorkbenchError
from workbench.tagging.splits import (
    composition_links,
    item_groups,
    split_items,
    split_workspace,
)


def songs(artists: list[str], parents: dict[int, int] | None = None) -> pd.DataFrame:
    """Items numbered from 10; some are parts of others."""
    index = pd.Index(range(10, 10 + len(artists)), name="id")
    parent = pd.Series(parents or {}, dtype=float).reindex(index)
    return pd.DataFrame({"artist": artists, "parent_id": parent}, index=index)


def random_catalogue(seed: int) -> tuple[pd.DataFrame, list[tuple[int, int]], pd.DataFrame]:
    """Songs of many artists with parts and parts of parts, links and tags."""
    rng = np.random.default_rng(seed)
    n = 300
    artists = [str(rng.choice(["", *(f"Artist {i}" for i in range(60))])) for _ in range(n)]
    parents = {}
    for item in range(150, n):
        if rng.random() < 0.7:
            parents[item + 10] = int(rng.integers(10, item))
            artists[item] = ""
    items = songs(artists, parents)
    links = [tuple(map(int, rng.choice(items.index, 2))) for _ in range(8)]
    rows = [
        (item, "genre", f"tag {tag}")
        for tag in range(12)
        for item in items.index[rng.random(n) < 0.02 * (tag + 1)]
    ]
    return items, links, pd.DataFrame(rows, columns=["item_id", "dimension", "value"])


def naive_groups(items: pd.DataFrame, links: list[tuple[int, int]]) -> dict[int, int]:
    """The lowest id that can be reached from each item, found by walking."""
    near = defaultdict(set)
    for a, b in links:
        near[a].add(b)
        near[b].add(a)
    for item, row in items.iterrows():
        if not np.isnan(row["parent_id"]):
            near[item].add(int(row["parent_id"]))
            near[int(row["parent_id"])].add(item)
        for other, its in items.iterrows():
            if artist_key(row["artist"]) and artist_key(row["artist"]) == artist_key(its["artist"]):
                near[item].add(other)
    found = {}
    for item in items.index:
        seen, todo = {item}, [item]
        while todo:
            new = near[todo.pop()] - seen
            todo += new
            seen |= new
        found[item] = min(seen)
    return found


def test_groups_are_what_can_be_reached() -> None:
    rng = np.random.default_rng(0)
    artists = [
        str(rng.choice(["", "", "Ada Low", "Ben Hay", "C. Low", "D1", "D2"])) for _ in "x" * 40
    ]
    items = songs(artists, {30: 12, 31: 30, 40: 13})
    links = [(45, 46), (46, 33)]
    assert item_groups(items, links).to_dict() == naive_groups(items, links)


def test_everything_of_one_song_hangs_together_and_other_songs_do_not() -> None:
    items = songs([""] * 8, {11: 10, 12: 11})  # a track of a song and its segment
    groups = item_groups(items, [(13, 11), (10, 14)])  # a submix of the track, and a rendition
    assert groups.loc[[10, 11, 12, 13, 14]].nunique() == 1
    assert groups.nunique() == 4


def test_a_composition_joins_all_its_items() -> None:
    tags = pd.DataFrame({"item_id": [10, 12, 14, 11], "value": ["a", "a", "a", "b"]})
    groups = item_groups(songs([""] * 5), composition_links(tags))
    assert groups.tolist() == [10, 11, 10, 13, 10]


@pytest.mark.parametrize("seed", range(5))
def test_no_artist_song_or_link_is_on_two_sides(seed: int) -> None:
    items, links, tags = random_catalogue(seed)
    split = split_items(items, tags=tags, links=links, seed=seed)
    assert set(split) <= set(SPLITS)
    assert split.index.equals(items.index)
    for item, parent in items["parent_id"].dropna().items():
        assert split[item] == split[int(parent)]
    for a, b in links:
        assert split[a] == split[b]
    sides = defaultdict(set)
    for item, artist in items["artist"].items():
        if artist:
            sides[artist_key(artist)].add(split[item])
    assert all(len(side) == 1 for side in sides.values())


@pytest.mark.parametrize("seed", range(8))
def test_every_tag_of_three_artists_is_on_every_side(seed: int) -> None:
    rng = np.random.default_rng(seed)
    items = songs([f"Artist {i}" for i in rng.integers(0, 100, 500)])
    rows = [
        (item, "genre", f"tag {tag}")
        for tag in range(25)
        for item in items.index[rng.random(500) < 0.004 * (tag + 1)]
    ]
    tags = pd.DataFrame(rows, columns=["item_id", "dimension", "value"])
    split = split_items(items, tags=tags, seed=seed)
    enough = 0
    for tag in tags["value"].unique():
        having = tags.loc[tags["value"] == tag, "item_id"]
        if items.loc[having, "artist"].nunique() >= 3:
            enough += 1
            assert set(split[having]) == set(SPLITS), tag
    assert enough > 15
    shares = split.value_counts(normalize=True)
    assert shares["validation"] == pytest.approx(0.1, abs=0.05)
    assert shares["test"] == pytest.approx(0.2, abs=0.05)


def test_common_tags_are_about_as_common_on_every_side() -> None:
    rng = np.random.default_rng(1)
    items = songs([""] * 1000)
    rows = [
        (item, "mood", f"tag {tag}")
        for tag in range(10)
        for item in items.index[rng.random(1000) < 0.2]
    ]
    tags = pd.DataFrame(rows, columns=["item_id", "dimension", "value"])
    sides = tags["item_id"].map(split_items(items, tags=tags))
    shares = pd.crosstab(tags["value"], sides, normalize="index")
    assert shares["test"].between(0.15, 0.25).all()
    assert shares["validation"].between(0.06, 0.14).all()


def test_one_seed_gives_one_split_and_another_another() -> None:
    items, links, tags = random_catalogue(0)
    first = split_items(items, tags=tags, links=links, seed=3)
    pd.testing.assert_series_equal(first, split_items(items, tags=tags, links=links, seed=3))
    assert (first != split_items(items, tags=tags, links=links, seed=4)).any()


def test_some_items_are_dealt_with_what_others_say_of_them() -> None:
    items = songs(["Ada", "", "", "", ""], {11: 10, 12: 10})
    split = split_items(items, ids=[11, 12, 14], shares=(0.3, 0.3))
    assert split.index.tolist() == [11, 12, 14]
    assert split[11] == split[12]  # of a song that is not dealt itself


def test_an_artist_of_everything_is_trained_on_and_no_items_are_no_split() -> None:
    assert set(split_items(songs(["Ada Low"] * 20))) == {"train"}
    assert split_items(songs([])).empty


@pytest.mark.parametrize("shares", [(0.5, 0.5), (-0.1, 0.2), (0.9, 0.9)])
def test_impossible_shares_are_a_sentence(shares: tuple[float, float]) -> None:
    with pytest.raises(WorkbenchError, match="Shares of validation and test"):
        split_items(songs(["Ada"]), shares=shares)


def test_a_workspace_keeps_compositions_and_submixes_together(ws: Workspace) -> None:
    add = ws.catalogue.add_item
    ids = [add(kind="song", domain="audio", title=f"{i}", duration_s=1.0) for i in range(40)]
    piece = TagValue("composition", "one", "person")
    ws.catalogue.set_tags({ids[0]: [piece], ids[1]: [piece]})
    parts = [
        add(kind="track", domain="audio", title="t", parent_id=song, duration_s=1.0)
        for song in ids[2:4]
    ]
    for seed in range(5):
        dealt = split_workspace(ws, seed=seed)
        split, group = dealt["split"], dealt["group"]
        assert split[ids[0]] == split[ids[1]]
        assert group[ids[0]] == group[ids[1]] != group[ids[2]]
        assert [split[p] for p in parts] == [split[s] for s in ids[2:4]]
    assert set(split) == set(SPLITS)


def declared(ws: Workspace, *sides: str, artist: str = "") -> list[int]:
    return [
        ws.catalogue.add_item(
            kind="song",
            domain="audio",
            title=f"{i}",
            artist=artist or ("Ada Ames", "Bo Berg", "Cy Cole")[i],
            tags=[TagValue("split", side, "manifest")] if side else [],
        )
        for i, side in enumerate(sides)
    ]


def test_a_declared_split_stands_and_items_without_a_side_are_on_none(ws: Workspace) -> None:
    declared(ws, "train", "", "test")
    assert split_workspace(ws)["split"].tolist() == ["train", "", "test"]


def test_a_declared_split_that_parts_an_artist_or_names_another_side_is_refused(
    ws: Workspace,
) -> None:
    ids = declared(ws, "train", "test", artist="Nina Simone")
    with pytest.raises(WorkbenchError, match="'Nina Simone \\(item 1\\)' is in both"):
        split_workspace(ws)
    ws.catalogue.set_tags({ids[0]: [TagValue("split", "dev", "person")]})
    with pytest.raises(WorkbenchError, match="split 'dev'; splits are train, validation, test"):
        split_workspace(ws)


def test_an_earlier_split_is_gone_on_with_and_only_new_groups_are_dealt(ws: Workspace) -> None:
    declared(ws, "", "", "", artist="Nina Simone")
    others = [
        ws.catalogue.add_item(kind="song", domain="audio", title=f"{i}", artist=f"Number {'x' * i}")
        for i in range(2, 40)
    ]
    kept = {1: "test", others[0]: "validation", others[1]: "", 999: "train"}
    found = split_workspace(ws, kept=kept)
    assert found.loc[[1, 2, 3], "split"].tolist() == ["test"] * 3
    assert found.loc[others[0], "split"] == "validation"
    assert found.loc[others[1], "split"] == ""
    assert set(found["split"]) == {*SPLITS, ""}


def test_what_came_to_be_on_two_sides_is_on_none_however_often_one_goes_on(ws: Workspace) -> None:
    declared(ws, "", "", "", artist="Nina Simone")
    for number in range(2, 40):
        ws.catalogue.add_item(
            kind="song", domain="audio", title=f"{number}", artist=f"Number {'x' * number}"
        )
    torn = split_workspace(ws, kept={1: "test", 2: "train"})
    assert torn.loc[[1, 2, 3], "split"].tolist() == [""] * 3
    again = split_workspace(ws, kept=torn["split"].to_dict())
    assert again["split"].to_dict() == torn["split"].to_dict()
