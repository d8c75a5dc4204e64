"""What was wrong with a phone before a roll-out, and whether its web UI may restart it."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both columns; of older roll-outs nothing is known."""
    op.add_column(
        "rollouts", sa.Column("web_ui", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("proofs", sa.Column("trouble", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    """Drop them."""
    op.drop_column("proofs", "trouble")
    op.drop_column("rollouts", "web_ui")
