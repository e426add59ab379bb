"""Triplet files of three kinds are read, and a row that is not understood is named."""

from __future__ import annotations

import json

import pytest

from workbench import Workspace
from workbench.catalogue.media import MediaInfo
from workbench.errors import WorkbenchError
from workbench.evaluation.triplet_files import TripletFile, read_triplets

PATHS = [
    "/music/a/first.mp3",
    "/music/b/first.mp3",
    "media/second.wav",
    "/msd/TRAAA.mp3",
    "/msd/TRBBB.mp3",
    "/msd/TRCCC_66150.wav",
    "/msd/TRCCC_0.wav",
    "/mtt/f/x-0-29.mp3",
    "/mtt/f/y-0-29.mp3",
    "/mtt/f/z-0-29.mp3",
]
TITLES = ["One", "Two", "Second", "Same", "Same", "C late", "C", "X", "Y", "Z"]


@pytest.fixture
def named(ws: Workspace) -> Workspace:
    """Ten items, 1 to 10, with files of known names that are not there."""
    for number, (title, path) in enumerate(zip(TITLES, PATHS, strict=True), start=1):
        media = MediaInfo(f"{number:064d}", str(ws.root / path), "mp3", 1)
        ws.catalogue.add_item(kind="song", domain="audio", title=title, artist="Ada", media=media)
    return ws


def read(ws: Workspace, name: str, text: str) -> TripletFile:
    file = ws.root.parent / name
    file.write_text(text)
    return read_triplets(ws, file)


def rows(found: TripletFile) -> list[tuple]:
    voted = found.voted
    pairs = zip(voted.dimensions, voted.items.tolist(), voted.votes.tolist(), strict=True)
    return [(name, *items, *votes) for name, items, votes in pairs]


def test_a_csv_of_ids_paths_and_titles(named: Workspace) -> None:
    found = read(
        named,
        "mine.csv",
        "dimension,anchor,a,b,answer\n"
        "genre,1,2,3,b\n"
        "\n"
        ",b/first.mp3,second,one,\n"
        "tempo,/music/a/first.mp3,Ada - Two,media/second.wav,cannot_tell\n",
    )
    assert (found.layout, found.rows, found.matched) == ("triplets", 3, 3)
    assert rows(found) == [
        ("genre", 1, 2, 3, 0, 1, 0),
        ("overall", 2, 1, 3, 0, 1, 0),
        ("tempo", 1, 2, 3, 0, 0, 1),
    ]


def test_a_path_below_the_workspace_may_be_given_in_full(named: Workspace) -> None:
    found = read(named, "x.csv", f"anchor,a,b\n{named.root / 'media/second.wav'},1,2\n")
    assert rows(found) == [("overall", 3, 1, 2, 1, 0, 0)]


def test_votes_and_rows_of_several_raters_add_up(named: Workspace) -> None:
    found = read(named, "v.csv", "anchor,a,b,votes\n1,2,3,5:2\n1,3,2,1/4\n")
    assert rows(found) == [("overall", 1, 2, 3, 9, 3, 0)]


@pytest.mark.parametrize("name", ["t.json", "t.jsonl", "wrapped.json"])
def test_json_says_the_same(named: Workspace, name: str) -> None:
    data = [{"anchor": 1, "a": "Two", "b": 3, "votes": [5, 2], "dimension": "mood"}]
    data.append({"anchor": 1, "a": 2, "b": 3, "answer": "b"})
    text = "\n".join(map(json.dumps, data)) if name == "t.jsonl" else json.dumps(data)
    text = json.dumps({"triplets": data}) if name == "wrapped.json" else text
    expected = [("mood", 1, 2, 3, 5, 2, 0), ("overall", 1, 2, 3, 0, 1, 0)]
    assert rows(read(named, name, text)) == expected


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("x.csv", "anchor,a,b\n1,2,3\n1,2,Nobody\n", r"x\.csv, line 3: no item is called 'Nob"),
        ("x.csv", "anchor,a,b\n1,2,Same\n", r"line 2: 2 items are called 'Same' \(4, 5\)"),
        ("x.csv", "anchor,a,b\n1,2,first.mp3\n", r"line 2: 2 items are called 'first.mp3'"),
        ("x.csv", "anchor,a,b\n1,2,2\n", r"line 2: a triplet needs three different items\."),
        ("x.csv", "anchor,a,b\n1,2,\n", r"line 2: the value of 'b' is missing\."),
        ("x.csv", "anchor,a,b\n1,2,3,4\n", r"line 2: 4 cells, but there are 3 columns"),
        ("x.csv", "anchor,a,b,answer\n1,2,3,left\n", r"line 2: answer 'left' is none of a, b"),
        ("x.csv", "anchor,a,b,votes\n1,2,3,five\n", r"line 2: votes 'five' are not understood"),
        ("x.csv", "anchor,a,b,votes\n1,2,3,1:x\n", r"line 2: 'x' is no count\."),
        ("x.csv", "dimension,anchor,a,b\nsmell,1,2,3\n", r"line 2: there is no dimension 'smell'"),
        ("x.csv", "anchor,b\n1,2\n", r"has no column `a`; a triplet file has anchor, a and b"),
        ("x.csv", "", r"x\.csv holds no triplets\."),
        ("x.txt", "1 2 3", r"needs one of the suffixes \.csv, \.tsv, \.json, \.jsonl, \.parquet\."),
        ("x.json", "[1,", r"x\.json cannot be read as JSON"),
        ("x.json", "3", r"x\.json holds no list of rows\."),
        ("x.json", "[[1, 2, 3]]", r"entry 1: it is no object"),
        ("x.jsonl", '{"anchor": 1, "a": 2, "b": 3}\n{"anchor"\n', r"line 2: it cannot be read"),
        ("x.json", '[{"anchor": 1, "a": 2, "b": 77}]', r"entry 1: no item is called '77'\."),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_one_sentence_with_its_place(
    named: Workspace, name: str, text: str, sentence: str
) -> None:
    with pytest.raises(WorkbenchError, match=sentence) as caught:
        read(named, name, text)
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith(".")


def test_a_missing_file_is_told(named: Workspace) -> None:
    with pytest.raises(WorkbenchError, match="There is no file"):
        read_triplets(named, named.root / "no.csv")


DIM_SIM = (
    "triplet_id,anchor_id,anchor_start_seconds,anchor_start_samples,song1_id,song1_start_seconds,"
    "song1_start_samples,song2_id,song2_start_seconds,song2_start_samples,sampling_rate,"
    "clip_lengths_seconds,clip_lengths_samples,song1_vote,song2_vote\n"
)


def test_dim_sim_is_matched_by_track(named: Workspace) -> None:
    found = read(
        named,
        "raw-dim-sim.csv",
        DIM_SIM
        + "0001,TRAAA,0,0,TRBBB,0,0,TRCCC,3,66150,22050,3,66150,9,1\n"
        + "0002,TRAAA,0,0,TRMISSING,0,0,TRCCC,3,66150,22050,3,66150,1,6\n"
        + "0003,TRCCC,0,0,TRAAA,1,22050,TRBBB,3,66150,22050,3,66150,2,5\n",
    )
    assert (found.layout, found.rows, found.matched) == ("dim-sim", 3, 2)
    assert rows(found) == [("overall", 4, 5, 6, 9, 1, 0), ("overall", 7, 4, 5, 2, 5, 0)]
    high = found.voted.agreed(agreement=0.9)
    assert high.ids.tolist() == [4, 5, 6]


def test_a_vote_against_a_clip_brings_the_other_two_together(named: Workspace) -> None:
    names = [f"clip{i}_{w}" for w in ("id", "numvotes", "mp3_path") for i in (1, 2, 3)]
    found = read(
        named,
        "comparisons_final.csv",
        "\t".join(names)
        + "\n7\t8\t9\t1\t2\t7\tf/x-0-29.mp3\tf/y-0-29.mp3\tf/z-0-29.mp3\n"
        + "7\t8\t5\t1\t2\t7\tf/x-0-29.mp3\tf/y-0-29.mp3\tf/gone-0-29.mp3\n"
        + "9\t7\t8\t3\t0\t0\tf/z-0-29.mp3\tf/x-0-29.mp3\tf/y-0-29.mp3\n",
    )
    assert (found.layout, found.rows, found.matched) == ("magnatagatune", 3, 2)
    x, y, z = 8, 9, 10
    assert sorted(rows(found)) == [
        ("overall", x, y, z, 10, 2, 0),  # z odd: x and y are close
        ("overall", y, x, z, 10, 1, 0),
        ("overall", z, x, y, 2, 1, 0),
    ]
