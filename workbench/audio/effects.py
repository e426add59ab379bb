"""What can be done to a sound so that it still is the same music, in torch, many sounds at once.

The eight augmentations of WO 2023/003505, paragraph 39. Each takes sounds, float32 [n, samples] at
22.05 kHz, and one number per sound, [n], and returns sounds of the same shape on the same device.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

from workbench.features.spectral import HOP, SAMPLE_RATE, WINDOW

if TYPE_CHECKING:
    import torch

_ORDER = 4  # of the filters: 24 dB an octave
_ECHO = 0.5  # of its sound's level
_MOST_GIVEN_BACK = 4.0  # 12 dB: what was shifted beyond hearing is gone
_WET = 0.5  # energy of the room, of that of the sound
_ROOM_ECHO_S = 0.031  # mean delay of Freeverb's eight comb filters
_DAMPING = 2.0  # how much sooner the highest sounds die than the lowest


def inverted(sounds: torch.Tensor) -> torch.Tensor:
    """Return sounds with their polarity turned over."""
    return -sounds


def with_noise(
    sounds: torch.Tensor, ratio: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    """Return sounds with white noise, `ratio` times as strong as each of them (RMS, not dB)."""
    import torch

    noise = torch.randn(sounds.shape, generator=generator).to(sounds)
    return sounds + noise * (ratio * sounds.std(dim=-1))[:, None]


def with_gain(sounds: torch.Tensor, gain_db: torch.Tensor) -> torch.Tensor:
    """Return louder or softer sounds."""
    return sounds * (10.0 ** (gain_db / 20.0))[:, None]


def high_passed(sounds: torch.Tensor, cutoff_hz: torch.Tensor) -> torch.Tensor:
    """Return sounds without what lies below `cutoff_hz` (Butterworth, without a phase)."""
    return _filtered(sounds, cutoff_hz, high=True)


def low_passed(sounds: torch.Tensor, cutoff_hz: torch.Tensor) -> torch.Tensor:
    """Return sounds without what lies above `cutoff_hz` (Butterworth, without a phase)."""
    return _filtered(sounds, cutoff_hz, high=False)


def with_echo(sounds: torch.Tensor, delay_ms: torch.Tensor) -> torch.Tensor:
    """Return half the sum of sounds and their echo, which comes later and half as loud."""
    import torch

    late = (delay_ms * (SAMPLE_RATE / 1000.0)).round().long()
    places = torch.arange(sounds.shape[-1], device=sounds.device) - late[:, None]
    echo = sounds.gather(1, places.clamp(min=0)) * (places >= 0)
    return (sounds + _ECHO * echo) / 2.0


def pitch_shifted(sounds: torch.Tensor, semitones: torch.Tensor) -> torch.Tensor:
    """Return sounds of the same length, higher or lower by whole or broken semitones.

    A phase vocoder changes how long they last (Flanagan and Golden 1966), resampling brings them
    back to their length and takes the pitch along. What its phases cancel is given back as level.
    """
    import torch

    result = torch.empty_like(sounds)
    for shift in semitones.unique().tolist():
        chosen = semitones == shift
        result[chosen] = _resampled(_stretched(sounds[chosen], 2.0 ** (shift / 12.0)), sounds)
    lost = sounds.norm(dim=1) / result.norm(dim=1).clamp(min=1e-9)
    return result * lost.clamp(max=_MOST_GIVEN_BACK)[:, None]


def in_room(sounds: torch.Tensor, size: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Return sounds in rooms of a size of 0 to 100.

    The decay lasts as long as that of Freeverb with this room size, whose comb filters feed back
    0.7 to 0.98; its echoes are noise that dies away, high frequencies sooner.
    """
    import torch

    seconds = 3.0 * _ROOM_ECHO_S / -torch.log10(0.7 + 0.28 * size / 100.0)
    count = sounds.shape[-1]
    length = min(count, math.ceil(float(seconds.max()) * SAMPLE_RATE))
    time = torch.arange(length, device=sounds.device) / SAMPLE_RATE
    room = torch.randn(len(sounds), length, generator=generator).to(sounds)
    dark = torch.nn.functional.avg_pool1d(room[:, None], 9, 1, 4)[:, 0]  # without the highest
    decay = -math.log(1000.0) * time / seconds[:, None]
    room = dark * decay.exp() + (room - dark) * (_DAMPING * decay).exp()
    room *= math.sqrt(_WET) / room.norm(dim=1, keepdim=True)
    width = _fast_length(count + length)
    spectrum = torch.fft.rfft(sounds, width) * torch.fft.rfft(room, width)
    return sounds + torch.fft.irfft(spectrum, width)[:, :count]


def _filtered(sounds: torch.Tensor, cutoff_hz: torch.Tensor, *, high: bool) -> torch.Tensor:
    import torch

    count = sounds.shape[-1]
    width = _fast_length(count + SAMPLE_RATE // 2)  # no sound comes round from the end
    frequency = torch.fft.rfftfreq(width, 1.0 / SAMPLE_RATE, device=sounds.device)
    ratio = frequency / cutoff_hz[:, None]
    power = ratio ** (2 * _ORDER)
    gain = (power / (1.0 + power)).sqrt() if high else (1.0 + power).rsqrt()
    return torch.fft.irfft(torch.fft.rfft(sounds, width) * gain, width)[:, :count]


def _stretched(sounds: torch.Tensor, factor: float) -> torch.Tensor:
    """Return sounds that last `factor` times as long at the same pitch."""
    import torch

    from workbench.audio.torchaudio import import_torchaudio

    functional = import_torchaudio().functional
    # Silence beyond the ends: mirrored sound would set the phases of a tone against each other.
    window = _window(sounds.device)
    spectrum = torch.stft(
        sounds, WINDOW, HOP // 2, window=window, pad_mode="constant", return_complex=True
    )
    advance = torch.linspace(0, math.pi * HOP / 2, WINDOW // 2 + 1, device=sounds.device)
    spectrum = functional.phase_vocoder(spectrum, 1.0 / factor, advance[:, None])
    length = round(sounds.shape[-1] * factor)
    result: torch.Tensor = torch.istft(spectrum, WINDOW, HOP // 2, window=window, length=length)
    return result


def _resampled(sounds: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """Return sounds squeezed or drawn out to the length of others, by their spectra."""
    import torch

    count, wanted = sounds.shape[-1], like.shape[-1]
    spectrum = torch.fft.rfft(sounds)[:, : wanted // 2 + 1]
    result: torch.Tensor = torch.fft.irfft(spectrum, wanted) * (wanted / count)
    return result


def _fast_length(least: int) -> int:
    from scipy.fft import next_fast_len

    return int(next_fast_len(least, real=True))


@lru_cache(maxsize=2)
def _window(device: torch.device) -> torch.Tensor:
    import torch

    return torch.hann_window(WINDOW, device=device)
