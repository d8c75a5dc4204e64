"""What is known of the phones of a roll-out: fetches, the last poll, and what they said last."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from fleet.judge import plain_version
from fleet.model import Reach, Registration
from fleet.phone.catalog import model_named
from fleet.phone.config_file import firmware_file
from fleet.provision.rollout.proof import LineObservation, Observation

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from fleet.model import Fetch, FirmwareFile, LastPush
    from fleet.provision.applied import AppliedRevision
    from fleet.provision.lines import IntendedLine
    from fleet.store import PhoneStatus, Store

_REFUSALS = (401, 403, 407)  # of a login
_ONE_BY_ONE = 100  # phones; of more, all fetches are read at once


class Evidence:
    """Looks at phones as the store has them. A line that shall not register is not waited for.

    `new_logins` gives those of some phones whose files hold another admin password than we use:
    until such a phone has taken it as a login, what it pushes proves nothing. Nor does it while a
    poll has not seen the version of the phone's file in `firmware`.
    """

    def __init__(
        self,
        store: Store,
        applied: AppliedRevision,
        models: Mapping[int, str],
        new_logins: Callable[[Sequence[int]], Collection[int]] = lambda _: (),
        firmware: Sequence[FirmwareFile] = (),
    ) -> None:
        self._store = store
        self._applied = applied
        self._models = models
        self._new_logins = new_logins
        self._versions = {file.name: file.version for file in firmware}
        self._lines: dict[int, tuple[IntendedLine, ...]] = {}

    def observe(self, ids: Sequence[int]) -> dict[int, Observation]:
        """What is known now of these phones."""
        if not ids:
            return {}
        fetches, pushes = self._fetches(ids), self._pushes(ids)
        return {
            status.stored.id: self._one(status, fetches, pushes.get(status.stored.id, ()))
            for status in self._store.observations.statuses(ids=ids)
        }

    def is_current(self, phone_id: int, fetches: Mapping[tuple[int, str], Fetch]) -> bool:
        """Whether a phone has fetched all of its files as they are, the shared ones too."""
        if self._fetched_at(phone_id, fetches) is None:
            return False
        shared = self._applied.shared_digests(self._models.get(phone_id, ""))
        last = {name: fetches.get((phone_id, name)) for name in shared}
        return all(fetch is None or fetch.digest == shared[name] for name, fetch in last.items())

    def _fetches(self, ids: Sequence[int]) -> dict[tuple[int, str], Fetch]:
        if len(ids) > _ONE_BY_ONE:
            return self._store.fetches.last()
        found: dict[tuple[int, str], Fetch] = {}
        for phone_id in ids:
            found |= self._store.fetches.last(phone_id)
        return found

    def _pushes(self, ids: Sequence[int]) -> Mapping[int, Sequence[LastPush]]:
        found: defaultdict[int, list[LastPush]] = defaultdict(list)
        for push in self._store.pushes.last(ids):
            found[push.phone_id].append(push)
        return found

    def _one(
        self,
        status: PhoneStatus,
        fetches: Mapping[tuple[int, str], Fetch],
        pushes: Sequence[LastPush],
    ) -> Observation:
        phone_id = status.stored.id
        intended = self._intended(phone_id)
        numbers = [line.number for line in intended]
        wrong = list(wrongs(status, numbers))
        fetched_at = self._fetched_at(phone_id, fetches)
        since = [push for push in pushes if fetched_at is not None and push.at >= fetched_at]
        newest = dict(pushes_by_line(status, intended, since))
        if newest and self._new_logins([phone_id]):
            newest = {}
        if other := self._other_firmware(status):
            wrong, newest = [*wrong, other], {}
        lost = list(losses(status, newest))
        return Observation(
            fetched_at=fetched_at,
            polled_at=status.observed_at,
            registered=status.reach is Reach.OK and not wrong,
            wrong="; ".join([*wrong, *lost]),
            is_reached=status.reach is Reach.OK,
            refused=any(
                each.line.code in _REFUSALS and each.line.number in numbers for each in status.lines
            ),
            pushed_at=max(
                (push.at for push in since if push.registered is not False), default=None
            ),
            lines=tuple(line_observations(status, intended, newest)) if newest else (),
        )

    def _other_firmware(self, status: PhoneStatus) -> str:
        """Return what is wrong with the firmware that a poll saw; empty if nothing is."""
        model = model_named(self._models.get(status.stored.id, ""))
        version = self._versions.get(firmware_file(model).lower(), "")
        if not version or plain_version(status.firmware) == plain_version(version):
            return ""
        return f"it runs firmware {status.firmware or 'unknown'}, not {version}"

    def _fetched_at(
        self, phone_id: int, fetches: Mapping[tuple[int, str], Fetch]
    ) -> datetime | None:
        proof = self._applied.proof_of(phone_id)
        fetch = fetches.get((phone_id, proof[0])) if proof else None
        return fetch.at if proof and fetch and fetch.digest == proof[1] else None

    def _intended(self, phone_id: int) -> tuple[IntendedLine, ...]:
        if phone_id not in self._lines:
            sip = self._applied.sip(phone_id, self._models.get(phone_id, ""))
            self._lines[phone_id] = tuple(line for line in sip.lines if line.registrar)
        return self._lines[phone_id]


def pushes_by_line(
    status: PhoneStatus, intended: Sequence[IntendedLine], pushes: Iterable[LastPush]
) -> Iterator[tuple[int, LastPush]]:
    """What was pushed of intended lines, by their numbers: where a user names one line for sure."""
    for push in pushes:
        numbers = {line.number for line in intended if push.user and line.user == push.user}
        shown = {
            each.line.number
            for each in status.lines
            if each.line.account and each.line.account.user == push.user
        }
        if len(numbers) == 1 and shown <= numbers:
            yield numbers.pop(), push


def line_observations(
    status: PhoneStatus, intended: Iterable[IntendedLine], pushes: Mapping[int, LastPush]
) -> Iterator[LineObservation]:
    """Each intended line as the last poll and the last push have it."""
    shown = {each.line.number: each.line.registration for each in status.lines}
    for line in intended:
        push = pushes.get(line.number)
        yield LineObservation(
            polled=shown.get(line.number) is Registration.REGISTERED
            if status.reach is Reach.OK
            else None,
            pushed=push.registered if push else None,
            pushed_at=push.at if push else None,
        )


def losses(status: PhoneStatus, pushes: Mapping[int, LastPush]) -> Iterator[str]:
    """What the phone said since its last poll that is not as it should be."""
    for number, push in sorted(pushes.items()):
        if push.registered is False and (not status.observed_at or push.at > status.observed_at):
            code = f" ({push.code})" if push.code is not None else ""
            yield f"the phone reports that line {number} is not registered{code}"


def trouble_of(status: PhoneStatus) -> str:
    """What the last poll saw wrong with a phone as it is; empty if nothing, or there was no poll.

    What its new files are to change is no trouble: only lines that it shows count.
    """
    if status.reach is None:
        return ""
    numbers = [each.line.number for each in status.lines if each.line.account is not None]
    return "; ".join(wrongs(status, numbers))


def wrongs(status: PhoneStatus, intended: Collection[int]) -> Iterator[str]:
    """What the last poll saw that is not as it should be, in a few words each."""
    if status.reach is not Reach.OK:
        yield status.detail.rstrip(".") or f"the phone is {status.reach or 'not polled yet'}"
        return
    shown = {each.line.number: each.line for each in status.lines}
    for number in intended:
        line = shown.get(number)
        if line is None:
            yield f"line {number} is not shown"
        elif line.registration is not Registration.REGISTERED:
            code = f" ({line.code})" if line.code is not None else ""
            yield f"line {number} is {line.registration}{code}"
