from __future__ import annotations

import numpy as np
import pytest

from workbench import Workspace
from workbench.listening.clips import Clips, clip_peaks, clip_start


def test_the_clip_starts_at_the_first_stretch_about_as_loud_as_the_loudest() -> None:
    levels = np.full(300, 20, np.uint8)  # 30 s, ten levels a second
    levels[100:200] = 200
    levels[220:300] = 205
    assert clip_start(levels.tobytes(), 30.0, 5.0) == pytest.approx(9.5, abs=0.5)


@pytest.mark.parametrize("seed", range(5))
def test_the_clip_is_nearly_as_loud_as_any_other_would_be(seed: int) -> None:
    levels = np.random.default_rng(seed).integers(0, 256, 800).astype(np.uint8)
    start = clip_start(levels.tobytes(), 80.0, 10.0)
    energies = [sum(int(x) ** 2 for x in levels[i : i + 100]) for i in range(701)]
    assert 0 <= start <= 70
    assert energies[round(start * 10)] >= 0.9 * max(energies)


@pytest.mark.parametrize(
    ("peaks", "duration"), [(b"", 30.0), (bytes([9, 9]), 3.0), (bytes(800), 30.0), (b"\x05", 0.0)]
)
def test_short_silent_and_unmeasured_sounds_start_at_the_beginning(
    peaks: bytes, duration: float
) -> None:
    assert clip_start(peaks, duration, 10.0) == 0.0


def test_a_loud_end_does_not_push_the_clip_over_the_edge() -> None:
    assert clip_start(bytes([0] * 99 + [255]), 100.0, 10.0) == 90.0


def test_peaks_are_those_of_the_clip() -> None:
    assert clip_peaks(bytes(range(100)), 50.0, 10.0, 5.0) == list(range(20, 30))


def test_an_excerpt_is_no_longer_than_its_recording(ws: Workspace) -> None:
    item = int(ws.catalogue.items().index[0])
    [short] = Clips(ws, 0.5).excerpts([item])
    [whole] = Clips(ws, 10.0).excerpts([item])
    assert (short.length_s, whole.start_s, whole.length_s) == (0.5, 0.0, 2.0)
    assert len(whole.peaks) == 800
    assert short.url == f"workbench/audio/{ws.id}/{item}"


def test_only_songs_with_sound_are_offered(ws: Workspace) -> None:
    ids = ws.catalogue.items().index.tolist()
    ws.catalogue.add_item(kind="song", domain="audio", title="Without a file")
    ws.catalogue.add_item(kind="song", domain="symbolic", title="A score")
    ws.catalogue.add_item(kind="track", domain="audio", title="A stem")
    assert Clips(ws, 10.0).items() == ids


def test_a_file_that_has_gone_is_noted_once_and_avoided(ws: Workspace) -> None:
    clips, (first, *others) = Clips(ws, 10.0), ws.catalogue.items().index.tolist()
    ws.catalogue.media_path(first).unlink()
    assert clips.can_play(others)
    assert not clips.can_play([others[0], first])
    assert "is gone" in clips.take_notes()
    assert not clips.can_play([first])
    assert clips.take_notes() == ""
    assert clips.items() == others
