from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from workbench import Workspace
from workbench.errors import UnknownNameError, WorkbenchError
from workbench.subspaces.declare import add_dimension, remove_dimension
from workbench.subspaces.dimensions import RELATIONS, dimensions_of, get_dimension
from workbench.subspaces.structure import FollowingEachOther, SameTrack, SoundingTogether


@pytest.fixture
def items() -> pd.DataFrame:
    """Three songs with two tracks each, four bars of each first track."""
    rows = []
    for song in (1, 2, 3):
        rows.append((song, "song", None, 0.0, 8.0))
        for track in (10 * song, 10 * song + 1):
            rows.append((track, "track", song, 0.0, 8.0))
        for bar in range(4):
            rows.append((100 * song + bar, "bar", 10 * song, 2.0 * bar, 2.0))
    columns = ["id", "kind", "parent_id", "start_s", "duration_s"]
    return pd.DataFrame(rows, columns=columns).set_index("id")


@pytest.fixture
def tags() -> pd.DataFrame:
    """The first two songs share tempo and key; the third is in another key."""
    rows = [(s, "tempo", "100", 100.0) for s in (1, 2, 3)]
    rows += [(1, "key", "C major", None), (2, "key", "C major", None), (3, "key", "E minor", None)]
    return pd.DataFrame(rows, columns=["item_id", "dimension", "value", "number"])


def relation(notion: object, items: pd.DataFrame, tags: pd.DataFrame) -> pd.DataFrame:
    found = notion.between(items, items, tags)
    assert (found == found.T).all()
    assert not np.diag(found).any()
    return pd.DataFrame(found, items.index, items.index)


def test_tracks_of_a_song_sound_together(items: pd.DataFrame, tags: pd.DataFrame) -> None:
    found = relation(SoundingTogether(), items, tags)
    assert found.loc[10, 11] == 1
    assert found.loc[10, [20, 21]].tolist() == [-1, -1]
    assert found.loc[10, [30, 31]].tolist() == [0, 0]  # another key: nothing is said
    assert not found.loc[1].any()
    assert not found.loc[100].any()


def test_without_tempo_and_key_no_two_songs_are_compared(
    items: pd.DataFrame, tags: pd.DataFrame
) -> None:
    found = relation(SoundingTogether(), items, tags[tags["dimension"] == "tempo"])
    assert (found >= 0).all(axis=None)
    assert found.loc[10, 11] == 1


def test_neighbouring_bars_follow_each_other(items: pd.DataFrame, tags: pd.DataFrame) -> None:
    found = relation(FollowingEachOther(), items, tags)
    assert found.loc[100, [101, 102, 103]].tolist() == [1, -1, -1]
    assert found.loc[100, [200, 203]].tolist() == [-1, -1]
    assert found.loc[100, [300, 303]].tolist() == [0, 0]
    assert not found.loc[10].any()


def test_bars_of_one_track_are_one_track(items: pd.DataFrame, tags: pd.DataFrame) -> None:
    found = relation(SameTrack(), items, tags)
    assert found.loc[100, [101, 103]].tolist() == [1, 1]
    assert found.loc[100, [200, 300]].tolist() == [-1, -1]
    assert not found.loc[10].any()


def test_a_relation_is_a_dimension_once_it_is_taken(ws: Workspace) -> None:
    assert not RELATIONS.keys() & dimensions_of(ws).keys()
    with pytest.raises(UnknownNameError, match="workbench dimensions add complementarity"):
        get_dimension(ws, "complementarity")
    add_dimension(ws, "complementarity")
    again = Workspace(ws.root)
    assert isinstance(get_dimension(again, "complementarity").notion, SoundingTogether)
    assert get_dimension(again, "complementarity").question
    remove_dimension(again, "complementarity")
    assert "complementarity" not in dimensions_of(Workspace(ws.root))


def test_a_dimension_of_a_team_is_a_tag_with_a_question(ws: Workspace) -> None:
    add_dimension(ws, "mood_arc", question='How "does" it go on?')
    found = get_dimension(Workspace(ws.root), "mood_arc")
    assert found.question == 'How "does" it go on?'


@pytest.mark.parametrize("name", ["overall", "no name", "genre", ""])
def test_names_that_cannot_be_used_are_refused(ws: Workspace, name: str) -> None:
    before = (ws.root / "workbench.toml").read_text()
    with pytest.raises(WorkbenchError):
        add_dimension(ws, name)
    assert (ws.root / "workbench.toml").read_text() == before


def test_items_used_in_one_song_sound_good_together(ws: Workspace) -> None:
    from workbench.catalogue.tables import Assembly, Use
    from workbench.subspaces.triplets import relations

    ids = [
        ws.catalogue.add_item(kind="track", domain="audio", title=f"Track {i}") for i in range(4)
    ]
    add_dimension(ws, "complementarity")
    assert not relations(ws, ids)["complementarity"].any()
    with ws.database.write() as session:
        session.add_all([Assembly(id=name, title=name, parts={}) for name in ("one", "two")])
        session.flush()
        used = [("one", ids[0]), ("one", ids[2]), ("two", ids[1]), ("one", ids[0])]
        session.add_all([Use(assembly_id=name, item_id=item) for name, item in used])
    found = relations(ws, ids)["complementarity"]
    assert found[0, 2] == found[2, 0] == 1
    assert np.count_nonzero(found) == 2
