"""Indexes from which phones and lines are counted by state, without a look at their rows."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Let the index of lines hold every column that counting needs; add one of reaches."""
    _index_of_lines("state", "backup", "until")
    op.create_index("ix_phone_states_reach", "phone_states", ["reach"])


def downgrade() -> None:
    """Put back the index of before."""
    op.drop_index("ix_phone_states_reach", "phone_states")
    _index_of_lines("state", "backup")


def _index_of_lines(*columns: str) -> None:
    is_open = sa.text("until IS NULL")
    op.drop_index("ix_line_periods_states", "line_periods")
    op.create_index(
        "ix_line_periods_states",
        "line_periods",
        list(columns),
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
