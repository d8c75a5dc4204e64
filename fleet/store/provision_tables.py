"""The tables of provisioning: intent, revisions, fetches, roll-outs, rotations, the journal.

File bodies and secrets are encrypted: a database without its key holds no password in clear.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from fleet.model import (
    AccountState,
    FetchOutcome,
    Level,
    ProofState,
    ProofWay,
    RolloutState,
    RunBy,
)
from fleet.store.tables import Utc, by_value, metadata, phone_id, text_column

intents = sa.Table(
    "intents",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("level", by_value(Level)),  # NULL: a profile
    text_column("name"),  # of the model, the site or the profile
    sa.Column("phone_id", sa.Integer, sa.ForeignKey("phones.id", ondelete="CASCADE"), unique=True),
    sa.Column("document", sa.Text, nullable=False),  # JSON; secrets only by reference
)

named_secrets = sa.Table(
    "named_secrets",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value_secret", sa.Text, nullable=False),
    sa.Column("changed", Utc, nullable=False),
)

revisions = sa.Table(
    "revisions",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", Utc, nullable=False),
    text_column("by"),
    text_column("comment"),
    sa.Column("rolled_back_to", sa.Integer),
    text_column("secret_names"),  # parameters that hold secrets though their names do not say so
    text_column("twice"),  # phones whose changes decide whether they come back: they fetch twice
    sa.Column("pruned", Utc),  # from then on it has only those files that later ones have of it
)

# A file's body once, however many revisions and phones have it.
contents = sa.Table(
    "contents",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),  # SHA-256 of the body, hex
    sa.Column("body_secret", sa.LargeBinary, nullable=False),  # compressed, then encrypted
)

# Only the files that a revision changes: a file is as the newest revision up to then has it.
revision_files = sa.Table(
    "revision_files",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column(
        "revision",
        sa.Integer,
        sa.ForeignKey("revisions.number", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    sa.Column("phone_id", sa.Integer, sa.ForeignKey("phones.id", ondelete="SET NULL"), index=True),
    # NULL: not there any more
    sa.Column("digest", sa.Text, sa.ForeignKey("contents.digest"), index=True),
)

fetch_logins = sa.Table(
    "fetch_logins",
    metadata,
    phone_id(primary_key=True, autoincrement=False),
    sa.Column("username", sa.Text, nullable=False),
    sa.Column("password_secret", sa.Text, nullable=False),
    sa.Column("previous_secret", sa.Text),  # valid as well, until the phone used the new one
    sa.Column("changed", Utc, nullable=False),
    sa.Column("used", Utc),  # when the new one was used first
)


def _fetched() -> tuple[sa.Column[Any], ...]:
    """What is said of one fetch, whichever table it is in."""
    return (
        sa.Column("at", Utc, nullable=False),
        text_column("address"),
        sa.Column("outcome", by_value(FetchOutcome), nullable=False),
        text_column("mac"),
        text_column("model"),
        text_column("firmware"),
        text_column("agent"),
        text_column("protocol"),
        sa.Column("revision", sa.Integer),
        text_column("digest"),
        sa.Column("sent", sa.Integer, nullable=False, server_default="0"),
        text_column("modules"),  # "560M 536M", as they are fitted
    )


fetches = sa.Table(
    "fetches",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("file", sa.Text, nullable=False),
    sa.Column("phone_id", sa.Integer, sa.ForeignKey("phones.id", ondelete="SET NULL")),
    *_fetched(),
    sa.Index("ix_fetches_at", "at"),
    sa.Index("ix_fetches_phone_id_at", "phone_id", "at"),
)

# The newest fetch of each file by each phone that gave it the file: kept however old it is.
last_fetches = sa.Table(
    "last_fetches",
    metadata,
    phone_id(primary_key=True, autoincrement=False),
    sa.Column("file", sa.Text, primary_key=True),
    *_fetched(),
)

# The newest word of each phone on each of its users, by an action URI; an empty user: on none.
last_pushes = sa.Table(
    "last_pushes",
    metadata,
    phone_id(primary_key=True, autoincrement=False),
    sa.Column("user", sa.Text, primary_key=True),
    sa.Column("at", Utc, nullable=False),
    sa.Column("registered", sa.Boolean),  # NULL: it does not say
    sa.Column("code", sa.Integer),
)

rollouts = sa.Table(
    "rollouts",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("revision", sa.Integer, sa.ForeignKey("revisions.number"), nullable=False),
    sa.Column("state", by_value(RolloutState), nullable=False),
    sa.Column("began", Utc, nullable=False),
    sa.Column("ended", Utc),
    sa.Column("stages", sa.Text, nullable=False),  # JSON: their names, in order
    sa.Column("stage", sa.Integer, nullable=False, server_default="0"),
    sa.Column("stage_began", Utc),
    sa.Column("deadline", sa.Float, nullable=False),
    sa.Column("most_failures", sa.Integer, nullable=False),
    text_column("why"),
    sa.Column("run_by", by_value(RunBy), nullable=False, server_default=RunBy.FOREGROUND),
    sa.Column("at_once", sa.Integer, nullable=False, server_default="50"),
    sa.Column("settle", sa.Float, nullable=False, server_default="30"),
    sa.Column("hold", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("web_ui", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("not_before", Utc),
    sa.Column("ignores_windows", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("firmware", sa.Text, nullable=False, server_default="[]"),  # JSON: new files
    sqlite_autoincrement=True,
)

proofs = sa.Table(
    "proofs",
    metadata,
    sa.Column(
        "rollout_id",
        sa.Integer,
        sa.ForeignKey("rollouts.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    phone_id(primary_key=True, autoincrement=False, index=True),
    sa.Column("stage", sa.Integer, nullable=False),
    sa.Column("state", by_value(ProofState), nullable=False),
    sa.Column("told_at", Utc),
    sa.Column("fetched_at", Utc),
    sa.Column("proven_at", Utc),
    text_column("how"),
    text_column("detail"),
    sa.Column("by", by_value(ProofWay)),
    text_column("trouble"),
    sa.Column("fetches", sa.Integer, nullable=False, server_default="1"),
)

# The firmware files that every phone may have; of new ones, roll-outs say who may.
firmware = sa.Table(
    "firmware",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),  # in lower case
    text_column("digest"),  # SHA-256; empty: no file of this name is accepted
    text_column("version"),
    sa.Column("at", Utc, nullable=False),
)

# A phone's own file that is given as an older revision has it, until its registrar is ready.
held_files = sa.Table(
    "held_files",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    phone_id(index=True, nullable=False),
    sa.Column("revision", sa.Integer, sa.ForeignKey("revisions.number"), nullable=False),
)

rotations = sa.Table(
    "rotations",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("began", Utc, nullable=False),
    text_column("by"),
    sa.Column("revision", sa.Integer, index=True),  # written before that one is made
    sa.Column("gives_back", sa.Boolean, nullable=False),
    sa.Column("ended", Utc),
    sa.Column("settled", sa.Integer),
)

rotation_accounts = sa.Table(
    "rotation_accounts",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column(
        "rotation_id",
        sa.Integer,
        sa.ForeignKey("rotations.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    sa.Column("user", sa.Text, nullable=False),
    sa.Column("auth_name", sa.Text, nullable=False),
    sa.Column("transport", sa.String(8), nullable=False),
    sa.Column("registrar", sa.Text, nullable=False),
    sa.Column("registrar_port", sa.Integer),
    text_column("backup_registrar"),
    sa.Column("backup_registrar_port", sa.Integer),
    sa.Column("old_secret", sa.Text),  # NULL: forgotten
    sa.Column("new_secret", sa.Text),
    sa.Column("state", by_value(AccountState), nullable=False),
    text_column("detail"),
)

rotation_lines = sa.Table(
    "rotation_lines",
    metadata,
    sa.Column(
        "account_id",
        sa.Integer,
        sa.ForeignKey("rotation_accounts.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    phone_id(primary_key=True, autoincrement=False, index=True),
    sa.Column("line", sa.Integer, primary_key=True, autoincrement=False),
    text_column("secret"),  # the name of the secret that is its password, if that is one
)

journal = sa.Table(
    "journal",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", Utc, nullable=False, index=True),
    text_column("by"),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("phone_id", sa.Integer, sa.ForeignKey("phones.id", ondelete="SET NULL"), index=True),
)
