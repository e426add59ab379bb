"""Import, features and embedding."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tests.benchmarks.demo import demo
from tests.benchmarks.frontend import ROUNDS, by_librosa, excerpts, here
from tests.benchmarks.suite import Comparison, Growth, Row, alternately, scratch


def importing() -> Iterator[Row]:
    """Describe files as an import does, against decoding them with PyAV alone."""
    import av

    from workbench.catalogue.embedded import embedded_tags
    from workbench.catalogue.media import content_hash, describe_audio

    ws = demo()
    songs = ws.catalogue.items(kind="song", domain="audio")
    files = [ws.catalogue.media_path(int(i)) for i in songs.index[:20]]

    def described() -> None:
        for file in files:
            content_hash(file), describe_audio(file), embedded_tags(file)

    def decoded(*, kept: bool) -> None:
        for file in files:
            with av.open(str(file)) as container:
                frames = container.decode(container.streams.audio[0])
                if kept:
                    np.concatenate([frame.to_ndarray() for frame in frames], axis=1)
                else:
                    for _ in frames:
                        pass

    found = alternately(
        {
            "ours": described,
            "samples": lambda: decoded(kept=True),
            "frames": lambda: decoded(kept=False),
        }
    )
    yield Row(
        "import",
        f"import: describe {len(files)} Ogg files of 30 s, one process",
        found["ours"],
        "PyAV, the samples of each in one array",
        found["samples"],
        "FFmpeg's decoder, samples left where they are",
        found["frames"],
        other_within=1.3,
    )


def features() -> Iterator[Row]:
    """Compute the front end of excerpts one by one, against librosa."""
    import torch

    sounds = excerpts()
    if not len(sounds):
        raise FileNotFoundError("there are no recordings; name a folder in WORKBENCH_RECORDINGS")
    items = torch.from_numpy(sounds)
    found = alternately(
        {
            "ours": lambda: [here(s) for s in items],
            "other": lambda: [by_librosa(s) for s in sounds],
        },
        rounds=ROUNDS,
    )
    yield Row(
        "features",
        f"mel, CENS and tempogram of {len(sounds)} excerpts of 30 s, "
        f"{torch.get_num_threads()} threads",
        found["ours"],
        "librosa",
        found["other"],
        at_least=10.0,
    )


def embedding() -> Iterator[Row]:
    """Encode songs on one core, against playing them."""
    import torch

    from workbench.audio.decode import decode

    ws, encoder = demo(), _encoder()
    songs = ws.catalogue.items(kind="song", domain="audio").index[:4]
    sounds = [decode(ws.catalogue.media_path(int(i))).mono(encoder.sample_rate) for i in songs]
    length = sum(map(len, sounds)) / encoder.sample_rate
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        ours = alternately({"ours": lambda: encoder.encode(sounds)}, rounds=2)["ours"]
    finally:
        torch.set_num_threads(threads)
    yield Row(
        "embedding",
        f"embed {length:.0f} s of audio on one core: {length / ours:.0f} s of it a second",
        ours,
        "the music's own length",
        length,
    )


def _encoder() -> Any:
    from workbench.encoders.registry import default_encoder, load_encoder

    return load_encoder(default_encoder().key)


def _noise(seconds: float, rate: int) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.1, round(seconds * rate)).astype(np.float32)


def importing_many(count: int) -> Callable[[], Any]:
    """Make `count` short files; return how they are imported into a new workspace."""
    import soundfile

    from workbench import Workspace
    from workbench.catalogue.importer import import_music

    folder = scratch()
    sound = _noise(1.0, 8000)
    for number in range(count):
        soundfile.write(folder / f"{number}.wav", np.roll(sound, number), 8000)

    def work() -> None:
        ws = Workspace.create(scratch() / "workspace")
        assert import_music(ws, [folder], processes=1).songs == count

    return work


def features_of(seconds: int) -> Callable[[], Any]:
    """Return how the features of one long sound are computed."""
    import torch

    from workbench.features.spectral import SAMPLE_RATE

    sound = torch.from_numpy(_noise(seconds, SAMPLE_RATE))
    return lambda: here(sound)


def embedding_of(seconds: int) -> Callable[[], Any]:
    """Return how one long sound is embedded."""
    import torch

    torch.set_num_threads(1)
    encoder = _encoder()
    sound = _noise(seconds, encoder.sample_rate)
    return lambda: encoder.encode([sound])


COMPARISONS = (
    Comparison("import", importing),
    Comparison("features", features),
    Comparison("embedding", embedding),
)
GROWTHS = (
    Growth("import", "import: files of 1 s", importing_many, (10, 100, 1000)),
    Growth("features", "features: seconds of one sound", features_of, (10, 100, 1000)),
    Growth("embedding", "embedding: seconds of one sound", embedding_of, (5, 50, 500)),
)
