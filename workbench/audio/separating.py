"""The process that separates a mix: ``python -m workbench.audio.separating MIX FOLDER MODEL``.

It tells what it does in lines of JSON, and leaves with a sentence on standard error.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

from workbench.audio.decode import Sound, decode, encode
from workbench.audio.mixing import limited


def main(mix: Path, folder: Path, model: str, weights: Path | None = None) -> None:
    """Separate one file; the sources together are as loud as the mix.

    Parameters
    ----------
    mix
        A sound file.
    folder
        Where the sources are written.
    model
        The name of a model of Demucs.
    weights
        A folder with its weights.
    """
    import torch
    from demucs.api import Separator

    separator: Any = Separator(model=model, repo=weights, callback=_Steps(), progress=False)
    sound = decode(mix)
    rows = sound.samples if len(sound.samples) == 2 else sound.samples[:1].repeat(2, axis=0)
    _, sources = separator.separate_tensor(torch.from_numpy(rows.copy()), sound.sample_rate)
    for name, samples in sources.items():
        made = limited(Sound(samples.cpu().numpy().astype("float32"), int(separator.samplerate)))
        encode(folder / f"{name}.flac", made.samples, made.sample_rate)
    _tell(sources=list(sources))


class _Steps:
    """Tells of every stretch that is done; how many there are is known from the first two."""

    def __init__(self) -> None:
        self._first: dict[int, int] = {}
        self._told = False

    def __call__(self, step: dict[str, Any]) -> None:
        offset, length = int(step.get("segment_offset", 0)), int(step.get("audio_length", 0))
        if step.get("state") == "start":
            self._first.setdefault(offset, len(self._first))
            if offset > 0 and not self._told and length:
                self._told = True
                _tell(steps=math.ceil(length / offset) * int(step.get("models", 1)))
        elif step.get("state") == "end":
            _tell(advance=1)


def _tell(**told: Any) -> None:
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    arguments = sys.argv[1:]
    try:
        main(
            Path(arguments[0]),
            Path(arguments[1]),
            arguments[2],
            Path(arguments[3]) if arguments[3:] else None,
        )
    except Exception as error:  # whatever Demucs raises: the other process says it in a sentence
        print(f"{type(error).__name__}: {' '.join(str(error).split())[:300]}", file=sys.stderr)
        raise SystemExit(1) from error
