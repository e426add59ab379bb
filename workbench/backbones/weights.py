"""Weights on disk: safetensors whose hash and shapes are checked before anything is loaded."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from workbench.errors import StorageError
from workbench.files import atomic_write


def write_weights(file: Path, state: Mapping[str, Tensor], *, half: bool = False) -> str:
    """Write arrays and return the hash of the file, hexadecimal.

    Parameters
    ----------
    file
        A safetensors file; its folder is made.
    state
        The arrays by name.
    half
        In half precision, which halves the file and changes results in the fourth digit.
    """
    from safetensors.torch import save

    def stored(array: Tensor) -> Tensor:
        array = array.detach().cpu()
        return (array.half() if half and array.is_floating_point() else array).contiguous()

    data = save({name: stored(array) for name, array in state.items()})
    file.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(file) as stream:
        stream.write(data)
    return hashlib.sha256(data).hexdigest()


def read_weights(file: Path, sha256: str, like: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return arrays of the names, shapes and types of others.

    Parameters
    ----------
    file
        A safetensors file.
    sha256
        The hash that its card names.
    like
        What the network needs.

    Raises
    ------
    StorageError
        If the file is missing or changed, or its arrays are others or not finite.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        data = file.read_bytes()
        if hashlib.sha256(data).hexdigest() != sha256:
            raise StorageError(f"{file}: not the weights its card names; restore the folder.")
        found = load(data)
    except (OSError, SafetensorError) as error:
        raise StorageError(f"{file}: cannot be loaded ({error}).") from error
    shapes = {k: tuple(v.shape) for k, v in found.items()}
    wanted = {k: tuple(v.shape) for k, v in like.items()}
    odd = sorted(k for k in wanted.keys() | shapes.keys() if wanted.get(k) != shapes.get(k))
    if odd:
        raise StorageError(
            f"{file}: {odd[0]} has shape {shapes.get(odd[0])}, and the network of the card needs "
            f"{wanted.get(odd[0])} ({len(odd)} arrays differ)."
        )
    if not all(bool(torch.isfinite(v).all()) for v in found.values()):
        raise StorageError(f"{file}: holds numbers that are not finite.")
    return {name: array.to(like[name].dtype) for name, array in found.items()}
