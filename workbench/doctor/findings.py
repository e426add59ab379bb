"""A finding: what is wrong, how often, what that means, what to do, and perhaps a repair."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.doctor.lost_and_found import LostAndFound

_EXAMPLES = 5


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or worth knowing.

    Attributes
    ----------
    theme
        ``database``, ``files``, ``vectors``, ``models``, ``maps`` or ``work``.
    what
        A sentence that says what was found.
    count
        How many.
    examples
        Some of them by name.
    means
        What follows from it.
    remedy
        What to do about it.
    fault
        False for what does no harm: it does not make a workspace unwell.
    repair
        Puts it right and returns a sentence about what was done; None where only people can.
    lossy
        Whether something may be lost for good with it, so that nothing follows from what is left.
    """

    theme: str
    what: str
    means: str
    remedy: str
    count: int = 1
    examples: tuple[str, ...] = ()
    fault: bool = True
    repair: Callable[[LostAndFound], str] | None = field(default=None, repr=False)
    lossy: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return the fields for JSON; `repairable` stands for the repair."""
        told = {name: value for name, value in vars(self).items() if name != "repair"}
        return {**told, "repairable": self.repair is not None}


def some(names: Sequence[object]) -> tuple[str, ...]:
    """Return the first few of many names."""
    return tuple(str(name) for name in names[:_EXAMPLES])


def number_of(count: int, one: str, many: str = "") -> str:
    """Return a number of things in words.

    Examples
    --------
    >>> number_of(1, "file is", "files are"), number_of(1200, "file is", "files are")
    ('1 file is', '1,200 files are')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"
