"""What was presented and heard per clip; repeats, gold triplets, tasks, rubrics; loudness."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_PURPOSE = "purpose IN ('new', 'repeat', 'gold')"
_NO_UPDATE = """
CREATE TRIGGER judgements_no_update BEFORE UPDATE ON judgements
BEGIN SELECT RAISE(ABORT, 'judgements are append-only'); END
"""


def upgrade() -> None:
    op.add_column("media", sa.Column("loudness_lufs", sa.Double(), nullable=True))
    op.add_column("media", sa.Column("levels", sa.LargeBinary(), nullable=True))
    op.add_column(
        "sessions", sa.Column("task", sa.String(), nullable=False, server_default=sa.text("''"))
    )
    op.create_index(op.f("ix_sessions_task"), "sessions", ["task"], unique=False)
    _add_triplet_tables()
    _widen(
        "claims", sa.Column("anchor_place", sa.Integer()), sa.Column("model_version", sa.String())
    )
    _widen(
        "judgements",
        sa.Column("answer_id", sa.String(length=36)),
        sa.Column("confidence", sa.Integer()),
        sa.Column("clips", sa.JSON()),
    )
    op.create_index(op.f("ix_judgements_answer_id"), "judgements", ["answer_id"], unique=False)
    _move_into_clips()


def _widen(table: str, *columns: sa.Column) -> None:
    """Add columns and the purpose; no table is rebuilt, so that the guards stay in place."""
    for column in columns:
        op.add_column(table, column)
    op.execute(
        f"ALTER TABLE {table} ADD COLUMN purpose VARCHAR(8) DEFAULT 'new' NOT NULL "
        f"CONSTRAINT ck_{table}_purpose CHECK ({_PURPOSE})"
    )


def _add_triplet_tables() -> None:
    op.create_table(
        "rating_tasks",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_rating_tasks")),
    )
    op.create_table(
        "gold_triplets",
        sa.Column("dimension", sa.String(), nullable=False),
        sa.Column("anchor_id", sa.Integer(), nullable=False),
        sa.Column("a_id", sa.Integer(), nullable=False),
        sa.Column("b_id", sa.Integer(), nullable=False),
        sa.Column("choice", sa.String(length=1), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("choice IN ('a', 'b')", name=op.f("ck_gold_triplets_choice")),
        *(
            sa.ForeignKeyConstraint([name], ["items.id"], name=op.f(f"fk_gold_triplets_{name}"))
            for name in ("a_id", "anchor_id", "b_id")
        ),
        sa.PrimaryKeyConstraint(
            "dimension", "anchor_id", "a_id", "b_id", name=op.f("pk_gold_triplets")
        ),
    )
    op.create_table(
        "rubrics",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dimension", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rubrics")),
    )
    op.create_index(op.f("ix_rubrics_dimension"), "rubrics", ["dimension"], unique=False)


def _move_into_clips() -> None:
    """Move how long clips were heard, and where the anchor's began, into the column `clips`.

    The one change that is ever made to stored judgements: nothing is lost by it, and the guard is
    back before the transaction ends.
    """
    connection = op.get_bind()
    judgements = sa.table(
        "judgements",
        sa.column("id", sa.String()),
        sa.column("heard_ms", sa.JSON()),
        sa.column("clip_start_s", sa.Double()),
        sa.column("clips", sa.JSON()),
    )
    is_sqlite = connection.dialect.name == "sqlite"
    op.execute(
        "DROP TRIGGER judgements_no_update"
        if is_sqlite
        else "ALTER TABLE judgements DISABLE TRIGGER judgements_append_only"
    )
    rows = connection.execute(
        sa.select(judgements.c.id, judgements.c.heard_ms, judgements.c.clip_start_s)
    ).fetchall()
    for row in rows:
        heard = row.heard_ms or {}
        clips: dict[str, dict[str, float]] = {
            role: {"heard_ms": heard[role]} for role in ("anchor", "a", "b") if role in heard
        }
        clips.setdefault("anchor", {})["start_s"] = row.clip_start_s
        connection.execute(
            sa.update(judgements).where(judgements.c.id == row.id).values(clips=clips)
        )
    op.execute("ALTER TABLE judgements DROP COLUMN heard_ms")
    op.execute("ALTER TABLE judgements DROP COLUMN clip_start_s")
    op.execute(
        _NO_UPDATE if is_sqlite else "ALTER TABLE judgements ENABLE TRIGGER judgements_append_only"
    )
