"""Who gets the audit: everybody's recipients the whole, a site's recipients that site's part."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from fleet.errors import FleetError
from fleet.report.audit import AUDIT_FORMATS, subject, summary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet.report.audit import AuditReport

Send: TypeAlias = Callable[[Sequence[str], str, str, str, Sequence[Path]], None]
"""Sends to Apprise URLs: subject, text, HTML, attachments. Raises `FleetError` if it could not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipients:
    """Apprise URLs, which hold passwords: of those who get all of it, and of each site's."""

    everybody: tuple[str, ...] = field(default=(), repr=False)
    sites: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)


def send_report(
    report: AuditReport, urls: Sequence[str], files: Sequence[Path], send: Send
) -> str | None:
    """Send a report; give a sentence if it could not be sent. The audit itself is done by then."""
    page = io.BytesIO()
    AUDIT_FORMATS["html"](report, page)
    text = "\n".join(summary(report)) + "\n"
    try:
        send(urls, subject(report), text, page.getvalue().decode(), files)
    except FleetError as error:
        whom = f"the recipients of site {report.site}" if report.site else "the recipients"
        return f"The audit could not be sent to {whom}: {error}"
    return None
