"""Files that come piece by piece: whole or refused, under a harmless name."""

from __future__ import annotations

import pytest

from workbench.errors import WorkbenchError
from workbench.widgets.uploads import Uploads


def test_pieces_become_the_file():
    uploads = Uploads()
    assert uploads.take({"name": "a.wav", "size": 6, "at": 0}, [b"abc"]) is None
    file = uploads.take({"name": "a.wav", "size": 6, "at": 3}, [memoryview(b"de"), b"f"])
    assert (file.name, file.read_bytes()) == ("a.wav", b"abcdef")


def test_a_new_file_takes_the_place_of_the_last():
    uploads = Uploads()
    first = uploads.take({"name": "a.wav", "size": 1, "at": 0}, [b"a"])
    second = uploads.take({"name": "b.wav", "size": 1, "at": 0}, [b"b"])
    assert not first.exists()
    assert second.read_bytes() == b"b"


@pytest.mark.parametrize("name", ["../../x.wav", "/etc/x.wav", "C:\\\\x.wav", "..", "", "a\0b"])
def test_no_name_leads_out_of_the_folder(name: str):
    uploads = Uploads()
    file = uploads.take({"name": name, "size": 1, "at": 0}, [b"a"])
    assert file.parent == file.parent.parent / file.parent.name
    assert file.parent.name.startswith("workbench-upload-")
    assert file.read_bytes() == b"a"


@pytest.mark.parametrize(
    ("message", "piece", "reason"),
    [
        ({"size": 11, "at": 0}, b"a", "larger than"),
        ({"size": 0, "at": 0}, b"", "is empty"),
        ({"size": 4, "at": 2}, b"cd", "did not arrive"),
        ({"size": 2, "at": 0}, b"abc", "did not arrive"),
    ],
)
def test_what_does_not_fit_is_refused(message: dict[str, int], piece: bytes, reason: str):
    with pytest.raises(WorkbenchError, match=reason):
        Uploads(largest=10).take({"name": "a.wav", **message}, [piece])
