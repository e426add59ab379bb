"""Fetch the musicnn weights once per user; the package itself cannot be a dependency.

The wheel pins NumPy below 1.17 and TensorFlow, so only its checkpoint is taken: downloaded by pip
from the package index, verified by its hash, converted to safetensors and kept in the user's
cache folder with its licence.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from workbench.catalogue.media import content_hash
from workbench.encoders.musicnn.checkpoint import read_tensors
from workbench.errors import NotReadyError, StorageError
from workbench.files import atomic_write, write_text

_WHEEL = "musicnn-0.1.0-py3-none-any.whl"
_SHA256 = "f38a4890c648c1ddbb141c5d96d2b0a8cfcd36746002d896989f7b88beb65cfa"
_CHECKPOINT = "musicnn/MSD_musicnn/"


def cache_folder() -> Path:
    """Return where installed weights lie: ``WORKBENCH_CACHE``, else the user's cache folder."""
    chosen = os.environ.get("WORKBENCH_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    import platformdirs

    return Path(platformdirs.user_cache_dir("music-similarity-workbench"))


def weights_file() -> Path:
    """Return the file of the installed weights, whether or not it exists."""
    return cache_folder() / "musicnn" / "msd.safetensors"


def install() -> Path:
    """Download, verify and convert the weights; return their file.

    Raises
    ------
    NotReadyError
        If the package index cannot be reached or the download is not the expected one.
    """
    target = weights_file()
    if target.is_file():
        return target
    with tempfile.TemporaryDirectory() as folder:
        wheel = _download(Path(folder))
        if content_hash(wheel) != _SHA256:
            raise NotReadyError("The musicnn download is not the known file; nothing was kept.")
        with zipfile.ZipFile(wheel) as archive:
            tensors = read_tensors(
                archive.read(_CHECKPOINT + ".index"),
                archive.read(_CHECKPOINT + ".data-00000-of-00001"),
            )
            licence = archive.read("musicnn-0.1.0.dist-info/LICENSE.md").decode()
    _store(target, tensors, licence)
    return target


def load_weights() -> dict[str, np.ndarray]:
    """Return the installed weights by their TensorFlow names."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return load_file(weights_file())
    except (OSError, SafetensorError) as error:
        raise StorageError(
            f"{weights_file()} is damaged; delete it and run `workbench encoders install musicnn`."
        ) from error


def _download(folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--retries", "1"]
    command += ["--only-binary=:all:", "--dest", str(folder), "musicnn==0.1.0"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    except subprocess.TimeoutExpired as error:
        raise NotReadyError(
            "The package index does not answer; try `workbench encoders install musicnn` later."
        ) from error
    if done.returncode or not (folder / _WHEEL).is_file():
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        reason = lines[-1].removeprefix("ERROR: ") if lines else "pip gave no reason"
        raise NotReadyError(
            f"musicnn could not be downloaded ({reason.rstrip('.')}); the encoder works without "
            "it, with less knowledge of genre and instruments."
        )
    return folder / _WHEEL


def _store(target: Path, tensors: dict[str, np.ndarray], licence: str) -> None:
    from safetensors.numpy import save

    inference = {n: t for n, t in tensors.items() if t.ndim and "/Adam" not in n}
    write_text(target.with_name("LICENSE.md"), licence)
    with atomic_write(target) as stream:
        stream.write(save({name: np.ascontiguousarray(t) for name, t in inference.items()}))
