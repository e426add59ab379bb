"""Studios: the sound fonts and effects of performances, and what they sound like."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from workbench.corpus.sound import Chain, draw_chain

_ROOMY = 0.15  # share of the room times its length in seconds
_BRIGHTER = 2.0  # dB of shelf, with an octave of low-pass for four of them
_MIDDLE_HZ = 6000.0


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

    @property
    def sound(self) -> str:
        """How it sounds: dry or roomy, and dark, neutral or bright."""
        chain = self.chain
        room = "roomy" if chain.wet * chain.reverb_s > _ROOMY else "dry"
        brightness = float(np.clip(chain.shelf_db, -12, 12))
        brightness += 4.0 * float(np.log2(chain.high_hz / _MIDDLE_HZ))
        if abs(brightness) <= _BRIGHTER:
            return f"{room} neutral"
        return f"{room} {'bright' if brightness > 0 else 'dark'}"


def draw_studios(fonts: tuple[Path, ...], count: int, *, seed: int) -> list[Studio]:
    """Return `count` studios, the fonts dealt in turn; one seed gives the same ones."""
    rng = np.random.default_rng(seed)
    return [
        Studio(f"{fonts[i % len(fonts)].stem} {i}", fonts[i % len(fonts)], draw_chain(rng))
        for i in range(count)
    ]
