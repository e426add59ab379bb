"""Source separation by Demucs, where it is installed: a mix into drums, bass, voice and the rest.

It runs in a process of its own, which keeps its memory and whatever happens in it apart.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from workbench.audio.decode import Sound, encode
from workbench.errors import CancelledError, MediaError, NotReadyError, WorkbenchError
from workbench.files import PARTIAL
from workbench.progress import Progress

MODEL = "htdemucs"
LONGEST_S = 1800.0
LICENCE = (
    "The code of Demucs is under the MIT licence; its weights are not, and are provided for "
    "scientific purposes only (https://github.com/facebookresearch/demucs/issues/327)."
)


def separate(
    sound: Sound,
    folder: Path,
    *,
    model: str = MODEL,
    weights: Path | None = None,
    progress: Progress | None = None,
) -> dict[str, Path]:
    """Split a mix into its sources.

    Parameters
    ----------
    sound
        The mix.
    folder
        Where the sources are written, one FLAC file each.
    model
        The name of a model of Demucs.
    weights
        A folder with its weights (``.th`` files and the ``.yaml`` of the model). They are Python
        pickles, which can run code: use only what comes from the model's authors. Without it
        Demucs fetches them from the network once, about 80 MB.
    progress
        Told about every stretch of the mix.

    Returns
    -------
    dict
        The file of every source, by its name.

    Raises
    ------
    NotReadyError
        If Demucs is not installed.
    MediaError
        If the mix is too long, or Demucs fails.
    CancelledError
        If somebody asked to stop.

    References
    ----------
    Rouard, Massa and Defossez 2023, Hybrid transformers for music source separation.
    """
    check_installed()
    if weights is not None and not weights.is_dir():
        raise WorkbenchError(f"There is no folder {weights} with the weights of {model}.")
    if sound.duration_s > LONGEST_S:
        raise MediaError(
            f"The mix lasts {sound.duration_s / 60:.0f} minutes; {LONGEST_S / 60:.0f} are the most "
            "that is separated. Add a segment of it and separate that."
        )
    progress = progress or Progress()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=PARTIAL) as work:
        source = Path(work) / "mix.flac"
        few = sound.samples if len(sound.samples) <= 2 else sound.mono()
        encode(source, few, sound.sample_rate)
        command = [sys.executable, "-m", "workbench.audio.separating", str(source), work, model]
        names = _run([*command, *([str(weights)] if weights else [])], model, progress)
        made = {name: (Path(work) / f"{name}.flac") for name in names}
        return {name: file.replace(folder / file.name) for name, file in made.items()}


def check_installed() -> None:
    """Refuse to go on without Demucs.

    Raises
    ------
    NotReadyError
        Says how to install it, and what it fetches.
    """
    if importlib.util.find_spec("demucs") is None:
        raise NotReadyError(
            "Separating a song needs Demucs: install it with `pip install "
            '"music-similarity-workbench[separation]"`. It fetches its weights (about 80 MB, for '
            "scientific purposes only) from the network once, unless --weights names a folder that "
            "holds them."
        )


def _run(command: list[str], model: str, progress: Progress) -> list[str]:
    """Run the process; return the names of the sources it has written."""
    progress.stage(f"Separating with {model}")
    names: list[str] = []
    with tempfile.TemporaryFile("w+") as complaints:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=complaints, text=True
        )
        assert process.stdout is not None
        try:
            for line in process.stdout:
                told = _told(line)
                names = told.get("sources", names)
                if "steps" in told:
                    progress.stage(f"Separating with {model}", told["steps"])
                progress.advance(told.get("advance", 0))
                if progress.cancelled():
                    raise CancelledError("The separation was stopped; nothing was stored.")
            code = process.wait()
        finally:
            process.kill()
            process.wait()
        complaints.seek(0)
        said = [line.strip() for line in complaints.read()[-4000:].splitlines() if line.strip()]
    progress.close()
    if code != 0 or not names:
        reason = said[-1].rstrip(".") if said else f"it ended with {code}"
        raise MediaError(
            f"Demucs could not separate the mix with {model}: {reason[:200]}. Where there is no "
            "network, name a folder that holds its weights with --weights."
        )
    return names


def _told(line: str) -> dict:
    """Return what the process tells; Demucs may print lines of its own."""
    try:
        told = json.loads(line)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
