"""What a base training tells, as a page shows it: events in, numbers and tables out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from workbench.widgets import present
from workbench.widgets.following import Event, Stages
from workbench.widgets.present import ALL_AT_ONCE, Markup

if TYPE_CHECKING:
    from workbench.backbones.card import NetworkCard

SCORED_HEADER = ("Dimension", "The network", "To be beaten", "Difference")
_OVERALL = "overall"  # as cards name the triplets of all dimensions together
_RECENT = 5  # epochs whose length says how long the others will take
_SURE = 0.05


@dataclass(kw_only=True)
class Training(Stages):
    """A base training as far as its events tell.

    Attributes
    ----------
    planned
        How many epochs there are at most.
    epochs
        The epochs so far: epoch, loss, losses, scores, overall, seconds, at.
    steps
        Where each step is on the axis of epochs, and its loss.
    """

    planned: int = 0
    epochs: list[Event] = field(default_factory=list)
    steps: list[tuple[float, float]] = field(default_factory=list)

    def take(self, event: Event) -> None:
        """Take in one event; an epoch or step that comes again replaces what followed it."""
        super().take(event)
        match event["event"]:
            case "step":
                before = event["epoch"] - 1
                if event["step"] == 1:
                    self.epochs = [e for e in self.epochs if e["epoch"] <= before]
                    self.steps = [step for step in self.steps if step[0] <= before]
                of = max(self.total or 0, event["step"])
                self.steps.append((before + event["step"] / of, event["loss"]))
            case "epoch":
                self.epochs = [e for e in self.epochs if e["epoch"] < event["epoch"]]
                self.epochs.append(event)

    @property
    def last(self) -> Event | None:
        """The last epoch that ended."""
        return self.epochs[-1] if self.epochs else None

    @property
    def best(self) -> Event | None:
        """The first epoch with the highest mean score, whose weights are kept."""
        return max(self.epochs, key=lambda e: e["overall"], default=None)

    @property
    def dimensions(self) -> list[str]:
        """The names of the dimensions, in their order."""
        return list(self.last["scores"]) if self.last else []

    @property
    def seconds_each(self) -> float | None:
        """How long an epoch takes lately."""
        recent = [e["seconds"] for e in self.epochs[-_RECENT:]]
        return sum(recent) / len(recent) if recent else None

    def ends_at(self) -> datetime | None:
        """Return when the last epoch is expected to end, in the clock of this machine."""
        if self.last is None or self.seconds_each is None or "at" not in self.last:
            return None
        left = max(self.planned - self.last["epoch"], 0)
        known = datetime.fromtimestamp(self.last["at"]).astimezone()
        return known + timedelta(seconds=left * self.seconds_each)


def gone_on(earlier: Iterable[Iterable[Event]], planned: int) -> Training:
    """Return a training that goes on from earlier runs, before its own first event."""
    training = Training(planned=planned)
    for events in earlier:
        training.follow(events)
    training.stage, training.done, training.total = "Starting", 0, None
    training.ended, training.message = None, ""
    return training


# -- while it runs ------------------------------------------------------------------------------


def summary(
    training: Training, *, running: bool, now: datetime | None = None
) -> list[tuple[str, str]]:
    """Return the numbers at a glance, each with its name."""
    last, best, each = training.last, training.best, training.seconds_each
    if last is None or best is None or each is None:
        return []
    tiles = [
        (f"{last['epoch']} of {training.planned}", "epochs"),
        (f"{last['loss']:.2f}", "training loss"),
        (f"{last['overall']:.2f}", "mean score, last epoch"),
        (f"{best['overall']:.2f}", f"mean score, best epoch: {best['epoch']}"),
        (clock(each), "minutes an epoch"),
    ]
    ends = training.ends_at()
    if not running:
        total = sum(e["seconds"] for e in training.epochs)
        tiles.append((duration(total), "of training in all"))
    elif ends is not None:
        left = (ends - (now or datetime.now().astimezone())).total_seconds()
        tiles.append((duration(max(left, 0.0)), f"left, until about {ends:%H:%M %Z}"))
    return tiles


def epoch_table(training: Training) -> tuple[list[str], list[list[object]]]:
    """Return header and rows: each dimension in the last epoch and, if it is another, the best."""
    last, best = training.last, training.best
    if last is None or best is None:
        return [], []
    shown = [last] if last is best else [last, best]
    header = ["Dimension", "Training loss", f"Score after epoch {last['epoch']}",
              f"After epoch {best['epoch']}, the best"][: 2 + len(shown)]  # fmt: skip
    if last is best:
        header[-1] += ", the best"
    losses = last.get("losses", {})
    rows: list[list[object]] = [
        [
            name,
            f"{losses[name]:.3f}" if name in losses else "",
            *(present.score_cell(epoch["scores"].get(name)) for epoch in shown),
        ]
        for name in training.dimensions
    ]
    means = [_strong(epoch["overall"]) for epoch in shown]
    return header, [*rows, ["all together", f"{last['loss']:.3f}", *means]]


def stopped_words(training: Training) -> str:
    """Return what became of a training that somebody ended early."""
    if training.best is None or training.last is None:
        return "Cancelled before the first epoch ended; there is nothing to store."
    return (
        f"Stopped after epoch {training.last['epoch']} of {training.planned}. The best one, epoch "
        f"{training.best['epoch']}, is scored and stored; “Resume” goes on."
    )


# -- when it has ended --------------------------------------------------------------------------


def scored_rows(card: NetworkCard) -> list[list[object]]:
    """Return a row per dimension: the network's score, the best floor's, and the difference."""
    scores, floors = card.scores.get("scores", {}), card.scores.get("floors", {})
    rows: list[list[object]] = []
    for name in [*card.dimensions, _OVERALL]:
        own = scores.get(name)
        known = {f: of[name] for f, of in floors.items() if present.measured(of.get(name))}
        best = max(known, key=lambda f: known[f]["score"], default=None)
        floor: object = "" if name == _OVERALL else present.score_cell(None)
        difference: object = ""
        if best is not None:
            floor = Markup(f"{present.score_cell(known[best])}<small>{present.text(best)}</small>")
            difference = _difference(own, known[best])
        rows.append(
            [ALL_AT_ONCE if name == _OVERALL else name, present.score_cell(own), floor, difference]
        )
    return rows


def scored_words(card: NetworkCard) -> str:
    """Return what the test was and what the table leaves out."""
    items = card.scores.get("items")
    on = f"{present.plural(items, 'rendition')} of " if items else ""
    leakage = card.scores.get("leakage_mean", {}).get("strict")
    kept = (
        f" Asked about each other's dimensions, the parts of the network score {leakage:.2f} on "
        "average (strict leakage; 0.50 is guessing and right)."
        if leakage is not None
        else ""
    )
    return (
        f"Scores on {on}composers and a sound font it never met, with 95 % intervals.{kept} To be "
        "beaten: the best of its own vectors as one space (raw cosine), of statistics of timbre, "
        "harmony and rhythm, and of the same network with random weights. p: the chance of a "
        "difference as large between equals, corrected for asking several times."
    )


def _difference(own: Mapping[str, Any] | None, floor: Mapping[str, Any]) -> object:
    if own is None or not present.measured(own):
        return present.score_cell(None)
    gain = own["score"] - floor["score"]
    p = floor.get("p_grouped_holm", floor.get("p_holm"))
    if p is None:
        return _strong(gain, signed=True)
    words = "p &lt; 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.1 else f"p = {p:.2f}"
    if p >= _SURE:
        words += ", not certain"
    return Markup(f"{_strong(gain, signed=True)}<small>{words}</small>")


def _strong(number: float, *, signed: bool = False) -> Markup:
    return Markup(f"<b>{number:{'+' if signed else ''}.2f}</b>".replace("-", "\u2212"))


# -- words and numbers --------------------------------------------------------------------------


def clock(seconds: float) -> str:
    """Return minutes and seconds, such as ``1:15``."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"


def duration(seconds: float) -> str:
    """Return a length of time as people say it.

    Examples
    --------
    >>> duration(40), duration(2100), duration(9000)
    ('40 s', '35 min', '2 h 30 min')
    """
    if seconds < 60:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def smoothed(steps: Sequence[tuple[float, float]], most: int = 240) -> list[tuple[float, float]]:
    """Return means over groups of steps, at most so many of them."""
    size = max(5, -(-len(steps) // most))
    groups = [steps[i : i + size] for i in range(0, len(steps), size)]
    return [
        (sum(x for x, _ in group) / len(group), sum(y for _, y in group) / len(group))
        for group in groups
    ]
