"""A rendition to sound: one sound font, a mix, a room, a filter and some noise."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from workbench.corpus.renditions import Rendition
from workbench.corpus.scores import Part
from workbench.features.spectral import SAMPLE_RATE
from workbench.symbolic.render import render

_TICKS = 960  # per second: the clock of the scores we make
_LEVEL_DB = -20.0  # RMS of a rendition, before its gain
_GAIN_DB = 8.0
_DRY_SHARE = 0.3


@dataclass(frozen=True)
class Chain:
    """The effects between the mix and the ear; a part of a preset.

    Attributes
    ----------
    reverb_s, wet
        Decay time and share of the room; 0 is dry.
    shelf_db, shelf_hz
        Gain above a frequency.
    low_hz, high_hz
        Where high-pass and low-pass begin.
    noise_db
        Noise below the music.
    gain_db
        Of everything.
    """

    reverb_s: float
    wet: float
    shelf_db: float
    shelf_hz: float
    low_hz: float
    high_hz: float
    noise_db: float
    gain_db: float


def draw_chain(rng: np.random.Generator) -> Chain:
    """Choose effects at random."""
    dry = rng.random() < _DRY_SHARE
    return Chain(
        reverb_s=float(rng.uniform(0.3, 2.0)),
        wet=0.0 if dry else float(rng.uniform(0.05, 0.4)),
        shelf_db=float(rng.normal(0.0, 5.0)),
        shelf_hz=float(np.exp(rng.uniform(np.log(300), np.log(4000)))),
        low_hz=float(np.exp(rng.uniform(np.log(20), np.log(150)))),
        high_hz=float(np.exp(rng.uniform(np.log(3500), np.log(10500)))),
        noise_db=float(rng.uniform(25.0, 70.0)),
        gain_db=float(rng.uniform(-_GAIN_DB, _GAIN_DB)),
    )


def sound_of(
    rendition: Rendition,
    chain: Chain,
    sound_font: Path,
    *,
    seconds: float,
    seed: int = 0,
) -> np.ndarray:
    """Render, mix and treat a rendition.

    Returns
    -------
    np.ndarray
        Mono at 22.05 kHz, float32 [seconds * 22050], within full scale.
    """
    length = round(seconds * SAMPLE_RATE)
    mix = np.zeros(length, np.float32)
    for part, gain in zip(rendition.parts, rendition.gains_db, strict=True):
        mix += np.float32(10 ** (gain / 20)) * dry_sound(part, sound_font, length)
    return finished(mix, chain, seed=seed)


def dry_sound(part: Part, sound_font: Path, length: int) -> np.ndarray:
    """Render one part, in seconds, to mono at 22.05 kHz, float32 [length]."""
    sound = np.zeros(length, np.float32)
    rendered = render(_score(part), sound_font=sound_font, sample_rate=SAMPLE_RATE)
    rendered = rendered.mean(axis=0)[:length]
    sound[: len(rendered)] = rendered
    return sound


def finished(mix: np.ndarray, chain: Chain, *, seed: int = 0) -> np.ndarray:
    """Return a mix [samples] through a chain, float32 [samples]; silence where it has no sound."""
    rng = np.random.default_rng(seed)
    mix = _treated(mix, chain, rng)
    power = float(np.sqrt(np.mean(mix**2)))
    if power < 1e-5:  # rests, or a font without these sounds
        return np.zeros_like(mix)
    noise = _pink(len(mix), rng) * np.float32(power * 10 ** (-chain.noise_db / 20))
    loud = (mix + noise) * np.float32(10 ** ((_LEVEL_DB + chain.gain_db) / 20) / power)
    return np.clip(loud, -1.0, 1.0).astype(np.float32)


def _score(part: Part) -> Any:
    """Return a symusic score of one part, in ticks of a fixed tempo."""
    import symusic

    score: Any = symusic.Score(_TICKS // 2)  # at 120 beats per minute a quarter is half a second
    score.tempos.append(symusic.Tempo(time=0, qpm=120.0))
    track: Any = symusic.Track(program=part.program, is_drum=part.drums)
    onset, duration, pitch, velocity = part.notes.T
    track.notes = symusic.Note.from_numpy(
        time=np.round(onset * _TICKS).astype(np.int32),
        duration=np.maximum(np.round(duration * _TICKS), 1).astype(np.int32),
        pitch=pitch.astype(np.int8),
        velocity=velocity.astype(np.int8),
    )
    score.tracks.append(track)
    return score


def _treated(sound: np.ndarray, chain: Chain, rng: np.random.Generator) -> np.ndarray:
    """Return a sound through the room and the filters of a chain."""
    from scipy.signal import butter, oaconvolve, sosfilt

    if chain.wet > 0:
        time = np.arange(round(chain.reverb_s * SAMPLE_RATE)) / SAMPLE_RATE
        room = rng.standard_normal(len(time)) * np.exp(-6.9 * time / chain.reverb_s)
        room[: round(0.01 * SAMPLE_RATE)] = 0.0  # before the first reflection
        room *= chain.wet / (np.sqrt(np.sum(room**2)) + 1e-9)
        sound = sound + oaconvolve(sound, room.astype(np.float32))[: len(sound)]
    above = sosfilt(butter(1, chain.shelf_hz, "high", fs=SAMPLE_RATE, output="sos"), sound)
    sound = sound + (10 ** (np.clip(chain.shelf_db, -12, 12) / 20) - 1) * above
    band = butter(2, (chain.low_hz, chain.high_hz), "band", fs=SAMPLE_RATE, output="sos")
    return np.asarray(sosfilt(band, sound), dtype=np.float32)


def _pink(length: int, rng: np.random.Generator) -> np.ndarray:
    """Return noise that falls by 3 dB per octave, RMS 1, float32 [length]."""
    spectrum = np.fft.rfft(rng.standard_normal(length))
    spectrum[0] = 0.0  # no offset
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    noise = np.fft.irfft(spectrum, length)
    return (noise / noise.std()).astype(np.float32)
