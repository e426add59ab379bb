"""What the widgets of a page hold, as JSON in which each long value stands once.

Maps coloured in eight ways have the same places eight times, and the neighbours of an item are
reached from the map and from the list: whatever is long is written down once and referred to.
"""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

_LONG = 120  # characters from which on a value is shared
_MARK = "$"  # begins the keys that mean something to the page


class Pack:
    r"""The values of one page.

    Attributes
    ----------
    shared : list of str
        The JSON of every long value; ``{"$ref": 3}`` stands for the fourth.

    Examples
    --------
    >>> Pack().add({"title": "</script>", "gain": float("nan"), "$ref": 1})
    '{"title":"\\u003c/script>","gain":null,"$$ref":1}'
    >>> Pack().add({"xy": b"abc"})
    '{"xy":{"$bytes":"YWJj"}}'
    """

    def __init__(self) -> None:
        self.shared: list[str] = []
        self._places: dict[str, int] = {}

    def add(self, value: Any) -> str:
        """Return the JSON of a value of JSON's types or bytes, fit to stand in a script element.

        Numbers that are none become null, as on the way to a live page.

        Raises
        ------
        TypeError
            If the value is or holds anything else.
        """
        if isinstance(value, bytes | bytearray | memoryview):
            body = f'{{"{_MARK}bytes":"{b64encode(value).decode()}"}}'
        elif isinstance(value, dict):
            entries = (f"{_key(key)}:{self.add(entry)}" for key, entry in value.items())
            body = f"{{{','.join(entries)}}}"
        elif isinstance(value, list | tuple):
            body = f"[{','.join(map(self.add, value))}]"
        elif isinstance(value, float) and value - value != 0.0:
            return "null"
        elif value is None or isinstance(value, str | bool | int | float):
            return script_text(json.dumps(value, ensure_ascii=False))
        else:
            raise TypeError(f"{type(value).__name__} cannot be written down")
        return self._short(body)

    def _short(self, body: str) -> str:
        if len(body) < _LONG:
            return body
        if body not in self._places:
            self._places[body] = len(self.shared)
            self.shared.append(body)
        return f'{{"{_MARK}ref":{self._places[body]}}}'


def _key(key: Any) -> str:
    key = str(key)
    return script_text(json.dumps(_MARK + key if key.startswith(_MARK) else key))


def script_text(json_text: str) -> str:
    r"""Return JSON that cannot end the script element it stands in, nor a line of its program.

    Examples
    --------
    >>> script_text('"</script>"')
    '"\\u003c/script>"'
    """
    for character in "<\u2028\u2029":
        json_text = json_text.replace(character, f"\\u{ord(character):04x}")
    return json_text
