"""Sound files in and out: soundfile first, FFmpeg's decoders (PyAV) for the rest."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from workbench.errors import MediaError

MAX_SECONDS = 4 * 3600
_BLOCK = 65536


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
        If the file is empty, is no sound, is longer than four hours or breaks off.
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
    import soundfile

    try:
        with soundfile.SoundFile(path) as stream:
            if stream.frames > MAX_SECONDS * stream.samplerate:
                raise MediaError(f"{path.name}: longer than four hours")
            samples = stream.read(dtype="float32", always_2d=True).T
            return Sound(np.ascontiguousarray(samples), stream.samplerate)
    except (soundfile.LibsndfileError, RuntimeError):
        return None


def _decode_av(path: Path) -> Sound:
    import av

    blocks: list[np.ndarray] = []
    count = 0
    try:
        with av.open(str(path), metadata_errors="ignore") as container:
            stream = next(iter(container.streams.audio), None)
            if stream is None:
                raise MediaError(f"{path.name}: the file holds no sound")
            rate = stream.codec_context.sample_rate
            resampler = av.AudioResampler(format="fltp", rate=rate)
            for frame in container.decode(stream):
                for out in resampler.resample(frame):
                    blocks.append(out.to_ndarray())
                    count += blocks[-1].shape[1]
                if count > MAX_SECONDS * rate:
                    raise MediaError(f"{path.name}: longer than four hours")
    except (av.FFmpegError, ValueError, OSError) as error:
        reason = str(error).split(":")[0].lower().replace("[errno 1094995529] ", "")
        raise MediaError(f"{path.name}: cannot be decoded ({reason})") from error
    if not blocks:
        raise MediaError(f"{path.name}: the file holds no sound")
    return Sound(np.concatenate(blocks, axis=1), rate)


def encode(path: Path, samples: np.ndarray, sample_rate: int) -> None:
    """Write float32 samples [channels, n]; the suffix of `path` names the format.

    The file appears when it is complete. Blocks are short because libsndfile's Vorbis encoder
    crashes on one long write.
    """
    import soundfile

    from workbench.files import clear_storage_errors

    partial = path.with_name(f".{path.stem}.partial{path.suffix}")
    with clear_storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        data = np.ascontiguousarray(np.atleast_2d(samples).T)
        try:
            with soundfile.SoundFile(partial, "w", sample_rate, data.shape[1]) as stream:
                for start in range(0, len(data), _BLOCK):
                    stream.write(data[start : start + _BLOCK])
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
