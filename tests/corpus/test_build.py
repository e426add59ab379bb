from __future__ import annotations

import json
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from workbench.catalogue.keys import parse_key
from workbench.corpus import build
from workbench.corpus.build import ARRAYS, Recipe, build_corpus
from workbench.corpus.manifest import read_manifest
from workbench.corpus.segments import Corpus
from workbench.errors import MediaError, NotReadyError, WorkbenchError
from workbench.progress import Progress

FRAMES = 1 + int(6.0 * 22050) // 512
Fonts = tuple[Path, Path]
Tiny = tuple[Path, Path]


def recipe(fonts: Fonts, **options: object) -> Recipe:
    plain = Recipe(fonts[:1], fonts[1:], renditions=2, test_renditions=1, seconds=6.0)
    return replace(plain, **options)  # type: ignore[arg-type]


def arrays(folder: Path) -> dict[str, np.ndarray]:
    return {name: np.load(folder / f"{name}.npy") for name in ARRAYS}


@pytest.fixture
def copied(tiny_corpus: Tiny, tmp_path: Path) -> tuple[pd.DataFrame, Path]:
    manifest, folder = tiny_corpus
    return read_manifest(manifest), Path(shutil.copytree(folder, tmp_path / "corpus"))


def test_each_score_is_rendered_as_often_as_its_split_says(tiny_corpus: Tiny) -> None:
    table = Corpus.open(tiny_corpus[1]).table
    per_score = Counter(table["composition"])
    sides = dict(zip(table["composition"], table["split"], strict=True))
    expected = {f"ada-{i}": 2 for i in range(6)} | {"dora-2": 2, "cy-0": 1, "ben-0": 1, "ben-1": 1}
    assert per_score == expected
    assert {name[:3]: side for name, side in sides.items()} == {
        "ada": "train",
        "dor": "train",
        "cy-": "validation",
        "ben": "test",
    }


def test_rows_come_split_by_split_with_their_arrays(tiny_corpus: Tiny) -> None:
    corpus = Corpus.open(tiny_corpus[1])
    assert corpus.table["split"].tolist() == ["train"] * 14 + ["validation"] + ["test"] * 2
    shapes = {name: array.shape for name, array in corpus.arrays.items()}
    assert shapes == {
        "mel": (17, 128, FRAMES),
        "cens": (17, 12, FRAMES),
        "envelope": (17, FRAMES),
    }
    assert all(array.dtype == np.float16 for array in corpus.arrays.values())
    assert all(np.isfinite(array).all() for array in corpus.arrays.values())


def test_arrays_lie_in_the_rows_of_their_scores(tiny_corpus: Tiny) -> None:
    corpus = Corpus.open(tiny_corpus[1])
    for file in (tiny_corpus[1] / "parts").glob("*.npz"):
        with np.load(file) as part:
            rows = json.loads(part["rows"].tobytes())
            found = np.flatnonzero(corpus.table["composition"] == rows[0]["composition"])
            for name in ARRAYS:
                np.testing.assert_array_equal(corpus.arrays[name][found], part[name])


def test_tags_are_those_of_the_scores_and_of_what_was_drawn(tiny_corpus: Tiny) -> None:
    table = Corpus.open(tiny_corpus[1]).table.set_index("composition")
    assert set(table.loc["ada-0", "genre"]) == {"hymn"}
    assert table.loc["ben-0", "genre"] == "jazz"
    assert table.loc["cy-0", "era"] == "classical"
    assert table.loc["ben-1", "era"] == "modern"
    assert "drums" in table.loc["ben-0", "instrument"].split("|")
    assert "drums" not in table.loc["cy-0", "instrument"]
    majors = {name: key[1] for name, text in table["key"].items() if (key := parse_key(text))}
    assert majors == {name: int(name[-1]) % 2 == 1 for name in majors}
    assert len(majors) >= 0.9 * table.index.nunique()  # an excerpt may suggest another key
    assert table["tempo"].between(50, 190).all()
    assert table["tempo"].nunique() == len(table)
    assert table.groupby(level=0)["key"].nunique().max() == 2  # transposed anew each time


def test_tempi_are_heard_in_the_envelopes(tiny_corpus: Tiny) -> None:
    from workbench.features.tempo import tempo_strengths

    corpus = Corpus.open(tiny_corpus[1])
    for row in np.flatnonzero(corpus.table["composition"] == "dora-2"):
        bpm = corpus.table["tempo"][row]
        envelope = corpus.arrays["envelope"][row].astype(float)
        true, wrong = (tempo_strengths(envelope, np.array([bpm * f]))[0] for f in (1.0, 1.3))
        assert true > wrong + 0.2


def test_splits_use_their_fonts(tiny_corpus: Tiny) -> None:
    table = Corpus.open(tiny_corpus[1]).table
    fonts = {(split, preset.split()[0]) for split, preset in table[["split", "preset"]].to_numpy()}
    assert fonts == {("train", "plain"), ("validation", "plain"), ("test", "other")}


def test_what_may_not_be_shipped_is_left_out_unless_asked_for(
    tiny_corpus: Tiny, two_fonts: Fonts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    manifest = read_manifest(tiny_corpus[0])
    asked: list[str] = []
    monkeypatch.setattr(
        build, "_render", lambda job, parts: asked.append(Path(job.row["path"]).stem) or "left out"
    )
    with pytest.raises(NotReadyError, match="No score could be rendered"):
        build_corpus(manifest, tmp_path / "a", recipe(two_fonts), processes=1)
    assert len(asked) == 12
    assert "eve-0" not in asked
    asked.clear()
    every = recipe(two_fonts, shippable_only=False)
    with pytest.raises(NotReadyError):
        build_corpus(manifest, tmp_path / "b", every, processes=1)
    assert len(asked) == 13
    asked.clear()
    with pytest.raises(NotReadyError):
        build_corpus(manifest, tmp_path / "c", recipe(two_fonts, per_corpus=5), processes=1)
    assert len(asked) == 5


def test_scores_that_cannot_be_parsed_are_reported_while_others_go_on(tiny_corpus: Tiny) -> None:
    failures = json.loads((tiny_corpus[1] / "failures.json").read_text())
    assert {Path(path).name for path in failures} == {"dora-0.mid", "dora-1.mid"}
    reasons = {Path(path).name: reason for path, reason in failures.items()}
    assert reasons["dora-0.mid"].startswith("dora-0.mid: cannot be read as MIDI")
    assert reasons["dora-1.mid"] == "dora-1.mid: too short or too empty for an excerpt"


def test_an_interrupted_build_goes_on_where_it_was(
    copied: tuple[pd.DataFrame, Path], two_fonts: Fonts, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest, folder = copied
    before = arrays(folder)
    parts = sorted((folder / "parts").iterdir())
    parts[3].unlink()
    for name in ("renditions.csv", "mel.npy"):
        (folder / name).unlink()
    untouched = {p: p.stat().st_mtime_ns for p in parts if p.exists()}
    rendered: list[str] = []
    whole = build._render
    monkeypatch.setattr(
        build, "_render", lambda job, parts: rendered.append(job.file) or whole(job, parts)
    )
    table = build_corpus(manifest, folder, recipe(two_fonts), processes=1)
    assert parts[3].name in rendered
    assert len(rendered) == 3  # the missing one, and the two that are no scores
    assert {p: p.stat().st_mtime_ns for p in untouched} == untouched
    assert len(table) == 17
    for name, array in arrays(folder).items():
        np.testing.assert_array_equal(array, before[name])


def test_an_interruption_leaves_whole_parts_and_no_corpus(
    tiny_corpus: Tiny, two_fonts: Fonts, tmp_path: Path
) -> None:
    class Impatient(Progress):
        done = 0

        def advance(self, count: int = 1, label: str = "") -> None:
            self.done += count
            if self.done == 4:
                raise KeyboardInterrupt

    manifest, folder = read_manifest(tiny_corpus[0]), tmp_path / "corpus"
    with pytest.raises(KeyboardInterrupt):
        build_corpus(manifest, folder, recipe(two_fonts), processes=1, progress=Impatient())
    assert 1 <= len(list((folder / "parts").glob("*.npz"))) <= 4
    with pytest.raises(NotReadyError, match="holds no finished corpus"):
        Corpus.open(folder)


def test_a_corpus_whose_joining_was_interrupted_is_not_read(
    copied: tuple[pd.DataFrame, Path], two_fonts: Fonts, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest, folder = copied

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(np.lib.format, "open_memmap", stop)
    with pytest.raises(KeyboardInterrupt):
        build_corpus(manifest, folder, recipe(two_fonts), processes=1)
    monkeypatch.undo()
    with pytest.raises(NotReadyError, match="holds no finished corpus"):
        Corpus.open(folder)
    build_corpus(manifest, folder, recipe(two_fonts), processes=1)
    assert len(Corpus.open(folder)) == 17
    assert not list(folder.glob(".partial*"))


def test_a_reader_keeps_its_arrays_while_the_corpus_is_written_anew(
    copied: tuple[pd.DataFrame, Path], two_fonts: Fonts
) -> None:
    manifest, folder = copied
    corpus = Corpus.open(folder)
    before = np.array(corpus.arrays["mel"])
    build_corpus(manifest, folder, recipe(two_fonts), processes=1)
    np.testing.assert_array_equal(corpus.arrays["mel"], before)


@pytest.mark.parametrize("other", [{"seed": 1}, {"renditions": 3}, {"seconds": 7.0}])
def test_a_folder_of_another_recipe_is_refused(
    copied: tuple[pd.DataFrame, Path], two_fonts: Fonts, other: dict[str, object]
) -> None:
    manifest, folder = copied
    with pytest.raises(WorkbenchError, match="holds a corpus of other scores or another recipe"):
        build_corpus(manifest, folder, recipe(two_fonts, **other), processes=1)
    assert len(Corpus.open(folder)) == 17


def test_a_folder_of_a_manifest_that_says_something_else_is_refused(
    copied: tuple[pd.DataFrame, Path], two_fonts: Fonts
) -> None:
    manifest, folder = copied
    fewer = manifest[~manifest["path"].str.endswith("ada-0.mid")]
    for other in (manifest.assign(style="polka"), fewer):
        with pytest.raises(WorkbenchError, match="holds a corpus of other scores"):
            build_corpus(other, folder, recipe(two_fonts), processes=1)
    assert len(Corpus.open(folder)) == 17


def test_a_sound_font_on_both_sides_is_refused_under_any_name(
    copied: tuple[pd.DataFrame, Path], two_fonts: Fonts, tmp_path: Path
) -> None:
    twin = tmp_path / "twin.sf2"
    twin.symlink_to(two_fonts[0])
    with pytest.raises(WorkbenchError, match="must be others"):
        build_corpus(copied[0], tmp_path / "a", recipe((two_fonts[0], twin)), processes=1)


@pytest.mark.parametrize("content", [None, b"", b"RIFFxxxxWAVE"])
def test_what_is_no_sound_font_is_refused_before_anything_is_rendered(
    copied: tuple[pd.DataFrame, Path], two_fonts: Fonts, tmp_path: Path, content: bytes | None
) -> None:
    odd = tmp_path / "odd.sf2"
    if content is not None:
        odd.write_bytes(content)
    with pytest.raises(MediaError, match=r"odd\.sf2"):
        build_corpus(copied[0], tmp_path / "a", recipe((two_fonts[0], odd)), processes=1)
    assert not list((tmp_path / "a" / "parts").iterdir())


def test_a_score_that_breaks_the_renderer_is_named_and_the_others_go_on(
    tiny_corpus: Tiny, two_fonts: Fonts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def read(path: Path) -> object:
        if path.name == "ada-1.mid":
            raise ZeroDivisionError("oh no")
        return real(path)

    real = build.read_beats
    monkeypatch.setattr(build, "read_beats", read)
    manifest = read_manifest(tiny_corpus[0])
    build_corpus(manifest, tmp_path / "a", recipe(two_fonts, renditions=1), processes=1)
    failures = {Path(p).name: why for p, why in build.read_failures(tmp_path / "a").items()}
    assert failures["ada-1.mid"] == "ada-1.mid: ZeroDivisionError: oh no"
    assert "ada-0.mid" not in failures


def one_score(manifest: pd.DataFrame) -> pd.DataFrame:
    return manifest[manifest["path"].str.endswith("ada-0.mid")].reset_index(drop=True)


def test_one_seed_gives_the_same_arrays_and_another_gives_others(
    tiny_corpus: Tiny, two_fonts: Fonts, tmp_path: Path
) -> None:
    manifest = one_score(read_manifest(tiny_corpus[0]))
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        build_corpus(manifest, tmp_path / name, recipe(two_fonts, seed=seed), processes=1)
    first, again, other = (arrays(tmp_path / name) for name in "abc")
    for name in ARRAYS:
        np.testing.assert_array_equal(first[name], again[name])
        assert (first[name] != other[name]).any()
    tables = [pd.read_csv(tmp_path / name / "renditions.csv") for name in "ab"]
    pd.testing.assert_frame_equal(*tables)


def test_renditions_of_a_score_differ(tiny_corpus: Tiny) -> None:
    corpus = Corpus.open(tiny_corpus[1])
    first, second = np.flatnonzero(corpus.table["composition"] == "ada-3")
    assert corpus.table["tempo"][first] != corpus.table["tempo"][second]
    assert (corpus.arrays["mel"][first] != corpus.arrays["mel"][second]).any()


def test_what_the_manifest_knows_comes_before_what_the_score_says(
    tiny_corpus: Tiny, two_fonts: Fonts, tmp_path: Path
) -> None:
    manifest = one_score(read_manifest(tiny_corpus[0])).assign(key="Eb major", tempo_bpm=180.0)
    table = build_corpus(manifest, tmp_path / "a", recipe(two_fonts, renditions=6), processes=1)
    assert (table["tempo"] > 120).all()
    assert set(table["key"]) == {""}  # the notes are in C minor and contradict it


def test_a_manifest_of_nothing_that_may_be_used_is_refused(
    tiny_corpus: Tiny, two_fonts: Fonts, tmp_path: Path
) -> None:
    manifest = read_manifest(tiny_corpus[0]).assign(shippable=False)
    with pytest.raises(NotReadyError, match="no score that may be used"):
        build_corpus(manifest, tmp_path / "a", recipe(two_fonts), processes=1)


def test_renditions_shorter_than_a_segment_are_refused(
    tiny_corpus: Tiny, two_fonts: Fonts, tmp_path: Path
) -> None:
    manifest = read_manifest(tiny_corpus[0])
    with pytest.raises(WorkbenchError, match="3 seconds at least"):
        build_corpus(manifest, tmp_path / "a", recipe(two_fonts, seconds=2.9), processes=1)
    assert not (tmp_path / "a").exists()


def test_progress_tells_of_every_score(
    tiny_corpus: Tiny, two_fonts: Fonts, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told: list[object] = []

    class Listener(Progress):
        def stage(self, name: str, total: int | None = None) -> None:
            told.append(total)

        def advance(self, count: int = 1, label: str = "") -> None:
            told.append(label)

    monkeypatch.setattr(build, "_render", lambda job, parts: "left out")
    with pytest.raises(NotReadyError):
        build_corpus(
            read_manifest(tiny_corpus[0]),
            tmp_path / "a",
            recipe(two_fonts),
            processes=1,
            progress=Listener(),
        )
    assert told[0] == 12
    assert sorted(map(str, told[1:]))[0] == "ada-0.mid"
    assert len(told) == 13
