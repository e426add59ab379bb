from __future__ import annotations

import fcntl
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.encoders.warm import warm_encoder

KEY = "descriptors-1"


def test_a_process_waits_for_another_that_compiles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path))
    program = f"from workbench.encoders.warm import warm_encoder; warm_encoder({KEY!r})"
    with (tmp_path / "compile.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        waiting = subprocess.Popen([sys.executable, "-c", program])
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(12)
    assert waiting.wait(120) == 0


def test_an_encoder_is_warmed_where_no_lock_can_be_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "file"))
    warm_encoder.cache_clear()
    assert warm_encoder(KEY).name == "descriptors"
    warm_encoder.cache_clear()
