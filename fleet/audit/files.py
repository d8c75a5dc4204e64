"""The audit's files: each whole or not there at all, and named by day and site."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from fleet.errors import UsageError
from fleet.files import replacing
from fleet.report.audit import AUDIT_FORMATS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from fleet.report.audit import AuditReport

_PLAIN = re.compile(r"[^A-Za-z0-9._-]+")


def write_files(report: AuditReport, folder: Path, formats: Sequence[str]) -> tuple[Path, ...]:
    """Write the report in each format. Where the day has such files already, the time is added."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"The folder {folder} cannot be made: {error.strerror}.") from None
    name = _free_name(report, folder, formats)
    written = []
    for form in dict.fromkeys(formats):
        path = folder / f"{name}.{form}"
        with replacing(path) as file:
            AUDIT_FORMATS[form](report, file)
        written.append(path)
    return tuple(written)


def _free_name(report: AuditReport, folder: Path, formats: Sequence[str]) -> str:
    """The first name under which no file is there: with the day, the minute, then the second."""
    local = report.at.astimezone(ZoneInfo(report.zone))
    plain = stem(report)
    day = local.date().isoformat()
    times = ("", f"-{local:%H%M}", f"-{local:%H%M%S}", f"-{local:%H%M%S-%f}")
    names = [plain.replace(day, f"{day}{time}", 1) for time in times]
    free = (n for n in names if not any((folder / f"{n}.{form}").exists() for form in formats))
    return next(free, names[-1])


def stem(report: AuditReport) -> str:
    """The files' name without its ending: `audit-2026-11-25`, `audit-2026-11-25-berlin`."""
    day = report.at.astimezone(ZoneInfo(report.zone)).date().isoformat()
    return f"audit-{day}-{_file_name(report.site)}" if report.site else f"audit-{day}"


def _file_name(site: str) -> str:
    """A site's name as a part of a file's; a name that has to give way keeps a mark of its own."""
    plain = _PLAIN.sub("-", site).strip("-.")
    return plain if plain == site else f"{plain}-{zlib.crc32(site.encode()):08x}".strip("-")
