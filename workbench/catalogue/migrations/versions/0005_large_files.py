"""Files of more than two gigabytes: SQLite's integers hold their size, PostgreSQL's did not."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        op.alter_column("media", "size_bytes", type_=sa.BigInteger())
