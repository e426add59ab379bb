"""The noise of the noisy student: which augmentations, how often and how strongly.

WO 2023/003505, paragraph 39, lists eight with ranges and "a probability p in {0.3, 0.7}". The
library that the authors used has other ranges for two of them, and its reading of the filters is
the likely one: the patent's would leave what lies above 2.2 kHz, or below 1.2 kHz.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.audio import effects
from workbench.errors import UnknownNameError

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Effect:
    """How often a sound meets an effect, and how strongly: evenly between `low` and `high`.

    `step` above 0 draws from ``low, low + step, ..., high`` alone.
    """

    probability: float
    low: float = 0.0
    high: float = 0.0
    step: float = 0.0


@dataclass(frozen=True)
class Noise:
    """The eight effects in the order in which they are applied.

    Attributes
    ----------
    polarity, noise, gain, high_pass, low_pass, delay, pitch, reverb
        Turned over; noise in parts of the sound's RMS; gain in dB; cutoffs in Hz; delay in ms;
        pitch in semitones; the size of a room, 0 to 100.
    one_filter
        A sound meets at most one of the two filters; their probabilities add up to 1 at most.
    """

    polarity: Effect
    noise: Effect
    gain: Effect
    high_pass: Effect
    low_pass: Effect
    delay: Effect
    pitch: Effect
    reverb: Effect
    one_filter: bool

    def __call__(self, sounds: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Return sounds with noise, float32 [n, samples]; each sound draws its own.

        Parameters
        ----------
        sounds
            Mono at 22.05 kHz, float32 [n, samples].
        generator
            The source of chance, on the CPU.
        """
        import torch

        lots = {name: torch.rand(len(sounds), generator=generator) for name in EFFECTS}
        if self.one_filter:  # one lot decides: the low-pass has the high end of the range
            lots["low_pass"] = 1.0 - lots["high_pass"]
        result = sounds.clone()
        for name in EFFECTS:
            effect: Effect = getattr(self, name)
            drawn = torch.rand(len(sounds), generator=generator)
            strength = effect.low + drawn * (effect.high - effect.low)
            if effect.step:
                count = round((effect.high - effect.low) / effect.step) + 1
                strength = effect.low + (drawn * count).floor() * effect.step
            met = (lots[name] < effect.probability).nonzero()[:, 0]
            if len(met):
                where = met.to(sounds.device)
                chosen, by = result[where], strength[met].to(sounds)
                result[where] = _apply(name, chosen, by, generator)
        return result


EFFECTS = ("polarity", "noise", "gain", "high_pass", "low_pass", "delay", "pitch", "reverb")

# The authors' code and the library it calls. Its reverb is SoX's; ours decays as long.
REFERENCE = Noise(
    polarity=Effect(0.8),
    noise=Effect(0.3, 0.3, 0.5),
    gain=Effect(0.2, -20.0, -1.0),
    high_pass=Effect(0.4, 200.0, 1200.0),
    low_pass=Effect(0.4, 2200.0, 4000.0),
    delay=Effect(0.5, 200.0, 500.0, 50.0),
    pitch=Effect(0.4, -7.0, 7.0, 1.0),
    reverb=Effect(0.3, 0.0, 100.0),
    one_filter=True,
)
# As the patent has it. A probability drawn evenly from 0.3 to 0.7 for each sound comes to 0.5.
PATENT = Noise(
    polarity=Effect(0.5),
    noise=Effect(0.5, 0.3, 0.5),
    gain=Effect(0.5, -20.0, -1.0),
    high_pass=Effect(0.5, 2200.0, 4000.0),
    low_pass=Effect(0.5, 200.0, 1200.0),
    delay=Effect(0.5, 200.0, 500.0),
    pitch=Effect(0.5, -7.0, 7.0, 1.0),
    reverb=Effect(0.5, 0.0, 100.0),
    one_filter=False,
)
NONE = Noise(**dict.fromkeys(EFFECTS, Effect(0.0)), one_filter=True)
NOISES = {"none": NONE, "reference": REFERENCE, "patent": PATENT}


def find_noise(name: str) -> Noise:
    """Return a preset.

    Raises
    ------
    UnknownNameError
        If there is none of this name.
    """
    if name not in NOISES:
        raise UnknownNameError(
            f"There are no augmentations {name!r}; choose one of {', '.join(NOISES)}."
        )
    return NOISES[name]


def _apply(
    name: str, sounds: torch.Tensor, by: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    match name:
        case "polarity":
            return effects.inverted(sounds)
        case "noise":
            return effects.with_noise(sounds, by, generator)
        case "gain":
            return effects.with_gain(sounds, by)
        case "high_pass":
            return effects.high_passed(sounds, by)
        case "low_pass":
            return effects.low_passed(sounds, by)
        case "delay":
            return effects.with_echo(sounds, by)
        case "pitch":
            return effects.pitch_shifted(sounds, by)
        case _:
            return effects.in_room(sounds, by, generator)
