"""Whether a roll-out keeps the new files from phones that it has not asked yet."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; roll-outs of before kept nothing back."""
    op.add_column(
        "rollouts", sa.Column("hold", sa.Boolean(), server_default=sa.false(), nullable=False)
    )


def downgrade() -> None:
    """Remove it."""
    op.drop_column("rollouts", "hold")
