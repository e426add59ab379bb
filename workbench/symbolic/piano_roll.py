"""Piano-rolls: arrays of velocities over time and pitch, in npz files."""

from __future__ import annotations

import io
import math
import zipfile
from pathlib import Path

import numpy as np

from workbench.errors import MediaError
from workbench.symbolic.archive import member, opened
from workbench.symbolic.assemble import Found, check_count
from workbench.symbolic.score import Track

LARGEST_ROLL = 128 * 2**20  # bytes
PITCHES = 128
_KEYS = ("roll", "resolution", "fs", "tempo", "programs", "drums", "names", "metres")
_KINDS = "biufU"  # numbers and plain text: nothing that runs code when it is loaded


def read_piano_roll_file(path: Path) -> Found:
    """Return what a piano-roll holds.

    The file has `roll`, shaped (steps, 128), (128, steps) or (tracks, steps, 128), with
    velocities to 127, or 0 and 1; and `resolution`, steps per quarter, or `fs`, steps per second.
    It may have `tempo` in quarters per minute, and for each track `programs`, `drums`, `names`.
    Cells of one velocity that follow each other are one note.

    Raises
    ------
    MediaError
        If an array is missing, too large, or holds objects.
    """
    arrays = _arrays(path)
    if "roll" not in arrays:
        raise MediaError(f"{path.name}: holds no array named roll.")
    roll = _tracks_first(arrays["roll"], path.name)
    in_seconds = "fs" in arrays
    steps = _scalar(arrays, "fs" if in_seconds else "resolution", 24.0, path.name)
    if not 0 < steps <= 100_000:
        raise MediaError(f"{path.name}: its time has no unit that music has.")
    track, onset, stop, pitch, velocity = _runs(roll, path.name)
    return Found(
        onset=onset / steps,
        duration=(stop - onset) / steps,
        pitch=pitch,
        velocity=velocity,
        track=track,
        tracks=[_track(arrays, number, path.name) for number in range(len(roll))],
        tempi=[(0.0, _scalar(arrays, "tempo", 120.0, path.name))],
        metres=_metres(arrays, path.name),
        in_seconds=in_seconds,
    )


def _arrays(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays we know, none of them larger than it may be."""
    found, left = {}, LARGEST_ROLL
    with opened(path) as archive:
        for info in archive.infolist():
            key = info.filename.removesuffix(".npy")
            if key in _KEYS and key not in found:
                found[key] = _array(archive, info, path.name, left)
                left -= found[key].nbytes
    return found


def _array(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, limit: int) -> np.ndarray:
    """Return one array, after a look at what its header says that it is."""
    data = member(archive, info, name, limit=limit, ratio=None)
    stream = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(stream)
        read = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        shape, _, dtype = read(stream)
        if dtype.kind not in _KINDS:
            raise MediaError(f"{name}: its {info.filename} holds something other than numbers.")
        if math.prod(shape) * dtype.itemsize != len(data) - stream.tell():
            raise MediaError(f"{name}: its {info.filename} is not as large as it says.")
        stream.seek(0)
        return np.load(stream, allow_pickle=False)
    except (ValueError, KeyError, EOFError, SyntaxError, TypeError, OverflowError) as error:
        raise MediaError(f"{name}: its {info.filename} is no NumPy array.") from error


def _tracks_first(roll: np.ndarray, name: str) -> np.ndarray:
    """Return a roll as (tracks, steps, pitches), velocities 0 to 127."""
    if roll.ndim == 2:
        roll = roll[None]
    if roll.ndim == 3 and roll.shape[2] != PITCHES and roll.shape[1] == PITCHES:
        roll = roll.swapaxes(1, 2)
    if roll.ndim != 3 or roll.shape[2] != PITCHES or roll.dtype.kind not in "biuf":
        raise MediaError(f"{name}: its roll is not shaped (tracks, steps, {PITCHES}).")
    if roll.size == 0:
        check_count(name, 0)
    highest, lowest = roll.max(), roll.min()
    if not (lowest >= 0 and highest <= 127):  # NaN is neither
        raise MediaError(f"{name}: its roll holds velocities that are not 0 to 127.")
    return roll


def _runs(roll: np.ndarray, name: str) -> tuple[np.ndarray, ...]:
    """Return track, first step, step after the last, pitch and velocity of each run of cells."""
    loud = 127.0 if roll.dtype.kind == "f" and roll.max() <= 1.0 else 1.0
    loud = 80.0 if roll.dtype.kind == "b" or (loud == 1.0 and roll.max() == 1) else loud
    kept: list[np.ndarray] = []
    count = 0
    for number, one in enumerate(roll):
        for pitch in np.flatnonzero(one.any(axis=0)):  # one column at a time bounds the memory
            column = one[:, pitch]
            edges = np.flatnonzero(column[1:] != column[:-1]) + 1
            starts = np.concatenate([[0], edges])
            stops = np.append(edges, len(column))
            sounds = column[starts] > 0
            starts, stops = starts[sounds], stops[sounds]
            count += len(starts)
            check_count(name, max(count, 1))
            velocity = np.maximum(column[starts] * loud, 1.0)
            same = np.ones(len(starts))
            kept.append(np.stack([same * number, starts, stops, same * pitch, velocity]))
    check_count(name, count)
    track, start, stop, pitches, velocities = np.concatenate(kept, axis=1)
    return track.astype(np.int64), start, stop, pitches, velocities


def _scalar(arrays: dict[str, np.ndarray], key: str, default: float, name: str) -> float:
    array = arrays.get(key)
    if array is None:
        return default
    if array.size != 1 or array.dtype.kind not in "iuf":
        raise MediaError(f"{name}: its {key} is no single number.")
    return float(array.reshape(()))


def _track(arrays: dict[str, np.ndarray], number: int, name: str) -> Track:
    def of(key: str, kinds: str) -> np.generic | None:
        array = arrays.get(key)
        if array is None:
            return None
        flat = array.reshape(-1)
        if flat.dtype.kind not in kinds or number >= len(flat):
            raise MediaError(f"{name}: its {key} do not name each track.")
        return flat[number]

    program, drums, label = of("programs", "iu"), of("drums", "biu"), of("names", "U")
    if program is not None and not 0 <= int(program) <= 127:
        raise MediaError(f"{name}: holds a program that is not 0 to 127.")
    return Track(str(label or ""), int(program or 0), bool(drums))


def _metres(arrays: dict[str, np.ndarray], name: str) -> list[tuple[float, float, float]]:
    rows = arrays.get("metres")
    if rows is None:
        return []
    if rows.ndim != 2 or rows.shape[1] != 3 or rows.dtype.kind not in "iuf":
        raise MediaError(f"{name}: its metres are no rows of 3 numbers.")
    return [(float(q), float(n), float(d)) for q, n, d in rows[:100_001]]
