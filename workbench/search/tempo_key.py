"""Which tempi and keys will do, for filters."""

from __future__ import annotations

import numpy as np

from workbench.catalogue.keys import parse_key

KEY_RELATIONS = ("same", "relative", "parallel", "neighbour")


def related_keys(tonic: np.ndarray, major: np.ndarray, key: str, relation: str) -> np.ndarray:
    """Return which keys stand in a relation to one, bool [n]; unknown ones in none.

    Parameters
    ----------
    tonic, major
        int [n], -1 for unknown, and bool [n].
    key
        A key's name.
    relation
        One of `KEY_RELATIONS`; each includes the same key.
    """
    parsed = parse_key(key)
    assert parsed is not None
    same = (tonic == parsed[0]) & (major == parsed[1])
    if relation == "parallel":
        same |= tonic == parsed[0]
    elif relation in ("relative", "neighbour"):
        # A key's place on the circle of fifths is that of its relative major.
        here = ((parsed[0] + (0 if parsed[1] else 3)) * 7) % 12
        places = ((tonic.astype(int) + np.where(major, 0, 3)) * 7) % 12
        steps = np.minimum((places - here) % 12, (here - places) % 12)
        same |= steps <= (1 if relation == "neighbour" else 0)
    return same & (tonic >= 0)


def tempo_between(bpm: np.ndarray, low: float, high: float, *, octaves: bool) -> np.ndarray:
    """Return which tempi lie in a range, bool [n]; unknown ones (NaN) do not.

    Parameters
    ----------
    bpm
        Float64 [n].
    low, high
        The range.
    octaves
        Whether a doubling or halving will do.
    """
    found = (bpm >= low) & (bpm <= high)
    if octaves:
        with np.errstate(divide="ignore", invalid="ignore"):
            # Some doubling lies in [low, high] if a whole number lies between the two logarithms.
            first = np.ceil(np.log2(max(low, 1e-9) / bpm) - 1e-9)
            found |= first <= np.log2(high / bpm) + 1e-9
    return found
