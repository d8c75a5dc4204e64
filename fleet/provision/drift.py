"""What the rules may know of phones' files: read for all at once, used until it is read anew."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from fleet.judge import FileLook
from fleet.model import ProofState, RolloutState
from fleet.phone.catalog import model_named
from fleet.provision.files.findings import REFUSALS, unexpected_fetches

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from fleet.judge import Look
    from fleet.model import Fetch, Finding
    from fleet.settings.provisioning import ProvisioningSettings
    from fleet.store import OwnFile, Store

UNEXPECTED_FOR = timedelta(days=1)  # how long a refusal is told of
_MOST = 100_000  # refusals that are looked at
_WAITING_FOR_IT = (RolloutState.RUNNING, RolloutState.PAUSED)


class FileWatch:
    """Adds to looks what is known of the phone's files; nothing where provisioning is not used.

    `stale_after`: how long a phone may take to fetch what was applied. `versions` say which
    firmware a model shall run. Phones whose turn in a roll-out has not come are not behind.
    """

    def __init__(
        self,
        store: Store,
        *,
        stale_after: timedelta,
        versions: Mapping[str, str],
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._stale_after = stale_after
        self._versions = {model_named(model): version for model, version in versions.items()}
        self._clock = clock
        self._files: dict[str, FileLook] = {}
        self._is_read = False

    def refresh(self) -> None:
        """Read what is known now."""
        self._files = self._read()
        self._is_read = True

    def seen(self, look: Look) -> Look:
        """The look with what is known of the phone's files."""
        if not self._is_read:
            self.refresh()
        files = self._files.get(look.phone.mac)
        version = self._versions.get(model_named(look.model or look.phone.model), "")
        if files is None and not version:
            return look
        return replace(look, files=replace(files or FileLook(), firmware=version))

    def _read(self) -> dict[str, FileLook]:
        own = self._store.own_files()
        unexpected = self._unexpected()
        if not own and not unexpected:
            return {}
        waiting, last, now = self._waiting(), self._store.last_fetches(), self._clock()
        found: dict[str, FileLook] = {}
        for mac, phone_id in self._store.mac_owners().items():
            file = own.get(phone_id)
            look = FileLook(unexpected=unexpected.get(phone_id, ()))
            if file is not None:
                fetch = last.get((phone_id, file.name))
                is_behind = self._is_behind(file, fetch, now) and phone_id not in waiting
                look = replace(
                    look,
                    revision=file.revision,
                    applied_at=file.at,
                    fetched_at=fetch.at if fetch else None,
                    is_stale=is_behind,
                )
            found[mac] = look
        return found

    def _is_behind(self, file: OwnFile, fetch: Fetch | None, now: datetime) -> bool:
        is_late = now >= file.at + self._stale_after
        return is_late and (fetch is None or fetch.digest != file.digest)

    def _waiting(self) -> set[int]:
        rollout = self._store.rollout(states=_WAITING_FOR_IT)
        if rollout is None:
            return set()
        proofs = self._store.proofs(rollout.id, states=(ProofState.WAITING,))
        return {proof.phone_id for proof in proofs}

    def _unexpected(self) -> dict[int, tuple[Finding, ...]]:
        since = self._clock() - UNEXPECTED_FOR
        refused = self._store.fetches(since=since, outcomes=REFUSALS, of_phones=True, limit=_MOST)
        found: defaultdict[int, tuple[Finding, ...]] = defaultdict(tuple)
        for one in unexpected_fetches(refused):
            if one.phone_id is not None:
                found[one.phone_id] += (one.finding,)
        return dict(found)


def file_watch_of(
    asked: ProvisioningSettings, store: Store, clock: Callable[[], datetime]
) -> FileWatch:
    """Make what tells the rules of phones' files, as the settings have it."""
    return FileWatch(
        store,
        stale_after=timedelta(seconds=asked.stale_after),
        versions=asked.firmware_versions,
        clock=clock,
    )
