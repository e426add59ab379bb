from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tagged_songs import add_song

from workbench import Workspace
from workbench.errors import StorageError
from workbench.training import excerpts as module
from workbench.training.excerpts import keep_excerpts


@pytest.fixture
def three(ws: Workspace) -> tuple[Workspace, list[int]]:
    return ws, [add_song(ws, n, tags=False, seconds=s) for n, s in enumerate((4.0, 2.0, 1.0))]


def test_the_middle_is_kept_in_16_bits(three: tuple[Workspace, list[int]]) -> None:
    ws, ids = three
    kept, read, failures = keep_excerpts(ws, ids, 2.0)
    assert (read, failures) == (ids, {})
    whole = ws.catalogue.sound_of(ids[0], 22050)
    np.testing.assert_allclose(kept.whole(0), whole[22050 : 3 * 22050], atol=1 / 32767)
    assert [len(kept.whole(row)) for row in range(3)] == [44100, 44100, 22050]


def test_excerpts_are_drawn_from_anywhere_and_short_ones_go_round(
    three: tuple[Workspace, list[int]],
) -> None:
    ws, ids = three
    kept, _, _ = keep_excerpts(ws, ids, 2.0)
    rng, whole = np.random.default_rng(0), kept.whole(0)
    for _ in range(5):
        part = kept.drawn(0, 1000, rng)
        places = np.flatnonzero(np.isclose(whole, part[0], atol=1e-7))
        assert any(np.array_equal(whole[p : p + 1000], part) for p in places)
    short = kept.drawn(2, 44100, rng)
    np.testing.assert_array_equal(short, np.tile(kept.whole(2), 2))


def test_a_file_is_decoded_once_and_again_where_its_copy_is_gone(
    three: tuple[Workspace, list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    ws, ids = three
    calls: list[int] = []
    decode = module._keep

    def counted(ws: Workspace, item_id: int, file: Path, seconds: float) -> str | None:
        calls.append(item_id)
        return decode(ws, item_id, file, seconds)

    monkeypatch.setattr(module, "_keep", counted)
    kept, _, _ = keep_excerpts(ws, ids, 2.0)
    keep_excerpts(ws, ids, 2.0)
    assert sorted(calls) == ids
    kept._files[1].unlink()
    keep_excerpts(ws, ids, 2.0)
    assert calls[3:] == [ids[1]]
    keep_excerpts(ws, ids, 1.0)  # another length is another copy
    assert len(calls) == 7


@pytest.mark.parametrize("damage", ["gone", "empty", "text", "other numbers"])
def test_a_copy_that_was_damaged_is_told_and_decoded_again(
    three: tuple[Workspace, list[int]], damage: str
) -> None:
    ws, ids = three
    kept, _, _ = keep_excerpts(ws, ids, 2.0)
    before, file = kept.whole(1), kept._files[1]
    if damage == "gone":
        file.unlink()
    elif damage == "other numbers":
        np.save(file, np.zeros((2, 2)))
    else:
        file.write_bytes(b"" if damage == "empty" else b"nothing of the kind")
    with pytest.raises(StorageError, match="run the same command again"):
        kept.drawn(1, 1000, np.random.default_rng(0))
    again, _, _ = keep_excerpts(ws, ids, 2.0)
    np.testing.assert_array_equal(again.whole(1), before)
