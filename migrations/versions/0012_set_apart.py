"""Phones that are set apart in a roll-out, restarted by their web UI, or proven by two fetches."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; of older revisions and roll-outs nothing is known."""
    op.add_column(
        "rollouts", sa.Column("web_ui", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("rollouts", sa.Column("not_before", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "rollouts",
        sa.Column("ignores_windows", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.add_column("proofs", sa.Column("trouble", sa.Text(), server_default="", nullable=False))
    op.add_column("proofs", sa.Column("fetches", sa.Integer(), server_default="1", nullable=False))
    op.add_column("revisions", sa.Column("twice", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    """Drop them."""
    op.drop_column("revisions", "twice")
    op.drop_column("proofs", "fetches")
    op.drop_column("proofs", "trouble")
    op.drop_column("rollouts", "ignores_windows")
    op.drop_column("rollouts", "not_before")
    op.drop_column("rollouts", "web_ui")
