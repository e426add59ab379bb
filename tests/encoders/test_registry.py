from __future__ import annotations

from pathlib import Path

import pytest

from workbench.encoders import registry
from workbench.encoders.base import encoder_key
from workbench.encoders.musicnn.install import weights_file
from workbench.errors import UnknownNameError


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path))
    registry.load_encoder.cache_clear()


def test_every_encoder_names_its_licence_and_how_to_get_it() -> None:
    for info in registry.list_encoders():
        assert info.licence
        assert info.installed or info.install


def test_without_musicnn_the_default_is_the_encoder_without_that_block() -> None:
    assert registry.default_encoder().key == "descriptors-1"


def test_with_musicnn_it_is_preferred() -> None:
    weights_file().parent.mkdir(parents=True)
    weights_file().touch()
    assert registry.default_encoder().key == "musicnn-descriptors-1"


def test_what_is_not_installed_is_refused_with_the_command_that_installs_it() -> None:
    with pytest.raises(UnknownNameError, match="workbench encoders install musicnn"):
        registry.load_encoder("musicnn-descriptors-1")


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match="descriptors-1"):
        registry.load_encoder("mert")


def test_a_loaded_encoder_is_what_the_registry_says() -> None:
    encoder = registry.load_encoder("descriptors-1")
    assert encoder_key(encoder) == "descriptors-1"
    assert encoder.licence == registry.list_encoders()[1].licence
