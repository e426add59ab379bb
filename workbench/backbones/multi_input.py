"""The multi-input network of Ribecky et al. 2021, section 3.2.

Mel spectrogram, CENS chromagram and tempogram each pass a stem and two Inception blocks of their
own, which bring them to maps of 16 x 16; the maps are concatenated (3 x 256 channels) and four
more blocks follow. The paper does not say how 12 pitch classes and 384 lags become 16 rows; here
the chromagram is padded to 16 rows and only its time axis is halved, and the first pooling of the
tempogram takes six lags at once.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from workbench.backbones.inception import Embed, Stem, blocks, scaled_block
from workbench.errors import WorkbenchError

MAP = 16  # rows and columns at which the branches meet
_PITCH_CLASSES = 12
_HIDDEN = 256  # of the shortcut
_STEM_ROWS = 64  # rows after the stem of mel and tempogram


class MultiInputNetwork(nn.Module):
    """Three branches and a common trunk.

    Parameters
    ----------
    size
        Of the embedding: 256 for four dimensions, 258 or 384 for six.
    norm
        ``"layer"`` as published, or ``"l2"``.
    width
        Factor on all channels; 1 is the published network.
    tempogram_bins, tempogram_channels
        Rows of the tempogram, and the channels they are dealt to: 384 (autocorrelation lags) in
        one; each channel has a multiple of 64.
    shortcut
        Whether the mean of every row of chromagram and tempogram over the segment passes by the
        convolutions, through one hidden layer; not in the paper. Convolutions hardly tell one
        pitch class or one tempo from the next, since all rows look alike to them.

    Raises
    ------
    WorkbenchError
        If the rows of a channel of the tempogram are no multiple of 64.

    Examples
    --------
    >>> import torch
    >>> network = MultiInputNetwork(size=258)
    >>> inputs = torch.zeros(2, 128, 129), torch.zeros(2, 12, 129), torch.zeros(2, 384, 129)
    >>> network(*inputs).shape
    torch.Size([2, 258])
    """

    inputs = ("mel", "cens", "tempogram")

    def __init__(
        self,
        *,
        size: int = 384,
        norm: str = "layer",
        width: float = 1.0,
        tempogram_bins: int = 384,
        tempogram_channels: int = 1,
        shortcut: bool = False,
    ) -> None:
        super().__init__()
        bins, rest = divmod(tempogram_bins, tempogram_channels)
        if rest or bins % _STEM_ROWS:
            raise WorkbenchError(
                f"The tempogram branch needs a multiple of {_STEM_ROWS} rows a channel, not "
                f"{tempogram_bins} in {tempogram_channels}."
            )
        halve, time = (2, 2), (1, 2)
        mel, cens = Stem(width=width), Stem(width=width, pool=time)
        tempogram = Stem(width=width, pool=(bins // _STEM_ROWS, 2), inside=tempogram_channels)
        self.mel = _branch(mel, [halve, halve], width)
        self.cens = _branch(cens, [time, time], width)
        self.tempogram = _branch(tempogram, [halve, halve], width)
        self.trunk = blocks(3 * scaled_block(width), [halve] * 4, width=width)
        self.embed = Embed(scaled_block(width), size, norm)
        inputs = _PITCH_CLASSES + tempogram_bins
        self.shortcut = (
            nn.Sequential(
                nn.BatchNorm1d(inputs),
                nn.Linear(inputs, _HIDDEN),
                nn.ReLU(),
                nn.Linear(_HIDDEN, size),
            )
            if shortcut
            else None
        )

    def maps(self, mel: Tensor, cens: Tensor, tempogram: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the map of each branch, [n, channels, 16, 16] each."""
        padded = F.pad(cens, (0, 0, 2, 2))  # 12 pitch classes to 16 rows
        return self.mel(mel), self.cens(padded), self.tempogram(tempogram)

    def forward(self, mel: Tensor, cens: Tensor, tempogram: Tensor) -> Tensor:
        """Map segments to embeddings.

        Parameters
        ----------
        mel, cens, tempogram
            float32 [n, 128, 129], [n, 12, 129] and [n, tempogram_bins, 129].

        Returns
        -------
        float32 [n, size]
        """
        map_ = self.trunk(torch.cat(self.maps(mel, cens, tempogram), dim=1))
        if self.shortcut is None:
            return self.embed(map_)
        means = torch.cat([x.mean(dim=2) for x in (cens, tempogram)], dim=1)
        return self.embed(map_, self.shortcut(means))


def _branch(stem: Stem, strides: list[tuple[int, int]], width: float) -> nn.Sequential:
    return nn.Sequential(stem, blocks(stem.channels, strides, width=width))
