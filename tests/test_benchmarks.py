"""What the suite of benchmarks says of its numbers; no test here measures a time."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from tests.benchmarks import __main__ as benchmarks
from tests.benchmarks.report import BEGIN, END, duration, table, write
from tests.benchmarks.suite import Grown, Row, alternately, exponent

MACHINE = {"cores": 2, "load": 0.5, "python": "3", "packages": {"numpy": "2"}}


@pytest.mark.parametrize("power", [0.0, 1.0, 2.0])
def test_the_exponent_of_a_power_is_found(power: float) -> None:
    sizes = [10, 100, 1000]
    assert exponent(sizes, [3 * n**power for n in sizes]) == pytest.approx(power)
    assert math.isnan(exponent(sizes[:1], [1.0]))


@pytest.mark.parametrize(("power", "fits"), [(0.5, True), (1.0, True), (1.5, False), (2.0, False)])
def test_what_grows_faster_than_n_log_n_is_flagged(power: float, fits: bool) -> None:
    sizes = [1000, 10_000, 100_000]
    values = [n**power for n in sizes]
    assert Grown("x", "x", sizes, values, [1.0, 1.0, 1.0]).fits is fits
    assert Grown("x", "x", sizes, [1.0, 1.0, 1.0], values).fits is fits
    assert Grown("x", "x", sizes, [n * math.log(n) for n in sizes], [1.0, 1.0, 1.0]).fits


def test_a_target_is_reached_when_all_that_was_wanted_is() -> None:
    row = Row("search", "search", 1.0, "FAISS", 2.5, "a read", 0.8, at_least=2.0, within=1.5)
    assert row.reached is True
    assert row.target == "at least 2 x; within 1.5 x of the limit"
    row.limit_s = 0.5
    assert row.reached is False
    assert Row("search", "search", 1.0, "FAISS", 2.5).reached is None
    assert Row("search", "search", error="no memory", under_s=1.0).reached is False
    assert Row("import", "import", 1.29, "PyAV", 1.0, other_within=1.3).reached is True
    assert Row("import", "import", 1.31, "PyAV", 1.0, other_within=1.3).reached is False


def test_sides_take_turns_and_the_first_round_does_not_count() -> None:
    order: list[str] = []
    works = {name: lambda name=name: order.append(name) for name in ("ours", "other")}
    assert set(alternately(works, rounds=2)) == {"ours", "other"}
    assert order == ["ours", "other"] * 3


def test_every_line_of_the_table_has_its_cells_whatever_went_wrong() -> None:
    rows = [
        Row("a", "fast", 0.001, "slow", 1.0, "bytes", 0.0005),
        Row("b", "lost", error="a | b\nc"),
    ]
    grown = [Grown("c", "more", [1, 10], [1.0, 2.0], [5.0, 5.0]), Grown("d", "d", [1], error="|")]
    lines = table(rows, grown, MACHINE).splitlines()
    cells = [len(line.replace("\\|", "").split("|")) for line in lines if line.startswith("|")]
    assert cells == [10] * 4 + [9] * 4
    assert "1000.00 x" in lines[4]


def test_the_table_replaces_the_one_between_its_markers(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    for text in ("new", "newer"):
        write(text, page)
        assert page.read_text() == f"before\n{BEGIN}\n\n{text}\n\n{END}\nafter\n"
    page.write_text("nothing")
    with pytest.raises(ValueError, match="needs the lines"):
        write("new", page)


@pytest.mark.parametrize("seconds", np.geomspace(1e-5, 1e3, 9))
def test_times_are_written_with_three_digits(seconds: float) -> None:
    number, unit = duration(seconds).split()
    assert float(number) * {"s": 1, "ms": 1e-3, "µs": 1e-6}[unit] == pytest.approx(
        seconds, rel=0.01
    )


@pytest.mark.parametrize("options", [["search"], ["--quick"]])
def test_a_table_of_some_rows_does_not_take_the_place_of_all(
    options: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["benchmarks", *options, "--write"])
    monkeypatch.setattr(benchmarks, "run", lambda *_, **__: pytest.fail("something was measured"))
    with pytest.raises(SystemExit):
        benchmarks.main()
    assert "leave out names and --quick" in capsys.readouterr().err
