from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from tiny_scores import Voice, tune, write_midi

from workbench import Workspace
from workbench.audio.decode import decode, encode
from workbench.audio.loudness import integrated_loudness
from workbench.catalogue.media import describe_audio
from workbench.catalogue.score_files import describe_score_file
from workbench.catalogue.tables import Item, Media
from workbench.listening.clips import Clip, Clips, clip_peaks


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


def add_score(ws: Workspace, tonic: int, *, quarters: int = 40, name: str = "") -> int:
    """A score of one melody at 120 quarters a minute."""
    file = write_midi(
        ws.root / "media" / f"{name}{tonic}.mid", [Voice(0, tune(tonic, quarters=quarters))]
    )
    item, _ = ws.catalogue.add_score(describe_score_file(file).media, title=f"Tune {tonic}")
    return item


def test_scores_are_compared_with_scores(tmp_path: Path) -> None:
    pytest.importorskip("pretty_midi", reason="the demo extra is not installed")
    ws = Workspace.create(tmp_path / "scores")
    scores = [add_score(ws, tonic) for tonic in (50, 60, 70)]
    clips = Clips(ws, 5.0)
    assert clips.items() == scores
    assert clips.can_play(scores)
    excerpts = clips.excerpts(scores)
    assert [clip.length_s for clip in excerpts] == [5.0] * 3
    sounds = []
    for clip in excerpts:
        sound = decode(ws.catalogue.sound_path(clip.item_id))
        first = round(clip.start_s * sound.sample_rate)
        cut = sound.samples[:, first : first + 5 * sound.sample_rate]
        sounds.append(integrated_loudness(cut * 10 ** (clip.gain_db / 20), sound.sample_rate))
        assert max(clip.peaks) > 0
    assert max(sounds) - min(sounds) <= 0.5


def test_scores_wait_where_there_are_recordings(ws: Workspace) -> None:
    recordings = ws.catalogue.items().index.tolist()
    scores = [add_score(ws, tonic) for tonic in (50, 60, 70)]
    clips = Clips(ws, 5.0)
    assert clips.items() == recordings
    assert list(clips.songs()) == recordings + scores


def test_a_score_that_cannot_be_rendered_is_passed_over(ws: Workspace) -> None:
    score = add_score(ws, 60)
    ws.catalogue.media_path(score).write_bytes(b"MThd")
    clips = Clips(ws, 5.0)
    assert not clips.can_play([score])
    assert "cannot be read as MIDI" in clips.take_notes()
    assert score not in clips.songs()


# -- loudness -----------------------------------------------------------------------------------


def add_noise(ws: Workspace, name: str, level: float, *, spikes: float = 0.0) -> int:
    """Ten seconds of stereo noise, the loud half at the end."""
    random = np.random.default_rng(len(name))
    samples = level * random.normal(size=(2, 80000)) * np.repeat([0.1, 1.0], 40000)
    samples[:, 60000::4000] += spikes
    file = ws.root / "media" / f"{name}.wav"
    encode(file, samples.clip(-1, 1).astype(np.float32), 8000)
    media = describe_audio(file)
    return ws.catalogue.add_item(kind="song", domain="audio", title=name, media=media)


def presented(ws: Workspace, clip: Clip) -> np.ndarray:
    """What a browser plays of a clip."""
    sound = decode(ws.catalogue.media_path(clip.item_id))
    first = round(clip.start_s * sound.sample_rate)
    count = round(clip.length_s * sound.sample_rate)
    return sound.samples[:, first : first + count] * 10 ** (clip.gain_db / 20)


@pytest.mark.parametrize("clip_s", [3.0, 10.0, None])
@pytest.mark.parametrize("spikes", [0.0, 0.9])
def test_clips_are_equally_loud_and_stay_below_full_scale(
    ws: Workspace, clip_s: float | None, spikes: float
) -> None:
    items = [
        add_noise(ws, "quiet", 0.002),
        add_noise(ws, "middling", 0.05, spikes=spikes),
        add_noise(ws, "loud one", 0.25),
    ]
    clips = Clips(ws, clip_s).excerpts(items)
    sounds = [presented(ws, clip) for clip in clips]
    loudness = [integrated_loudness(sound, 8000) for sound in sounds]
    assert max(loudness) - min(loudness) <= 0.5
    assert max(np.abs(sound).max() for sound in sounds) <= 10 ** (-1 / 20) + 1e-4
    if not spikes:
        assert np.mean(loudness) == pytest.approx(-23.0, abs=0.2)
    if clip_s == 3.0:
        assert all(clip.start_s >= 4.5 for clip in clips)  # the loud half


def test_silence_is_left_as_it_is(ws: Workspace) -> None:
    items = [add_noise(ws, "silence", 0.0), add_noise(ws, "sounding", 0.1)]
    silent, sounding = Clips(ws, 3.0).excerpts(items)
    assert silent.gain_db == 0.0
    assert integrated_loudness(presented(ws, sounding), 8000) == pytest.approx(-23, abs=0.2)


def test_levels_of_older_imports_are_measured_once(ws: Workspace) -> None:
    item = add_noise(ws, "old", 0.1)
    [before] = Clips(ws, 3.0).excerpts([item])
    with ws.database.write() as transaction:
        transaction.execute(sa.update(Media).values(levels=None, loudness_lufs=None))
    assert Clips(ws, 3.0).excerpts([item]) == [before]
    with ws.database.read() as transaction:
        query = sa.select(Media.levels, Media.loudness_lufs).join(Item, Item.media_id == Media.id)
        levels, loudness = transaction.execute(query.where(Item.id == item)).one()
    assert levels is not None
    sound = decode(ws.catalogue.media_path(item))
    assert loudness == pytest.approx(integrated_loudness(sound.samples, 8000), abs=0.1)


def test_a_file_that_goes_after_it_was_heard_is_noticed(ws: Workspace) -> None:
    clips, (first, *others) = Clips(ws, 10.0), ws.catalogue.items().index.tolist()
    assert clips.can_play([first, *others])
    clips.excerpts([first, *others])
    ws.catalogue.media_path(first).unlink()
    assert not clips.can_play([first])
    assert clips.can_play(others)


def test_a_file_that_was_replaced_by_a_link_is_not_played(ws: Workspace, tmp_path: Path) -> None:
    clips, (first, *_) = Clips(ws, 10.0), ws.catalogue.items().index.tolist()
    assert clips.can_play([first])
    file = ws.catalogue.media_path(first)
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    assert not clips.can_play([first])


def test_what_was_heard_is_not_asked_for_again(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips, songs = Clips(ws, 10.0), ws.catalogue.items().index.tolist()
    before = clips.excerpts(songs)
    monkeypatch.setattr(type(ws.catalogue), "heard", None)
    assert clips.can_play(songs)
    assert clips.excerpts(songs) == before
