"""Reports to those who want them: sent at once, by the alerts' sender."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from fleet.alert.sender import send
from fleet.errors import FleetError
from fleet.model import Alert, AlertKind, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path


def send_report(
    urls: Sequence[str],
    subject: str,
    text: str,
    html: str,
    files: Sequence[Path],
    *,
    clock: Callable[[], datetime],
) -> None:
    """Send a report to each of the URLs; the same report has the same key.

    Raises `FleetError` with who did not take it and why, once all were tried.
    """
    report = Alert(
        key=f"fleet-report-{sha256(html.encode()).hexdigest()[:16]}",
        kind=AlertKind.DAEMON,
        severity=Severity.INFO,
        at=clock(),
        subject=subject,
        text=text,
        html=html,
    )
    told = [(place, send(url, report, files)) for place, url in enumerate(urls, 1)]
    if not_taken := [f"receiver {place}: {why}" for place, why in told if why]:
        raise FleetError(f"{'; '.join(not_taken)}.")
