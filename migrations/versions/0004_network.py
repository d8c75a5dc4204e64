"""Which parameters a revision holds as secrets, strangers' incidents, fitted modules."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what was not known before; nothing is known of what is there already."""
    for table, column in (
        ("revisions", "secret_names"),
        ("incidents", "subject"),
        ("fetches", "modules"),
        ("last_fetches", "modules"),
    ):
        op.add_column(table, sa.Column(column, sa.Text(), server_default="", nullable=False))
    standing = sa.text("resolved IS NULL AND subject != ''")
    op.create_index(
        "uq_incidents_subject",
        "incidents",
        ["rule", "subject", "site"],
        unique=True,
        sqlite_where=standing,
        postgresql_where=standing,
    )
