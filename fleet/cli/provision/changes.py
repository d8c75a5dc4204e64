"""Changes of parameters as lines for people and as JSON; secrets only as changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fleet.phone.parameters import ChangeKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.phone.lint import LintFinding
    from fleet.phone.parameters import ParameterChange

MOST_NAMED = 10


def change_line(change: ParameterChange) -> str:
    """One change: `sip vmail: *97 → *98`."""
    lock = ""
    if change.locked != change.was_locked and change.kind is not ChangeKind.REMOVED:
        lock = " (locked)" if change.locked else " (lock removed)"
    if change.kind is ChangeKind.LOCK:
        return f"{change.name}:{lock}"
    if change.secret:
        said = "changed" if change.kind is ChangeKind.CHANGED else str(change.kind)
        return f"{change.name}: {said}{lock}"
    return f"{change.name}: {_text(change.old)} → {_text(change.new)}{lock}"


def finding_line(finding: LintFinding) -> str:
    """One finding: `critical default-password: …`."""
    return f"{finding.severity} {finding.check}: {finding.text}"


def some(names: Sequence[str]) -> str:
    """The first of many names, and how many more there are."""
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def change_object(change: ParameterChange) -> dict[str, Any]:
    """One change for JSON; `old` and `new` of a secret are null."""
    return {
        "name": change.name,
        "kind": change.kind,
        "secret": change.secret,
        "reboot": change.reboot,
        "old": change.old,
        "new": change.new,
        "was_locked": change.was_locked,
        "locked": change.locked,
    }


def finding_object(finding: LintFinding) -> dict[str, Any]:
    """One finding for JSON."""
    return {
        "check": finding.check,
        "severity": finding.severity,
        "parameter": finding.parameter,
        "text": finding.text,
        "line": finding.line,
    }


def _text(value: str | None) -> str:
    if value is None:
        return "(not set)"
    return value or "(empty)"
