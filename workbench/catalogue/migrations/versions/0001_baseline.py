"""Items, tags, media, sessions, claims and the append-only judgement log."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_SQLITE_GUARDS = {
    "update": "UPDATE ON judgements",
    "delete": "DELETE ON judgements",
    # REPLACE deletes without asking the guard above.
    "replace": "INSERT ON judgements WHEN EXISTS (SELECT 1 FROM judgements WHERE id = NEW.id)",
}
_SQLITE_GUARD = """
CREATE TRIGGER judgements_no_{name} BEFORE {event}
BEGIN SELECT RAISE(ABORT, 'judgements are append-only'); END
"""
_POSTGRES_GUARD = """
CREATE FUNCTION judgements_append_only() RETURNS trigger AS $$
BEGIN RAISE EXCEPTION 'judgements are append-only'; END $$ LANGUAGE plpgsql;
CREATE TRIGGER judgements_append_only BEFORE UPDATE OR DELETE ON judgements
FOR EACH ROW EXECUTE FUNCTION judgements_append_only();
"""


def upgrade() -> None:
    op.create_table(
        "import_failures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_failures")),
        sa.UniqueConstraint("path", name=op.f("uq_import_failures_path")),
    )
    op.create_table(
        "media",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("playable_path", sa.String(), nullable=True),
        sa.Column("format", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("sample_rate", sa.Integer(), nullable=True),
        sa.Column("channels", sa.Integer(), nullable=True),
        sa.Column("duration_s", sa.Double(), nullable=True),
        sa.Column("peaks", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_media")),
        sa.UniqueConstraint("sha256", name=op.f("uq_media_sha256")),
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("rater", sa.String(), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_rater"), "sessions", ["rater"], unique=False)
    op.create_table(
        "items",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("domain", sa.String(length=16), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("artist", sa.String(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("media_id", sa.Integer(), nullable=True),
        sa.Column("start_s", sa.Double(), nullable=False),
        sa.Column("duration_s", sa.Double(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("domain IN ('audio', 'symbolic')", name=op.f("ck_items_domain")),
        sa.CheckConstraint(
            "kind IN ('track', 'submix', 'song', 'segment', 'bar')", name=op.f("ck_items_kind")
        ),
        sa.ForeignKeyConstraint(["media_id"], ["media.id"], name=op.f("fk_items_media_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["items.id"], name=op.f("fk_items_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_items")),
    )
    op.create_index(op.f("ix_items_kind"), "items", ["kind"], unique=False)
    op.create_index(op.f("ix_items_media_id"), "items", ["media_id"], unique=False)
    op.create_index(op.f("ix_items_parent_id"), "items", ["parent_id"], unique=False)
    op.create_table(
        "claims",
        sa.Column("dimension", sa.String(), nullable=False),
        sa.Column("anchor_id", sa.Integer(), nullable=False),
        sa.Column("a_id", sa.Integer(), nullable=False),
        sa.Column("b_id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.String(length=36), nullable=False),
        sa.Column("rater", sa.String(), nullable=False),
        sa.Column("a_is_left", sa.Boolean(), nullable=False),
        sa.Column("sampler", sa.String(), nullable=False),
        sa.Column("sampler_score", sa.Double(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["a_id"], ["items.id"], name=op.f("fk_claims_a_id")),
        sa.ForeignKeyConstraint(["anchor_id"], ["items.id"], name=op.f("fk_claims_anchor_id")),
        sa.ForeignKeyConstraint(["b_id"], ["items.id"], name=op.f("fk_claims_b_id")),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name=op.f("fk_claims_session_id")),
        sa.PrimaryKeyConstraint("dimension", "anchor_id", "a_id", "b_id", name=op.f("pk_claims")),
    )
    op.create_index(op.f("ix_claims_rater"), "claims", ["rater"], unique=False)
    op.create_index(op.f("ix_claims_session_id"), "claims", ["session_id"], unique=False)
    op.create_table(
        "judgements",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("supersedes", sa.String(length=36), nullable=True),
        sa.Column("session_id", sa.String(length=36), nullable=False),
        sa.Column("rater", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dimension", sa.String(), nullable=False),
        sa.Column("anchor_id", sa.Integer(), nullable=False),
        sa.Column("a_id", sa.Integer(), nullable=False),
        sa.Column("b_id", sa.Integer(), nullable=False),
        sa.Column("a_is_left", sa.Boolean(), nullable=False),
        sa.Column("choice", sa.String(length=16), nullable=False),
        sa.Column("response_ms", sa.Integer(), nullable=True),
        sa.Column("heard_ms", sa.JSON(), nullable=True),
        sa.Column("clip_start_s", sa.Double(), nullable=False),
        sa.Column("clip_length_s", sa.Double(), nullable=True),
        sa.Column("sampler", sa.String(), nullable=False),
        sa.Column("sampler_score", sa.Double(), nullable=True),
        sa.Column("model_version", sa.String(), nullable=True),
        sa.Column("app_version", sa.String(), nullable=False),
        sa.CheckConstraint(
            "choice IN ('a', 'b', 'cannot_tell', 'skip', 'undo')", name=op.f("ck_judgements_choice")
        ),
        sa.ForeignKeyConstraint(["a_id"], ["items.id"], name=op.f("fk_judgements_a_id")),
        sa.ForeignKeyConstraint(["anchor_id"], ["items.id"], name=op.f("fk_judgements_anchor_id")),
        sa.ForeignKeyConstraint(["b_id"], ["items.id"], name=op.f("fk_judgements_b_id")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name=op.f("fk_judgements_session_id")
        ),
        sa.ForeignKeyConstraint(
            ["supersedes"], ["judgements.id"], name=op.f("fk_judgements_supersedes")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_judgements")),
    )
    op.create_index(op.f("ix_judgements_at"), "judgements", ["at"], unique=False)
    op.create_index(op.f("ix_judgements_dimension"), "judgements", ["dimension"], unique=False)
    op.create_index(op.f("ix_judgements_rater"), "judgements", ["rater"], unique=False)
    op.create_index(op.f("ix_judgements_session_id"), "judgements", ["session_id"], unique=False)
    op.create_index(op.f("ix_judgements_supersedes"), "judgements", ["supersedes"], unique=False)
    op.create_table(
        "tags",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("dimension", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("number", sa.Double(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("weak", sa.Boolean(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_tags_item_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tags")),
        sa.UniqueConstraint(
            "item_id", "dimension", "value", "source", name=op.f("uq_tags_item_id")
        ),
    )
    op.create_index(op.f("ix_tags_dimension"), "tags", ["dimension"], unique=False)
    op.create_index(op.f("ix_tags_item_id"), "tags", ["item_id"], unique=False)

    if op.get_bind().dialect.name == "sqlite":
        for name, event in _SQLITE_GUARDS.items():
            op.execute(_SQLITE_GUARD.format(name=name, event=event))
    else:
        op.execute(_POSTGRES_GUARD)
