from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from workbench import Workspace
from workbench.cli import app

HEAVY = {"torch", "torchaudio", "librosa", "umap", "plotly", "pandas", "sklearn", "music21"}
HEAVY |= {"jupyter_server", "jupyterlab", "voila", "ipywidgets", "numba", "scipy"}


def commands(group: object = None, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Return every command and group of commands as what one types."""
    group = group or typer.main.get_command(app)
    found = [path]
    for name, command in getattr(group, "commands", {}).items():
        found += commands(command, (*path, name))
    return found


def one_sentence(text: str) -> bool:
    return re.fullmatch(r"workbench: [^\n]+[.`]\n", text) is not None


# -- help ------------------------------------------------------------------------------------------


def test_all_commands_are_there() -> None:
    promised = "demo init import embed map finetune train evaluate search serve lab export doctor"
    assert {(name,) for name in promised.split()} <= set(commands())


@pytest.mark.parametrize("path", commands(), ids=" ".join)
def test_help_says_what_a_command_does(workbench, path: tuple[str, ...]) -> None:
    answer = workbench(*path, "--help")
    assert answer.code == 0
    assert answer.err == ""
    usage = answer.out.split()
    assert usage[: len(path) + 2] == ["Usage:", "workbench", *path]
    assert "--job" not in answer.out


@pytest.mark.parametrize(
    "program",
    [
        "import workbench; workbench.Workspace; workbench.WorkbenchError",
        "import workbench.urls, workbench.jobs, workbench.progress, workbench.cli",
        *(
            f"import sys; sys.argv = {['workbench', *path, '--help']!r}\n"
            "from workbench.cli import main\n"
            "try: main()\nexcept SystemExit as leave: assert not leave.code"
            for path in [(), ("import",), ("train", "heads"), ("serve",), ("demo",)]
        ),
    ],
    ids=["package", "light modules", "help", "import", "train heads", "serve", "demo"],
)
def test_nothing_heavy_is_imported_before_it_is_used(program: str) -> None:
    program += "\nprint('modules', *sys.modules)"
    command = [sys.executable, "-c", "import sys\n" + program]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    modules = set(printed.split("modules ")[1].split())
    assert "workbench" in modules
    assert not HEAVY & modules


# -- wrong arguments -------------------------------------------------------------------------------


def test_without_arguments_the_help_is_shown(workbench) -> None:
    for path in ((), ("models",), ("encoders",), ("train",)):
        answer = workbench(*path)
        assert answer.code == 2
        assert "Usage: workbench" in answer.out + answer.err
        assert "Traceback" not in answer.err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--nonsense"], r"No such option\W+--nonsense\W+see `workbench --help`\."),
        (["frobnicate"], "No such command 'frobnicate'; see `workbench --help`."),
        (["import", "--nonsense"], r"--nonsense\W+see `workbench import --help`\."),
        (["models", "list", "-z"], r"No such option\W+-z\W+see `workbench models list --help`\."),
        (["embed", "--processes", "0"], "Invalid value for '--processes'"),
        (["embed", "--processes", "two"], "Invalid value for '--processes'"),
        (["search", "1", "-n", "0"], "Invalid value for '"),
        (["search", "1", "2"], "unexpected extra argument"),
        (["embed", "--workspace"], "requires an argument"),
        (["init"], "Missing argument"),
    ],
    ids=" ".join,
)
def test_wrong_arguments_are_one_sentence(workbench, arguments: list[str], sentence: str) -> None:
    answer = workbench(*arguments)
    assert answer.code == 2
    assert re.search(sentence, answer.err)
    assert one_sentence(answer.err)


# -- how a command ends ----------------------------------------------------------------------------


def test_a_reader_that_stops_reading_is_no_error(ws: Workspace) -> None:
    command = f"{sys.executable} -m workbench models list --json -w '{ws.root}' | true"
    ended = subprocess.run(command, shell=True, capture_output=True, text=True)
    assert ended.stderr == ""


def test_names_that_the_terminal_cannot_show_are_spelled_out(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "workbench", "init", str(tmp_path / "Étude ♭")]
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    ended = subprocess.run(command, env=environment, capture_output=True)
    assert ended.returncode == 0
    assert r"Étude \u266d" in ended.stdout.decode("latin-1")


def test_ctrl_c_is_one_sentence(ws: Workspace, monkeypatch: pytest.MonkeyPatch, workbench) -> None:
    monkeypatch.setattr(
        Workspace, "catalogue", property(lambda _: os.kill(os.getpid(), signal.SIGINT))
    )
    answer = workbench("export", "items", "x.csv", "-w", ws.root)
    assert answer.code == 130
    assert answer.err == (
        "workbench: Stopped. What was finished is kept; run the command again to go on.\n"
    )


def test_an_error_of_ours_keeps_its_traceback(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workbench.cli import main

    monkeypatch.setattr(Workspace, "models", property(lambda _: 1 / 0))
    monkeypatch.setattr(sys, "argv", ["workbench", "models", "list", "-w", str(ws.root)])
    with pytest.raises(ZeroDivisionError):
        main()
