from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from workbench.encoders.musicnn import install as module
from workbench.errors import NotReadyError, StorageError


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_the_installed_weights_are_the_inference_variables(
    real_weights: dict[str, np.ndarray],
) -> None:
    assert len(real_weights) == 64
    assert all(w.dtype == np.float32 and np.isfinite(w).all() for w in real_weights.values())
    assert not [name for name in real_weights if "Adam" in name or "power" in name]
    licence = module.weights_file().with_name("LICENSE.md").read_text()
    assert "Permission to use, copy, modify" in licence


def test_an_index_that_cannot_be_reached_is_told_in_one_sentence(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    with pytest.raises(NotReadyError, match="the encoder works without it"):
        module.install()
    assert not module.weights_file().exists()


def test_a_download_that_is_not_the_known_file_is_not_kept(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def download(folder: Path) -> Path:
        with zipfile.ZipFile(folder / "musicnn.whl", "w") as archive:
            archive.writestr("musicnn/MSD_musicnn/.index", b"other")
        return folder / "musicnn.whl"

    monkeypatch.setattr(module, "_download", download)
    with pytest.raises(NotReadyError, match="not the known file"):
        module.install()
    assert not cache.exists()


def test_what_is_installed_is_not_fetched_again(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module.weights_file().parent.mkdir(parents=True)
    module.weights_file().write_bytes(b"here")
    monkeypatch.setattr(module, "_download", lambda folder: pytest.fail("fetched again"))
    assert module.install() == cache / "musicnn" / "msd.safetensors"


def test_damaged_weights_are_told_with_the_way_out(cache: Path) -> None:
    module.weights_file().parent.mkdir(parents=True)
    module.weights_file().write_bytes(b"\x80\x04pickle is never read")
    with pytest.raises(StorageError, match="encoders install musicnn"):
        module.load_weights()
