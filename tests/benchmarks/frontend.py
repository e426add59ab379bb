"""Time the front end against librosa, on real music: ``python -m tests.benchmarks.frontend``.

The excerpts are thirty seconds each of the recordings in ``WORKBENCH_RECORDINGS``, by default those
of ``shared/data/recordings`` beside the checkout. Both sides compute mel spectrogram, CENS and the
autocorrelation tempogram at 22.05 kHz with window 1024 and hop 512, without estimating a tuning.
Rounds alternate between the two, and the shortest time of each counts.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tests.benchmarks.suite import alternately
from workbench.features import cens, spectral
from workbench.features.frontend import front_end
from workbench.features.spectral import HOP, MEL_BANDS, SAMPLE_RATE, WINDOW
from workbench.features.tempogram import cyclic_tempogram, tempogram

SECONDS = 30
EXCERPTS = 8
ROUNDS = 12


def excerpts() -> np.ndarray:
    """Return real music, float32 [excerpts, samples], as much as there is."""
    import librosa

    beside = Path(__file__).resolve().parents[3] / "shared/data/recordings"
    found = []
    for file in sorted(Path(os.environ.get("WORKBENCH_RECORDINGS") or beside).glob("*.ogg")):
        samples = librosa.load(file, sr=SAMPLE_RATE)[0]
        length = SECONDS * SAMPLE_RATE
        found += [samples[at : at + length] for at in range(0, len(samples) - length + 1, length)]
    return np.array(found[:: max(len(found) // EXCERPTS, 1)][:EXCERPTS], dtype=np.float32)


def by_librosa(samples: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return mel spectrogram, CENS and tempogram as librosa computes them."""
    import librosa

    magnitude = np.abs(librosa.stft(samples, n_fft=WINDOW, hop_length=HOP))
    bank = librosa.filters.mel(sr=SAMPLE_RATE, n_fft=WINDOW, n_mels=MEL_BANDS)
    mel = (np.log10(1 + 10 * bank @ magnitude) - 0.2) / 0.25
    of = {"sr": SAMPLE_RATE, "hop_length": HOP}
    envelope = librosa.onset.onset_strength(y=samples, n_fft=WINDOW, **of)
    chroma = librosa.feature.chroma_cens(y=samples, tuning=0.0, **of)
    return mel, chroma, librosa.feature.tempogram(onset_envelope=envelope, **of)


def here(samples: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Return the same from our functions, for one item or a batch."""
    features = front_end(samples)
    return features.mel, features.cens, tempogram(features.envelope)


def main() -> None:
    """Print the table of totals and the table of stages, per excerpt."""
    sounds = excerpts()
    batch, count = torch.from_numpy(sounds), len(sounds)
    cores = torch.get_num_threads()
    totals: dict[str, Callable[[], Any]] = {
        "librosa": lambda: [by_librosa(s) for s in sounds],
        f"here, a batch on {cores} threads": lambda: here(batch),
        f"here, one by one on {cores} threads": lambda: [here(s) for s in batch],
    }
    times = alternately(totals, rounds=ROUNDS)
    torch.set_num_threads(1)
    times |= alternately(
        {"here, one by one on 1 thread": lambda: [here(s) for s in batch]}, rounds=ROUNDS
    )
    print(f"{count} excerpts of {SECONDS} s: milliseconds an excerpt\n")
    print("| mel, CENS and tempogram | ms | against librosa |\n| --- | ---: | ---: |")
    for name, value in times.items():
        print(f"| {name} | {1e3 * value / count:.1f} | {times['librosa'] / value:.1f} x |")
    print("\n| stage, on 1 thread | ms |\n| --- | ---: |")
    for name, value in alternately(_stages(batch), rounds=ROUNDS).items():
        print(f"| {name} | {1e3 * value / count:.2f} |")


def _stages(batch: torch.Tensor) -> dict[str, Callable[[], Any]]:
    items = list(batch)
    powers = [spectral.power_spectrogram(item) for item in items]
    envelopes = [spectral.onsets_of_power(power) for power in powers]
    return {
        "short-time spectrum": lambda: [spectral.power_spectrogram(x) for x in items],
        "mel": lambda: [spectral.mel_of_power(x) for x in powers],
        "onset envelope": lambda: [spectral.onsets_of_power(x) for x in powers],
        "constant-Q chroma": lambda: [cens.constant_q_chroma(x) for x in items],
        "CENS, with its chroma": lambda: [cens.cens(x) for x in items],
        "tempogram": lambda: [tempogram(x) for x in envelopes],
        "cyclic tempogram": lambda: [cyclic_tempogram(x) for x in envelopes],
    }


if __name__ == "__main__":
    main()
