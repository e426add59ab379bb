from __future__ import annotations

import hashlib
import json
import pickle
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save
from synthetic import MODEL_BLOCKS as BLOCKS
from synthetic import MODEL_DIM as DIM
from synthetic import MODEL_WIDTH as WIDTH
from synthetic import make_model

from workbench.errors import StorageError, WorkbenchError
from workbench.subspaces.model import Model, Normaliser
from workbench.subspaces.store import ModelCard


def saved(model: Model, file: Path) -> ModelCard:
    return replace(model.card, sha256=model.save(file))


def forged(model: Model, file: Path, **changes: np.ndarray | None) -> ModelCard:
    """Change arrays of the file and make the card agree; __ stands for a dot."""
    model.save(file)
    arrays = load_file(file)
    for key, array in changes.items():
        name = key.replace("__", ".")
        if array is None:
            del arrays[name]
        else:
            arrays[name] = array
    data = save(arrays)
    file.write_bytes(data)
    return replace(model.card, sha256=hashlib.sha256(data).hexdigest())


def test_normalising_standardises_columns_and_gives_every_block_the_same_length() -> None:
    vectors = (
        np.random.default_rng(1).normal(5, [[1] * 6 + [100] * 6], (30, WIDTH)).astype(np.float32)
    )
    found = Normaliser.fit(vectors, BLOCKS)(vectors)
    for row, x in zip(found, vectors, strict=True):
        z = (x - vectors.mean(axis=0)) / vectors.std(axis=0)
        parts = [z[block] / np.linalg.norm(z[block]) for block in BLOCKS.values()]
        np.testing.assert_allclose(row, np.concatenate(parts) / np.sqrt(2), atol=1e-4)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)


def test_a_column_that_never_changes_does_no_harm() -> None:
    vectors = np.random.default_rng(1).normal(size=(30, WIDTH)).astype(np.float32)
    vectors[:, 3] = 7.0
    assert np.isfinite(Normaliser.fit(vectors, BLOCKS)(vectors)).all()


def test_normalising_leaves_its_input_alone() -> None:
    model, vectors = make_model(), np.ones((3, WIDTH), np.float32)
    model.normaliser(vectors)
    assert (vectors == 1).all()


def test_transforming_puts_unit_vectors_of_all_dimensions_side_by_side() -> None:
    model = make_model()
    vectors = np.random.default_rng(2).normal(size=(6, WIDTH)).astype(np.float32)
    found = model.transform(vectors)
    assert found.shape == (6, model.width) == (6, 2 * DIM)
    assert found.dtype == np.float32
    for i, name in enumerate(("genre", "tempo")):
        y = model.normaliser(vectors) @ model.heads[name]["weight"].T
        expected = y / np.linalg.norm(y, axis=1, keepdims=True)
        np.testing.assert_allclose(found[:, i * DIM : (i + 1) * DIM], expected, atol=1e-5)


def test_vectors_of_another_encoder_are_refused_with_the_one_to_use() -> None:
    with pytest.raises(WorkbenchError, match=r"width 12, not 5.*descriptors-1"):
        make_model().transform(np.zeros((2, 5), np.float32))


@pytest.mark.parametrize("head", ["linear", "mlp", "mask"])
def test_a_model_comes_back_as_it_was_saved(head: str, tmp_path: Path) -> None:
    model, file = make_model(head), tmp_path / "model.safetensors"
    card = saved(model, file)
    loaded = Model.load(file, card)
    vectors = np.random.default_rng(2).normal(size=(6, WIDTH)).astype(np.float32)
    np.testing.assert_array_equal(loaded.transform(vectors), model.transform(vectors))


def test_a_single_changed_byte_anywhere_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "model.safetensors"
    card = saved(make_model(), file)
    data = file.read_bytes()
    for position in range(0, len(data), 37):
        changed = bytearray(data)
        changed[position] ^= 1
        file.write_bytes(changed)
        with pytest.raises(StorageError, match="v0001 is damaged"):
            Model.load(file, card)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="restore"):
        Model.load(tmp_path / "none", make_model().card)


@pytest.mark.parametrize(
    ("head", "changes"),
    [
        ("linear", {"heads__genre__weight": np.zeros((DIM, WIDTH + 1), np.float32)}),
        ("linear", {"heads__genre__weight": np.zeros((DIM, WIDTH), np.float64)}),
        ("linear", {"heads__genre__weight": None}),
        ("linear", {"heads__mood__weight": np.zeros((DIM, WIDTH), np.float32)}),
        ("linear", {"heads__genre__extra": np.zeros(1, np.float32)}),
        ("linear", {"normaliser__mean": None}),
        ("linear", {"normaliser__mean": np.zeros((), np.float32)}),
        ("linear", {"normaliser__scale": np.zeros(WIDTH - 1, np.float32)}),
        ("linear", {"normaliser__edges": np.array([0, 5, 99])}),
        ("linear", {"normaliser__edges": np.zeros(0, np.int64)}),
        ("linear", {"normaliser__edges": np.array([0, 7, 5, 12])}),
        ("mlp", {"heads__tempo__hidden": None}),
        ("mlp", {"heads__tempo__out": np.zeros((DIM, 3), np.float32)}),
        ("mlp", {"heads__tempo__bias": np.zeros((64, 1), np.float32)}),
        ("mask", {"heads__genre__mask": np.array([0, 1, 2, WIDTH])}),
        ("mask", {"heads__genre__mask": np.array([0, 1, 2, -1])}),
        ("mask", {"heads__genre__mask": np.zeros(DIM, np.float32)}),
    ],
)
def test_arrays_that_do_not_fit_the_card_are_refused_though_the_hash_agrees(
    head: str, changes: dict[str, np.ndarray | None], tmp_path: Path
) -> None:
    file = tmp_path / "model.safetensors"
    with pytest.raises(StorageError, match="v0001 is damaged"):
        Model.load(file, forged(make_model(head), file, **changes))


class Bomb:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return pytest.fail, ("a pickle was run",)


def hostile_header(header: dict[str, object], body: bytes = b"\0" * 64) -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


@pytest.mark.parametrize(
    "data",
    [
        b"",
        pickle.dumps(Bomb()),
        b"\xff" * 8 + b"{}",
        struct.pack("<Q", 2) + b"{}",
        hostile_header({"a": {"dtype": "F32", "shape": [2**60], "data_offsets": [0, 64]}}),
        hostile_header({"a": {"dtype": "BF16", "shape": [32], "data_offsets": [0, 64]}}),
        hostile_header({"a": {"dtype": "F32", "shape": [16], "data_offsets": [0, 10**12]}}),
        hostile_header({"../../x": {"dtype": "F32", "shape": [16], "data_offsets": [0, 64]}}),
    ],
)
def test_hostile_files_are_refused_and_pickle_is_never_run(data: bytes, tmp_path: Path) -> None:
    file = tmp_path / "model.safetensors"
    file.write_bytes(data)
    card = replace(make_model().card, sha256=hashlib.sha256(data).hexdigest())
    with pytest.raises(StorageError, match="v0001 is damaged"):
        Model.load(file, card)
