from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from workbench.corpus.manifest import (
    COLUMNS,
    artist_names,
    assert_disjoint,
    era_of,
    is_shippable,
    read_manifest,
    split_by_artist,
    style_of,
)
from workbench.errors import WorkbenchError


def scores(artists: list[tuple[str, str]]) -> pd.DataFrame:
    """A manifest of (corpus, artist) rows."""
    return pd.DataFrame(
        {
            "name": [f"{i}.mid" for i in range(len(artists))],
            "corpus": [corpus for corpus, _ in artists],
            "artist": [artist for _, artist in artists],
        }
    )


@pytest.mark.parametrize(
    "licence",
    [
        "CC0",
        "CC0 1.0 Universal",
        "CC BY 4.0",
        "cc by 3.0",
        "CC BY licence 4.0",
        "Public Domain",
        "public domain",
        "Creative Commons Attribution 2.5",
        "Creative Commons Attribution 4.0 International",
        "BSD-3-Clause",
    ],
)
def test_licences_that_allow_everything_are_shippable(licence: str) -> None:
    assert is_shippable(licence)


@pytest.mark.parametrize(
    "licence",
    [
        "",
        "MIT",
        "all rights reserved",
        "CC BY-NC 4.0",
        "CC BY-SA 4.0",
        "CC BY-ND 4.0",
        "CC BY-NC-SA 4.0",
        "cc by nc",
        "CC BYNC",
        "Creative Commons Attribution ShareAlike 3.0",
        "Creative Commons Attribution Share-Alike 3.0",
        "Creative Commons Attribution Non-commercial 3.0",
        "Creative Commons Attribution NoDerivatives 3.0",
        "scores public domain; dates and authors CC BY-NC 4.0",
        "MIT (data set); compositions are commercial: train and test only, never ship",
        "not public domain",
    ],
)
def test_licences_that_forbid_something_or_are_unknown_are_not(licence: str) -> None:
    assert not is_shippable(licence)


@pytest.mark.parametrize(
    ("text", "style"),
    [
        ("Jazz; Big Band", "jazz"),
        ("rock/halftime", "rock"),
        ("afrocuban/bembe", "afrocuban"),
        ("game soundtrack (rock, metal, ambient)", "game soundtrack"),
        ("", ""),
        ("lied", "lied"),
    ],
)
def test_styles_are_the_first_and_broadest_word(text: str, style: str) -> None:
    assert style_of(text) == style


@pytest.mark.parametrize(
    ("date", "style", "corpus", "era"),
    [
        ("composer 1685-1750", "", "", "baroque"),
        ("composer 1732-1809", "", "", "classical"),
        ("composer 1797-1828", "", "", "romantic"),
        ("composer 1862-1918", "", "", "romantic"),
        ("composer 1874-1951", "", "", "modern"),
        ("1597", "", "", "renaissance"),
        ("1721-2", "", "", "baroque"),
        ("1935-09-30", "Jazz; Swing", "", "modern"),
        ("c1860", "", "", "romantic"),
        ("<1860", "", "", "romantic"),
        ("16th C.", "", "", "renaissance"),
        ("18th Century", "", "", "classical"),
        ("August 27, 2007", "baroque", "", "baroque"),  # the edition's date, the music's style
        ("August 27, 2007", "", "", ""),
        ("1838", "classical", "", "classical"),  # the style is what its editor heard
        ("", "romanticism", "", "romantic"),
        ("", "funk", "groove", "contemporary"),
        ("", "funk", "", ""),
        ("unk", "", "", ""),
    ],
)
def test_eras_come_from_lives_styles_years_and_centuries(
    date: str, style: str, corpus: str, era: str
) -> None:
    assert era_of(date, style, corpus) == era


@pytest.mark.parametrize(
    "spellings",
    [
        ("Franz Schubert", "SchubertF", "Schubert, Franz", "F. Schubert", "FRANZ SCHUBERT"),
        ("Ludwig van Beethoven", "BeethovenLv", "Beethoven"),
        ("J. S. Bach", "BachJS", "Johann Sebastian Bach (1685-1750)"),
        ("Antonín Dvořák", "DvorakA", "Antonin Dvorak"),
        ("Felix Mendelssohn", "Mendelssohn-BartholdyF", "Felix Mendelssohn Bartholdy"),
        ("Camille Saint-Saëns", "Saint-SaensC"),
        ("Nikolai Rimsky-Korsakov", "Rimsky-KorsakovN"),
        ("Johannes Brahms / US Army Strings", "BrahmsJ"),
        ("Johann Strauss (Vater)", "Johann Strauss"),
        ("Joseph Brackett, Jr.", "Joseph Brackett"),
        ("John Henry Hopkins Jr.", "John Henry Hopkins"),
        ("John Hughes [1]", "HughesJ"),
        ("[Traditional]", "Traditional"),
        ("Чайковский", " чайковский"),
    ],
)
def test_one_artist_under_several_spellings_is_one_group(spellings: tuple[str, ...]) -> None:
    names = artist_names(scores([("a", spelling) for spelling in spellings]))
    assert names.nunique() == 1
    assert not names.str.startswith("path ").any()


def test_different_artists_are_different_groups() -> None:
    artists = ["Franz Schubert", "SchumannR", "drummer1", "drummer10", "Franz Liszt", "U2", "чай"]
    artists += ["artist_000014", "artist_000015", "Blink 182", "Blink"]
    assert artist_names(scores([("a", artist) for artist in artists])).nunique() == len(artists)


def test_a_score_without_an_artist_is_a_group_of_its_own() -> None:
    names = artist_names(scores([("a", ""), ("a", ""), ("b", "  ")]))
    assert names.nunique() == 3


def many_scores(seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    people = [f"Person {''.join(rng.choice(list('abcdefgh'), 6))}" for _ in range(60)]
    return scores([(str(rng.choice(["x", "y"])), str(rng.choice(people))) for _ in range(400)])


def test_no_artist_is_on_two_sides_and_shares_are_about_right() -> None:
    table = many_scores()
    split = split_by_artist(table)
    sides = pd.Series(split).groupby(artist_names(table)).nunique()
    assert (sides == 1).all()
    for corpus in ("x", "y"):
        shares = pd.Series(split[table["corpus"] == corpus]).value_counts(normalize=True)
        assert shares["validation"] == pytest.approx(0.1, abs=0.05)
        assert shares["test"] == pytest.approx(0.2, abs=0.05)


@pytest.mark.parametrize("seed", range(5))
def test_an_artist_of_two_corpora_under_two_spellings_stays_on_one_side(seed: int) -> None:
    filler = [(corpus, f"Surname{'abcdefghijklmno'[i]}") for corpus in "ab" for i in range(15)]
    table = scores([*filler, ("a", "SchubertF"), ("b", "Franz Schubert"), ("b", "BeethovenLv")])
    split = split_by_artist(table, seed=seed)
    assert split[-3] == split[-2]


def test_one_seed_gives_one_split_and_another_another() -> None:
    table = many_scores()
    first = split_by_artist(table, seed=3)
    np.testing.assert_array_equal(split_by_artist(table, seed=3), first)
    assert (split_by_artist(table, seed=4) != first).any()


def test_rows_keep_their_side_however_they_are_numbered() -> None:
    table = many_scores()
    first = split_by_artist(table)
    renumbered = table.set_axis(np.random.default_rng(0).permutation(len(table)) + 1000)
    np.testing.assert_array_equal(split_by_artist(renumbered), first)


def test_an_artist_who_fills_a_corpus_is_trained_on() -> None:
    table = scores([("a", "Ada Low")] * 20)
    assert set(split_by_artist(table)) == {"train"}


def test_an_artist_on_two_sides_is_named() -> None:
    with pytest.raises(WorkbenchError, match="'ada' is in both train and test"):
        assert_disjoint(["ada", "ben", "ada"], ["train", "test", "test"])
    assert_disjoint(["ada", "ben", "ada"], ["train", "test", "train"])


ROW = {
    "path": "scores/a.mid",
    "corpus": "mutopia",
    "title": "A piece",
    "artist": "BachJS",
    "style": "Baroque",
    "date": "1721",
    "key": "ees major",
    "tempo_bpm": "",
    "licence": "Public Domain",
}


def test_a_manifest_is_read_into_one_spelling(tmp_path: Path) -> None:
    file = tmp_path / "manifest.csv"
    rows = [
        ROW,
        ROW | {"key": "E- major", "tempo_bpm": "92.5", "licence": "CC BY-NC 4.0", "artist": ""},
        ROW | {"key": "a minor", "tempo_bpm": "fast", "style": "", "date": ""},
    ]
    pd.DataFrame(rows).assign(instruments="organ").to_csv(file, index=False)
    table = read_manifest(file)
    assert table["path"].tolist() == [str(tmp_path / "scores" / "a.mid")] * 3
    assert table["name"].tolist() == ["scores/a.mid"] * 3
    assert table["key"].tolist() == ["", "Eb major", "A minor"]
    assert table["tempo_bpm"].isna().tolist() == [True, False, True]
    assert table["tempo_bpm"][1] == 92.5
    assert table["shippable"].tolist() == [True, False, True]
    assert table["era"].tolist() == ["baroque", "baroque", ""]
    assert table["style"].tolist() == ["baroque", "baroque", ""]
    assert table["artist"].tolist() == ["BachJS", "", "BachJS"]


@pytest.mark.parametrize("missing", COLUMNS)
def test_a_missing_column_is_named(tmp_path: Path, missing: str) -> None:
    file = tmp_path / "manifest.csv"
    pd.DataFrame([ROW]).drop(columns=missing).to_csv(file, index=False)
    with pytest.raises(WorkbenchError, match=rf"manifest\.csv: .* lacks the column\(s\) {missing}"):
        read_manifest(file)


@pytest.mark.parametrize("data", [None, b"", b"\xff\xfe\x00\x80", b'a,b\n"1,2\n3,4,5'])
def test_a_file_that_is_no_manifest_is_refused(tmp_path: Path, data: bytes | None) -> None:
    file = tmp_path / "manifest.csv"
    if data is not None:
        file.write_bytes(data)
    with pytest.raises(WorkbenchError, match=r"manifest\.csv: "):
        read_manifest(file)
