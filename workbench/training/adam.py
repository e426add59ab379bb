"""Adam for fits side by side, each pulled towards where it started."""

from __future__ import annotations

import math
from typing import Any

_BETAS = (0.9, 0.999)


class Adam:
    """Adam (Kingma and Ba 2015) on fits side by side, with the pull on what it moves.

    PyTorch's own imports its compiler first, which takes longer than most of what is fitted here.

    Parameters
    ----------
    values
        What is moved, [c, ...].
    rate
        The largest step.
    origin
        Where to each is pulled, [...].
    held
        How strongly, [c]: times the way to the origin this is the gradient of the pull.
    """

    def __init__(self, values: Any, rate: float, origin: Any, held: Any) -> None:
        import torch

        self._values, self._rate, self._origin = values, rate, origin
        self._held = held.reshape(-1, *[1] * origin.ndim)
        self._mean, self._square = torch.zeros_like(values), torch.zeros_like(values)

    def step(self, number: int, share: float) -> None:
        """Take the step with this number, from 1 on, at a share of the rate."""
        import torch

        first, second = _BETAS
        with torch.no_grad():
            slope = torch.addcmul(self._slope(), self._values - self._origin, self._held)
            self._mean.lerp_(slope, 1 - first)
            self._square.mul_(second).addcmul_(slope, slope, value=1 - second)
            size = self._square.sqrt().div_(math.sqrt(1 - second**number)).add_(1e-8)
            step = share * self._rate / (1 - first**number)
            self._values.addcdiv_(self._mean, size, value=-step)

    def _slope(self) -> Any:
        """Return the gradient, and forget it."""
        slope, self._values.grad = self._values.grad, None
        return self._values.new_zeros(()) if slope is None else slope
