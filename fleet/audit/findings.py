"""What an audit flagged and what it looked at: kept, so that the next audit can compare."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from fleet.errors import FleetError
from fleet.report.audit import FlaggedRecord

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

VERSION = 1

_NAMES = tuple(field.name for field in fields(FlaggedRecord))
_CELLS = attrgetter(*_NAMES)
_SINCE = _NAMES.index("since")


@dataclass(frozen=True, kw_only=True, slots=True)
class Flag:
    """A finding of an audit, and the phone that it is about."""

    phone_id: int
    record: FlaggedRecord


@dataclass(frozen=True, kw_only=True, slots=True)
class Findings:
    """What an audit found, and what it could look at.

    `rules` are the rules that were looked at; `polled` the phones of which any poll is known,
    `readable` those whose lines were seen. `unseen` are flags of earlier audits that could not be
    looked at since: nobody knows whether they still hold.
    """

    selection: str
    at: datetime
    rules: frozenset[str] = frozenset()
    polled: frozenset[int] = frozenset()
    readable: frozenset[int] = frozenset()
    flags: tuple[Flag, ...] = ()
    unseen: tuple[Flag, ...] = ()


def encode(findings: Findings) -> bytes:
    """Write findings compactly; `decode` reads them, also those of earlier versions of fleet."""
    document = {
        "version": VERSION,
        "selection": findings.selection,
        "at": findings.at.isoformat(),
        "rules": sorted(findings.rules),
        "polled": _ranges(findings.polled),
        "readable": _ranges(findings.readable),
        "columns": _NAMES,
        "flags": [_row(flag) for flag in findings.flags],
        "unseen": [_row(flag) for flag in findings.unseen],
    }
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return zlib.compress(text.encode("utf-8", "surrogatepass"), 6)


def decode(data: bytes) -> Findings:
    """Read findings. Raises `FleetError` for what no version up to this one has written."""
    try:
        document = json.loads(zlib.decompress(data).decode("utf-8", "surrogatepass"))
        if document["version"] > VERSION:
            raise FleetError("A newer version of fleet stored the audit; use that version.")
        names = [name if name in _NAMES else None for name in document["columns"]]
        return Findings(
            selection=document["selection"],
            at=datetime.fromisoformat(document["at"]),
            rules=frozenset(document["rules"]),
            polled=frozenset(_numbers(document["polled"])),
            readable=frozenset(_numbers(document["readable"])),
            flags=tuple(_flag(row, names) for row in document["flags"]),
            unseen=tuple(_flag(row, names) for row in document["unseen"]),
        )
    except (zlib.error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise FleetError(f"The stored findings of that audit cannot be read: {error}.") from None


def _row(flag: Flag) -> list[Any]:
    cells = list(_CELLS(flag.record))
    since = flag.record.since
    cells[_SINCE] = since.timestamp() if since else None
    return [flag.phone_id, *cells]


def _flag(row: list[Any], names: list[str | None]) -> Flag:
    phone_id, *cells = row
    values = {name: cell for name, cell in zip(names, cells, strict=True) if name}
    if values["since"] is not None:
        values["since"] = datetime.fromtimestamp(values["since"], UTC)
    return Flag(phone_id=int(phone_id), record=FlaggedRecord(**values))


def _ranges(numbers: Collection[int]) -> str:
    """Write numbers as `1-4 7`: those of a fleet mostly follow one another."""
    spans: list[list[int]] = []
    for number in sorted(numbers):
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return " ".join(f"{first}-{last}" if first < last else f"{first}" for first, last in spans)


def _numbers(text: str) -> Iterator[int]:
    for span in text.split():
        first, _, last = span.partition("-")
        yield from range(int(first), int(last or first) + 1)
