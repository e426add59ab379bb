"""Encoders that a workspace declares in its ``workbench.toml``, without any packaging.

A Hugging Face model, a class in a Python file, or a network that was trained here::

    [encoders.clap]
    kind = "huggingface"
    model = "laion/larger_clap_music"   # or a folder
    licence = "apache-2.0"

    [encoders.loudness]
    kind = "python"
    file = "loudness.py"
    object = "Loudness"

    [encoders.ours]
    kind = "network"
    folder = "../trained"               # made by `workbench train base`
    weights = "..."                     # the hash on its card

The key of such an encoder ends in a hash of all that its vectors depend on, so that vectors made
with other settings, or by an older text of the file, are never mixed with new ones.
"""

from __future__ import annotations

import ast
import hashlib
import importlib.util
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from workbench.backbones.card import read_card
from workbench.encoders.base import Encoder
from workbench.encoders.huggingface.folder import (
    INSTALL,
    SHORTEST_WINDOW_S,
    is_folder_name,
    open_model,
)
from workbench.encoders.info import EncoderInfo, KnownEncoder, broken, first_line, is_safe_key
from workbench.encoders.licences import UNKNOWN_LICENCE
from workbench.errors import StorageError, WorkbenchError

if TYPE_CHECKING:
    from workbench.workspace import Workspace


@dataclass(frozen=True)
class HuggingFaceTable:
    """What ``[encoders.NAME]`` may say of a Hugging Face model.

    `weights` is the hash of a folder's weights when it was added; `licence` and `device` do not
    change the vectors and can be edited at any time.
    """

    model: str
    revision: str = ""
    weights: str = ""
    layers: tuple[int, ...] = ()
    window: float | None = None
    trust_remote_code: bool = False
    allow_pickle: bool = False
    licence: str = ""
    device: str = "cpu"

    def __post_init__(self) -> None:
        """Refuse values of another type, which TOML leaves to us."""
        _check_types(self, {"layers": (list, tuple), "window": (int, float, type(None))})
        if not all(type(layer) is int for layer in self.layers):
            raise TypeError("layers are whole numbers")
        if self.window is not None and self.window < SHORTEST_WINDOW_S:
            raise TypeError(f"window is {SHORTEST_WINDOW_S:g} seconds or more")
        object.__setattr__(self, "layers", tuple(self.layers))

    def described(self, name: str, root: Path) -> KnownEncoder:
        """Return the entry of the list; nothing is loaded or fetched for it."""
        model = self.place(root)
        if isinstance(model, Path) and not model.is_dir():
            raise WorkbenchError(f"there is no folder {model}")
        licence = self.licence or (open_model(model).licence if isinstance(model, Path) else "")
        vectors = {k: v for k, v in asdict(self).items() if k not in ("licence", "device")}
        key = f"{name}-{_digest(json.dumps(vectors, sort_keys=True).encode())}"
        hidden = f", layers {', '.join(map(str, self.layers))}" if self.layers else ""
        info = EncoderInfo(
            key,
            f"Hugging Face {self.model}{hidden}",
            licence or UNKNOWN_LICENCE,
            importlib.util.find_spec("transformers") is not None,
            INSTALL,
            source="workbench.toml",
        )
        return KnownEncoder(name, info, partial(self._load, info, model))

    def place(self, root: Path) -> Path | str:
        """Return the folder meant, relative to the workspace, or the hub name."""
        path = root / Path(self.model).expanduser()
        return path if path.is_dir() or is_folder_name(self.model) else self.model

    def _load(self, info: EncoderInfo, model: Path | str) -> Encoder:
        from workbench.encoders.huggingface.encoder import HuggingFaceEncoder

        if self.weights and isinstance(model, Path) and hash_weights(model) != self.weights:
            raise StorageError(
                f"the weights in {model} are not those it was added with, so that new vectors "
                "would not fit the old ones; remove it and add it again"
            )
        name, _, version = info.key.rpartition("-")
        return HuggingFaceEncoder(
            model,
            layers=self.layers,
            window_s=self.window,
            trust_remote_code=self.trust_remote_code,
            allow_pickle=self.allow_pickle,
            revision=self.revision or None,
            device=self.device,
            licence=info.licence,
            name=name,
            version=version,
        )


@dataclass(frozen=True)
class PythonTable:
    """What ``[encoders.NAME]`` may say of a class in a Python file.

    Listing reads the file without running it; it runs when the encoder is used.
    """

    file: str
    object: str
    licence: str = ""

    def __post_init__(self) -> None:
        """Refuse values of another type, which TOML leaves to us."""
        _check_types(self, {})

    def described(self, name: str, root: Path) -> KnownEncoder:
        """Return the entry of the list, from the text of the file."""
        file = root / Path(self.file).expanduser()
        if not file.is_file():
            raise WorkbenchError(f"there is no file {file}")
        text = file.read_bytes()
        classes = {n.name: n for n in ast.parse(text).body if isinstance(n, ast.ClassDef)}
        if self.object not in classes:
            raise WorkbenchError(f"{file} has no class {self.object}")
        found = classes[self.object]
        info = EncoderInfo(
            f"{name}-{_digest(text + self.object.encode())}",
            first_line(ast.get_docstring(found)) or f"{self.object} of {self.file}",
            self.licence or _constant(found, "licence") or UNKNOWN_LICENCE,
            True,
            source="workbench.toml",
        )
        return KnownEncoder(name, info, partial(self._load, info.key, file))

    def _load(self, key: str, file: Path) -> Encoder:
        spec = importlib.util.spec_from_file_location(f"workbench_encoder_{key}", file)
        if spec is None or spec.loader is None:
            raise WorkbenchError(f"{file} is no Python file")
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module  # dataclasses look their module up
        spec.loader.exec_module(module)
        encoder = getattr(module, self.object)()
        encoder.name, _, encoder.version = key.rpartition("-")
        return cast("Encoder", encoder)


@dataclass(frozen=True)
class NetworkTable:
    """What ``[encoders.NAME]`` may say of a network that `workbench train base` made.

    `weights` is the hash on its card when it was added.
    """

    folder: str
    weights: str
    licence: str = ""

    def __post_init__(self) -> None:
        """Refuse values of another type, which TOML leaves to us."""
        _check_types(self, {})

    def described(self, name: str, root: Path) -> KnownEncoder:
        """Return the entry of the list, from the network's card."""
        folder = root / Path(self.folder).expanduser()
        card = read_card(folder)
        if card.sha256 != self.weights:
            raise WorkbenchError(
                f"the network in {folder} is not the one it was added with; remove it and add it "
                "again"
            )
        info = EncoderInfo(
            f"{name}-{self.weights[:8]}",
            f"{card.shape.network} network for {', '.join(card.dimensions)}",
            self.licence or card.licence,
            True,
            source="workbench.toml",
        )
        return KnownEncoder(name, info, partial(self._load, info, folder))

    def _load(self, info: EncoderInfo, folder: Path) -> Encoder:
        from workbench.encoders.network import NetworkEncoder

        encoder = NetworkEncoder(folder)
        encoder.name, _, encoder.version = info.key.rpartition("-")
        encoder.licence = info.licence
        return encoder


Table = HuggingFaceTable | PythonTable | NetworkTable
KINDS: dict[str, type[Table]] = {
    "huggingface": HuggingFaceTable,
    "python": PythonTable,
    "network": NetworkTable,
}


def declared_encoders(ws: Workspace | None) -> list[KnownEncoder]:
    """Return the encoders that a workspace declares; a broken one carries its error."""
    if ws is None:
        return []
    declared = ws.config.get("encoders", {})
    if not isinstance(declared, dict):
        return [broken("encoders", "workbench.toml", "declare encoders as [encoders.NAME]")]
    return [_described(name, table, ws.root) for name, table in declared.items()]


def parse_table(table: Any) -> Table:
    """Return what a table ``[encoders.NAME]`` says.

    Raises
    ------
    WorkbenchError
        If it has an unknown kind, lacks something or says something unknown.
    """
    if not isinstance(table, Mapping) or table.get("kind") not in KINDS:
        raise WorkbenchError(f"it needs a kind, {' or '.join(map(json.dumps, KINDS))}")
    kind = KINDS[table["kind"]]
    options = {k: v for k, v in table.items() if k != "kind"}
    try:
        return kind(**options)
    except TypeError as error:
        known = ", ".join(field.name for field in fields(kind))
        reason = str(error).rpartition("__init__() ")[2]
        raise WorkbenchError(f"{reason} (a table of its kind has {known})") from error


def hash_weights(folder: Path) -> str:
    """Return a hash of the weights in a folder, by content and name."""
    from workbench.catalogue.media import content_hash

    kinds = (".safetensors", ".bin", ".pt", ".pth", ".ckpt")
    files = sorted(file for file in folder.iterdir() if file.suffix in kinds)
    safe = [file for file in files if file.suffix == ".safetensors"]
    return _digest("".join(f.name + content_hash(f) for f in safe or files).encode())


def _described(name: str, table: Any, root: Path) -> KnownEncoder:
    try:
        if not is_safe_key(name):
            raise WorkbenchError("its name may hold letters, digits, - and _ only")
        return parse_table(table).described(name, root)
    except (WorkbenchError, OSError, SyntaxError, ValueError) as error:
        return broken(name, "workbench.toml", str(error))


def _check_types(table: Table, special: dict[str, Any]) -> None:
    for field in fields(table):
        value = getattr(table, field.name)
        kind = special.get(field.name, bool if isinstance(field.default, bool) else str)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise TypeError(f"{field.name} cannot be {value!r}")


def _constant(found: ast.ClassDef, name: str) -> str:
    """Return a text that a class body assigns to a name, empty where it is computed."""
    for node in found.body:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            pairs = [(target, node.value) for target in targets]
            if isinstance(targets[0], ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = list(zip(targets[0].elts, node.value.elts, strict=False))
            for target, value in pairs:
                named = isinstance(target, ast.Name) and target.id == name
                if named and isinstance(value, ast.Constant) and isinstance(value.value, str):
                    return value.value
    return ""


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:8]
