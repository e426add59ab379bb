"""Sound files that tests make: tones in every format the workbench reads."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import soundfile

RATE = 44100
_ENCODERS = {".m4a": ("ipod", "aac"), ".wma": ("asf", "wmav2"), ".mp3": ("mp3", "libmp3lame")}


def tone(hz: float = 440.0, *, seconds: float = 1.0, rate: int = RATE) -> np.ndarray:
    """Return two channels of a tone that rises, swells and fades, float32 (2, n)."""
    time = np.arange(int(seconds * rate)) / rate
    swell = np.sin(np.pi * time / seconds)
    turns = hz * (time + time**2 / (2 * seconds))  # from hz to 2 hz, so that a shift shows
    return (0.4 * swell * np.sin(2 * np.pi * np.stack([turns, 1.5 * turns]))).astype(np.float32)


def write(path: Path, samples: np.ndarray, *, rate: int = RATE, **tags: str) -> Path:
    """Write samples (channels, n) in the format the suffix names, with embedded tags."""
    path.parent.mkdir(parents=True, exist_ok=True)
    suffix = path.suffix.lower()
    if suffix in (".m4a", ".wma") or (suffix == ".mp3" and tags):
        _write_with_ffmpeg(path, samples, rate, *_ENCODERS[suffix], tags)
    elif tags:
        codecs = {".flac": "flac", ".ogg": "libopus", ".opus": "libopus"}
        rate = rate if suffix == ".flac" else 48000
        _write_with_ffmpeg(path, samples, rate, suffix[1:], codecs[suffix], tags)
    elif suffix == ".opus":
        soundfile.write(path, samples.T, 48000, format="OGG", subtype="OPUS")
    else:
        soundfile.write(path, samples.T, rate)
    return path


def _write_with_ffmpeg(
    path: Path, samples: np.ndarray, rate: int, format: str, codec: str, tags: dict[str, str]
) -> None:
    with av.open(str(path), "w", format=format) as container:
        container.metadata.update(tags)
        stream = container.add_stream(codec, rate=rate, layout="stereo")
        stream.bit_rate = 160_000
        kinds = [f.name for f in stream.codec_context.codec.audio_formats or ()]
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), "fltp", "stereo")
        frame.sample_rate = rate
        resampler = av.AudioResampler(
            format="fltp" if "fltp" in kinds else kinds[0], layout="stereo", rate=rate
        )
        for converted in (*resampler.resample(frame), *resampler.resample(None)):
            for packet in stream.encode(converted):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
