"""Studios: the sound fonts and effects of performances."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from workbench.corpus.sound import Chain, draw_chain


@dataclass(frozen=True)
class Studio:
    """A sound font and a chain of effects that several performances share.

    Attributes
    ----------
    name
        Of its font and its number.
    font
        The sound font.
    chain
        The effects.
    """

    name: str
    font: Path
    chain: Chain


def draw_studios(fonts: tuple[Path, ...], count: int, *, seed: int) -> list[Studio]:
    """Return `count` studios, the fonts dealt in turn; one seed gives the same ones."""
    rng = np.random.default_rng(seed)
    return [
        Studio(f"{fonts[i % len(fonts)].stem} {i}", fonts[i % len(fonts)], draw_chain(rng))
        for i in range(count)
    ]
