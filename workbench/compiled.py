"""Compiled loops: numba's, kept on disk where there is a place for them.

Importing this module imports numba, which takes a good part of a second: whoever may do without it
imports it where it is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import Any, TypeVar

import numba

Loop = TypeVar("Loop", bound=Callable[..., Any])


def compiled(fastmath: Set[str]) -> Callable[[Loop], Loop]:
    """Compile a function when it is first called; other threads go on while it runs.

    Parameters
    ----------
    fastmath
        What LLVM may do to floating-point numbers, such as ``"contract"``: a product and a sum
        rounded once.

    Notes
    -----
    The machine code lies beside the module, else in the user's cache folder. Where neither can be
    written, such as in a read-only container, every process compiles for itself.
    """

    def compile_later(function: Loop) -> Loop:
        options: dict[str, Any] = {"nogil": True, "fastmath": set(fastmath)}
        try:
            made: Loop = numba.njit(cache=True, **options)(function)
        except RuntimeError:  # numba's way of saying that there is no such place
            made = numba.njit(**options)(function)
        return made

    return compile_later
