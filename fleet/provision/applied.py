"""What was applied, as a phone has it once it has read its files."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from fleet.phone.config_file import GLOBAL_FILE, effective, model_files, read
from fleet.provision.lines import IntendedSip, intended_sip

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet.model import AppliedFile
    from fleet.phone.config_file import ConfigFile, EffectiveValue
    from fleet.store import FileDigest, Store


class AppliedRevision:
    """The files of one revision; those that phones share are read once."""

    def __init__(self, store: Store, number: int) -> None:
        self.number = number
        self._store = store
        self._shared: dict[str, ConfigFile | None] = {}

    @cached_property
    def _digests(self) -> Mapping[str, FileDigest]:
        return self._store.revisions.digests(self.number) if self.number else {}

    @cached_property
    def _own(self) -> Mapping[int, str]:
        of = {name: file.phone_id for name, file in self._digests.items()}
        return {phone_id: name for name, phone_id in of.items() if phone_id is not None}

    def phones(self) -> tuple[int, ...]:
        """The phones that have a file of their own."""
        return tuple(self._own)

    def proof_of(self, phone_id: int) -> tuple[str, str] | None:
        """The file whose fetch proves that a phone has read them all, and its digest.

        It is the phone's own: a phone reads that one last (facts/provisioning 1.1). None where it
        has no file of its own.
        """
        name = self._own.get(phone_id)
        return (name, self._digests[name].digest) if name else None

    def shared_digests(self, model: str) -> dict[str, str]:
        """The digests of the files that a model's phones share; of its own, either name serves."""
        names = (GLOBAL_FILE, *model_files(model))
        return {name: self._digests[name].digest for name in names if name in self._digests}

    def values(self, phone_id: int, model: str) -> Mapping[str, EffectiveValue]:
        """Every parameter of a phone, by name; secrets in clear. Empty without an own file."""
        name = self._own.get(phone_id)
        own = self._store.revisions.file(name, self.number) if name else None
        return self._values_of(own, model) if own else {}

    def sip(self, phone_id: int, model: str) -> IntendedSip:
        """What a phone shall be by SIP."""
        return intended_sip(self.values(phone_id, model))

    def sip_of(self, own: AppliedFile, model: str) -> IntendedSip:
        """What the phone with this file of its own shall be by SIP."""
        return intended_sip(self._values_of(own, model))

    def _values_of(self, own: AppliedFile, model: str) -> Mapping[str, EffectiveValue]:
        names = (GLOBAL_FILE, *model_files(model)[-1:])
        shared = [file for each in names if (file := self._read(each))]
        return effective([*shared, read(own.body, name=own.name)])

    def _read(self, name: str) -> ConfigFile | None:
        if name not in self._shared:
            file = self._store.revisions.file(name, self.number)
            self._shared[name] = read(file.body, name=name) if file else None
        return self._shared[name]
