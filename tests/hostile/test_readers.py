"""Whatever bytes come, a reader gives a result or one sentence, soon and in little memory."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from damage import altered, damaged
from hypothesis import given
from hypothesis import strategies as st
from targets import MUSICXML, Target, Targets
from tries import HOW_OFTEN, one_sentence, tried

from workbench.errors import UnknownNameError

NAMES = [
    *("mid", "abc", "musicxml", "mxl", "csv", "json", "npz", "sf2"),
    *("manifest", "scores", "judgements.csv", "judgements.jsonl", "judgements.parquet"),
    *("rows.json", "triplets.json", "triplets.csv", "votes", "items", "arrays.npz", "arrays.npy"),
    *("network.card", "network.weights", "tagger.card", "tagger.weights"),
    *("relations.card", "relations.weights", "model.card", "model.weights"),
    *("checkpoint.index", "hub.config", "hub.readme"),
    *("vectors.ids.npy", "vectors.vectors.npy", "maps", "parts", "history"),
    *("tags.card", "workbench.toml", "notebook", "job.events", "export"),
]

# What broke a reader once, by the fewest bytes that did; made here rather than kept as files.
_NPY = b"\x93NUMPY\x01\x00v\x00"


def _misnamed() -> bytes:
    """Return an archive whose one file has a name that is no text where its content begins."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr(zipfile.ZipInfo("roll.npy"), b"")
    data = bytearray(written.getvalue())
    data[7] |= 0x08  # of the flags: the name is UTF-8
    data[30] = 0x80
    return bytes(data)


def _nameless() -> bytes:
    """Return an archive of one file without a name."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr(zipfile.ZipInfo("a"), MUSICXML)
    data = bytearray(written.getvalue())
    for lengths in (26, data.index(b"PK\x01\x02") + 28):
        data[lengths : lengths + 4] = b"\0\0\1\0"  # the letter belongs to what follows the name
    return bytes(data)


FOUND = [
    ("npz", _misnamed()),
    ("mxl", _nameless()),
    ("musicxml", MUSICXML.replace(b"fifths", b"fifthz")),
    ("manifest", b"\x00ath,title,artist\na.wav,One,Ada\n"),
    ("scores", b"path,corpus\na.mid,x,and one more\n"),
    ("hub.config", b'{"model_type": [], "auto_map": true}'),
    ("hub.config", b'{"a":' * 100_000),
    ("triplets.csv", b"anchor,a,b,votes\n9,5,6,9999999999999999999999999999995:2\n"),
    ("triplets.csv", b"anchor,a,b,dimension\n9,5,6," + b"9" * 5000 + b"\n"),
    ("items", b"[" * 3000 + b"\n"),
    ("items", b"9" * 5000 + b"\n"),
    ("vectors.ids.npy", _NPY + b"z'descr': '<i8', 'fortran_order': False, 'shape': (3,), }\n"),
    ("vectors.vectors.npy", _NPY + b"{'descr': '<f4', 'shape': (3, 4(, }\n"),
    ("arrays.npy", _NPY + b"{'descr': '<i8', 'fortran_order': False, 'shape': (10**15, 3), }\n"),
    ("model.card", b'{"version": null, "encoder": "x", "head": "linear", "dimensions": ["a"],'
                   b' "subspace_dim": 4}'),
    ("model.card", b'{"\\u001f": 1}'),
    ("network.card", b"[" * 100_000),
    ("job.events", b'\xff\xff{"event": "stage"}\n{"event": "done"}\n'),
    ("job.events", b'["event": "stage"}\n{"event": "done"}\n'),
    ("workbench.toml", b"format = " + b"[" * 3000),
    ("history", b'{"action": "promote", "version": "../../elsewhere", "at": 1}\n'),
]  # fmt: skip


@pytest.fixture(scope="module")
def targets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Target]:
    """Every reader, by the name of what it reads."""
    return {target.name: target for target in Targets(tmp_path_factory.mktemp("hostile")).all()}


def test_no_reader_is_left_out(targets: dict[str, Target]) -> None:
    assert list(targets) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_valid_file_is_read(targets: dict[str, Target], name: str) -> None:
    for sample in targets[name].samples():
        assert one_sentence(lambda sample=sample: targets[name].read(sample))


@pytest.mark.parametrize("count", HOW_OFTEN)
@pytest.mark.parametrize("name", NAMES)
def test_a_damaged_file_costs_one_sentence(
    targets: dict[str, Target], name: str, count: int
) -> None:
    target = targets[name]
    samples = target.samples()
    files = damaged(samples)
    if target.is_json:
        files = st.one_of(altered(samples), altered(samples), files)

    @tried(count)
    @given(files)
    def holds(data: bytes) -> None:
        one_sentence(lambda: target.read(data))

    holds()


@pytest.mark.parametrize(("name", "data"), FOUND, ids=lambda value: str(value)[:30])
def test_what_broke_a_reader_once_does_so_no_more(
    targets: dict[str, Target], name: str, data: bytes
) -> None:
    one_sentence(lambda: targets[name].read(data))


def test_a_version_that_is_a_path_leads_nowhere(tmp_path: Path) -> None:
    store = Targets(tmp_path).workspace.models
    (tmp_path / "elsewhere").mkdir()
    card = (store.folder / "v0001" / "card.json").read_bytes()
    (tmp_path / "elsewhere" / "card.json").write_bytes(card)
    for name in ("../../elsewhere", str(tmp_path / "elsewhere"), "v0001/../v0001", "v1/.."):
        with pytest.raises(UnknownNameError):
            store.card(name)
