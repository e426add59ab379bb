from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from workbench import Workspace
from workbench.catalogue.items import TagValue
from workbench.errors import NotReadyError, UnknownNameError, WorkbenchError
from workbench.tagging.cleaning import (
    human_tags,
    propose_cleaning,
    read_cleaning,
    write_cleaning,
)


def catalogue(artists: list[str]) -> pd.DataFrame:
    """Songs numbered from 1, by these artists."""
    index = pd.Index(range(1, len(artists) + 1), name="id")
    return pd.DataFrame({"artist": artists, "parent_id": None}, index=index)


def tagged(**values: list[int]) -> pd.DataFrame:
    """Tags of the genre, the names of the arguments with _ for a blank, on these items."""
    rows = [(i, "genre", name.replace("_", " ")) for name, items in values.items() for i in items]
    return pd.DataFrame(rows, columns=["item_id", "dimension", "value"])


def edited(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(["dimension,value,becomes,kept", *lines]) + "\n", encoding="utf-8")
    return path


PEOPLE = ["Ada", "Ada", "Ben", "Cy", "", ""]


def test_the_most_frequent_spelling_wins_and_counts_are_its_own() -> None:
    table = propose_cleaning(
        tagged(hiphop=[1], Hip_Hop=[1, 2, 3], HIP_HOP=[4]), catalogue(PEOPLE), min_items=4
    )
    assert set(table["becomes"]) == {"Hip Hop"}
    assert table["value"].tolist()[0] == "Hip Hop"
    counts = table.set_index("value")
    assert counts.loc["Hip Hop", ["items", "artists"]].tolist() == [3, 2]
    assert counts.loc["hiphop", ["items", "artists"]].tolist() == [1, 1]
    assert table["kept"].all()  # four items, all spellings together


def test_why_a_tag_is_not_kept() -> None:
    tags = tagged(jazz=[1, 2, 3, 4], pop=[1, 2, 3], rare=[1], loner=[1, 2])
    table = propose_cleaning(tags, catalogue(PEOPLE), min_items=2, min_artists=2, top=1)
    assert dict(zip(table["value"], table["why"], strict=True)) == {
        "jazz": "",
        "pop": "beyond the top 1",
        "loner": "fewer than 2 artists",
        "rare": "fewer than 2 items",
    }
    assert table["kept"].tolist() == [True, False, False, False]


def test_items_without_an_artist_count_as_artists_of_their_own_and_parts_with_their_song() -> None:
    items = catalogue(["", "", "Ada", "Ada Lovelace", ""])
    items.loc[5, "parent_id"] = 1
    counts = propose_cleaning(tagged(jazz=[1, 2, 3, 5]), items, min_items=1).set_index("value")
    assert counts.loc["jazz", "artists"] == 3


def test_dimensions_are_never_merged() -> None:
    tags = pd.concat([tagged(blue=[1, 2]), tagged(blues=[3, 4]).assign(dimension="mood")])
    table = propose_cleaning(tags, catalogue(PEOPLE), min_items=1, min_artists=1)
    assert (table["value"] == table["becomes"]).all()


def test_the_file_says_what_the_table_says_and_changes_nothing_else(tmp_path: Path) -> None:
    tags = tagged(hiphop=[1], Hip_Hop=[1, 2, 3], jazz=[4, 5], rare=[6])
    table = propose_cleaning(tags, catalogue(PEOPLE), min_items=2)
    write_cleaning(tmp_path / "tags.csv", table)
    cleaning = read_cleaning(tmp_path / "tags.csv")
    assert cleaning.vocabulary == (("genre", "Hip Hop"), ("genre", "jazz"))
    naive = set()
    for item, dimension, value in tags.itertuples(index=False):
        if value in ("hiphop", "Hip Hop"):
            naive.add((item, dimension, "Hip Hop"))
        elif value == "jazz":
            naive.add((item, dimension, "jazz"))
    applied = cleaning.apply(tags)
    assert list(applied.columns) == ["item_id", "dimension", "value"]
    assert sorted(applied.itertuples(index=False, name=None)) == sorted(naive)


def test_a_file_that_may_have_been_edited_is_not_overwritten(tmp_path: Path) -> None:
    table = propose_cleaning(tagged(jazz=[1, 3]), catalogue(PEOPLE), min_items=1)
    write_cleaning(tmp_path / "tags.csv", table)
    with pytest.raises(WorkbenchError, match="may have been edited"):
        write_cleaning(tmp_path / "tags.csv", table)


def test_what_a_spreadsheet_would_run_is_shielded_and_comes_back(tmp_path: Path) -> None:
    evil = "=HYPERLINK(0)"
    tags = tagged(x=[1, 3]).assign(value=evil)
    table = propose_cleaning(tags, catalogue(PEOPLE), min_items=1)
    write_cleaning(tmp_path / "tags.csv", table)
    assert f",'{evil}," in (tmp_path / "tags.csv").read_text()
    assert read_cleaning(tmp_path / "tags.csv").vocabulary == (("genre", evil),)


def test_a_person_may_rename_chain_and_drop(tmp_path: Path) -> None:
    cleaning = read_cleaning(
        edited(
            tmp_path / "tags.csv",
            "genre,a,b,yes",
            "genre,b,c,TRUE",
            "genre,c,Something New,x",
            "genre,d,d,no",
            "genre,e,d,yes",  # what it becomes is not kept
            "genre,f,c,no",
            "mood,a,a,yes",
        )
    )
    assert cleaning.becomes == {
        ("genre", "a"): ("genre", "Something New"),
        ("genre", "b"): ("genre", "Something New"),
        ("genre", "c"): ("genre", "Something New"),
        ("mood", "a"): ("mood", "a"),
    }
    assert cleaning.vocabulary == (("genre", "Something New"), ("mood", "a"))


def test_a_tag_by_its_new_name_is_that_tag_when_somebody_gives_it(tmp_path: Path) -> None:
    cleaning = read_cleaning(edited(tmp_path / "tags.csv", "genre,a,b,yes", "genre,c,d,no"))
    given = pd.DataFrame(
        [(1, "genre", "a"), (2, "genre", "b"), (2, "genre", "a"), (3, "genre", "d")],
        columns=["item_id", "dimension", "value"],
    )
    rows = cleaning.apply(given).itertuples(index=False, name=None)
    assert list(rows) == [(1, "genre", "b"), (2, "genre", "b")]


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (["genre,a,b,yes", "genre,b,a,yes"], "'a' becomes 'b' becomes 'a'"),
        (["genre,a,b,yes", "genre,b,c,yes", "genre,c,b,no"], "let one of them stay"),
        (["genre,a,a,yes", "genre,a,b,yes"], "line 3: genre 'a' is there twice"),
        (["genre,a,a,perhaps"], "line 2: kept is yes or no, not 'perhaps'"),
        (["genre,a,,yes"], "line 2: say what 'a' becomes"),
        (["genre,,a,yes"], "needs a dimension and a value"),
        (["genre,a,a,no"], "keeps no tag"),
        ([], "has no row"),
    ],
)
def test_what_cannot_be_meant_is_one_sentence(
    tmp_path: Path, lines: list[str], sentence: str
) -> None:
    with pytest.raises(WorkbenchError, match=sentence):
        read_cleaning(edited(tmp_path / "tags.csv", *lines))


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ("dimension,value,becomes,kept,colour", "knows no column 'colour'"),
        ("dimension,value,becomes", "lacks 'kept'"),
        ("dimension;value;becomes;kept", "knows no column"),
    ],
)
def test_columns_are_checked(tmp_path: Path, header: str, sentence: str) -> None:
    file = tmp_path / "tags.csv"
    file.write_text(header + "\n" + ",".join(["x"] * len(header.split(","))) + "\n")
    with pytest.raises(WorkbenchError, match=sentence):
        read_cleaning(file)


def test_nothing_kept_is_a_sentence() -> None:
    with pytest.raises(WorkbenchError, match="No tag has 10 items by 2 artists; ask for fewer"):
        propose_cleaning(tagged(jazz=[1, 2]), catalogue(PEOPLE))


def test_only_words_that_people_gave_are_cleaned(ws: Workspace) -> None:
    with pytest.raises(NotReadyError, match="import music with a manifest"):
        human_tags(ws)
    ws.catalogue.add_item(
        kind="song",
        domain="audio",
        title="A",
        tags=[
            TagValue("genre", "jazz", "manifest"),
            TagValue("mood", "calm", "guessed", weak=True),
            TagValue("tempo", "90", "manifest", number=90),
            TagValue("composition", "A", "person"),
            TagValue("licence", "CC0", "score"),
            TagValue("demo", "a/mix.ogg", "demo recipe"),
        ],
    )
    assert human_tags(ws)["value"].tolist() == ["jazz"]
    assert human_tags(ws, ["composition"])["value"].tolist() == ["A"]
    with pytest.raises(UnknownNameError, match="Nobody tagged an item with 'mood'"):
        human_tags(ws, ["mood"])
