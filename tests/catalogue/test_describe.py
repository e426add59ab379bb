from __future__ import annotations

import os
from pathlib import Path

import pytest
from sounds import tone, write

from workbench.catalogue import describe as module
from workbench.catalogue.describe import describe_all
from workbench.catalogue.media import content_hash
from workbench.errors import StorageError


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    names = [f"{number:03}.wav" for number in range(100)]
    return [write(tmp_path / "music" / n, tone(200 + i, seconds=0.1)) for i, n in enumerate(names)]


@pytest.fixture
def forked(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Processes that know what the test has replaced."""
    context = module.multiprocessing.get_context("fork")
    monkeypatch.setattr(module.multiprocessing, "get_context", lambda _method: context)
    return monkeypatch


@pytest.mark.parametrize("processes", [1, 2, None])
def test_files_are_described_in_order(files: list[Path], processes: int | None) -> None:
    described = list(describe_all(files[:5], set(), files[0].parent, processes=processes))
    assert [d.path for d in described] == files[:5]
    assert [d.sha256 for d in described] == [content_hash(f) for f in files[:5]]
    assert all(d.media is not None and d.error is None for d in described)


def test_known_files_are_not_decoded(files: list[Path]) -> None:
    files[1].write_bytes(b"no sound")
    known = {content_hash(f) for f in files[:2]}
    described = list(describe_all(files[:3], known, files[0].parent, processes=2))
    assert [d.media is None for d in described] == [True, True, False]
    assert [d.error for d in described] == [None, None, None]


def test_a_file_that_ends_its_process_is_named_and_no_other_is_lost(
    files: list[Path], forked: pytest.MonkeyPatch
) -> None:
    deadly = {files[n] for n in (0, 3, 70, 71, 99)}
    real = module.describe_audio

    def describe_or_die(path: Path, **options: object) -> object:
        if path in deadly:
            os._exit(11)
        return real(path, **options)  # type: ignore[arg-type]

    forked.setattr(module, "describe_audio", describe_or_die)
    described = list(describe_all(files, set(), files[0].parent, processes=2))
    assert [d.path for d in described] == files
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
    described = list(describe_all(files[:3], set(), files[0].parent, processes=1))
    assert [d.error for d in described] == [
        "cannot be read (by zero)",
        "too large for the memory of this machine",
        "cannot be read (Input/output error)",
    ]


@pytest.mark.parametrize("processes", [1, 2])
def test_a_full_disk_is_no_files_fault(small_disk: Path, tmp_path: Path, processes: int) -> None:
    files = [write(tmp_path / f"{n}.aiff", tone(n * 100, seconds=20)) for n in (1, 2, 3)]
    with pytest.raises(StorageError, match=r"disk.* full"):
        list(describe_all(files, set(), small_disk, processes=processes))
