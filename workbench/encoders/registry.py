"""The encoders there are: installed, installable, and under which licence."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from workbench.encoders.base import Encoder
from workbench.errors import UnknownNameError


@dataclass(frozen=True)
class EncoderInfo:
    """What the registry knows of an encoder without loading it."""

    key: str
    description: str
    licence: str
    installed: bool
    install: str = ""


def list_encoders() -> list[EncoderInfo]:
    """Return all known encoders, the preferred one first."""
    from workbench.encoders.musicnn.install import weights_file

    return [
        EncoderInfo(
            "musicnn-descriptors-1",
            "musicnn's penultimate layer, key profiles, folded tempogram, CENS, timbre, character",
            "ISC (musicnn weights), BSD-3-Clause",
            weights_file().is_file(),
            "workbench encoders install musicnn",
        ),
        EncoderInfo(
            "descriptors-1",
            "key profiles, folded tempogram, CENS, timbre, character",
            "BSD-3-Clause",
            True,
        ),
    ]


def default_encoder() -> EncoderInfo:
    """Return the best encoder that is installed."""
    return next(info for info in list_encoders() if info.installed)


@lru_cache(maxsize=2)
def load_encoder(key: str) -> Encoder:
    """Return an encoder ready for use.

    Raises
    ------
    UnknownNameError
        If there is no such encoder or it is not installed.
    """
    from workbench.encoders.descriptors import DescriptorEncoder
    from workbench.encoders.musicnn.install import load_weights
    from workbench.encoders.musicnn.network import MusicNN

    known = {info.key: info for info in list_encoders()}
    if key not in known:
        raise UnknownNameError(f"There is no encoder {key!r}; choose one of {', '.join(known)}.")
    if not known[key].installed:
        raise UnknownNameError(f"Encoder {key} is not installed; run `{known[key].install}`.")
    return DescriptorEncoder(MusicNN(load_weights()) if key.startswith("musicnn") else None)
