"""Exported pages as a browser reads them: their scripts, and what is packed into them."""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser
from typing import Any


class Scripts(HTMLParser):
    """The script elements of a page as a browser finds them: attributes and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[dict[str, str | None], str]] = []
        self._open = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open = tag == "script"
        if self._open:
            self.found.append((dict(attrs), ""))

    def handle_endtag(self, tag: str) -> None:
        self._open = self._open and tag != "script"

    def handle_data(self, data: str) -> None:
        if self._open:
            attributes, text = self.found.pop()
            self.found.append((attributes, text + data))


def unpacked(value: Any, shared: list[Any]) -> Any:
    """Undo `Pack` as the page does."""
    if isinstance(value, list):
        return [unpacked(entry, shared) for entry in value]
    if not isinstance(value, dict):
        return value
    if "$ref" in value:
        return unpacked(shared[value["$ref"]], shared)
    if "$bytes" in value:
        return base64.b64decode(value["$bytes"])
    return {re.sub(r"^\$", "", k): unpacked(v, shared) for k, v in value.items()}
