"""Large catalogues are read by compiled loops; they say what a plain loop says."""

from pathlib import Path

import numpy as np
import pytest

from workbench.search import relevance
from workbench.search.relevance import cosines, percentiles
from workbench.search.scan import block_cosines


def unit_blocks(count: int, dimensions: int, width: int) -> np.ndarray:
    blocks = np.random.default_rng(3).normal(size=(count, dimensions, width)).astype(np.float32)
    blocks /= np.linalg.norm(blocks, axis=2, keepdims=True)
    return blocks.reshape(count, dimensions * width)


@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 1000])
@pytest.mark.parametrize(("dimensions", "width"), [(1, 7), (3, 16), (12, 32)])
def test_it_gives_the_product_of_every_block(count: int, dimensions: int, width: int) -> None:
    vectors = unit_blocks(count, dimensions, width)
    query = unit_blocks(1, dimensions, width)[0]
    naive = [
        [float(np.dot(v[k : k + width].astype(float), query[k : k + width])) for v in vectors]
        for k in range(0, dimensions * width, width)
    ]
    found = block_cosines(vectors, query, dimensions)
    assert found.shape == (dimensions, count)
    assert found.dtype == np.float32
    assert np.allclose(found, np.array(naive), rtol=0, atol=1e-6)


def test_equal_vectors_have_equal_cosines_wherever_they_lie(tmp_path: Path) -> None:
    vectors = np.repeat(unit_blocks(1, 4, 31), 333, axis=0)
    np.save(tmp_path / "vectors.npy", vectors)
    mapped = np.load(tmp_path / "vectors.npy", mmap_mode="r")
    found = block_cosines(mapped, unit_blocks(2, 4, 31)[1], 4)
    assert (found == found[:, :1]).all()


def test_many_vectors_are_read_by_it_and_few_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, query = unit_blocks(500, 4, 16), unit_blocks(1, 4, 16)[0]
    few = cosines(vectors, query, 4)
    monkeypatch.setattr(relevance, "_MANY", 1)
    asked = []
    monkeypatch.setattr(
        "workbench.search.scan.block_cosines",
        lambda *given: asked.append(given) or block_cosines(*given),
    )
    assert cosines(vectors, query, 4) == pytest.approx(few, abs=1e-6)
    assert len(asked) == 1


@pytest.mark.parametrize("share", [0.0, 0.1, 0.9, 1.0])
@pytest.mark.parametrize("count", [1, 10, 60])
def test_percentiles_count_those_who_may_be_found(share: float, count: int) -> None:
    rng = np.random.default_rng(int(100 * share) + count)
    everyone = rng.normal(size=(3, 70_000)).round(2)  # many are equal, and more than one block
    allowed = rng.random(70_000) < share
    found = everyone[:, :count]
    wanted = [
        [np.mean(all_[allowed] < one) if allowed.any() else 0.0 for one in some]
        for some, all_ in zip(found, everyone, strict=True)
    ]
    assert percentiles(found, everyone, allowed) == pytest.approx(np.array(wanted))
