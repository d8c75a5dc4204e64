"""Which firmware each phone runs, which file it would get, and whether that is the same."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from fleet.judge import plain_version
from fleet.phone.catalog import model_named
from fleet.phone.config_file import firmware_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from fleet.provision.firmware.folder import FolderFile
    from fleet.store import PhoneStatus


class Compliance(StrEnum):
    """Whether a phone runs what it would get."""

    SAME = "same"
    OTHER = "other"
    UNKNOWN = "unknown"  # the phone was never read, or nobody said which version the file holds
    NO_FILE = "no-file"  # it would get none


@dataclass(frozen=True, kw_only=True, slots=True)
class FirmwareRecord:
    """A phone's firmware beside the file that it would get; empty texts for what is not known.

    `observed_at` is the last poll's moment. `version` is what the settings say the file holds.
    """

    site: str
    phone: str
    mac: str
    model: str
    firmware: str
    observed_at: datetime | None
    file: str
    version: str
    sha256: str
    md5: str
    state: Compliance


def compliance(
    statuses: Iterable[PhoneStatus],
    files: Mapping[str, FolderFile],
    versions: Mapping[str, str],
) -> Iterator[FirmwareRecord]:
    """Compare phones with the folder's `files`, by their names in lower case.

    `versions` say what a model's file holds, by whichever name of the model.
    """
    held = {model_named(model): version for model, version in versions.items()}
    for status in statuses:
        phone = status.stored.phone
        model = model_named(status.model or phone.model)
        file = files.get(firmware_file(model).lower())
        version = held.get(model, "") if file else ""
        yield FirmwareRecord(
            site=phone.site,
            phone=phone.label,
            mac=phone.mac,
            model=model,
            firmware=status.firmware,
            observed_at=status.observed_at,
            file=file.name if file else "",
            version=version,
            sha256=file.sha256 if file else "",
            md5=file.md5 if file else "",
            state=_state(status.firmware, version) if file else Compliance.NO_FILE,
        )


def _state(runs: str, version: str) -> Compliance:
    if not runs or not version:
        return Compliance.UNKNOWN
    return Compliance.SAME if plain_version(runs) == plain_version(version) else Compliance.OTHER
