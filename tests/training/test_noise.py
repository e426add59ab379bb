from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from workbench.errors import UnknownNameError
from workbench.training import noise
from workbench.training.noise import EFFECTS, NOISES, NONE, PATENT, REFERENCE, Effect, find_noise


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def met(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[float]]]:
    """What is applied: the effect and the strengths, instead of its sound."""
    seen: list[tuple[str, list[float]]] = []

    def note(
        name: str, sounds: torch.Tensor, by: torch.Tensor, _generator: torch.Generator
    ) -> torch.Tensor:
        seen.append((name, by.tolist()))
        return sounds

    monkeypatch.setattr(noise, "_apply", note)
    return seen


RANGES = {
    "reference": {
        "noise": (0.3, 0.5),
        "gain": (-20, -1),
        "high_pass": (200, 1200),
        "low_pass": (2200, 4000),
        "delay": (200, 500),
        "pitch": (-7, 7),
        "reverb": (0, 100),
    },
    "patent": {
        "noise": (0.3, 0.5),
        "gain": (-20, -1),
        "high_pass": (2200, 4000),
        "low_pass": (200, 1200),
        "delay": (200, 500),
        "pitch": (-7, 7),
        "reverb": (0, 100),
    },
}
SHARES = {
    "reference": dict(zip(EFFECTS, (0.8, 0.3, 0.2, 0.4, 0.4, 0.5, 0.4, 0.3), strict=True)),
    "patent": dict.fromkeys(EFFECTS, 0.5),
}


@pytest.mark.parametrize("name", ["reference", "patent"])
def test_each_effect_comes_as_often_and_as_strongly_as_its_preset_says(
    name: str, met: list[tuple[str, list[float]]]
) -> None:
    count = 4000
    NOISES[name](torch.zeros(count, 1), seeded())
    assert [effect for effect, _ in met] == list(EFFECTS)
    for effect, strengths in met:
        assert len(strengths) / count == pytest.approx(SHARES[name][effect], abs=0.03)
        if effect in RANGES[name]:
            low, high = RANGES[name][effect]
            assert low <= min(strengths) < low + 0.1 * (high - low)
            assert high >= max(strengths) > high - 0.1 * (high - low)
    strengths = dict(met)
    assert set(strengths["pitch"]) == set(range(-7, 8))
    if name == "reference":
        assert set(strengths["delay"]) == {200, 250, 300, 350, 400, 450, 500}


def test_in_the_reference_a_sound_meets_one_filter_at_most(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    always = Effect(1.0, 1.0, 1.0)
    only_filters = replace(
        NONE, high_pass=replace(always, probability=0.5), low_pass=replace(always, probability=0.5)
    )

    def count(
        name: str, sounds: torch.Tensor, _by: torch.Tensor, _g: torch.Generator
    ) -> torch.Tensor:
        return sounds + 1

    monkeypatch.setattr(noise, "_apply", count)
    counts = only_filters(torch.zeros(200, 1), seeded())[:, 0]
    assert counts.tolist() == [1.0] * 200
    assert REFERENCE.one_filter
    assert not PATENT.one_filter


def test_effects_are_drawn_apart_from_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    lots = torch.zeros(3000, len(EFFECTS))

    sounds = torch.arange(3000.0)[:, None]

    def mark(
        name: str, chosen: torch.Tensor, _by: torch.Tensor, _g: torch.Generator
    ) -> torch.Tensor:
        lots[chosen[:, 0].long(), EFFECTS.index(name)] = 1
        return chosen

    monkeypatch.setattr(noise, "_apply", mark)
    PATENT(sounds, seeded())
    related = torch.corrcoef(lots.T) - torch.eye(len(EFFECTS))
    assert float(related.abs().max()) < 0.07


def test_no_noise_changes_nothing_and_one_seed_gives_one_result() -> None:
    sounds = torch.randn(6, 4000)
    torch.testing.assert_close(NONE(sounds, seeded()), sounds, atol=0, rtol=0)
    first, again, other = (REFERENCE(sounds, seeded(s)) for s in (1, 1, 2))
    torch.testing.assert_close(first, again, atol=0, rtol=0)
    assert not torch.equal(first, other)
    assert bool(first.isfinite().all())


def test_an_unknown_preset_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="none, reference, patent"):
        find_noise("loud")
