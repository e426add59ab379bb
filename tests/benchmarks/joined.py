"""Does the base network improve the default encoder? ``python -m tests.benchmarks.joined``.

``... joined MANIFEST SOUND_FONT [FOLDER]`` renders scores that the base network was never trained
on (the validation and test part of its split) with a sound font it never heard, imports them into
a workspace, and fits heads to their tags twice, without and with the network's blocks, on the same
splits by artist. Both answer the same triplets of held-out artists.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile

from workbench import Workspace
from workbench.catalogue.importer import import_music
from workbench.catalogue.keys import key_name, parse_key
from workbench.corpus.manifest import read_manifest, split_by_artist
from workbench.corpus.renditions import SECONDS, draw_rendition
from workbench.corpus.scores import read_beats
from workbench.corpus.sound import draw_chain, sound_of
from workbench.encoders.registry import load_encoder
from workbench.errors import MediaError
from workbench.evaluation.questions import model_answers, tag_questions
from workbench.evaluation.scores import compare, count_right
from workbench.features.spectral import SAMPLE_RATE
from workbench.progress import TerminalProgress
from workbench.search.embed import embed
from workbench.search.subspaces import subspace_blocks
from workbench.training.initial import fit_initial

SPLITS = 6
MOST_OF_A_CORPUS = 110
WITHOUT, WITH = "musicnn-descriptors-1", "musicnn-descriptors-4"


def main(manifest: Path, font: Path, folder: Path) -> None:
    """Render, embed, fit, and print one row per dimension."""
    known = (folder / "workbench.toml").is_file()
    ws = Workspace(folder) if known else Workspace.create(folder)
    if not known:
        tags = _render(manifest, font, folder / "media")
        import_music(ws, [folder / "media"], manifest=tags, progress=TerminalProgress())
    embed(ws, encoder=WITH, progress=TerminalProgress())
    joined, width = ws.vectors(WITH), load_encoder(WITHOUT).dim
    ws.vectors(WITHOUT).write(joined.ids, joined.rows(joined.ids)[:, :width])
    answers: dict[str, dict[str, list[np.ndarray]]] = {WITHOUT: {}, WITH: {}}
    artists: dict[str, list[np.ndarray]] = {}
    for seed in range(SPLITS):
        for key, found in answers.items():
            model = ws.models.load(fit_initial(ws, encoder=key, seed=seed, promote=False).version)
            held_out = np.array(model.card.held_out)
            questions = tag_questions(ws, held_out, model.card.dimensions, seed=seed)
            vectors = model.transform(ws.vectors(key).rows(questions.ids))
            right = model_answers(vectors, subspace_blocks(model.card), questions)
            for name, row in right.items():
                found.setdefault(name, []).append(row)
        for name, asked in (questions.triplets | {"overall": questions.pooled}).items():
            anchors = ws.catalogue.items().loc[questions.ids[asked.rows[:, 0]], "artist"]
            artists.setdefault(name, []).append(anchors.to_numpy(dtype=str))
    print("| dimension | without the base network | with it | gained, lost | p, by artist |")
    print("| --- | --- | --- | --- | ---: |")
    for name in answers[WITH]:
        before, after = (np.concatenate(answers[key][name]) for key in (WITHOUT, WITH))
        groups = np.unique(np.concatenate(artists[name]), return_inverse=True)[1]
        found = compare(before, after, groups=groups)
        print(
            f"| {name} | {count_right(before)} | {count_right(after)} "
            f"| +{found['gained']} -{found['lost']} | {found['p_grouped']:.2g} |"
        )


def _render(manifest: Path, font: Path, folder: Path) -> Path:
    """Write one rendition of each score that training left out; return their manifest."""
    rows = read_manifest(manifest)
    rows = rows[rows["shippable"]]
    rows = rows[split_by_artist(rows) != "train"].sample(frac=1.0, random_state=0)
    rows = rows.groupby("corpus").head(MOST_OF_A_CORPUS)
    folder.mkdir(parents=True)
    table = []
    for number, row in enumerate(rows.to_dict("records")):
        rng = np.random.default_rng([1, number])
        bpm = row["tempo_bpm"] if row["tempo_bpm"] == row["tempo_bpm"] else None
        try:
            score = read_beats(Path(row["path"]))
        except MediaError:
            continue
        rendition = draw_rendition(
            score, rng, key=parse_key(row["key"]) if row["key"] else None, bpm=bpm
        )
        if rendition is None:
            continue
        sound = sound_of(rendition, draw_chain(rng), font, seconds=SECONDS, seed=number)
        if not np.abs(sound).max() > 0:
            continue
        file = f"{number:03}.flac"
        soundfile.write(folder / file, sound, SAMPLE_RATE)
        key = rendition.key
        table.append(
            {
                "path": file,
                "title": f"{row['title']} {number}",
                "artist": row["artist"],
                "genre": row["style"],
                "mood": rendition.mood,
                "instrument": ";".join(rendition.instruments),
                "era": row["era"],
                "tempo": round(rendition.bpm, 2),
                "key": key_name(key[0], major=key[1]) if key else "",
            }
        )
    pd.DataFrame(table).to_csv(folder / "manifest.csv", index=False)
    return folder / "manifest.csv"


if __name__ == "__main__":
    scores, sound_font, *rest = (Path(argument) for argument in sys.argv[1:])
    main(scores, sound_font, rest[0] if rest else Path(tempfile.mkdtemp()))
