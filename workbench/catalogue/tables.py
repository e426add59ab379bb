"""SQLAlchemy tables of the catalogue and the judgement log.

Identifiers: items and media are numbered; sessions and judgements carry UUIDs made where the
answer is given, so that sending an answer twice stores it once.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from workbench.catalogue.stored_text import StoredText

ITEM_KINDS = ("track", "submix", "song", "segment", "bar")
DOMAINS = ("audio", "symbolic")
CHOICES = ("a", "b", "cannot_tell", "skip", "undo")
PURPOSES = ("new", "repeat", "gold")
VERDICTS = ("accepted", "rejected", "undo")


def now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


class Table(DeclarativeBase):
    """Base of all tables; constraint names are fixed so that migrations can refer to them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSON,
        str: StoredText,
    }


class Media(Table):
    """A file of sound or notation, known by its content."""

    __tablename__ = "media"

    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    path: Mapped[str]  # below the workspace: relative; elsewhere: absolute
    playable_path: Mapped[str | None]  # a copy browsers can play, where the original is not
    format: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"))
    sample_rate: Mapped[int | None]
    channels: Mapped[int | None]
    duration_s: Mapped[float | None]
    peaks: Mapped[bytes | None] = mapped_column(LargeBinary)  # uint8 waveform outline
    loudness_lufs: Mapped[float | None]  # of the whole, BS.1770; None for silence and scores
    levels: Mapped[bytes | None] = mapped_column(LargeBinary)  # `audio.levels.Levels`
    bars: Mapped[bytes | None] = mapped_column(LargeBinary)  # `catalogue.bars.Bars`


class Item(Table):
    """A music item: a song, one of its tracks, a submix, a segment or a bar.

    A track of a score has the song's file and its place among the file's tracks; a segment or a bar
    has the file it is cut from.
    """

    __tablename__ = "items"
    __table_args__ = (
        CheckConstraint(f"kind IN {ITEM_KINDS}", name="kind"),
        CheckConstraint(f"domain IN {DOMAINS}", name="domain"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), index=True)
    domain: Mapped[str] = mapped_column(String(16))
    title: Mapped[str]
    artist: Mapped[str] = mapped_column(default="")
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("items.id"), index=True)
    media_id: Mapped[int | None] = mapped_column(ForeignKey("media.id"), index=True)
    track_number: Mapped[int | None]  # of a score's tracks, from 0
    start_s: Mapped[float] = mapped_column(default=0.0)
    duration_s: Mapped[float | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class SubmixPart(Table):
    """One of the items that are heard together in a submix."""

    __tablename__ = "submix_parts"

    submix_id: Mapped[int] = mapped_column(ForeignKey("items.id"), primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"), primary_key=True, index=True)
    gain_db: Mapped[float] = mapped_column(default=0.0)
    offset_s: Mapped[float] = mapped_column(default=0.0)  # when it begins in the submix


class Assembly(Table):
    """A song that is being built: its basket as it was last saved."""

    __tablename__ = "assemblies"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    title: Mapped[str]
    author: Mapped[str] = mapped_column(default="")
    parts: Mapped[dict[str, Any]]  # `search.assembly.Basket`
    created_at: Mapped[datetime] = mapped_column(default=now)
    saved_at: Mapped[datetime] = mapped_column(default=now)


class Use(Table):
    """An item that was fetched for a song that was built, one row each time it is exported."""

    __tablename__ = "uses"

    id: Mapped[int] = mapped_column(primary_key=True)
    assembly_id: Mapped[str] = mapped_column(ForeignKey("assemblies.id"), index=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"), index=True)
    gain_db: Mapped[float] = mapped_column(default=0.0)
    offset_s: Mapped[float] = mapped_column(default=0.0)
    author: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime] = mapped_column(default=now)


class Rating(Table):
    """How well somebody likes an item, for a song that is built or in general.

    The newest row of a rater, an item and a song counts.
    """

    __tablename__ = "ratings"
    __table_args__ = (CheckConstraint("stars BETWEEN 1 AND 5", name="stars"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"), index=True)
    assembly_id: Mapped[str | None] = mapped_column(ForeignKey("assemblies.id"))
    rater: Mapped[str] = mapped_column(default="")
    stars: Mapped[int]
    at: Mapped[datetime] = mapped_column(default=now)


class Tag(Table):
    """One value of one dimension (or of any other field) of an item, and who says so."""

    __tablename__ = "tags"
    __table_args__ = (UniqueConstraint("item_id", "dimension", "value", "source"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"), index=True)
    dimension: Mapped[str] = mapped_column(index=True)
    value: Mapped[str]
    number: Mapped[float | None]  # tempo in bpm, and other quantities
    source: Mapped[str]
    weak: Mapped[bool] = mapped_column(default=False)  # derived, not known
    confidence: Mapped[float] = mapped_column(default=1.0)
    created_at: Mapped[datetime] = mapped_column(default=now)


class TagVerdict(Table):
    """What a reviewer says of one tag of an item. Rows are only ever added, as judgements are.

    A row that takes another back has the verdict ``undo`` and supersedes it. `tagger` and `score`
    say what a machine had suggested; they are empty where a person thought of the tag.
    """

    __tablename__ = "tag_verdicts"
    __table_args__ = (CheckConstraint(f"verdict IN {VERDICTS}", name="verdict"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    supersedes: Mapped[str | None] = mapped_column(ForeignKey("tag_verdicts.id"), unique=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"), index=True)
    dimension: Mapped[str]
    value: Mapped[str]
    verdict: Mapped[str] = mapped_column(String(16))
    reviewer: Mapped[str] = mapped_column(index=True)
    tagger: Mapped[str | None]
    score: Mapped[float | None]
    at: Mapped[datetime] = mapped_column(default=now, index=True)


class ImportFailure(Table):
    """A file that could not be imported, and why."""

    __tablename__ = "import_failures"

    id: Mapped[int] = mapped_column(primary_key=True)
    path: Mapped[str] = mapped_column(unique=True)
    reason: Mapped[str]
    at: Mapped[datetime] = mapped_column(default=now)


class Session(Table):
    """One sitting of one rater."""

    __tablename__ = "sessions"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    rater: Mapped[str] = mapped_column(index=True)
    device: Mapped[str] = mapped_column(default="")  # headphones, speakers, or not said
    task: Mapped[str] = mapped_column(
        default="", server_default=text("''"), index=True
    )  # the rating task, if it has a name
    started_at: Mapped[datetime] = mapped_column(default=now)


class Judgement(Table):
    """One answer to one triplet. Rows are only ever added: an undo is a row that supersedes.

    An answer to "which is the odd one out" is two rows with one `answer_id`. `clips` holds, for
    ``anchor``, ``a`` and ``b``, what was presented and heard: `place` (0 is leftmost), `start_s`,
    `length_s`, `gain_db`, `heard_ms` and how much of it was needed (`needed_ms`), `plays` (from a
    start) and `switches` (in place).
    """

    __tablename__ = "judgements"
    __table_args__ = (
        CheckConstraint(f"choice IN {CHOICES}", name="choice"),
        CheckConstraint(f"purpose IN {PURPOSES}", name="purpose"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    supersedes: Mapped[str | None] = mapped_column(ForeignKey("judgements.id"), index=True)
    answer_id: Mapped[str | None] = mapped_column(String(36), index=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id"), index=True)
    rater: Mapped[str] = mapped_column(index=True)
    at: Mapped[datetime] = mapped_column(default=now, index=True)
    dimension: Mapped[str] = mapped_column(index=True)
    anchor_id: Mapped[int] = mapped_column(ForeignKey("items.id"))
    a_id: Mapped[int] = mapped_column(ForeignKey("items.id"))
    b_id: Mapped[int] = mapped_column(ForeignKey("items.id"))
    a_is_left: Mapped[bool]
    choice: Mapped[str] = mapped_column(String(16))
    confidence: Mapped[int | None]  # 1 a guess, 2 fairly sure, 3 certain
    response_ms: Mapped[int | None]
    clips: Mapped[dict[str, Any] | None]
    clip_length_s: Mapped[float | None]  # None: whole items
    purpose: Mapped[str] = mapped_column(String(8), default="new", server_default="new")
    sampler: Mapped[str]
    sampler_score: Mapped[float | None]
    model_version: Mapped[str | None]
    app_version: Mapped[str]


class Claim(Table):
    """An open triplet that one session has been given; the primary key makes claims exclusive.

    `a_id` is the smaller of the two candidates, so that (a, b) and (b, a) are one triplet. Where
    the odd one out is asked for, the anchor is the smallest of the three, and `anchor_place` says
    where it is shown (0 is leftmost); otherwise that is None.
    """

    __tablename__ = "claims"
    __table_args__ = (CheckConstraint(f"purpose IN {PURPOSES}", name="purpose"),)

    dimension: Mapped[str] = mapped_column(primary_key=True)
    anchor_id: Mapped[int] = mapped_column(ForeignKey("items.id"), primary_key=True)
    a_id: Mapped[int] = mapped_column(ForeignKey("items.id"), primary_key=True)
    b_id: Mapped[int] = mapped_column(ForeignKey("items.id"), primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("sessions.id"), index=True)
    rater: Mapped[str] = mapped_column(index=True)
    a_is_left: Mapped[bool]
    anchor_place: Mapped[int | None]
    purpose: Mapped[str] = mapped_column(String(8), default="new", server_default="new")
    sampler: Mapped[str]
    sampler_score: Mapped[float | None]
    model_version: Mapped[str | None]
    expires_at: Mapped[datetime]


class RatingTask(Table):
    """A set-up of sittings with a name: what is asked, how often, and of how many raters."""

    __tablename__ = "rating_tasks"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    settings: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)


class GoldTriplet(Table):
    """A triplet whose answer is known, mixed in to see who listens; `a_id` is below `b_id`."""

    __tablename__ = "gold_triplets"
    __table_args__ = (CheckConstraint("choice IN ('a', 'b')", name="choice"),)

    dimension: Mapped[str] = mapped_column(primary_key=True)
    anchor_id: Mapped[int] = mapped_column(ForeignKey("items.id"), primary_key=True)
    a_id: Mapped[int] = mapped_column(ForeignKey("items.id"), primary_key=True)
    b_id: Mapped[int] = mapped_column(ForeignKey("items.id"), primary_key=True)
    choice: Mapped[str] = mapped_column(String(1))
    source: Mapped[str] = mapped_column(default="")  # who says so
    created_at: Mapped[datetime] = mapped_column(default=now)


class Rubric(Table):
    """What a dimension means, in the team's words; the newest row of a dimension counts."""

    __tablename__ = "rubrics"

    id: Mapped[int] = mapped_column(primary_key=True)
    dimension: Mapped[str] = mapped_column(index=True)
    text: Mapped[str]
    author: Mapped[str] = mapped_column(default="")
    written_at: Mapped[datetime] = mapped_column(default=now)
