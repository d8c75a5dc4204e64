"""Whether a phone was read with the password of the settings."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; it is not known of earlier polls."""
    op.add_column(
        "phone_states",
        sa.Column("settings_password", sa.Boolean(), server_default=sa.false(), nullable=False),
    )


def downgrade() -> None:
    """Remove it."""
    op.drop_column("phone_states", "settings_password")
