"""The mel spectrogram and the onset envelope of Ribecky et al. 2021, section 3.1, batched.

Mel spectrogram, CENS chromagram and tempogram share sample rate, window and hop, so that a segment
is the same columns in each; `workbench.features.frontend` computes them together.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

SAMPLE_RATE = 22050
WINDOW = 1024  # 46 ms at 22.05 kHz; the paper's "23 ms" is its hop
HOP = 512
MEL_BANDS = 128
TEMPOGRAM_LAGS = 384
SEGMENT_S = 3.0
_MEL_MEAN, _MEL_STD = 0.2, 0.25  # fixed by Lee et al. 2020
_QUIETEST, _RANGE_DB = 1e-10, 80.0  # of librosa's power_to_db


def power_spectrogram(samples: torch.Tensor) -> torch.Tensor:
    """Return the power of the short-time spectrum, float32 [..., frames, 513].

    Parameters
    ----------
    samples
        Mono at 22.05 kHz, float32 [..., samples].

    Notes
    -----
    Frame t is centred at sample 512 t; beyond the ends there is silence. The bins lie last, since
    that is how the transform writes them and how the mel bands read them.
    """
    import torch
    from torch.nn.functional import pad

    padded = pad(samples, (WINDOW // 2, WINDOW // 2))
    frames = padded.unfold(-1, WINDOW, HOP) * _window(samples.device)
    spectrum = torch.fft.rfft(frames)
    return spectrum.real.square().addcmul_(spectrum.imag, spectrum.imag)  # quicker than abs


def magnitude(samples: torch.Tensor) -> torch.Tensor:
    """Return the magnitude of the short-time spectrum, float32 [..., 513, frames]."""
    return power_spectrogram(samples).sqrt_().transpose(-1, -2)


def mel_spectrogram(samples: torch.Tensor, *, standardise: bool = True) -> torch.Tensor:
    """Return the log-compressed mel spectrogram, float32 [..., 128, frames].

    Parameters
    ----------
    samples
        Mono at 22.05 kHz, float32 [..., samples].
    standardise
        Subtract 0.2 and divide by 0.25, as the authors' networks expect.

    Notes
    -----
    ``log10(1 + 10 S)`` of the mel bands of the magnitude spectrogram (section 3.1).
    """
    return mel_of_power(power_spectrogram(samples), standardise=standardise)


def mel_of_power(power: torch.Tensor, *, standardise: bool = True) -> torch.Tensor:
    """Return `mel_spectrogram` of what `power_spectrogram` returned."""
    bands = _mel_bands(power.sqrt()).transpose(-1, -2)
    return mel_of_amplitude(bands) if standardise else _compressed(bands)


def mel_of_amplitude(bands: torch.Tensor) -> torch.Tensor:
    """Return the standardised log mel spectrogram of amplitudes of mel bands, of any shape."""
    return _compressed(bands).sub_(_MEL_MEAN).div_(_MEL_STD)


def amplitude_of_mel(mel: torch.Tensor) -> torch.Tensor:
    """Return the amplitudes of which `mel_of_amplitude` made a log mel spectrogram."""
    return (10.0 ** (mel * _MEL_STD + _MEL_MEAN)).sub_(1.0).div_(10.0).clamp_(min=0.0)


def _compressed(bands: torch.Tensor) -> torch.Tensor:
    return (bands * 10.0).add_(1.0).log10_()


def mel_decibels(samples: torch.Tensor) -> torch.Tensor:
    """Return the power of mel bands in decibels, float32 [..., 128, frames].

    Parameters
    ----------
    samples
        Mono at 22.05 kHz, float32 [..., samples].

    Notes
    -----
    What the taggers read: HTK's mel scale and triangles of height one, as torchaudio's
    ``MelSpectrogram`` and ``AmplitudeToDB`` have them.
    """
    bands = _mel_bands(power_spectrogram(samples), htk=True)
    return bands.clamp_(min=_QUIETEST).log10_().mul_(10.0).transpose(-1, -2)


def onset_envelope(samples: torch.Tensor) -> torch.Tensor:
    """Return the onset strength (spectral flux of the mel bands), float32 [..., frames].

    Parameters
    ----------
    samples
        Mono at 22.05 kHz, float32 [..., samples].

    Notes
    -----
    The mean rise in decibels of the bands from frame to frame, as `librosa.onset.onset_strength`
    has it. What is more than 80 dB below an item's loudest band counts as silence.
    """
    return onsets_of_power(power_spectrogram(samples))


def onsets_of_power(power: torch.Tensor) -> torch.Tensor:
    """Return `onset_envelope` of what `power_spectrogram` returned."""
    from torch.nn.functional import pad

    level = _mel_bands(power).clamp_(min=_QUIETEST).log10_().mul_(10.0)
    loudest = level.amax(dim=(-1, -2), keepdim=True)
    level = level.maximum(loudest - _RANGE_DB)
    flux = level.diff(dim=-2).clamp_(min=0.0).mean(-1)
    # A rise shows one frame after it begins and a window reaches half its length ahead.
    return pad(flux, (1 + WINDOW // (2 * HOP), 0))[..., : power.shape[-2]]


def segment_starts(length: int, segment: int) -> np.ndarray:
    """Return where the non-overlapping segments of a signal begin.

    A signal shorter than one segment is one segment; a remainder at the end is left out, as in
    section 4.1 of the paper.
    """
    return np.arange(max(length // segment, 1)) * segment


@lru_cache(maxsize=4)
def _window(device: torch.device) -> torch.Tensor:
    import torch

    return torch.hann_window(WINDOW, device=device)


def _mel_bands(spectrum: torch.Tensor, *, htk: bool = False) -> torch.Tensor:
    """Return the mel bands of spectra, float32 [..., frames, 128]."""
    import torch

    blocks = _mel_blocks(spectrum.device, htk)
    return torch.cat([spectrum[..., bins] @ weights for bins, weights in blocks], dim=-1)


@lru_cache(maxsize=4)
def _mel_blocks(device: torch.device, htk: bool) -> list[tuple[slice, torch.Tensor]]:
    """Return triangles, 32 bands at a time, on the bins that they cover.

    Slaney's are of unit area, HTK's of unit height. A third of the multiplications of the whole
    matrix, which is mostly zeros.
    """
    import librosa
    import torch

    bank = librosa.filters.mel(
        sr=SAMPLE_RATE, n_fft=WINDOW, n_mels=MEL_BANDS, htk=htk, norm=None if htk else "slaney"
    ).T
    blocks = []
    for block in np.split(bank, 4, axis=1):
        covered = np.flatnonzero(block.any(axis=1))
        bins = slice(int(covered[0]), int(covered[-1]) + 1)
        blocks.append((bins, torch.from_numpy(np.ascontiguousarray(block[bins])).to(device)))
    return blocks
