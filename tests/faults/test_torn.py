"""Power loss: a copy of a workspace with one file torn per try. What is read is right, or told."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from counting import Count, few_or_many
from works import with_judgements

from workbench import Workspace
from workbench.doctor.examine import examine, repair
from workbench.errors import WorkbenchError


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with everything: judgements, vectors, a model, maps, a sound that was made."""
    from workbench.audio.decode import encode
    from workbench.catalogue.media import describe_audio
    from workbench.maps.store import Layout, MapFacts
    from workbench.search.subspaces import read_subspaces

    root = tmp_path_factory.mktemp("torn") / "ws"
    with_judgements(root)
    ws = Workspace(root)
    rng = np.random.default_rng(0)
    store, _ = read_subspaces(ws)
    places = {
        name: Layout(store.ids, rng.normal(size=(len(store.ids), 2)).astype(np.float32))
        for name in ("genre", "tempo")
    }
    ws.maps.save("v0001", places, MapFacts("v0001", len(store.ids), generation=store.generation))
    sound = rng.normal(0, 0.1, (1, 8000)).astype(np.float32)
    encode(root / "media" / "noise.wav", sound, 8000)
    song = ws.catalogue.add_item(kind="song", domain="audio", title="Noise",
                                 media=describe_audio(root / "media" / "noise.wav"))  # fmt: skip
    ws.catalogue.heard(ws.catalogue.add_span(song, 0.1, 0.6))
    store = ws.vectors("descriptors-1")
    ids = np.append(store.ids, song)
    store.write(ids, np.vstack([store.vectors, store.vectors[:1]]))
    read_subspaces(ws)
    ws.database.close()
    assert examine(Workspace(root), deep=True) == []
    return root


def _sound(ws: Workspace) -> Any:
    from workbench.audio.decode import decode

    span = int(ws.catalogue.items(kind="segment").index[0])
    return decode(ws.catalogue.heard(span).path).samples.tolist()


READS: dict[str, Callable[[Workspace], Any]] = {
    "items": lambda ws: ws.catalogue.items().to_json(date_format="iso"),
    "tags": lambda ws: ws.catalogue.tags().to_json(date_format="iso"),
    "judgements": lambda ws: ws.judgements.history()["id"].tolist(),
    "vectors": lambda ws: np.asarray(ws.vectors("descriptors-1").vectors).tolist(),
    "model": lambda ws: {n: h["weight"].tolist() for n, h in ws.models.load().heads.items()},
    "versions": lambda ws: [card.version for card in ws.models.versions()],
    "subspaces": lambda ws: _rounded(ws),
    "maps": lambda ws: {n: m.xy.tolist() for n, m in ws.maps.load("v0001").items()},
    "facts": lambda ws: ws.maps.facts("v0001").items,
    "sound": _sound,
}


def _rounded(ws: Workspace) -> Any:
    from workbench.search.subspaces import read_subspaces

    return np.round(np.asarray(read_subspaces(ws)[0].vectors), 3).tolist()


def read(root: Path, name: str) -> Any:
    """Return what is read, or the sentence that says why it cannot be."""
    try:
        return READS[name](Workspace(root))
    except WorkbenchError as error:
        if "\n" in str(error):
            raise ValueError(f"more than a sentence: {error}") from error
        return error


def tear(file: Path, rng: np.random.Generator) -> None:
    """Cut a file short, or leave its tail as zeros; arrays, which have no checksum, are cut."""
    data = file.read_bytes()
    kept = int(rng.integers(0, len(data)))
    zeros = file.suffix != ".npy" and rng.random() < 0.5
    file.write_bytes(data[:kept] + bytes(len(data) - kept if zeros else 0))


@few_or_many(10, 1000)
def test_a_torn_file_is_never_believed(whole: Path, tmp_path: Path, tries: int) -> None:
    count, rng = Count("power loss, a torn file"), np.random.default_rng(4)
    expected = {name: read(whole, name) for name in READS}
    assert not any(isinstance(value, WorkbenchError) for value in expected.values())
    files = sorted(
        path.relative_to(whole)
        for path in whole.rglob("*")
        if path.is_file() and path.stat().st_size and not path.name.startswith("workbench.")
    )
    assert len(files) > 10
    for number in range(tries):
        count.tries += 1
        torn = files[number % len(files)]
        root = tmp_path / "try"
        shutil.copytree(whole, root)
        tear(root / torn, rng)
        told = False
        for name, right in expected.items():
            try:
                found = read(root, name)
            except Exception as error:
                count.lost(f"{torn}: reading {name} broke: {type(error).__name__}: {error}")
                continue
            if isinstance(found, WorkbenchError):
                told = True
            elif found != right and torn.suffix != ".wav":  # an original may be what it is
                count.lost(f"{torn}: wrong {name}")
        found = examine(Workspace(root), deep=True)
        count.hit += told or bool(found)
        left = repair(Workspace(root), deep=True).left
        if any(finding.fault for finding in left) and torn.suffix != ".wav":
            count.lost(f"{torn}: not repaired: {left}")
        if torn.suffix == ".wav" and not any(str(torn) in f.examples for f in found):
            count.lost(f"{torn}: not named")
        shutil.rmtree(root)
    count.close()


def rows_of(root: Path) -> set[tuple[object, ...]]:
    """Return what people would miss of a database."""
    ws = Workspace(root)
    tags = ws.catalogue.tags()
    return {
        *(("item", number) for number in ws.catalogue.items().index),
        *(("tag", *tag) for tag in zip(tags["item_id"], tags["value"], strict=True)),
        *(("judgement", id) for id in ws.judgements.history()["id"]),
    }


def _fewest(share: float) -> float:
    """Return which share of the rows a share of the file holds at least.

    The schema and the items lie before its middle, judgements at the end of it.
    """
    return 0.4 if share > 0.97 else 0.05 if share > 0.5 else 0.0


def _vectors(root: Path) -> list[Path]:
    return sorted(p.relative_to(root) for p in (root / "vectors").rglob("*") if p.is_file())


@few_or_many(3, 300)
def test_a_torn_database_is_told_and_what_is_left_of_it_saved(
    whole: Path, tmp_path: Path, tries: int
) -> None:
    count, rng = Count("power loss, a database cut short"), np.random.default_rng(5)
    right = {name: read(whole, name) for name in ("items", "tags", "judgements")}
    size, rows = (whole / "workbench.sqlite").stat().st_size, rows_of(whole)
    for _ in range(tries):
        count.tries += 1
        root = tmp_path / "try"
        shutil.copytree(whole, root)
        share = rng.uniform(0, 1)
        with (root / "workbench.sqlite").open("r+b") as stream:
            stream.truncate(int(share * size))
        told = False
        for name, value in right.items():
            try:
                found = read(root, name)
            except Exception as error:
                count.lost(f"reading {name} broke: {type(error).__name__}: {error}")
                continue
            if not isinstance(found, WorkbenchError) and found != value:
                count.lost(f"wrong {name}")
            told = told or isinstance(found, WorkbenchError)
        count.hit += told
        if not any(f.theme == "database" and f.fault for f in examine(Workspace(root))):
            count.lost("the doctor does not see it")
        vectors = [(root / path).read_bytes() for path in _vectors(root)]
        repair(Workspace(root))
        if vectors != [(root / path).read_bytes() for path in _vectors(root)]:
            count.lost("what a backup of the database would need was changed")
        saved = rows_of(root)
        if not saved <= rows:
            count.lost(f"rows that nobody wrote: {saved - rows}")
        if len(saved) < _fewest(share) * len(rows):
            count.lost(f"{len(saved)} of {len(rows)} rows saved of {share:.0%} of the file")
        left = repair(Workspace(root)).left  # now what refers to lost rows, too
        if any(finding.repair for finding in left):
            count.lost(f"not repaired: {left}")
        shutil.rmtree(root)
    count.close()


@few_or_many(3, 200)
def test_the_tail_of_the_write_ahead_log_is_lost_whole_or_not_at_all(
    whole: Path, tmp_path: Path, tries: int
) -> None:
    from works import judge_and_tell

    count, rng = Count("power loss, the tail of the log of writes"), np.random.default_rng(6)
    root, told = tmp_path / "judged", tmp_path / "told"
    shutil.copytree(whole, root)
    ws = Workspace(root)
    ws.judgements.count()  # an open connection keeps the log from being folded in
    with ws.database.engine.connect() as held:
        held.exec_driver_sql("SELECT count(*) FROM judgements").fetchall()
        judge_and_tell(root, told, count=40)
        before = ws.judgements.history()["id"].tolist()
        names = ("workbench.sqlite", "workbench.sqlite-wal")
        files = {name: (root / name).read_bytes() for name in names}
    assert len(files["workbench.sqlite-wal"]) > 10_000
    for _ in range(tries):
        count.tries += 1
        target = tmp_path / "try"
        shutil.copytree(whole, target)
        (target / "workbench.sqlite").write_bytes(files["workbench.sqlite"])
        wal = files["workbench.sqlite-wal"]
        (target / "workbench.sqlite-wal").write_bytes(wal[: int(rng.integers(0, len(wal)))])
        found = read(target, "judgements")
        if found != before[: len(found)]:
            count.lost("judgements are missing in the middle")
        count.hit += len(found) < len(before)
        for finding in examine(Workspace(target)):
            count.lost(finding.what)
        shutil.rmtree(target)
    count.close()
