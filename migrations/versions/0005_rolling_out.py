"""Rolling out: what phones said last, who runs a roll-out and how fast, what revisions lost."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of last pushes, and what roll-outs, their proofs and revisions say besides."""
    op.create_table(
        "last_pushes",
        sa.Column("phone_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("registered", sa.Boolean(), nullable=True),
        sa.Column("code", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["phone_id"], ["phones.id"], name=op.f("fk_last_pushes_phone_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("phone_id", "user", name=op.f("pk_last_pushes")),
    )
    op.add_column("proofs", sa.Column("by", sa.String(length=32), nullable=True))
    op.add_column(
        "rollouts",
        sa.Column("run_by", sa.String(length=32), server_default="foreground", nullable=False),
    )
    op.add_column(
        "rollouts", sa.Column("at_once", sa.Integer(), server_default="50", nullable=False)
    )
    op.add_column("rollouts", sa.Column("settle", sa.Float(), server_default="30", nullable=False))
    op.add_column("revisions", sa.Column("pruned", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_revision_files_digest"), "revision_files", ["digest"], unique=False)
