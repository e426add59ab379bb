from __future__ import annotations

import numpy as np
import pytest
from synthetic import ENCODER

from workbench import Workspace
from workbench.errors import NotReadyError
from workbench.search.subspaces import read_subspaces, subspace_blocks, write_subspaces
from workbench.training.initial import fit_initial


def test_stored_rows_are_what_the_model_makes_of_the_encoders(fitted: Workspace) -> None:
    model, source = fitted.models.load(), fitted.vectors(ENCODER)
    store, blocks = read_subspaces(fitted)
    np.testing.assert_allclose(store.vectors, model.transform(source.vectors), atol=1e-6)
    assert list(blocks) == model.card.dimensions
    for block in blocks.values():
        assert block.stop - block.start == model.card.subspace_dim
        np.testing.assert_allclose(np.linalg.norm(store.vectors[:, block], axis=1), 1, atol=1e-4)
    assert [b.start for b in blocks.values()] == list(
        range(0, model.width, model.card.subspace_dim)
    )


def test_mapping_in_pieces_changes_nothing(fitted: Workspace) -> None:
    model = fitted.models.load()
    whole = np.array(read_subspaces(fitted)[0].vectors)
    write_subspaces(fitted, model, rows=5)
    np.testing.assert_allclose(read_subspaces(fitted)[0].vectors, whole, atol=1e-6)


def test_items_embedded_later_are_mapped_when_they_are_asked_for(fitted: Workspace) -> None:
    source = fitted.vectors(ENCODER)
    new = int(source.ids.max()) + 1
    fitted.vectors(ENCODER).write(
        np.append(source.ids, new), np.vstack([source.vectors, source.vectors[:1]])
    )
    store, _ = read_subspaces(fitted)
    np.testing.assert_allclose(store.rows([new]), store.rows(source.ids[:1]), atol=1e-6)


def test_a_version_keeps_its_vectors_when_another_is_promoted(fitted: Workspace) -> None:
    first = np.array(read_subspaces(fitted, "v0001")[0].vectors)
    card = fit_initial(fitted, seed=1)
    assert subspace_blocks(card) == subspace_blocks(fitted.models.card("v0001"))
    np.testing.assert_array_equal(read_subspaces(fitted, "v0001")[0].vectors, first)
    assert not np.array_equal(read_subspaces(fitted)[0].vectors, first)


def test_without_a_model_the_sentence_says_what_to_run(ws: Workspace) -> None:
    with pytest.raises(NotReadyError, match="workbench train heads"):
        read_subspaces(ws)
