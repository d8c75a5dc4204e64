"""Rules about a phone's files: what it fetched beside what it shall have. They need no poll."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.model import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleet.judge.look import Look

_MINUTE = "%Y-%m-%d %H:%M"
_STALE = (
    "Ask it by fleet provision resync, or roll the revision out: fleet provision rollout. Where it "
    "does not come, look whether it knows our address: fleet provision fetches."
)
_DRIFT = "It takes the firmware of [provisioning] firmware_folder when it boots."


def config_stale(look: Look) -> Iterable[Finding] | None:
    """What a phone fetched last is behind what was applied, for longer than is usual."""
    files = look.files
    if files is None or files.applied_at is None:
        return None
    if not files.is_stale:
        return []
    last = (
        "nothing yet" if files.fetched_at is None else f"at {files.fetched_at:%Y-%m-%d %H:%M} UTC"
    )
    text = (
        f"its configuration is behind: revision {files.revision} was applied at "
        f"{files.applied_at:%Y-%m-%d %H:%M} UTC, and it fetched {last}"
    )
    return [Finding(rule="config-stale", severity=Severity.WARNING, text=text, check=_STALE)]


def firmware_drift(look: Look) -> Iterable[Finding] | None:
    """A phone runs another firmware than the settings say for its model."""
    files = look.files
    if files is None or not files.firmware or not look.firmware:
        return None
    if plain_version(files.firmware) == plain_version(look.firmware):
        return []
    text = f"it runs firmware {look.firmware}, and {files.firmware} is what it shall run"
    return [Finding(rule="firmware-drift", severity=Severity.INFO, text=text, check=_DRIFT)]


def unexpected_fetch(look: Look) -> Iterable[Finding] | None:
    """Somebody asked for a phone's file and was refused."""
    return None if look.files is None else look.files.unexpected


def plain_version(version: str) -> str:
    """A version without the suffix that phones give it in some places only."""
    return version.strip().casefold().removesuffix("-sip")
