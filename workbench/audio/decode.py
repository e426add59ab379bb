"""Sound files in and out: soundfile first, FFmpeg's decoders (PyAV) for the rest."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from workbench.audio.containers import open_container
from workbench.errors import MediaError, StorageError
from workbench.files import atomic_path
from workbench.limits import LONGEST_S, MOST_MB, file_limit

_RATES = (4000, 768_000)  # Hz; below, K-weighting has no filter, and nobody records above
_BLOCK = 65536
_WHOLE = 0.9  # some headers promise a little more than there is
_SYSTEM_ERROR = 2  # of libsndfile: the operating system refused
_BROKEN = (3, 158)  # of libsndfile: malformed file, FLAC lost its place


@dataclass(frozen=True)
class Sound:
    """Decoded audio: `samples` is float32, shape (channels, n), full scale 1.0."""

    samples: np.ndarray
    sample_rate: int

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.samples.shape[1] / self.sample_rate

    def mono(self, sample_rate: int | None = None) -> np.ndarray:
        """Return the mean of the channels, float32 [n], resampled with soxr if asked."""
        mono = self.samples.mean(axis=0)
        if sample_rate is not None and sample_rate != self.sample_rate:
            import soxr

            mono = soxr.resample(mono, self.sample_rate, sample_rate, quality="HQ")
        return np.ascontiguousarray(mono, dtype=np.float32)


def decode(path: Path) -> Sound:
    """Read a sound file whole.

    Raises
    ------
    MediaError
        If the file is empty, is no sound, breaks off, or holds more than `workbench.limits` says.
    """
    if not path.is_file():
        raise MediaError(f"{path.name}: there is no such file")
    if path.stat().st_size == 0:
        raise MediaError(f"{path.name}: the file is empty")
    sound = _decode_soundfile(path)
    if sound is None:
        sound = _decode_av(path)
    if sound.samples.shape[1] == 0:
        raise MediaError(f"{path.name}: the file holds no sound")
    if not np.isfinite(sound.samples).all():
        raise MediaError(f"{path.name}: the sound holds values that are not numbers")
    return sound


def _decode_soundfile(path: Path) -> Sound | None:
    """Read with libsndfile; None where it does not know the format."""
    import soundfile

    try:
        with soundfile.SoundFile(path) as stream:
            rate, promised = stream.samplerate, max(stream.frames, _promised_frames(path, stream))
            _check_size(path, promised, stream.channels, rate)
            samples = stream.read(dtype="float32", always_2d=True).T
    except soundfile.LibsndfileError as error:
        if error.code in _BROKEN:
            raise MediaError(f"{path.name}: the file breaks off or is damaged") from error
        return None
    except RuntimeError:
        return None
    _check_whole(path, samples.shape[1], promised, rate)
    return Sound(np.ascontiguousarray(samples), rate)


def _promised_frames(path: Path, stream: Any) -> int:
    """Return the length that a WAV or AIFF header claims, when the file is shorter than that.

    libsndfile silently reads what is there. Recorders that write to a pipe claim the most that
    the field can hold, which is no claim.
    """
    order: dict[bytes, Literal["little", "big"]] = {b"RIFF": "little", b"FORM": "big"}
    with path.open("rb") as file:
        name, size = file.read(4), file.read(4)
    claimed = int.from_bytes(size, order.get(name, "little")) if name in order else 0
    there = path.stat().st_size
    return stream.frames * claimed // there if there < claimed < 0x7FFF0000 else 0


def _decode_av(path: Path) -> Sound:
    """Read with FFmpeg's decoders."""
    import av

    blocks: list[np.ndarray] = []
    count = rate = promised = 0
    try:
        with open_container(path) as container:
            stream = next(iter(container.streams.audio), None)
            if stream is None:
                raise MediaError(f"{path.name}: the file holds no sound")
            for frame in container.decode(stream):
                if not blocks:  # some codecs know their rate only now
                    rate = frame.sample_rate
                    layout = frame.layout  # what changes its channels on the way keeps the first
                    resampler = av.AudioResampler(format="fltp", layout=layout, rate=rate)
                    promised = int((stream.duration or 0) * (stream.time_base or 0) * rate)
                for out in resampler.resample(frame):
                    blocks.append(out.to_ndarray())
                    count += blocks[-1].shape[1]
                _check_size(path, count, layout.nb_channels, rate)
    except (av.FFmpegError, ValueError, OSError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise MediaError(f"{path.name}: cannot be decoded ({reason})") from error
    if not blocks:
        raise MediaError(f"{path.name}: the file holds no sound")
    _check_whole(path, count, promised, rate)
    return Sound(np.concatenate(blocks, axis=1), rate)


def _check_size(path: Path, frames: int, channels: int, sample_rate: int) -> None:
    """Refuse, before it is decoded, what is too long or large, or at no rate of a recording."""
    if not _RATES[0] <= sample_rate <= _RATES[1]:
        raise MediaError(
            f"{path.name}: has {sample_rate:,} samples per second, which is no recording's rate; "
            "convert it to 44,100"
        )
    if frames > file_limit(LONGEST_S) * sample_rate:
        raise MediaError(
            f"{path.name}: longer than {file_limit(LONGEST_S):,} s; cut it, or set {LONGEST_S}"
        )
    if frames * channels * 4 > file_limit(MOST_MB) * 2**20:
        raise MediaError(
            f"{path.name}: takes more than {file_limit(MOST_MB):,} MB when it is decoded; cut it, "
            f"or set {MOST_MB}"
        )


def _check_whole(path: Path, frames: int, promised: int, sample_rate: int) -> None:
    if 0 < frames < _WHOLE * promised:
        raise MediaError(
            f"{path.name}: the file breaks off after {frames / sample_rate:.1f} s "
            f"of {promised / sample_rate:.1f} s"
        )


def encode(
    path: Path, samples: np.ndarray, sample_rate: int, *, compression: float | None = None
) -> None:
    """Write float32 samples [channels, n]; the suffix of `path` names the format.

    The file appears when it is complete. Blocks are short because libsndfile's Vorbis encoder
    crashes on one long write.

    Parameters
    ----------
    path
        Where to.
    samples
        The sound.
    sample_rate
        In Hz.
    compression
        0 for the best sound to 1 for the smallest file, where the format loses anything; by
        default libsndfile's choice.

    Raises
    ------
    StorageError
        If the file cannot be written, such as on a full disk.
    MediaError
        If the format cannot hold so many channels or such a sample rate.
    """
    import soundfile

    data = np.ascontiguousarray(np.atleast_2d(samples).T)
    if not soundfile.check_format(path.suffix.lstrip(".").upper()):
        raise MediaError(f"{path.name}: sound cannot be written in this format")
    with atomic_path(path) as partial:
        try:
            with soundfile.SoundFile(
                partial, "w", sample_rate, data.shape[1], compression_level=compression
            ) as stream:
                for start in range(0, len(data), _BLOCK):
                    stream.write(data[start : start + _BLOCK])
            written = soundfile.info(partial).frames
        except soundfile.LibsndfileError as error:
            if error.code == _SYSTEM_ERROR:  # libsndfile keeps the reason to itself
                raise StorageError(f"{path} cannot be written; the disk may be full.") from error
            raise MediaError(
                f"{path.name}: cannot hold {data.shape[1]} channels at {sample_rate} Hz"
            ) from error
        if written != len(data):  # the Vorbis encoder does not notice a full disk
            raise StorageError(f"{path} cannot be written; the disk may be full.")
