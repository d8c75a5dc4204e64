"""In what the phones differ from the inventory, and from the newest of their kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fleet.audit.counts import is_older
from fleet.judge import REASONS, About, rules_about
from fleet.model import Reason
from fleet.phone.catalog import MODELS, model_named
from fleet.report.audit import DifferenceRecord, FirmwareRecord, NotReadRecord, PasswordRecord

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from fleet.audit.counts import Looked
    from fleet.store import Event, PhoneStatus

_OF_ACCOUNTS = rules_about(About.ACCOUNT)


def differences(
    phones: Iterable[Looked], conflicts: Iterable[Event]
) -> tuple[DifferenceRecord, ...]:
    """Give all differences, kind by kind."""
    told: dict[int, list[str]] = {}
    for event in conflicts:
        if event.phone_id is not None:
            told.setdefault(event.phone_id, []).append(event.text)
    found = [
        DifferenceRecord(kind=kind, line=line, text=text, **_who(looked.status))
        for looked in phones
        for kind, line, text in _differences(looked, told)
    ]
    return tuple(sorted(found, key=lambda each: each.kind))


def _differences(
    looked: Looked, conflicts: Mapping[int, list[str]]
) -> Iterator[tuple[str, int | None, str]]:
    status, phone = looked.status, looked.status.stored.phone
    if not status.dialect:
        yield "never-seen", None, _never_seen(status)
    for finding in looked.findings:
        if finding.rule in _OF_ACCOUNTS:
            text = finding.text.removeprefix(f"line {finding.line}: ")
            yield finding.rule, finding.line, text
    texts = list(conflicts.get(status.stored.id, ()))
    if status.reason is Reason.OTHER_PHONE:
        texts.append(status.detail or REASONS[Reason.OTHER_PHONE].meaning)
    for text in dict.fromkeys(texts):
        yield "mac-conflict", None, text
    seen, wanted = status.model, model_named(phone.model)
    if (seen or wanted) and (seen or wanted) not in MODELS:
        yield "unknown-model", None, f"fleet does not know the model {seen or wanted}"
    if seen and wanted and seen != wanted:
        yield "model-mismatch", None, f"model is {seen}, should be {wanted}"


def _never_seen(status: PhoneStatus) -> str:
    if status.reach is None:
        return "never polled"
    return f"its lines were never seen; {status.reach}: {status.reason or ''}".rstrip(": ")


def not_read(phones: Iterable[Looked]) -> Iterator[NotReadRecord]:
    """Give the phones that were polled and whose lines were not seen, with why."""
    for looked in phones:
        status = looked.status
        if status.reach is None or looked.is_read:
            continue
        advice = REASONS.get(status.reason) if status.reason else None
        yield NotReadRecord(
            **_who(status),
            model=status.model or status.stored.phone.model,
            reach=status.reach,
            reason=status.reason or "",
            text=status.detail or (advice.meaning if advice else ""),
            check=advice.check if advice else "",
            since=status.reach_since,
            lines=len(status.lines),
        )


def old_firmware(phones: Iterable[Looked], newest: Mapping[str, str]) -> Iterator[FirmwareRecord]:
    """Give the phones with older firmware than the newest that their model has in the fleet."""
    for looked in phones:
        status = looked.status
        best = newest.get(status.model, "")
        if is_older(status.firmware, best):
            yield FirmwareRecord(
                **_who(status), model=status.model, firmware=status.firmware, newest=best
            )


def default_passwords(phones: Iterable[Looked], ids: frozenset[int]) -> Iterator[PasswordRecord]:
    """Give the phones that the inventory says have the default password, without saying it."""
    for looked in phones:
        if looked.status.stored.id in ids:
            yield PasswordRecord(**_who(looked.status), text="default password")


def _who(status: PhoneStatus) -> dict[str, Any]:
    phone = status.stored.phone
    return {"site": phone.site, "phone": phone.label, "mac": phone.mac, "host": phone.host}
