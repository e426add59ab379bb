from __future__ import annotations

import pytest
import torch
from torch import nn

from workbench.backbones.tagger_card import PUBLISHED, SMALL, TaggerShape
from workbench.backbones.tagger_store import build_tagger
from workbench.backbones.transformer import Layer, MusicTaggingTransformer, ResidualPool
from workbench.errors import UnknownNameError, WorkbenchError


def parameters(network: nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


def tiny(**changes: int) -> MusicTaggingTransformer:
    torch.manual_seed(0)
    options = {"tags": 5, "channels": 4, "width": 16, "layers": 2, "heads": 4} | changes
    return MusicTaggingTransformer(**options).eval()


@pytest.mark.parametrize(("shape", "millions"), [(PUBLISHED, 4.57), (SMALL, 0.49)])
def test_the_published_sizes_have_the_published_numbers_of_parameters(
    shape: TaggerShape, millions: float
) -> None:
    assert round(parameters(build_tagger(shape, 50)) / 1e6, 2) == millions


def test_ten_seconds_become_107_tokens_and_a_class_token() -> None:
    network = tiny()
    seen: list[torch.Size] = []
    network.layers[0].register_forward_hook(lambda _m, inputs, _o: seen.append(inputs[0].shape))
    network(torch.randn(1, 128, 431))
    assert seen == [(1, 108, 16)]


def test_any_number_of_tags_and_any_length_come_out_as_logits() -> None:
    for frames in (1, 3, 4, 129, 431, 1292, 3000):
        for tags in (1, 7):
            out = tiny(tags=tags)(torch.randn(2, 128, frames))
            assert out.shape == (2, tags)
            assert bool(out.isfinite().all())


def test_width_and_depth_are_parameters() -> None:
    assert parameters(tiny(layers=3)) - parameters(tiny(layers=2)) == parameters(Layer(16, 4))
    assert tiny(width=32).embed(torch.randn(1, 128, 40)).shape == (1, 32)


def test_logits_are_the_last_layer_of_the_embedding() -> None:
    network, mel = tiny(), torch.randn(3, 128, 60)
    torch.testing.assert_close(network(mel), network.head[1](network.embed(mel)))


def test_a_layer_computes_what_torchs_own_encoder_layer_does() -> None:
    torch.manual_seed(1)
    ours = Layer(16, 4).eval()
    theirs = nn.TransformerEncoderLayer(
        16, 4, 64, activation="gelu", batch_first=True, norm_first=True
    ).eval()
    first, wide, narrow = ours.perceptron[0], ours.perceptron[1], ours.perceptron[4]
    with torch.no_grad():
        theirs.self_attn.in_proj_weight.copy_(ours.queries_keys_values.weight)
        theirs.self_attn.in_proj_bias.zero_()
        for to, origin in (
            (theirs.self_attn.out_proj, ours.joined),
            (theirs.linear1, wide),
            (theirs.linear2, narrow),
            (theirs.norm1, ours.attention_norm),
            (theirs.norm2, first),
        ):
            to.load_state_dict(origin.state_dict())
        x = torch.randn(2, 9, 16)
        torch.testing.assert_close(ours(x), theirs(x), atol=1e-5, rtol=1e-5)


def test_a_front_block_adds_a_shortcut_before_it_pools() -> None:
    torch.manual_seed(2)
    block = ResidualPool(3, 3, (2, 1)).eval()
    x = torch.randn(1, 3, 6, 5)
    with torch.no_grad():
        y = block.second_norm(block.second(torch.relu(block.first_norm(block.first(x)))))
        naive = torch.relu(y + x)
        pooled = torch.stack([naive[:, :, 2 * i : 2 * i + 2].amax(2) for i in range(3)], 2)
        torch.testing.assert_close(block(x), pooled)


def test_positions_tell_an_order_from_another() -> None:
    torch.manual_seed(3)
    network = tiny()
    with torch.no_grad():
        network.positions.normal_()
        mel = torch.randn(1, 128, 400)
        assert not torch.allclose(network(mel), network(mel.flip(2)), atol=1e-4)


def test_longer_sounds_than_the_positions_reach_stretch_them() -> None:
    network = tiny()
    with torch.no_grad():
        network.positions[0, 1:, 0] = torch.arange(512.0)
    places = network._places(1025)
    assert places.shape == (1, 1025, 16)
    torch.testing.assert_close(places[:, 0], network.positions[:, 0])
    slope = places[0, 1:, 0].detach().diff()
    assert bool((slope >= 0).all())
    assert abs(float(slope[10:-10].mean()) - 0.5) < 1e-3


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"width": 20}, "does not divide by 8 heads"),
        ({"channels": 0}, "1 to 1024"),
        ({"layers": 65}, "layers 1 to 64"),
        ({"seconds": 0.5}, "1 to 60 seconds"),
    ],
)
def test_shapes_that_make_no_sense_are_refused(changes: dict[str, float], words: str) -> None:
    with pytest.raises(WorkbenchError, match=words):
        build_tagger(TaggerShape(**changes), 5)  # type: ignore[arg-type]


def test_an_unknown_network_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="transformer, short-chunk"):
        build_tagger(TaggerShape(network="resnet"), 5)
