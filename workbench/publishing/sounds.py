"""The sound of an export: an excerpt of each item as a small Ogg Vorbis file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from workbench.audio.decode import Sound, encode
from workbench.audio.levels import Levels
from workbench.audio.mixing import resampled
from workbench.cluster.place import choose_place
from workbench.cluster.views import View, opened_workspace, view_for
from workbench.corpus.pool import run_jobs
from workbench.errors import WorkbenchError
from workbench.progress import Progress

if TYPE_CHECKING:
    from workbench.workspace import Workspace

SECONDS = 30.0
RATE = 44100  # the highest sample rate, in Hz
COMPRESSION = 0.9  # of libsndfile's Vorbis: about 64 kbit/s of stereo
_FADE_S = 0.03


@dataclass(frozen=True)
class Written:
    """What came of the sounds: the items that have one, and those that have none with why."""

    items: list[int]
    missing: dict[int, str]


def write_sounds(
    ws: Workspace,
    items: Sequence[int],
    folder: Path,
    *,
    seconds: float | None = SECONDS,
    processes: int | None = None,
    cluster: str | None = None,
    progress: Progress | None = None,
) -> Written:
    """Write ``<id>.ogg`` into a folder for each item that can be heard.

    Parameters
    ----------
    ws
        The workspace.
    items
        Their ids.
    folder
        It is made if need be.
    seconds
        Length of the excerpts; None for whole items.
    processes
        How many work at once on this machine; by default one per core.
    cluster
        The address of a Dask scheduler whose workers do it instead; by default the configured one.
    progress
        One step per item.
    """
    progress = progress or Progress()
    folder.mkdir(parents=True, exist_ok=True)
    progress.stage("Writing sounds", len(items))
    place = choose_place(processes=processes, cluster=cluster, config=ws.config)
    written: list[int] = []
    missing: dict[int, str] = {}
    with view_for(ws, place) as view:
        work = partial(write_sound, view, folder, seconds=seconds)
        for item, problem in run_jobs(work, items, place=place, folder=folder, progress=progress):
            if problem is None:
                written.append(item)
            else:
                missing[item] = problem
            progress.advance()
    return Written(sorted(written), missing)


def write_sound(view: View, folder: Path, item: int, *, seconds: float | None) -> str | None:
    """Write the sound of one item; return why it has none."""
    try:
        sound = opened_workspace(view).catalogue.whole_sound(item)
        sound = excerpt(sound, seconds)
        encode(folder / f"{item}.ogg", sound.samples, sound.sample_rate, compression=COMPRESSION)
    except WorkbenchError as error:
        return str(error)
    return None


def excerpt(sound: Sound, seconds: float | None) -> Sound:
    """Return the part of a sound that is heard: the first stretch about as loud as the loudest.

    That is the part that raters hear, too. It has at most two channels and 44.1 kHz.

    Parameters
    ----------
    sound
        The whole.
    seconds
        Length; a shorter sound, or with None any, is heard whole. What is cut is faded.
    """
    samples = sound.samples
    if len(samples) > 2:
        samples = samples.mean(axis=0, keepdims=True)
    if seconds is not None and seconds < sound.duration_s:
        start = Levels.of(samples, sound.sample_rate).most_active(seconds)
        start = min(start, sound.duration_s - seconds)
        first = round(start * sound.sample_rate)
        samples = _faded(
            samples[:, first : first + round(seconds * sound.sample_rate)], sound.sample_rate
        )
    cut = Sound(np.ascontiguousarray(samples), sound.sample_rate)
    if cut.sample_rate <= RATE:
        return cut
    return Sound(resampled(cut, RATE), RATE)


def _faded(samples: np.ndarray, sample_rate: int) -> np.ndarray:
    ramp = np.ones(samples.shape[1], np.float32)
    length = min(round(_FADE_S * sample_rate), len(ramp) // 2)
    rise = np.linspace(0, 1, length, dtype=np.float32)
    ramp[:length] *= rise
    ramp[len(ramp) - length :] *= rise[::-1]
    return samples * ramp
