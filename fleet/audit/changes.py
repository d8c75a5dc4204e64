"""What changed between two audits of the same selection: pure.

"Could not look" is not "fine": a phone that stops answering has not recovered its lines, so what
was flagged on them stays in mind as not seen until somebody can look again.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, TypeAlias

from fleet.judge import About, rules_about, trouble_of
from fleet.report.audit import AuditChange, ChangeRecord, Changes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleet.audit.findings import Findings, Flag

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
