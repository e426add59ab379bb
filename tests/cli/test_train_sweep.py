"""`workbench train sweep`, and the use of what it finds."""

from __future__ import annotations

from workbench import Workspace


def test_the_command_shows_the_best_and_how_to_use_it(workbench, fitted: Workspace) -> None:
    answer = workbench("train", "sweep", "--width", "4,16", "--processes", 1, "-w", fitted.root)
    assert answer.code == 0, answer.err
    assert "2 combinations in" in answer.out
    best = answer.out.rsplit("`", 2)[1].split()[1:]
    answer = workbench(*best, "-w", fitted.root)
    assert answer.code == 0, answer.err
    assert fitted.models.card().subspace_dim == int(best[-1])
    wrong = workbench("train", "sweep", "--width", "wide", "-w", fitted.root)
    assert wrong.code != 0
    assert "takes numbers with commas between" in wrong.err
