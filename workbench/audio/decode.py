"""Sound files in and out: libsndfile; FFmpeg (PyAV) for Vorbis and what libsndfile cannot read."""

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
_QUEUE = 2**13  # samples: as many as stay in the cache until they are moved on
_FORMAT = "fltp"  # of frames: float32, one channel after the other
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
    sound = None if _is_vorbis(path) else _decode_soundfile(path)
    if sound is None:
        sound = _decode_av(path)
    if sound.samples.shape[1] == 0:
        raise MediaError(f"{path.name}: the file holds no sound")
    if not np.isfinite(sound.samples).all():
        raise MediaError(f"{path.name}: the sound holds values that are not numbers")
    return sound


def _is_vorbis(path: Path) -> bool:
    """Say whether a file is Ogg Vorbis: FFmpeg gives the same samples in half the time."""
    with path.open("rb") as file:
        start = file.read(64)
    return start.startswith(b"OggS") and b"\x01vorbis" in start


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

    samples = np.empty((0, 0), np.float32)
    queue = av.AudioFifo()  # frames are short: an array of each would cost more than decoding
    count = rate = promised = 0
    resampler: Any = None
    try:
        with open_container(path) as container:
            stream = next(iter(container.streams.audio), None)
            if stream is None:
                raise MediaError(f"{path.name}: the file holds no sound")
            for frame in container.decode(stream):
                if not rate:  # some codecs know their rate only now
                    rate, layout = frame.sample_rate, frame.layout
                    promised = int((stream.duration or 0) * (stream.time_base or 0) * rate)
                    _check_size(path, promised, layout.nb_channels, rate)
                    samples = np.empty((layout.nb_channels, promised), np.float32)
                if resampler is None and not _is_like(frame, layout, rate):
                    # What changes its channels or rate on the way keeps the first.
                    resampler = av.AudioResampler(format=_FORMAT, layout=layout, rate=rate)
                    samples, count = _emptied(queue, samples, count)
                    queue = av.AudioFifo()  # it takes frames of one kind, down to their clock
                for out in [frame] if resampler is None else resampler.resample(frame):
                    out.pts = None  # a queue wants times without gaps
                    queue.write(out)
                if queue.samples >= _QUEUE:
                    samples, count = _emptied(queue, samples, count)
                    _check_size(path, count, layout.nb_channels, rate)
            samples, count = _emptied(queue, samples, count)
    except (av.FFmpegError, ValueError, OSError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise MediaError(f"{path.name}: cannot be decoded ({reason})") from error
    if not count:
        raise MediaError(f"{path.name}: the file holds no sound")
    _check_size(path, count, len(samples), rate)
    _check_whole(path, count, promised, rate)
    return Sound(np.ascontiguousarray(samples[:, :count]), rate)


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


def _is_like(frame: Any, layout: Any, rate: int) -> bool:
    """Say whether a frame can be queued as it is: a resampler takes longer than its decoder."""
    alike = frame.format.name == _FORMAT and frame.sample_rate == rate
    return alike and frame.layout.name == layout.name


def _emptied(queue: Any, samples: np.ndarray, count: int) -> tuple[np.ndarray, int]:
    """Move all that waits in a queue of frames behind `count` samples; return both anew."""
    if not queue.samples:
        return samples, count
    block = queue.read().to_ndarray()
    end = count + block.shape[1]
    if end > samples.shape[1]:  # more than the header promised
        more = np.empty((len(block), 2 * end), np.float32)
        more[:, :count] = samples[:, :count]
        samples = more
    samples[:, count:end] = block
    return samples, end


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
