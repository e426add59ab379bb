"""Songs that are written: the mix is the sum of its stems, and every use is on record."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from workbench import Workspace
from workbench.audio.decode import Sound, encode
from workbench.catalogue.items import TagValue
from workbench.catalogue.media import describe_audio
from workbench.errors import MediaError, WorkbenchError
from workbench.search.assembly import HIGHEST, export_song
from workbench.search.baskets import Basket
from workbench.search.rankings import ranking

RATE = 44100


def noise(seed: int, channels: int, seconds: float, level: float = 0.3) -> np.ndarray:
    shape = (channels, round(seconds * RATE))
    return np.random.default_rng(seed).uniform(-level, level, shape).astype(np.float32)


@pytest.fixture
def sounds(ws: Workspace) -> list[np.ndarray]:
    """Two tracks of a song, mono and stereo, the second one tagged and loud."""
    made = [noise(0, 1, 0.5), noise(1, 2, 0.4, level=0.9)]
    song = ws.catalogue.add_item(
        kind="song", domain="audio", title="Whole", tags=[TagValue("licence", "CC0", "test")]
    )
    for number, samples in enumerate(made):
        file = ws.root / "media" / f"{number}.wav"
        encode(file, samples, RATE)
        ws.catalogue.add_item(
            kind="track",
            domain="audio",
            title=("../evil: <b>", "loud")[number],
            artist="Somebody",
            parent_id=song,
            media=describe_audio(file),
            tags=[TagValue("genre", "jazz", "test")] if number else [],
        )
    return [soundfile.read(ws.root / "media" / f"{i}.wav", always_2d=True)[0].T for i in (0, 1)]


@pytest.fixture
def basket(ws: Workspace, sounds: list[np.ndarray]) -> Basket:
    basket = Basket.create(ws, "My song", author="Ada")
    basket.add(2, gain_db=-6)
    basket.add(3, offset_s=0.25)
    basket.add(2, offset_s=0.1)
    basket.set(2, muted=True)
    return basket


def read(file: Path) -> np.ndarray:
    samples, rate = soundfile.read(file, always_2d=True)
    assert rate == RATE
    assert soundfile.info(file).subtype == "PCM_24"
    return samples.T


def test_the_mix_is_what_a_loop_over_parts_adds_up(
    ws: Workspace, basket: Basket, sounds: list[np.ndarray], tmp_path: Path
) -> None:
    basket.set(1, gain_db=-3)
    folder = export_song(ws, basket, tmp_path / "out")
    expected = np.zeros((2, round(0.65 * RATE)))
    for sound, gain, offset in ((sounds[0], -6, 0), (sounds[1], -3, 0.25)):
        for channel in range(2):
            for place in range(sound.shape[1]):
                at = round(offset * RATE) + place
                expected[channel, at] += (
                    10 ** (gain / 20) * sound[min(channel, len(sound) - 1), place]
                )
    mix = read(folder / "mix.wav")
    np.testing.assert_allclose(mix, expected, atol=2e-7 * 8)
    stems = sorted((folder / "stems").iterdir())
    assert [stem.name for stem in stems] == ["01_evil_b.wav", "02_loud.wav"]
    np.testing.assert_allclose(sum(read(stem) for stem in stems), mix, atol=1e-6)


def test_a_mix_that_would_clip_is_turned_down_with_its_stems(
    ws: Workspace, basket: Basket, tmp_path: Path
) -> None:
    basket.set(1, gain_db=6)
    folder = export_song(ws, basket, tmp_path / "out")
    mix = read(folder / "mix.wav")
    assert np.abs(mix).max() == pytest.approx(HIGHEST, abs=1e-5)
    told = json.loads((folder / "song.json").read_text())
    assert told["turned_down_db"] > 5
    np.testing.assert_allclose(
        sum(read(stem) for stem in (folder / "stems").iterdir()), mix, atol=1e-6
    )


def test_what_was_used_is_told_and_recorded(ws: Workspace, basket: Basket, tmp_path: Path) -> None:
    told = json.loads((export_song(ws, basket, tmp_path / "out") / "song.json").read_text())
    assert (told["title"], told["author"], told["sample_rate"]) == ("My song", "Ada", RATE)
    first, second = told["parts"]
    assert first["title"] == "../evil: <b>"
    assert first["gain_db"] == -6
    assert first["sha256"] == describe_audio(ws.root / "media" / "0.wav").sha256
    assert (first["part_of"], first["licence"], first["tags"]) == ("Whole", ["CC0"], {})
    assert (second["tags"], second["offset_s"]) == ({"genre": ["jazz"]}, 0.25)
    assert ranking(ws)["uses"].to_dict() == {2: 1, 3: 1}
    export_song(ws, basket, tmp_path / "again")
    with ws.database.read() as session:
        from workbench.catalogue.tables import Use

        assert session.query(Use).count() == 4


def test_nothing_is_overwritten_unless_asked(ws: Workspace, basket: Basket, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("keep")
    with pytest.raises(WorkbenchError, match="is there already"):
        export_song(ws, basket, tmp_path / "out")
    assert (tmp_path / "out" / "mine.txt").read_text() == "keep"
    assert ranking(ws).empty
    export_song(ws, basket, tmp_path / "out", overwrite=True)
    assert not (tmp_path / "out" / "mine.txt").exists()


def test_a_failure_leaves_nothing_behind(ws: Workspace, basket: Basket, tmp_path: Path) -> None:
    (ws.root / "media" / "1.wav").unlink()
    with pytest.raises(MediaError, match="gone"):
        export_song(ws, basket, tmp_path / "deep" / "out")
    assert not (tmp_path / "deep" / "out").exists()
    assert ranking(ws).empty
    for place in (0, 1):
        basket.set(place, muted=True)
    with pytest.raises(WorkbenchError, match="add a part"):
        export_song(ws, basket, tmp_path / "out")


def test_other_rates_and_rendered_parts_are_brought_together(
    ws: Workspace, basket: Basket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = ws.root / "media" / "hi.wav"
    encode(file, 0.2 * np.ones((1, 48000), np.float32), 48000)
    basket.add(
        ws.catalogue.add_item(kind="track", domain="audio", title="hi", media=describe_audio(file))
    )
    score = ws.catalogue.add_item(kind="track", domain="symbolic", title="notes")
    basket.add(score)
    real = ws.catalogue.whole_sound
    rendered = Sound(np.full((1, 2 * RATE), 0.1, np.float32), RATE)
    monkeypatch.setattr(
        ws.catalogue, "whole_sound", lambda item: rendered if item == score else real(item)
    )
    folder = export_song(ws, basket, tmp_path / "out")
    info = soundfile.info(folder / "mix.wav")
    assert (info.samplerate, info.channels, info.frames) == (48000, 2, 96000)
