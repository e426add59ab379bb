"""Filtered power and peak of stretches of a sound, in one pass over its samples.

SciPy filters as fast, but each filter and each sum after it reads the whole sound again, which
takes as long as decoding it. The loop here is compiled when a machine first needs it and kept on
its disk; importing this module imports numba.
"""

from __future__ import annotations

import numpy as np

from workbench.compiled import compiled


def powers_and_peaks(
    samples: np.ndarray, edges: np.ndarray, filters: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean power after filtering and largest sample before, of each stretch.

    Parameters
    ----------
    samples
        [channels, n], full scale 1.0.
    edges
        Where stretches begin, and where the last one ends, int [steps + 1], ascending.
    filters
        Two second-order sections, float64 [2, 6], as `scipy.signal.sosfilt` takes them.

    Returns
    -------
    power : float64 [steps]
        Summed over channels.
    peak : float64 [steps]
    """
    power, peak = np.zeros(len(edges) - 1), np.zeros(len(edges) - 1)
    channels = [np.ascontiguousarray(channel, dtype=np.float32) for channel in samples]
    for left in range(0, len(channels), 2):
        right = min(left + 1, len(channels) - 1)  # of an odd one it is the same, and counts nothing
        _add(channels[left], channels[right], float(right > left), edges, filters, power, peak)
    return power / np.diff(edges), peak


# A sample waits for the one before it: two channels side by side take no longer than one.
@compiled({"contract"})
def _add(
    left: np.ndarray,
    right: np.ndarray,
    counts: float,
    edges: np.ndarray,
    filters: np.ndarray,
    power: np.ndarray,
    peak: np.ndarray,
) -> None:
    """Add two channels' power to `power`, and raise `peak` to their largest samples.

    The power of the right one is taken `counts` times.
    """
    b0, b1, b2, _, a1, a2 = filters[0]
    d0, d1, d2, _, c1, c2 = filters[1]
    # What the filters remember (direct form II, transposed): z of the first, w of the second.
    z1 = z2 = w1 = w2 = zz1 = zz2 = ww1 = ww2 = 0.0
    for step in range(len(power)):
        total, other, highest = 0.0, 0.0, np.float32(0)
        for i in range(edges[step], edges[step + 1]):
            highest = max(highest, abs(left[i]), abs(right[i]))
            x, xx = float(left[i]), float(right[i])
            y, yy = b0 * x + z1, b0 * xx + zz1
            z1, zz1 = b1 * x - a1 * y + z2, b1 * xx - a1 * yy + zz2
            z2, zz2 = b2 * x - a2 * y, b2 * xx - a2 * yy
            out, outt = d0 * y + w1, d0 * yy + ww1
            w1, ww1 = d1 * y - c1 * out + w2, d1 * yy - c1 * outt + ww2
            w2, ww2 = d2 * y - c2 * out, d2 * yy - c2 * outt
            total += out * out
            other += outt * outt
        power[step] += total + counts * other
        peak[step] = max(peak[step], float(highest))
