"""Rotations of SIP passwords, and the files that are held back meanwhile."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make their tables."""
    op.create_table(
        "held_files",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phone_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["phone_id"], ["phones.id"], name=op.f("fk_held_files_phone_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["revision"], ["revisions.number"], name=op.f("fk_held_files_revision")
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_held_files")),
    )
    op.create_index(op.f("ix_held_files_phone_id"), "held_files", ["phone_id"], unique=False)
    op.create_table(
        "rotations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("began", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Text(), server_default="", nullable=False),
        sa.Column("revision", sa.Integer(), nullable=True),
        sa.Column("gives_back", sa.Boolean(), nullable=False),
        sa.Column("ended", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rotations")),
    )
    op.create_index(op.f("ix_rotations_revision"), "rotations", ["revision"], unique=False)
    op.create_table(
        "rotation_accounts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rotation_id", sa.Integer(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("auth_name", sa.Text(), nullable=False),
        sa.Column("transport", sa.String(length=8), nullable=False),
        sa.Column("registrar", sa.Text(), nullable=False),
        sa.Column("registrar_port", sa.Integer(), nullable=True),
        sa.Column("backup_registrar", sa.Text(), server_default="", nullable=False),
        sa.Column("backup_registrar_port", sa.Integer(), nullable=True),
        sa.Column("old_secret", sa.Text(), nullable=True),
        sa.Column("new_secret", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["rotation_id"],
            ["rotations.id"],
            name=op.f("fk_rotation_accounts_rotation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rotation_accounts")),
    )
    op.create_index(
        op.f("ix_rotation_accounts_rotation_id"),
        "rotation_accounts",
        ["rotation_id"],
        unique=False,
    )
    op.create_table(
        "rotation_lines",
        sa.Column("account_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("phone_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("secret", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["rotation_accounts.id"],
            name=op.f("fk_rotation_lines_account_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["phone_id"], ["phones.id"], name=op.f("fk_rotation_lines_phone_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", "phone_id", "line", name=op.f("pk_rotation_lines")),
    )
    op.create_index(
        op.f("ix_rotation_lines_phone_id"), "rotation_lines", ["phone_id"], unique=False
    )
