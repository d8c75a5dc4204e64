"""The firmware files that every phone may have, as they were accepted last."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from fleet.store.database import Repository
from fleet.store.engine import insert_into
from fleet.store.provision_tables import firmware

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from fleet.model import FirmwareFile


class AcceptedFirmware(Repository):
    """The accepted firmware files by their names in lower case."""

    def digests(self) -> dict[str, str]:
        """Return the digest of each accepted file; empty if none of that name was accepted."""
        with self._reading() as connection:
            rows = connection.execute(sa.select(firmware.c.name, firmware.c.digest))
            return {row.name: row.digest for row in rows}

    def accept(self, files: Collection[FirmwareFile], now: datetime) -> None:
        """Let every phone have these files, and no others of their names."""
        with self._writing() as connection:
            accept(connection, files, now)

    def add(self, files: Collection[FirmwareFile], now: datetime) -> None:
        """Record files whose names are not recorded; an empty digest accepts none."""
        with self._writing() as connection:
            if rows := _rows(files, now):
                insert = insert_into(connection, firmware)
                connection.execute(insert.on_conflict_do_nothing(index_elements=["name"]), rows)


def accept(connection: sa.Connection, files: Collection[FirmwareFile], now: datetime) -> None:
    """Let every phone have these files, and no others of their names."""
    if rows := _rows(files, now):
        insert = insert_into(connection, firmware)
        new = {name: insert.excluded[name] for name in ("digest", "version", "at")}
        connection.execute(
            insert.on_conflict_do_update(index_elements=["name"], set_=new),
            rows,
        )


def _rows(files: Collection[FirmwareFile], now: datetime) -> list[dict[str, object]]:
    return [
        {"name": file.name, "digest": file.digest, "version": file.version, "at": now}
        for file in files
    ]
