"""In what phones differ from the inventory, and what changed since the audit before. Pure."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from fleet.audit.counts import is_older
from fleet.judge import REASONS, About, rules_about, trouble_of
from fleet.model import Reason
from fleet.phone.catalog import MODELS, model_named
from fleet.report.audit import (
    AuditChange,
    ChangeRecord,
    Changes,
    DifferenceRecord,
    FirmwareRecord,
    NotReadRecord,
    PasswordRecord,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from fleet.audit.counts import Looked
    from fleet.audit.findings import Findings, Flag
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


Trouble: TypeAlias = tuple[int, int, str]  # phone, line (0: the phone itself), what kind of
_OF_PHONES = rules_about(About.PHONE)
_ORDER = list(AuditChange)
_FIELDS = [field.name for field in fields(ChangeRecord) if field.name != "change"]
_REMOVED = "the phone is no longer in the inventory or no longer at this site"


@dataclass(frozen=True, kw_only=True, slots=True)
class Compared:
    """The flags of this audit with what each is beside the one before, and all changes."""

    findings: Findings
    changes: Changes


def compare(before: Findings | None, now: Findings, *, note: str = "") -> Compared:
    """Compare an audit with the one before; None or one of another selection is refused.

    `note` says why there is none to compare with. The findings given back carry on what the audit
    before had flagged and this one could not look at.
    """
    if before is None or before.selection != now.selection:
        return Compared(findings=now, changes=Changes(since=None, note=note or _refusal(before)))
    known = {_trouble(flag) for flag in (*before.flags, *before.unseen)}
    marked = tuple(_marked(flag, _kind(flag, known, before)) for flag in now.flags)
    gone = list(_gone(before, now))
    unseen = tuple(flag for flag, kind in gone if kind is AuditChange.UNSEEN)
    records = [_record(flag, flag.record.change) for flag in marked]
    records += [_record(flag, kind, removed=flag.phone_id not in now.polled) for flag, kind in gone]
    records.sort(key=lambda record: _ORDER.index(AuditChange(record.change)))
    return Compared(
        findings=replace(now, flags=marked, unseen=unseen),
        changes=Changes(since=before.at, records=tuple(records)),
    )


def _refusal(before: Findings | None) -> str:
    if before is None:
        return "This is the first audit of these phones, so there is nothing to compare with."
    return f"The previous audit selected other phones ({before.selection}); not compared."


def _trouble(flag: Flag) -> Trouble:
    return flag.phone_id, flag.record.line or 0, trouble_of(flag.record.rule)


def _kind(flag: Flag, known: set[Trouble], before: Findings) -> AuditChange:
    if _trouble(flag) in known:
        return AuditChange.STILL
    return AuditChange.REGRESSION if could_look(before, flag) else AuditChange.NEW


def could_look(findings: Findings, flag: Flag) -> bool:
    """Tell whether that audit could have seen what the flag is about."""
    looked_at = findings.polled if flag.record.rule in _OF_PHONES else findings.readable
    return flag.record.rule in findings.rules and flag.phone_id in looked_at


def _gone(before: Findings, now: Findings) -> Iterable[tuple[Flag, AuditChange]]:
    """Give what was flagged before and is not now: it was resolved, or could not be looked at."""
    held = {_trouble(flag) for flag in now.flags}
    seen: set[Trouble] = set()
    for flag in (*before.flags, *before.unseen):
        trouble = _trouble(flag)
        if trouble in held or trouble in seen:
            continue
        seen.add(trouble)
        is_over = could_look(now, flag) or flag.phone_id not in now.polled
        yield flag, AuditChange.RESOLVED if is_over else AuditChange.UNSEEN


def _marked(flag: Flag, kind: AuditChange) -> Flag:
    return replace(flag, record=replace(flag.record, change=kind))


def _record(flag: Flag, change: str, *, removed: bool = False) -> ChangeRecord:
    values = {name: getattr(flag.record, name) for name in _FIELDS}
    if removed:
        values["text"] = _REMOVED
    return ChangeRecord(change=change, **values)
