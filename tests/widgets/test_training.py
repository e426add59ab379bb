"""Events of a base training become numbers, tables and a figure."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import plotly.graph_objects as go
import pytest
from example_workspace import HOSTILE
from training_events import BEGAN, SECONDS, epoch_events, epochs, network_card, write_corpus

from workbench import Workspace
from workbench.errors import NotReadyError, WorkbenchError
from workbench.subspaces.dimensions import DIMENSIONS
from workbench.training.base_folder import check_free
from workbench.widgets.training import (
    Training,
    clock,
    duration,
    epoch_table,
    gone_on,
    scored_rows,
    scored_words,
    smoothed,
    stopped_words,
    summary,
)
from workbench.widgets.training_choices import Choices, corpus_words, place
from workbench.widgets.training_figure import loss_figure, score_figure, score_range, spread


def trained(last: int = 3, **options) -> Training:
    return Training(planned=40).follow(epochs(1, last, **options))


def annotations(figure: dict) -> list[str]:
    return [a["text"] for a in figure["layout"]["annotations"]]


# -- events to numbers --------------------------------------------------------------------------


def test_epochs_and_steps_are_kept_in_their_order():
    training = trained(3)
    assert [e["epoch"] for e in training.epochs] == [1, 2, 3]
    assert len(training.steps) == 60
    places = [x for x, _ in training.steps]
    assert places == sorted(places)
    assert (places[0], places[19], places[-1]) == (pytest.approx(0.05), 1.0, 3.0)
    assert (training.stage, training.done, training.total) == ("Epoch 3 of 40", 20, 20)


def test_best_epoch_is_the_first_with_the_highest_mean():
    training = Training(planned=40)
    for number, overall in enumerate((0.6, 0.8, 0.8, 0.7), 1):
        training.follow(epoch_events(number, overall=overall))
    assert training.best["epoch"] == 2


def test_resumed_training_joins_what_came_before_and_drops_a_half_epoch():
    half = epoch_events(3)[:15]
    training = gone_on([[*epochs(1, 2), *half, {"event": "failed", "message": "x"}]], 40)
    assert (training.stage, training.total, training.ended) == ("Starting", None, None)
    assert len(training.steps) > 40
    training.follow(epochs(3, 4))
    assert [e["epoch"] for e in training.epochs] == [1, 2, 3, 4]
    assert len(training.steps) == 80


def test_training_begun_anew_forgets_the_one_before():
    training = trained(3).follow(epoch_events(1)[:4])
    assert training.epochs == []
    assert len(training.steps) == 1


def test_expected_end_counts_recent_epochs_from_the_last():
    training = trained(10)
    end = datetime.fromtimestamp(BEGAN + 10 * SECONDS + 30 * training.seconds_each).astimezone()
    assert abs(training.ends_at() - end) < timedelta(seconds=1)
    now = end - timedelta(minutes=35)
    tiles = {name: value for value, name in summary(training, running=True, now=now)}
    assert tiles["epochs"] == "10 of 40"
    assert tiles["minutes an epoch"] in ("1:14", "1:15", "1:16")
    left = next(name for name in tiles if name.startswith("left"))
    assert tiles[left] == "35 min"
    assert f"{end:%H:%M}" in left


def test_ended_training_says_how_long_it_took():
    assert ("12 min", "of training in all") in summary(trained(10), running=False)


def test_nothing_is_summed_up_before_the_first_epoch():
    training = Training(planned=40).follow(epoch_events(1)[:5])
    assert summary(training, running=True) == []
    assert epoch_table(training) == ([], [])
    assert training.ends_at() is None


def test_table_shows_the_last_and_the_best_epoch():
    training = Training(planned=40).follow(epochs(1, 2))
    training.follow(epoch_events(3, overall=0.1))
    header, rows = epoch_table(training)
    assert header[2:] == ["Score after epoch 3", "After epoch 2, the best"]
    assert [row[0] for row in rows[:-1]] == list(DIMENSIONS)
    right = training.last["scores"]["key"]["k"]
    assert f"{right} of 1,000" in rows[5][2]
    assert rows[-1][2:] == ["<b>0.10</b>", f"<b>{training.best['overall']:.2f}</b>"]


def test_best_epoch_is_not_shown_twice():
    header, rows = epoch_table(trained(1))
    assert header[2:] == ["Score after epoch 1, the best"]
    assert {len(row) for row in rows} == {3}


def test_stopping_says_which_epoch_is_stored():
    assert "nothing to store" in stopped_words(Training())
    assert stopped_words(trained(3)).startswith("Stopped after epoch 3 of 40. The best one, epoch")


def test_smoothing_keeps_the_mean_and_bounds_the_number_of_points():
    steps = [(i / 10, float(i % 7)) for i in range(7000)]
    points = smoothed(steps, most=100)
    assert len(points) == 100
    assert sum(y for _, y in points) / 100 == pytest.approx(3.0, abs=0.01)
    assert smoothed([]) == []


def test_lengths_of_time():
    assert [clock(75.4), clock(3600)] == ["1:15", "60:00"]
    assert [duration(s) for s in (59.4, 60, 3599, 5400)] == ["59 s", "1 min", "1 h 0 min",
                                                             "1 h 30 min"]  # fmt: skip


# -- the figure ---------------------------------------------------------------------------------


def test_figure_has_a_line_and_a_band_for_each_dimension():
    training = trained(5)
    figure = score_figure(training)
    go.Figure(figure)
    named = {t["name"]: t for t in figure["data"] if "name" in t}
    assert list(named) == [*DIMENSIONS, "mean"]
    assert named["tempo"]["y"] == [e["scores"]["tempo"]["score"] for e in training.epochs]
    bands = [t for t in figure["data"] if t.get("fill") == "toself"]
    assert len(bands) == 6
    highs = [e["scores"]["genre"]["high"] for e in training.epochs]
    lows = [e["scores"]["genre"]["low"] for e in training.epochs]
    assert bands[0]["y"] == [*highs, *reversed(lows)]
    assert len({named[n]["line"]["color"] for n in DIMENSIONS}) == 6
    assert len({named[n]["marker"]["symbol"] for n in DIMENSIONS}) == 6


def test_loss_has_a_mean_for_each_epoch_and_a_line_of_steps():
    training = trained(5)
    figure = loss_figure(training)
    go.Figure(figure)
    steps, means = figure["data"]
    assert means["y"] == [e["loss"] for e in training.epochs]
    assert means["x"] == [0.5, 1.5, 2.5, 3.5, 4.5]
    assert len(steps["x"]) == 20  # of five steps each
    assert figure["layout"]["xaxis"]["range"][1] >= 40


def test_first_epoch_has_error_bars_in_place_of_bands():
    figure = score_figure(trained(1))
    go.Figure(figure)
    lines = [t for t in figure["data"] if t.get("name") in DIMENSIONS]
    assert all("error_y" in t for t in lines)
    assert not any("fill" in t for t in figure["data"])


def test_figure_without_events_says_when_scores_come():
    figure = score_figure(Training())
    go.Figure(figure)
    go.Figure(loss_figure(Training()))
    assert "scores come after the first epoch" in annotations(figure)


def test_figure_marks_the_best_epoch():
    training = Training(planned=40)
    for number, overall in enumerate((0.6, 0.8, 0.7), 1):
        training.follow(epoch_events(number, overall=overall))
    assert "best: epoch 2" in annotations(score_figure(training))


def test_dimension_that_was_not_measured_has_no_line():
    event = epoch_events(1)[-1]
    event["scores"]["key"] = {"k": 0, "n": 0, "score": None, "low": None, "high": None}
    training = Training(planned=4).follow([event])
    figure = score_figure(training)
    go.Figure(figure)
    assert "key" not in {t.get("name") for t in figure["data"]}
    assert "not measured" in epoch_table(training)[1][5][2]


def test_axis_of_scores_holds_all_intervals_and_guessing():
    training = trained(20)
    low, high = score_range(training.epochs)
    scores = [s for e in training.epochs for s in e["scores"].values()]
    assert low < min(0.5, *(s["low"] for s in scores))
    assert max(s["high"] for s in scores) < high <= 1.01


def test_names_at_the_ends_of_lines_keep_apart():
    places = spread([0.7, 0.71, 0.7, 0.9, 0.715], 0.05)
    ordered = sorted(places)
    assert all(b - a > 0.0499 for a, b in pairwise(ordered))
    assert places[3] == pytest.approx(0.9, abs=0.05)


def test_names_of_dimensions_are_shown_letter_by_letter():
    figure = score_figure(trained(2, dimensions=(HOSTILE, "key")))
    assert not any("<img" in text for text in annotations(figure))
    for trace in figure["data"]:
        assert "<img" not in trace.get("name", "") + trace.get("hovertemplate", "")


# -- the test -----------------------------------------------------------------------------------


def test_network_is_shown_beside_the_best_floor_of_each_dimension():
    rows = scored_rows(network_card())
    assert [row[0] for row in rows] == [*DIMENSIONS, "all at once"]
    tempo = rows[4]
    assert "<b>0.89</b>" in tempo[1]
    assert "mean tempogram" in tempo[2]
    assert "+0.11" in tempo[3]
    assert "p &lt; 0.001" in tempo[3]
    key = rows[5]
    assert "not certain" in key[3]
    assert "mean CENS" in key[2]
    assert "\u22120.02" in key[3]
    assert rows[-1][2:] == ["", ""]


def test_test_is_described_with_its_leakage():
    words = scored_words(network_card())
    assert "412 renditions" in words
    assert "0.55" in words


def test_card_without_scores_is_not_measured():
    card = network_card()
    card.scores.clear()
    assert all("not measured" in row[1] for row in scored_rows(card))
    assert "leakage" not in scored_words(card)


# -- choices and folders ------------------------------------------------------------------------


def test_choices_become_a_command_that_the_program_takes():
    from typer.main import get_command

    from workbench.cli import app

    choices = Choices(
        Path("/a corpus"), Path("/net"), "siamese", ("genre", "key"), "triplet", 7, 1.0
    )
    arguments = choices.arguments(resume=True)
    _, command, rest = get_command(app).commands["train"].resolve_command(None, arguments[1:])
    parsed = command.make_context("base", rest).params
    assert parsed["corpus"] == Path("/a corpus")
    assert (parsed["network"], parsed["dimensions"], parsed["size"]) == (
        "siamese",
        "genre,key",
        128,
    )
    assert (parsed["loss"], parsed["epochs"], parsed["width"]) == ("triplet", 7, 1.0)
    assert parsed["resume"]
    assert Choices.read(arguments) == choices


def test_choices_offered_are_ones_the_training_knows():
    from workbench.backbones.build import NETWORKS as BUILT
    from workbench.training.base_loss import LOSSES as KNOWN
    from workbench.widgets.training_choices import LOSSES, NETWORKS

    assert set(NETWORKS.values()) == set(BUILT)
    assert {part for loss in LOSSES.values() for part in loss.split("+")} == set(KNOWN)


def test_folders_are_in_the_workspace_unless_they_are_absolute(bare: Workspace):
    assert place(bare, " corpus ", "is it") == bare.root / "corpus"
    assert place(bare, "/elsewhere", "is it") == Path("/elsewhere")
    with pytest.raises(WorkbenchError, match="Say which folder holds the corpus"):
        place(bare, "  ", "holds the corpus")
    with pytest.raises(WorkbenchError, match="names no folder"):
        place(bare, "a\0b", "holds the corpus")


def test_corpus_is_counted(tmp_path: Path):
    write_corpus(tmp_path / "corpus")
    assert corpus_words(tmp_path / "corpus") == (
        "12 renditions of 6 scores: 4 to learn from, 1 to choose the epoch, 1 for the test."
    )


def test_missing_corpus_is_named_with_its_command(tmp_path: Path):
    with pytest.raises(NotReadyError, match=r"no corpus in .* yet: build .*workbench train corpus"):
        corpus_words(tmp_path)


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "\0\0"])
def test_damaged_corpus_is_one_sentence(tmp_path: Path, text: str):
    write_corpus(tmp_path / "corpus")
    (tmp_path / "corpus" / "renditions.csv").write_text(text)
    with pytest.raises(NotReadyError, match="no finished corpus"):
        corpus_words(tmp_path / "corpus")


@pytest.mark.parametrize("name", ["checkpoint.pt", "card.json"])
def test_folder_in_use_is_not_trained_over(tmp_path: Path, name: str):
    check_free(tmp_path)
    (tmp_path / name).touch()
    with pytest.raises(WorkbenchError, match="another folder"):
        check_free(tmp_path)
