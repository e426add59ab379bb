"""The song commands: build songs from parts of the catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.options import (
    JsonOption,
    VersionOption,
    WorkspaceOption,
    count,
    say,
    say_json,
    table,
)
from workbench.cli.search import (
    TagOption,
    UsedOption,
    WeightOption,
    WithoutOption,
    find_item,
    tags_of,
    weights_of,
)
from workbench.workspace import Workspace

song = typer.Typer(help="Songs that are built from parts.", no_args_is_help=True)

SongArgument = Annotated[
    str, typer.Argument(help="The song's title, or the beginning of its id.", metavar="SONG")
]
ItemArgument = Annotated[str, typer.Argument(help="An item's id or title.")]
GainOption = Annotated[float, typer.Option(help="How loud, in dB.")]
AuthorOption = Annotated[str, typer.Option(help="Who builds it.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.add_typer(song, name="song")


@song.command()
def new(
    title: Annotated[str, typer.Argument(help="What it is called.")],
    author: AuthorOption = "",
    workspace: WorkspaceOption = None,
) -> None:
    """Begin a song."""
    from workbench.search.baskets import Basket

    made = Basket.create(Workspace(workspace), title, author=author)
    say(f"Song {made.title!r} ({made.id[:8]}) is begun; add parts with `workbench song add`.")


@song.command()
def add(
    name: SongArgument,
    item: ItemArgument,
    gain: GainOption = 0.0,
    at: Annotated[float, typer.Option(min=0, help="When it begins, in seconds.")] = 0.0,
    snap: Annotated[bool, typer.Option(help="Begin with the nearest bar, if known.")] = True,
    workspace: WorkspaceOption = None,
) -> None:
    """Add an item to a song."""
    from workbench.search.baskets import Basket

    ws = Workspace(workspace)
    basket = Basket.open(ws, name)
    basket.add(find_item(ws, item), gain_db=gain, offset_s=at, snap=snap)
    begins = basket.parts[-1].offset_s
    say(
        f"{basket.title!r} has {count(len(basket.parts), 'part')}; this one begins at {begins:g} s."
    )


@song.command()
def remove(
    name: SongArgument,
    part: Annotated[int, typer.Argument(min=1, help="Its number in `workbench song show`.")],
    workspace: WorkspaceOption = None,
) -> None:
    """Take a part out of a song."""
    from workbench.search.baskets import Basket

    basket = Basket.open(Workspace(workspace), name)
    basket.remove(part - 1)
    say(f"{basket.title!r} has {count(len(basket.parts), 'part')}.")


@song.command("list")
def list_(as_json: JsonOption = False, workspace: WorkspaceOption = None) -> None:
    """Show the songs that are being built, the last one saved first."""
    from workbench.search.baskets import list_baskets

    songs = list_baskets(Workspace(workspace))
    if as_json:
        say_json(songs.reset_index().to_dict(orient="records"))
    elif songs.empty:
        say("No song is being built yet; begin one with `workbench song new TITLE`.")
    else:
        rows = [
            [i[:8], s["title"], s["author"], str(s["parts"]), f"{s['saved_at']:%Y-%m-%d %H:%M}"]
            for i, s in zip(songs.index, songs.to_dict(orient="records"), strict=True)
        ]
        table(["song", "title", "author", "parts", "saved (UTC)"], rows)


@song.command()
def show(
    name: SongArgument, as_json: JsonOption = False, workspace: WorkspaceOption = None
) -> None:
    """Show the parts of a song."""
    from workbench.search.baskets import Basket

    ws = Workspace(workspace)
    basket = Basket.open(ws, name)
    items = ws.catalogue.items()
    if as_json:
        say_json({"id": basket.id, "title": basket.title, "parts": [vars(p) for p in basket.parts]})
        return
    say(f"{basket.title} ({basket.id[:8]})")
    rows = [
        [
            str(number),
            str(part.item),
            str(items["title"][part.item])[:50],
            f"{part.gain_db:+.1f} dB",
            f"{part.offset_s:.2f} s",
            "muted" if part.muted else "",
        ]
        for number, part in enumerate(basket.parts, start=1)
    ]
    table(["part", "item", "title", "gain", "begins", ""], rows)


@song.command()
def suggest(
    name: SongArgument,
    instrument: Annotated[
        str | None, typer.Option(help="What is missing, such as bass.", show_default=False)
    ] = None,
    weight: WeightOption = None,
    tag: TagOption = None,
    without: WithoutOption = None,
    used: UsedOption = None,
    neighbours: Annotated[
        bool, typer.Option("--neighbours", help="Neighbouring keys will do, too.")
    ] = False,
    number: Annotated[int, typer.Option("--count", "-n", min=1, help="How many to show.")] = 10,
    model: VersionOption = None,
    as_json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Find tracks in a song's own tempo and key that could be added to it."""
    from workbench.search.baskets import Basket
    from workbench.search.filters import Filters
    from workbench.search.suggest import suggest as run

    ws = Workspace(workspace)
    found = run(
        ws,
        Basket.open(ws, name),
        instrument=instrument,
        weights=weights_of(weight),
        filters=Filters(tags=tags_of(tag), without=tuple(without or ()), used=used),
        neighbours=neighbours,
        count=number,
        version=model,
    )
    if as_json:
        say_json(found.reset_index().to_dict(orient="records"))
    elif found.empty:
        say("No track in this tempo and key fits; leave the instrument or a filter out.")
    else:
        rows = [
            [str(item), row["title"][:50], row["artist"][:24], f"{row['percentile']:.0%}"]
            for item, row in found.iterrows()
        ]
        table(["item", "title", "artist", "closer than"], rows)


@song.command()
def export(
    name: SongArgument,
    folder: Annotated[Path, typer.Argument(help="The folder to write.")],
    overwrite: Annotated[bool, typer.Option(help="Replace what is there.")] = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Write a song's mix, its stems and what it is made of, and record the uses."""
    from workbench.search.assembly import export_song
    from workbench.search.baskets import Basket

    ws = Workspace(workspace)
    basket = Basket.open(ws, name)
    written = export_song(ws, basket, folder, overwrite=overwrite)
    say(f"{basket.title!r} is written to {written}: mix.wav, stems and song.json.")


@song.command()
def rate(
    item: ItemArgument,
    stars: Annotated[int, typer.Argument(help="1 to 5")],
    name: Annotated[
        str | None, typer.Option("--song", help="The song it is rated for.", show_default=False)
    ] = None,
    rater: Annotated[str, typer.Option(help="Who says so.")] = "",
    workspace: WorkspaceOption = None,
) -> None:
    """Say how well an item is liked; the newest word of each rater counts."""
    from workbench.search.baskets import Basket
    from workbench.search.rankings import rate as run

    ws = Workspace(workspace)
    number = find_item(ws, item)
    built = Basket.open(ws, name).id if name is not None else None
    run(ws, number, stars, rater=rater, assembly_id=built)
    say(
        f"{ws.catalogue.items()['title'][number]} has {count(stars, 'star')} from {rater or 'you'}."
    )
