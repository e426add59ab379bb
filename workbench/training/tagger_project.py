"""A tagger of a workspace, from its tags to the trained tagger, in one folder that can go on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from workbench.backbones.card import CARD
from workbench.backbones.tagger_card import TaggerCard, TagName, read_tagger_card
from workbench.encoders.registry import is_taken
from workbench.errors import NotReadyError, StorageError, WorkbenchError
from workbench.evaluation.tagging import TagScores
from workbench.files import from_json, write_text
from workbench.progress import Progress
from workbench.tagging.cleaning import Cleaning, human_tags, propose_cleaning, read_cleaning
from workbench.tagging.reviews import SOURCE, rejected
from workbench.tagging.taggers import list_taggers
from workbench.tagging.trained import (
    folder_of,
    load_teacher,
    newest_tagger,
    next_version,
    taggers_folder,
)
from workbench.training.base_folder import has_checkpoint
from workbench.training.tagger import check_trainable, train_tagger
from workbench.training.tagger_data import TaggerData, tagger_data
from workbench.training.tagger_options import TaggerOptions
from workbench.training.tagger_release import release_tagger

if TYPE_CHECKING:
    from workbench.workspace import Workspace

_LEARNED = "learned.json"  # the spellings and the split that a tagger learned from
_FEWEST = 2  # examples that a tag needs to be learned


@dataclass(frozen=True)
class Trainee:
    """A tagger that is to be trained.

    Attributes
    ----------
    key
        Its name and version.
    folder
        Where it lies.
    resume
        Whether it was begun before.
    """

    name: str
    version: str
    folder: Path
    resume: bool

    @property
    def key(self) -> str:
        """Name and version."""
        return f"{self.name}-{self.version}"


def find_trainee(ws: Workspace, name: str, *, resume: bool) -> Trainee:
    """Return a new version of a tagger, or the one whose training was begun last.

    Raises
    ------
    NotReadyError
        If there is none to go on with.
    WorkbenchError
        If the name cannot be a folder's.
    """
    if not name or not all(c.isalnum() or c in "-_" for c in name) or len(name) > 60:
        raise WorkbenchError(
            f"A tagger's name has letters, digits, - and _ and 60 at most; {name!r} does not do."
        )
    version = next_version(ws, name)
    key = f"{name}-{version}"
    if is_taken(name) or key in (info.key for info in list_taggers(ws)):
        raise WorkbenchError(f"{name} is the name of what is built in; choose another one.")
    if resume:
        version = str(int(version) - 1)
        folder = taggers_folder(ws) / f"{name}-{version}"
        if not has_checkpoint(folder) and not (folder / _LEARNED).is_file():
            raise NotReadyError(f"No training of {name} was begun; leave out --resume.")
        if (folder / CARD).is_file():
            raise NotReadyError(f"{name}-{version} is trained to its end; leave out --resume.")
    return Trainee(name, version, taggers_folder(ws) / f"{name}-{version}", resume)


def find_teacher(ws: Workspace, key: str | None) -> TaggerCard:
    """Return the card of a teacher, by default the tagger that was trained last.

    Raises
    ------
    NotReadyError
        If none was trained.
    UnknownNameError
        If there is none of this key.
    StorageError
        If it is damaged.
    """
    return newest_tagger(ws) if key is None else read_tagger_card(folder_of(ws, key))


def train_in_workspace(
    ws: Workspace,
    trainee: Trainee,
    options: TaggerOptions,
    *,
    table: Path | None = None,
    kinds: tuple[str, ...] = ("song",),
    licence: str = "unknown",
    device: str = "cpu",
    reproduce: tuple[str, ...] = (),
    progress: Progress | None = None,
) -> tuple[TaggerCard, TagScores]:
    """Train a tagger on the tags that people gave, score it on held-out artists and store it.

    Parameters
    ----------
    ws
        The workspace.
    trainee
        See `find_trainee`.
    options
        How; with the key of a teacher, its student.
    table
        The cleaned tags, see `workbench.tagging.cleaning`; by default those of the teacher, or of
        the training that goes on, else what `propose_cleaning` proposes.
    kinds
        Which items to learn from.
    licence
        Of what comes out.
    device
        ``cpu`` or ``cuda``.
    reproduce
        The commands that make it, for the card.
    progress
        Told about every step.

    Raises
    ------
    NotReadyError
        If there is too little to learn from.
    WorkbenchError
        If the tags are not those of the teacher or of the training that goes on.
    """
    teacher = load_teacher(ws, options.teacher) if options.teacher else None
    begun = trainee.resume and (trainee.folder / _LEARNED).is_file()
    origin = trainee.folder if begun else teacher and taggers_folder(ws) / teacher[1].key
    earlier = _stored(origin) if origin else None
    if table is not None:
        cleaning = read_cleaning(table)
    elif earlier is not None:
        cleaning = earlier.cleaning
    else:
        cleaning = Cleaning.of(propose_cleaning(human_tags(ws), ws.catalogue.items()))
    chosen = table is not None or earlier is not None
    data = _data(ws, cleaning, options, kinds, earlier, strict=chosen, progress=progress)
    if begun and earlier is not None:
        _check_same(trainee, earlier.cleaning, data)
    else:
        if earlier is not None:
            _check_held_out(earlier, data)
        check_trainable(data, teacher[1] if teacher else None)  # what is refused takes no version
        _make_folder(trainee)
        _store(trainee.folder, cleaning, data)
    trained = train_tagger(
        data,
        options,
        folder=trainee.folder,
        teacher=teacher,
        resume=trainee.resume and has_checkpoint(trainee.folder),
        device=device,
        progress=progress,
    )
    return release_tagger(
        data,
        trained,
        options,
        folder=trainee.folder,
        name=trainee.name,
        version=trainee.version,
        licence=licence,
        device=device,
        reproduce=reproduce,
        progress=progress,
    )


class _Learned(NamedTuple):
    """What a tagger learned from: how tags are spelled, and who was held out."""

    cleaning: Cleaning
    split: dict[int, str]


def _data(
    ws: Workspace,
    cleaning: Cleaning,
    options: TaggerOptions,
    kinds: tuple[str, ...],
    earlier: _Learned | None,
    *,
    strict: bool,
    progress: Progress | None,
) -> TaggerData:
    """Return the data; tags that nobody asked for by name and that are too rare are left out."""
    said = human_tags(ws)
    reviewed = said["source"] == SOURCE
    data = tagger_data(
        ws,
        cleaning.vocabulary,
        tags=cleaning.apply(said[~reviewed]),
        accepted=cleaning.apply(said[reviewed]),
        clip_s=options.clip_s,
        seed=options.seed,
        kinds=kinds,
        rejected=cleaning.apply(rejected(ws)),
        kept=earlier.split if earlier else None,
        fewest=_FEWEST if strict else 0,
        progress=progress,
    )
    return data if strict else data.without_rare(_FEWEST)


def _make_folder(trainee: Trainee) -> None:
    """Make the folder of a tagger; two that are begun at once must not share it."""
    try:
        trainee.folder.mkdir(parents=True, exist_ok=trainee.resume)
    except FileExistsError as error:
        raise WorkbenchError(
            f"Another training of {trainee.key} was begun meanwhile; run the command again for a "
            "version of its own."
        ) from error


def _store(folder: Path, cleaning: Cleaning, data: TaggerData) -> None:
    names = set(data.labels.tags)
    rows = [[*a, *b] for a, b in cleaning.becomes.items() if b in names]
    text = json.dumps({"tags": rows, "split": data.split}, ensure_ascii=False)
    write_text(folder / _LEARNED, text)


def _stored(folder: Path) -> _Learned:
    try:
        stored = from_json((folder / _LEARNED).read_text(encoding="utf-8"))
        rows = [[str(word) for word in row] for row in stored["tags"]]
        becomes = {TagName(a, b): TagName(c, d) for a, b, c, d in rows}
        split = {int(item_id): str(side) for item_id, side in stored["split"].items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise StorageError(
            f"{folder / _LEARNED}: what the tagger learned from cannot be read ({error}); "
            "restore the folder, or train a new tagger."
        ) from error
    return _Learned(Cleaning(becomes), split)


def _check_held_out(teacher: _Learned, data: TaggerData) -> None:
    """Refuse to measure a student by what its teacher learned from."""
    now = data.split
    moved = [
        item_id
        for item_id, side in teacher.split.items()
        if side == "train" and now.get(item_id) in ("validation", "test")
    ]
    if moved:
        raise WorkbenchError(
            f"The tags of `split` hold out items that the teacher learned from, such as item "
            f"{moved[0]}; train a new teacher first."
        )


def _check_same(trainee: Trainee, stored: Cleaning, data: TaggerData) -> None:
    before, now = set(stored.vocabulary), set(data.labels.tags)
    if before != now:
        name = sorted(before ^ now)[0]
        raise WorkbenchError(
            f"The training of {trainee.key} was begun with {len(before)} tags and would go on "
            f"with {len(now)}, of which {name.value!r} of {name.dimension} differs; leave out "
            "--tags, or start again without --resume."
        )
