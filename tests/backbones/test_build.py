from __future__ import annotations

import pytest
import torch

from workbench.backbones.build import NETWORKS, NetworkShape, embed_segments
from workbench.errors import UnknownNameError, WorkbenchError

SMALL = {"size": 12, "width": 0.125}


def segments(rows: int) -> dict[str, torch.Tensor]:
    return {
        "tempogram": torch.rand(2, rows, 129),
        "cens": torch.rand(2, 12, 129),
        "mel": torch.rand(2, 128, 129),
    }


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize(
    ("tempogram", "rows"), [("cyclic", 64), ("octaves", 256), ("autocorrelation", 384)]
)
def test_every_network_embeds_segments_of_every_tempogram(
    network: str, tempogram: str, rows: int
) -> None:
    shape = NetworkShape(network=network, tempogram=tempogram, **SMALL)
    built = shape.build().eval()
    with torch.inference_mode():
        found = embed_segments(built, segments(rows))
    assert found.shape == (2, 12)
    assert found.dtype == torch.float32


def test_inputs_are_found_by_name_and_not_by_order() -> None:
    network = NetworkShape(tempogram="cyclic", **SMALL).build().eval()
    given = segments(64)
    with torch.inference_mode():
        expected = network(given["mel"], given["cens"], given["tempogram"])
        torch.testing.assert_close(embed_segments(network, given), expected)


def test_a_shape_is_rebuilt_from_its_plain_values() -> None:
    shape = NetworkShape(network="inception", norm="l2", **SMALL)
    again = NetworkShape(**shape.as_dict())
    assert again == shape
    state, other = shape.build().state_dict(), again.build().state_dict()
    assert {k: v.shape for k, v in state.items()} == {k: v.shape for k, v in other.items()}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"network": "resnet"}, "no 'resnet'; choose one of multi-input, inception, siamese"),
        ({"tempogram": "fourier"}, "no 'fourier'; choose one of autocorrelation, cyclic, octaves"),
    ],
)
def test_unknown_names_are_refused_with_the_known_ones(
    options: dict[str, str], message: str
) -> None:
    with pytest.raises(UnknownNameError, match=message):
        NetworkShape(**options).build()


@pytest.mark.parametrize(
    "options",
    [
        {"size": 0},
        {"size": 5000},
        {"width": 0.0},
        {"width": 5.0},
        {"chroma_s": -1.0},
        {"chroma_s": 99.0},
    ],
)
def test_senseless_numbers_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(
        WorkbenchError, match="1 to 4096 numbers, a width is at most 4, chroma context 60 s"
    ):
        NetworkShape(**options).build()
