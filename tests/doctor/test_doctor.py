"""Each fault is made, found by name, and mended; a workspace that is well has none."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from postgres import new_database_url
from synthetic import judge

from workbench import Workspace
from workbench.catalogue.tables import Media, now
from workbench.doctor.examine import examine, repair
from workbench.jobs import Job
from workbench.judgements.claims import Claims, OpenTriplet
from workbench.judgements.rows import Triplet

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


def words(ws: Workspace, *, deep: bool = False) -> str:
    return "\n".join(f"{f.theme}: {f.what} {f.examples}" for f in examine(ws, deep=deep))


def mended(ws: Workspace, *, deep: bool = False) -> Path | None:
    """Repair, see that nothing is left, and return what was kept."""
    result = repair(Workspace(ws.root), deep=deep)
    assert result.left == []
    assert result.done
    return result.kept


# -- a workspace that is well ---------------------------------------------------------------------


@pytest.mark.parametrize("deep", [False, True])
def test_a_healthy_workspace_gives_no_finding(ws: Workspace, deep: bool) -> None:
    session = ws.judgements.open_session("Ada")
    claim = OpenTriplet(Triplet("tempo", 1, 2, 3), session, "Ada", True, "random")
    assert Claims(ws.database).take(claim)
    ws.vectors("descriptors-1").write(np.arange(1, 13), np.ones((12, 4), np.float32))
    before = sorted(ws.root.rglob("*"))
    assert examine(ws, deep=deep) == []
    assert sorted(ws.root.rglob("*")) == before


def test_a_model_with_maps_and_vectors_is_well(fitted: Workspace) -> None:
    from workbench.maps.compute import compute_maps

    compute_maps(fitted)
    assert examine(fitted, deep=True) == []
    result = repair(fitted, deep=True)
    assert result == ([], [], None)


# -- the database ---------------------------------------------------------------------------------


def corrupt(file: Path, table: str) -> None:
    """Overwrite the first page of a table."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        query = "SELECT rootpage FROM sqlite_master WHERE name = ?"
        (page,) = connection.execute(query, (table,)).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with file.open("r+b") as stream:
        stream.seek((page - 1) * size)
        stream.write(b"\xff" * size)


@pytest.mark.sqlite_file("reads or changes the SQLite file itself")
def test_what_can_be_read_of_a_damaged_database_is_saved(ws: Workspace) -> None:
    judge(ws, [("tempo", 1, 2, 3, "a"), ("tempo", 1, 2, 4, "b")])
    judged = ws.judgements.history()
    ws.database.close()
    corrupt(ws.root / "workbench.sqlite", "tags")
    assert "database: The database cannot be read whole" in words(Workspace(ws.root))
    kept = mended(ws)
    assert kept is not None
    assert (kept / "workbench.sqlite").is_file()
    again = Workspace(ws.root)
    assert again.judgements.history().equals(judged)
    assert len(again.catalogue.items()) == 12
    assert again.catalogue.tags().empty  # the page that is gone
    assert examine(again, deep=True) == []


@pytest.mark.sqlite_file("reads or changes the SQLite file itself")
def test_wrong_indexes_are_built_anew(ws: Workspace) -> None:
    ws.database.close()
    file = ws.root / "workbench.sqlite"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_master SET sql = replace(sql, '(dimension)', '(value)') "
                           "WHERE name = 'ix_tags_dimension'")  # fmt: skip
        connection.commit()
    assert "indexes are wrong" in words(Workspace(ws.root), deep=True)
    kept_rows = Workspace(ws.root).catalogue.tags()
    result = repair(Workspace(ws.root), deep=True)
    assert result.left == []
    assert Workspace(ws.root).catalogue.tags().equals(kept_rows)


def test_an_older_schema_is_told_and_brought_up_to_date(tmp_path: Path) -> None:
    from older import workspace_of_revision

    root = workspace_of_revision(tmp_path / "old", "0001")
    (finding,) = examine(Workspace(root))
    assert not finding.fault
    assert "schema 0001" in finding.what
    mended(Workspace(root))
    assert list(root.glob("workbench-schema-0001-*.sqlite"))


def without_references(ws: Workspace, *statements: str) -> None:
    """Change rows as only another program, or a broken restore, could."""
    with ws.database.engine.connect() as connection:
        if ws.database.is_sqlite:
            connection.execute(sa.text("PRAGMA foreign_keys = OFF"))
        for statement in statements:
            connection.execute(sa.text(statement))
        connection.commit()
    ws.database.close()


@pytest.mark.sqlite_file("PostgreSQL refuses rows whose key leads nowhere")
def test_rows_of_items_that_are_not_there_go_and_are_written_down(ws: Workspace) -> None:
    without_references(ws, "DELETE FROM items WHERE id = 12")
    said = words(ws)
    assert "2 rows of tags refer to items that are not there" in said
    assert "1 row of media belong to no item" in said
    kept = mended(ws)
    assert kept is not None
    lines = (kept / "database" / "tags.jsonl").read_text().splitlines()
    assert {json.loads(line)["item_id"] for line in lines} == {12}
    assert list(ws.root.glob("workbench-before-repair-*.sqlite"))


@pytest.mark.sqlite_file("PostgreSQL refuses rows whose key leads nowhere")
def test_judgements_without_their_sitting_are_seen_again(ws: Workspace) -> None:
    judge(ws, [("tempo", 1, 2, 3, "a")])
    without_references(ws, "DELETE FROM sessions")
    assert ws.judgements.history().empty
    assert "1 row of judgements refer to sessions that are not there" in words(ws)
    mended(ws)
    assert list(Workspace(ws.root).judgements.table()["rater"]) == ["Ada"]


@pytest.mark.sqlite_file("PostgreSQL refuses rows whose key leads nowhere")
def test_judgements_of_items_that_are_gone_stay(ws: Workspace) -> None:
    judge(ws, [("tempo", 1, 2, 12, "a")])
    without_references(ws, "DELETE FROM items WHERE id = 12")
    result = repair(Workspace(ws.root))
    (left,) = result.left
    assert "1 row of judgements refer to items" in left.what
    assert left.repair is None
    assert Workspace(ws.root).judgements.count() == 1


def test_claims_of_a_clock_that_was_wrong_are_let_go(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = ws.judgements.open_session("Ada")
    monkeypatch.setattr("workbench.judgements.claims.now", lambda: now() + timedelta(days=900))
    stuck = OpenTriplet(Triplet("tempo", 1, 2, 3), session, "Ada", True, "random")
    assert Claims(ws.database).take(stuck)
    monkeypatch.undo()
    assert "1 claim last longer than claims do" in words(ws)
    mended(ws)
    other = OpenTriplet(Triplet("tempo", 1, 2, 3), session, "Ben", True, "random")
    assert Claims(ws.database).take(other)


def test_rows_from_the_future_are_told_and_stay(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.judgements.undoing.now", lambda: now() + timedelta(days=900))
    judge(ws, [("tempo", 1, 2, 3, "a")])
    monkeypatch.undo()
    (finding,) = examine(ws)
    assert "1 row of judgements are dated in the future" in finding.what
    assert not finding.fault
    assert finding.repair is None


# -- files ----------------------------------------------------------------------------------------


def test_files_that_are_gone_or_changed_are_named(ws: Workspace) -> None:
    media = ws.root / "media"
    (media / "tone3.wav").unlink()
    (media / "tone4.wav").write_bytes((media / "tone4.wav").read_bytes()[:-100])
    said = words(ws)
    assert "1 file is no longer where they were imported from. ('media/tone3.wav',)" in said
    assert "1 file changed after the import. ('media/tone4.wav',)" in said


def test_content_of_the_same_length_is_found_by_its_hash(ws: Workspace) -> None:
    file = ws.root / "media" / "tone5.wav"
    data = bytearray(file.read_bytes())
    data[2000] ^= 255
    file.write_bytes(data)
    assert examine(ws) == []
    assert "1 file changed after the import. ('media/tone5.wav',)" in words(ws, deep=True)


def test_a_copy_for_browsers_is_made_again(ws: Workspace) -> None:
    from workbench.audio.decode import decode, encode

    copy = ws.root / "cache" / "playable" / "one.flac"
    sound = decode(ws.root / "media" / "tone0.wav")
    encode(copy, sound.samples, sound.sample_rate)
    with ws.database.write() as session:
        update = sa.update(Media).where(Media.path == "media/tone0.wav")
        session.execute(update.values(playable_path="cache/playable/one.flac"))
    assert examine(ws, deep=True) == []
    whole = copy.read_bytes()
    copy.write_bytes(whole[: len(whole) // 2])
    assert "1 copy for browsers cannot be played" in words(ws, deep=True)
    mended(ws, deep=True)
    np.testing.assert_allclose(decode(copy).samples, sound.samples, atol=1e-4)


def test_a_copy_of_nothing_and_unfinished_files_are_moved_away(ws: Workspace) -> None:
    strays = [
        ws.root / "cache" / "playable" / "of-nothing.flac",
        ws.root / "maps" / ".partial-abc.npz",
        ws.root / "models" / ".partial-0123" / "card.json",
    ]
    for file in strays:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x")
    (ws.root / "models" / ".lock").touch()
    assert all(not finding.fault for finding in examine(ws))
    kept = mended(ws)
    assert kept is not None
    assert all((kept / file.relative_to(ws.root)).is_file() for file in strays)


def test_a_file_that_is_being_written_is_left_alone(ws: Workspace) -> None:
    from workbench.files import atomic_write

    with atomic_write(ws.root / "maps" / "v0001.bin") as stream:
        stream.write(b"half")
        assert examine(ws) == []


# -- vectors, models, maps, jobs ------------------------------------------------------------------


def damage_vectors(ws: Workspace) -> None:
    store = ws.vectors("descriptors-1")
    file = store.folder / store.generation / "vectors.npy"
    file.write_bytes(file.read_bytes()[:-1])


def zeros_for_vectors(ws: Workspace) -> None:
    store = ws.vectors("descriptors-1")
    file = store.folder / store.generation / "vectors.npy"
    data = file.read_bytes()
    file.write_bytes(data[: len(data) // 2] + bytes(len(data) - len(data) // 2))


def nameless_vectors(ws: Workspace) -> None:
    (ws.root / "vectors" / "descriptors-1" / "current").unlink()


def vectors_of_unknown_items(ws: Workspace) -> None:
    store = ws.vectors("descriptors-1")
    ids = np.append(store.ids, [7001, 7002])
    store.write(ids, np.vstack([store.vectors, store.vectors[:2]]))


def stale_model_vectors(ws: Workspace) -> None:
    store = ws.vectors("model-v0001")
    store.write(store.ids, np.asarray(store.vectors)[::-1])


def narrow_model_vectors(ws: Workspace) -> None:
    store = ws.vectors("model-v0001")
    store.write(store.ids, np.asarray(store.vectors)[:, 1:])


def vectors_of_no_model(ws: Workspace) -> None:
    store = ws.vectors("model-v0001")
    ws.vectors("model-v0009").write(store.ids, np.asarray(store.vectors))


def unfinished_write(ws: Workspace) -> None:
    (ws.root / "vectors" / "descriptors-1" / "0123456789ab").mkdir()


def damaged_map(ws: Workspace) -> None:
    file = ws.root / "maps" / "v0001.npz"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(b"PK half a file")


def map_of_no_model(ws: Workspace) -> None:
    (ws.root / "maps").mkdir(exist_ok=True)
    (ws.root / "maps" / "v0007.npz").write_bytes(b"")


def map_of_other_dimensions(ws: Workspace) -> None:
    from workbench.maps.store import Layout

    layout = Layout(np.array([1, 2]), np.zeros((2, 2), np.float32))
    ws.maps.save("v0001", {"genre": layout, "weather": layout})


def damaged_job(ws: Workspace) -> None:
    (ws.jobs_folder / "20260101-000000-abcdef").mkdir(parents=True)
    (ws.jobs_folder / "20260101-000000-abcdef" / "job.json").write_text('{"argu')


def dead_job(ws: Workspace) -> None:
    folder = ws.jobs_folder / "20260102-000000-abcdef"
    folder.mkdir(parents=True)
    (folder / "job.json").write_text('{"arguments": ["map"]}')
    assert Job(folder).state == "died"


def torn_events(ws: Workspace) -> None:
    dead_job(ws)
    folder = next(ws.jobs_folder.iterdir())
    (folder / "events.jsonl").write_text('{"event": "sta\n{"event": "done"}\n')


def torn_history(ws: Workspace) -> None:
    with (ws.root / "models" / "history.jsonl").open("a") as stream:
        stream.write('{"action": "promote", "ver')


def damaged_history(ws: Workspace) -> None:
    with (ws.root / "models" / "history.jsonl").open("a") as stream:
        stream.write('{"action": "promote", "ver\n')


FAULTS: dict[Callable[[Workspace], None], str] = {
    damage_vectors: "vectors: The vectors in vectors/descriptors-1 are damaged",
    zeros_for_vectors: "descriptors-1 are damaged (they are not what was written)",
    nameless_vectors: "vectors: The vectors in vectors/descriptors-1 are whole, but nothing names",
    vectors_of_unknown_items: "vectors: 2 vectors of descriptors-1 are of items that the",
    stale_model_vectors: "vectors: The vectors of model v0001 are stale: they are of other",
    narrow_model_vectors: "vectors: The vectors of model v0001 are stale: they have another width",
    vectors_of_no_model: "vectors: There are vectors of model v0009, which is not there",
    unfinished_write: "vectors: 1 write of descriptors-1 came to no end",
    damaged_map: "maps: The maps of model v0001 cannot be shown",
    map_of_no_model: "maps: 1 file of maps are of models that are not there",
    map_of_other_dimensions: "maps: The maps of model v0001 cannot be shown (they are of other",
    damaged_job: "work: 1 job cannot be read",
    dead_job: "work: 1 job ended without a word",
    torn_events: "work: 1 record of jobs have lines that were cut short",
    torn_history: "models: history.jsonl has 0 damaged lines and an end that was cut off",
    damaged_history: "models: history.jsonl has 1 damaged line.",
}


# Of vectors that a team's database keeps itself.
IN_FILES = {damage_vectors, zeros_for_vectors, nameless_vectors, unfinished_write}


@pytest.mark.parametrize("damage", FAULTS, ids=lambda damage: damage.__name__)
def test_a_fault_is_told_and_mended(fitted: Workspace, damage: Callable) -> None:
    from workbench.search.subspaces import read_subspaces

    if damage in IN_FILES and not fitted.database.is_sqlite:
        pytest.skip("vectors are no files here")
    read_subspaces(fitted)
    assert examine(fitted) == []
    damage(fitted)
    assert FAULTS[damage] in words(Workspace(fitted.root))
    kept = mended(fitted)
    assert (kept is None) == (damage is nameless_vectors)  # nothing is taken away for that
    again = Workspace(fitted.root)
    assert again.models.current() == "v0001"
    assert len(again.catalogue.items()) == 80


@pytest.mark.sqlite_file("vectors are no files here")
@pytest.mark.parametrize("deep", [False, True])
def test_zeros_are_told_of_the_vectors_that_have_them(fitted: Workspace, deep: bool) -> None:
    from workbench.search.subspaces import read_subspaces

    right = np.array(read_subspaces(fitted)[0].vectors)
    zeros_for_vectors(fitted)
    (finding,) = examine(Workspace(fitted.root), deep=deep)
    assert "descriptors-1 are damaged" in finding.what
    repair(Workspace(fitted.root), deep=deep)
    np.testing.assert_array_equal(Workspace(fitted.root).vectors("model-v0001").vectors, right)


@pytest.mark.sqlite_file("vectors are no files here")
@pytest.mark.parametrize("damage", [damage_vectors, zeros_for_vectors])
def test_damage_to_an_encoder_of_any_name_is_mended(fitted: Workspace, damage: Callable) -> None:
    """A model's vectors may be looked at before those that they were made of."""
    from workbench.search.subspaces import read_subspaces

    read_subspaces(fitted)
    damage(fitted)
    vectors, card = fitted.root / "vectors", fitted.root / "models" / "v0001" / "card.json"
    (vectors / "descriptors-1").rename(vectors / "zeta-1")
    card.write_text(card.read_text().replace("descriptors-1", "zeta-1"))
    assert "vectors/zeta-1 are damaged" in words(Workspace(fitted.root), deep=True)
    assert not [f for f in repair(Workspace(fitted.root), deep=True).left if f.fault]


def test_a_damaged_version_goes_and_the_last_whole_one_is_in_use(fitted: Workspace) -> None:
    shutil.copytree(fitted.models.folder / "v0001", fitted.models.folder / "v0002")
    card = fitted.models.folder / "v0002" / "card.json"
    card.write_text(card.read_text().replace('"v0001"', '"v0002"'))
    fitted.models.promote("v0002")
    file = fitted.models.folder / "v0002" / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-4])
    assert "1 model version is damaged" in words(fitted)
    kept = mended(fitted)
    assert kept is not None
    assert (kept / "models" / "v0002" / "card.json").is_file()
    assert Workspace(fitted.root).models.load().card.version == "v0001"


@pytest.mark.sqlite_file("PostgreSQL refuses vectors that are no numbers")
def test_vectors_that_are_no_numbers_are_found_when_all_is_read(fitted: Workspace) -> None:
    store = fitted.vectors("descriptors-1")
    vectors = np.array(store.vectors)
    vectors[3, 4] = np.nan
    store.write(store.ids, vectors)
    assert "no numbers" in words(fitted, deep=True)


# -- the command ----------------------------------------------------------------------------------


def test_a_team_database_that_does_not_answer_is_one_finding(tmp_path: Path) -> None:
    ws = Workspace.create(tmp_path / "ws", database=new_database_url())
    config = ws.root / "workbench.toml"
    config.write_text(config.read_text().replace("/w", "/nobody_has_this_", 1))
    (finding,) = examine(Workspace(ws.root))
    assert finding.fault
    assert "does not answer" in finding.what
