"""Modules of the browser's half are whole."""

from __future__ import annotations

import re

import pytest

from workbench.widgets.assets import css, esm


def test_files_are_joined_in_order() -> None:
    joined = esm("base.js", "chart.js")
    assert joined.index("function claimSound") < joined.index("export default")


def test_the_shared_style_comes_first() -> None:
    assert css("maps.css").index("--wb-accent:") < css("maps.css").index(".wb-maps")


def test_a_file_that_is_missing_is_noticed_at_once() -> None:
    with pytest.raises(FileNotFoundError):
        esm("nowhere.js")


@pytest.mark.parametrize(
    "names",
    [
        ("base.js", "plotly.js", "chart.js"),
        ("base.js", "playbar.js", "scatter.js", "maps.js"),
        ("base.js", "items.js", "triplets.js"),
    ],
)
def test_modules_stand_alone_and_ask_no_other_server(names) -> None:
    joined = esm(*names)
    assert joined.count("export default") == 1
    assert not re.search(r"^import |import\(", joined, re.MULTILINE)
    assert "https://" not in joined
    assert "innerHTML" not in joined
