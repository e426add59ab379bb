"""What is packed comes out as it was, long values once, and nothing ends the script element."""

from __future__ import annotations

import json
import math

import pytest
from exported_pages import unpacked

from workbench.publishing.packing import Pack


def _through(*values: object) -> tuple[list[object], Pack]:
    pack = Pack()
    texts = [pack.add(value) for value in values]
    shared = [json.loads(text) for text in pack.shared]
    return [unpacked(json.loads(text), shared) for text in texts], pack


VALUES = [
    None,
    True,
    -3,
    0.25,
    "Söhne \u2028 </script><!-- $ref",
    {"$ref": 1, "$$bytes": "x", "plain": [1, [2, {"a": None}]]},
    {"xy": bytes(range(256)) * 3},
    [{"title": f"Song {number}" * 20} for number in range(9)],
]


@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
def test_values_come_out_as_they_were(value):
    assert _through(value)[0] == [value]


def test_numbers_that_are_none_become_gaps():
    assert _through([1.5, math.nan, math.inf])[0] == [[1.5, None, None]]


def test_a_long_value_is_written_down_once():
    places = bytes(1000)
    results = [{"title": "A long title of a piece of music", "id": n} for n in range(10)]
    values, pack = _through({"xy": places, "a": results}, [places], results)
    assert values == [{"xy": places, "a": results}, [places], results]
    assert sum("bytes" in text for text in pack.shared) == 1
    assert sum(text.count("A long title") for text in pack.shared) == 10


def test_no_text_ends_the_script_it_stands_in():
    pack = Pack()
    texts = [pack.add("</script><script>x()</script><!--\u2028" * n) for n in (1, 50)]
    texts.append(pack.add({"</script>": 1}))
    for text in (*texts, *pack.shared):
        assert "<" not in text
        assert "\u2028" not in text


def test_what_json_does_not_know_is_refused():
    with pytest.raises(TypeError, match="set"):
        Pack().add({"items": {1, 2}})
