from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from workbench.encoders import registry
from workbench.encoders.base import encoder_key
from workbench.encoders.musicnn.install import weights_file
from workbench.errors import UnknownNameError
from workbench.subspaces.dimensions import DIMENSIONS


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path))
    registry.load_encoder.cache_clear()


def test_every_encoder_names_its_licence_and_how_to_get_it() -> None:
    for info in registry.list_encoders():
        assert info.licence
        assert info.installed or info.install


def test_without_musicnn_the_default_is_the_encoder_without_that_block() -> None:
    assert registry.default_encoder().key == "descriptors-4"


def test_with_musicnn_it_is_preferred() -> None:
    weights_file().parent.mkdir(parents=True)
    weights_file().touch()
    assert registry.default_encoder().key == "musicnn-descriptors-4"


def test_what_is_not_installed_is_refused_with_the_command_that_installs_it() -> None:
    with pytest.raises(UnknownNameError, match="workbench encoders install musicnn"):
        registry.load_encoder("musicnn-descriptors-4")


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match="descriptors-1"):
        registry.load_encoder("mert")


def test_vectors_of_weights_that_are_gone_are_answered_with_the_way_on() -> None:
    with pytest.raises(UnknownNameError, match="followed by descriptors-4: run `workbench embed`"):
        registry.load_encoder("descriptors-0")


@pytest.mark.parametrize("key", ["descriptors-4", "descriptors-1", "multi-input-2"])
def test_a_loaded_encoder_is_what_the_registry_says(key: str) -> None:
    encoder = registry.load_encoder(key)
    assert encoder_key(encoder) == key
    assert encoder.licence == registry.find_encoder(key).licence


def test_the_base_network_adds_a_block_for_each_of_its_dimensions() -> None:
    before, after = (registry.load_encoder(f"descriptors-{version}") for version in (1, 3))
    added = after.blocks.keys() - before.blocks.keys()
    assert added == {f"base {name}" for name in DIMENSIONS}
    assert {name: after.blocks[name] for name in before.blocks} == before.blocks
    sound = np.random.default_rng(0).normal(scale=0.1, size=4 * 22050).astype(np.float32)
    joined = after.encode([sound])[0]
    np.testing.assert_array_equal(joined[: before.dim], before.encode([sound])[0])
    alone = registry.load_encoder("multi-input-2").encode([sound])[0]
    np.testing.assert_array_equal(joined[before.dim :], alone)
