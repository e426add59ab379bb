from __future__ import annotations

import json
import shutil
from pathlib import Path

import librosa
import numpy as np
import pandas as pd
import pytest
import torch

from workbench.corpus.segments import Corpus, relations_of
from workbench.errors import NotReadyError, WorkbenchError
from workbench.features.segments import FRAMES, TEMPOGRAMS, smoothed_chroma, tempogram_of
from workbench.features.tempogram import cyclic_tempogram, tempogram

Tiny = tuple[Path, Path]


@pytest.fixture(scope="module")
def corpus(tiny_corpus: Tiny) -> Corpus:
    return Corpus.open(tiny_corpus[1])


@pytest.fixture
def folder(tiny_corpus: Tiny, tmp_path: Path) -> Path:
    """A copy to damage."""
    return Path(shutil.copytree(tiny_corpus[1], tmp_path / "copy"))


ROWS, STARTS = np.array([3, 0, 3, 16]), np.array([0, 57, 130, 129])


def test_cuts_are_equal_to_slices_of_the_whole_items_features(corpus: Corpus) -> None:
    found = corpus.segments(ROWS, STARTS)
    assert {name: tuple(x.shape) for name, x in found.items()} == {
        "mel": (4, 128, 129),
        "cens": (4, 12, 129),
        "tempogram": (4, 64, 129),
    }
    for i, (row, start) in enumerate(zip(ROWS, STARTS, strict=True)):
        for name in ("mel", "cens"):
            whole = corpus.arrays[name][row].astype(np.float32)
            np.testing.assert_array_equal(found[name][i], whole[:, start : start + 129])
    assert all(x.dtype == torch.float32 for x in found.values())


@pytest.mark.parametrize(
    ("kind", "of_whole"),
    [("autocorrelation", tempogram), ("cyclic", lambda e: cyclic_tempogram(e, bins=64))],
)
def test_the_tempogram_of_a_cut_is_the_cut_of_the_whole_tempogram(
    corpus: Corpus, kind: str, of_whole: object
) -> None:
    found = corpus.segments(ROWS, STARTS, tempogram=kind)["tempogram"]
    assert found.shape == (4, TEMPOGRAMS[kind][0], 129)
    for i, (row, start) in enumerate(zip(ROWS, STARTS, strict=True)):
        envelope = torch.from_numpy(corpus.arrays["envelope"][row].astype(np.float32))
        expected = of_whole(envelope)[:, start : start + 129]  # type: ignore[operator]
        torch.testing.assert_close(found[i], expected, atol=1e-5, rtol=1e-4)


def test_the_tempogram_over_lags_is_librosas(corpus: Corpus) -> None:
    envelope = corpus.arrays["envelope"][0].astype(np.float32)
    expected = librosa.feature.tempogram(onset_envelope=envelope, sr=22050, hop_length=512)
    found = corpus.segments(np.array([0]), np.array([40]), tempogram="autocorrelation")
    np.testing.assert_allclose(found["tempogram"][0], expected[:, 40:169], atol=1e-4)


def test_whole_segments_lie_side_by_side(corpus: Corpus) -> None:
    assert corpus.frames == 259
    assert FRAMES == 129
    assert corpus.starts().tolist() == [0, 129]
    last = corpus.segments(np.array([0]), corpus.starts()[-1:])
    assert last["mel"].shape == (1, 128, 129)


def test_octaves_summed_are_the_cyclic_tempogram(corpus: Corpus) -> None:
    octaves, cyclic = (
        corpus.segments(ROWS, STARTS, tempogram=kind)["tempogram"] for kind in ("octaves", "cyclic")
    )
    summed = octaves.unflatten(1, (4, 64)).sum(1)
    expected = summed / summed.amax(1, keepdim=True)
    torch.testing.assert_close(cyclic, expected, atol=1e-5, rtol=1e-4)


def test_context_smooths_chromagrams_over_its_seconds_and_nothing_else(corpus: Corpus) -> None:
    wide = corpus.with_context(1.0)
    window = np.hanning(45)[1:-1]  # 43 frames are a second
    for row in (0, 16):
        before = corpus.arrays["cens"][row].astype(float)
        expected = np.stack([np.convolve(line, window, "same") for line in before])
        expected /= np.linalg.norm(expected, axis=0)
        np.testing.assert_allclose(wide.arrays["cens"][row], expected, atol=2e-3)
    np.testing.assert_array_equal(wide.arrays["mel"], corpus.arrays["mel"])
    np.testing.assert_array_equal(corpus.with_context(0.0).arrays["cens"], corpus.arrays["cens"])


def test_silence_stays_silent_in_any_context() -> None:
    assert not smoothed_chroma(torch.zeros(12, 50), 9.0).any()


def test_an_unknown_tempogram_is_refused(corpus: Corpus) -> None:
    with pytest.raises(WorkbenchError, match="no tempogram 'fourier'; choose one of"):
        tempogram_of(torch.zeros(500), "fourier")


def table(**columns: list[object]) -> pd.DataFrame:
    return pd.DataFrame({"composition": list("abcdef"), **columns})


def test_relations_are_those_of_the_dimensions() -> None:
    rows = table(
        genre=["jazz", "jazz", "rock", "", "rock", "jazz"],
        instrument=["piano|bass", "bass", "drums", "", "piano|drums", "voice"],
        tempo=[60.0, 123.0, 90.0, 61.0, 182.0, 95.1],
        key=["C major", "C major", "A minor", "", "C minor", "A minor"],
    )
    found = relations_of(rows, ["genre", "instrument", "tempo", "key"])
    assert list(found) == ["genre", "instrument", "tempo", "key"]

    def naive(pair: object) -> np.ndarray:
        return np.array(
            [[0 if i == j else pair(i, j) for j in range(6)] for i in range(6)]  # type: ignore[operator]
        )

    def tagged(name: str) -> object:
        tags = [set(filter(None, text.split("|"))) for text in rows[name]]
        return lambda i, j: 0 if not tags[i] or not tags[j] else (1 if tags[i] & tags[j] else -1)

    def tempi(i: int, j: int) -> int:
        low, high = sorted((rows["tempo"][i], rows["tempo"][j]))
        return 1 if min(abs(high / 2**octave - low) for octave in range(4)) <= 5 else -1

    for name in ("genre", "instrument", "key"):
        np.testing.assert_array_equal(found[name], naive(tagged(name)))
    np.testing.assert_array_equal(found["tempo"], naive(tempi))


def test_renditions_of_one_composition_have_no_relation() -> None:
    rows = table(genre=["jazz"] * 5 + ["rock"]).assign(composition=list("aabbcc"))
    found = relations_of(rows, ["genre"])["genre"]
    same = np.array([[a == b for b in rows["composition"]] for a in rows["composition"]])
    assert not found[same].any()
    assert (found[~same] != 0).all()


def test_relations_of_the_corpus_leave_out_its_renditions(corpus: Corpus) -> None:
    rows = corpus.rows("train")
    names = corpus.table["composition"].to_numpy()[rows]
    found = corpus.relations(rows, ("genre", "tempo", "key", "era", "instrument", "mood"))
    same = names[:, None] == names
    for relation in found.values():
        assert relation.shape == (14, 14)
        assert not relation[same].any()
        np.testing.assert_array_equal(relation, relation.T)
    assert (found["genre"][~same] != 0).all()


def test_rows_of_a_split_or_a_sentence_that_names_it(corpus: Corpus) -> None:
    assert corpus.rows("validation").tolist() == [14]
    assert corpus.rows("test").tolist() == [15, 16]
    with pytest.raises(NotReadyError, match="no rehearsal renditions"):
        corpus.rows("rehearsal")


@pytest.mark.parametrize("name", ["renditions.csv", "mel.npy", "cens.npy", "recipe.json"])
@pytest.mark.parametrize("damage", ["missing", "empty", "garbage"])
def test_a_corpus_that_is_not_whole_is_not_read(folder: Path, name: str, damage: str) -> None:
    file = folder / name
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes(b"" if damage == "empty" else b"\x00\xff\x93 not this")
    with pytest.raises(WorkbenchError, match="copy"):
        Corpus.open(folder)


def test_an_array_that_was_cut_short_is_not_read(folder: Path) -> None:
    data = (folder / "mel.npy").read_bytes()
    (folder / "mel.npy").write_bytes(data[: len(data) // 2])
    with pytest.raises(NotReadyError, match="holds no finished corpus"):
        Corpus.open(folder)


def test_arrays_of_pickled_objects_are_not_run(folder: Path) -> None:
    np.save(folder / "cens.npy", np.array([{"a": 1}] * 17, dtype=object), allow_pickle=True)
    with pytest.raises(NotReadyError, match="holds no finished corpus"):
        Corpus.open(folder)


def test_arrays_and_table_of_different_lengths_are_refused(folder: Path) -> None:
    np.save(folder / "cens.npy", np.load(folder / "cens.npy")[:-1])
    with pytest.raises(WorkbenchError, match=r"differ in length.*'cens': 16"):
        Corpus.open(folder)


@pytest.mark.parametrize("column", ["composition", "group", "split", "genre", "tempo"])
def test_a_table_without_a_column_is_refused(folder: Path, column: str) -> None:
    file = folder / "renditions.csv"
    pd.read_csv(file).drop(columns=column).to_csv(file, index=False)
    with pytest.raises(WorkbenchError, match=r"renditions\.csv lacks columns"):
        Corpus.open(folder)


def test_an_artist_on_two_sides_is_refused(folder: Path) -> None:
    file = folder / "renditions.csv"
    rows = pd.read_csv(file, keep_default_na=False)
    rows.loc[0, "split"] = "test"
    rows.to_csv(file, index=False)
    with pytest.raises(WorkbenchError, match="is in both test and train"):
        Corpus.open(folder)


def test_labels_that_are_numbers_stay_as_they_are_written(folder: Path) -> None:
    file = folder / "renditions.csv"
    rows = pd.read_csv(file, keep_default_na=False)
    rows.assign(composition=[f"{i:03d}" for i in range(17)], era="1800").to_csv(file, index=False)
    found = Corpus.open(folder).table
    assert found["composition"][7] == "007"
    assert set(found["era"]) == {"1800"}
    assert found["tempo"].dtype == float


def test_the_recipe_comes_along(corpus: Corpus, tiny_corpus: Tiny) -> None:
    assert corpus.recipe == json.loads((tiny_corpus[1] / "recipe.json").read_text())
    assert corpus.recipe["seconds"] == 6.0
    assert corpus.recipe["fonts"] == ["plain.sf2"]
