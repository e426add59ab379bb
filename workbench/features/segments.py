"""Segments of three seconds: what a network reads at a time, cut from features of a whole item."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.errors import WorkbenchError
from workbench.features.spectral import HOP, SAMPLE_RATE, SEGMENT_S, TEMPOGRAM_LAGS

if TYPE_CHECKING:
    import torch

_BINS = 64  # of an octave of log-tempo
FRAMES = int(SEGMENT_S * SAMPLE_RATE) // HOP  # 129 columns, 3 s
# The rows of each, and the channels they are dealt to: the octaves of a tempo are channels.
TEMPOGRAMS = {"autocorrelation": (TEMPOGRAM_LAGS, 1), "cyclic": (64, 1), "octaves": (256, 4)}


def smoothed_chroma(cens: torch.Tensor, seconds: float) -> torch.Tensor:
    """Return a chromagram [12, frames] smoothed by a Hann window, each column of unit length.

    Over 0 seconds it stays as it is.

    librosa smooths CENS over 0.95 s; Mueller and Ewert 2011 go up to ten seconds. A key is heard
    in a phrase rather than in a chord.
    """
    import torch
    from torch.nn import functional as F

    if seconds <= 0:
        return cens
    taps = int(seconds * SAMPLE_RATE / HOP) // 2 * 2 + 1
    window = torch.hann_window(taps + 2, periodic=False, device=cens.device)[1:-1]
    smooth = F.conv1d(cens[:, None], window[None, None], padding=taps // 2)[:, 0]
    return F.normalize(smooth, dim=0)


def tempogram_of(envelope: torch.Tensor, kind: str, *, padded: bool = False) -> torch.Tensor:
    """Return one of the three tempograms of an onset envelope.

    Raises
    ------
    WorkbenchError
        If there is no such kind.
    """
    from workbench.features.tempogram import cyclic_tempogram, octave_tempogram, tempogram

    if kind not in TEMPOGRAMS:
        raise WorkbenchError(
            f"There is no tempogram {kind!r}; choose one of {', '.join(TEMPOGRAMS)}."
        )
    if kind == "autocorrelation":
        return tempogram(envelope, padded=padded)
    log_tempo = cyclic_tempogram if kind == "cyclic" else octave_tempogram
    return log_tempo(envelope, bins=_BINS, padded=padded)
