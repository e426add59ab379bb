"""Networks by name and size."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from torch import Tensor, nn

from workbench.backbones.inception import InceptionNetwork
from workbench.backbones.multi_input import MultiInputNetwork
from workbench.backbones.siamese import SiameseNetwork
from workbench.corpus.segments import TEMPOGRAMS
from workbench.errors import UnknownNameError, WorkbenchError

NETWORKS: dict[str, type[nn.Module]] = {
    "multi-input": MultiInputNetwork,
    "inception": InceptionNetwork,
    "siamese": SiameseNetwork,
}


@dataclass(frozen=True)
class NetworkShape:
    """All that is needed to build a network whose weights are in a file.

    Attributes
    ----------
    network
        ``multi-input``, ``inception`` or ``siamese``.
    size, norm, width
        See `workbench.backbones.inception.InceptionNetwork`.
    tempogram
        ``cyclic`` or ``autocorrelation``; only the multi-input network reads it.
    """

    network: str = "multi-input"
    size: int = 384
    norm: str = "layer"
    width: float = 0.5
    tempogram: str = "cyclic"

    def build(self) -> nn.Module:
        """Return the network with random weights.

        Raises
        ------
        UnknownNameError
            If there is no such network or tempogram.
        WorkbenchError
            If a number makes no sense.
        """
        for name, known in ((self.network, NETWORKS), (self.tempogram, TEMPOGRAMS)):
            if name not in known:
                raise UnknownNameError(f"There is no {name!r}; choose one of {', '.join(known)}.")
        if not (1 <= self.size <= 4096 and 0.0 < self.width <= 4.0):
            raise WorkbenchError("An embedding has 1 to 4096 numbers and a width is at most 4.")
        options: dict[str, Any] = {"size": self.size, "norm": self.norm, "width": self.width}
        if self.network == "multi-input":
            options["tempogram_bins"] = TEMPOGRAMS[self.tempogram]
        return NETWORKS[self.network](**options)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for a card."""
        return asdict(self)


def embed_segments(network: nn.Module, segments: dict[str, Tensor]) -> Tensor:
    """Return the embeddings of segments, float32 [n, size]."""
    result: Tensor = network(*(segments[name] for name in network.inputs))  # type: ignore[union-attr]
    return result
