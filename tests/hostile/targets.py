"""Everything that reads a file from somewhere else, each with valid files to begin from.

Hypothesis (`test_readers.py`) and Atheris (`atheris_readers.py`) share this list.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Target:
    """A kind of file, and what reads it.

    `samples` returns valid files; `read` takes the bytes of one file. `is_json`: its values are
    exchanged as well as its bytes.
    """

    name: str
    samples: Callable[[], list[bytes]]
    read: Callable[[bytes], object]
    is_json: bool = False


class Targets:
    """The list, over a folder in which files are put.

    Parameters
    ----------
    folder
        An empty folder of one's own.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def all(self) -> list[Target]:
        """Return all targets."""
        return [*self.scores(), *self.tables(), *self.models(), *self.stores(), *self.settings()]

    # -- scores -------------------------------------------------------------------------------

    def scores(self) -> list[Target]:
        """Return the readers of notation, events, piano-rolls and sound fonts."""
        from tiny_fonts import tiny_font

        from workbench.symbolic.reading import read_score
        from workbench.symbolic.soundfont import without_root_overrides

        def of(suffix: str, samples: Callable[[], list[bytes]], is_json: bool = False) -> Target:
            return Target(suffix, samples, self._file(f"score.{suffix}", read_score), is_json)

        return [
            of("mid", self._midi),
            of("abc", lambda: [ABC]),
            of("musicxml", lambda: [MUSICXML]),
            of("mxl", lambda: [_zipped({"score.xml": MUSICXML}), _zipped(CONTAINER)]),
            of("csv", lambda: [EVENTS]),
            of("json", lambda: [json.dumps(NOTES).encode()], is_json=True),
            of("npz", _rolls),
            Target("sf2", lambda: [tiny_font([72, None, 48])], without_root_overrides),
        ]

    def _midi(self) -> list[bytes]:
        from tiny_scores import Voice, tune, write_midi

        file = self.folder / "sample.mid"
        voices = [Voice(0, tune(quarters=8)), Voice(24, tune(48, quarters=8))]
        return [write_midi(file, voices, sharps=[(0, 1)]).read_bytes()]

    # -- tables -------------------------------------------------------------------------------

    def tables(self) -> list[Target]:
        """Return the readers of manifests, judgements, triplets and lists."""
        from workbench.catalogue.manifest import read_manifest
        from workbench.corpus.manifest import read_manifest as read_scores
        from workbench.evaluation.triplet_files import read_triplets
        from workbench.exchange.arrays import load_arrays
        from workbench.exchange.import_ import import_judgements
        from workbench.listening.task_files import items_of_file
        from workbench.row_files import read_rows

        ws = self.workspace
        judgements = [
            Target(
                f"judgements.{suffix}",
                lambda suffix=suffix: [self._judgements(suffix)],  # type: ignore[misc]
                self._file(f"rows.{suffix}", lambda file: import_judgements(ws, file)),
            )
            for suffix in ("csv", "jsonl", "parquet")
        ]
        return [
            Target("manifest", lambda: [MANIFEST], self._file("list.csv", read_manifest)),
            Target("scores", lambda: [SCORES], self._file("scores.csv", read_scores)),
            *judgements,
            Target(
                "rows.json",
                lambda: [json.dumps(TRIPLETS).encode()],
                self._file("rows.json", read_rows),
                is_json=True,
            ),
            Target(
                "triplets.json",
                lambda: [json.dumps(TRIPLETS).encode()],
                self._file("triplets.json", lambda file: read_triplets(ws, file)),
                is_json=True,
            ),
            Target(
                "triplets.csv",
                lambda: [TRIPLET_ROWS, DIM_SIM, MAGNATAGATUNE],
                self._file("triplets.csv", lambda file: read_triplets(ws, file)),
            ),
            Target(
                "votes",
                lambda: [DIM_SIM],
                self._file("votes.csv", lambda file: import_judgements(ws, file)),
            ),
            Target(
                "items",
                lambda: [b"1\nSong 2\n3\n"],
                self._file("items.txt", lambda file: items_of_file(ws, file)),
            ),
            Target("arrays.npz", _triplet_arrays, self._file("arrays.npz", load_arrays)),
            Target(
                "arrays.npy",
                lambda: [_npy(np.array([[1, 2, 3]]))],
                self._file("arrays.npy", load_arrays),
            ),
        ]

    @cached_property
    def workspace(self):  # type: ignore[no-untyped-def]
        """Twelve songs without sound, a model, and two answers."""
        from synthetic import add_songs

        from workbench import Workspace
        from workbench.judgements.log import Answer
        from workbench.training.initial import fit_initial

        ws = Workspace.create(self.folder / "workspace")
        songs = [int(song) for song in add_songs(ws, 12)]
        fit_initial(ws)
        sitting = ws.judgements.open_session("Ada")
        for a, b in ((songs[1], songs[2]), (songs[3], songs[4])):
            asked = {"anchor_id": songs[0], "a_id": a, "b_id": b, "choice": "a"}
            clips = {"a": {"place": 1, "start_s": 0.5, "heard_ms": 2000}}
            ws.judgements.append(
                Answer(session_id=sitting, rater="Ada", dimension="tempo", clips=clips, **asked)
            )
        return ws

    def _judgements(self, suffix: str) -> bytes:
        from workbench.exchange.export import export_judgements, selected

        file = self.folder / f"sample.{suffix}"
        export_judgements(self.workspace, file, selected(self.workspace))
        return file.read_bytes()

    # -- models -------------------------------------------------------------------------------

    def models(self) -> list[Target]:
        """Return the readers of cards and weights."""
        from workbench.backbones.relation_store import load_relations
        from workbench.backbones.store import load_network
        from workbench.backbones.tagger_store import load_tagger_network
        from workbench.encoders.huggingface.folder import ModelFolder
        from workbench.encoders.licences import licence_of_card
        from workbench.encoders.musicnn.checkpoint import read_tensors

        version = self.workspace.models.folder / "v0001"
        loaders = {
            "network": (self._network, load_network),
            "tagger": (self._tagger, load_tagger_network),
            "relations": (self._relations, load_relations),
        }
        found = [
            target
            for name, (make, load) in loaders.items()
            for target in self._card_and_weights(name, make, load)
        ]
        index, data = _checkpoint()
        return [
            *found,
            *self._card_and_weights(
                "model",
                lambda folder: shutil.copytree(version, folder),
                lambda _: self.workspace.models.load("v0001"),
                place=version,
                weights="model.safetensors",
            ),
            Target(
                "checkpoint.index",
                lambda: [index],
                lambda changed: read_tensors(changed, data),
            ),
            Target(
                "hub.config",
                lambda: [json.dumps({"model_type": "clap", "auto_map": {}}).encode()],
                self._file("config.json", lambda file: _described(ModelFolder(file.parent, "x"))),
                is_json=True,
            ),
            Target(
                "hub.readme",
                lambda: [b"---\nlicense: mit\ntags: [music]\n---\nWords.\n"],
                lambda data: licence_of_card(data.decode("utf-8", "replace")),
            ),
        ]

    def _card_and_weights(
        self,
        name: str,
        make: Callable[[Path], object],
        load: Callable[[Path], object],
        *,
        place: Path | None = None,
        weights: str = "network.safetensors",
    ) -> list[Target]:
        """Return a target for the card, and one for weights whose hash the card names."""
        good = self.folder / f"good {name}"
        if not good.exists():
            make(good)
        folder = place or self.folder / f"changed {name}"

        def read_card(data: bytes) -> object:
            shutil.copytree(good, folder, dirs_exist_ok=True)
            (folder / "card.json").write_bytes(data)
            return load(folder)

        def read_weights(data: bytes) -> object:
            shutil.copytree(good, folder, dirs_exist_ok=True)
            card = json.loads((good / "card.json").read_text())
            card["sha256"] = hashlib.sha256(data).hexdigest()
            (folder / "card.json").write_text(json.dumps(card))
            (folder / weights).write_bytes(data)
            return load(folder)

        def card() -> list[bytes]:
            return [(good / "card.json").read_bytes()]

        return [
            Target(f"{name}.card", card, read_card, is_json=True),
            Target(f"{name}.weights", lambda: [(good / weights).read_bytes()], read_weights),
        ]

    def _network(self, folder: Path) -> None:
        from workbench.backbones.card import NetworkCard, NetworkShape
        from workbench.backbones.store import save_network

        shape = NetworkShape(network="siamese", size=12, norm="l2", width=0.125)
        save_network(folder, shape.build(), NetworkCard("x", "1", shape, ("genre", "key"), "CC0"))

    def _tagger(self, folder: Path) -> None:
        from workbench.backbones.tagger_card import TaggerCard, TaggerShape, TagName
        from workbench.backbones.tagger_store import build_tagger, save_tagger

        shape = TaggerShape(channels=2, width=8, layers=1, heads=2, seconds=1.0)
        card = TaggerCard("x", "1", shape, (TagName("mood", "calm"),), (0.5,), "CC0")
        save_tagger(folder, build_tagger(shape, 1), card)

    def _relations(self, folder: Path) -> None:
        from workbench.backbones.relation_store import RelationCard, RelationShape, save_relations
        from workbench.backbones.relations import RelationNetworks

        shape = RelationShape(("rhythm", "sound"), size=2, vector=4, seconds=2.0)
        save_relations(folder, RelationNetworks(shape), RelationCard("1", shape, "CC0"))

    # -- what a workspace stores --------------------------------------------------------------

    def stores(self) -> list[Target]:
        """Return the readers of vectors, maps, tags of machines and histories."""
        from workbench.maps.store import Layout
        from workbench.vectors.batches import merge_parts, parts_of
        from workbench.vectors.store import VectorStore

        ws = self.workspace
        store = VectorStore(self.folder / "vectors")
        store.write(np.arange(3), np.ones((3, 4), np.float32))
        held = self.folder / "vectors" / store.generation
        ids = np.arange(3)
        ws.maps.save("v0001", {"tempo": Layout(ids, np.zeros((3, 2), np.float32))})
        drawn = ws.maps._file("v0001")

        def vectors(name: str) -> Target:
            good = (held / name).read_bytes()

            def read(data: bytes) -> object:
                (held / name).write_bytes(data)
                try:
                    return VectorStore(self.folder / "vectors").rows([0, 1])
                finally:
                    (held / name).write_bytes(good)

            return Target(f"vectors.{name}", lambda: [good], read)

        def read_map(_file: Path) -> object:
            facts = ws.maps.facts("v0001")
            return facts, {n: x.places(ids[:2]) for n, x in ws.maps.load("v0001").items()}

        def read_part(data: bytes) -> object:
            other = VectorStore(self.folder / "merged")
            parts_of(other).mkdir(parents=True, exist_ok=True)
            (parts_of(other) / "part.npz").write_bytes(data)
            shutil.rmtree(self.folder / "merged" / "current", ignore_errors=True)
            return merge_parts(other)

        history = json.dumps({"action": "promote", "version": "v0001", "at": 1.5}).encode()
        good_map = drawn.read_bytes()
        return [
            vectors("ids.npy"),
            vectors("vectors.npy"),
            Target("maps", lambda: [good_map], self._file(drawn, read_map)),
            Target("parts", lambda: [_npz(ids=ids, vectors=np.ones((3, 4)))], read_part),
            Target(
                "history",
                lambda: [history + b"\n" + history + b"\n"],
                self._file(ws.models.folder / "history.jsonl", lambda _: ws.models.current()),
            ),
            self._machine_tags(),
        ]

    def _machine_tags(self) -> Target:
        from workbench.tagging.machine_tags import MachineTags, tags_folder
        from workbench.vectors.store import VectorStore

        folder = tags_folder(self.workspace) / "x-1"
        VectorStore(folder).write(np.arange(3), np.ones((3, 1), np.float32))
        card = {"key": "x-1", "licence": "CC0", "threshold": 0.5, "tags": [["mood", "calm"]],
                "at": "2026-01-01T00:00:00+00:00"}  # fmt: skip
        return Target(
            "tags.card",
            lambda: [json.dumps(card).encode()],
            self._file(folder / "card.json", lambda _: MachineTags(self.workspace, "x-1").card),
            is_json=True,
        )

    # -- settings -----------------------------------------------------------------------------

    def settings(self) -> list[Target]:
        """Return the readers of what people and pages configure."""
        from workbench.jobs import Job
        from workbench.publishing.folder import FORMAT, MANIFEST, check_free
        from workbench.server.pages import list_pages
        from workbench.workspace import Workspace

        root = Workspace.create(self.folder / "configured").root
        pages = self.folder / "pages"
        pages.mkdir(exist_ok=True)
        notebook = {"metadata": {"title": "A", "workbench": {"order": 1, "needs": "viewer"}},
                    "cells": [], "nbformat": 4, "nbformat_minor": 5}  # fmt: skip
        job = self.folder / "job"
        job.mkdir(exist_ok=True)
        (job / "pid").write_text("999999999")
        events = b'{"event": "stage", "name": "x", "total": 3}\n{"event": "done"}\n'

        def follow(_file: Path) -> object:
            found = Job(job)
            return found.state, found.error, found.events(), found.asked_to_stop

        return [
            Target("workbench.toml", lambda: [TOML], self._file(root / "workbench.toml", _opened)),
            Target(
                "notebook",
                lambda: [json.dumps(notebook).encode()],
                self._file(pages / "page.ipynb", lambda _: list_pages(pages)),
                is_json=True,
            ),
            Target("job.events", lambda: [events], self._file(job / "events.jsonl", follow)),
            Target(
                "export",
                lambda: [json.dumps({"format": FORMAT}).encode()],
                self._file(pages / MANIFEST, lambda _: check_free(pages, again=True)),
                is_json=True,
            ),
        ]

    def _file(self, name: str | Path, read: Callable[[Path], object]) -> Callable[[bytes], object]:
        file = self.folder / name

        def put(data: bytes) -> object:
            file.write_bytes(data)
            return read(file)

        return put


def _described(folder) -> object:  # type: ignore[no-untyped-def]
    folder.check_code(trust_remote_code=False)
    return folder.kind, folder.licence


def _opened(file: Path) -> object:
    from workbench.encoders.declared import declared_encoders
    from workbench.subspaces.dimensions import dimensions_of
    from workbench.workspace import Workspace

    ws = Workspace(file.parent)
    return dimensions_of(ws), declared_encoders(ws), ws.catalogue


# -- valid files ------------------------------------------------------------------------------


def _zipped(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


def _npz(**arrays: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **arrays)  # type: ignore[arg-type]
    return stream.getvalue()


def _npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def _rolls() -> list[bytes]:
    roll = np.zeros((2, 24, 128), np.uint8)
    roll[0, 3:9, 60], roll[1, 12:, 67] = 80, 90
    extra = {"programs": np.array([0, 24]), "names": np.array(["a", "b"])}
    metres = np.array([[0.0, 3.0, 4.0]])
    return [
        _npz(roll=roll, resolution=np.array(4), metres=metres, **extra),
        _npz(roll=roll[0] > 0, fs=np.array(10.0), tempo=np.array(90.0)),
    ]


def _triplet_arrays() -> list[bytes]:
    ids, rows = np.array([5, 6, 7]), np.array([[0, 1, 2], [2, 1, 0]])
    names = np.array(["tempo", ""])
    return [
        _npz(triplets=rows, ids=ids, dimensions=names),
        _npz(queries=rows, responses=np.array([1, -1]), ids=ids),
    ]


def _checkpoint() -> tuple[bytes, bytes]:
    """Return the index and the data of a TensorFlow checkpoint of one tensor."""
    shape = b"\x12\x04\x12\x02\x08\x03"  # shape { dim { size: 3 } }
    entry = b"\x08\x01" + shape + b"\x20\x00\x28\x0c"  # float32, at 0, twelve bytes
    body = b"\x00\x01" + bytes([len(entry)]) + b"w" + entry
    block = body + struct.pack("<II", 0, 1)
    index = b"\x00\x01\x02w\x00" + bytes([len(block)])
    tail = index + struct.pack("<II", 0, 1)
    start = len(block) + 5
    footer = (b"\0\0" + bytes([start, len(tail)])).ljust(40, b"\0")
    table = block + b"\0" * 5 + tail + b"\0" * 5 + footer
    return table + struct.pack("<Q", 0xDB4775248B80FB57), np.ones(3, "<f4").tobytes()


ABC = b"""X:1
T:A tune
M:3/4
L:1/8
Q:1/4=90
K:Dm
A2|"Dm"d2 (3efg a2|[fa]2 ^c4|{e}d6-|d4:|
"""
MUSICXML = b"""<?xml version="1.0" encoding="UTF-8"?>
<score-partwise version="3.1"><work><work-title>A</work-title></work>
<identification><creator type="composer">B</creator></identification>
<part-list><score-part id="P1"><part-name>Lute</part-name><midi-instrument id="I1">
<midi-program>25</midi-program></midi-instrument></score-part></part-list>
<part id="P1"><measure number="1"><attributes><divisions>2</divisions><key><fifths>1</fifths>
<mode>major</mode></key><time><beats>3</beats><beat-type>4</beat-type></time></attributes>
<sound tempo="90"/><note><pitch><step>C</step><alter>1</alter><octave>4</octave></pitch>
<duration>2</duration><tie type="start"/></note><note><chord/><pitch><step>E</step>
<octave>4</octave></pitch><duration>2</duration></note><backup><duration>2</duration></backup>
<note><rest/><duration>4</duration></note></measure></part></score-partwise>
"""
CONTAINER = {
    "META-INF/container.xml": b'<container><rootfiles><rootfile full-path="a/score.xml"/>'
    b"</rootfiles></container>",
    "a/score.xml": MUSICXML,
}
EVENTS = (
    b"onset,duration,pitch,velocity,track,program,drums\n0,1,60,80,Lute,24,0\n1,2,67,,Lute,24,\n"
)
NOTES = {
    "notes": [{"onset": 0, "duration": 1, "pitch": 60, "track": "a"},
              {"onset": 1, "duration": 0.5, "pitch": 64, "velocity": 90, "program": 5}],
    "tempi": [[0, 120]], "metres": [[0, 3, 4]], "keys": [[0, 2]], "pickup": 1.0,
}  # fmt: skip
MANIFEST = (
    b"path,title,artist,genre,tempo,key,era\n"
    b'a.wav,One,Ada,folk;jazz,120,C major,1900s\nb/c.wav,"Two, too",,,90,F# minor,\n'
)
SCORES = (
    b"path,corpus,title,artist,style,date,key,tempo_bpm,licence\n"
    b"a.mid,x,One,Franz Schubert,lied,composer 1797-1828,C major,120,CC0\n"
    b"b.mxl,y,Two,,funk/a,18th Century,,,public domain\n"
)
TRIPLETS = [
    {"anchor": 1, "a": 2, "b": "Song 3", "dimension": "tempo", "answer": "b"},
    {"anchor": "Song 9", "a": 5, "b": 6, "votes": "5:2"},
    {"anchor": 7, "a": 8, "b": 9, "votes": [3, 1]},
]
TRIPLET_ROWS = b"anchor,a,b,dimension,votes,answer\n1,2,Song 3,tempo,,b\nSong 9,5,6,,5:2,\n"
DIM_SIM = (
    b"triplet_id,anchor_id,anchor_start_samples,song1_id,song1_start_samples,song2_id,"
    b"song2_start_samples,song1_vote,song2_vote,dimension\n"
    b"0001,Song 1,0,Song 2,0,Song 3,5,2,1,tempo\n0002,Song 4,0,Song 5,0,Song 6,0,0,3,\n"
)
MAGNATAGATUNE = (
    b"clip1_id\tclip2_id\tclip3_id\tclip1_numvotes\tclip2_numvotes\tclip3_numvotes\t"
    b"clip1_mp3_path\tclip2_mp3_path\tclip3_mp3_path\n1\t2\t3\t0\t2\t1\ta/x.mp3\tb.mp3\tc.mp3\n"
)
TOML = b"""format = 1
id = "0123456789ab"
database = ""
[dimensions.mood_arc]
notion = "shared_tag"
question = "Where does it go?"
[dimensions.pace]
notion = "tempo"
[encoders.loud]
kind = "python"
file = "loud.py"
object = "Loud"
[encoders.clap]
kind = "huggingface"
model = "a/b"
layers = [1, 2]
window = 5.0
[encoders.ours]
kind = "network"
folder = "../trained"
weights = "0123"
[rendering]
engine = "symusic"
"""
