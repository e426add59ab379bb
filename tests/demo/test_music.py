"""A demo of three pieces, from the corpus to the catalogue."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from workbench.audio.decode import decode
from workbench.demo import music
from workbench.demo.build import SECONDS, build_song
from workbench.demo.music import DemoReport, add_demo_music
from workbench.demo.plan import make_plans
from workbench.demo.recipe import Piece, read_recipe
from workbench.errors import MediaError, NotReadyError
from workbench.progress import Progress
from workbench.symbolic.reading import read_score
from workbench.workspace import Workspace

pytest.importorskip("music21", reason="the demo extra is not installed")
pytest.importorskip("pretty_midi", reason="the demo extra is not installed")

COUNT = 3
PLANS = make_plans(read_recipe())[:COUNT]


class Spy(Progress):
    """Count what is told."""

    def __init__(self) -> None:
        self.total: int | None = None
        self.done = 0

    def stage(self, name: str, total: int | None = None) -> None:
        self.total = total

    def advance(self, count: int = 1, label: str = "") -> None:
        self.done += count


@pytest.fixture(scope="session")
def demo(
    backend: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Workspace, DemoReport, Spy]:
    ws, spy = Workspace.create(tmp_path_factory.mktemp("demo")), Spy()
    report = add_demo_music(ws, pieces=COUNT, recordings=False, progress=spy)
    return ws, report, spy


def songs(ws: Workspace) -> pd.DataFrame:
    return ws.catalogue.items(kind="song", domain="audio")


def tags_of(ws: Workspace, item_id: int) -> pd.DataFrame:
    tags = ws.catalogue.tags()
    return tags[tags["item_id"] == item_id].set_index("dimension")


def test_the_report_counts_what_the_catalogue_holds(
    demo: tuple[Workspace, DemoReport, Spy],
) -> None:
    ws, report, spy = demo
    assert report.songs == len(songs(ws)) == COUNT
    assert report.tracks == len(ws.catalogue.items(kind="track")) > COUNT
    assert report.scores == len(ws.catalogue.items(domain="symbolic")) == 2 * COUNT
    assert report.skipped == []
    assert (spy.total, spy.done) == (COUNT, COUNT)


def test_mixes_last_thirty_seconds_and_are_the_sum_of_their_stems(
    demo: tuple[Workspace, DemoReport, Spy],
) -> None:
    ws, *_ = demo
    tracks = ws.catalogue.items(kind="track")
    for song in songs(ws).index:
        whole = decode(ws.catalogue.media_path(song))
        assert (whole.sample_rate, whole.samples.shape[0]) == (44100, 2)
        assert whole.duration_s == pytest.approx(SECONDS, abs=0.01)
        assert np.abs(whole.samples).max() < 10 ** (-1 / 20)
        own = tracks.index[tracks["parent_id"] == song]
        stems = [decode(ws.catalogue.media_path(track)).samples for track in own]
        rest = whole.samples - np.sum(stems, axis=0)
        assert np.mean(rest**2) < 0.02 * np.mean(whole.samples**2)  # what the codec changes
        for stem in stems:
            assert np.sqrt(np.mean(stem**2)) > 1e-3  # none is silent


def test_scores_are_symbolic_items_of_the_same_song(
    demo: tuple[Workspace, DemoReport, Spy],
) -> None:
    ws, *_ = demo
    scores = ws.catalogue.items(domain="symbolic")
    for song in songs(ws).index:
        own = scores[scores["parent_id"] == song]
        names = {ws.catalogue.media_path(item).name for item in own.index}
        assert names == {"score.mid", "score.musicxml"}
        assert set(own["kind"]) == {"song"}


def test_the_midi_is_played_in_the_key_and_tempo_of_the_tags(
    demo: tuple[Workspace, DemoReport, Spy],
) -> None:
    import pretty_midi
    from music21 import converter

    ws, *_ = demo
    for song, plan in zip(_in_order(ws), PLANS, strict=True):
        file = ws.catalogue.media_path(song).parent / "score.mid"
        tags = tags_of(ws, song)
        bpm = float(tags.loc["tempo", "number"])
        assert tags.loc["tempo", "value"] == f"{bpm:.0f}"
        (_, tempi) = pretty_midi.PrettyMIDI(str(file)).get_tempo_changes()
        assert tempi[0] == pytest.approx(bpm * plan.piece.beat, abs=0.01)
        octave = np.log2(bpm / (plan.tempo_class + plan.shade))
        assert octave == pytest.approx(round(octave))
        # Most of the time the notes belong to the scale of the key.
        tonic, mode = tags.loc["key", "value"].split()
        from music21 import key

        scale = key.Key(tonic.replace("b", "-"), mode).pitches
        weights = read_score(file).pitch_class_weights()
        assert weights[[pitch.pitchClass for pitch in scale[:-1]]].sum() > 0.8
        # The MusicXML holds the same notes, once.
        xml = converter.parse(file.with_suffix(".musicxml"))
        assert {p.midi for n in xml.flatten().notes for p in n.pitches} >= set(
            read_score(file).notes["pitch"][:20].tolist()
        )


def _in_order(ws: Workspace) -> list[int]:
    by_name = ws.catalogue.tags("demo").set_index("value")["item_id"]
    return [int(by_name[plan.piece.slug]) for plan in PLANS]


def test_tags_name_their_source_and_weak_ones_are_marked(
    demo: tuple[Workspace, DemoReport, Spy],
) -> None:
    ws, *_ = demo
    for song, plan in zip(_in_order(ws), PLANS, strict=True):
        tags = tags_of(ws, song)
        assert tags.loc["genre", "value"] == plan.piece.genre
        assert tags.loc["era", "source"] == plan.piece.era_source
        assert tags.loc["tempo", "source"] == "rendering"
        assert tags.loc["key", "value"] == plan.key
        assert tags.loc["key", "source"] == plan.piece.key_source
        assert tags.loc["key", "weak"] == (plan.piece.key_source == "key analysis")
        assert tags.loc["mood", "weak"]
        assert tags.loc["mood", "value"].split("-")[1] == (
            "bright" if plan.piece.mode == "major" else "dark"
        )
        families = set(tags.loc[["instrument"], "value"])
        assert families == {plan.lead, plan.companion}


def test_stems_share_the_songs_tags_but_have_their_own_instrument(
    demo: tuple[Workspace, DemoReport, Spy],
) -> None:
    ws, *_ = demo
    tracks = ws.catalogue.items(kind="track")
    for track, row in tracks.iterrows():
        own, parent = tags_of(ws, int(str(track))), tags_of(ws, int(row["parent_id"]))
        for dimension in ("genre", "era", "tempo", "key"):
            assert own.loc[dimension, "value"] == parent.loc[dimension, "value"]
        assert isinstance(own.loc["instrument", "value"], str)
        assert own.loc["instrument", "value"] in set(parent.loc[["instrument"], "value"])


def test_a_second_run_adds_nothing(demo: tuple[Workspace, DemoReport, Spy]) -> None:
    ws, *_ = demo
    before = len(ws.catalogue.items())
    report = add_demo_music(ws, pieces=COUNT, recordings=False)
    assert (report.songs, report.already_there) == (0, COUNT)
    assert len(ws.catalogue.items()) == before


def test_the_same_seed_renders_the_same_sound(
    demo: tuple[Workspace, DemoReport, Spy], tmp_path: Path
) -> None:
    ws, *_ = demo
    again = build_song(PLANS[0], tmp_path / "again", seed=0, fresh=True)
    first = decode(ws.catalogue.media_path(_in_order(ws)[0])).samples
    assert np.array_equal(decode(Path(again.mix.path)).samples, first)


def test_a_run_cut_off_between_files_and_catalogue_goes_on(
    demo: tuple[Workspace, DemoReport, Spy],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The song and one stem are in the catalogue when the power goes; the rest comes later."""
    finished, *_ = demo
    ws = Workspace.create(tmp_path / "cut")
    slug = PLANS[0].piece.slug
    shutil.copytree(finished.root / "media" / slug, ws.root / "media" / slug)
    song = build_song(PLANS[0], ws.root / "media" / slug, seed=0, fresh=False)
    add_item, calls = ws.catalogue.add_item, []

    def dies(**values: object) -> int:
        if len(calls) == 2:
            raise KeyboardInterrupt
        calls.append(values)
        return add_item(**values)  # type: ignore[arg-type]

    monkeypatch.setattr(ws.catalogue, "add_item", dies)
    with pytest.raises(KeyboardInterrupt):
        music._add_song(ws, song, {}, DemoReport())
    assert len(ws.catalogue.items()) == 2
    monkeypatch.undo()
    monkeypatch.setattr(music, "_build", lambda ws, plans, *_: [(plans[0], song)])
    add_demo_music(ws, pieces=1, recordings=False)
    assert len(songs(ws)) == 1
    assert len(ws.catalogue.items(kind="track")) == len(song.stems)
    assert len(ws.catalogue.items(domain="symbolic")) == 2


def test_a_piece_that_cannot_be_built_is_reported_and_the_others_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws = Workspace.create(tmp_path / "ws")
    reason = "x.mxl: music21 cannot read it (broken)"
    monkeypatch.setattr(music, "_build", lambda ws, plans, *_: [(plan, reason) for plan in plans])
    report = add_demo_music(ws, pieces=2, recordings=False)
    assert [title for title, _ in report.skipped] == [plan.piece.title for plan in PLANS[:2]]
    assert "cannot read it" in report.skipped[0][1]


def test_a_piece_missing_from_the_corpus_is_one_sentence() -> None:
    from dataclasses import replace

    from workbench.demo.corpus import load_score

    absent: Piece = replace(PLANS[0].piece, path="nobody/nothing.mxl")
    with pytest.raises(MediaError, match=r"nobody/nothing\.mxl: music21 cannot read it"):
        load_score(absent)


def test_without_music21_the_sentence_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws = Workspace.create(tmp_path / "ws")
    monkeypatch.setattr(music.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(NotReadyError, match=r"pip install .*\[demo\]"):
        add_demo_music(ws, recordings=False)
