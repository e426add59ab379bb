"""Bars: when each begins, and when the last one ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

_STORED = np.dtype("<f4")


@dataclass(frozen=True, eq=False)
class Bars:
    """The bars of a file.

    Attributes
    ----------
    begins : float32 [n]
        In seconds, rising.
    end : float
        When the last bar ends, in seconds.
    """

    begins: np.ndarray
    end: float

    @classmethod
    def of(cls, edges: np.ndarray) -> Bars:
        """Make bars of where they begin and the last one ends, in seconds [n + 1]; n may be 0."""
        edges = np.asarray(edges, dtype=np.float32)
        return cls(edges[:-1], float(edges[-1]) if len(edges) else 0.0)

    def __len__(self) -> int:
        return len(self.begins)

    @property
    def edges(self) -> np.ndarray:
        """Where bars begin and the last one ends, in seconds, float32 [n + 1]."""
        return np.append(self.begins, np.float32(self.end))

    def to_bytes(self) -> bytes:
        """Return the edges as little-endian float32."""
        return self.edges.astype(_STORED).tobytes()

    @classmethod
    def from_bytes(cls, stored: bytes) -> Bars:
        """Read what `to_bytes` wrote."""
        return cls.of(np.frombuffer(stored, dtype=_STORED))

    def within(self, start_s: float, end_s: float) -> Bars:
        """Return the bars that begin in a span, measured from its start and cut at its end.

        A bar that began up to a hundredth of a second before the span counts as its first.
        """
        edges = self.edges
        inside = (edges[:-1] >= start_s - 0.01) & (edges[:-1] < end_s - 0.01)
        if not inside.any():
            return Bars(np.zeros(0, dtype=np.float32), 0.0)
        last = np.flatnonzero(inside)[-1]
        begins = np.maximum(edges[:-1][inside] - np.float32(start_s), 0)
        return Bars(begins, float(min(edges[last + 1], end_s) - start_s))

    def table(self) -> pd.DataFrame:
        """Return number (from 1), start_s and end_s of every bar."""
        import pandas as pd

        edges = self.edges.astype(np.float64)
        columns = {
            "number": np.arange(1, len(self) + 1),
            "start_s": edges[:-1],
            "end_s": edges[1:],
        }
        return pd.DataFrame(columns)
