from __future__ import annotations

import pytest
import torch

from workbench.backbones.short_chunk import ShortChunkNetwork
from workbench.backbones.tagger_card import TaggerShape
from workbench.backbones.tagger_store import build_tagger


def test_the_published_width_has_twelve_million_parameters() -> None:
    network = build_tagger(TaggerShape(network="short-chunk"), 50)
    assert round(sum(p.numel() for p in network.parameters()) / 1e6, 1) == 12.1


def test_seven_blocks_leave_one_band_and_a_128th_of_the_frames() -> None:
    network = ShortChunkNetwork(tags=3, channels=2).eval()
    assert network.blocks(torch.randn(1, 1, 128, 384)).shape == (1, 8, 1, 3)


@pytest.mark.parametrize("frames", [1, 127, 159, 1292])
def test_any_length_comes_out_as_logits(frames: int) -> None:
    network = ShortChunkNetwork(tags=3, channels=2).eval()
    mel = torch.randn(2, 128, frames)
    assert network(mel).shape == (2, 3)
    assert network.embed(mel).shape == (2, 8)
    assert network.width == 8


def test_the_loudest_moment_of_each_channel_decides() -> None:
    torch.manual_seed(0)
    network = ShortChunkNetwork(tags=3, channels=2).eval()
    mel = torch.randn(2, 128, 512)
    with torch.no_grad():
        seen = network.blocks(network.norm(mel[:, None]))
        naive = torch.tensor([[max(c.flatten().tolist()) for c in sound] for sound in seen])
        torch.testing.assert_close(network.embed(mel), network.hidden(naive))
