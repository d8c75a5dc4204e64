"""Which firmware files phones may have: accepted ones, and those of a roll-out that asked them.

A file that is not accepted is not served. Its phones keep the firmware that they run.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet.errors import UsageError
from fleet.judge import plain_version
from fleet.model import FirmwareFile, JournalEntry
from fleet.phone.catalog import model_named
from fleet.phone.config_file import FileKind, firmware_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence, Set
    from datetime import datetime

    from fleet.provision.firmware.folder import FirmwareFolder, FolderFile
    from fleet.store import Store


@dataclass(frozen=True, kw_only=True, slots=True)
class FirmwareGate:
    """Tells which files of the folder phones may have. `versions` are those of the settings."""

    store: Store
    folder: FirmwareFolder
    versions: Mapping[str, str]
    clock: Callable[[], datetime]

    def files(self) -> dict[str, FirmwareFile]:
        """Return the firmware files of the folder, by their names in lower case."""
        found = self.folder.files().items()
        return {name: self._file(name, file) for name, file in found if _is_firmware(file)}

    def unaccepted(self) -> list[FirmwareFile]:
        """Return the files that not every phone may have."""
        accepted, running = self.store.firmware.digests(), self._running()
        return [
            file
            for name, file in self.files().items()
            if accepted.get(name) != file.digest
            and (name in accepted or not _is_free(file, running[name]))
        ]

    def accept(self, names: Sequence[str], *, by: str) -> list[FirmwareFile]:
        """Let every phone have these files of the folder, or all; return the newly accepted ones.

        Raises `UsageError` if there is no such file, or while a roll-out is not over.
        """
        known = self.files()
        for name in names:
            if name.lower() not in known:
                raise UsageError(f"There is no firmware file {name} in {self.folder.path}.")
        self.store.rollouts.check_none(self.clock())
        wanted = {name.lower() for name in names} or known.keys()
        accepted = self.store.firmware.digests()
        new = [
            file
            for name, file in known.items()
            if name in wanted and accepted.get(name) != file.digest
        ]
        self.store.firmware.accept(new, self.clock())
        self.store.journal.add(
            [
                JournalEntry(at=self.clock(), by=by, what=f"Accepted the firmware {file.name}.")
                for file in new
            ]
        )
        return new

    def held(self, asked: Iterable[tuple[str, str, int | None]]) -> set[int]:
        """Return the places of those requests whose phone may not have the file yet.

        A request is a file's name, its digest, and the phone if it is known. A name that is asked
        for the first time is accepted if no phone of its model is known to run another version.
        """
        asked = list(asked)
        accepted = self.store.firmware.digests()
        if any(name.lower() not in accepted for name, _, _ in asked):
            self._add_new({name.lower() for name, _, _ in asked} - accepted.keys())
            accepted = self.store.firmware.digests()
        new = [
            (place, name.lower(), digest, phone_id)
            for place, (name, digest, phone_id) in enumerate(asked)
            if accepted.get(name.lower()) != digest
        ]
        if not new:
            return set()
        ids = sorted({phone_id for *_, phone_id in new if phone_id is not None})
        released, phones = self.store.rollouts.released_firmware(ids)
        digests = {file.name: file.digest for file in released}
        return {
            place
            for place, name, digest, phone_id in new
            if digests.get(name) != digest or phone_id not in phones
        }

    def to_roll_out(self, *, downgrade: bool) -> dict[int, FirmwareFile]:
        """Return the unaccepted file of each phone that does not run its version, by phone.

        Raises `UsageError` without such a file or phone, without a file's version, or if a phone
        runs a newer one and no `downgrade` is wanted.
        """
        files = {file.name: file for file in self.unaccepted()}
        if not files:
            raise UsageError("Every firmware file in the folder is accepted already.")
        found, running = {}, self._running()
        for name, file in files.items():
            if not file.version:
                raise UsageError(
                    f"The version in {name} is not known, so it cannot be proven: set it in "
                    "[provisioning.firmware_versions], to what the file contains."
                )
            for phone_id, runs in running[name].items():
                if runs and not downgrade and _numbers(runs) > _numbers(file.version):
                    raise UsageError(
                        f"{name} contains {file.version}, and phones run {runs}, which is newer. "
                        "To install the older one, use --downgrade."
                    )
                if plain_version(runs) != plain_version(file.version):
                    found[phone_id] = file
        if not found:
            raise UsageError(
                "No phone runs another version than the new files: use fleet provision firmware "
                "accept."
            )
        return found

    def _add_new(self, names: Set[str]) -> None:
        running, files = self._running(), self.files()
        new = []
        for name in names & files.keys():
            file = files[name]
            is_free = _is_free(file, running[name])
            new.append(
                file if is_free else FirmwareFile(name=name, digest="", version=file.version)
            )
        self.store.firmware.add(new, self.clock())

    def _running(self) -> defaultdict[str, dict[int, str]]:
        """Return the version that each phone runs (empty: unknown), by its file and number."""
        running: defaultdict[str, dict[int, str]] = defaultdict(dict)
        for status in self.store.observations.statuses():
            name = firmware_file(model_named(status.model or status.stored.phone.model)).lower()
            running[name][status.stored.id] = status.firmware
        return running

    def _file(self, name: str, file: FolderFile) -> FirmwareFile:
        given = {model_named(model): version for model, version in self.versions.items()}
        stated = given.get(file.model, "")
        if len(file.versions) == 1 and stated and plain_version(stated) not in file.versions:
            stated = ""  # the settings are of the file before
        version = stated or (file.versions[0] if len(file.versions) == 1 else "")
        return FirmwareFile(name=name, digest=file.sha256, version=version)


def _is_firmware(file: FolderFile) -> bool:
    return file.kind is FileKind.FIRMWARE


def _is_free(file: FirmwareFile, running: Mapping[int, str]) -> bool:
    """Whether no phone is known to run another version than the file's."""
    return {plain_version(runs) for runs in running.values() if runs} <= {
        plain_version(file.version)
    }


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in plain_version(version).split(".") if part.isdigit())
