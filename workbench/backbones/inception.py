"""The Inception network of Lee et al. 2020 and the modules it shares with its successors.

Layer table (widths for ``width=1``; every convolution is followed by batch norm and ReLU):

====== ============================================================================ ========
stage  branches                                                                     channels
====== ============================================================================ ========
stem   5x5 conv 64, 2x2 max-pool                                                    64
stride 1x1 conv 48 stride 2; 1x1 64, 3x3 96, 3x3 96 stride 2; 3x3 max-pool stride 2 in + 144
mixed  1x1 64; 1x1 48, 5x5 64; 1x1 64, 3x3 96, 3x3 96; 3x3 avg-pool, 1x1 32         256
embed  1x1 conv 256, global average pool                                            256
====== ============================================================================ ========

A block is a stride module followed by a mixed one and halves the map; six of them follow the stem.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from workbench.errors import WorkbenchError

BLOCK_CHANNELS = 256  # what a mixed module puts out, before `width`
_STEM_CHANNELS = 64
Stride = tuple[int, int]
NORMS = ("l2", "layer")


def scaled(channels: int, width: float) -> int:
    """Return a number of channels scaled by `width`, a multiple of 8 and at least 8."""
    return max(8, round(channels * width / 8) * 8)


class Conv(nn.Sequential):
    """Convolution with 'same' padding, batch norm and ReLU."""

    def __init__(self, inside: int, outside: int, size: int, stride: Stride = (1, 1)) -> None:
        convolution = nn.Conv2d(inside, outside, size, stride, size // 2, bias=False)
        nn.init.kaiming_uniform_(convolution.weight, nonlinearity="relu")
        super().__init__(convolution, nn.BatchNorm2d(outside), nn.ReLU(inplace=True))


class PooledConv(nn.Module):
    """Average pooling and a 1x1 convolution, batch norm and ReLU.

    The convolution comes first: both are linear, so they may change places, and pooling its few
    channels is ten times less work than pooling all that come in.
    """

    def __init__(self, inside: int, outside: int) -> None:
        super().__init__()
        self.conv = Conv(inside, outside, 1)
        self.pool = nn.AvgPool2d(3, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map [n, inside, h, w] to [n, outside, h, w]."""
        convolution, norm, relu = self.conv
        y: Tensor = relu(norm(self.pool(convolution(x))))
        return y


class StrideModule(nn.Module):
    """The naive Inception module: halves the map and lets all inputs pass through a max-pool."""

    def __init__(self, inside: int, *, width: float = 1.0, stride: Stride = (2, 2)) -> None:
        super().__init__()
        c = {n: scaled(n, width) for n in (48, 64, 96)}
        self.point = Conv(inside, c[48], 1, stride)
        self.threes = nn.Sequential(
            Conv(inside, c[64], 1), Conv(c[64], c[96], 3), Conv(c[96], c[96], 3, stride)
        )
        self.pool = nn.MaxPool2d(3, stride, 1)
        self.channels = inside + c[48] + c[96]

    def forward(self, x: Tensor) -> Tensor:
        """Map [n, inside, h, w] to [n, channels, h / stride, w / stride]."""
        return torch.cat([self.point(x), self.threes(x), self.pool(x)], dim=1)


class MixedModule(nn.Module):
    """The Inception module with dimension reduction: always the same number of channels."""

    def __init__(self, inside: int, *, width: float = 1.0) -> None:
        super().__init__()
        c = {n: scaled(n, width) for n in (32, 48, 64, 96)}
        self.point = Conv(inside, c[64], 1)
        self.five = nn.Sequential(Conv(inside, c[48], 1), Conv(c[48], c[64], 5))
        self.threes = nn.Sequential(
            Conv(inside, c[64], 1), Conv(c[64], c[96], 3), Conv(c[96], c[96], 3)
        )
        self.pooled = PooledConv(inside, c[32])
        self.channels = c[64] + c[64] + c[96] + c[32]

    def forward(self, x: Tensor) -> Tensor:
        """Map [n, inside, h, w] to [n, channels, h, w]."""
        return torch.cat([self.point(x), self.five(x), self.threes(x), self.pooled(x)], dim=1)


class Stem(nn.Module):
    """Batch norm of the input, a 5x5 convolution and a max-pool; map sizes are rounded down.

    Parameters
    ----------
    width
        Factor on the channels.
    pool
        Of the max-pool.
    inside
        Channels that the rows of the input are dealt to.
    """

    def __init__(self, *, width: float = 1.0, pool: Stride = (2, 2), inside: int = 1) -> None:
        super().__init__()
        self.inside = inside
        self.channels = scaled(_STEM_CHANNELS, width)
        self.norm = nn.BatchNorm2d(inside)
        self.conv = Conv(inside, self.channels, 5)
        self.pool = nn.MaxPool2d(pool)

    def forward(self, x: Tensor) -> Tensor:
        """Map [n, inside * bins, frames] to [n, channels, bins / pool, frames / pool]."""
        return self.pool(self.conv(self.norm(x.unflatten(1, (self.inside, -1)))))


def blocks(inside: int, strides: list[Stride], *, width: float = 1.0) -> nn.Sequential:
    """Return one stride and one mixed module per stride."""
    layers: list[nn.Module] = []
    for stride in strides:
        halve = StrideModule(inside, width=width, stride=stride)
        mixed = MixedModule(halve.channels, width=width)
        layers += [halve, mixed]
        inside = mixed.channels
    return nn.Sequential(*layers)


class Embed(nn.Module):
    """A 1x1 convolution, the mean over the map and the norm of the embedding.

    Parameters
    ----------
    inside, size
        Channels of the map and size of the embedding.
    norm
        ``"l2"`` (Lee et al.: unit length) or ``"layer"`` (Ribecky et al.).
    """

    def __init__(self, inside: int, size: int, norm: str) -> None:
        super().__init__()
        if norm not in NORMS:
            raise WorkbenchError(f"There is no norm {norm!r}; choose one of {', '.join(NORMS)}.")
        self.conv = nn.Conv2d(inside, size, 1)
        self.norm = nn.LayerNorm(size) if norm == "layer" else None

    def forward(self, x: Tensor, plus: Tensor | None = None) -> Tensor:
        """Map [n, inside, h, w] to embeddings [n, size], float32; `plus` [n, size] is added."""
        y = F.relu(self.conv(x)) if self.norm is None else self.conv(x)
        y = y.mean(dim=(2, 3)).float()
        y = y if plus is None else y + plus.float()
        return F.normalize(y, dim=1) if self.norm is None else self.norm(y)


class InceptionNetwork(nn.Module):
    """The backbone of Lee et al. 2020, "Disentangled multidimensional metric learning".

    Parameters
    ----------
    size
        Of the embedding.
    norm
        ``"l2"`` as published, or ``"layer"``.
    width
        Factor on all channels; 1 is the published network.

    Examples
    --------
    >>> import torch
    >>> InceptionNetwork()(torch.zeros(2, 128, 129)).shape
    torch.Size([2, 256])
    """

    inputs = ("mel",)

    def __init__(self, *, size: int = 256, norm: str = "l2", width: float = 1.0) -> None:
        super().__init__()
        self.stem = Stem(width=width)
        self.blocks = blocks(self.stem.channels, [(2, 2)] * 6, width=width)
        self.embed = Embed(scaled_block(width), size, norm)

    def forward(self, mel: Tensor) -> Tensor:
        """Map standardised mel spectrograms [n, 128, 129] to embeddings [n, size]."""
        return self.embed(self.blocks(self.stem(mel)))


def scaled_block(width: float) -> int:
    """Return the channels a block puts out."""
    return sum(scaled(n, width) for n in (64, 64, 96, 32))
