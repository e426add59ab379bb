from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tiny_scores import MAJOR, MINOR, Voice, tune, write_midi

from workbench.audio.decode import decode
from workbench.encoders.base import takes_scores
from workbench.encoders.descriptors import DescriptorEncoder
from workbench.encoders.network import NetworkEncoder
from workbench.encoders.registry import load_encoder
from workbench.encoders.relations import SHIPPED, RelationEncoder, note_windows
from workbench.errors import MediaError, WorkbenchError
from workbench.symbolic.reading import read_score
from workbench.symbolic.render import render
from workbench.symbolic.score import Score
from workbench.symbolic.writing import to_symusic

RATE = 22050
BEAT = [(i * 0.5, 0.25, 42 if i % 2 else 36) for i in range(64)]
TUNES = {
    "organ": [Voice(19, tune(60, pattern=MAJOR))],
    "strings": [Voice(48, tune(57, pattern=MINOR, step=0.5))],
    "guitar": [Voice(25, tune(65, pattern=MAJOR, step=2.0))],
    "beat": [Voice(0, BEAT, drums=True)],
    "band": [Voice(33, tune(40, pattern=MINOR, step=1.0)), Voice(0, BEAT, drums=True)],
    "flute": [Voice(73, tune(74, pattern=(0, 1, 3, 6, 10, 7), step=0.25))],
}


@pytest.fixture(scope="module")
def encoder() -> DescriptorEncoder:
    return DescriptorEncoder(None, NetworkEncoder(), RelationEncoder())


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Score]:
    folder = tmp_path_factory.mktemp("tunes")
    return {
        name: read_score(write_midi(folder / f"{name}.mid", voices, qpm=90.0 + 7 * i))
        for i, (name, voices) in enumerate(TUNES.items())
    }


def sounds_of(scores: dict[str, Score]) -> list[np.ndarray]:
    return [render(to_symusic(s), sample_rate=RATE).mean(axis=0) for s in scores.values()]


def test_scores_lie_in_the_space_of_sounds(encoder: DescriptorEncoder, scores: dict) -> None:
    vectors = encoder.encode_scores(list(scores.values()))
    assert vectors.shape == (len(scores), encoder.dim)
    assert np.isfinite(vectors).all()
    assert takes_scores(encoder)
    for name, block in encoder.blocks.items():
        if name.startswith("related "):
            np.testing.assert_allclose(np.linalg.norm(vectors[:, block], axis=1), 1.0, atol=1e-4)


def test_a_score_is_nearest_to_its_own_sound(encoder: DescriptorEncoder, scores: dict) -> None:
    blocks = [b for n, b in encoder.blocks.items() if n.startswith("related ")]
    columns = np.concatenate([np.arange(b.start, b.stop) for b in blocks])
    read = encoder.encode_scores(list(scores.values()))[:, columns]
    heard = encoder.encode(sounds_of(scores))[:, columns]
    similarity = read @ heard.T
    assert (similarity.argmax(axis=1) == np.arange(len(scores))).sum() >= len(scores) - 1
    assert (similarity.argmax(axis=0) == np.arange(len(scores))).sum() >= len(scores) - 1


def test_notes_foretell_the_descriptors_of_their_sound(
    encoder: DescriptorEncoder, scores: dict
) -> None:
    read, heard = encoder.encode_scores(list(scores.values())), encoder.encode(sounds_of(scores))
    tonal = [i for i, name in enumerate(scores) if name not in ("beat", "band")]
    key = encoder.blocks["key"]
    agree = [np.corrcoef(read[i, key], heard[i, key])[0, 1] for i in tonal]
    assert min(agree) > 0.6


def test_a_vector_does_not_depend_on_what_is_encoded_with_it(
    encoder: DescriptorEncoder, scores: dict
) -> None:
    together = encoder.encode_scores(list(scores.values()))
    for row, score in zip(together, scores.values(), strict=True):
        np.testing.assert_allclose(encoder.encode_scores([score])[0], row, atol=1e-5)


def test_windows_hold_every_note_once(scores: dict) -> None:
    score = scores["organ"]
    windows = note_windows(score, 12.0)
    notes = score.notes
    whole = int(score.end_s / 12.0 + 0.5)
    assert len(windows) == whole
    inside = notes["onset_s"] - notes["onset_s"][0] < 12.0 * whole
    assert sum(map(len, windows)) == inside.sum()
    for number, window in enumerate(windows):
        wanted = notes[(notes["onset_s"] >= 12 * number) & (notes["onset_s"] < 12 * (number + 1))]
        np.testing.assert_allclose(window[:, 0] + 12 * number, wanted["onset_s"], atol=1e-4)
        assert (window[:, 0] + window[:, 1] <= 12.0 + 1e-4).all()


def test_a_short_score_goes_round(tmp_path: Path) -> None:
    short = read_score(write_midi(tmp_path / "a.mid", [Voice(0, tune(quarters=4))]))
    (window,) = note_windows(short, 12.0)
    period = short.end_s
    np.testing.assert_allclose(window[4, 0], period, atol=1e-3)
    assert window[:, 2].tolist() == [short.notes["pitch"][i % 4] for i in range(len(window))]


def test_a_score_without_notes_is_refused(encoder: DescriptorEncoder, scores: dict) -> None:
    with pytest.raises(MediaError, match="no notes"):
        encoder.encode_scores([scores["beat"].tonal])


def test_an_encoder_without_the_networks_takes_no_scores(scores: dict) -> None:
    plain = DescriptorEncoder(None, None)
    assert not takes_scores(plain)
    with pytest.raises(WorkbenchError, match="takes no scores"):
        plain.encode_scores(list(scores.values()))


def test_older_versions_stay_loadable_and_equal_where_they_overlap(scores: dict) -> None:
    sound = sounds_of(scores)[:1]
    newest, before = load_encoder("descriptors-4"), load_encoder("descriptors-3")
    old, new = before.encode(sound)[0], newest.encode(sound)[0]
    for name, block in before.blocks.items():
        np.testing.assert_array_equal(new[newest.blocks[name]], old[block])


def test_what_is_shipped_is_small() -> None:
    assert sum(file.stat().st_size for file in SHIPPED.iterdir()) <= 6_000_000


def test_a_passage_of_a_real_stem_is_nearest_to_the_stems_other_passage(
    encoder: DescriptorEncoder, multitracks: Path
) -> None:
    names = (
        "caesium/kick",
        "caesium/minilogue_synth",
        "hydrogen/bgvox_harmony",
        "lithium/arp_dist",
    )
    length = 12 * RATE
    passages = []
    for name in names:
        samples = decode(multitracks / f"{name}.ogg").mono(RATE)
        passages += [samples[:length], samples[length : 2 * length]]
    vectors = encoder.encode(passages)[:, encoder.blocks["related track"]]
    similarity = vectors @ vectors.T
    np.fill_diagonal(similarity, -1.0)
    other = np.arange(len(passages)) ^ 1
    assert (similarity.argmax(axis=1) == other).sum() >= 6
