from __future__ import annotations

import pytest
import torch

from workbench.errors import UnknownNameError
from workbench.training.schedules import OneCycle, Plateau, make_schedule


def optimiser() -> torch.optim.Optimizer:
    return torch.optim.Adam([torch.nn.Parameter(torch.zeros(1)), torch.nn.Parameter(torch.ones(1))])


LOSSES = {
    "flat": [1.0] * 120,
    "falling": [1.0 / (i + 1) for i in range(120)],
    "stairs": [1.0 - 0.1 * (i // 7) for i in range(120)],
    "rising": [float(i) for i in range(120)],
    "not a number": [float("nan")] * 120,
    "noisy": torch.rand(120, generator=torch.Generator().manual_seed(0)).tolist(),
}


def naive(
    losses: list[float], rate: float, patience: int, cuts: int | None, floor: float
) -> tuple[list[float], int | None]:
    """The rate after every epoch, and the epoch after which a training stops."""
    rates, best_at, best, done = [], -1, float("inf"), 0
    for epoch, loss in enumerate(losses):
        if loss < best:
            best, best_at = loss, epoch
        if epoch - best_at == patience:
            if cuts is not None and done == cuts:
                return rates, epoch
            rate, done, best_at = max(rate / 5, floor), done + 1, epoch
        rates.append(rate)
    return rates, None


@pytest.mark.parametrize("losses", LOSSES.values(), ids=LOSSES)
@pytest.mark.parametrize(
    ("name", "rate", "patience", "cuts", "floor"),
    [("plateau-lee", 1e-2, 4, 5, 0.0), ("plateau-ribecky", 1e-5, 10, None, 1e-10)],
)
def test_plateau_schedules_follow_their_papers(
    losses: list[float], name: str, rate: float, patience: int, cuts: int | None, floor: float
) -> None:
    optimised = optimiser()
    schedule = make_schedule(name, optimised, rate=None, steps=0)
    assert schedule.rate == rate
    found, stopped = [], None
    for epoch, loss in enumerate(losses):
        schedule.step()
        schedule.epoch(loss)
        if schedule.finished:
            stopped = epoch
            break
        found.append(schedule.rate)
    expected, end = naive(losses, rate, patience, cuts, floor)
    assert stopped == end
    assert found == pytest.approx(expected, rel=1e-9)
    assert {group["lr"] for group in optimised.param_groups} == {schedule.rate}


def test_lees_training_ends_after_five_divisions_and_another_flat_stretch() -> None:
    schedule = make_schedule("plateau-lee", optimiser(), rate=None, steps=0)
    epochs = 0
    while not schedule.finished:
        schedule.epoch(1.0)
        epochs += 1
    assert epochs == 1 + 6 * 4
    assert schedule.rate == pytest.approx(1e-2 / 5**5)


def test_ribeckys_rate_stops_at_its_floor_and_the_training_goes_on() -> None:
    schedule = make_schedule("plateau-ribecky", optimiser(), rate=None, steps=0)
    for _ in range(200):
        schedule.epoch(1.0)
    assert schedule.rate == 1e-10
    assert not schedule.finished


@pytest.mark.parametrize("steps", [10, 100, 237])
def test_one_cycle_rises_over_a_tenth_and_falls_to_nothing(steps: int) -> None:
    schedule = OneCycle(optimiser(), rate=0.3, steps=steps)
    rates = []
    for _ in range(steps):
        rates.append(schedule.rate)
        schedule.step()
        schedule.epoch(1.0)
    rise = steps // 10
    peak = max(rates)
    assert peak == pytest.approx(0.3)
    assert rates.index(peak) == rise - 1
    assert rates[:rise] == pytest.approx([0.3 * (i + 1) / rise for i in range(rise)])
    assert all(a >= b for a, b in zip(rates[rise:], rates[rise + 1 :], strict=False))
    middle = rates[rise + (steps - rise) // 2]
    assert middle == pytest.approx(0.15, rel=0.2)
    assert 0 < schedule.rate <= 0.3e-3 * 1.001
    assert not schedule.finished


@pytest.mark.parametrize("steps", [0, 1, 5])
def test_a_cycle_of_few_steps_has_rates_above_zero(steps: int) -> None:
    schedule = OneCycle(optimiser(), rate=0.1, steps=steps)
    for _ in range(10):
        assert 0 < schedule.rate <= 0.1
        schedule.step()


@pytest.mark.parametrize("name", ["plateau-lee", "plateau-ribecky", "one-cycle"])
@pytest.mark.parametrize("at", [0, 3, 17, 30])
def test_a_restored_schedule_goes_on_like_the_one_it_was(name: str, at: int) -> None:
    losses = LOSSES["stairs"][:12] + [0.3] * 60
    first = make_schedule(name, optimiser(), rate=None, steps=len(losses))
    for loss in losses[:at]:
        first.step()
        first.epoch(loss)
    second = make_schedule(name, optimiser(), rate=None, steps=len(losses))
    second.restore(first.state())
    for loss in losses[at:]:
        assert (second.rate, second.finished) == (first.rate, first.finished)
        for schedule in (first, second):
            schedule.step()
            schedule.epoch(loss)
    assert second.state() == first.state()


@pytest.mark.parametrize("name", ["plateau-lee", "plateau-ribecky", "one-cycle"])
def test_a_restored_schedule_keeps_to_a_lower_rate(name: str) -> None:
    first = make_schedule(name, optimiser(), rate=1e-2, steps=40)
    for _ in range(12):
        first.step()
        first.epoch(1.0)
    second = make_schedule(name, optimiser(), rate=1e-3, steps=40)
    second.restore(first.state())
    assert second.rate == pytest.approx(first.rate / 10)


def test_states_are_plain_numbers() -> None:
    for name in ("plateau-lee", "one-cycle"):
        state = make_schedule(name, optimiser(), rate=None, steps=9).state()
        assert all(type(value) in (int, float, bool) for value in state.values())


def test_a_rate_of_ones_own_is_taken() -> None:
    for name in ("plateau-lee", "plateau-ribecky"):
        assert make_schedule(name, optimiser(), rate=0.7, steps=9).rate == 0.7
    cycle = make_schedule("one-cycle", optimiser(), rate=0.7, steps=1)
    assert cycle.rate == 0.7


def test_a_step_changes_nothing_on_a_plateau_schedule() -> None:
    schedule = Plateau(optimiser(), rate=0.1, patience=2)
    before = schedule.state()
    schedule.step()
    assert schedule.state() == before


def test_an_unknown_schedule_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match="no schedule 'cosine'; choose plateau-lee"):
        make_schedule("cosine", optimiser(), rate=None, steps=1)
