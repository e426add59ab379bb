"""musicnn weights: the real ones where they can be had, and random ones of the same shapes."""

from __future__ import annotations

import numpy as np
import pytest

from workbench.errors import NotReadyError

TIMBRE, TEMPORAL, FRONT = 204, 51, 561


@pytest.fixture(scope="session")
def real_weights() -> dict[str, np.ndarray]:
    from workbench.encoders.musicnn.install import install, load_weights

    try:
        install()
    except NotReadyError as error:
        pytest.skip(f"the musicnn weights cannot be had: {error}")
    return load_weights()


@pytest.fixture(scope="session")
def random_weights() -> dict[str, np.ndarray]:
    """Weights of the network's shapes; half of the batch norms fall (negative gamma)."""
    rng = np.random.default_rng(0)
    convolutions = [
        *((7, bands, 1, TIMBRE) for bands in (38, 67)),
        *((frames, 1, 1, TEMPORAL) for frames in (128, 64, 32)),
        (7, FRONT, 1, 64),
        (7, 64, 1, 64),
        (7, 64, 1, 64),
    ]
    weights = {}
    for i, shape in enumerate(convolutions):
        name = "conv2d" + (f"_{i}" if i else "")
        fan_in = shape[0] * shape[1] * shape[2]
        weights[f"{name}/kernel"] = rng.normal(scale=fan_in**-0.5, size=shape)
        weights[f"{name}/bias"] = rng.normal(scale=0.1, size=shape[-1])
    widths = [1, *(shape[-1] for shape in convolutions), 2 * (FRONT + 3 * 64), 200]
    for i, width in enumerate(widths):
        name = "batch_normalization" + (f"_{i}" if i else "")
        weights[f"{name}/gamma"] = rng.normal(size=width)
        weights[f"{name}/beta"] = rng.normal(size=width)
        weights[f"{name}/moving_mean"] = rng.normal(size=width)
        weights[f"{name}/moving_variance"] = rng.uniform(0.5, 2, size=width)
    for suffix, shape in (("", (widths[-2], 200)), ("_1", (200, 50))):
        weights[f"dense{suffix}/kernel"] = rng.normal(scale=shape[0] ** -0.5, size=shape)
        weights[f"dense{suffix}/bias"] = rng.normal(scale=0.1, size=shape[1])
    return {name: w.astype(np.float32) for name, w in weights.items()}
