from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from workbench.backbones.folding import fold
from workbench.backbones.tagger_card import TaggerShape
from workbench.backbones.tagger_store import build_tagger


@pytest.mark.parametrize("name", ["transformer", "short-chunk"])
def test_a_folded_network_says_the_same_without_batch_norms_in_its_blocks(name: str) -> None:
    torch.manual_seed(0)
    network = build_tagger(TaggerShape(network=name, channels=3, width=8, heads=2), 4)
    network.train()
    mel = 20 * torch.randn(4, 128, 200) - 40
    for _ in range(3):
        network(mel)  # moves the running statistics
    network.eval()
    folded = fold(copy.deepcopy(network))
    with torch.inference_mode():
        torch.testing.assert_close(folded(mel), network(mel), atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(folded.embed(mel), network.embed(mel), atol=1e-4, rtol=1e-4)
    assert sum(isinstance(m, nn.BatchNorm2d) for m in folded.modules()) == 1  # of the input
