"""The recipe holds what the demo promises."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from workbench.demo.recipe import read_recipe
from workbench.errors import StorageError

PIECES = read_recipe()


def test_about_sixty_pieces_each_under_its_own_name() -> None:
    assert 60 <= len(PIECES) <= 70
    assert len({piece.slug for piece in PIECES}) == len(PIECES)


@pytest.mark.parametrize("dimension", ["genre", "era"])
def test_every_value_has_several_pieces_by_several_artists(dimension: str) -> None:
    artists: dict[str, list[str]] = {}
    for piece in PIECES:
        artists.setdefault(getattr(piece, dimension), []).append(piece.artist)
    assert len(artists) >= 6
    for value, names in artists.items():
        assert len(names) >= 5, value
        assert len(set(names)) >= 3, value


def test_no_genre_is_an_era_and_no_era_a_genre() -> None:
    for one, other in (("genre", "era"), ("era", "genre")):
        for value in {getattr(piece, one) for piece in PIECES}:
            counts = Counter(getattr(p, other) for p in PIECES if getattr(p, one) == value)
            assert len(counts) >= 2
            assert max(counts.values()) <= 0.8 * sum(counts.values()), value


def test_both_modes_are_well_represented() -> None:
    modes = Counter(piece.mode for piece in PIECES)
    assert min(modes["major"], modes["minor"]) >= 20


@pytest.mark.parametrize(
    ("composer", "era"),
    [
        ("Francesco Landini", "medieval"),
        ("Josquin des Prez", "renaissance"),
        ("Claudio Monteverdi", "baroque"),
        ("Wolfgang Amadeus Mozart", "classical"),
        ("Ludwig van Beethoven", "classical"),
        ("Franz Schubert", "romantic"),
        ("Scott Joplin", "modern"),
        ("Northumbrian Minstrelsy", "traditional"),
    ],
)
def test_eras_follow_from_the_composers_dates_as_books_have_them(composer: str, era: str) -> None:
    pieces = [piece for piece in PIECES if piece.artist == composer]
    assert pieces
    assert {piece.era for piece in pieces} == {era}
    source = "collection" if era == "traditional" else "composer's dates"
    assert {piece.era_source for piece in pieces} == {source}


def test_every_piece_lies_in_the_installed_corpus() -> None:
    music21 = pytest.importorskip("music21", reason="the demo extra is not installed")
    installed = [str(path) for path in music21.corpus.getCorePaths()]
    for piece in PIECES:
        assert any(path.endswith("/" + piece.path) for path in installed), piece.path


def test_a_damaged_recipe_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "pieces.csv"
    file.write_text("slug,path\nx,y\n")
    with pytest.raises(StorageError, match="is damaged"):
        read_recipe(file)
