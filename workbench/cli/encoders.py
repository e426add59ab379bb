"""Commands around encoders: list, install, add, remove."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.options import JsonOption, WorkspaceOption, say, say_json, table
from workbench.encoders.info import EncoderInfo
from workbench.errors import UnknownNameError, WorkbenchError
from workbench.workspace import CONFIG_FILE, Workspace, find_workspace

encoders = typer.Typer(
    help="Encoders: which there are, fetching weights, other people's.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.add_typer(encoders, name="encoders")


@encoders.command("list")
def list_(as_json: JsonOption = False, workspace: WorkspaceOption = None) -> None:
    """Show the encoders, whether they are installed, and their licences."""
    from workbench.encoders.registry import list_encoders

    named = workspace is not None or (find_workspace() / CONFIG_FILE).is_file()
    known = list_encoders(Workspace(workspace) if named else None)
    if as_json:
        say_json([info.as_dict() for info in known])
        return
    rows = [[i.key, _state(i), i.licence_words, i.description, i.source] for i in known]
    table(["encoder", "state", "licence", "what it is", "from"], rows)
    for info in known:
        if info.problem:
            say(f"\n{info.key} ({info.source}) is broken: {info.problem}.")


@encoders.command("install")
def install(name: Annotated[str, typer.Argument(help="musicnn")]) -> None:
    """Fetch an encoder's weights once; they are kept for all workspaces of this user."""
    if name != "musicnn":
        raise UnknownNameError(f"There is nothing called {name!r} to install; choose musicnn.")
    from workbench.encoders.musicnn.install import install as run

    say(f"musicnn (ISC licence) is installed in {run().parent}.")


@encoders.command("add")
def add(
    name: Annotated[str, typer.Argument(help="What to call it.")],
    huggingface: Annotated[
        str | None, typer.Option(metavar="MODEL", help="A name on the hub, or a folder.")
    ] = None,
    python: Annotated[
        str | None,
        typer.Option(metavar="FILE:CLASS", help="A class of your own; see docs/encoders.md."),
    ] = None,
    network: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="A network made by `workbench train base`."),
    ] = None,
    layers: Annotated[
        str | None, typer.Option(help="Hidden states to use, such as 5,6; by default the last.")
    ] = None,
    window: Annotated[
        float | None, typer.Option(min=3, help="Seconds that the model hears at a time.")
    ] = None,
    revision: Annotated[str | None, typer.Option(help="A commit or branch of the hub.")] = None,
    licence: Annotated[
        str | None, typer.Option(help="By default what the model card says.")
    ] = None,
    trust_remote_code: Annotated[
        bool, typer.Option("--trust-remote-code", help="Run Python that comes with the model.")
    ] = False,
    allow_pickle: Annotated[
        bool, typer.Option("--allow-pickle", help="Read pickled weights, which can run code.")
    ] = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Declare somebody else's encoder, or your own, in the workspace's workbench.toml."""
    from workbench.encoders import declare

    ws = Workspace(workspace)
    if sum(option is not None for option in (huggingface, python, network)) != 1:
        raise WorkbenchError(
            "Name one of --huggingface MODEL, --python FILE:CLASS and --network FOLDER."
        )
    if huggingface is not None:
        info = declare.add_huggingface(
            ws,
            name,
            huggingface,
            layers=_numbers(layers),
            window=window,
            trust_remote_code=trust_remote_code,
            allow_pickle=allow_pickle,
            revision=revision,
            licence=licence,
        )
    elif network is not None:
        info = declare.add_network(ws, name, network, licence=licence)
    else:
        info = declare.add_python(ws, name, str(python), licence=licence)
    say(f"Encoder {name} is in {ws.root / CONFIG_FILE}. Its licence: {info.licence_words}.")
    if info.installed:
        say(f"Next: `workbench embed --encoder {name}`.")
    else:
        say(f"Next: `{info.install}`.")


@encoders.command("remove")
def remove(name: str, workspace: WorkspaceOption = None) -> None:
    """Take an encoder out of workbench.toml; its vectors and models stay."""
    from workbench.encoders.declare import remove_encoder

    ws = Workspace(workspace)
    remove_encoder(ws, name)
    say(f"Encoder {name} is no longer in {ws.root / CONFIG_FILE}; its vectors and models stay.")


def _state(info: EncoderInfo) -> str:
    if info.problem:
        return "broken"
    return "installed" if info.installed else f"`{info.install}`"


def _numbers(text: str | None) -> list[int]:
    try:
        return [int(number) for number in (text or "").split(",") if number.strip()]
    except ValueError as error:
        raise WorkbenchError(f"Layers are whole numbers such as 5,6, not {text!r}.") from error
