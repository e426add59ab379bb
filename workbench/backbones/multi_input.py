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
    positions
        Whether each branch learns an offset for every row of its input; not in the paper.

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
        positions: bool = False,
    ) -> None:
        super().__init__()
        bins, rest = divmod(tempogram_bins, tempogram_channels)
        if rest or bins % _STEM_ROWS:
            raise WorkbenchError(
                f"The tempogram branch needs a multiple of {_STEM_ROWS} rows a channel, not "
                f"{tempogram_bins} in {tempogram_channels}."
            )
        halve, time = (2, 2), (1, 2)
        rows = {"mel": 128, "cens": MAP, "tempogram": bins} if positions else {}
        mel = Stem(width=width, rows=rows.get("mel", 0))
        cens = Stem(width=width, pool=time, rows=rows.get("cens", 0))
        tempogram = Stem(
            width=width,
            pool=(bins // _STEM_ROWS, 2),
            inside=tempogram_channels,
            rows=rows.get("tempogram", 0),
        )
        self.mel = _branch(mel, [halve, halve], width)
        self.cens = _branch(cens, [time, time], width)
        self.tempogram = _branch(tempogram, [halve, halve], width)
        self.trunk = blocks(3 * scaled_block(width), [halve] * 4, width=width)
        self.embed = Embed(scaled_block(width), size, norm)

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
        return self.embed(self.trunk(torch.cat(self.maps(mel, cens, tempogram), dim=1)))


def _branch(stem: Stem, strides: list[tuple[int, int]], width: float) -> nn.Sequential:
    return nn.Sequential(stem, blocks(stem.channels, strides, width=width))
