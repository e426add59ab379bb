from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from workbench.catalogue.keys import parse_key
from workbench.corpus.build import Recipe
from workbench.corpus.manifest import read_manifest
from workbench.corpus.piece_corpus import NoteArrays, PieceCorpus
from workbench.corpus.pieces import build_pieces
from workbench.errors import NotReadyError, WorkbenchError
from workbench.features.notes import tonal_features

Fonts = tuple[Path, Path]


def recipe(fonts: Fonts, **options: object) -> Recipe:
    return Recipe(fonts[:1], fonts[1:], renditions=2, test_renditions=1, seconds=6.0, **options)


def test_a_piece_is_known_by_its_making(tiny_pieces: tuple[Path, Path]) -> None:
    table = PieceCorpus.open(tiny_pieces[1]).table
    assert set(table["split"]) == {"train", "validation", "test"}
    assert (table["studio"].str.startswith("other") == (table["split"] == "test")).all()
    assert set(table.loc[table["composition"] == "ben-0", "track"]) >= {""}
    swing = table[table["composition"].str.startswith(("ben", "dora"))]
    assert {"0", "1"} <= set(swing["track"])
    assert set(swing.loc[swing["track"] == "1", "instrument"]) == {"drums"}
    assert set(swing.loc[swing["track"] == "1", "key"]) == {""}
    for _, row in table[table["key"] != ""].iterrows():
        assert row["key"] == row["centre"]
        assert parse_key(row["key"])[0] == row["shift"] % 12


def test_sound_and_notes_of_a_piece_are_the_same_music(tiny_pieces: tuple[Path, Path]) -> None:
    corpus = PieceCorpus.open(tiny_pieces[1])
    arrays = NoteArrays(corpus.notes, corpus.seconds)
    rows = np.flatnonzero(corpus.table["track"].astype(str) == "")
    tonal, _, _ = arrays.windows(rows)
    sound = corpus.sounds(rows)
    similarity = (tonal.chroma.mean(2) @ sound.chroma.mean(2).T).numpy()
    turned = (tonal.chroma.roll(1, 1).mean(2) @ sound.chroma.mean(2).T).numpy()
    assert np.diag(similarity).mean() > np.diag(turned).mean() + 0.1


def test_notes_as_written_have_neither_dynamics_nor_instruments(
    tiny_pieces: tuple[Path, Path],
) -> None:
    corpus = PieceCorpus.open(tiny_pieces[1])
    arrays = NoteArrays(corpus.notes, corpus.seconds)
    rows = np.arange(4)
    tonal, _, _ = arrays.windows(rows, np.array([True, False, True, False]))
    for row in rows:
        table = corpus.notes[row].copy()
        if row % 2 == 0:
            table[:, 3], table[:, 4] = 80, 0
        expected = tonal_features(table, corpus.seconds)
        np.testing.assert_allclose(tonal.vector[row], expected.vector, atol=2e-3, rtol=2e-3)
        np.testing.assert_allclose(tonal.bands[row], expected.bands, atol=2e-3)


def test_a_build_goes_on_where_it_was_and_gives_the_same(
    tiny_pieces: tuple[Path, Path], two_fonts: Fonts
) -> None:
    manifest, folder = tiny_pieces
    before = (folder / "pieces.csv").read_bytes()
    parts = sorted((folder / "parts").glob("*.npz"))
    parts[0].unlink()
    build_pieces(read_manifest(manifest), folder, recipe(two_fonts), processes=1)
    assert (folder / "pieces.csv").read_bytes() == before
    assert sorted((folder / "parts").glob("*.npz")) == parts


def test_scores_that_cannot_be_used_are_named(tiny_pieces: tuple[Path, Path]) -> None:
    failures = json.loads((tiny_pieces[1] / "failures.json").read_text())
    assert {"dora-0.mid", "dora-1.mid"} >= {Path(path).name for path in failures}
    table = PieceCorpus.open(tiny_pieces[1]).table
    assert "dora-0" not in set(table["composition"])


def test_another_recipe_is_not_mixed_in(tiny_pieces: tuple[Path, Path], two_fonts: Fonts) -> None:
    manifest, folder = tiny_pieces
    with pytest.raises(WorkbenchError, match="another recipe"):
        build_pieces(read_manifest(manifest), folder, recipe(two_fonts, seed=3), processes=1)


def test_a_folder_without_a_corpus_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotReadyError, match="train corpus --pieces"):
        PieceCorpus.open(tmp_path)
