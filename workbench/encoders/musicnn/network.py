"""The musicnn network in PyTorch (Pons and Serra, ISMIR late-breaking 2019).

Layout: a musically motivated front end (timbral filters over frequency, temporal filters over
time), three residual layers, temporal pooling and a dense layer of 200 units, which serves as the
vector. Layers go convolution, ReLU, batch norm, as in the original.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

SAMPLE_RATE = 16000
FRAMES = 187  # 3 s
BANDS = 96
WIDTH = 200
_HOP, _WINDOW = 256, 512
_EPSILON = 1e-3
_TARGET_RMS = 0.1  # the network is sensitive to level; see `patches`


class MusicNN:
    """Inference with given weights.

    Parameters
    ----------
    weights
        The checkpoint's inference variables by their TensorFlow names.
    """

    def __init__(self, weights: Mapping[str, np.ndarray]) -> None:
        self._tensors = {
            name: torch.from_numpy(np.array(w, dtype=np.float32)) for name, w in weights.items()
        }
        self._input_norm = self._affine(0)
        self._pooled = [self._pooled_block(i) for i in range(5)]

    @torch.inference_mode()
    def __call__(self, patches: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the penultimate layer and the tag probabilities.

        Parameters
        ----------
        patches
            Log-mel patches, float32 [n, 187, 96].

        Returns
        -------
        vectors : float32 [n, 200]
        tags : float32 [n, 50]
        """
        x = torch.from_numpy(np.ascontiguousarray(patches, dtype=np.float32))[:, None]
        scale, shift = self._input_norm
        x = x * scale + shift
        front = torch.cat([self._front(i, x) for i in range(5)], dim=1)  # [n, 561, t]
        first = self._middle(5, front)
        second = self._middle(6, first) + first
        third = self._middle(7, second) + second
        features = torch.cat([front, first, second, third], dim=1)  # [n, 753, t]
        pooled = torch.stack([features.amax(dim=2), features.mean(dim=2)], dim=2).flatten(1)
        scale, shift = self._affine(9)
        dense = F.relu((pooled * scale + shift) @ self._tensors["dense/kernel"] + self._bias(""))
        scale, shift = self._affine(10)
        vectors = dense * scale + shift
        logits = vectors @ self._tensors["dense_1/kernel"] + self._bias("_1")
        return vectors.numpy(), torch.sigmoid(logits).numpy()

    def _bias(self, suffix: str) -> Tensor:
        return self._tensors[f"dense{suffix}/bias"]

    def _affine(self, index: int) -> tuple[Tensor, Tensor]:
        """Return scale and shift of a batch norm in inference."""
        name = "batch_normalization" + (f"_{index}" if index else "")
        t = self._tensors
        scale = t[f"{name}/gamma"] / torch.sqrt(t[f"{name}/moving_variance"] + _EPSILON)
        return scale, t[f"{name}/beta"] - t[f"{name}/moving_mean"] * scale

    def _conv(self, index: int) -> tuple[Tensor, Tensor]:
        """Return kernel [out, in, time, frequency] and bias."""
        name = "conv2d" + (f"_{index}" if index else "")
        return self._tensors[f"{name}/kernel"].permute(3, 2, 0, 1), self._tensors[f"{name}/bias"]

    def _pooled_block(self, index: int) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Prepare a front-end layer so that it can be pooled before ReLU and batch norm.

        ReLU and a rising line keep the order of values, so their maximum is the line at the
        maximum; where the line falls (negative scale) the filter is negated to find the minimum.
        """
        kernel, bias = self._conv(index)
        scale, shift = self._affine(index + 1)
        sign = torch.where(scale < 0, -1.0, 1.0)
        return (kernel * sign[:, None, None, None]).contiguous(), bias, sign, scale, shift

    def _front(self, index: int, x: Tensor) -> Tensor:
        """Convolve [n, 1, t, 96], take the extreme over frequency, return [n, filters, t]."""
        kernel, bias, sign, scale, shift = self._pooled[index]
        length = kernel.shape[2]
        x = F.pad(x, (0, 0, (length - 1) // 2, length // 2))
        if kernel.shape[3] == 1:  # a filter over time alone: one band at a time is a 1-D signal
            n, _, t, bands = x.shape
            rows = x[:, 0].transpose(1, 2).reshape(n * bands, 1, t)
            extreme = F.conv1d(rows, kernel[..., 0]).view(n, bands, len(kernel), -1).amax(dim=1)
        else:
            extreme = F.conv2d(x, kernel).amax(dim=3)
        value = F.relu(extreme * sign[:, None] + bias[:, None])
        return value * scale[:, None] + shift[:, None]

    def _middle(self, index: int, x: Tensor) -> Tensor:
        """Convolve [n, channels, t] over 7 frames into 64 channels."""
        kernel, bias = self._conv(index)  # [64, 1, 7, channels]
        y = F.relu(F.conv1d(F.pad(x, (3, 3)), kernel[:, 0].transpose(1, 2), bias))
        scale, shift = self._affine(index + 1)
        return y * scale[:, None] + shift[:, None]


def patches(samples: np.ndarray) -> np.ndarray:
    """Cut a signal into the network's 3 s log-mel patches, float32 [n, 187, 96].

    Parameters
    ----------
    samples
        Mono at 16 kHz, float32 [samples]. The level is set to an RMS of 0.1 first; sounds shorter
        than a patch are repeated.
    """
    import librosa

    level = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))) if samples.size else 0.0
    if level > 0:
        samples = samples * (_TARGET_RMS / level)
    mel = librosa.feature.melspectrogram(
        y=samples, sr=SAMPLE_RATE, n_fft=_WINDOW, hop_length=_HOP, n_mels=BANDS
    ).T
    log_mel = np.log10(10000.0 * mel.astype(np.float32) + 1.0)
    if len(log_mel) < FRAMES:
        log_mel = np.tile(log_mel, (-(-FRAMES // len(log_mel)), 1))
    count = len(log_mel) // FRAMES
    return log_mel[: count * FRAMES].reshape(count, FRAMES, BANDS)
