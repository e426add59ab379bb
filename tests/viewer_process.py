"""What a viewer's process may do in a workspace: run with the folder, it prints JSON.

Every writer is tried; what each came to is printed by its name: the class of its error, or "done".
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from workbench import Workspace, jobs
from workbench.audio.decode import encode
from workbench.catalogue.importer import import_music
from workbench.judgements.claims import Claims, OpenTriplet
from workbench.judgements.gold import GoldTriplets
from workbench.judgements.log import Answer
from workbench.judgements.rows import Triplet
from workbench.listening.rubrics import Rubrics
from workbench.listening.task_store import RatingTasks
from workbench.listening.tasks import RatingTask
from workbench.search.baskets import Basket
from workbench.search.find import find
from workbench.search.maps import Layout
from workbench.search.rankings import rate
from workbench.search.subspaces import read_subspaces, write_subspaces
from workbench.server.launch import copy_notebooks
from workbench.subspaces.declare import add_dimension
from workbench.tagging.machine_tags import MachineTags, TagCard
from workbench.tagging.reviews import ReviewLog, Verdict


def writers(ws: Workspace) -> dict[str, Callable[[], object]]:
    """Return the public writers, and the ways below them in which Python changes files."""
    root = ws.root
    card = ws.models.card()
    ids = ws.catalogue.items().index.to_numpy()
    first, second, third = (int(i) for i in ids[:3])
    triplet = Triplet("genre", first, second, third)
    verdict = Verdict(
        item_id=first, dimension="genre", value="x", verdict="accepted", reviewer="Eve"
    )
    outside = Path(tempfile.mkdtemp()) / "outside.txt"
    outside.write_text("x")
    link = outside.with_name("link")
    link.symlink_to(root)
    maps = root / "workbench.toml"
    vectors = np.zeros((len(ids), 4), np.float32)
    engine = sa.create_engine(f"sqlite:///{root / 'workbench.sqlite'}")

    def by_the_engine() -> None:
        with ws.database.engine.begin() as connection:
            connection.execute(sa.text("DELETE FROM items"))

    def by_another_engine() -> None:
        with engine.begin() as connection:
            connection.execute(sa.text("DELETE FROM items"))

    return {
        "import music": lambda: import_music(ws, [_tone(outside)], processes=1),
        "add an item": lambda: ws.catalogue.add_item(kind="song", domain="audio", title="x"),
        "set tags": lambda: ws.catalogue.set_tags({first: []}),
        "annotate": lambda: ws.catalogue.annotate(first, title="x"),
        "record a failure": lambda: ws.catalogue.record_failure(outside, "x"),
        "link": lambda: ws.catalogue.link(first, second),
        "link compositions": ws.catalogue.link_compositions,
        "open a session": lambda: ws.judgements.open_session("Eve"),
        "judge": lambda: ws.judgements.append_all(list[Answer]()),
        "undo": lambda: ws.judgements.undo("s"),
        "claim": lambda: Claims(ws.database).take(OpenTriplet(triplet, "s", "Eve", True, "x")),
        "gold": lambda: GoldTriplets(ws.database).add([("genre", first, second, third, "a")]),
        "rubric": lambda: Rubrics(ws).write("genre", "Listen.", author="Eve"),
        "rating task": lambda: RatingTasks(ws).save(RatingTask(name="t", dimensions=("genre",))),
        "review a tag": lambda: ReviewLog(ws.database).append(verdict),
        "machine tags": lambda: MachineTags(ws, "x").write_card(TagCard("x", "MIT", 0.5, (), "")),
        "song": lambda: Basket.create(ws, "x"),
        "stars": lambda: rate(ws, first, 5),
        "dimension": lambda: add_dimension(ws, "arc", notion="shared_tag"),
        "vectors": lambda: ws.vectors("x").write(ids, vectors),
        "subspaces": lambda: write_subspaces(ws, ws.models.load()),
        "maps": lambda: ws.maps.save(card.version, {"genre": Layout(ids, vectors[:, :2])}),
        "promote": lambda: ws.models.promote("v0002"),
        "metrics": lambda: ws.models.set_metrics(card.version, {"x": 1}),
        "save a model": lambda: ws.models.save(ws.models.load(), promote=True),
        "a job": lambda: jobs.start(ws, "finetune"),
        "cancel a job": lambda: jobs.Job(root / "jobs" / "x").cancel(),
        "notebooks": lambda: copy_notebooks(ws),
        "encode sound": lambda: encode(root / "x.wav", np.zeros((1, 9), np.float32), 22050),
        "SQL": by_the_engine,
        "SQL by another connection": by_another_engine,
        "SQLite": lambda: sqlite3.connect(root / "workbench.sqlite"),
        "open": lambda: maps.open("a"),
        "open through a link": lambda: (link / "workbench.toml").open("r+"),
        "os.open": lambda: os.open(maps, os.O_WRONLY),
        "mkdir": lambda: (root / "x").mkdir(),
        "unlink": maps.unlink,
        "rename away": lambda: maps.rename(outside),
        "rename into": lambda: outside.rename(root / "x"),
        "copy into": lambda: shutil.copy(outside, root),
        "rmtree": lambda: shutil.rmtree(root / "models"),
        "chmod": lambda: maps.chmod(0o777),
        "symlink": lambda: (root / "x").symlink_to(outside),
        "hard link": lambda: (root / "x").hardlink_to(outside),
        "truncate": lambda: os.truncate(maps, 0),
        "temporary file": lambda: tempfile.mkstemp(dir=root),
        "numpy": lambda: np.save(root / "x.npy", vectors),
        "touch": maps.touch,
    }


def _tone(beside: Path) -> Path:
    file = beside.with_name("tone.wav")
    encode(file, np.sin(np.linspace(0, 999, 22050)).astype(np.float32)[None], 22050)
    return file


def outcome(write: Callable[[], object]) -> str:
    """Return what came of a try."""
    try:
        write()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "done"


def reading(ws: Workspace) -> dict[str, object]:
    """Return what the workspace says when it is read."""
    store, blocks = read_subspaces(ws)
    return {
        "read_only": ws.read_only,
        "items": len(ws.catalogue.items()),
        "judgements": len(ws.judgements.table()),
        "subspaces": [list(store.vectors.shape), float(np.abs(store.vectors).sum())],
        "blocks": list(blocks),
        "found": len(find(ws, int(store.ids[0]))),
    }


if __name__ == "__main__":
    workspace = Workspace(sys.argv[1])
    seen = reading(workspace)
    said = {name: outcome(write) for name, write in writers(workspace).items()}
    print(json.dumps({"writing": said, "reading": seen}))
