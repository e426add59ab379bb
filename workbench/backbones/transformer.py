"""The Music Tagging Transformer (Won, Choi and Serra 2021; WO 2023/003505, paragraphs 34 to 36).

A front end of three residual blocks of 3 x 3 convolutions hears what is local and leaves a token
for each 0.09 s; four layers of self-attention read the sequence, and a class token sums it up.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from workbench.features.spectral import MEL_BANDS

_POSITIONS = 513  # a class token and 512 tokens: 47 s
_DROPOUT = 0.1
_SHORTEST = 4  # frames that make one token
_POOLS = ((2, 2), (2, 2), (2, 1))  # of bands and frames


class ResidualPool(nn.Module):
    """Two 3 x 3 convolutions beside a shortcut, then a max-pool."""

    def __init__(self, inside: int, outside: int, pool: tuple[int, int]) -> None:
        super().__init__()
        self.first = nn.Conv2d(inside, outside, 3, padding=1)
        self.first_norm = nn.BatchNorm2d(outside)
        self.second = nn.Conv2d(outside, outside, 3, padding=1)
        self.second_norm = nn.BatchNorm2d(outside)
        self.shortcut = (
            nn.Identity()
            if inside == outside
            else nn.Sequential(nn.Conv2d(inside, outside, 3, padding=1), nn.BatchNorm2d(outside))
        )
        self.pool = nn.MaxPool2d(pool)

    def forward(self, x: Tensor) -> Tensor:
        """Map [n, inside, bands, frames] to [n, outside, bands / pool, frames / pool]."""
        y = F.relu(self.first_norm(self.first(x)))
        y = self.second_norm(self.second(y))
        pooled: Tensor = self.pool(F.relu(y + self.shortcut(x)))
        return pooled


class Layer(nn.Module):
    """Self-attention and a perceptron, each after a layer norm and beside a shortcut."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.attention_norm = nn.LayerNorm(width)
        self.queries_keys_values = nn.Linear(width, 3 * width, bias=False)
        self.joined = nn.Linear(width, width)
        self.perceptron = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, 4 * width),
            nn.GELU(),
            nn.Dropout(_DROPOUT),
            nn.Linear(4 * width, width),
            nn.Dropout(_DROPOUT),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map tokens [n, tokens, width] to as many."""
        q, k, v = (
            self.queries_keys_values(self.attention_norm(x))
            .unflatten(2, (3, self.heads, -1))
            .permute(2, 0, 3, 1, 4)
        )
        dropped = _DROPOUT if self.training else 0.0
        heard = F.scaled_dot_product_attention(q, k, v, dropout_p=dropped)
        x = x + F.dropout(self.joined(heard.transpose(1, 2).flatten(2)), _DROPOUT, self.training)
        result: Tensor = x + self.perceptron(x)
        return result


class MusicTaggingTransformer(nn.Module):
    """The published network; with 50 tags it has 4.57 million parameters, the small one 0.49.

    Parameters
    ----------
    tags
        How many tags it tells.
    channels
        Of the convolutions.
    width, layers, heads
        Of the transformer.

    Examples
    --------
    >>> import torch
    >>> network = MusicTaggingTransformer(tags=50, channels=8, width=16, heads=2).eval()
    >>> network(torch.zeros(2, 128, 431)).shape, network.embed(torch.zeros(2, 128, 431)).shape
    (torch.Size([2, 50]), torch.Size([2, 16]))
    """

    def __init__(
        self, *, tags: int, channels: int = 128, width: int = 256, layers: int = 4, heads: int = 8
    ) -> None:
        super().__init__()
        inside = (1, channels, channels)
        self.norm = nn.BatchNorm2d(1)
        self.front = nn.Sequential(
            *(ResidualPool(c, channels, pool) for c, pool in zip(inside, _POOLS, strict=True))
        )
        self.tokens = nn.Linear(MEL_BANDS // 8 * channels, width)
        self.class_token = nn.Parameter(torch.randn(1, 1, width) * 0.02)
        self.positions = nn.Parameter(torch.randn(1, _POSITIONS, width) * 0.02)
        self.layers = nn.ModuleList([Layer(width, heads) for _ in range(layers)])
        self.head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, tags))
        self.width = width

    def forward(self, mel: Tensor) -> Tensor:
        """Map mel spectrograms in decibels, [n, 128, frames], to logits, [n, tags]."""
        logits: Tensor = self.head(self._class(mel))
        return logits

    def embed(self, mel: Tensor) -> Tensor:
        """Return what the class token has gathered, [n, width], the input of the last layer."""
        vectors: Tensor = self.head[0](self._class(mel))
        return vectors

    def _class(self, mel: Tensor) -> Tensor:
        if mel.shape[-1] < _SHORTEST:
            mel = F.pad(mel, (0, _SHORTEST - mel.shape[-1]), mode="replicate")
        x = self.front(self.norm(mel.unsqueeze(1)))  # [n, channels, 16, frames / 4]
        x = self.tokens(x.permute(0, 3, 1, 2).flatten(2))
        x = torch.cat([self.class_token.expand(len(x), -1, -1), x], dim=1)
        x = F.dropout(x + self._places(x.shape[1]), _DROPOUT, self.training)
        for layer in self.layers:
            x = layer(x)
        return x[:, 0]

    def _places(self, count: int) -> Tensor:
        """Return the positions of a class token and its sequence, stretched where it is longer."""
        if count <= _POSITIONS:
            return self.positions[:, :count]
        first, rest = self.positions[:, :1], self.positions[:, 1:]
        stretched = F.interpolate(rest.transpose(1, 2), size=count - 1, mode="linear")
        return torch.cat([first, stretched.transpose(1, 2)], dim=1)
