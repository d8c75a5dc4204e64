"""The one place where new SIP passwords are written in clear: a file that was asked for by name."""

from __future__ import annotations

import csv
import os
from typing import TYPE_CHECKING, TextIO

from fleet.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from fleet.model import RotatedAccount, Rotation
    from fleet.provision.rotate.service import Rotator

COLUMNS = (
    "user",
    "auth_name",
    "registrar",
    "registrar_port",
    "backup_registrar",
    "backup_registrar_port",
    "sip_password",
)


def export_rotation(rotator: Rotator, accounts: Sequence[RotatedAccount], path: Path) -> Rotation:
    """Write the new passwords to a new file, then plan their rotation, and return it.

    The file is written first, because a rotation that nobody can load is only in the way. Where the
    rotation cannot be planned, the file is removed. Raises `UsageError` if the file cannot be
    written, and whatever `Rotator.plan` raises.
    """
    with new_file(path) as file:
        try:
            write_accounts(accounts, file)
            return rotator.plan(accounts)
        except BaseException:
            path.unlink()
            raise


def new_file(path: Path) -> TextIO:
    """Make the file, which its owner alone may read. Raises `UsageError` if there is one."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise UsageError(
            f"{path} already exists and was not changed: choose another name."
        ) from None
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from None
    return open(descriptor, "w", encoding="utf-8", newline="")  # noqa: PTH123  a descriptor


def write_accounts(accounts: Sequence[RotatedAccount], out: TextIO) -> None:
    """Write every account with its new password."""
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for each in accounts:
        backup = each.backup
        writer.writerow(
            (
                each.user,
                each.auth_name,
                each.registrar.host,
                each.registrar.port or "",
                backup.host if backup else "",
                (backup.port if backup else None) or "",
                each.new,
            )
        )
    out.flush()
    os.fsync(out.fileno())
