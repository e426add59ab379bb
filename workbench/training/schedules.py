"""Learning rates over a training: the plateau schedules of both papers, and one cycle."""

from __future__ import annotations

from typing import Any, Protocol

import torch

from workbench.errors import UnknownNameError


class Schedule(Protocol):
    """Sets the rate of an optimiser."""

    finished: bool

    @property
    def rate(self) -> float:
        """The rate now."""
        ...

    def step(self) -> None:
        """Go on after a batch."""
        ...

    def epoch(self, loss: float) -> None:
        """Go on after an epoch with its validation loss."""
        ...

    def state(self) -> dict[str, Any]:
        """Return what `restore` needs."""
        ...

    def restore(self, state: dict[str, Any]) -> None:
        """Go back to a state."""
        ...


class Plateau:
    """Divide the rate by `factor` whenever the loss was flat for `patience` epochs.

    Parameters
    ----------
    optimiser
        Whose rate.
    rate
        At the start.
    patience
        Epochs without a lower loss.
    cuts
        After so many divisions and one more flat stretch the training is finished.
    floor
        The lowest rate.
    """

    def __init__(
        self,
        optimiser: torch.optim.Optimizer,
        *,
        rate: float,
        patience: int,
        cuts: int | None = None,
        floor: float = 0.0,
        factor: float = 5.0,
    ) -> None:
        self._optimiser, self._patience, self._cuts = optimiser, patience, cuts
        self._floor, self._factor = floor, factor
        self._start = rate
        self._best, self._flat, self._done = float("inf"), 0, 0
        self.finished = False
        _set(optimiser, rate)

    @property
    def rate(self) -> float:
        """The rate now."""
        return float(self._optimiser.param_groups[0]["lr"])

    def step(self) -> None:
        """Nothing changes within an epoch."""

    def epoch(self, loss: float) -> None:
        """Count flat epochs and divide."""
        self._flat = 0 if loss < self._best else self._flat + 1
        self._best = min(self._best, loss)
        if self._flat < self._patience:
            return
        if self._cuts is not None and self._done >= self._cuts:
            self.finished = True
            return
        self._flat, self._done = 0, self._done + 1
        _set(self._optimiser, max(self.rate / self._factor, self._floor))

    def state(self) -> dict[str, Any]:
        """Return what `restore` needs."""
        return {
            "start": self._start,
            "rate": self.rate,
            "best": self._best,
            "flat": self._flat,
            "done": self._done,
            "finished": self.finished,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go back to a state."""
        _set(self._optimiser, state["rate"] * self._start / state["start"])  # it may start lower
        self._best, self._flat = state["best"], state["flat"]
        self._done, self.finished = state["done"], state["finished"]


class OneCycle:
    """Rise to the rate over the first tenth of all steps, then fall to nothing (Smith 2018)."""

    def __init__(self, optimiser: torch.optim.Optimizer, *, rate: float, steps: int) -> None:
        self._optimiser, self._rate, self._steps, self._taken = optimiser, rate, steps, 0
        self.finished = False
        self._apply()

    @property
    def rate(self) -> float:
        """The rate now."""
        return float(self._optimiser.param_groups[0]["lr"])

    def step(self) -> None:
        """Follow the cycle."""
        self._taken += 1
        self._apply()

    def epoch(self, loss: float) -> None:
        """Change nothing, whatever the loss."""

    def state(self) -> dict[str, Any]:
        """Return what `restore` needs."""
        return {"taken": self._taken}

    def restore(self, state: dict[str, Any]) -> None:
        """Go back to a state."""
        self._taken = state["taken"]
        self._apply()

    def _apply(self) -> None:
        import math

        rise = max(self._steps // 10, 1)
        if self._taken < rise:
            share = (self._taken + 1) / rise
        else:
            through = (self._taken - rise) / max(self._steps - rise, 1)
            share = 0.5 + 0.5 * math.cos(math.pi * min(through, 1.0))
        _set(self._optimiser, self._rate * max(share, 1e-3))


def make_schedule(
    name: str, optimiser: torch.optim.Optimizer, *, rate: float | None, steps: int
) -> Schedule:
    """Return a schedule by name.

    Parameters
    ----------
    name
        ``plateau-lee``: 0.01, a fifth after 4 flat epochs, at most 5 times (Lee et al. 2020);
        ``plateau-ribecky``: 1e-5, a fifth after 10 flat epochs down to 1e-10 (Ribecky et al. 2021,
        section 3.4); ``one-cycle``: 0.002, for a training of known length.
    optimiser
        Whose rate.
    rate
        The highest; None: the schedule's own.
    steps
        Of the whole training, for ``one-cycle``.

    Raises
    ------
    UnknownNameError
        If there is no such schedule.
    """
    if name == "plateau-lee":
        return Plateau(optimiser, rate=rate or 1e-2, patience=4, cuts=5)
    if name == "plateau-ribecky":
        return Plateau(optimiser, rate=rate or 1e-5, patience=10, floor=1e-10)
    if name == "one-cycle":
        return OneCycle(optimiser, rate=rate or 2e-3, steps=steps)
    raise UnknownNameError(
        f"There is no schedule {name!r}; choose plateau-lee, plateau-ribecky or one-cycle."
    )


def _set(optimiser: torch.optim.Optimizer, rate: float) -> None:
    for group in optimiser.param_groups:
        group["lr"] = rate
