"""What every encoder offers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol, TypeGuard, runtime_checkable

import numpy as np

from workbench.errors import MediaError, WorkbenchError

if TYPE_CHECKING:
    from workbench.symbolic.score import Score


class Encoder(Protocol):
    """Maps items into a vector space (the patent's encoder, the paper's backbone).

    Attributes
    ----------
    name, version
        Together they name the stored vectors.
    licence
        Under which the weights may be used.
    sample_rate
        Of the sounds it takes, in Hz.
    dim
        Width of a vector.
    domains
        ``("audio",)``, ``("symbolic",)`` or both.
    blocks
        The parts of a vector by name; heads normalise each on its own.
    """

    name: str
    version: str
    licence: str
    sample_rate: int
    dim: int
    domains: tuple[str, ...]
    blocks: dict[str, slice]

    def encode(self, batch: Sequence[np.ndarray]) -> np.ndarray:
        """Return the vectors of whole items, float32 [n, dim].

        Parameters
        ----------
        batch
            Mono signals at `sample_rate`, float32 [samples] each, of any length above zero.
        """
        ...


@runtime_checkable
class ScoreEncoder(Protocol):
    """What an encoder offers beyond `Encoder` if ``"symbolic"`` is among its domains."""

    def encode_scores(self, batch: Sequence[Score]) -> np.ndarray:
        """Return the vectors of whole scores in the space of sounds, float32 [n, dim]."""
        ...


def takes_scores(encoder: Encoder) -> TypeGuard[ScoreEncoder]:
    """Say whether an encoder takes scores, too."""
    return "symbolic" in encoder.domains and isinstance(encoder, ScoreEncoder)


def encode_each(
    encode_one: Callable[[np.ndarray], np.ndarray], batch: Sequence[np.ndarray], dim: int
) -> np.ndarray:
    """Return the vectors of sounds that are encoded one by one, float32 [n, dim]."""
    vectors = [encode_one(samples) for samples in batch]
    return np.array(vectors, dtype=np.float32).reshape(len(vectors), dim)


def filled(samples: np.ndarray, shortest: int) -> np.ndarray:
    """Return a sound that goes round until it has `shortest` samples, float32 [samples].

    Raises
    ------
    MediaError
        If it is empty.
    """
    if not len(samples):
        raise MediaError("the sound is too short to have a single sample")
    if len(samples) < shortest:
        samples = np.resize(samples, shortest)
    return np.ascontiguousarray(samples, dtype=np.float32)


def encoder_key(encoder: Encoder) -> str:
    """Return the name under which an encoder's vectors are stored."""
    return f"{encoder.name}-{encoder.version}"


def check_encoder(encoder: Encoder, source: str) -> Encoder:
    """Return an encoder that somebody else wrote if it offers what every encoder does.

    Parameters
    ----------
    encoder
        The encoder.
    source
        What to call it in the sentence that says what is missing.

    Raises
    ------
    WorkbenchError
        If an attribute is missing, or the blocks do not lie side by side from 0 to `dim`.
    """
    wanted = [*Encoder.__annotations__, "encode"]
    missing = [name for name in wanted if not hasattr(encoder, name)]
    if missing:
        raise WorkbenchError(
            f"{source} is no encoder: it lacks {', '.join(missing)}; see docs/encoders.md."
        )
    if "audio" not in encoder.domains:
        raise WorkbenchError(f"{source} does not take sound, and only sound can be embedded.")
    edges = [(block.start, block.stop) for block in encoder.blocks.values()]
    if [0, *(stop for _, stop in edges)] != [*(start for start, _ in edges), encoder.dim]:
        raise WorkbenchError(
            f"The blocks of {source} do not lie side by side from 0 to {encoder.dim}, its dim."
        )
    return encoder


def check_vectors(vectors: np.ndarray, count: int, encoder: Encoder) -> None:
    """Raise a sentence unless an encoder gave what it promised, finite numbers [count, dim]."""
    shape = np.shape(vectors)
    if shape != (count, encoder.dim):
        raise WorkbenchError(
            f"Encoder {encoder_key(encoder)} returned an array of shape {shape} where "
            f"{(count, encoder.dim)} was due."
        )
    if not np.isfinite(vectors).all():
        raise WorkbenchError(
            f"Encoder {encoder_key(encoder)} returned numbers that are not finite."
        )
