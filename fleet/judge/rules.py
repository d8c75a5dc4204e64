"""The rules. A rule is a function in a table: to add one, write it and name it in `RULES`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fleet.judge.accounts import differences
from fleet.judge.files import config_stale, firmware_drift, unexpected_fetch
from fleet.judge.look import RuleSetting
from fleet.judge.reasons import REASONS
from fleet.judge.sip_codes import sip_code
from fleet.model import Finding, Reach, Registration, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fleet.judge.look import Look, Rule
    from fleet.model import Line


_UNREGISTERED = (
    "Check that the registrar answers, and look for this user in its log. A phone that has just "
    "started shows this for a moment. A line that shall not register has the registrar 0.0.0.0: "
    "say so in the inventory and it is not flagged."
)
_ON_BACKUP = (
    "The phone tries its first registrar at each renewal, and the backup only when that one does "
    "not answer: check the first registrar and the network to it."
)
_UNKNOWN = (
    "If the phone's web pages are in another language, add its words under [web_ui.words], or set "
    "`web language: 0` on the phone."
)
_MISSING = "Check that the phone has loaded its configuration, and has that many lines."
_MISMATCH = (
    "The phone runs on other settings than the inventory's: check which is right, then whether "
    "settings made on the phone itself override its configuration files."
)


def line_failed(look: Look) -> Iterable[Finding] | None:
    """A registrar answered a line with a SIP error."""
    if not look.readable:
        return None
    return [
        _on_line(
            "line-failed",
            Severity.CRITICAL,
            line,
            f"{_code_text(line)}: {sip_code(line.code).meaning}{_account_text(line)}",
            sip_code(line.code).check,
        )
        for line in _unmuted(look, Registration.FAILED)
    ]


def line_unregistered(look: Look) -> Iterable[Finding] | None:
    """A line is not registered, and the phone shows no code."""
    if not look.readable:
        return None
    return [
        _on_line(
            "line-unregistered",
            Severity.CRITICAL,
            line,
            f"not registered, without an error code{_account_text(line)}",
            _UNREGISTERED,
        )
        for line in _unmuted(look, Registration.UNREGISTERED)
    ]


def line_on_backup(look: Look) -> Iterable[Finding] | None:
    """A line's registration went to the backup registrar; "not known" is not "yes"."""
    if not look.readable:
        return None
    return [
        _on_line(
            "line-on-backup",
            Severity.WARNING,
            line,
            f"on the backup registrar{_account_text(line)}",
            _ON_BACKUP,
        )
        for line in look.lines
        if line.backup is True
    ]


def line_unknown(look: Look) -> Iterable[Finding] | None:
    """A line's status is a text that nobody here understands; never taken for good."""
    if not look.readable:
        return None
    return [
        _on_line(
            "line-unknown",
            Severity.WARNING,
            line,
            f"{_status_text(line)}{_account_text(line)}",
            _UNKNOWN,
        )
        for line in _unmuted(look, Registration.UNKNOWN)
    ]


def line_missing(look: Look) -> Iterable[Finding] | None:
    """An intended account's line is not in the phone's table, or not configured there.

    A table without any line is never all well, whatever the inventory says.
    """
    if not look.readable:
        return None
    if not look.lines and not look.phone.accounts:
        text = "the phone's table of lines is empty"
        return [Finding(rule="line-missing", severity=Severity.WARNING, text=text, check=_MISSING)]
    return [
        Finding(
            rule="line-missing",
            severity=Severity.WARNING,
            line=want.line,
            text=f"line {want.line}: intended for {want.user or 'an account'}, but the phone "
            f"{'does not show it' if look.shown(want.line) is None else 'has no account there'}",
            check=_MISSING,
            registrar=want.registrar,
        )
        for want in look.phone.accounts
        if _is_absent(look.shown(want.line)) and not look.muted(want.line)
    ]


def account_mismatch(look: Look) -> Iterable[Finding] | None:
    """A line shows another user, registrar or port than intended."""
    if not look.readable:
        return None
    return [
        _on_line(
            "account-mismatch",
            Severity.WARNING,
            line,
            "; ".join(found),
            _MISMATCH,
        )
        for line in look.lines
        if not _is_absent(line)
        and (want := look.intended(line.number)) is not None
        and (found := list(differences(line, want)))
    ]


def phone_unreachable(look: Look) -> Iterable[Finding]:
    """There was no HTTP answer. Every poll can tell."""
    return _on_phone("phone-unreachable", look) if look.reach is Reach.UNREACHABLE else []


def phone_refused(look: Look) -> Iterable[Finding] | None:
    """The web UI rejected our login. A phone that gives no answer cannot tell."""
    if look.reach is Reach.UNREACHABLE:
        return None
    return _on_phone("phone-refused", look) if look.reach is Reach.REFUSED else []


def phone_unreadable(look: Look) -> Iterable[Finding] | None:
    """There was no status page we can read. A phone that lets nobody in cannot tell."""
    if look.reach in (Reach.UNREACHABLE, Reach.REFUSED):
        return None
    return _on_phone("phone-unreadable", look) if look.reach is Reach.UNREADABLE else []


RULES: Mapping[str, Rule] = {
    "line-failed": line_failed,
    "line-unregistered": line_unregistered,
    "line-on-backup": line_on_backup,
    "line-unknown": line_unknown,
    "line-missing": line_missing,
    "account-mismatch": account_mismatch,
    "phone-unreachable": phone_unreachable,
    "phone-refused": phone_refused,
    "phone-unreadable": phone_unreadable,
    "config-stale": config_stale,
    "firmware-drift": firmware_drift,
    "unexpected-fetch": unexpected_fetch,
}

FILE_RULES = ("config-stale", "firmware-drift", "unexpected-fetch")
"""Rules about a phone's files: what they hold says nothing of its lines."""

_DEFAULT = RuleSetting()


def verdicts(
    look: Look, *, rules: Mapping[str, RuleSetting] | None = None
) -> dict[str, tuple[Finding, ...]]:
    """What each enabled rule holds, by its name. A rule that could not look is absent."""
    settings = rules or {}
    held: dict[str, tuple[Finding, ...]] = {}
    for name, rule in RULES.items():
        setting = settings.get(name, _DEFAULT)
        found = rule(look) if setting.enabled else None
        if found is not None:
            held[name] = tuple([_with_severity(finding, setting) for finding in found])
    return held


def judge(look: Look, *, rules: Mapping[str, RuleSetting] | None = None) -> tuple[Finding, ...]:
    """Every finding of the enabled rules: the phone's first, then by line, then by rule."""
    found = [finding for held in verdicts(look, rules=rules).values() for finding in held]
    return tuple(sorted(found, key=lambda finding: finding.line or 0))


def as_set(finding: Finding, rules: Mapping[str, RuleSetting] | None = None) -> Finding | None:
    """A finding of no phone as the settings have its rule; None where that is switched off."""
    setting = (rules or {}).get(finding.rule, _DEFAULT)
    return _with_severity(finding, setting) if setting.enabled else None


def _with_severity(finding: Finding, setting: RuleSetting) -> Finding:
    return finding if setting.severity is None else replace(finding, severity=setting.severity)


def _on_line(rule: str, severity: Severity, line: Line, text: str, check: str) -> Finding:
    return Finding(
        rule=rule,
        severity=severity,
        line=line.number,
        text=f"line {line.number}: {text}",
        check=check,
        code=line.code,
        registrar=line.account.registrar if line.account else "",
    )


def _on_phone(rule: str, look: Look) -> list[Finding]:
    advice = REASONS.get(look.reason) if look.reason else None
    text = look.detail or (advice.meaning if advice else f"The phone is {look.reach}.")
    check = advice.check if advice else "Poll it again, then see `fleet explain`."
    return [Finding(rule=rule, severity=Severity.WARNING, text=text, check=check)]


def _is_absent(line: Line | None) -> bool:
    return line is None or line.registration is Registration.UNCONFIGURED


def _unmuted(look: Look, state: Registration) -> list[Line]:
    return [
        line for line in look.lines if line.registration is state and not look.muted(line.number)
    ]


def _code_text(line: Line) -> str:
    return "failed" if line.code is None else f"{line.code} {sip_code(line.code).name}"


def _status_text(line: Line) -> str:
    if not line.status_text:
        return "the phone shows no status"
    return f"status not understood: {line.status_text!r}"


def _account_text(line: Line) -> str:
    return f" ({line.account.raw})" if line.account and line.account.raw else ""
