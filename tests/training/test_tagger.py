"""Teachers and students, as they are trained in a workspace."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from postgres import copied
from tagged_songs import QUICK, TINY, add_song, fill, songs  # noqa: F401 - a fixture
from torch.nn.functional import binary_cross_entropy

from workbench import Workspace
from workbench.backbones.card import CARD
from workbench.backbones.tagger_card import PUBLISHED, SMALL, TaggerShape, TagName
from workbench.backbones.tagger_store import build_tagger, load_tagger_network
from workbench.catalogue.items import TagValue
from workbench.corpus.manifest import SPLITS
from workbench.encoders.tagger import heard
from workbench.errors import NotReadyError, StorageError, UnknownNameError, WorkbenchError
from workbench.progress import Progress
from workbench.tagging.cleaning import human_tags
from workbench.tagging.labels import labels_of
from workbench.tagging.reviews import ReviewLog, Verdict
from workbench.tagging.trained import newest_tagger, taggers_folder
from workbench.training import tagger_project as project
from workbench.training.base_folder import CHECKPOINT
from workbench.training.pseudo_labels import FILE, hardened
from workbench.training.tagger_data import TaggerData, tagger_data
from workbench.training.tagger_options import TaggerOptions, student_shape
from workbench.training.tagger_project import find_teacher, find_trainee, train_in_workspace
from workbench.training.tagger_release import TEST_SCORES, best_thresholds
from workbench.training.tagger_run import TaggerRun

VOCABULARY = tuple(
    TagName(*t)
    for t in (("genre", "high"), ("genre", "low"), ("mood", "clear"), ("mood", "hissing"))
)


@pytest.fixture
def ws(songs: Workspace, tmp_path: Path) -> Workspace:  # noqa: F811
    return copied(songs, tmp_path / "workspace")


def train(ws: Workspace, name: str = "t", *, resume: bool = False, **changes: object) -> str:
    options = replace(QUICK, **changes)  # type: ignore[arg-type]
    card, _ = train_in_workspace(ws, find_trainee(ws, name, resume=resume), options)
    return card.key


def data_of(ws: Workspace) -> TaggerData:
    return tagger_data(ws, VOCABULARY, tags=human_tags(ws), clip_s=2.0)


class Ended(Progress):
    """Ends a training after some epochs."""

    def __init__(self, epochs: int) -> None:
        self.left = epochs

    def event(self, kind: str, /, **_data: object) -> None:
        self.left -= kind == "epoch"

    def cancelled(self) -> bool:
        return self.left <= 0


def test_a_tagger_learns_high_from_low_and_hiss_from_none(ws: Workspace) -> None:
    key = train(ws, epochs=6, steps=20, batch=16)
    folder = taggers_folder(ws) / key
    card = newest_tagger(ws)
    assert card.tags == VOCABULARY
    assert card.scores["macro_roc_auc"]["value"] > 0.9
    assert card.training["parameters"] == sum(p.numel() for p in build_tagger(TINY, 4).parameters())
    assert (folder / TEST_SCORES).is_file()


def test_a_student_learns_from_labels_and_from_what_its_teacher_guesses(ws: Workspace) -> None:
    teacher = train(ws)
    student = train(ws, teacher=teacher)
    assert student == "t-2"
    card = newest_tagger(ws)
    assert (card.key, card.teacher) == ("t-2", "t-1")
    network, teacher_card = load_tagger_network(taggers_folder(ws) / teacher)
    data = data_of(ws)
    with np.load(taggers_folder(ws) / student / FILE) as stored:
        by_item = dict(zip(stored["ids"].tolist(), stored["scores"], strict=True))
    rows = data.rows("train", labelled=False)
    assert card.data["train"]["unlabelled"] == len(rows) > 5
    assert set(by_item) == set(data.table["item_id"].to_numpy()[rows].tolist())
    row = int(rows[3])
    clean = heard(network, data.excerpts.whole(row), teacher_card.shape.seconds)
    torch.testing.assert_close(
        by_item[int(data.table["item_id"].iloc[row])], clean, atol=1e-5, rtol=1e-4
    )


def test_a_student_may_teach_the_next_one(ws: Workspace) -> None:
    first = train(ws, epochs=1, steps=1)
    second = train(ws, epochs=1, steps=1, teacher=first)
    third = train(ws, epochs=1, steps=1, teacher=second, pseudo_labels="hard")
    assert [find_teacher(ws, k).teacher for k in (first, second, third)] == ["", first, second]
    assert find_teacher(ws, None).key == third


def test_the_loss_is_the_sum_of_the_labelled_and_the_unlabelled_one(ws: Workspace) -> None:
    data = data_of(ws)
    rows = data.rows("train", labelled=False)
    guesses = np.random.default_rng(0).random((len(rows), 4)).astype(np.float32)
    run = TaggerRun(data, QUICK, "cpu", unlabelled=rows, guesses=guesses)
    run.network.eval()  # without dropout, and the noise is none
    batch = next(iter(run.batches()))
    labelled, unlabelled = batch[:4], batch[4:]
    assert set(labelled) <= set(data.rows("train", labelled=True))
    assert set(unlabelled) <= set(rows)
    heard_as: list[torch.Tensor] = []
    run.network.register_forward_hook(lambda _m, _i, out: heard_as.append(out.sigmoid()))
    loss, parts = run.loss_of(batch)
    truth = torch.from_numpy(data.labels.truth[labelled].astype(np.float32))
    first = binary_cross_entropy(heard_as[0][:4], truth)
    places = [rows.tolist().index(row) for row in unlabelled]
    second = binary_cross_entropy(heard_as[0][4:], torch.from_numpy(guesses[places]))
    torch.testing.assert_close(loss, first + second)
    wanted = {"labelled": first.item(), "unlabelled": second.item()}
    assert parts == pytest.approx(wanted, rel=1e-4)


def test_tags_of_which_nothing_is_known_do_not_count(ws: Workspace) -> None:
    data = data_of(ws)
    known = data.labels.known.copy()
    known[:, 2:] = False  # nobody said anything of the mood
    run = TaggerRun(replace(data, labels=replace(data.labels, known=known)), QUICK, "cpu")
    loss, _ = run.loss_of(next(iter(run.batches())))
    loss.backward()
    gradient = run.network.head[1].weight.grad
    assert gradient is not None
    assert bool((gradient[:2] != 0).any())
    assert bool((gradient[2:] == 0).all())


def test_an_interrupted_training_ends_as_an_uninterrupted_one(ws: Workspace) -> None:
    train(ws, "whole", epochs=3, noise="reference")
    trainee = find_trainee(ws, "broken", resume=False)
    options = replace(QUICK, epochs=3, noise="reference")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "workbench.training.tagger_project.release_tagger",
            lambda *_a, **_k: (_ for _ in ()).throw(KeyboardInterrupt),
        )
        with pytest.raises(KeyboardInterrupt):
            train_in_workspace(ws, trainee, options, progress=Ended(1))
    assert not (trainee.folder / CARD).exists()
    again = find_trainee(ws, "broken", resume=True)
    assert again.folder == trainee.folder
    train_in_workspace(ws, again, options)
    networks = [
        load_tagger_network(taggers_folder(ws) / key)[0].state_dict()
        for key in ("whole-1", "broken-1")
    ]
    assert all(torch.equal(networks[0][k], networks[1][k]) for k in networks[0])
    # The best epoch may be the first one; what was learned last is the same, too.
    last = [
        torch.load(taggers_folder(ws) / key / CHECKPOINT, weights_only=True)["network"]
        for key in ("whole-1", "broken-1")
    ]
    assert all(torch.equal(last[0][k], last[1][k]) for k in last[0])


def test_pseudo_labels_are_kept_and_made_again_for_another_teacher(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workbench.training import pseudo_labels as module

    first = train(ws, epochs=1, steps=1)
    teacher = load_tagger_network(taggers_folder(ws) / first)
    data, folder = data_of(ws), ws.root / "labels"
    rows = data.rows("train", labelled=False)
    calls: list[int] = []

    def counted(*args: object, **options: object) -> np.ndarray:
        calls.append(1)
        if len(calls) == 6:
            raise KeyboardInterrupt
        return heard(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "heard", counted)
    monkeypatch.setattr(module, "_SAVE_EVERY", 5)
    with pytest.raises(KeyboardInterrupt):
        module.pseudo_labels(*teacher, data, rows, folder=folder)
    found = module.pseudo_labels(*teacher, data, rows, folder=folder)
    assert len(calls) == 1 + len(rows)  # five were kept
    assert found.shape == (len(rows), 4)
    other = replace(teacher[1], sha256="another")
    module.pseudo_labels(teacher[0], other, data, rows, folder=folder)
    assert len(calls) == 1 + 2 * len(rows)


def test_hard_labels_are_whether_a_tag_passes_its_threshold() -> None:
    scores = np.array([[0.2, 0.2], [0.6, 0.6]], np.float32)
    assert hardened(scores, (0.1, 0.6)).tolist() == [[1, 0], [1, 1]]


def test_distilling_takes_the_published_size_to_the_small_one() -> None:
    assert student_shape(PUBLISHED, "distil") == SMALL
    assert student_shape(PUBLISHED, "expand") == PUBLISHED
    odd = student_shape(TaggerShape(channels=3, width=40, heads=8), "distil")
    odd.check()
    assert odd.channels == 1
    with pytest.raises(UnknownNameError, match="expand or distil"):
        student_shape(SMALL, "shrink")


def test_thresholds_are_where_f1_is_highest() -> None:
    rng = np.random.default_rng(1)
    truth = rng.random((60, 3)) < 0.3
    scores = np.round(rng.random((60, 3)) + 0.3 * truth, 1)  # with ties
    known = rng.random((60, 3)) < 0.8

    def f1(tag: int, threshold: float) -> float:
        said, right = scores[known[:, tag], tag] >= threshold, truth[known[:, tag], tag]
        return 2 * float((said & right).sum()) / max(float(said.sum() + right.sum()), 1)

    found = best_thresholds(truth, scores, known)
    for tag in range(3):
        best = max(f1(tag, t) for t in np.unique(scores))
        assert f1(tag, found[tag]) == pytest.approx(best)
    none = best_thresholds(np.zeros((4, 1), bool), np.ones((4, 1)), np.ones((4, 1), bool))
    assert none.tolist() == [0.5]


# -- what cannot be trained ----------------------------------------------------------------------


def test_a_student_before_any_teacher_is_refused(ws: Workspace) -> None:
    with pytest.raises(NotReadyError, match="no teacher yet: train a tagger first"):
        find_teacher(ws, None)


def test_a_teacher_that_is_not_there_is_named(ws: Workspace) -> None:
    train(ws, epochs=1, steps=1)
    with pytest.raises(UnknownNameError, match="'t-9'; choose one of t-1"):
        find_teacher(ws, "t-9")


def test_a_student_without_unlabelled_items_is_refused_and_nothing_is_lost(
    tmp_path: Path,
) -> None:
    ws = fill(Workspace.create(tmp_path / "all tagged"), count=36, labelled=36)
    teacher = train(ws, epochs=1, steps=1)
    with pytest.raises(NotReadyError, match="Every item to learn from has tags"):
        train(ws, teacher=teacher)
    assert newest_tagger(ws).key == teacher
    assert [folder.name for folder in taggers_folder(ws).iterdir()] == [teacher]  # no version


def test_a_teacher_with_a_damaged_card_is_told_as_one(ws: Workspace) -> None:
    folder = taggers_folder(ws) / train(ws, epochs=1, steps=1)
    (folder / CARD).write_text("{")
    with pytest.raises(StorageError, match="not the card of a tagger"):
        find_teacher(ws, folder.name)


def test_a_tag_with_one_example_is_named(ws: Workspace, tmp_path: Path) -> None:
    ws.catalogue.set_tags({1: [TagValue("mood", "unique", "test")]})
    table = tmp_path / "tags.csv"
    rows = [f"{d},{v},,,{v},yes," for d, v in [*VOCABULARY, ("mood", "unique")]]
    table.write_text("dimension,value,items,artists,becomes,kept,why\n" + "\n".join(rows))
    with pytest.raises(WorkbenchError, match=r"'unique' of mood has (a single|no) example"):
        train_in_workspace(ws, find_trainee(ws, "t", resume=False), QUICK, table=table)


def test_without_a_table_rare_tags_are_left_out(ws: Workspace) -> None:
    ids = ws.catalogue.items().index[:20]
    ws.catalogue.set_tags({int(ids[0]): [TagValue("mood", "unique", "test")]})
    train(ws, epochs=1, steps=1)
    assert newest_tagger(ws).tags == VOCABULARY


def test_a_workspace_without_tags_or_music_is_refused(tmp_path: Path) -> None:
    bare = fill(Workspace.create(tmp_path / "bare"), count=4, labelled=0)
    with pytest.raises(NotReadyError, match="No item has a tag"):
        train(bare)
    empty = Workspace.create(tmp_path / "empty")
    with pytest.raises(NotReadyError):
        train(empty)


def test_a_vocabulary_that_is_not_the_checkpoints_is_refused(ws: Workspace, tmp_path: Path) -> None:
    trainee = find_trainee(ws, "t", resume=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "workbench.training.tagger_project.release_tagger",
            lambda *_a, **_k: (_ for _ in ()).throw(KeyboardInterrupt),
        )
        with pytest.raises(KeyboardInterrupt):
            train_in_workspace(ws, trainee, QUICK)
    before = {p.name: p.read_bytes() for p in trainee.folder.iterdir()}
    table = tmp_path / "tags.csv"
    rows = [f"{d},{v},,,{v},yes," for d, v in VOCABULARY[:2]]
    table.write_text("dimension,value,items,artists,becomes,kept,why\n" + "\n".join(rows))
    again = find_trainee(ws, "t", resume=True)
    with pytest.raises(WorkbenchError, match="begun with 4 tags and would go on with 2"):
        train_in_workspace(ws, again, QUICK, table=table)
    assert {p.name: p.read_bytes() for p in trainee.folder.iterdir()} == before


def test_a_teacher_of_other_tags_is_refused(ws: Workspace, tmp_path: Path) -> None:
    teacher = train(ws, epochs=1, steps=1)
    table = tmp_path / "tags.csv"
    rows = [f"{d},{v},,,{v},yes," for d, v in VOCABULARY[:3]]
    table.write_text("dimension,value,items,artists,becomes,kept,why\n" + "\n".join(rows))
    options = replace(QUICK, teacher=teacher)
    with pytest.raises(WorkbenchError, match="only the teacher has 'hissing' of mood"):
        train_in_workspace(ws, find_trainee(ws, "s", resume=False), options, table=table)


def test_going_on_needs_a_training_that_was_begun_and_not_ended(ws: Workspace) -> None:
    with pytest.raises(NotReadyError, match="No training of t was begun"):
        find_trainee(ws, "t", resume=True)
    train(ws, epochs=1, steps=1)
    with pytest.raises(NotReadyError, match="t-1 is trained to its end"):
        find_trainee(ws, "t", resume=True)
    with pytest.raises(WorkbenchError, match="letters, digits"):
        find_trainee(ws, "../t", resume=False)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"noise": "loud"}, "none, reference, patent"),
        ({"pseudo_labels": "firm"}, "soft or hard"),
        ({"batch": 1}, "a batch has 2"),
        ({"rate": 0.0}, "rate lies between"),
        ({"clip_s": 0.5}, "kept of an item at least"),
    ],
)
def test_options_that_make_no_sense_are_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises(WorkbenchError, match=words):
        replace(TaggerOptions(shape=TINY), **changes).check()  # type: ignore[arg-type]


def test_a_file_that_cannot_be_read_is_left_out_and_counted(ws: Workspace) -> None:
    item = add_song(ws, 60, tags=True)
    ws.catalogue.media_path(item).unlink()
    data = data_of(ws)
    assert list(data.failures) == [item]
    assert item not in set(data.table["item_id"])


def reviewed(ws: Workspace, item: int, **verdicts: str) -> None:
    for value, verdict in verdicts.items():
        dimension = "genre" if value in ("high", "low") else "mood"
        said = {"dimension": dimension, "value": value, "verdict": verdict, "reviewer": "Ada"}
        ReviewLog(ws.database).append(Verdict(item_id=item, **said))


def learned_from(ws: Workspace) -> TaggerData:
    """Return the data as a training in the workspace gathers it."""
    seen: list[TaggerData] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(project, "check_trainable", lambda data, _teacher: seen.append(data))
        train(ws, "probe", epochs=1, steps=1)
    return seen[0]


def test_verdicts_teach_the_next_student_and_leave_open_what_nobody_was_asked(
    ws: Workspace,
) -> None:
    before = data_of(ws)
    row = int(before.rows("train", labelled=False)[0])
    item = int(before.table["item_id"].iloc[row])
    reviewed(ws, item, high="accepted", hissing="rejected")
    data = learned_from(ws)
    row = data.table["item_id"].tolist().index(item)
    assert data.labels.truth[row].tolist() == [True, False, False, False]
    assert data.labels.known[row].tolist() == [True, False, False, True]
    assert row in data.rows("train", labelled=True)
    assert row in data.rows("train", labelled=False)  # a teacher may fill what is open
    guesses = np.full((1, 4), 0.25, np.float32)
    run = TaggerRun(data, QUICK, "cpu", unlabelled=np.array([row]), guesses=guesses)
    targets, known = (array[row].tolist() for array in run._guesses)
    assert targets == [1.0, 0.25, 0.25, 0.0]
    assert known == [1.0] * 4
    assert run._labels[1][row].tolist() == [1.0, 0.0, 0.0, 1.0]


def test_taggers_are_not_measured_by_what_a_tagger_chose_to_ask(ws: Workspace) -> None:
    before = data_of(ws)
    for side in ("validation", "test"):
        held_out = before.table[before.table["split"] == side]
        for item in held_out["item_id"].astype(int):
            reviewed(ws, item, low="accepted", clear="rejected")
    data = learned_from(ws)
    for side in ("validation", "test"):
        rows = np.flatnonzero(data.table["split"] == side)
        ids = data.table["item_id"].to_numpy()[rows]
        plain = human_tags(ws).query("source != 'review'")
        expected = labels_of(plain, ids, data.labels.tags)
        np.testing.assert_array_equal(data.labels.truth[rows], expected.truth)
        np.testing.assert_array_equal(data.labels.known[rows], expected.known)


def test_where_people_only_reviewed_their_verdicts_measure_as_well(tmp_path: Path) -> None:
    ws = fill(Workspace.create(tmp_path / "reviewed"), count=40, labelled=0)
    for number, item in enumerate(ws.catalogue.items().index):
        reviewed(ws, int(item), **({"high": "accepted"} if number % 2 else {"low": "accepted"}))
    data = learned_from(ws)
    rows = data.rows("test", labelled=True)
    assert data.labels.truth[rows].any()


def test_a_declared_split_that_holds_out_what_the_teacher_learned_is_refused(
    ws: Workspace,
) -> None:
    teacher = train(ws, epochs=1, steps=1)
    data = data_of(ws)
    sides = {"train": "test", "validation": "validation", "test": "train"}
    ws.catalogue.set_tags(
        {
            int(item): [TagValue("split", sides[side], "manifest")]
            for item, side in data.split.items()
        }
    )
    with pytest.raises(WorkbenchError, match="hold out items that the teacher learned from"):
        train(ws, teacher=teacher, epochs=1, steps=1)
    assert newest_tagger(ws).key == teacher


def test_who_was_held_out_from_a_teacher_is_held_out_from_its_students(ws: Workspace) -> None:
    teacher = train(ws, epochs=1, steps=1)
    ids = [int(i) for i in ws.catalogue.items().index[36:50]]  # tags that deal a new split
    ws.catalogue.set_tags({i: [TagValue("genre", "low", "test")] for i in ids})
    new = add_song(ws, 70, tags=True)
    student = train(ws, epochs=1, steps=1, teacher=teacher)
    sides = [
        json.loads((taggers_folder(ws) / key / "learned.json").read_text())["split"]
        for key in (teacher, student)
    ]
    assert sides[0].items() <= sides[1].items()
    assert sides[1][str(new)] in SPLITS
    fresh = data_of(ws).split
    assert {k: v for k, v in fresh.items() if k != new} != {
        int(k): v for k, v in sides[0].items()
    }  # without a teacher another one


def test_the_spellings_a_tagger_learned_are_those_of_its_students(ws: Workspace) -> None:
    teacher = train(ws, epochs=1, steps=1)
    stored = json.loads((taggers_folder(ws) / teacher / "learned.json").read_text())
    assert {tuple(row[2:]) for row in stored["tags"]} == set(VOCABULARY)
    ids = ws.catalogue.items().index
    new = {int(i): [TagValue("genre", "odd", "test")] for i in ids[:15]}
    ws.catalogue.set_tags(new)  # enough for a tag of its own
    student = train(ws, epochs=1, steps=1, teacher=teacher)
    assert find_teacher(ws, student).tags == VOCABULARY


def test_what_was_rejected_under_another_spelling_is_learned_as_absent(
    ws: Workspace, tmp_path: Path
) -> None:
    table = tmp_path / "tags.csv"
    rows = ["genre,high,treble,yes", "genre,low,low,yes", "mood,hissing,hissing,yes"]
    table.write_text("\n".join(["dimension,value,becomes,kept", *rows]))
    before = data_of(ws)
    free = before.table["item_id"].iloc[before.rows("train", labelled=False)].astype(int).tolist()
    log = ReviewLog(ws.database)
    for item, value, verdict in (
        (free[0], "high", "rejected"),
        (free[1], "treble", "rejected"),
        (free[2], "treble", "accepted"),  # as a tagger that learned from the table says it
    ):
        log.append(
            Verdict(item_id=item, dimension="genre", value=value, verdict=verdict, reviewer="Ada")
        )
    trainee = find_trainee(ws, "t", resume=False)
    train_in_workspace(ws, trainee, replace(QUICK, epochs=1, steps=1), table=table)
    examples = find_teacher(ws, trainee.key).data
    assert examples["train"]["labelled"] == len(before.rows("train", labelled=True)) + 3
    labelled = before.rows("train", labelled=True)
    high = int(before.labels.truth[labelled, 0].sum())
    assert examples["examples"]["genre: treble"] == high + 1


def test_a_name_whose_key_is_built_in_is_refused(ws: Workspace) -> None:
    for name in ("music-tagger", "musicnn-msd"):
        with pytest.raises(WorkbenchError, match=f"{name} is the name of what is built in"):
            find_trainee(ws, name, resume=False)


def test_two_trainings_that_are_begun_at_once_do_not_share_a_folder(ws: Workspace) -> None:
    first, second = (find_trainee(ws, "t", resume=False) for _ in range(2))
    options = replace(QUICK, epochs=1, steps=1)
    train_in_workspace(ws, first, options)
    before = {file.name: file.read_bytes() for file in first.folder.iterdir()}
    with pytest.raises(WorkbenchError, match="Another training of t-1 was begun meanwhile"):
        train_in_workspace(ws, second, options)
    assert {file.name: file.read_bytes() for file in first.folder.iterdir()} == before
