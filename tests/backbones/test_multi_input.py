from __future__ import annotations

import pytest
import torch

from workbench.backbones.multi_input import MultiInputNetwork
from workbench.backbones.siamese import SiameseNetwork
from workbench.errors import WorkbenchError
from workbench.subspaces.heads import mask_blocks


def convolution(inside: int, outside: int, size: int) -> int:
    return inside * outside * size * size + 2 * outside


def block_parameters(inside: int) -> int:
    between = inside + 144
    return (
        convolution(inside, 48, 1)
        + convolution(inside, 64, 1)
        + convolution(between, 64, 1)
        + convolution(between, 48, 1)
        + convolution(48, 64, 5)
        + convolution(between, 64, 1)
        + convolution(between, 32, 1)
        + 2 * (convolution(64, 96, 3) + convolution(96, 96, 3))
    )


def inputs(count: int, lags: int = 384) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    shapes = ((count, 128, 129), (count, 12, 129), (count, lags, 129))
    mel, cens, tempogram = (torch.rand(shape) for shape in shapes)
    return mel, cens, tempogram


@pytest.mark.parametrize("size", [256, 258, 384])
def test_parameters_are_those_of_three_branches_and_a_trunk(size: int) -> None:
    branch = 2 + convolution(1, 64, 5) + block_parameters(64) + block_parameters(256)
    trunk = block_parameters(768) + 3 * block_parameters(256)
    embed = 256 * size + size + 2 * size  # a convolution with a bias, and the layer norm
    network = MultiInputNetwork(size=size)
    assert sum(p.numel() for p in network.parameters()) == 3 * branch + trunk + embed


@pytest.mark.parametrize("lags", [384, 64])
def test_every_branch_ends_in_a_map_of_16_by_16(lags: int) -> None:
    network = MultiInputNetwork(tempogram_bins=lags).eval()
    with torch.inference_mode():
        maps = network.maps(*inputs(1, lags))
    assert [tuple(m.shape) for m in maps] == 3 * [(1, 256, 16, 16)]


def test_the_trunk_halves_the_map_four_times() -> None:
    network = MultiInputNetwork(width=0.125, tempogram_bins=64).eval()
    with torch.inference_mode():
        x = torch.cat(network.maps(*inputs(1, 64)), dim=1)
        sizes = []
        for layer in network.trunk:
            x = layer(x)
            sizes.append(tuple(x.shape[2:]))
    assert sizes[1::2] == [(8, 8), (4, 4), (2, 2), (1, 1)]


@pytest.mark.parametrize(("size", "dimensions"), [(256, 4), (258, 6), (384, 6)])
def test_published_sizes_divide_into_blocks(size: int, dimensions: int) -> None:
    network = MultiInputNetwork(size=size, width=0.125, tempogram_bins=64).eval()
    with torch.inference_mode():
        embedding = network(*inputs(2, 64))
    assert embedding.shape == (2, size)
    assert mask_blocks(size, dimensions).size == size
    torch.testing.assert_close(embedding.mean(1), torch.zeros(2), atol=1e-5, rtol=0)


def test_the_l2_norm_gives_unit_length() -> None:
    network = MultiInputNetwork(size=12, norm="l2", width=0.125, tempogram_bins=64).eval()
    with torch.inference_mode():
        embedding = network(*inputs(2, 64))
    torch.testing.assert_close(embedding.norm(dim=1), torch.ones(2))


@pytest.mark.parametrize("changed", [0, 1, 2])
def test_every_input_counts(changed: int) -> None:
    torch.manual_seed(0)
    network = MultiInputNetwork(size=12, width=0.125, tempogram_bins=64).eval()
    before = list(inputs(1, 64))
    after = list(before)
    after[changed] = torch.rand_like(before[changed]) + 1.0
    with torch.inference_mode():
        difference = (network(*before) - network(*after)).abs().max()
    assert difference > 1e-3


def test_gradients_reach_every_parameter() -> None:
    torch.manual_seed(0)
    network = MultiInputNetwork(size=12, width=0.125, tempogram_bins=64)
    (network(*inputs(3, 64)) * torch.randn(3, 12)).sum().backward()
    without = [n for n, p in network.named_parameters() if p.grad is None]
    assert not without
    assert all(torch.isfinite(p.grad).all() for p in network.parameters())


@pytest.mark.parametrize(("bins", "channels"), [(60, 1), (100, 1), (256, 3), (128, 4)])
def test_a_tempogram_that_cannot_be_pooled_is_refused(bins: int, channels: int) -> None:
    with pytest.raises(WorkbenchError, match=f"64 rows a channel, not {bins} in {channels}"):
        MultiInputNetwork(tempogram_bins=bins, tempogram_channels=channels)


def test_octaves_of_a_tempogram_are_channels() -> None:
    network = MultiInputNetwork(width=0.125, tempogram_bins=256, tempogram_channels=4).eval()
    stem = network.tempogram[0]
    tempogram = torch.rand(1, 256, 129)
    dealt = torch.stack([tempogram[:, 64 * i : 64 * (i + 1)] for i in range(4)], dim=1)
    convolution, norm, relu = stem.conv
    with torch.inference_mode():
        expected = stem.pool(relu(norm(convolution(stem.norm(dealt)))))
        torch.testing.assert_close(stem(tempogram), expected)
        assert network.maps(*inputs(1, 256))[2].shape[2:] == (16, 16)


def test_the_shortcut_adds_what_it_makes_of_mean_pitch_classes_and_tempi() -> None:
    torch.manual_seed(0)
    network = MultiInputNetwork(size=12, width=0.125, tempogram_bins=64, shortcut=True).eval()
    plain = MultiInputNetwork(size=12, width=0.125, tempogram_bins=64).eval()
    rows = 12 + 64
    extra = sum(p.numel() for p in network.parameters()) - sum(
        p.numel() for p in plain.parameters()
    )
    assert extra == 2 * rows + (rows * 256 + 256) + (256 * 12 + 12)
    missing, unexpected = plain.load_state_dict(network.state_dict(), strict=False)
    assert not missing
    assert all(name.startswith("shortcut.") for name in unexpected)
    given = inputs(2, 64)
    with torch.inference_mode():
        before_norm = plain.embed.conv(plain.trunk(torch.cat(plain.maps(*given), 1))).mean((2, 3))
        added = network.shortcut(torch.cat([x.mean(2) for x in given[1:]], 1))
        expected = network.embed.norm(before_norm + added)
        torch.testing.assert_close(network(*given), expected, atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(plain(*given), plain.embed.norm(before_norm))


def test_the_siamese_network_is_four_small_convolutions() -> None:
    channels = [(1, 32), (32, 64), (64, 128), (128, 128)]
    expected = 2 + sum(convolution(a, b, 3) for a, b in channels) + 128 * 128 + 128
    network = SiameseNetwork()
    assert sum(p.numel() for p in network.parameters()) == expected
    with torch.inference_mode():
        x = network.eval().layers(torch.zeros(1, 1, 128, 129))
        embedding = network(torch.rand(3, 128, 129))
    assert x.shape == (1, 128, 8, 8)
    torch.testing.assert_close(embedding.norm(dim=1), torch.ones(3))
