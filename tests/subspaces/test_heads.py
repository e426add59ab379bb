from __future__ import annotations

import numpy as np
import pytest
import torch

from workbench.errors import WorkbenchError
from workbench.subspaces.heads import (
    HIDDEN,
    Parameters,
    apply_head,
    head_shapes,
    mask_blocks,
    unit,
    widen_to_mlp,
)

rng = np.random.default_rng(0)
X = rng.normal(size=(5, 12)).astype(np.float32)
WEIGHT = rng.normal(size=(4, 12)).astype(np.float32)


def bent() -> Parameters:
    """An mlp whose correction has been trained to something."""
    parameters = widen_to_mlp(WEIGHT, np.random.default_rng(1))
    chance = np.random.default_rng(2)
    parameters["out"] = chance.normal(size=(4, HIDDEN)).astype(np.float32)
    parameters["bias"] = chance.normal(size=HIDDEN).astype(np.float32)
    return parameters


def test_a_linear_head_is_a_product_of_unit_length() -> None:
    found = apply_head("linear", {"weight": WEIGHT}, X)
    for row, x in zip(found, X, strict=True):
        y = [sum(w * v for w, v in zip(weights, x, strict=True)) for weights in WEIGHT]
        np.testing.assert_allclose(row, np.array(y) / np.sqrt(np.dot(y, y)), atol=1e-5)


def test_an_mlp_adds_a_network_to_the_linear_head() -> None:
    p = bent()
    for row, x in zip(apply_head("mlp", p, X), X, strict=True):
        hidden = np.maximum(p["hidden"] @ x + p["bias"], 0)
        y = p["weight"] @ x + p["out"] @ hidden
        np.testing.assert_allclose(row, y / np.linalg.norm(y), atol=1e-5)


def test_an_mlp_starts_as_the_linear_head() -> None:
    widened = widen_to_mlp(WEIGHT, np.random.default_rng(0))
    np.testing.assert_array_equal(
        apply_head("mlp", widened, X), apply_head("linear", {"weight": WEIGHT}, X)
    )
    assert widened["hidden"].any()  # else nothing could ever be learned


def test_a_mask_takes_its_columns_and_no_others() -> None:
    mask = mask_blocks(12, 6)[2]
    found = apply_head("mask", {"mask": mask}, X)
    np.testing.assert_allclose(
        found, X[:, 4:6] / np.linalg.norm(X[:, 4:6], axis=1, keepdims=True), atol=1e-6
    )


@pytest.mark.parametrize("kind", ["mask", "linear", "mlp"])
def test_numpy_and_torch_agree(kind: str) -> None:
    parameters = {"mask": {"mask": mask_blocks(12, 3)[0]}, "linear": {"weight": WEIGHT}}.get(
        kind, bent()
    )
    tensors = {k: torch.from_numpy(v) for k, v in parameters.items()}
    np.testing.assert_allclose(
        apply_head(kind, parameters, X),
        apply_head(kind, tensors, torch.from_numpy(X)).numpy(),
        atol=1e-6,
    )


@pytest.mark.parametrize("kind", ["linear", "mlp"])
def test_heads_side_by_side_equal_the_same_heads_alone(kind: str) -> None:
    heads = [{k: v * f for k, v in bent().items()} for f in (1.0, -0.5, 2.0)]
    if kind == "linear":
        heads = [{"weight": head["weight"]} for head in heads]
    together = apply_head(kind, {k: np.stack([h[k] for h in heads]) for k in heads[0]}, X)
    assert together.shape == (3, 5, 4)
    for found, head in zip(together, heads, strict=True):
        np.testing.assert_allclose(found, apply_head(kind, head, X), atol=1e-5)


def test_unit_leaves_zero_vectors_at_zero() -> None:
    found = unit(np.array([[3.0, 4.0], [0.0, 0.0]]))
    np.testing.assert_allclose(found, [[0.6, 0.8], [0, 0]], atol=1e-6)


def test_256_does_not_divide_by_six_dimensions_but_258_and_384_do() -> None:
    with pytest.raises(WorkbenchError, match="256 does not divide by 6"):
        mask_blocks(256, 6)
    for width in (258, 384):
        blocks = mask_blocks(width, 6)
        assert blocks.shape == (6, width // 6)
        assert sorted(blocks.ravel().tolist()) == list(range(width))  # disjoint, and all of it


@pytest.mark.parametrize("kind", ["linear", "mlp"])
def test_the_shapes_of_heads_are_known_in_advance(kind: str) -> None:
    parameters = bent() if kind == "mlp" else {"weight": WEIGHT}
    assert head_shapes(kind, 12, 4) == {k: v.shape for k, v in parameters.items()}
    with pytest.raises(ValueError, match="unknown head"):
        head_shapes("forest", 12, 4)
