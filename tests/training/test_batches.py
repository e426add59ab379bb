from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from workbench.training.batches import draw_batches, frequencies, two_starts

ROWS = np.arange(100, 124)


def labels() -> pd.DataFrame:
    genre = ["lied"] * 64 + ["sonata"] * 16 + ["march"] * 4 + [""] * 16
    return pd.DataFrame({"genre": genre, "tempo": range(100)})


def test_without_balance_all_come_alike() -> None:
    assert frequencies(labels(), ("genre", "tempo"), 0.0) == pytest.approx(np.ones(100))


def test_full_balance_gives_every_label_the_same_share() -> None:
    often = frequencies(labels(), ("genre",), 1.0) - frequencies(labels(), ("genre",), 1.0).min()
    genre = labels()["genre"]
    weights = [64**-1.0, 16**-1.0, 4**-1.0]
    found = [often[genre == name][0] for name in ("lied", "sonata", "march")]
    ratio = (found[2] - found[0]) / (found[1] - found[0])
    assert ratio == pytest.approx((weights[2] - weights[0]) / (weights[1] - weights[0]))


def test_rare_labels_come_more_often_and_unlabelled_ones_as_the_mean() -> None:
    often = frequencies(labels(), ("genre", "tempo"), 0.5)
    lied, sonata, march, unknown = (
        often[labels()["genre"] == name][0] for name in ("lied", "sonata", "march", "")
    )
    assert lied < unknown < sonata < march
    assert often.mean() == pytest.approx(1.0)


def test_one_odd_song_does_not_take_over() -> None:
    table = pd.DataFrame({"genre": ["lied"] * 999 + ["polka"]})
    often = frequencies(table, ("genre",), 0.5)
    assert often.max() / often.min() < 0.02**-0.5


def test_no_rendition_comes_again_before_all_others_did() -> None:
    rng = np.random.default_rng(0)
    batches = list(draw_batches(ROWS, np.ones(24), renditions=6, steps=8, rng=rng))
    assert len(batches) == 8
    for rows in batches:
        assert (rows[::2] == rows[1::2]).all()
        assert len(set(rows)) == 6
    for four in (batches[:4], batches[4:]):
        assert sorted(np.concatenate(four)[::2]) == ROWS.tolist()


def test_renditions_come_as_often_as_asked() -> None:
    often = np.r_[np.full(12, 0.4), np.full(12, 1.6)]
    rng = np.random.default_rng(0)
    batches = draw_batches(ROWS, often, renditions=7, steps=3000, rng=rng)
    counts = np.bincount(np.concatenate(list(batches))[::2] - 100, minlength=24)
    np.testing.assert_allclose(counts / counts.mean(), often, rtol=0.1)


def test_a_batch_larger_than_the_corpus_takes_all_of_it() -> None:
    rng = np.random.default_rng(0)
    for rows in draw_batches(ROWS, np.ones(24), renditions=99, steps=3, rng=rng):
        assert rows[::2].tolist() == ROWS.tolist()


@pytest.mark.parametrize("frames", [129, 130, 180, 300, 1034])
def test_two_segments_of_a_rendition_overlap_by_half_at_most(frames: int) -> None:
    starts = two_starts(2000, frames, np.random.default_rng(0))
    assert starts.shape == (4000,)
    assert starts.min() == 0
    assert starts.max() == frames - 129
    apart = np.abs(starts[::2] - starts[1::2])
    room = (frames - 129) // 2
    assert apart.min() >= min(64, room)
