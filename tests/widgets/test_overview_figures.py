"""Judgements add up over time, and agreement is drawn with its interval."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from workbench.judgements.agreement import agreement_by_dimension, agreement_table
from workbench.judgements.ceiling import human_ceiling
from workbench.widgets.overview_figures import (
    agreement_figure,
    judgements_over_time,
    over_time_figure,
)

RNG = np.random.default_rng(2)


def log(count: int, days: int, dimensions: tuple[str, ...] = ("mood", "genre", "groove")):
    """Return judgements of three raters at random moments of some days."""
    start = pd.Timestamp("2026-03-02T00:00:00Z")
    hours = np.sort(RNG.uniform(0, 24 * days - 0.01, count))
    triplets = RNG.integers(0, 30, count)
    return pd.DataFrame(
        {
            "id": [f"j{i}" for i in range(count)],
            "answer_id": None,
            "rater": RNG.choice(["Ada", "Ben", "Cid"], count),
            "dimension": RNG.choice(dimensions, count),
            "anchor_id": triplets,
            "a_id": 1001,
            "b_id": 1002,
            "choice": RNG.choice(["a", "b", "cannot_tell", "skip"], count, p=[0.6, 0.2, 0.1, 0.1]),
            "at": start + pd.to_timedelta(hours, unit="h"),
        }
    )


@pytest.mark.parametrize("days", [1, 10, 200])
def test_every_day_or_week_holds_all_before_it(days: int):
    table = log(150, days)
    counts = judgements_over_time(table)
    assert list(counts.columns) == ["genre", "mood", "groove"]
    assert (counts.iloc[0] == 0).all()
    step = 7 if days > 60 else 1
    assert set(np.diff(counts.index).astype("timedelta64[D]").astype(int)) == {step}
    for day, row in counts.iterrows():
        end = day.date() + timedelta(days=step)
        for name in counts.columns:
            naive = sum(
                r.dimension == name and r.choice != "skip" and r.at.date() < end
                for r in table.itertuples()
            )
            assert row[name] == naive


def test_both_rows_of_an_odd_one_out_answer_are_one():
    table = log(6, 1).assign(
        choice="a", dimension="mood", answer_id=["x", "x", None, None, "y", "y"]
    )
    assert judgements_over_time(table).iloc[-1].tolist() == [4]


def test_nothing_but_skips_is_nothing():
    assert len(judgements_over_time(log(5, 1).assign(choice="skip"))) == 0


def test_lines_carry_their_total_and_many_dimensions_share_the_last():
    table = log(600, 5, tuple(f"dimension {i:02d}" for i in range(11))).assign(choice="a")
    counts = judgements_over_time(table)
    figure = over_time_figure(counts)
    go.Figure(figure)
    assert len(figure["data"]) == 7
    assert figure["data"][-1]["name"].startswith("5 other dimensions (")
    assert sum(line["y"][-1] for line in figure["data"]) == len(table)


def test_a_few_days_are_named_once_each():
    counts = judgements_over_time(log(20, 1).assign(choice="a"))
    figure = go.Figure(over_time_figure(counts))
    days = [str(day.date()) for day in counts.index]
    assert list(figure.layout.xaxis.tickvals) == days
    assert len(days) == 2  # the day before begins the lines


def test_names_of_dimensions_are_shown_not_read():
    figure = over_time_figure(judgements_over_time(log(9, 1, ("<b>x",)).assign(choice="a")))
    assert figure["data"][0]["name"] == "&lt;b&gt;x (9)"


def test_agreement_is_that_of_the_log_with_its_interval():
    table = log(400, 3)
    ceiling, agreement = human_ceiling(table), agreement_by_dimension(table, draws=10)
    found = agreement_table(table)
    figure = agreement_figure(found)
    go.Figure(figure)
    same, alpha = figure["data"]
    assert same["y"] == alpha["y"] == ["genre", "mood", "groove"]
    for place, name in enumerate(same["y"]):
        known = ceiling[name].as_dict()
        assert same["x"][place] == known["score"]
        assert same["x"][place] + same["error_x"]["array"][place] == pytest.approx(known["high"])
        assert alpha["x"][place] == pytest.approx(agreement[name]["alpha"])
        low = alpha["x"][place] - alpha["error_x"]["arrayminus"][place]
        assert low == pytest.approx(found.loc[name, "alpha_low"])
        assert low < alpha["x"][place]


def test_dimensions_judged_by_one_rater_are_left_out():
    table = log(40, 2).assign(rater="Ada")
    found = agreement_table(table)
    assert found.empty


def test_alpha_that_nobody_can_say_is_a_gap():
    table = log(60, 1).assign(choice="a")  # nobody ever disagrees: alpha is not defined
    found = agreement_table(table)
    assert found["alpha"].isna().all()
    assert agreement_figure(found)["data"][1]["x"] == [None] * len(found)
