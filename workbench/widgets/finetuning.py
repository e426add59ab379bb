"""What a fine-tuning run tells, as a page shows it: events in, words, tables and a curve out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from workbench.widgets import present
from workbench.widgets.chart import plain
from workbench.widgets.following import Event, Stages
from workbench.widgets.theme import ACCENT, MUTED, PALETTE, plot_layout

if TYPE_CHECKING:
    import pandas as pd

    from workbench.subspaces.store import ModelCard

REPORT_HEADER = ("Dimension", "Seen: before", "Seen: after", "Not seen: before",
                 "Not seen: after", "Listeners agree")  # fmt: skip
VERSIONS_HEADER = (
    "Version",
    "State",
    "Origin",
    "Judgements learned",
    "Made on",
    "Score, all at once",
)


@dataclass(kw_only=True)
class Run(Stages):
    """A fine-tuning run as far as its events tell.

    Attributes
    ----------
    steps
        The training steps so far: step, of, loss, seen, unseen.
    result
        The result event, None before it.
    """

    steps: list[Event] = field(default_factory=list)
    result: Event | None = None

    def take(self, event: Event) -> None:
        """Take in one event."""
        super().take(event)
        match event["event"]:
            case "step":
                self.steps.append(event)
                self.done, self.total = event["step"], event["of"]
            case "result":
                self.result = event


def new_judgements(standing: pd.DataFrame, history: pd.DataFrame, watermark: str | None) -> int:
    """Return how many judgements that say a or b came after the one a model learned last.

    Parameters
    ----------
    standing, history
        The log's ``table()`` and ``history()``; the last judgement learned may have been undone
        since, so it is looked up in the history.
    watermark
        Id of the last judgement the model learned from; None if it learned from none.
    """
    answers = standing[standing["choice"].isin(["a", "b"])]
    last = history.loc[history["id"] == watermark, "at"]
    return len(answers) if last.empty else int((answers["at"] > last.iloc[0]).sum())


def verdict(result: Event) -> str:
    """Return in one or two sentences what became of the new version, and why."""
    version, parent = result["version"], result.get("parent") or "the earlier version"
    reason = str(result.get("reason") or "").strip()
    reason = reason.removeprefix("Not promoted: ").removeprefix("Promoted: ")
    because = f" {reason[:1].upper()}{reason[1:].rstrip('.')}." if reason else ""
    if result["promoted"]:
        return f"{version} is now in use; {parent} stays stored.{because}"
    return f"{version} is saved, but {parent} stays in use.{because}"


def report_rows(report: Mapping[str, Any]) -> list[list[object]]:
    """Return before and after by dimension, for items seen in training and items not seen.

    Parameters
    ----------
    report
        ``{"before": {"seen": {dimension: score}, "unseen": ...}, "after": ..., "ceiling":
        {dimension: score}}``

    Returns
    -------
    list
        Rows of dimension, seen before, seen after, unseen before, unseen after, agreement of
        listeners; dimensions nobody judged are left out, "overall" comes last.
    """
    before, after = report["before"], report["after"]
    names = dict.fromkeys([*after["unseen"], *after["seen"]])
    names.pop("overall", None)
    rows: list[list[object]] = []
    for name in [*names, "overall"]:
        cells = [part.get(group, {}).get(name) for group in ("seen", "unseen")
                 for part in (before, after)]  # fmt: skip
        if any(present.measured(cell) for cell in cells):
            agreement = report.get("ceiling", {}).get(name)
            rows.append([name, *(present.score_cell(cell) for cell in [*cells, agreement])])
    return rows


def version_rows(cards: Sequence[ModelCard], current: str) -> list[list[object]]:
    """Return the versions, newest first, as `VERSIONS_HEADER` names their columns."""
    return [
        [
            card.version,
            "in use" if card.version == current else "was in use" if card.promoted else "saved",
            f"fine-tuned from {card.parent}" if card.parent else "fitted to the tags",
            present.count_words(card.judgements),
            present.date_words(card.created_at),
            present.score_cell(card.metrics.get("scores", {}).get("overall")),
        ]
        for card in reversed(cards)
    ]


def training_figure(steps: Sequence[Event]) -> dict[str, Any]:
    """Return two panels over the training steps: the loss, and the accuracy held out.

    The dimensions are tuned one after another; each has its stretch of the axis, named above it.
    """
    broken = _with_breaks(steps)
    numbers = [step.get("step") for step in broken]
    traces = [
        _line("loss", numbers, [s.get("loss") for s in broken], MUTED, "x", "y", legend=False),
        _line("pieces seen", numbers, [s.get("seen") for s in broken], ACCENT, "x2", "y2"),
        _line("pieces not seen", numbers, [s.get("unseen") for s in broken], PALETTE[1],
              "x2", "y2"),
    ]  # fmt: skip
    last = steps[-1]["of"] if steps else 1
    axis = {"range": [0, last], "title": {"text": "training step", "font": {"size": 13}}}
    base = plot_layout(
        margin={"l": 56, "r": 16, "t": 58, "b": 48},
        legend={"x": 1, "xanchor": "right", "y": 1.1},
        annotations=[
            _title("<b>Loss</b>: what training makes small", "x"),
            _title("<b>Held-out accuracy</b>", "x2"),
            *(mark for name in ("x", "x2") for mark in _stretches(steps, name)),
        ],
    )
    layout = base | {
        "xaxis": base["xaxis"] | axis | {"domain": [0, 0.46], "anchor": "y"},
        "yaxis": base["yaxis"] | {"rangemode": "tozero", "anchor": "x"},
        "xaxis2": base["xaxis"] | axis | {"domain": [0.54, 1], "anchor": "y2"},
        "yaxis2": base["yaxis"] | {"range": _accuracy_range(steps), "anchor": "x2",
                                   "tickformat": ".2f"},
    }  # fmt: skip
    return {"data": traces, "layout": layout}


def _with_breaks(steps: Sequence[Event]) -> list[Event]:
    """Put a gap where another dimension begins, or the final fit after the held-out ones."""
    broken: list[Event] = []
    for step in steps:
        if broken and _stretch(step) != _stretch(broken[-1]):
            broken.append({})
        broken.append(step)
    return broken


def _stretch(step: Event) -> tuple[Any, bool]:
    return step.get("dimension"), step.get("unseen") is None


def _stretches(steps: Sequence[Event], xaxis: str) -> list[dict[str, Any]]:
    """Return each dimension's name at the beginning of its stretch."""
    first: dict[str, int] = {}
    for step in steps:
        first.setdefault(step.get("dimension") or "", step["step"])
    return [
        {"text": plain(name), "xref": xaxis, "yref": "paper", "x": start, "y": 1,
         "showarrow": False, "xanchor": "left", "yanchor": "bottom",
         "font": {"size": 11, "color": MUTED}}
        for name, start in first.items()
        if name
    ]  # fmt: skip


def _accuracy_range(steps: Sequence[Event]) -> list[float]:
    known = [s[key] for s in steps for key in ("seen", "unseen") if s.get(key) is not None]
    return [min([0.5, *known]) - 0.02, 1.0]


def _line(
    name: str, x: Sequence[int | None], y: Sequence[Any], colour: str, xaxis: str, yaxis: str,
    *, legend: bool = True,
) -> dict[str, Any]:  # fmt: skip
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "marker": {"size": 4},
        "name": name,
        "x": list(x),
        "y": list(y),
        "connectgaps": False,
        "line": {"color": colour, "width": 2},
        "xaxis": xaxis,
        "yaxis": yaxis,
        "showlegend": legend,
        "hovertemplate": f"step %{{x}}: %{{y:.3f}}<extra>{name}</extra>",
    }


def _title(text: str, xaxis: str) -> dict[str, Any]:
    return {
        "text": text,
        "xref": f"{xaxis} domain",
        "yref": "paper",
        "x": 0,
        "y": 1.1,
        "xanchor": "left",
        "yanchor": "bottom",
        "showarrow": False,
    }
