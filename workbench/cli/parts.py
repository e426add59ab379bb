"""Commands about what items are made of: compositions, bars, submixes, renderings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.options import (
    JobOption,
    JsonOption,
    WorkspaceOption,
    count,
    progress_for,
    say,
    say_json,
    table,
)
from workbench.errors import WorkbenchError
from workbench.workspace import Workspace

ItemArgument = Annotated[int, typer.Argument(help="An item's id.", min=1)]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command("link")(link)
    app.command("bars")(bars)
    app.command("submix")(submix)
    app.command("render")(render)
    app.command("separate")(separate)


def link(
    first: ItemArgument,
    second: ItemArgument,
    remove: Annotated[bool, typer.Option("--remove", help="Say that they are not.")] = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Say that two items, such as a score and a recording, are the same composition."""
    catalogue = Workspace(workspace).catalogue
    if remove:
        were = catalogue.unlink(first, second)
        say(
            f"Item {second} is no longer the composition of item {first}."
            if were
            else f"Items {first} and {second} were not the same composition; nothing was changed."
        )
        return
    catalogue.link(first, second)
    others = len(catalogue.composition_of(first))
    say(f"Items {first} and {second} are one composition now, of {others + 1} items in all.")


def bars(
    item: ItemArgument,
    add: Annotated[bool, typer.Option("--add", help="Make every bar an item.")] = False,
    json: JsonOption = False,
    workspace: WorkspaceOption = None,
    job: JobOption = None,
) -> None:
    """List the bars of a score, or those heard in a recording."""
    catalogue = Workspace(workspace).catalogue
    found = catalogue.bars(item, progress=progress_for(job))
    title = catalogue.item(item).title
    if add:
        spans = zip(found["number"], found["start_s"], found["end_s"], strict=True)
        for number, start, end in spans:
            name = f"{title}, bar {number}"
            catalogue.add_span(item, float(start), float(end), "bar", title=name)
    if json:
        say_json(found.to_dict("records"))
        return
    if found.empty:
        say(f"No bars were found in item {item}: there is no beat to follow.")
        return
    if add:
        say(f"{count(len(found), 'bar')} of item {item} are items now.")
        return
    rows = [[str(b.number), f"{b.start_s:.3f}", f"{b.end_s:.3f}"] for b in found.itertuples()]
    table(["bar", "begins (s)", "ends (s)"], rows)


def submix(
    items: Annotated[list[int], typer.Argument(help="Ids of the items to hear together.")],
    title: Annotated[str | None, typer.Option(help="By default the titles of the items.")] = None,
    gain: Annotated[
        list[str] | None,
        typer.Option(help="Turn an item up or down, such as 12=-3.5; as often as needed."),
    ] = None,
    offset: Annotated[
        list[str] | None,
        typer.Option(help="Let an item begin later, such as 12=4.0 (s); as often as needed."),
    ] = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Make a submix of items: heard, searched and compared as one."""
    catalogue = Workspace(workspace).catalogue
    made = catalogue.add_submix(
        items,
        gains_db=_by_item(gain, "--gain 12=-3.5"),
        offsets_s=_by_item(offset, "--offset 12=4.0"),
        title=title,
    )
    say(f"Item {made} is the submix {catalogue.item(made).title!r}.")


def render(
    item: ItemArgument,
    file: Annotated[
        Path, typer.Argument(help="The sound file to write; its suffix is its format.")
    ],
    engine: Annotated[
        str | None, typer.Option(help="symusic or fluidsynth; by default as workbench.toml says.")
    ] = None,
    sound_font: Annotated[
        Path | None, typer.Option(help="An SF2 file; by default one that is installed.")
    ] = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Write the sound of an item to a file: a score is rendered, a submix mixed, a span cut."""
    from workbench.audio.decode import encode

    ws = Workspace(workspace)
    given = {"engine": engine, "sound_font": str(sound_font) if sound_font else None}
    said = ws.config.get("rendering", {})
    if any(given.values()):
        kept = said if isinstance(said, dict) else {}
        ws.config["rendering"] = kept | {name: value for name, value in given.items() if value}
    sound = ws.catalogue.whole_sound(item)
    few = sound.samples if len(sound.samples) <= 2 else sound.mono()
    encode(file.expanduser().resolve(), few, sound.sample_rate)
    say(f"{sound.duration_s:.1f} s of item {item} written to {file}.")


def separate(
    item: ItemArgument,
    weights: Annotated[
        Path | None, typer.Option(help="A folder with the model's weights; else they are fetched.")
    ] = None,
    model: Annotated[str, typer.Option(help="A model of Demucs.")] = "htdemucs",
    workspace: WorkspaceOption = None,
    job: JobOption = None,
) -> None:
    """Split a song without stems into tracks, where Demucs is installed."""
    from workbench.audio.separation import LICENCE
    from workbench.catalogue.separated import separate_song

    ws = Workspace(workspace)
    tracks = separate_song(ws, item, model=model, weights=weights, progress=progress_for(job))
    say(f"Item {item} has {count(len(tracks), 'track')} now: {', '.join(map(str, tracks))}.")
    say(LICENCE)
    say("Next: `workbench embed`.")


def _by_item(texts: list[str] | None, example: str) -> dict[int, float]:
    """Return what options like ``12=-3.5`` say."""
    said = {}
    for text in texts or []:
        item, _, number = text.partition("=")
        try:
            said[int(item)] = float(number)
        except ValueError as error:
            raise WorkbenchError(
                f"{text!r} is not understood; write it like `{example}`."
            ) from error
    return said
