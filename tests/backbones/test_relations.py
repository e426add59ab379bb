from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from workbench.backbones.relation_store import (
    RelationCard,
    RelationShape,
    load_relations,
    save_relations,
)
from workbench.backbones.relations import (
    ChromaBranch,
    RelationNetworks,
    Windows,
    unit_blocks,
)
from workbench.errors import StorageError
from workbench.features.notes import DRUM_SOUNDS, DRUM_WIDTH, TONAL_WIDTH

SHAPE = RelationShape(("genre", "track"), size=4, vector=10)


@pytest.fixture
def networks() -> RelationNetworks:
    torch.manual_seed(0)
    return RelationNetworks(SHAPE).eval()


def windows(vector: int, bands: int, count: int = 3, seed: int = 0) -> Windows:
    generator = torch.Generator().manual_seed(seed)
    return Windows(
        torch.randn(count, vector, generator=generator),
        torch.rand(count, 12, 129, generator=generator),
        torch.rand(count, bands, 258, generator=generator),
    )


def test_the_chroma_branch_is_the_same_in_every_key() -> None:
    torch.manual_seed(0)
    branch = ChromaBranch().eval()
    chroma = torch.rand(2, 12, 129)
    with torch.inference_mode():
        plain, turned = branch(chroma), branch(torch.roll(chroma, 5, dims=1))
    torch.testing.assert_close(plain, turned, atol=1e-5, rtol=1e-4)
    with torch.inference_mode():
        assert not torch.allclose(plain, branch(chroma[:, torch.randperm(12)]), atol=1e-3)


def test_a_window_of_drums_alone_is_read_by_the_network_of_drums_alone(
    networks: RelationNetworks,
) -> None:
    tonal, drums = windows(TONAL_WIDTH, 24), windows(DRUM_WIDTH, DRUM_SOUNDS, seed=1)
    shares = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    with torch.inference_mode():
        both, predicted = networks.notes(tonal, drums, shares)
        a, b = networks.of_tonal(*tonal), networks.of_drums(*drums)
    for found, of_tonal, of_drums in zip((both, predicted), a, b, strict=True):
        torch.testing.assert_close(found[0], of_tonal[0])
        torch.testing.assert_close(found[1], of_drums[1])
        torch.testing.assert_close(found[2], of_tonal[2] + of_drums[2])


def test_a_batch_with_one_window_of_drums_can_be_learned_from(networks: RelationNetworks) -> None:
    networks.train()
    tonal, drums = windows(TONAL_WIDTH, 24), windows(DRUM_WIDTH, DRUM_SOUNDS, seed=1)
    for shares in ([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0]] * 3):
        found, _ = networks.notes(tonal, drums, torch.tensor(shares))
        found.sum().backward()
        assert found.isfinite().all()


def test_blocks_have_unit_length(networks: RelationNetworks) -> None:
    with torch.inference_mode():
        sound = unit_blocks(networks.sound(windows(10, 24)), 2)
    torch.testing.assert_close(sound.unflatten(1, (2, 4)).norm(dim=2), torch.ones(3, 2))


def test_networks_are_stored_in_half_precision_and_come_back(
    networks: RelationNetworks, tmp_path: Path
) -> None:
    card = save_relations(tmp_path, networks, RelationCard("7", SHAPE, "CC0"))
    loaded, read = load_relations(tmp_path)
    assert read == card
    parameters = sum(p.numel() for p in networks.state_dict().values())
    assert (tmp_path / "network.safetensors").stat().st_size < 2.2 * parameters + 20_000
    with torch.inference_mode():
        torch.testing.assert_close(
            loaded.sound(windows(10, 24)), networks.sound(windows(10, 24)), atol=2e-2, rtol=2e-2
        )


def test_changed_weights_and_cards_are_refused(networks: RelationNetworks, tmp_path: Path) -> None:
    save_relations(tmp_path, networks, RelationCard("7", SHAPE, "CC0"))
    card, weights = tmp_path / "card.json", tmp_path / "network.safetensors"
    good, data = card.read_text(), weights.read_bytes()
    weights.write_bytes(data[:-1] + b"\x01")
    with pytest.raises(StorageError, match="not the weights its card names"):
        load_relations(tmp_path)
    weights.write_bytes(data)
    for changed in ({"size": 5}, {"relations": ["genre", "genre"]}, {"size": "big"}):
        facts = json.loads(good)
        facts["shape"] |= changed
        card.write_text(json.dumps(facts))
        with pytest.raises(StorageError):
            load_relations(tmp_path)
    card.write_text("no card")
    with pytest.raises(StorageError, match="not the card"):
        load_relations(tmp_path)
