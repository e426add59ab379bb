"""How fast taggers learn and listen on one core: ``python -m tests.benchmarks.tagger_speed``.

Every row is measured beside a floor in the same run: learning beside the same steps one excerpt at
a time, listening beside the plain network excerpt by excerpt. Prints Markdown tables.
"""

from __future__ import annotations

import copy
import sys
import time
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from workbench.backbones.folding import fold
from workbench.backbones.tagger_card import LIGHT, PUBLISHED, SMALL, TaggerShape
from workbench.backbones.tagger_store import TaggerNetwork, build_tagger
from workbench.encoders.tagger import excerpts_of, heard
from workbench.features.spectral import SAMPLE_RATE, mel_decibels
from workbench.training.noise import REFERENCE

TAGS, BATCH, CLIP_S = 50, 16, 30.0
SHAPES = {
    "published, 4.57 M": PUBLISHED,
    "small, 0.49 M": SMALL,
    "light, 0.26 M": LIGHT,
    "8 channels, width 32": TaggerShape(channels=8, width=32),
    "short-chunk, 16 channels": TaggerShape(network="short-chunk", channels=16),
}


def fastest(work: Callable[[], object], *, least_s: float = 1.0, tries: int = 5) -> float:
    """Return the shortest time of several runs in seconds; slow work runs less often."""
    work()
    best, began = np.inf, time.perf_counter()
    for _ in range(tries):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
        if time.perf_counter() - began > 10 * least_s:
            break
    return float(best)


def learning(shape: TaggerShape, seconds: float) -> tuple[float, float, float]:
    """Return excerpts per second: in batches, one by one, and of the augmentations alone."""
    torch.manual_seed(0)
    network = build_tagger(shape, TAGS).train().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimiser = torch.optim.Adam(network.parameters())
    sounds = 0.1 * torch.randn(BATCH, round(seconds * SAMPLE_RATE))
    targets = (torch.rand(BATCH, TAGS) < 0.1).float()
    generator = torch.Generator().manual_seed(0)

    def step(chosen: Tensor, wanted: Tensor) -> None:
        mel = mel_decibels(chosen)
        with torch.autocast("cpu", torch.bfloat16):
            logits = network(mel)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits.float(), wanted)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()

    def singly() -> None:
        # Two at a time for the short-chunk network, whose last norm needs them.
        for i in range(0, 4, 2 if shape.network == "short-chunk" else 1):
            part = slice(i, i + (2 if shape.network == "short-chunk" else 1))
            step(sounds[part], targets[part])

    batched = fastest(lambda: step(sounds, targets)) / BATCH
    alone = fastest(singly) / 4
    noise = fastest(lambda: REFERENCE(sounds, generator)) / BATCH
    return 1 / batched, 1 / alone, 1 / noise


def listening(shape: TaggerShape) -> tuple[float, float, float]:
    """Return seconds for a clip: as shipped, in bfloat16, and plain, excerpt by excerpt."""
    torch.manual_seed(0)
    network: TaggerNetwork = build_tagger(shape, TAGS).eval()
    folded = fold(copy.deepcopy(network))
    clip = 0.1 * np.random.default_rng(0).standard_normal(round(CLIP_S * SAMPLE_RATE))
    samples = clip.astype(np.float32)

    def plainly() -> None:
        with torch.inference_mode():
            for part in excerpts_of(samples, shape.seconds).split(1):
                network(mel_decibels(part)).sigmoid()

    def halved() -> None:
        with torch.autocast("cpu", torch.bfloat16):
            heard(folded, samples, shape.seconds)

    ours = fastest(lambda: heard(folded, samples, shape.seconds))
    return ours, fastest(halved), fastest(plainly)


def main(*seconds: str) -> None:
    """Print the tables."""
    torch.set_num_threads(1)
    print("| network | a clip of 30 s | real-time factor | in bfloat16 | plain | ratio |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, shape in SHAPES.items():
        ours, half, plain = listening(shape)
        cells = [f"{1000 * ours:.0f} ms", f"{CLIP_S / ours:,.0f} x", f"{1000 * half:.0f} ms"]
        print(
            "|", " | ".join([name, *cells, f"{1000 * plain:.0f} ms", f"{plain / ours:.2f} x"]), "|"
        )
    print("\n| network | excerpts of | a second, 16 at once | one by one | ratio | noise alone |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, shape in SHAPES.items():
        for length in (float(s) for s in seconds or ("3", "10")):
            batched, alone, noise = learning(shape, length)
            cells = [f"{length:g} s", f"{batched:.1f}", f"{alone:.1f}", f"{batched / alone:.2f} x"]
            print("|", " | ".join([name, *cells, f"{noise:.0f}"]), "|", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
