"""The append-only log of what reviewers say of tags."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_SQLITE_GUARDS = {
    "update": "UPDATE ON tag_verdicts",
    "delete": "DELETE ON tag_verdicts",
    # REPLACE deletes without asking the guard above.
    "replace": "INSERT ON tag_verdicts WHEN EXISTS (SELECT 1 FROM tag_verdicts WHERE id = NEW.id"
    " OR supersedes = NEW.supersedes)",
}
_SQLITE_GUARD = """
CREATE TRIGGER tag_verdicts_no_{name} BEFORE {event}
BEGIN SELECT RAISE(ABORT, 'tag verdicts are append-only'); END
"""
_POSTGRES_GUARD = """
CREATE FUNCTION tag_verdicts_append_only() RETURNS trigger AS $$
BEGIN RAISE EXCEPTION 'tag verdicts are append-only'; END $$ LANGUAGE plpgsql;
CREATE TRIGGER tag_verdicts_append_only BEFORE UPDATE OR DELETE ON tag_verdicts
FOR EACH ROW EXECUTE FUNCTION tag_verdicts_append_only();
"""


def upgrade() -> None:
    op.create_table(
        "tag_verdicts",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("supersedes", sa.String(length=36), nullable=True),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("dimension", sa.String(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(length=16), nullable=False),
        sa.Column("reviewer", sa.String(), nullable=False),
        sa.Column("tagger", sa.String(), nullable=True),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "verdict IN ('accepted', 'rejected', 'undo')", name=op.f("ck_tag_verdicts_verdict")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_tag_verdicts_item_id")),
        sa.ForeignKeyConstraint(
            ["supersedes"], ["tag_verdicts.id"], name=op.f("fk_tag_verdicts_supersedes")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tag_verdicts")),
        sa.UniqueConstraint("supersedes", name=op.f("uq_tag_verdicts_supersedes")),
    )
    for column in ("at", "item_id", "reviewer"):
        op.create_index(op.f(f"ix_tag_verdicts_{column}"), "tag_verdicts", [column], unique=False)
    if op.get_bind().dialect.name == "sqlite":
        for name, event in _SQLITE_GUARDS.items():
            op.execute(_SQLITE_GUARD.format(name=name, event=event))
    else:
        op.execute(_POSTGRES_GUARD)
