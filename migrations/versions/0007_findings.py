"""Every finding is a row that says with which reach it is shown; what is to be judged again."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_SHOWN_WITH = {
    "ok": (
        "line-failed",
        "line-unregistered",
        "line-on-backup",
        "line-unknown",
        "line-missing",
        "account-mismatch",
        "line-flapping",
    ),
    "refused": ("phone-refused",),
    "unreadable": ("phone-unreadable",),
}


def upgrade() -> None:
    """Add the column and the table; have every phone judged again, which ends what is stuck."""
    op.add_column("incidents", sa.Column("reach", sa.String(length=32), nullable=True))
    incidents = sa.table("incidents", sa.column("rule"), sa.column("reach"))
    for reach, rules in _SHOWN_WITH.items():
        op.execute(sa.update(incidents).where(incidents.c.rule.in_(rules)).values(reach=reach))
    op.drop_index("ix_incidents_ended", table_name="incidents")
    op.create_index(
        "ix_incidents_ended",
        "incidents",
        ["resolved", "first_seen"],
        unique=False,
        sqlite_where=sa.text("resolved IS NOT NULL"),
        postgresql_where=sa.text("resolved IS NOT NULL"),
    )
    op.create_index("ix_incidents_phone_id_first_seen", "incidents", ["phone_id", "first_seen"])
    op.create_index(
        "ix_line_periods_states",
        "line_periods",
        ["state", "backup"],
        unique=False,
        sqlite_where=sa.text("until IS NULL"),
        postgresql_where=sa.text("until IS NULL"),
    )
    op.create_table(
        "unjudged",
        sa.Column("phone_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["phone_id"], ["phones.id"], name=op.f("fk_unjudged_phone_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("phone_id", name=op.f("pk_unjudged")),
    )
    op.execute("INSERT INTO unjudged (phone_id) SELECT id FROM phones")
