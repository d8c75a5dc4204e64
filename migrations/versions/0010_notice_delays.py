"""Why a notice waited, as the rounds of alerting saw it."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; the reasons of earlier notices are not known."""
    op.add_column(
        "notices",
        sa.Column("delayed_by", sa.Text(), server_default="", nullable=False),
    )


def downgrade() -> None:
    """Remove it."""
    op.drop_column("notices", "delayed_by")
