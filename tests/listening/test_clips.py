from __future__ import annotations

from workbench import Workspace
from workbench.listening.clips import Clips, clip_peaks


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
