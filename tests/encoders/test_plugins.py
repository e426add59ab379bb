"""Encoders of other packages, as a wheel installs them: a module and a dist-info folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sounds import tone, write

from workbench import Workspace
from workbench.catalogue.importer import import_music
from workbench.encoders import registry
from workbench.errors import UnknownNameError, WorkbenchError
from workbench.search.embed import embed

CODE = '''
import numpy as np

class Peak:
    """The highest sample.

    And more.
    """
    name, version, licence = "peak", "3", "CC BY-NC 4.0"
    sample_rate, dim, domains, blocks = 8000, 2, ("audio",), {"all": slice(0, 2)}
    def encode(self, batch):
        return np.array([[np.abs(s).max(), len(s)] for s in batch], np.float32)

class Bare(Peak):
    name = "bare"
    @staticmethod
    def missing():
        return "pip install more"

class Wide(Peak):
    name = "wide"
    def encode(self, batch):
        return np.zeros((len(batch), 3), np.float32)

class Failing(Peak):
    name = "failing"
    def __init__(self):
        raise ZeroDivisionError("oh no")

class Halved(Peak):
    name, blocks = "halved", {"first": slice(0, 1)}

class Twin(Peak):
    name, version = "descriptors", "1"

class Escaping(Peak):
    name = "../escaping"
'''
POINTS = ("Peak", "Bare", "Wide", "Failing", "Halved", "Twin", "Escaping", "Absent")


@pytest.fixture(autouse=True)
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "site-packages"
    info = folder / "curious_encoders-1.0.dist-info"
    info.mkdir(parents=True)
    (folder / "curious_encoders.py").write_text(CODE)
    (folder / "curious_broken.py").write_text("raise SystemExit('two\\nlines.')")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: curious-encoders\nVersion: 1.0\n")
    points = [f"{name.lower()} = curious_encoders:{name}" for name in POINTS]
    points.append("broken = curious_broken:Any")
    (info / "entry_points.txt").write_text("\n".join(["[workbench.encoders]", *points]))
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path / "cache"))
    registry.load_encoder.cache_clear()


def test_a_plugin_is_listed_like_the_others() -> None:
    listed = {info.key: info for info in registry.list_encoders()}
    assert list(listed)[:2] == ["musicnn-descriptors-4", "descriptors-4"]
    peak = listed["peak-3"]
    assert (peak.description, peak.source) == ("The highest sample", "package curious-encoders")
    assert peak.installed
    assert peak.licence_words == "CC BY-NC 4.0 (NON-COMMERCIAL use only)"
    assert peak.as_dict()["non_commercial"] is True
    assert (listed["bare-3"].installed, listed["bare-3"].install) == (False, "pip install more")
    assert registry.default_encoder().key == "descriptors-4"


def test_a_broken_plugin_is_listed_with_its_error() -> None:
    broken = {info.key: info.problem for info in registry.list_encoders() if info.problem}
    assert broken == {
        "absent": "AttributeError: module 'curious_encoders' has no attribute 'Absent'",
        "broken": "SystemExit: two lines",
        "escaping": "'../escaping-3' cannot name a folder of vectors",
        "twin (package curious-encoders)": "its name is taken by descriptors-1 (built in)",
    }
    with pytest.raises(UnknownNameError, match=r"Encoder absent \(package curious-encoders\)"):
        registry.load_encoder("absent")


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("bare-3", "not installed; run `pip install more`"),
        ("failing-3", r"cannot be loaded \(ZeroDivisionError: oh no\)"),
        ("halved-3", "do not lie side by side from 0 to 2"),
        ("nothing", "choose one of .*descriptors-4.*peak-3"),
    ],
)
def test_what_cannot_be_used_is_told_in_a_sentence(key: str, sentence: str) -> None:
    with pytest.raises(WorkbenchError, match=sentence):
        registry.load_encoder(key)


def test_it_is_found_by_its_short_name_too() -> None:
    assert registry.find_encoder("peak").key == "peak-3"
    assert registry.find_encoder("descriptors").key == "descriptors-4"


def test_processes_of_their_own_embed_with_a_plugin(ws: Workspace, tmp_path: Path) -> None:
    for number in range(6):  # more than one batch, so that processes are started
        samples = (number + 1) / 10 * np.ones((1, 8000), np.float32)
        write(tmp_path / "music" / f"{number}.wav", samples, rate=8000)
    import_music(ws, [tmp_path / "music"])
    report = embed(ws, encoder="peak", processes=2)
    assert (report.encoder, report.computed, report.failures) == ("peak-3", 6, {})
    titles = ws.catalogue.items()["title"]
    store = ws.vectors("peak-3")
    for item_id, vector in zip(store.ids, store.vectors, strict=True):
        assert vector == pytest.approx([(int(titles[item_id]) + 1) / 10, 8000], abs=1e-3)


def test_vectors_of_another_shape_than_promised_are_told(ws: Workspace, tmp_path: Path) -> None:
    write(tmp_path / "music" / "a.wav", tone())
    import_music(ws, [tmp_path / "music"])
    with pytest.raises(WorkbenchError, match=r"wide-3 returned an array of shape \(1, 3\)"):
        embed(ws, encoder="wide", processes=1)
