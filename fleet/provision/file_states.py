"""The state of phones' files, as the rules need it: read for all phones at once, for a while."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from fleet.judge import NO_FILES, REFUSALS, REFUSED_FOR, FileState
from fleet.model import ProofState, RolloutState
from fleet.phone.catalog import model_named

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from fleet.model import Fetch
    from fleet.settings.provisioning import ProvisioningSettings
    from fleet.store import Store

READ_FOR = timedelta(seconds=60)  # 20,000 phones take some 0.3 s to read
_MOST_REFUSED = 100_000
_GOES_ON = (RolloutState.RUNNING, RolloutState.PAUSED)


class FileStates:
    """The state of every phone's files at a moment; the same for all where nothing is provisioned.

    `stale_after` is how long a phone may take to fetch what was applied, `versions` the firmware
    that the settings want, by model.
    """

    def __init__(
        self, store: Store, *, stale_after: timedelta, versions: Mapping[str, str]
    ) -> None:
        self._store = store
        self._stale_after = stale_after
        self._versions = {model_named(model): version for model, version in versions.items()}
        self._states: dict[int, FileState] = {}
        self._read_at: datetime | None = None

    def state(self, phone_id: int, model: str, at: datetime) -> FileState:
        """Return the state of a phone's files, at most `READ_FOR` old at that moment."""
        if self._read_at is None or not timedelta(0) <= at - self._read_at < READ_FOR:
            self.read(at)
        state = self._states.get(phone_id, NO_FILES)
        version = self._versions.get(model_named(model)) if self._versions else None
        return replace(state, firmware=version) if version else state

    def settings(self) -> tuple[float, Mapping[str, str]]:
        """Return the settings that the states depend on."""
        return self._stale_after.total_seconds(), self._versions

    def read(self, at: datetime) -> None:
        """Read the states as they are now, which is `at`."""
        refused: defaultdict[int, list[Fetch]] = defaultdict(list)
        for fetch in self._store.fetches.load(
            since=at - REFUSED_FOR, outcomes=REFUSALS, of_phones=True, limit=_MOST_REFUSED
        ):
            if fetch.phone_id is not None:
                refused[fetch.phone_id].append(fetch)
        states = {phone_id: FileState(refused=tuple(some)) for phone_id, some in refused.items()}
        if own := self._store.held_files.own():
            waiting, last = self._waiting(), self._store.fetches.last()
            for phone_id, file in own.items():
                fetched = last.get((phone_id, file.name))
                states[phone_id] = FileState(
                    revision=file.revision,
                    applied_at=file.at,
                    fetched_at=fetched.at if fetched else None,
                    is_current=fetched is not None and fetched.digest == file.digest,
                    is_waiting=phone_id in waiting,
                    stale_after=self._stale_after,
                    refused=tuple(refused.get(phone_id, ())),
                )
        self._states, self._read_at = states, at

    def _waiting(self) -> set[int]:
        rollout = self._store.rollouts.get(states=_GOES_ON)
        if rollout is None:
            return set()
        proofs = self._store.rollouts.proofs(
            rollout.id, states=(ProofState.WAITING, ProofState.ABSENT)
        )
        return {proof.phone_id for proof in proofs}


def file_states_of(asked: ProvisioningSettings, store: Store) -> FileStates:
    """Return what knows the state of phones' files, as the settings have it."""
    return FileStates(
        store,
        stale_after=timedelta(seconds=asked.stale_after),
        versions=asked.firmware_versions,
    )
