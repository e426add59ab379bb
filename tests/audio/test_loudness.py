from __future__ import annotations

import av
import numpy as np
import pytest

from workbench.audio.decode import decode
from workbench.audio.loudness import gain_to, integrated_loudness, k_weighted


def tone(db: float, seconds: float = 4.0, *, rate: int = 48000, hertz: float = 997.0) -> np.ndarray:
    time = np.arange(int(seconds * rate)) / rate
    return 10 ** (db / 20) * np.sin(2 * np.pi * hertz * time)


def by_ffmpeg(samples: np.ndarray, rate: int) -> float:
    """The integrated loudness that ffmpeg's ebur128 filter finds."""
    layout = "mono" if len(samples) == 1 else "stereo"
    frame = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(samples, np.float32), format="fltp", layout=layout
    )
    frame.sample_rate = rate
    graph = av.filter.Graph()
    source = graph.add_abuffer(
        format="fltp", sample_rate=rate, layout=layout, time_base=frame.time_base
    )
    meter = graph.add("ebur128", "metadata=1")
    sink = graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    graph.push(frame)
    graph.push(None)
    found = []
    while True:
        try:
            found.append(sink.pull().metadata.get("lavfi.r128.I"))
        except (av.error.EOFError, BlockingIOError):
            break
    return float([text for text in found if text][-1])


@pytest.mark.parametrize("rate", [22050, 44100, 48000, 96000])
@pytest.mark.parametrize("db", [0.0, -20.0])
def test_a_sine_of_997_hertz_has_its_level_less_three(rate: int, db: float) -> None:
    assert integrated_loudness(tone(db, rate=rate), rate) == pytest.approx(db - 3.01, abs=0.05)


def test_two_channels_are_three_units_louder_than_one() -> None:
    both = np.stack([tone(-20.0)] * 2)
    assert integrated_loudness(both, 48000) == pytest.approx(-20.0, abs=0.05)


def test_the_filters_have_the_recommendations_coefficients_at_48_kilohertz() -> None:
    """Tables 1 and 2 of annex 1, by their response to an impulse."""
    from scipy.signal import lfilter

    impulse = np.zeros(1000)
    impulse[0] = 1.0
    b = [1.53512485958697, -2.69169618940638, 1.19839281085285]
    a = [1.0, -1.69065929318241, 0.73248077421585]
    expected = lfilter(b, a, impulse)
    expected = lfilter([1.0, -2.0, 1.0], [1.0, -1.99004745483398, 0.99007225036621], expected)
    np.testing.assert_allclose(k_weighted(impulse[None], 48000)[0], expected, atol=1e-6)


def test_pauses_and_quiet_passages_do_not_count() -> None:
    loud = tone(-20.0, 20.0)
    with_pauses = np.concatenate([loud, np.zeros_like(loud), tone(-60.0, 20.0)])
    whole = integrated_loudness(loud, 48000)
    assert integrated_loudness(with_pauses, 48000) == pytest.approx(whole, abs=0.1)


@pytest.mark.parametrize("seed", range(3))
def test_ffmpeg_finds_the_same_of_noise_that_comes_and_goes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    level = np.repeat(10 ** (rng.uniform(-60, -6, 24) / 20), 24000)
    samples = rng.normal(size=(2, len(level))) * level * 0.3
    assert integrated_loudness(samples, 48000) == pytest.approx(by_ffmpeg(samples, 48000), abs=0.15)


def test_ffmpeg_finds_the_same_of_recordings(real_recordings: list) -> None:
    for file in real_recordings:
        sound = decode(file)
        part = sound.samples[:2, : 40 * sound.sample_rate]
        found = integrated_loudness(part, sound.sample_rate)
        assert found == pytest.approx(by_ffmpeg(part, sound.sample_rate), abs=0.15), file


@pytest.mark.parametrize("samples", [np.zeros(48000), np.zeros((2, 10)), np.zeros((1, 0))])
def test_silence_has_no_loudness(samples: np.ndarray) -> None:
    assert integrated_loudness(samples, 48000) is None


def test_a_short_click_is_one_block() -> None:
    assert integrated_loudness(tone(-10.0, 0.2), 48000) == pytest.approx(-13.0, abs=0.5)


def test_a_gain_reaches_the_target_or_stops_at_full_scale() -> None:
    for db in (-40.0, -20.0, -6.0):
        samples = tone(db)
        peak = float(np.abs(samples).max())
        gain = gain_to(-18.0, integrated_loudness(samples, 48000), peak, most_db=40.0)
        louder = samples * 10 ** (gain / 20)
        assert integrated_loudness(louder, 48000) == pytest.approx(-18.0, abs=0.05)
        assert np.abs(louder).max() <= 1.0
    assert gain_to(-5.0, -30.0, 0.5, most_db=40.0) == pytest.approx(6.02, abs=0.01)
    assert gain_to(-5.0, -60.0, 0.001, most_db=20.0) == 20.0
    assert gain_to(-18.0, None, 0.0, most_db=20.0) == 0.0
