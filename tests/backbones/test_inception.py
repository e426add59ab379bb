from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from workbench.backbones import inception
from workbench.backbones.inception import (
    InceptionNetwork,
    MixedModule,
    PooledConv,
    Stem,
    StrideModule,
    blocks,
)
from workbench.errors import WorkbenchError

MAPS = (64, 32, 16, 8, 4, 2, 1)  # after the stem and each block, for 128 bands and 129 frames


def convolution(inside: int, outside: int, size: int) -> int:
    """Weights of a convolution and its batch norm, by the published table."""
    return inside * outside * size * size + 2 * outside


def block_parameters(inside: int) -> int:
    """Weights of a stride and a mixed module, by the published table."""
    naive = convolution(inside, 48, 1)
    naive += convolution(inside, 64, 1) + convolution(64, 96, 3) + convolution(96, 96, 3)
    between = inside + 48 + 96
    mixed = convolution(between, 64, 1) + convolution(between, 32, 1)
    mixed += convolution(between, 48, 1) + convolution(48, 64, 5)
    mixed += convolution(between, 64, 1) + convolution(64, 96, 3) + convolution(96, 96, 3)
    return naive + mixed


def stem_parameters() -> int:
    return 2 + convolution(1, 64, 5)


def count(module: torch.nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def test_the_published_network_has_2_806_210_parameters() -> None:
    expected = stem_parameters() + block_parameters(64) + 5 * block_parameters(256)
    expected += 256 * 256 + 256
    assert count(InceptionNetwork()) == expected == 2_806_210


@pytest.mark.parametrize("width", [0.125, 1.0])
def test_maps_have_the_published_sizes(width: float) -> None:
    network = InceptionNetwork(width=width).eval()
    with torch.inference_mode():
        x = network.stem(torch.zeros(1, 128, 129))
        sizes = [tuple(x.shape[2:])]
        for layer in network.blocks:
            x = layer(x)
            assert x.shape[1] == layer.channels
            if isinstance(layer, MixedModule):
                sizes.append(tuple(x.shape[2:]))
    assert sizes == [(side, side) for side in MAPS]
    assert x.shape[1] == 256 if width == 1.0 else x.shape[1] % 8 == 0


def test_modules_have_the_published_channels() -> None:
    first = StrideModule(64)
    assert first.channels == 208
    assert StrideModule(256).channels == 400
    assert MixedModule(208).channels == 256
    assert Stem().channels == 64


def test_the_pool_of_a_stride_module_lets_all_inputs_pass() -> None:
    module = StrideModule(8, width=0.125).eval()
    x = torch.randn(1, 8, 10, 10)
    passed = module(x)[:, -8:]
    torch.testing.assert_close(passed, F.max_pool2d(x, 3, 2, 1))


@pytest.mark.parametrize("training", [True, False])
def test_pooling_after_the_convolution_equals_pooling_before_it(training: bool) -> None:
    torch.manual_seed(0)
    branch = PooledConv(6, 8).train(training)
    convolution, norm, _ = branch.conv
    with torch.no_grad():
        norm.running_mean.normal_()
        norm.running_var.uniform_(0.5, 2.0)
        norm.weight.normal_()  # negative ones too
        norm.bias.normal_()
    x = torch.randn(3, 6, 7, 9)
    pooled = F.avg_pool2d(x, 3, 1, 1)
    expected = F.relu(
        F.batch_norm(
            F.conv2d(pooled, convolution.weight),
            norm.running_mean.clone(),
            norm.running_var.clone(),
            norm.weight,
            norm.bias,
            training,
        )
    )
    torch.testing.assert_close(branch(x), expected, atol=1e-5, rtol=1e-5)
    assert (expected > 0).any()
    assert (expected == 0).any()


def test_embeddings_of_the_l2_norm_have_unit_length() -> None:
    torch.manual_seed(0)
    network = InceptionNetwork(size=32, width=0.125).eval()
    with torch.inference_mode():
        embedding = network(torch.randn(3, 128, 129))
    torch.testing.assert_close(embedding.norm(dim=1), torch.ones(3))
    assert not torch.allclose(embedding[0], embedding[1])


def test_embeddings_of_the_layer_norm_have_mean_0_and_variance_1() -> None:
    torch.manual_seed(0)
    network = InceptionNetwork(size=32, width=0.125, norm="layer").eval()
    with torch.inference_mode():
        embedding = network(5.0 * torch.randn(3, 128, 129))
    torch.testing.assert_close(embedding.mean(1), torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(embedding.var(1, correction=0), torch.ones(3), atol=1e-2, rtol=0)


@pytest.mark.parametrize("norm", ["l2", "layer"])
def test_silence_gives_finite_embeddings_and_gradients(norm: str) -> None:
    network = InceptionNetwork(size=16, width=0.125, norm=norm)
    network(torch.zeros(2, 128, 129)).square().sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in network.parameters())


def test_embeddings_are_single_precision_under_autocast() -> None:
    network = InceptionNetwork(size=16, width=0.125).eval()
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        embedding = network(torch.randn(2, 128, 129))
    assert embedding.dtype == torch.float32
    torch.testing.assert_close(embedding.norm(dim=1), torch.ones(2))


def test_an_item_embeds_alike_in_every_batch() -> None:
    network = InceptionNetwork(size=16, width=0.125).eval()
    x = torch.randn(3, 128, 129)
    with torch.inference_mode():
        apart = torch.cat([network(item[None]) for item in x])
        torch.testing.assert_close(network(x), apart, atol=1e-5, rtol=1e-5)


def test_width_scales_channels_to_multiples_of_eight() -> None:
    assert [inception.scaled(n, 0.5) for n in (32, 48, 64, 96)] == [16, 24, 32, 48]
    assert inception.scaled(32, 0.01) == 8
    layers = blocks(64, [(2, 2)], width=0.5)
    assert layers[1].channels == inception.scaled_block(0.5) == 32 + 32 + 48 + 16


def test_an_unknown_norm_is_refused_by_name() -> None:
    with pytest.raises(WorkbenchError, match="no norm 'l1'; choose one of l2, layer"):
        InceptionNetwork(norm="l1")
