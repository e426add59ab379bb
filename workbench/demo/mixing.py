"""From a score to a mix and stems that add up to it."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.symbolic.render import SAMPLE_RATE, render

_LEVELS = {"soft": -23.0, "medium": -21.0, "loud": -19.0}  # RMS of the mix, dBFS
_PEAK = 0.84  # -1.5 dBFS before the lossy codec
_COMPANY_DB = -3.0  # the companions below the lead
_WET = 0.16
_ROOM_SECONDS = 0.9
_FADE_SECONDS = 1.0


def mix(score: Any, *, seconds: float, dynamic: str, seed: int = 0) -> np.ndarray:
    """Render every track of a symusic score and balance them.

    Parameters
    ----------
    score
        The first track leads.
    seconds
        The length; longer music is faded out.
    dynamic
        ``"soft"``, ``"medium"`` or ``"loud"``.
    seed
        Of the room's reverberation.

    Returns
    -------
    np.ndarray
        float32, shape (tracks, 2, n): the stems; their sum is the mix, which stays below -1 dBFS.
    """
    length = round(seconds * SAMPLE_RATE)
    room = _room(np.random.default_rng(seed))
    stems = []
    for number in range(len(score.tracks)):
        dry = _fitted(render(_solo(score, number)), length)
        level = _active_rms(dry)
        gain = 10 ** ((0.0 if number == 0 else _COMPANY_DB) / 20) / max(level, 1e-6)
        stems.append(_in_room(dry * gain * _pan(number, len(score.tracks)), room))
    fade = np.ones(length)
    fade[-round(_FADE_SECONDS * SAMPLE_RATE) :] = np.linspace(
        1, 0, round(_FADE_SECONDS * SAMPLE_RATE)
    )
    both = np.stack(stems) * fade
    total = both.sum(axis=0)
    gain = 10 ** (_LEVELS[dynamic] / 20) / max(float(np.sqrt(np.mean(total**2))), 1e-9)
    gain = min(gain, _PEAK / max(float(np.abs(total).max()), float(np.abs(both).max()), 1e-9))
    return (both * gain).astype(np.float32)


def _solo(score: Any, number: int) -> Any:
    import symusic

    solo: Any = symusic.Score(score.ticks_per_quarter)
    solo.tempos.extend(score.tempos)
    solo.tracks.append(score.tracks[number])
    return solo


def _fitted(sound: np.ndarray, length: int) -> np.ndarray:
    sound = sound[:, :length].astype(np.float64)
    return np.pad(sound, ((0, 0), (0, length - sound.shape[1])))


def _active_rms(sound: np.ndarray) -> float:
    """Return the RMS of the half-seconds in which a part plays, so that rests do not count."""
    size = SAMPLE_RATE // 2
    blocks = sound[:, : sound.shape[1] // size * size].reshape(2, -1, size)
    power = np.mean(blocks**2, axis=(0, 2))
    active = power > power.max(initial=0.0) * 1e-3
    return float(np.sqrt(power[active].mean())) if active.any() else 0.0


def _pan(number: int, count: int) -> np.ndarray:
    """Return the gains of left and right, shape (2, 1): the lead in the middle, others around."""
    side = 0.0 if number == 0 else (-1) ** number * (0.25 + 0.25 * number / count)
    angle = (1 + side) * np.pi / 4
    return np.sqrt(2) * np.array([[np.cos(angle)], [np.sin(angle)]])


def _room(rng: np.random.Generator) -> np.ndarray:
    """Return a short decaying noise as impulse response, shape (2, n)."""
    time = np.arange(round(_ROOM_SECONDS * SAMPLE_RATE)) / SAMPLE_RATE
    response = rng.standard_normal((2, len(time))) * np.exp(-6.9 * time / _ROOM_SECONDS)
    response[:, : round(0.012 * SAMPLE_RATE)] = 0.0  # the first reflection comes after 4 m
    return response / np.sqrt((response**2).sum(axis=1, keepdims=True))


def _in_room(sound: np.ndarray, room: np.ndarray) -> np.ndarray:
    from scipy.signal import oaconvolve

    return sound + _WET * oaconvolve(sound, room, axes=1)[:, : sound.shape[1]]
