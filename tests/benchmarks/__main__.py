"""Measure side by side with what others would use: ``python -m tests.benchmarks``.

Every row is a ratio of two measurements of one run on one machine. The music is the demo's: the
workspace of ``WORKBENCH_WORKSPACE``, else ``demo-workspace``. Results are printed as a Markdown
table and written as JSON to ``test-output/benchmarks.json``.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.frontend import features_row
from tests.benchmarks.maps import maps_row
from tests.simulated import simulate_judgements
from workbench import Workspace

Row = dict[str, Any]


def seconds(work: Callable[[], Any], *, repeat: int = 3) -> float:
    """Return the shortest time of several runs."""
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def importing(ws: Workspace) -> Row:
    """Describe files as an import does, against decoding them with soundfile alone."""
    import soundfile

    from workbench.catalogue.media import describe_audio

    songs = ws.catalogue.items(kind="song", domain="audio")
    files = [ws.catalogue.media_path(int(i)) for i in songs.index[:40]]
    ours = seconds(lambda: [describe_audio(f) for f in files])
    bare = seconds(lambda: [soundfile.read(f, dtype="float32") for f in files])
    return {
        "what": f"import: describe {len(files)} ogg files of 30 s, one process",
        "ours_s": ours,
        "other": "soundfile, decode only",
        "other_s": bare,
    }


def embedding(ws: Workspace) -> Row:
    """Encode songs on one core, against playing them."""
    import torch

    from workbench.audio.decode import decode
    from workbench.encoders.registry import default_encoder, load_encoder

    torch.set_num_threads(1)
    encoder = load_encoder(default_encoder().key)
    songs = ws.catalogue.items(kind="song", domain="audio")
    sounds = [
        decode(ws.catalogue.media_path(int(i))).mono(encoder.sample_rate) for i in songs.index[:6]
    ]
    length = sum(map(len, sounds)) / encoder.sample_rate
    encoder.encode(sounds[:1])
    ours = seconds(lambda: encoder.encode(sounds), repeat=2)
    torch.set_num_threads(os.cpu_count() or 1)
    return {
        "what": f"embed {length:.0f} s of audio on one core",
        "ours_s": ours,
        "other": "the music's own length",
        "other_s": length,
    }


def finetuning(ws: Workspace, count: int) -> Row:
    """Fine-tune with cross-validation, against one plain fit with pytorch-metric-learning."""
    from workbench.training.finetune import finetune

    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        shutil.copytree(ws.root, copy, ignore=shutil.ignore_patterns("media", "jobs"))
        scratch = Workspace(copy)
        simulate_judgements(scratch, count)
        ours = seconds(lambda: finetune(scratch, parent=ws.models.current()), repeat=1)
        other = seconds(lambda: _plain_loop(scratch, ws.models.current()), repeat=1)
    return {
        "what": f"fine-tune on {count:,} judgements, strengths chosen over items",
        "ours_s": ours,
        "other": "pytorch-metric-learning, one fit, batches of 32, 20 epochs",
        "other_s": other,
    }


def _plain_loop(ws: Workspace, version: str | None) -> None:
    import torch
    from pytorch_metric_learning.losses import TripletMarginLoss

    from workbench.training.judged import judged_triplets

    model = ws.models.load(version)
    judged = judged_triplets(ws, model.card)
    x = torch.from_numpy(model.normaliser(ws.vectors(model.card.encoder).rows(judged.ids)))
    for name, triplets in judged.triplets.items():
        weight = torch.tensor(model.heads[name]["weight"], requires_grad=True)
        optimiser = torch.optim.Adam([weight], lr=1e-3)
        loss = TripletMarginLoss(margin=0.1)
        rows = torch.from_numpy(triplets.rows)
        for _ in range(20):
            for batch in rows.split(32):
                optimiser.zero_grad()
                y = x @ weight.T
                loss(y, indices_tuple=tuple(batch.T)).backward()
                optimiser.step()


def searching(count: int) -> Row:
    """Rank random vectors as `find` orders them, against scikit-learn's brute force."""
    from sklearn.neighbors import NearestNeighbors

    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(count, 384)).astype(np.float32)
    query = vectors[0].copy()

    def ours() -> np.ndarray:
        similarity = vectors @ query
        return np.argpartition(-similarity, 10)[:10]

    index = NearestNeighbors(n_neighbors=10, algorithm="brute").fit(vectors)
    return {
        "what": f"search {count:,} x 384, ten nearest",
        "ours_s": seconds(ours, repeat=5),
        "other": "scikit-learn, brute force",
        "other_s": seconds(lambda: index.kneighbors(query[None]), repeat=5),
    }


def main() -> None:
    """Run all rows, print the table, write the JSON."""
    ws = Workspace(os.environ.get("WORKBENCH_WORKSPACE") or "demo-workspace")
    rows = [
        importing(ws),
        embedding(ws),
        finetuning(ws, 1000),
        searching(10_000),
        searching(100_000),
        maps_row(),
    ]
    features = features_row()
    if features:
        rows.insert(1, features)
    print("| what | here | beside it | there | ratio |")
    print("| --- | ---: | --- | ---: | ---: |")
    for row in rows:
        row["ratio"] = row["other_s"] / row["ours_s"]
        print(
            f"| {row['what']} | {row['ours_s']:.3g} s | {row['other']} | {row['other_s']:.3g} s "
            f"| {row['ratio']:.2f} x |"
        )
    output = Path("test-output/benchmarks.json")
    output.parent.mkdir(exist_ok=True)
    output.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
