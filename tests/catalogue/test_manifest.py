from __future__ import annotations

import sys
from pathlib import Path

import pytest

from workbench.catalogue.items import TagValue
from workbench.catalogue.manifest import read_manifest, tag_from_text
from workbench.errors import WorkbenchError


@pytest.fixture
def manifest(tmp_path: Path):
    def write(text: str | bytes) -> Path:
        file = tmp_path / "manifest.csv"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return file

    return write


def test_a_row_gives_title_artist_and_tags(manifest, tmp_path: Path) -> None:
    rows = read_manifest(
        manifest(
            "path,title,artist,genre,tempo,key,shelf\n"
            'a/one.wav,"One, and only",Ada,folk; jazz ,120.0,bb minor,north\n'
            "two.wav,,,,,,\n"
        )
    )
    one, two = rows[tmp_path / "a" / "one.wav"], rows[tmp_path / "two.wav"]
    assert (one.title, one.artist) == ("One, and only", "Ada")
    assert one.tags == [
        TagValue("genre", "folk", "manifest"),
        TagValue("genre", "jazz", "manifest"),
        TagValue("tempo", "120", "manifest", number=120.0),
        TagValue("key", "Bb minor", "manifest"),
        TagValue("shelf", "north", "manifest"),
    ]
    assert (two.title, two.artist, two.tags) == (None, None, [])


def test_what_spreadsheets_write_is_understood(manifest, tmp_path: Path) -> None:
    text = "\ufeffTitle , PATH,Genre\r\nÉtude,one.wav,folk\r\n\r\n,,\r\nTwo,two.wav\r\n"
    rows = read_manifest(manifest(text))
    assert list(rows) == [tmp_path / "one.wav", tmp_path / "two.wav"]
    assert rows[tmp_path / "one.wav"].title == "Étude"
    assert rows[tmp_path / "two.wav"].tags == []


def test_absolute_paths_stay_what_they_are(manifest) -> None:
    assert list(read_manifest(manifest("path\n/music/one.wav\n"))) == [Path("/music/one.wav")]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("file,title\na.wav,A\n", r"no column `path`; its columns are: file, title\."),
        ("path;title\na.wav;A\n", r"no column `path`; its columns are: path;title\."),
        ("", r"no column `path`; its columns are: none\."),
        ("path,genre,Genre \na.wav,x,y\n", "the column `genre` twice"),
        ("path,\na.wav,x\n", "a column without a name"),
        ("path," + ",".join(map(str, range(300))), "more than 200 columns"),
        ("path,tempo\na.wav,fast\n", r"line 2: tempo 'fast' is not a number of beats"),
        ("path,tempo\na.wav,120\nb.wav,0\n", "line 3: tempo '0'"),
        ("path,tempo\na.wav,nan\n", "tempo 'nan'"),
        ("path,tempo\na.wav,inf\n", "tempo 'inf'"),
        ("path,tempo\na.wav,-90\n", "tempo '-90'"),
        ("path,key\na.wav,loud\n", "key 'loud' is not understood; write it like"),
        ("path,title\na.wav,A,B\n", "line 2: 3 cells, but there are 2 columns"),
        ("title,path\nA\n", "line 2: the path is empty"),
        ("path,title\n ,A\n", "line 2: the path is empty"),
        ("path\na.wav\n./a.wav\n", r"line 3: the file a\.wav was named before"),
        ("path\na\0b.wav\n", "leads nowhere|cannot be read"),
        ("path\n" + "x" * 200_000, "cannot be read as UTF-8 CSV"),
        (b"path,title\na.wav,\xc9tude\n", "cannot be read as UTF-8 CSV"),
        ("path\na.wav\n".encode("utf-16"), "cannot be read as UTF-8 CSV"),
    ],
)
def test_a_wrong_manifest_is_one_sentence(manifest, text: str | bytes, sentence: str) -> None:
    with pytest.raises(WorkbenchError, match=sentence) as refusal:
        read_manifest(manifest(text))
    assert "\n" not in str(refusal.value)


def test_no_manifest_and_a_folder_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError, match="There is no manifest"):
        read_manifest(tmp_path / "missing.csv")
    with pytest.raises(WorkbenchError, match="cannot be read"):
        read_manifest(tmp_path)


def test_links_in_a_circle_are_one_sentence(manifest, tmp_path: Path) -> None:
    (tmp_path / "loop.wav").symlink_to("loop.wav")
    if sys.version_info >= (3, 13):
        assert list(read_manifest(manifest("path\nloop.wav\n"))) == [tmp_path / "loop.wav"]
    else:
        with pytest.raises(WorkbenchError, match="leads nowhere"):
            read_manifest(manifest("path\nloop.wav\n"))


def test_tempi_are_one_spelling() -> None:
    values = {
        tag_from_text("tempo", text, source="x", place="y").value
        for text in ("120", "120.0", "1.2e2")
    }
    assert values == {"120"}
