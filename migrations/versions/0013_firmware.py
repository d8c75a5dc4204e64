"""Accepted firmware files, and the roll-outs that bring new ones."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table and the column; no file was accepted, and no roll-out was of firmware."""
    op.create_table(
        "firmware",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.Text(), server_default="", nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_firmware")),
    )
    op.add_column("rollouts", sa.Column("firmware", sa.Text(), server_default="[]", nullable=False))


def downgrade() -> None:
    """Drop them."""
    op.drop_column("rollouts", "firmware")
    op.drop_table("firmware")
