"""Which few of many are shown: those chosen as buttons that take them away, the rest in a list."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import ipywidgets as W

from workbench.widgets import present

SIGNS = ("●", "■", "◆", "▲")  # as a chart marks the first, the second and so on
_HINT = object()  # what the list's first line stands for


class Chooser(W.HBox):
    """Up to four of some options, in the order in which they were chosen.

    Parameters
    ----------
    options
        What can be chosen, by the name that is shown.
    chosen
        What is chosen at first.
    changed
        Called with what is chosen, after each change.
    add
        What the list says, such as ``"Add a version"``.
    """

    def __init__(
        self,
        options: Mapping[str, Hashable],
        chosen: Sequence[Hashable],
        changed: Callable[[list[Any]], None],
        *,
        add: str,
    ) -> None:
        super().__init__()
        self.add_class("wb-row")
        self._options, self._changed, self._add = dict(options), changed, add
        self.chosen: list[Any] = list(chosen)[: len(SIGNS)]
        self._list = W.Dropdown(layout={"width": "auto", "max_width": "320px"})
        self._list.add_class("wb-chooser")
        self._list.observe(self._added, names="value")
        self._draw()

    def take(self, option: Hashable) -> None:
        """Choose one more; nothing happens where four are chosen already."""
        if option not in self.chosen and len(self.chosen) < len(SIGNS):
            self.chosen.append(option)
            self._draw()
            self._changed(list(self.chosen))

    def leave(self, option: Hashable) -> None:
        """Choose one less; the last one stays."""
        if option in self.chosen and len(self.chosen) > 1:
            self.chosen.remove(option)
            self._draw()
            self._changed(list(self.chosen))

    def _added(self, change: dict[str, Any]) -> None:
        if change["new"] is not _HINT:
            self.take(change["new"])

    def _draw(self) -> None:
        names = {option: name for name, option in self._options.items()}
        rest = {name: o for name, o in self._options.items() if o not in self.chosen}
        full = len(self.chosen) == len(SIGNS)
        self._list.unobserve(self._added, names="value")
        hint = "Take one away to add another" if full else f"{self._add} …"
        self._list.options = [(hint, _HINT), *rest.items()]
        self._list.value = _HINT
        self._list.disabled = full
        self._list.layout.display = "" if rest else "none"
        self._list.observe(self._added, names="value")
        chips = [
            self._chip(f"{sign} {names.get(option, option)}", option)
            for sign, option in zip(SIGNS, self.chosen, strict=False)
        ]
        present.replace(self, [*chips, self._list])

    def _chip(self, name: str, option: Hashable) -> W.Button:
        alone = len(self.chosen) == 1
        chip = W.Button(description=name if alone else f"{name}  ✕", layout={"width": "auto"})
        chip.tooltip = "The one that is shown" if alone else "Take it away"
        chip.disabled = alone
        chip.on_click(lambda _: self.leave(option))
        return chip
