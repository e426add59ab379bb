"""Compiled loops work wherever the package lies."""

from __future__ import annotations

from typing import Any

import numba
import pytest

from workbench.compiled import compiled


def total(count: int) -> int:
    found = 0
    for number in range(count):
        found += number
    return found


def test_a_loop_gives_what_it_gives_uncompiled() -> None:
    assert compiled({"contract"})(total)(100) == total(100) == 4950


def test_without_a_place_to_keep_it_a_loop_is_compiled_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    njit = numba.njit

    def without_a_place(*, cache: bool = False, **options: Any) -> Any:
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return njit(**options)

    monkeypatch.setattr(numba, "njit", without_a_place)
    assert compiled({"contract"})(total)(100) == 4950
