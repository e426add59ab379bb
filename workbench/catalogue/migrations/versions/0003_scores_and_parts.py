"""Tracks of scores, bars, submixes; songs that are built, what was used for them, ratings."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("media", sa.Column("bars", sa.LargeBinary(), nullable=True))
    op.add_column("items", sa.Column("track_number", sa.Integer(), nullable=True))
    op.create_table(
        "submix_parts",
        sa.Column("submix_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("gain_db", sa.Double(), nullable=False),
        sa.Column("offset_s", sa.Double(), nullable=False),
        *_items("submix_parts", "submix_id", "item_id"),
        sa.PrimaryKeyConstraint("submix_id", "item_id", name=op.f("pk_submix_parts")),
    )
    op.create_index(op.f("ix_submix_parts_item_id"), "submix_parts", ["item_id"], unique=False)
    op.create_table(
        "assemblies",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assemblies")),
    )
    op.create_table(
        "uses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("assembly_id", sa.String(length=36), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("gain_db", sa.Double(), nullable=False),
        sa.Column("offset_s", sa.Double(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *_items("uses", "item_id"),
        _assembly("uses"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uses")),
    )
    op.create_index(op.f("ix_uses_assembly_id"), "uses", ["assembly_id"], unique=False)
    op.create_index(op.f("ix_uses_item_id"), "uses", ["item_id"], unique=False)
    op.create_table(
        "ratings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("assembly_id", sa.String(length=36), nullable=True),
        sa.Column("rater", sa.String(), nullable=False),
        sa.Column("stars", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("stars BETWEEN 1 AND 5", name=op.f("ck_ratings_stars")),
        *_items("ratings", "item_id"),
        _assembly("ratings"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ratings")),
    )
    op.create_index(op.f("ix_ratings_item_id"), "ratings", ["item_id"], unique=False)


def _items(table: str, *columns: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([name], ["items.id"], name=op.f(f"fk_{table}_{name}"))
        for name in columns
    ]


def _assembly(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["assembly_id"], ["assemblies.id"], name=op.f(f"fk_{table}_assembly_id")
    )
