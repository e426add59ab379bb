"""The networks of relations: small encoders of twelve seconds of sound, of tonal notes, of drums.

One architecture with weights of its own for each of the three (US 12,394,399: different models for
audio and symbolic items, trained to map into the same subspaces). A vector of statistics, a
chromagram that is read alike in every key, and bands over time meet in one hidden layer, from which
come one unit vector per relation and, for notes, what the sound's own vector would have been.
"""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from workbench.backbones.relation_store import RelationShape
from workbench.features.notes import DRUM_SOUNDS, DRUM_WIDTH, TONAL_WIDTH
from workbench.features.reduced import BANDS

MUSICNN_WIDTH = 200
_HIDDEN = 320
_STATISTICS = 256
_CHROMA = (16, 32, 64)
_REACH = (11, 5, 5)  # pitch classes that a convolution sees
_BANDS = (48, 64, 96)


class Windows(NamedTuple):
    """What a network reads of n windows: [n, vector], [n, 12, columns] and [n, bands, columns]."""

    vector: Tensor
    chroma: Tensor
    bands: Tensor


class ChromaBranch(nn.Module):
    """Convolutions that go round the twelve pitch classes; the same in every key.

    The maximum over the pitch classes forgets the key (as key-invariant networks for cover songs
    do); what the key is, the statistics say.
    """

    def __init__(self) -> None:
        super().__init__()
        sizes = (1, *_CHROMA)
        self.convolutions = nn.ModuleList(
            nn.Conv2d(a, b, (height, 5), bias=False)
            for a, b, height in zip(sizes[:-1], sizes[1:], _REACH, strict=True)
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(size) for size in _CHROMA)
        self.size = 2 * _CHROMA[-1]

    def forward(self, chroma: Tensor) -> Tensor:
        """Map [n, 12, columns] to [n, size]."""
        x = chroma[:, None].contiguous(memory_format=torch.channels_last)
        x = F.avg_pool2d(x, (1, 2))  # it is smooth over a second
        layers = zip(self.convolutions, self.norms, _REACH, strict=True)
        for convolution, norm, height in layers:
            around = height // 2
            x = F.pad(x, (0, 0, around, around), mode="circular")
            x = F.max_pool2d(F.relu(norm(convolution(F.pad(x, (2, 2))))), (1, 2))
        over_time = x.mean(dim=3)
        return torch.cat([over_time.amax(dim=2), over_time.mean(dim=2)], dim=1)


class BandBranch(nn.Module):
    """Convolutions along the time of some bands."""

    def __init__(self, bands: int) -> None:
        super().__init__()
        sizes = (bands, *_BANDS)
        self.layers = nn.Sequential(
            nn.BatchNorm1d(bands),
            *(
                layer
                for a, b in pairwise(sizes)
                for layer in (
                    nn.Conv1d(a, b, 5, padding=2, bias=False),
                    nn.BatchNorm1d(b),
                    nn.ReLU(),
                    nn.MaxPool1d(2),
                )
            ),
        )
        self.size = 2 * _BANDS[-1]

    def forward(self, bands: Tensor) -> Tensor:
        """Map [n, bands, columns] to [n, size]."""
        x = self.layers(bands)
        return torch.cat([x.mean(dim=2), x.amax(dim=2)], dim=1)


class RelationNetwork(nn.Module):
    """One of the three encoders.

    Parameters
    ----------
    vector
        Width of the statistics.
    bands
        Rows of the bands.
    relations, size
        How many unit vectors come out, and of how many numbers.
    tonal
        Whether there is a chromagram to read.
    predicted
        Width of the sound's own vector where it is to be predicted; 0 leaves it out.

    Examples
    --------
    >>> import torch
    >>> network = RelationNetwork(vector=20, bands=12, relations=3, size=8).eval()
    >>> network(torch.zeros(2, 20), torch.zeros(2, 12, 129), torch.zeros(2, 12, 258))[0].shape
    torch.Size([2, 24])
    """

    def __init__(
        self,
        *,
        vector: int,
        bands: int,
        relations: int,
        size: int,
        tonal: bool = True,
        predicted: int = 0,
    ) -> None:
        super().__init__()
        self.relations = relations
        self.norm = nn.BatchNorm1d(vector, affine=False)
        self.statistics = nn.Sequential(nn.Dropout(0.2), nn.Linear(vector, _STATISTICS), nn.ReLU())
        self.chroma = ChromaBranch() if tonal else None
        self.bands = BandBranch(bands)
        joined = _STATISTICS + self.bands.size + (self.chroma.size if self.chroma else 0)
        self.hidden = nn.Sequential(
            nn.BatchNorm1d(joined), nn.Dropout(0.2), nn.Linear(joined, _HIDDEN), nn.ReLU()
        )
        self.out = nn.Linear(_HIDDEN, relations * size)
        self.predict = nn.Linear(_HIDDEN, predicted) if predicted else None

    def forward(self, vector: Tensor, chroma: Tensor, bands: Tensor) -> tuple[Tensor, Tensor]:
        """Map windows to relations and to what the sound's vector would be.

        Parameters
        ----------
        vector
            Statistics, [n, vector].
        chroma
            [n, 12, columns].
        bands
            [n, bands, columns].

        Returns
        -------
        relations : float [n, relations * size]
            Before they are brought to unit length, so that those of several windows, or of tonal
            notes and drums, can be added.
        predicted : float [n, predicted]
        """
        seen = [self.statistics(self.norm(vector).clamp(-6, 6)), self.bands(bands)]
        if self.chroma is not None:
            seen.append(self.chroma(chroma))
        hidden = self.hidden(torch.cat(seen, dim=1))
        nothing = hidden.new_zeros(len(hidden), 0)
        return self.out(hidden), nothing if self.predict is None else self.predict(hidden)


def unit_blocks(x: Tensor, relations: int) -> Tensor:
    """Return each relation's block of [n, relations * size] at unit length."""
    return F.normalize(x.unflatten(-1, (relations, -1)), dim=-1).flatten(-2)


class RelationNetworks(nn.Module):
    """The encoders of sound, tonal notes and drums, which map into the same subspaces.

    Parameters
    ----------
    shape
        What they are like.

    Attributes
    ----------
    mean, scale : float32 [vector]
        Of the vectors of sounds; the vectors predicted from notes are in these units.
    musicnn : float32 [200, vector + 1]
        A linear guess at what musicnn hears, from a vector in these units and a 1.
    """

    mean: Tensor
    scale: Tensor
    musicnn: Tensor

    def __init__(self, shape: RelationShape) -> None:
        super().__init__()
        self.shape = shape
        build = partial(RelationNetwork, relations=len(shape.relations), size=shape.size)
        self.of_sound = build(vector=shape.vector, bands=BANDS)
        self.of_tonal = build(vector=TONAL_WIDTH, bands=BANDS, predicted=shape.vector)
        self.of_drums = build(
            vector=DRUM_WIDTH, bands=DRUM_SOUNDS, tonal=False, predicted=shape.vector
        )
        self.register_buffer("mean", torch.zeros(shape.vector))
        self.register_buffer("scale", torch.ones(shape.vector))
        self.register_buffer("musicnn", torch.zeros(MUSICNN_WIDTH, shape.vector + 1))

    def sound(self, windows: Windows) -> Tensor:
        """Return the relations of windows of sound, float [n, relations * size], not normalised."""
        vector = (windows.vector - self.mean) / self.scale
        out: Tensor = self.of_sound(vector, windows.chroma, windows.bands)[0]
        return out

    def notes(self, tonal: Windows, drums: Windows, shares: Tensor) -> tuple[Tensor, Tensor]:
        """Return the relations of windows of notes, and the vectors their sound would have.

        Parameters
        ----------
        tonal, drums
            The same windows, as both networks read them.
        shares
            How much is tonal and how much drums, float [n, 2], 0 or 1 where a window has one kind
            only.

        Returns
        -------
        relations : float [n, relations * size]
            Not normalised.
        predicted : float [n, vector]
            In units of `scale` from `mean`.
        """
        a = self._where(self.of_tonal, tonal, shares[:, 0])
        b = self._where(self.of_drums, drums, shares[:, 1])
        return a[0] + b[0], a[1] + b[1]

    def _where(
        self, network: RelationNetwork, windows: Windows, share: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return what a network says of the windows that have its kind of notes, else zeros."""
        rows = torch.nonzero(share > 0)[:, 0]
        widths = network.out.out_features, self.shape.vector
        found = [windows.vector.new_zeros(len(share), width) for width in widths]
        if len(rows):
            # Batch norm cannot learn from a single row.
            read = rows.repeat(2) if self.training and len(rows) == 1 else rows
            said = network(*(array[read] for array in windows))
            for whole, part in zip(found, said, strict=True):
                weighted = part[: len(rows)].float() * share[rows, None]
                whole.index_copy_(0, rows, weighted)
        return found[0], found[1]
