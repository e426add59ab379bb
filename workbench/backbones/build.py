"""Networks by name and size."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from workbench.backbones.card import NetworkShape
from workbench.backbones.inception import InceptionNetwork
from workbench.backbones.multi_input import MultiInputNetwork
from workbench.backbones.siamese import SiameseNetwork
from workbench.errors import UnknownNameError, WorkbenchError
from workbench.features.segments import TEMPOGRAMS

__all__ = ["NETWORKS", "NetworkShape", "build", "embed_segments"]

NETWORKS: dict[str, type[nn.Module]] = {
    "multi-input": MultiInputNetwork,
    "inception": InceptionNetwork,
    "siamese": SiameseNetwork,
}


def build(shape: NetworkShape) -> nn.Module:
    """Return the network of a shape with random weights.

    Raises
    ------
    UnknownNameError
        If there is no such network, tempogram or norm.
    WorkbenchError
        If a number makes no sense.
    """
    for name, known in ((shape.network, NETWORKS), (shape.tempogram, TEMPOGRAMS)):
        if name not in known:
            raise UnknownNameError(f"There is no {name!r}; choose one of {', '.join(known)}.")
    if not (1 <= shape.size <= 4096 and 0.0 < shape.width <= 4.0 and 0 <= shape.chroma_s <= 60):
        raise WorkbenchError(
            "An embedding has 1 to 4096 numbers, a width is at most 4, chroma context 60 s."
        )
    options: dict[str, Any] = {"size": shape.size, "norm": shape.norm, "width": shape.width}
    if shape.network == "multi-input":
        rows, channels = TEMPOGRAMS[shape.tempogram]
        options |= {"tempogram_bins": rows, "tempogram_channels": channels}
        options["shortcut"] = shape.shortcut
    return NETWORKS[shape.network](**options)


def embed_segments(network: nn.Module, segments: dict[str, Tensor]) -> Tensor:
    """Return the embeddings of segments, float32 [n, size]."""
    inputs: tuple[str, ...] = network.inputs  # type: ignore[assignment]
    result: Tensor = network(*(segments[name] for name in inputs))
    return result
