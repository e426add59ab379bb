"""The short-chunk residual network (Won et al. 2020), the second architecture of the tables.

Seven residual blocks halve bands and frames, and the loudest moment of an excerpt decides. It was
made for excerpts of 3.7 s; longer sounds are read excerpt by excerpt.
"""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn
from torch.nn import functional as F

_WIDTHS = (1, 1, 2, 2, 2, 2, 4)  # of the blocks, in channels
_SHORTEST = 128  # frames, of which seven halvings leave one


class ResidualHalving(nn.Module):
    """Two 3 x 3 convolutions beside a shortcut, the first one with a step of two."""

    def __init__(self, inside: int, outside: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inside, outside, 3, stride=2, padding=1)
        self.first_norm = nn.BatchNorm2d(outside)
        self.second = nn.Conv2d(outside, outside, 3, padding=1)
        self.second_norm = nn.BatchNorm2d(outside)
        self.shortcut = nn.Sequential(
            nn.Conv2d(inside, outside, 3, stride=2, padding=1), nn.BatchNorm2d(outside)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map [n, inside, bands, frames] to [n, outside, bands / 2, frames / 2]."""
        y = F.relu(self.first_norm(self.first(x)))
        y = self.second_norm(self.second(y))
        return F.relu(y + self.shortcut(x))


class ShortChunkNetwork(nn.Module):
    """The residual network.

    Parameters
    ----------
    tags
        How many tags it tells.
    channels
        Of the first blocks; the last one has four times as many.

    Examples
    --------
    >>> import torch
    >>> ShortChunkNetwork(tags=50, channels=4).eval()(torch.zeros(2, 128, 159)).shape
    torch.Size([2, 50])
    """

    def __init__(self, *, tags: int, channels: int = 128) -> None:
        super().__init__()
        widths = [1, *(channels * w for w in _WIDTHS)]
        self.width = widths[-1]
        self.norm = nn.BatchNorm2d(1)
        self.blocks = nn.Sequential(*(ResidualHalving(a, b) for a, b in pairwise(widths)))
        self.hidden = nn.Sequential(
            nn.Linear(self.width, self.width), nn.BatchNorm1d(self.width), nn.ReLU()
        )
        self.head = nn.Sequential(nn.Dropout(0.5), nn.Linear(self.width, tags))

    def forward(self, mel: Tensor) -> Tensor:
        """Map mel spectrograms in decibels, [n, 128, frames], to logits, [n, tags]."""
        logits: Tensor = self.head(self.embed(mel))
        return logits

    def embed(self, mel: Tensor) -> Tensor:
        """Return the layer before the last one, [n, 4 * channels]."""
        missing = _SHORTEST - mel.shape[-1]
        if missing > 0:
            mel = F.pad(mel, (0, missing), mode="replicate")
        x = self.blocks(self.norm(mel.unsqueeze(1)))
        vectors: Tensor = self.hidden(x.amax(dim=(2, 3)))
        return vectors
