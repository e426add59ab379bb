"""Vectors in a team's database: shared by machines, whole at any moment, found by indexes."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from postgres import as_plain_user, execute, new_database_url

from tests.benchmarks import pgvector
from workbench.catalogue.database import Database
from workbench.errors import NotReadyError, ReadOnlyError, StorageError
from workbench.vectors import shared
from workbench.vectors.copy_format import END, HEADER, record
from workbench.vectors.indexed import build_indexes, nearest_rows
from workbench.vectors.shared import SharedVectors

IDS = np.array([3, 5, 9, 12])
VECTORS = np.random.default_rng(0).normal(size=(4, 6)).astype(np.float32)


@pytest.fixture
def database() -> Database:
    return Database(new_database_url())


def machine(database: Database, folder: Path, name: str = "encoder-1") -> SharedVectors:
    """The set as one machine sees it, whose copies lie in `folder`."""
    return SharedVectors(database, name, folder=folder / "parts", cache=folder / "cache")


def tables(database: Database) -> list[str]:
    names = sa.inspect(database.engine).get_table_names()
    return [name for name in names if name.startswith("vectors_")]


def test_another_machine_reads_what_one_wrote(database: Database, tmp_path: Path) -> None:
    one, other = machine(database, tmp_path / "one"), machine(database, tmp_path / "other")
    assert not other.exists
    with pytest.raises(NotReadyError, match="workbench embed"):
        _ = other.ids
    shuffled = np.array([2, 0, 3, 1])
    one.write(IDS[shuffled], VECTORS[shuffled])
    assert other.exists
    assert not other.is_fetched
    np.testing.assert_array_equal(other.ids, IDS)
    np.testing.assert_array_equal(other.vectors, VECTORS)
    assert isinstance(other.vectors, np.memmap)
    assert other.is_fetched
    assert other.generation == one.generation


def test_a_few_rows_are_asked_for_without_fetching_all(database: Database, tmp_path: Path) -> None:
    machine(database, tmp_path / "one").write(IDS, VECTORS)
    other = machine(database, tmp_path / "other")
    np.testing.assert_array_equal(other.rows([12, 3, 12]), VECTORS[[3, 0, 3]])
    with pytest.raises(NotReadyError, match="Item 4 has no vector"):
        other.rows([3, 4])
    assert not other.is_fetched
    assert other.rows([]).shape == (0, 6)


def test_numbers_arrive_to_the_last_bit(database: Database, tmp_path: Path) -> None:
    odd = np.array([[1e-45, -0.0, 3.4e38, np.pi, -1e-30, 1 / 3]], np.float32)
    machine(database, tmp_path / "one").write(np.array([2**62]), odd)
    other = machine(database, tmp_path / "other")
    assert np.asarray(other.vectors).tobytes() == odd.tobytes()
    assert other.ids.tolist() == [2**62]


@pytest.mark.parametrize("shape", [(0, 6), (0, 0)])
def test_no_vectors_at_all_can_be_shared(
    database: Database, tmp_path: Path, shape: tuple[int, int]
) -> None:
    machine(database, tmp_path / "one").write(np.zeros(0, np.int64), np.zeros(shape, np.float32))
    assert machine(database, tmp_path / "other").vectors.shape == shape


def test_a_reader_keeps_its_set_and_the_next_one_sees_the_new(
    database: Database, tmp_path: Path
) -> None:
    one = machine(database, tmp_path / "one")
    one.write(IDS, VECTORS)
    reader = machine(database, tmp_path / "other")
    kept = reader.vectors
    one.write(IDS[:2], -VECTORS[:2])
    np.testing.assert_array_equal(kept, VECTORS)
    np.testing.assert_array_equal(reader.ids, IDS)
    later = machine(database, tmp_path / "other")
    np.testing.assert_array_equal(later.vectors, -VECTORS[:2])
    assert tables(database) == [later.table()]


def test_readers_never_see_a_mixture(database: Database, tmp_path: Path) -> None:
    """Each write's numbers are its size: a set of another size or number would be a mixture."""
    writer = machine(database, tmp_path / "one")
    writer.write(np.arange(2), np.full((2, 3), 2, np.float32))
    over, odd = threading.Event(), []

    def read(number: int) -> None:
        while not over.is_set():
            found = machine(database, tmp_path / f"reader {number}")
            try:
                if not (found.vectors == len(found.ids)).all():
                    odd.append(found.generation)
            except Exception as error:  # else only the thread would know
                odd.append(str(error))

    readers = [threading.Thread(target=read, args=[n]) for n in range(2)]
    for reader in readers:
        reader.start()
    for size in range(3, 15):
        writer.write(np.arange(size), np.full((size, 3), size, np.float32))
    over.set()
    for reader in readers:
        reader.join()
    assert odd == []


def test_a_write_that_broke_off_leaves_the_old_set(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = machine(database, tmp_path / "one")
    store.write(IDS, VECTORS)
    before = store.generation

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("workbench.vectors.copy_format.Record.new", stop)
    with pytest.raises(KeyboardInterrupt):
        store.write(IDS[:1], VECTORS[:1])
    assert machine(database, tmp_path / "other").generation == before
    assert len(tables(database)) == 1


def test_a_damaged_copy_is_fetched_again(database: Database, tmp_path: Path) -> None:
    store = machine(database, tmp_path)
    store.write(IDS, VECTORS)
    (tmp_path / "cache" / store.generation / "vectors.npy").write_bytes(b"nonsense")
    np.testing.assert_array_equal(machine(database, tmp_path).vectors, VECTORS)


def test_those_who_may_only_read_keep_nothing_on_the_disk(
    database: Database, tmp_path: Path
) -> None:
    machine(database, tmp_path / "one").write(IDS, VECTORS)
    viewer = machine(Database(database.url, read_only=True), tmp_path / "viewer")
    np.testing.assert_array_equal(viewer.vectors, VECTORS)
    assert not (tmp_path / "viewer").exists()
    with pytest.raises(ReadOnlyError):
        viewer.write(IDS, VECTORS)


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_numbers_that_are_not_finite_are_refused(
    database: Database, tmp_path: Path, number: float
) -> None:
    vectors = VECTORS.copy()
    vectors[2, 1] = number
    with pytest.raises(StorageError, match="vector of item 9 holds a number that is not finite"):
        machine(database, tmp_path).write(IDS, vectors)
    assert not machine(database, tmp_path).exists


def test_the_same_items_are_known_without_fetching(database: Database, tmp_path: Path) -> None:
    stores = [machine(database, tmp_path / name, name) for name in ("a", "b", "c")]
    for store, ids in zip(stores, (IDS, IDS, IDS + 1), strict=True):
        store.write(ids, VECTORS)
    one, same, other = (machine(database, tmp_path / "new", name) for name in ("a", "b", "c"))
    assert one.same_items(same)
    assert not one.same_items(other)
    assert not machine(database, tmp_path, "none").same_items(one)
    assert not one.is_fetched


# -- without pgvector ---------------------------------------------------------------------------


def test_a_user_who_may_not_switch_pgvector_on_is_told_who_can(tmp_path: Path) -> None:
    url = sa.make_url(new_database_url(empty=True))
    execute(f"GRANT CREATE ON DATABASE {url.database} TO public")
    execute(f"REVOKE CREATE ON DATABASE {url.database} FROM public")
    plain = Database(as_plain_user(url))
    with pytest.raises(StorageError, match=r"no pgvector.*`CREATE EXTENSION vector`"):
        machine(plain, tmp_path).write(IDS, VECTORS)


def test_a_server_without_pgvector_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = shared.sa.text
    monkeypatch.setattr(
        shared.sa, "text", lambda q: text(q.replace("EXISTS vector", "EXISTS none"))
    )
    with pytest.raises(StorageError, match="has no pgvector, where vectors are kept"):
        machine(Database(new_database_url(empty=True)), tmp_path).write(IDS, VECTORS)


# -- the stream ---------------------------------------------------------------------------------


def test_rows_are_read_from_chunks_of_any_size() -> None:
    rows = record(6).new(IDS, VECTORS)
    stream = HEADER + rows.tobytes() + END
    for size in (1, 7, len(stream)):
        chunks = [stream[i : i + size] for i in range(0, len(stream), size)]
        found = np.concatenate(list(record(6).read(chunks)))
        assert found["id"].tolist() == IDS.tolist()
        np.testing.assert_array_equal(found["vector"], VECTORS)


@pytest.mark.parametrize("cut", [5, 30, -1])
def test_a_stream_that_ends_early_is_refused(cut: int) -> None:
    stream = (HEADER + record(6).new(IDS, VECTORS).tobytes() + END)[:cut]
    with pytest.raises(ValueError, match="not whole"):
        list(record(6).read([stream]))


# -- what is near -------------------------------------------------------------------------------

ITEMS, DIMENSIONS, WIDTH = 3000, 3, 16
BLOCKS = {name: slice(i * WIDTH, (i + 1) * WIDTH) for i, name in enumerate("abc")}


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> tuple[SharedVectors, np.ndarray]:
    rng = np.random.default_rng(0)
    blocks = rng.normal(size=(ITEMS, DIMENSIONS, WIDTH)).astype(np.float32)
    blocks /= np.linalg.norm(blocks, axis=2, keepdims=True)
    store = machine(Database(new_database_url()), tmp_path_factory.mktemp("indexed"), "model-1")
    vectors = blocks.reshape(ITEMS, -1)
    store.write(np.arange(1, ITEMS + 1), vectors)
    build_indexes(store, BLOCKS)
    build_indexes(store, BLOCKS)  # what is there stays
    return store, vectors


def naive(vectors: np.ndarray, row: int, weights: list[float], allowed: np.ndarray) -> list[int]:
    scored = []
    for other in np.flatnonzero(allowed).tolist():
        near = 0.0
        for weight, block in zip(weights, BLOCKS.values(), strict=True):
            near += weight * float(vectors[other, block] @ vectors[row, block])
        scored.append((near, other + 1))
    return [item for _, item in sorted(scored, reverse=True)[:10]]


@pytest.mark.parametrize("index", [True, False], ids=["by index", "by product"])
@pytest.mark.parametrize("passing", [1.0, 0.1, 0.01])
@pytest.mark.parametrize("weights", [[1, 0, 0], [0.7, 0, -0.3], [0.5, 0.3, 0.2]], ids=str)
def test_nearly_all_of_the_nearest_are_found(
    indexed: tuple[SharedVectors, np.ndarray], weights: list[float], passing: float, index: bool
) -> None:
    store, vectors = indexed
    rng, found = np.random.default_rng(1), 0
    for row in rng.integers(ITEMS, size=4).tolist():
        allowed = rng.random(ITEMS) < passing
        allowed[row] = False
        near = nearest_rows(
            store,
            vectors[row],
            np.array(weights),
            BLOCKS,
            count=10,
            among=np.flatnonzero(allowed) + 1,
            index=index,
        )
        assert near.by_index == index
        assert allowed[near.ids - 1].all()
        np.testing.assert_array_equal(near.vectors, vectors[near.ids - 1])
        found += len(set(near.ids[:10].tolist()) & set(naive(vectors, row, weights, allowed)))
    assert found >= (39 if index else 40)  # of 40


@pytest.mark.nightly
@pytest.mark.parametrize("kind", pgvector.KINDS)
def test_of_a_hundred_thousand_nearly_all_of_the_nearest_are_found(
    kind: str, tmp_path: Path
) -> None:
    vectors = pgvector.made_vectors(kind, pgvector.ITEMS, np.random.default_rng(0))
    store = machine(Database(new_database_url()), tmp_path, "model-1")
    store.write(np.arange(1, len(vectors) + 1), vectors)
    build_indexes(store, pgvector.BLOCKS)
    rows = pgvector.measure(store, vectors, queries=20)
    assert sum(row["by index"] for row in rows) >= 40
    assert all(row["k"] >= 0.98 * row["n"] for row in rows)


def test_few_items_are_compared_without_an_index(
    indexed: tuple[SharedVectors, np.ndarray],
) -> None:
    store, vectors = indexed
    weights = np.array([1.0, 0.0, 0.0])
    assert not nearest_rows(
        store, vectors[0], weights, BLOCKS, count=10, among=np.arange(5, 20)
    ).by_index
