"""What the agreement panel tabulates and draws: numbers in, rows and figures out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from html import escape
from typing import TYPE_CHECKING, Any

from workbench.evaluation.scores import Score
from workbench.judgements.agreement import ALL
from workbench.widgets import present
from workbench.widgets.present import Markup
from workbench.widgets.theme import MUTED, PALETTE, plot_layout

if TYPE_CHECKING:
    from workbench.judgements.conduct import Conduct
    from workbench.judgements.sessions import Sitting
    from workbench.listening.oversight import Oversight, TaskProgress

DIMENSION_HEADER = [
    "Dimension", "Triplets", "By two or more", "Answers", "Majority", "Alpha", "With other raters"
]  # fmt: skip
RATER_HEADER = [
    "Rater", "Answers", "As most others", "Accuracy", "Same on repeats", "Gold right",
    "Chose the left", "Seconds", "Cannot tell", "Skipped", "To ask about",
]  # fmt: skip
SITTING_HEADER = ["Rater", "When (UTC)", "Answers", "What looks odd", "Sitting"]
TASK_HEADER = ["Task", "Judged by enough raters", "Begun", "Raters each", "People so far"]
_NONE = Markup('<span class="wb-soft">-</span>')
# Krippendorff (2004), section 11.4.3: what agreement may be built on.
_FIRM, _TENTATIVE = 0.8, 0.667


def tile_values(seen: Oversight) -> list[tuple[str, str]]:
    """Return the numbers at the top of the panel with their names."""
    summary, whole = seen.summary, seen.whole
    return [
        (present.count_words(whole.answers), "answers"),
        (present.count_words(len(seen.raters)), "rater" if len(seen.raters) == 1 else "raters"),
        (present.count_words(summary["shared_tasks"]), "triplets judged by two or more"),
        (_number(summary["alpha"]), f"alpha{_interval_words(summary['alpha_by_task'])}"),
        (_share_words(whole.consistency), f"the same on repeats{_of(whole.consistency)}"),
    ]


def alpha_words(seen: Oversight) -> str:
    """Say what the alpha of all dimensions means."""
    alpha = seen.summary["alpha"]
    if alpha is None:
        return (
            "Nothing is known of the raters' agreement yet: it needs triplets that two people "
            "judged. Make a rating task in which raters overlap, with `workbench task create "
            "NAME --raters 2`."
        )
    if alpha >= _FIRM:
        verdict = "firm agreement"
    elif alpha >= _TENTATIVE:
        verdict = "agreement that allows tentative conclusions"
    else:
        verdict = "little agreement: write down what each dimension means, and ask about it"
    return (
        f"Alpha (Krippendorff) is 1 where raters always agree and 0 where chance would do as well. "
        f"{alpha:.2f} is {verdict}. No model can agree with people better than they agree with "
        "each other. Intervals are 95 %, over triplets; “with other raters” is the one over raters."
    )


def dimension_rows(dimensions: Mapping[str, Mapping[str, Any]]) -> list[list[object]]:
    """Return a row per dimension; that of all of them last, where there are several."""
    names = [name for name in dimensions if name != ALL]
    shown = [*names, ALL] if len(names) > 1 else names
    return [_dimension_row(name, dimensions[name]) for name in shown]


def _dimension_row(name: str, found: Mapping[str, Any]) -> list[object]:
    wider = found["alpha_by_rater"]
    return [
        name,
        present.count_words(found["tasks"]),
        present.count_words(found["shared_tasks"]),
        present.count_words(found["answers"]),
        _NONE if found["majority_share"] is None else f"{100 * found['majority_share']:.0f} %",
        _with_interval(found["alpha"], found["alpha_by_task"]),
        _NONE if wider is None else f"{wider[0]:.2f} to {wider[1]:.2f}",
    ]


def rater_rows(seen: Oversight) -> list[list[object]]:
    """Return a row per rater, the busiest first."""
    return [_rater_row(seen, name, went) for name, went in seen.raters.items()]


def _rater_row(seen: Oversight, name: str, went: Conduct) -> list[object]:
    accuracy, sat = seen.accuracy(name), sum(s.rater == name for s in seen.sittings)
    odd = len(seen.flagged(name))
    if odd:
        asked: object = Markup(f'<b class="wb-flag">{odd} of {present.plural(sat, "sitting")}</b>')
    else:
        asked = Markup('<b class="wb-flag">on the whole</b>') if seen.flags[name] else _NONE
    return [
        name,
        present.count_words(went.answers),
        _score_cell(went.agreement),
        _NONE if accuracy is None else f"{100 * accuracy:.0f} %",
        _score_cell(went.consistency),
        _score_cell(went.gold),
        _score_cell(went.left),
        _NONE if went.response_s is None else f"{went.response_s:.1f}",
        _percent(went.cannot_tell),
        _percent(went.skipped),
        asked,
    ]


def sitting_rows(seen: Oversight) -> list[list[object]]:
    """Return what looks odd: of raters on the whole, then of sittings, the newest first."""
    whole: list[list[object]] = [
        [name, "on the whole", present.count_words(seen.raters[name].answers), _lines(reasons), ""]
        for name, reasons in seen.flags.items()
        if reasons
    ]
    return [*whole, *(_sitting_row(sitting) for sitting in seen.sittings if sitting.flags)]


def _sitting_row(sitting: Sitting) -> list[object]:
    when = f"{present.date_words(sitting.began)}, {sitting.began:%H:%M}"
    answers = present.count_words(sitting.conduct.answers)
    return [sitting.rater, when, answers, _lines(sitting.flags), sitting.id[:8]]


def task_rows(tasks: Iterable[tuple[TaskProgress, int]]) -> list[list[object]]:
    """Return a row per rating task: how many of its triplets enough raters have judged.

    Parameters
    ----------
    tasks
        Pairs of a task's progress and how many raters it wants for each triplet.
    """
    return [_task_row(progress, raters) for progress, raters in tasks]


def _task_row(progress: TaskProgress, raters: int) -> list[object]:
    finished = present.count_words(progress.finished)
    of = progress.begun if progress.wanted is None else progress.wanted
    kind = "begun" if progress.wanted is None else ""
    words = f"{finished} of {present.count_words(of)} {kind}".strip()
    return [
        progress.name,
        present.bar(progress.finished / of if of else 0.0, words),
        present.count_words(progress.begun),
        str(raters),
        present.count_words(progress.raters),
    ]


def trend_figure(trend: Sequence[tuple[str, Conduct]]) -> dict[str, Any]:
    """Return agreement and self-consistency, answers, and seconds per answer over time."""
    when = [_short(name) for name, _ in trend]
    went = [conduct for _, conduct in trend]
    bars = {
        "type": "bar",
        "x": when,
        "y": [each.answers for each in went],
        "marker": {"color": PALETTE[5]},
        "showlegend": False,
        "xaxis": "x2",
        "yaxis": "y2",
        "hovertemplate": "%{x}: %{y} answers<extra></extra>",
    }
    pace = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": when,
        "y": [each.response_s for each in went],
        "line": {"color": PALETTE[6], "width": 2},
        "marker": {"size": 7},
        "showlegend": False,
        "xaxis": "x3",
        "yaxis": "y3",
        "hovertemplate": "%{x}: %{y:.1f} s<extra></extra>",
    }
    agreement = _line("as most others did", PALETTE[0], when, [e.agreement for e in went])
    again = _line("the same on repeats", PALETTE[3], when, [e.consistency for e in went])
    side = {"type": "category", "nticks": 3, "tickangle": 0}
    layout = plot_layout(
        margin={"l": 48, "r": 16, "t": 30, "b": 76},
        legend={"x": 0, "y": -0.16, "yanchor": "top"},
        xaxis={"type": "category", "domain": [0, 0.46], "nticks": 5, "tickangle": 0},
        xaxis2={**side, "domain": [0.54, 0.74], "anchor": "y2"},
        xaxis3={**side, "domain": [0.81, 1], "anchor": "y3"},
        yaxis={"range": [0, 1.04], "tickformat": ".0%"},
        yaxis2={"anchor": "x2", "rangemode": "tozero"},
        yaxis3={"anchor": "x3", "rangemode": "tozero"},
        shapes=[_guessing()],
        annotations=[_title("Share of answers", 0), _title("Answers", 0.54),
                     _title("Median seconds", 0.81)],
    )  # fmt: skip
    return {"data": [agreement, again, bars, pace], "layout": layout}


def _line(name: str, colour: str, when: list[str], scores: list[Score]) -> dict[str, Any]:
    values = [score.value for score in scores]
    spans = [score.interval or (0.0, 0.0) for score in scores]
    above = [(high - v) if v is not None else 0 for v, (_, high) in zip(values, spans, strict=True)]
    below = [(v - low) if v is not None else 0 for v, (low, _) in zip(values, spans, strict=True)]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "x": when,
        "y": values,
        "text": [f"{score.k} of {score.n}" for score in scores],
        "line": {"color": colour, "width": 2},
        "marker": {"size": 7},
        "error_y": {"type": "data", "symmetric": False, "array": above, "arrayminus": below,
                    "thickness": 1.2, "width": 0},
        "hovertemplate": "%{x}: %{y:.0%} (%{text})<extra>%{fullData.name}</extra>",
    }  # fmt: skip


def _short(name: str) -> str:
    """Return a day as ``2 Mar``; other names stay."""
    try:
        day = date.fromisoformat(name)
    except ValueError:
        return name
    return f"{day.day} {day:%b}"


def _title(words: str, x: float) -> dict[str, Any]:
    return {
        "text": f"<b>{words}</b>", "xref": "paper", "yref": "paper", "x": x, "y": 1.0,
        "xanchor": "left", "yanchor": "bottom", "showarrow": False, "font": {"size": 13},
    }  # fmt: skip


def _guessing() -> dict[str, Any]:
    return {
        "type": "line", "xref": "x domain", "yref": "y", "x0": 0, "x1": 1, "y0": 0.5, "y1": 0.5,
        "line": {"color": MUTED, "width": 1.2, "dash": "dash"}, "layer": "below",
    }  # fmt: skip


# -- cells ----------------------------------------------------------------------------------------


def _score_cell(score: Score) -> Markup:
    if score.value is None or score.interval is None:
        return _NONE
    low, high = score.interval
    return Markup(
        f'<b>{100 * score.value:.0f} %</b><small class="wb-line">{present.count_words(score.k)} of '
        f"{present.count_words(score.n)}<br>{100 * low:.0f} to {100 * high:.0f} %</small>"
    )


def _with_interval(value: float | None, interval: tuple[float, float] | None) -> Markup:
    if value is None:
        return _NONE
    between = f"<small>{interval[0]:.2f} to {interval[1]:.2f}</small>" if interval else ""
    return Markup(f"<b>{value:.2f}</b>{between}")


def _lines(reasons: Iterable[str]) -> Markup:
    return Markup("<br>".join(escape(reason) for reason in reasons))


def _percent(score: Score) -> object:
    return _NONE if score.value is None else f"{100 * score.value:.0f} %"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _share_words(score: Score) -> str:
    return "-" if score.value is None else f"{100 * score.value:.0f} %"


def _of(score: Score) -> str:
    return f" ({present.count_words(score.k)} of {present.count_words(score.n)})" if score.n else ""


def _interval_words(interval: tuple[float, float] | None) -> str:
    return f", {interval[0]:.2f} to {interval[1]:.2f}" if interval else ""
