from __future__ import annotations

import numpy as np
import pytest
from synthetic import add_songs

from workbench import Workspace
from workbench.subspaces.structure import song_groups
from workbench.subspaces.triplets import (
    NO_TRIPLETS,
    Triplets,
    artist_groups,
    compared,
    relations,
    sample_triplets,
)


def random_relation(n: int, seed: int = 0) -> np.ndarray:
    relation = np.random.default_rng(seed).integers(-1, 2, (n, n)).astype(np.int8)
    relation = np.triu(relation, 1)
    return relation + relation.T


def test_all_pairs_of_a_few_thousand_items_are_compared_and_whole_songs_of_more() -> None:
    rng = np.random.default_rng(0)
    assert compared(np.arange(4000), rng).tolist() == list(range(4000))
    assert rng.random() == np.random.default_rng(0).random()  # chance was left alone
    songs = np.repeat(np.arange(3000), 5)[np.random.default_rng(1).permutation(15_000)]
    some = compared(songs, rng)
    assert 3900 < len(some) <= 4000
    assert (np.diff(some) > 0).all()
    assert set(np.bincount(songs[some])) <= {0, 5}


def test_every_triplet_has_a_similar_and_a_dissimilar_candidate() -> None:
    relation = random_relation(30)
    found = sample_triplets(relation, 400, np.random.default_rng(0))
    assert len(found) > 300
    assert (found.share == 1).all()
    for anchor, near, far in found.rows:
        assert relation[anchor, near] == 1
        assert relation[anchor, far] == -1


def test_no_triplet_comes_twice_and_a_small_catalogue_gives_all_there_are() -> None:
    relation = np.array([[0, 1, -1, -1], [1, 0, -1, 0], [-1, -1, 0, 0], [-1, 0, 0, 0]])
    found = sample_triplets(relation, 500, np.random.default_rng(0))
    assert sorted(map(tuple, found.rows.tolist())) == [(0, 1, 2), (0, 1, 3), (1, 0, 2)]


@pytest.mark.parametrize(
    "relation", [np.zeros((5, 5)), np.ones((5, 5)) - np.eye(5), np.zeros((0, 0))]
)
def test_where_nothing_is_similar_or_nothing_is_dissimilar_there_are_none(
    relation: np.ndarray,
) -> None:
    assert len(sample_triplets(relation, 10, np.random.default_rng(0))) == 0


def test_candidates_are_all_equally_likely() -> None:
    relation = np.full((41, 41), -1)
    relation[0, 1:21] = 1
    draws = [
        sample_triplets(relation[:1], 1, np.random.default_rng(s)).rows[0] for s in range(2000)
    ]
    counts = np.bincount(np.array(draws)[:, 1], minlength=41)[1:21]
    assert counts.sum() == 2000
    assert (abs(counts - 100) < 5 * np.sqrt(100)).all()


def test_with_more_anchors_than_triplets_none_is_preferred_for_its_place() -> None:
    relation = np.where(np.eye(1000, dtype=bool), 0, random_relation(1000, 1))
    found = sample_triplets(relation, 100, np.random.default_rng(0))
    assert (found.rows[:, 0] >= 500).sum() == pytest.approx(50, abs=25)


def test_one_seed_draws_one_set() -> None:
    relation = random_relation(30)
    first, second, other = (
        sample_triplets(relation, 50, np.random.default_rng(seed)).rows for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)


def test_subsets_keep_rows_and_shares_together() -> None:
    triplets = Triplets(np.arange(12).reshape(4, 3), np.array([1, 0, 0.5, 1], np.float32))
    chosen = triplets.subset(triplets.share > 0.4)
    assert chosen.rows[:, 0].tolist() == [0, 6, 9]
    assert chosen.share.tolist() == [1, 0.5, 1]
    assert len(NO_TRIPLETS) == 0


def test_parts_of_one_song_say_nothing_about_each_other(ws: Workspace) -> None:
    songs = add_songs(ws, 6, stems=2)
    items = ws.catalogue.items()
    groups = song_groups(items)
    assert sorted(set(groups)) == sorted(songs)
    assert groups.tolist() == np.repeat(songs, 3).tolist()
    for relation in relations(ws, items.index.tolist()).values():
        same_song = groups[:, None] == groups[None, :]
        assert not relation[same_song].any()
        assert relation[~same_song].any()
        for anchor, near, far in sample_triplets(relation, 200, np.random.default_rng(0)).rows:
            assert groups[anchor] not in (groups[near], groups[far])


def test_groups_by_artist_hold_whole_songs_together(ws: Workspace) -> None:
    add_songs(ws, 12, stems=1, artists=4)
    items = ws.catalogue.items()
    groups = artist_groups(items, items.index.to_numpy(), fewest=3)
    assert len(set(groups)) == 4
    for i, artist in enumerate(items["artist"]):
        assert set(items["artist"][groups == groups[i]]) == {artist}


def test_a_part_belongs_to_the_artist_of_its_song(ws: Workspace) -> None:
    song = ws.catalogue.add_item(kind="song", domain="audio", title="Song", artist="Ada")
    part = ws.catalogue.add_item(kind="track", domain="audio", title="Bass", parent_id=song)
    other = ws.catalogue.add_item(kind="song", domain="audio", title="Another", artist="ADA")
    alone = ws.catalogue.add_item(kind="song", domain="audio", title="Nobody's")
    groups = artist_groups(ws.catalogue.items(), np.array([part, other, alone, song]), fewest=1)
    assert groups[0] == groups[1] == groups[3] != groups[2]


def test_songs_are_the_groups_where_artists_are_few(ws: Workspace) -> None:
    songs = add_songs(ws, 12, artists=2)
    assert len(set(artist_groups(ws.catalogue.items(), songs, fewest=6))) == 12
