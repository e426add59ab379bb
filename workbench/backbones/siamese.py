"""The plain siamese network of AI Music's article: one mel spectrogram, one small CNN.

The article gives the idea (a convolutional network on mel spectrograms, two or three items
through the same weights) and no sizes; these are the usual small ones. It is the baseline that
the larger networks have to beat.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from workbench.backbones.inception import Conv, Embed, scaled

_CHANNELS = (32, 64, 128, 128)


class SiameseNetwork(nn.Module):
    """Four 3x3 convolutions, each followed by a 2x2 max-pool, and the mean over the map.

    Parameters
    ----------
    size, norm, width
        As of `workbench.backbones.inception.InceptionNetwork`.

    Examples
    --------
    >>> import torch
    >>> SiameseNetwork()(torch.zeros(2, 128, 129)).shape
    torch.Size([2, 128])
    """

    inputs = ("mel",)

    def __init__(self, *, size: int = 128, norm: str = "l2", width: float = 1.0) -> None:
        super().__init__()
        channels = [1, *(scaled(c, width) for c in _CHANNELS)]
        self.norm = nn.BatchNorm2d(1)
        self.layers = nn.Sequential(
            *(
                nn.Sequential(Conv(inside, outside, 3), nn.MaxPool2d(2))
                for inside, outside in pairwise(channels)
            )
        )
        self.embed = Embed(channels[-1], size, norm)

    def forward(self, mel: Tensor) -> Tensor:
        """Map standardised mel spectrograms [n, 128, 129] to embeddings [n, size]."""
        return self.embed(self.layers(self.norm(mel.unsqueeze(1))))
