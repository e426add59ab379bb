"""Adam, against PyTorch's on the whole loss."""

from __future__ import annotations

import torch

from workbench.training.adam import Adam


def test_steps_are_those_of_pytorch_on_the_loss_with_its_pull() -> None:
    torch.manual_seed(0)
    origin, goal = torch.randn(4, 3), torch.randn(2, 4, 3)
    held = torch.tensor([0.0, 2.5])
    ours = origin.repeat(2, 1, 1).requires_grad_()
    theirs = origin.repeat(2, 1, 1).requires_grad_()
    adam, optimiser = Adam(ours, 0.05, origin, held), torch.optim.Adam([theirs], lr=0.05)
    for number in range(1, 31):
        (ours - goal).pow(2).sum().backward()
        adam.step(number, 1.0)
        optimiser.zero_grad()
        pull = (held / 2 * (theirs - origin).pow(2).sum((1, 2))).sum()
        ((theirs - goal).pow(2).sum() + pull).backward()
        optimiser.step()
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)
    away = (ours - origin).detach().norm(dim=(1, 2))
    assert away[1] < away[0]


def test_what_has_no_gradient_is_only_pulled() -> None:
    origin = torch.zeros(3)
    values = torch.ones(1, 3, requires_grad=True)
    adam = Adam(values, 0.1, origin, torch.tensor([1.0]))
    for number in range(1, 60):
        adam.step(number, 1.0)
    assert float(values.detach().abs().max()) < 0.2
