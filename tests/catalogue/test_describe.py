from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from sounds import tone, write

from workbench.catalogue import describe as module
from workbench.catalogue.describe import describe_all
from workbench.catalogue.media import content_hash
from workbench.cluster.place import Place
from workbench.errors import StorageError


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    names = [f"{number:03}.wav" for number in range(8)]
    return [write(tmp_path / "music" / n, tone(200 + i, seconds=0.1)) for i, n in enumerate(names)]


PATCH = """
import os
import sys
from workbench.catalogue import describe
real, deadly = describe.describe_audio, os.environ["DEADLY"].split()
def describe_or_die(path, **options):
    if path.name in deadly:
        os._exit(11)
    return real(path, **options)
describe.describe_audio = describe_or_die
"""


@pytest.mark.parametrize("processes", [1, 2])
def test_files_are_described_in_order(files: list[Path], processes: int) -> None:
    described = list(describe_all(files[:5], set(), files[0].parent, place=Place(processes)))
    assert [d.path for d in described] == files[:5]
    assert [d.sha256 for d in described] == [content_hash(f) for f in files[:5]]
    assert all(d.media is not None and d.error is None for d in described)


def test_known_files_are_not_decoded(files: list[Path]) -> None:
    files[1].write_bytes(b"no sound")
    known = {content_hash(f) for f in files[:2]}
    described = list(describe_all(files[:3], known, files[0].parent, place=Place(2)))
    assert [d.media is None for d in described] == [True, True, False]
    assert [d.error for d in described] == [None, None, None]


def test_a_file_that_ends_its_process_is_named_and_no_other_is_lost(
    files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deadly = {files[n] for n in (0, 4, 5)}
    (tmp_path / "sitecustomize.py").write_text(PATCH)  # every new process runs it
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *filter(None, sys.path)]))
    monkeypatch.setenv("DEADLY", " ".join(file.name for file in deadly))
    described = list(describe_all(files[:8], set(), files[0].parent, place=Place(2)))
    assert [d.path for d in described] == files[:8]
    assert {d.path for d in described if d.error} == deadly
    assert {d.error for d in described if d.error} == {
        "the program that reads it crashed on this file"
    }
    assert all(d.media is not None for d in described if not d.error)


def test_whatever_a_decoder_raises_is_the_reason(
    files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    errors = [ZeroDivisionError("by zero"), MemoryError(), OSError(5, "Input/output error", "x")]

    def fail(_path: Path, **_options: object) -> None:
        raise errors.pop(0)

    monkeypatch.setattr(module, "describe_audio", fail)
    described = list(describe_all(files[:3], set(), files[0].parent, place=Place(1)))
    assert [d.error for d in described] == [
        "cannot be read (by zero)",
        "too large for the memory of this machine",
        "cannot be read (Input/output error)",
    ]


@pytest.mark.parametrize("processes", [1, 2])
def test_a_full_disk_is_no_files_fault(small_disk: Path, tmp_path: Path, processes: int) -> None:
    files = [write(tmp_path / f"{n}.aiff", tone(n * 100, seconds=20)) for n in (1, 2, 3)]
    with pytest.raises(StorageError, match=r"disk.* full"):
        list(describe_all(files, set(), small_disk, place=Place(processes)))
