"""Bars and segments of items are items; bars of recordings are found once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sounds import RATE, write
from tiny_scores import Voice, tune, write_midi

from workbench import Workspace
from workbench.catalogue.importer import import_music
from workbench.errors import UnknownNameError, WorkbenchError
from workbench.features import beats
from workbench.progress import Progress
from workbench.symbolic.reading import read_score


@pytest.fixture
def score(ws: Workspace, tmp_path: Path) -> int:
    voices = [Voice(0, tune(quarters=18)), Voice(32, tune(36, quarters=9))]
    import_music(ws, [write_midi(tmp_path / "a.mid", voices, qpm=90, metre=(3, 4))], processes=1)
    return 1


@pytest.fixture
def song(ws: Workspace, tmp_path: Path) -> dict[str, int]:
    """A mix of clicks, and a stem."""
    clicks = np.zeros((1, 20 * RATE), dtype=np.float32)
    for number in range(40):
        at = number * RATE // 2
        clicks[0, at : at + 300] = 0.8 if number % 4 == 0 else 0.3
    music = tmp_path / "song"
    write(music / "mix.wav", clicks)
    write(music / "drums.wav", 0.5 * clicks)
    import_music(ws, [music], processes=1)
    names = ws.catalogue.media_names()
    return {Path(name).stem: item for item, name in names.items()}


class Watcher(Progress):
    def __init__(self) -> None:
        self.stages: list[str] = []

    def stage(self, name: str, total: int | None = None) -> None:
        self.stages.append(name)


def test_bars_of_a_score_are_those_written(ws: Workspace, tmp_path: Path, score: int) -> None:
    written = read_score(tmp_path / "a.mid").bars[:, 1]
    for item in (score, *ws.catalogue.tracks_in_file(score)):
        table = ws.catalogue.bars(item)
        assert list(table.columns) == ["number", "start_s", "end_s"]
        np.testing.assert_allclose(table["start_s"], written[:-1], atol=1e-5)
        np.testing.assert_allclose(table["end_s"], written[1:], atol=1e-5)


def test_bars_of_a_recording_are_found_once_and_stems_have_them(
    ws: Workspace, song: dict[str, int]
) -> None:
    watcher = Watcher()
    found = ws.catalogue.bars(song["drums"], progress=watcher)
    assert watcher.stages == ["Listening for bars"]
    expected = beats.bar_edges(ws.catalogue.sound_of(song["mix"], 22050))
    np.testing.assert_allclose(found["start_s"], expected[:-1], atol=1e-4)
    np.testing.assert_allclose(found["end_s"], expected[1:], atol=1e-4)
    again = Watcher()
    assert ws.catalogue.bars(song["mix"], progress=again).equals(found)
    assert ws.catalogue.bars(song["drums"], progress=again).equals(found)
    mix = ws.catalogue.add_submix([song["drums"]])
    assert ws.catalogue.bars(mix, progress=again).equals(found)
    span = ws.catalogue.add_span(song["mix"], 4.0, 12.0)
    inside = ws.catalogue.bars(span, progress=again)
    assert again.stages == []
    assert inside["start_s"].between(0, 8).all()
    begins = found["start_s"][found["start_s"].between(3.99, 11.99)] - 4.0
    np.testing.assert_allclose(inside["start_s"], begins.clip(lower=0), atol=1e-4)


def test_a_span_is_an_item_below_its_own(ws: Workspace, score: int) -> None:
    bass = ws.catalogue.tracks_in_file(score)[1]
    span = ws.catalogue.item(ws.catalogue.add_span(bass, 2.0, 4.0))
    own = ws.catalogue.item(bass)
    assert (span.kind, span.domain, span.parent_id) == ("segment", "symbolic", bass)
    assert (span.media_id, span.track_number) == (own.media_id, 1)
    assert (span.start_s, span.duration_s) == (2.0, 2.0)
    assert span.title == f"{own.title}, 2.0 to 4.0 s"


def test_the_same_span_is_the_same_item(ws: Workspace, score: int) -> None:
    first = ws.catalogue.add_span(score, 2.0, 6.0)
    assert ws.catalogue.add_span(score, 2.00001, 6.0) == first
    assert ws.catalogue.add_span(score, 2.0, 6.0, "bar") != first
    inner = ws.catalogue.add_span(first, 1.0, 2.0, title="Inner")
    item = ws.catalogue.item(inner)
    assert (item.parent_id, item.start_s, item.duration_s) == (score, 3.0, 1.0)
    assert ws.catalogue.add_span(score, 3.0, 4.0) == inner


def test_every_bar_can_be_an_item_with_its_notes(ws: Workspace, score: int) -> None:
    table = ws.catalogue.bars(score)
    notes = ws.catalogue.score_of(score).notes
    total = 0
    for bar in table.itertuples():
        item = ws.catalogue.add_span(score, bar.start_s, bar.end_s, "bar")
        own = ws.catalogue.score_of(item)
        inside = (notes["onset_s"] > bar.start_s - 1e-4) & (notes["onset_s"] < bar.end_s - 1e-4)
        assert own.notes["pitch"].tolist() == notes["pitch"][inside].tolist()
        total += len(own)
    assert total == len(notes)


@pytest.mark.parametrize(
    ("span", "kind", "sentence"),
    [
        ((2.0, 2.0), "segment", "ends after it begins"),
        ((3.0, 2.0), "segment", "ends after it begins"),
        ((-1.0, 2.0), "segment", "ends after it begins"),
        ((float("nan"), 2.0), "bar", "ends after it begins"),
        ((2.0, float("inf")), "bar", "ends after it begins"),
        ((2.0, 99.0), "bar", "does not lie within item 1, which lasts 12.00 s"),
        ((2.0, 3.0), "verse", "'verse' is no kind of span; choose segment or bar"),
    ],
)
def test_what_is_no_span_is_one_sentence(
    ws: Workspace, score: int, span: tuple[float, float], kind: str, sentence: str
) -> None:
    with pytest.raises(WorkbenchError, match=sentence):
        ws.catalogue.add_span(score, *span, kind)
    with pytest.raises(UnknownNameError, match="There is no item 99"):
        ws.catalogue.add_span(99, 0.0, 1.0)
