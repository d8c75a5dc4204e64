"""Makes the texts of alerts from templates: the one door for Jinja2.

A template of the same name in the folder `[alerts] templates` takes the place of ours. The first
line of a .txt is the subject. Templates work in a sandbox, and an alert is never lost to one: where
somebody's own fails, ours is used and the log says why.
"""

from __future__ import annotations

import logging
import re
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import ChoiceLoader, FileSystemLoader, StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from fleet.alert.presentation import NONE, View, plain, view_of
from fleet.errors import SettingsError
from fleet.model import Alert, AlertKind, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from fleet.alert.planner import Telling
    from fleet.alert.presentation import Zones

OURS = Path(__file__).parent / "templates"
LONGEST_SUBJECT = 120
_BLANK_LINES = re.compile(r"\n{3,}")
_log = logging.getLogger(__name__)


class Composer:
    """Makes alerts from what a round decided. The same decision gives the same texts."""

    def __init__(self, folder: Path | None = None, dashboard_url: str = "") -> None:
        """Use the templates of a folder before ours; raises `SettingsError` if they are wrong.

        `dashboard_url` is where the dashboard is, without a slash at its end; empty: no link.
        """
        self._dashboard_url = dashboard_url
        self._ours = _environment(OURS)
        self._theirs = _environment(folder, OURS) if folder else self._ours
        if folder:
            _check(folder, self._theirs)

    def compose(
        self,
        telling: Telling,
        zones: Zones,
        now: datetime,
        diagnoses: Mapping[int, str] = NONE,
    ) -> Alert:
        """Make the alert of a telling; `diagnoses` are sentences by their incidents' ids."""
        view, name = view_of(telling, zones, diagnoses, self._dashboard_url), _name_of(telling)
        subject, text = self._text(f"{name}.txt", view)
        return Alert(
            key=telling.key,
            kind=telling.kind,
            severity=telling.severity,
            at=now,
            subject=subject,
            text=text,
            html=self._render(f"{name}.html", view),
            cause_id=telling.cause.id if telling.cause else None,
        )

    def _text(self, name: str, view: View) -> tuple[str, str]:
        subject, _, text = self._render(name, view).strip().partition("\n")
        return plain(subject, LONGEST_SUBJECT), text.strip() + "\n"

    def _render(self, name: str, view: View) -> str:
        values = {each.name: getattr(view, each.name) for each in fields(view)}
        try:
            made = self._theirs.get_template(name).render(values)
        except Exception as error:
            if self._theirs is self._ours:
                raise
            _log.error("The template %s fails, so fleet uses its own: %s", name, plain(str(error)))
            made = self._ours.get_template(name).render(values)
        return _BLANK_LINES.sub("\n\n", made)


def word_of_fleet(kind: AlertKind, key: str, at: datetime, subject: str, text: str) -> Alert:
    """Make an alert about fleet itself: a test, or an alert that was given up."""
    return Alert(
        key=key,
        kind=kind,
        severity=Severity.CRITICAL if kind is AlertKind.DAEMON else Severity.INFO,
        at=at,
        subject=plain(f"[fleet] {subject}", LONGEST_SUBJECT),
        text=f"{text}\n\nX-Fleet-Alert: {key}\n",
    )


def _name_of(telling: Telling) -> str:
    if telling.cause:
        return "cause_over" if telling.kind is AlertKind.RECOVERY else "cause"
    return telling.kind.value


def _environment(*folders: Path) -> SandboxedEnvironment:
    return SandboxedEnvironment(
        loader=ChoiceLoader([FileSystemLoader(folder) for folder in folders]),
        undefined=StrictUndefined,
        autoescape=lambda name: bool(name and name.endswith(".html")),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _check(folder: Path, environment: SandboxedEnvironment) -> None:
    """Refuse a folder that is not there, a name that is none of ours, and what does not parse."""
    if not folder.is_dir():
        raise SettingsError(f"[alerts] templates: there is no folder {folder}.")
    known = sorted(path.name for path in OURS.iterdir())
    for path in sorted(folder.iterdir()):
        if path.suffix in (".txt", ".html") and path.name not in known:
            raise SettingsError(
                f"[alerts] templates: {path} is not a template of fleet; the templates are "
                f"{', '.join(known)}."
            )
        if path.name in known:
            try:
                environment.get_template(path.name)
            except TemplateError as error:
                raise SettingsError(
                    f"[alerts] templates: {path} cannot be used: {plain(str(error))}."
                ) from None
