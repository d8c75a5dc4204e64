"""How many phones and lines there are of one state, site, model, firmware or SIP code."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet.judge import sip_code
from fleet.model import Registration
from fleet.report.audit import CountRecord, Totals

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fleet.audit.flags import Looked
    from fleet.model import Line

NOT_SEEN = "not seen"
NOT_SHOWN = "not shown"
ON_BACKUP = "on backup"
_STATES = (
    Registration.FAILED,
    Registration.UNREGISTERED,
    Registration.UNKNOWN,
    NOT_SHOWN,
    ON_BACKUP,
    Registration.REGISTERED,
    Registration.UNCONFIGURED,
    NOT_SEEN,
)


@dataclass(kw_only=True, slots=True)
class _Count:
    phones: int = 0
    not_read: int = 0
    lines: int = 0
    flagged: int = 0


def totals(phones: Sequence[Looked]) -> Totals:
    """Count everything once."""
    lines = [is_flagged for looked in phones for _, is_flagged in looked.lines()]
    return Totals(
        phones=len(phones),
        not_read=sum(1 for each in phones if each.status.reach and not each.is_read),
        not_polled=sum(1 for each in phones if each.status.reach is None),
        lines=len(lines),
        flagged=sum(lines),
    )


def counts(phones: Sequence[Looked]) -> tuple[CountRecord, ...]:
    """Count by state, site, model, firmware and SIP code, each in an order that stays the same."""
    return tuple(
        record
        for records in (_by_state(phones), _by_phone(phones), _by_code(phones))
        for record in records
    )


def state_of(line: Line | None) -> str:
    """What a line's state is called here; None is a line that the phone does not show."""
    if line is None:
        return NOT_SHOWN
    if line.backup and line.registration is Registration.REGISTERED:
        return ON_BACKUP
    return line.registration


def _by_state(phones: Sequence[Looked]) -> Iterator[CountRecord]:
    found: dict[str, _Count] = defaultdict(_Count)
    for looked in phones:
        for line, is_flagged in looked.lines():
            count = found[state_of(line)]
            count.lines, count.flagged = count.lines + 1, count.flagged + is_flagged
        if not looked.is_read:
            found[NOT_SEEN].lines += len(looked.status.lines)
    for state in _STATES:
        if state in found:
            lines, flagged = found[state].lines, found[state].flagged
            yield CountRecord(of="state", name=state, lines=lines, flagged=flagged)


def _by_phone(phones: Sequence[Looked]) -> Iterator[CountRecord]:
    found: dict[str, dict[str, _Count]] = {"site": {}, "model": {}, "firmware": {}}
    for looked in phones:
        status, phone = looked.status, looked.status.stored.phone
        model = status.model or phone.model
        named = (phone.site, model, f"{model} {status.firmware}" if status.firmware else "")
        lines = [is_flagged for _, is_flagged in looked.lines()]
        for counted, name in zip(found.values(), named, strict=True):
            count = counted.setdefault(name, _Count())
            count.phones += 1
            count.not_read += not looked.is_read
            count.lines += len(lines)
            count.flagged += sum(lines)
    for of, counted in found.items():
        for name, count in sorted(counted.items()):
            yield CountRecord(
                of=of,
                name=name,
                phones=count.phones,
                not_read=count.not_read,
                lines=count.lines,
                flagged=count.flagged,
            )


def _by_code(phones: Sequence[Looked]) -> Iterator[CountRecord]:
    found: dict[int, _Count] = defaultdict(_Count)
    for looked in phones:
        for line, is_flagged in looked.lines():
            if line and line.code is not None:
                found[line.code].lines += 1
                found[line.code].flagged += is_flagged
    for code, count in sorted(found.items(), key=lambda each: (-each[1].lines, each[0])):
        name = f"{code} {sip_code(code).name}"
        yield CountRecord(of="code", name=name, lines=count.lines, flagged=count.flagged)
