"""The sound of items: decoded, rendered, and cut."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from sounds import RATE, tone, write
from tiny_scores import Voice, tune, write_midi

from workbench import Workspace
from workbench.catalogue.importer import import_music
from workbench.errors import MediaError, UnknownNameError


@pytest.fixture
def song(ws: Workspace, tmp_path: Path) -> int:
    import_music(ws, [write(tmp_path / "a.wav", tone(seconds=3.0))], processes=1)
    return 1


def test_sound_is_decoded_to_mono_at_any_rate(ws: Workspace, tmp_path: Path, song: int) -> None:
    data = soundfile.read(tmp_path / "a.wav", dtype="float32")[0].mean(axis=1)
    heard = ws.catalogue.sound_of(song, RATE)
    assert heard.dtype == np.float32
    np.testing.assert_allclose(heard, data, atol=1e-6)
    np.testing.assert_allclose(
        ws.catalogue.sound_of(song, 16000), soxr.resample(data, RATE, 16000), atol=1e-4
    )


def test_a_span_is_cut(ws: Workspace, tmp_path: Path, song: int) -> None:
    whole = ws.catalogue.sound_of(song, RATE)
    media = ws.catalogue.item(song).media_id
    span = ws.catalogue.add_item(
        kind="segment", domain="audio", title="x", parent_id=song, start_s=1.0, duration_s=0.5
    )
    with ws.database.write() as session:
        from workbench.catalogue.tables import Item

        session.get_one(Item, span).media_id = media
    assert np.array_equal(ws.catalogue.sound_of(span, RATE), whole[RATE : RATE + round(0.5 * RATE)])


def test_a_score_is_rendered(ws: Workspace, tmp_path: Path) -> None:
    pytest.importorskip("pretty_midi", reason="the demo extra is not installed")
    voices = [Voice(0, tune(quarters=8)), Voice(0, [(4.0, 4.0, 48)])]
    import_music(ws, [write_midi(tmp_path / "a.mid", voices, qpm=120)], processes=1)
    heard = ws.catalogue.sound_of(1, 22050)
    assert len(heard) / 22050 == pytest.approx(4.0, abs=0.5)
    assert np.abs(heard).max() > 0.01
    late = ws.catalogue.sound_of(ws.catalogue.tracks_in_file(1)[1], 22050)
    assert np.abs(late[: round(1.9 * 22050)]).max() < 1e-4
    assert np.abs(late[round(2.05 * 22050) :]).max() > 0.01


def test_what_cannot_be_heard_says_so(ws: Workspace, tmp_path: Path, song: int) -> None:
    empty = ws.catalogue.add_item(kind="song", domain="audio", title="without a file")
    with pytest.raises(UnknownNameError, match="has no file of its own"):
        ws.catalogue.sound_of(empty, RATE)
    (tmp_path / "a.wav").unlink()
    with pytest.raises(MediaError, match="is gone"):
        ws.catalogue.sound_of(song, RATE)
