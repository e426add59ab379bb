"""The work that faults interrupt: what it needs, how it is done, and how its result is compared.

Everything here can be called in a process of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from older import workspace_of_revision
from sounds import tone, write
from synthetic import add_songs, judge, opinion

from workbench import Workspace
from workbench.doctor.examine import examine
from workbench.workspace import CONFIG_FILE

FILES, OLD_SONGS, ANSWERS = 10, 400, 150
_LOUD = """
import numpy as np
class Loud:
    name, version, licence = "loud", "1", "MIT"
    sample_rate, dim, domains, blocks = 8000, 8, ("audio",), {"all": slice(0, 8)}
    def encode(self, batch):
        rows = [np.abs(np.fft.rfft(x, 4096))[:2048].reshape(8, -1).mean(1) for x in batch]
        return np.array(rows, np.float32)
"""


@dataclass(frozen=True)
class Work:
    """Something that takes a while, and may be ended in the middle."""

    name: str
    prepare: Callable[[Path], None]
    do: Callable[[Path], None]
    outcome: Callable[[Path], Any]


def music(root: Path) -> Path:
    return root.parent / f"{root.name}-music"


def empty_with_music(root: Path) -> None:
    Workspace.create(root).database.close()
    for number in range(FILES):
        suffix = ("wav", "m4a", "flac")[number % 3]
        write(music(root) / f"{number}.{suffix}", tone(200 + 40 * number, seconds=0.7))


def do_import(root: Path) -> None:
    from workbench.catalogue.importer import import_music

    import_music(Workspace(root), [music(root)], processes=1)


def catalogue(root: Path) -> Any:
    ws = Workspace(root)
    items = ws.catalogue.items()
    with ws.database.engine.connect() as connection:
        copies = connection.exec_driver_sql(
            "SELECT sha256, playable_path FROM media ORDER BY sha256"
        ).fetchall()
    assert all((root / path).is_file() for _, path in copies if path)
    return sorted(items["title"]), [tuple(row) for row in copies], len(ws.catalogue.failures())


def with_sounds(root: Path) -> None:
    from workbench.encoders.declare import add_python

    empty_with_music(root)
    (root / "loud.py").write_text(_LOUD)
    add_python(Workspace(root), "loud", f"{root / 'loud.py'}:Loud")
    do_import(root)


def do_embed(root: Path) -> None:
    from workbench.search.embed import embed

    embed(Workspace(root), encoder="loud", processes=1)


def vectors(root: Path) -> Any:
    from workbench.encoders.registry import find_encoder

    ws = Workspace(root)
    store = ws.vectors(find_encoder("loud", ws).key)
    return store.ids.tolist(), np.round(np.asarray(store.vectors), 4).tolist()


def with_judgements(root: Path) -> None:
    """Twenty songs and a model of two heads, made in a moment; sixty answers of one rater."""
    from workbench.encoders.registry import load_encoder
    from workbench.subspaces.model import Model, Normaliser
    from workbench.subspaces.store import ModelCard

    ws = Workspace.create(root)
    songs = add_songs(ws, 20)
    encoder = load_encoder("descriptors-1")
    raw = np.asarray(ws.vectors("descriptors-1").vectors)
    rng = np.random.default_rng(0)
    heads = {
        name: {"weight": rng.normal(size=(8, encoder.dim)).astype(np.float32)}
        for name in ("genre", "tempo")
    }
    aside = [int(song) for song in songs[::3]]
    card = ModelCard("", "descriptors-1", "linear", list(heads), 8, held_out=aside)
    ws.models.save(Model(card, Normaliser.fit(raw, encoder.blocks), heads), promote=True)
    judge(ws, opinion(songs, 60, np.random.default_rng(0)))
    ws.database.close()


def do_finetune(root: Path) -> None:
    from workbench.training.finetune import finetune

    finetune(Workspace(root))


def newest_model(root: Path) -> Any:
    """Return what the newest version has learned; every version there is loads."""
    store = Workspace(root).models
    cards = store.versions()
    assert [card.version for card in cards] == [f"v{n:04d}" for n in range(1, len(cards) + 1)]
    models = [store.load(card.version) for card in cards]
    assert store.load().card.version in {card.version for card in cards}
    weights = {n: np.round(h["weight"], 4).tolist() for n, h in models[-1].heads.items()}
    return cards[-1].judgements, weights


def do_map(root: Path) -> None:
    from workbench.maps.compute import compute_maps

    compute_maps(Workspace(root), version="v0001")


def drawn(root: Path) -> Any:
    layouts = Workspace(root).maps.load("v0001")
    return {name: np.round(layout.xy, 3).tolist() for name, layout in layouts.items()}


def old_workspace(root: Path) -> None:
    workspace_of_revision(root, "0001", songs=OLD_SONGS)


def do_migrate(root: Path) -> None:
    Workspace(root).database.close()


def migrated(root: Path) -> Any:
    from workbench.catalogue.database import SCHEMA_REVISION

    ws = Workspace(root)
    assert ws.database.revision() == SCHEMA_REVISION
    return len(ws.catalogue.items()), list(ws.catalogue.items()["title"])[-1]


# -- copying a workspace -----------------------------------------------------------------------


def do_copy(root: Path) -> None:
    from workbench.copying.copy import copy_workspace

    if (copy_of(root) / CONFIG_FILE).exists():  # the end came after the last step
        return
    compared = copy_workspace(Workspace(root), copy_of(root))
    assert all(pair.is_equal for pair in compared)


def copy_of(root: Path) -> Path:
    """Return where the copy of a workspace goes."""
    return root.with_name(f"{root.name}-copy")


def copied(root: Path) -> Any:
    ws = Workspace(copy_of(root))
    assert not [finding.what for finding in examine(ws) if finding.fault]
    return ws.judgements.history()["id"].tolist(), ws.models.current()


WORKS = {
    work.name: work
    for work in (
        Work("import", empty_with_music, do_import, catalogue),
        Work("embedding", with_sounds, do_embed, vectors),
        Work("fine-tuning", with_judgements, do_finetune, newest_model),
        Work("migration", old_workspace, do_migrate, migrated),
        Work("map making", with_judgements, do_map, drawn),
        Work("copy", with_judgements, do_copy, copied),
    )
}
EVERY_NIGHT = {"map making"}  # drawing compiles for half a minute


def each_work() -> Any:
    """Run a test on every work; on those that take long every night."""
    return pytest.mark.parametrize(
        "work",
        [
            pytest.param(work, marks=pytest.mark.nightly if name in EVERY_NIGHT else (), id=name)
            for name, work in WORKS.items()
        ],
    )


# -- judging -----------------------------------------------------------------------------------


def judge_and_tell(root: Path, told: Path, rater: str = "Ada", count: int = ANSWERS) -> None:
    """Answer triplets one by one; each answer is told in a file once it is acknowledged."""
    from workbench.judgements.answers import new_id
    from workbench.judgements.log import Answer

    log = Workspace(root).judgements
    session = log.open_session(rater)
    with told.open("a", buffering=1) as stream:
        for number in range(count):
            answer = Answer(
                id=new_id(), session_id=session, rater=rater, dimension="genre",
                anchor_id=1 + number % 7, a_id=10, b_id=11, choice="ab"[number % 2],
                sampler="random",
            )  # fmt: skip
            assert log.append(answer)
            stream.write(answer.id + "\n")
