"""The files of a Hugging Face model: a folder, or a hub name whose files are fetched into one.

Everything after this works on a folder without the network. Files that can run code when they are
read (pickled weights, Python modules) are not even fetched unless somebody asked for them.
"""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from workbench.encoders.licences import UNKNOWN_LICENCE, licence_of_card
from workbench.errors import NotReadyError, StorageError, UnknownNameError, WorkbenchError
from workbench.files import from_json

INSTALL = 'pip install "music-similarity-workbench[encoders]"'
SHORTEST_WINDOW_S = 3.0
_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt")
_DESCRIPTION = ("*.json", "README.md")


@dataclass(frozen=True)
class ModelFolder:
    """A model's files.

    `name` is what people call the model; `commit` is the hub's, empty for a folder of one's own.
    """

    path: Path
    name: str
    commit: str = ""

    @cached_property
    def config(self) -> dict[str, Any]:
        """The model's ``config.json``."""
        file = self.path / "config.json"
        try:
            config = from_json(file.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise StorageError(
                f"{self.name} holds no config.json, so it is no Hugging Face model; name the "
                "folder that save_pretrained wrote, or a model on the hub."
            ) from error
        except (OSError, ValueError) as error:
            raise StorageError(f"{file} is damaged; fetch the model again.") from error
        if not isinstance(config, dict):
            raise StorageError(f"{file} is damaged; fetch the model again.")
        return config

    @property
    def kind(self) -> str:
        """What kind of model it is: ``muq``, else transformers' ``model_type``."""
        if "model_type" in self.config:
            return str(self.config["model_type"])
        return "muq" if {"encoder_dim", "encoder_depth"} <= self.config.keys() else ""

    @property
    def licence(self) -> str:
        """What the model card says."""
        try:
            return licence_of_card((self.path / "README.md").read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError):
            return UNKNOWN_LICENCE

    def check_code(self, *, trust_remote_code: bool) -> None:
        """Refuse a model that brings Python of its own, unless it is trusted."""
        needed = self.config.get("auto_map") and not self.is_plain_mert and not self._is_known
        if needed and not trust_remote_code:
            raise WorkbenchError(
                f"{self.name} runs Python code of its own, which is off: read its .py files and, "
                "if you trust them, add it with --trust-remote-code."
            )

    def check_weights(self, *, allow_pickle: bool, names: Sequence[str] | None = None) -> None:
        """Refuse a model without weights, or with pickled ones only unless they are allowed.

        `names` are the files it has, by default those in its folder.
        """
        files = [file.name for file in self.path.iterdir()] if names is None else names
        if fnmatch.filter(files, "*.safetensors"):
            return
        if not any(fnmatch.filter(files, pattern) for pattern in _PICKLES):
            kept = "" if allow_pickle or not self.commit else " as safetensors"
            hint = " (pickled ones, which can run code, need --allow-pickle)" if kept else ""
            raise StorageError(
                f"{self.name} holds no weights{kept}{hint}; fetch the model again or choose "
                "another one."
            )
        if not allow_pickle:
            raise WorkbenchError(
                f"{self.name} holds pickled weights only, which can run code when read: convert "
                "them with transformers' save_pretrained or, if you trust them, add it with "
                "--allow-pickle."
            )

    @property
    def is_plain_mert(self) -> bool:
        """Whether it is a MERT whose network is HuBERT's, so that its own code is not needed.

        MERT's code differs from HuBERT's by an optional CQT input and an optional residual
        scaling (deepnorm), which the published v1 models do without.
        """
        extras = ("feature_extractor_cqt", "deepnorm")
        is_mert = self.kind == "mert_model"
        return is_mert and not any(self.config.get(option) for option in extras)

    @property
    def _is_known(self) -> bool:
        """Whether transformers knows the architecture without the model's own code."""
        from transformers import CONFIG_MAPPING

        return self.kind in CONFIG_MAPPING


def is_folder_name(model: str) -> bool:
    """Return whether `model` can only mean a folder, such as ``./clap`` or ``~/models/clap``."""
    return not _HUB_NAME.fullmatch(model) or model.startswith(".") or os.path.isabs(model)


def open_model(
    model: str | Path,
    *,
    revision: str | None = None,
    weights: bool = True,
    trust_remote_code: bool = False,
    allow_pickle: bool = False,
) -> ModelFolder:
    """Return the files of a model, fetched from the hub unless `model` is a folder.

    Parameters
    ----------
    model
        A folder, or a name on the hub such as ``laion/larger_clap_music``.
    revision
        A commit, branch or tag of the hub.
    weights
        False fetches only the configuration and the model card.
    trust_remote_code, allow_pickle
        Whether Python files and pickled weights are fetched too.

    Raises
    ------
    UnknownNameError
        If there is no such folder or model.
    NotReadyError
        If the hub cannot be reached, or the package that talks to it is not installed.
    """
    path = Path(model).expanduser()
    if path.is_dir():
        return ModelFolder(path.resolve(), str(model))
    if is_folder_name(str(model)):
        raise UnknownNameError(f"There is no folder {path}; name a model's folder or a hub name.")
    patterns = [*_DESCRIPTION]
    if weights:
        patterns += ["*.safetensors", *(_PICKLES if allow_pickle else ())]
        patterns += ["*.py"] if trust_remote_code else []
    return _fetch(str(model), revision, patterns)


def hub_files(found: ModelFolder) -> list[str] | None:
    """Return the names of the files that the hub has of a model; None if it does not answer."""
    from huggingface_hub import list_repo_files

    try:
        return list_repo_files(found.name, revision=found.commit)
    except Exception:  # whatever a network may do; the weights will be looked at when fetched
        return None


def _fetch(model: str, revision: str | None, patterns: list[str]) -> ModelFolder:
    try:
        from huggingface_hub import errors, snapshot_download
    except ImportError as error:
        raise NotReadyError(f"Hugging Face models need transformers; run `{INSTALL}`.") from error
    try:
        path = Path(snapshot_download(model, revision=revision, allow_patterns=patterns))
    except errors.GatedRepoError as error:
        raise NotReadyError(
            f"{model} asks for your consent: accept its terms on huggingface.co and run "
            "`hf auth login`."
        ) from error
    except (errors.RepositoryNotFoundError, errors.RevisionNotFoundError) as error:
        raise UnknownNameError(
            f"The hub has no model {model!r}{f' at {revision}' if revision else ''}, and there "
            "is no such folder here; check the name."
        ) from error
    except (OSError, ValueError, RuntimeError, errors.LocalEntryNotFoundError) as error:
        raise NotReadyError(
            f"{model} cannot be fetched: huggingface.co does not answer; try again later, or "
            "copy the model into a folder and name that."
        ) from error
    return ModelFolder(path, model, commit=path.name)
