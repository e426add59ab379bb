from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from workbench.errors import NotReadyError, StorageError
from workbench.vectors.store import VectorStore

IDS = np.array([3, 5, 9, 12])
VECTORS = np.random.default_rng(0).normal(size=(4, 6)).astype(np.float32)


@pytest.fixture
def store(tmp_path: Path) -> VectorStore:
    store = VectorStore(tmp_path / "encoder-1")
    store.write(IDS, VECTORS)
    return store


def again(store: VectorStore) -> VectorStore:
    return VectorStore(store.folder)


def test_vectors_come_back_in_the_order_of_ids(store: VectorStore) -> None:
    shuffled = np.array([2, 0, 3, 1])
    store.write(IDS[shuffled], VECTORS[shuffled])
    found = again(store)
    np.testing.assert_array_equal(found.ids, IDS)
    np.testing.assert_array_equal(found.vectors, VECTORS)
    assert found.vectors.dtype == np.float32
    assert isinstance(found.vectors, np.memmap)


def test_rows_follow_the_ids_asked_for(store: VectorStore) -> None:
    np.testing.assert_array_equal(store.rows([12, 3, 12]), VECTORS[[3, 0, 3]])
    assert store.rows([]).shape == (0, 6)


@pytest.mark.parametrize("item", [1, 4, 13])
def test_an_item_without_a_vector_is_named(store: VectorStore, item: int) -> None:
    with pytest.raises(NotReadyError, match=f"Item {item} has no vector"):
        store.rows([5, item])


def test_before_the_first_write_the_sentence_names_the_command(tmp_path: Path) -> None:
    store = VectorStore(tmp_path / "encoder-1")
    assert not store.exists
    with pytest.raises(NotReadyError, match="workbench embed"):
        _ = store.ids


def test_no_vectors_at_all_can_be_stored(tmp_path: Path) -> None:
    store = VectorStore(tmp_path / "encoder-1")
    store.write(np.zeros(0, np.int64), np.zeros((0, 6), np.float32))
    assert again(store).vectors.shape == (0, 6)


def test_only_the_current_generation_and_the_parts_are_kept(store: VectorStore) -> None:
    (store.folder / "parts").mkdir()
    for _ in range(3):
        store.write(IDS, VECTORS)
    current = (store.folder / "current").read_text()
    kept = sorted([".lock", "current", current, "parts"])
    assert sorted(p.name for p in store.folder.iterdir()) == kept


def test_a_reader_keeps_its_pair_while_others_write(store: VectorStore) -> None:
    reader = again(store)
    assert len(reader.ids) == 4
    store.write(IDS[:2], VECTORS[:2])
    np.testing.assert_array_equal(reader.rows(IDS), VECTORS)  # ids and vectors of one generation
    assert len(again(store).ids) == 2


def test_the_writer_itself_sees_what_it_wrote(store: VectorStore) -> None:
    assert len(store.ids) == 4
    store.write(IDS[:1], VECTORS[:1])
    assert store.ids.tolist() == [3]
    assert store.vectors.shape == (1, 6)


_WRITE = """
import sys
import numpy as np
from pathlib import Path
from workbench.vectors.store import VectorStore
for number in range(int(sys.argv[2]), int(sys.argv[2]) + 20):
    VectorStore(Path(sys.argv[1])).write(np.arange(9), np.full((9, 2000), number, np.float32))
"""


def test_two_writers_never_remove_what_the_other_writes(store: VectorStore) -> None:
    (store.folder / "0123456789ab").mkdir()  # left behind by a process that died
    command = [sys.executable, "-c", _WRITE, str(store.folder)]
    writers = [subprocess.Popen([*command, str(first)]) for first in (100, 200)]
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0]
    last = again(store)
    assert len(np.unique(last.vectors)) == 1
    assert last.vectors[0, 0] in (119, 219)
    kept = sorted([".lock", "current", last.generation])
    assert sorted(p.name for p in store.folder.iterdir()) == kept


@pytest.mark.parametrize("file", ["ids.npy", "vectors.npy"])
@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"junk" * 100, None])
def test_a_damaged_file_is_told_with_the_way_out(
    store: VectorStore, file: str, content: bytes | None
) -> None:
    path = store.folder / (store.folder / "current").read_text() / file
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(StorageError, match="workbench embed"):
        _ = again(store).vectors


def test_numbers_of_ids_and_vectors_that_differ_are_told(store: VectorStore) -> None:
    folder = store.folder / (store.folder / "current").read_text()
    np.save(folder / "ids.npy", IDS[:3])
    with pytest.raises(StorageError, match="damaged"):
        _ = again(store).ids


CRASHING_WRITER = """
import os, sys
import numpy as np
from pathlib import Path
from workbench.vectors import store as vectors
stop, folder = int(sys.argv[1]), Path(sys.argv[2])
done = 0
def crash_at(function):
    def call(*arguments, **options):
        global done
        done += 1
        if done == stop:
            os._exit(9)
        result = function(*arguments, **options)
        done += 1
        if done == stop:
            os._exit(9)
        return result
    return call
np.save = crash_at(np.save)
vectors.write_text = crash_at(vectors.write_text)
vectors.shutil.rmtree = crash_at(vectors.shutil.rmtree)
vectors.VectorStore(folder).write(np.arange(7), np.full((7, 6), 7, np.float32))
"""


def test_a_crash_at_any_step_of_a_write_leaves_the_old_pair_or_the_new_one(
    store: VectorStore,
) -> None:
    seen = set()
    for stop in range(1, 20):
        store.write(IDS, VECTORS)
        process = subprocess.run(
            [sys.executable, "-c", CRASHING_WRITER, str(stop), str(store.folder)], check=False
        )
        found = again(store)
        assert len(found.ids) == len(found.vectors)
        if len(found.ids) == 4:
            np.testing.assert_array_equal(found.rows(IDS), VECTORS)
        else:
            np.testing.assert_array_equal(found.vectors, np.full((7, 6), 7))
        seen.add((process.returncode, len(found.ids)))
    assert seen == {(9, 4), (9, 7), (0, 7)}


def test_a_copy_that_was_ended_in_the_middle_is_written_again(tmp_path: Path) -> None:
    store = VectorStore(tmp_path)
    left = tmp_path / "abc"
    left.mkdir()
    (left / "ids.npy").write_bytes(b"half")
    store.write(np.arange(3), np.ones((3, 2)), generation="abc")
    assert (store.generation, len(VectorStore(tmp_path).vectors)) == ("abc", 3)
