"""The rules, one noun each in one table: to add a rule, write its check and its row in `RULES`.

Everything else that is known about rules (how often one has to hold, what flaps, what one cause can
explain, what the audit compares) is derived from the table.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import unquote

from fleet.judge.reasons import REASONS
from fleet.judge.refusals import newest_first
from fleet.judge.sip_codes import sip_code
from fleet.model import CauseKind, Finding, Reach, Registration, Severity, Watch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from fleet.judge.context import Context
    from fleet.model import Account, IntendedAccount, Line

SIP_PORT = 5060
_DEFAULT_PORTS = (None, 0, SIP_PORT)


def differences(line: Line, want: IntendedAccount) -> Iterator[str]:
    """Each difference as "registrar is a, should be b".

    Only what the inventory says and the phone shows is compared. Hosts are compared without
    regard to case; ports "none", 0 (look it up in DNS; provisioning facts 1.3) and 5060 are
    one. The backup registrar is as good as the registrar while the line is on it.
    """
    shown = line.account
    if shown is None:
        if want.user or want.registrar:
            yield "no account is shown"
        return
    if want.user and shown.user and unquote(shown.user) != unquote(want.user):
        yield f"user is {shown.user}, should be {want.user}"
    if not shown.registrar:
        return
    registrar, port = _expected(shown, want, on_backup=line.backup is True)
    if registrar and host_key(shown.registrar) != host_key(registrar):
        yield f"registrar is {shown.registrar}, should be {registrar}"
    if port is not None and not same_port(shown.port, port):
        yield f"port is {shown.port or 'the default'}, should be {port or 'the default'}"


def _expected(shown: Account, want: IntendedAccount, *, on_backup: bool) -> tuple[str, int | None]:
    backup = want.backup_registrar
    if on_backup and backup and host_key(shown.registrar) == host_key(backup):
        return backup, want.backup_registrar_port
    return want.registrar, want.registrar_port


def same_port(one: int | None, other: int | None) -> bool:
    """Whether two SIP ports are one and the same; None, 0 and 5060 are."""
    return one == other or (one in _DEFAULT_PORTS and other in _DEFAULT_PORTS)


def host_key(host: str) -> str:
    """A host's comparable form: no case, no brackets, no final dot, IPv6 in its short form."""
    text = host.strip().casefold().removeprefix("[").removesuffix("]").removesuffix(".")
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return text


REFUSED_FOR = timedelta(days=1)  # how long a refused request is reported
_MINUTE = "%Y-%m-%d %H:%M UTC"


class About(StrEnum):
    """What a rule looks at."""

    LINE = "line"  # a line's registration, as the phone shows it
    ACCOUNT = "account"  # a line beside its intended account
    PHONE = "phone"  # whether the phone can be read
    FILES = "files"  # the phone's files: says nothing about its lines


class Trouble(StrEnum):
    """Problems that turn into one another: neither fixed nor new while one of them holds."""

    REGISTRATION = "registration"  # the line is not registered anywhere
    REACH = "reach"  # the phone cannot be read


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One rule.

    `open_after` polls in a row have to hold it before it becomes an open incident. `check` returns
    the findings at a moment, None for rules that look at changes over time (`flapping`); it is only
    called for a phone whose reach is in `reaches`: with any other the rule cannot look, which is
    not "clear". While a rule that `flaps` holds, its line or phone is bad. `causes` are the kinds
    of cause that can explain it.
    """

    name: str
    severity: Severity
    open_after: int
    about: About
    check: Check | None
    reaches: frozenset[Reach] = frozenset(Reach)
    trouble: Trouble | None = None
    flaps: bool = False
    causes: frozenset[CauseKind] = frozenset()

    def on_phone(self, text: str, check: str, severity: Severity | None = None) -> Finding:
        """Return a finding about the phone."""
        return Finding(rule=self.name, severity=severity or self.severity, text=text, check=check)

    def on_line(self, line: Line, text: str, check: str) -> Finding:
        """Return a finding about a line. Only one about its registration has the line's code."""
        return Finding(
            rule=self.name,
            severity=self.severity,
            line=line.number,
            text=f"line {line.number}: {text}",
            check=check,
            code=line.code if self.trouble is Trouble.REGISTRATION else None,
            registrar=line.account.registrar if line.account else "",
        )


Check: TypeAlias = Callable[[Rule, "Context", "datetime"], Iterable[Finding]]


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleSetting:
    """What an operator may say about a rule. `severity` and `open_after` None keep its own."""

    enabled: bool = True
    severity: Severity | None = None
    open_after: int | None = None


def _line_failed(rule: Rule, context: Context, _: datetime) -> Iterable[Finding]:
    """A registrar answered a line with a SIP error."""
    for line in _unmuted(context, Registration.FAILED):
        known = sip_code(line.code)
        what = "failed" if line.code is None else f"{line.code} {known.name}"
        by = " from the backup registrar" if line.backup else ""
        text = f"{what}{by}: {known.meaning}{_account_text(line)}"
        yield rule.on_line(line, text, known.check)


def _line_unregistered(rule: Rule, context: Context, _: datetime) -> Iterable[Finding]:
    """A line is not registered, and the phone shows no code."""
    for line in _unmuted(context, Registration.UNREGISTERED):
        where = " with the backup registrar" if line.backup else ""
        text = f"not registered{where}, without an error code{_account_text(line)}"
        yield rule.on_line(line, text, _UNREGISTERED)


def _line_on_backup(rule: Rule, context: Context, _: datetime) -> Iterable[Finding]:
    """A line is registered with the backup registrar; "not known" is not "yes"."""
    for line in context.lines:
        if line.backup is True and line.registration is Registration.REGISTERED:
            yield rule.on_line(line, f"on the backup registrar{_account_text(line)}", _ON_BACKUP)


def _line_unknown(rule: Rule, context: Context, _: datetime) -> Iterable[Finding]:
    """A line's status is a text that fleet does not understand; never taken for good."""
    for line in _unmuted(context, Registration.UNKNOWN):
        shown = f"status not understood: {line.status_text!r}"
        text = shown if line.status_text else "the phone shows no status"
        yield rule.on_line(line, f"{text}{_account_text(line)}", _UNKNOWN)


def _line_missing(rule: Rule, context: Context, _: datetime) -> Iterable[Finding]:
    """An intended account's line is not in the phone's table, or not configured there.

    A table without any line is never all well, whatever the inventory says.
    """
    if not context.lines and not context.phone.accounts:
        yield rule.on_phone("the phone's table of lines is empty", _MISSING)
    for want in context.phone.accounts:
        line = context.shown(want.line)
        if not _is_absent(line) or context.muted(want.line):
            continue
        but = "does not show it" if line is None else "has no account there"
        yield Finding(
            rule=rule.name,
            severity=rule.severity,
            line=want.line,
            text=f"line {want.line}: intended for {want.user or 'an account'}, but the phone {but}",
            check=_MISSING,
            registrar=want.registrar,
        )


def _account_mismatch(rule: Rule, context: Context, _: datetime) -> Iterable[Finding]:
    """A line shows another user, registrar or port than intended."""
    for line in context.lines:
        want = context.intended(line.number)
        found = list(differences(line, want)) if want and not _is_absent(line) else []
        if found:
            yield rule.on_line(line, "; ".join(found), _MISMATCH)


def _phone_not_read(reach: Reach) -> Check:
    """Return the check of a rule that holds while polls of a phone end with this reach."""

    def check(rule: Rule, context: Context, _: datetime) -> Iterable[Finding]:
        if context.reach is reach:
            advice = REASONS.get(context.reason) if context.reason else None
            meaning = advice.meaning if advice else f"The phone is {reach}."
            check = advice.check if advice else "Poll it again, then run `fleet explain`."
            yield rule.on_phone(context.detail or meaning, check)

    return check


def _config_stale(rule: Rule, context: Context, at: datetime) -> Iterable[Finding]:
    """What a phone fetched last is behind what was applied, for longer than is usual."""
    files = context.files
    if files.applied_at is None or files.is_current or files.is_waiting:
        return
    if at >= files.applied_at + files.stale_after:
        last = (
            f"last fetched at {files.fetched_at:{_MINUTE}}" if files.fetched_at else "never fetched"
        )
        yield rule.on_phone(
            f"its configuration is out of date: revision {files.revision} was applied at "
            f"{files.applied_at:{_MINUTE}}, and the phone {last}",
            _STALE,
        )


def _firmware_drift(rule: Rule, context: Context, _: datetime) -> Iterable[Finding]:
    """A phone runs another firmware than the settings want for its model."""
    runs, wanted = context.firmware, context.files.firmware
    if runs and wanted and plain_version(runs) != plain_version(wanted):
        yield rule.on_phone(f"it runs firmware {runs} instead of {wanted}", _DRIFT)


def _unexpected_fetch(rule: Rule, context: Context, at: datetime) -> Iterable[Finding]:
    """Somebody asked for a phone's file within the last day and was refused."""
    recent = [fetch for fetch in context.files.refused if fetch.at > at - REFUSED_FOR]
    for refusal, fetches in newest_first(recent):
        addresses = sorted({fetch.address for fetch in fetches})
        more = f" and {len(addresses) - 1} more" if len(addresses) > 1 else ""
        times = f" ({len(fetches)} times)" if len(fetches) > 1 else ""
        text = f"{addresses[0]}{more} {refusal.text.format(file=fetches[0].file)}{times}."
        yield rule.on_phone(text, refusal.check, refusal.severity)


_READABLE = frozenset({Reach.OK})
_LINE_CAUSES = frozenset({CauseKind.REGISTRAR})
_TABLE = (
    Rule(
        name="line-failed",
        severity=Severity.CRITICAL,
        open_after=2,
        about=About.LINE,
        check=_line_failed,
        reaches=_READABLE,
        trouble=Trouble.REGISTRATION,
        flaps=True,
        causes=_LINE_CAUSES,
    ),
    Rule(
        name="line-unregistered",
        severity=Severity.CRITICAL,
        open_after=2,  # a phone that has just started shows this for a moment
        about=About.LINE,
        check=_line_unregistered,
        reaches=_READABLE,
        trouble=Trouble.REGISTRATION,
        flaps=True,
        causes=_LINE_CAUSES,
    ),
    Rule(
        name="line-on-backup",
        severity=Severity.WARNING,
        open_after=3,  # the way back takes minutes after an outage (web-ui facts 3.5)
        about=About.LINE,
        check=_line_on_backup,
        reaches=_READABLE,
        flaps=True,
        causes=_LINE_CAUSES,
    ),
    Rule(
        name="line-unknown",
        severity=Severity.WARNING,
        open_after=2,
        about=About.LINE,
        check=_line_unknown,
        reaches=_READABLE,
        trouble=Trouble.REGISTRATION,
        flaps=True,
    ),
    Rule(
        name="line-missing",
        severity=Severity.WARNING,
        open_after=2,
        about=About.ACCOUNT,
        check=_line_missing,
        reaches=_READABLE,
    ),
    Rule(
        name="account-mismatch",
        severity=Severity.WARNING,
        open_after=2,
        about=About.ACCOUNT,
        check=_account_mismatch,
        reaches=_READABLE,
    ),
    Rule(
        name="phone-unreachable",
        severity=Severity.WARNING,
        open_after=3,  # a phone that restarts misses one or two polls
        about=About.PHONE,
        check=_phone_not_read(Reach.UNREACHABLE),
        trouble=Trouble.REACH,
        flaps=True,
        causes=frozenset({CauseKind.OWN_NETWORK, CauseKind.SITE, CauseKind.NETWORK}),
    ),
    Rule(
        name="phone-refused",
        severity=Severity.WARNING,
        open_after=2,
        about=About.PHONE,
        check=_phone_not_read(Reach.REFUSED),
        reaches=frozenset(Reach) - {Reach.UNREACHABLE},
        trouble=Trouble.REACH,
        causes=frozenset({CauseKind.CREDENTIALS}),
    ),
    Rule(
        name="phone-unreadable",
        severity=Severity.WARNING,
        open_after=3,  # a busy phone answers badly, and well again soon
        about=About.PHONE,
        check=_phone_not_read(Reach.UNREADABLE),
        reaches=frozenset({Reach.OK, Reach.UNREADABLE}),
        trouble=Trouble.REACH,
    ),
    Rule(
        name="config-stale",
        severity=Severity.WARNING,
        open_after=2,
        about=About.FILES,
        check=_config_stale,
    ),
    Rule(
        name="firmware-drift",
        severity=Severity.INFO,
        open_after=2,
        about=About.FILES,
        check=_firmware_drift,
    ),
    Rule(
        name="unexpected-fetch",
        severity=Severity.WARNING,
        open_after=1,  # fleet itself refused it
        about=About.FILES,
        check=_unexpected_fetch,
    ),
    Rule(
        name="line-flapping",
        severity=Severity.WARNING,
        open_after=1,
        about=About.LINE,
        check=None,
        reaches=_READABLE,
    ),
    Rule(
        name="phone-flapping",
        severity=Severity.WARNING,
        open_after=1,
        about=About.PHONE,
        check=None,
    ),
)
RULES: Mapping[str, Rule] = {rule.name: rule for rule in _TABLE}
"""Every rule by its name, in the order in which findings are listed."""
FLAGGING = frozenset(name for name, rule in RULES.items() if rule.check)
"""The rules that flag what they hold for; flapping is about the past, not about what is so now."""
LINE_FAILED = "line-failed"
LINE_UNREGISTERED = "line-unregistered"
UNEXPECTED_FETCH = "unexpected-fetch"
LINE_FLAPPING = "line-flapping"
PHONE_FLAPPING = "phone-flapping"
_DEFAULT = RuleSetting()


def verdicts(
    context: Context, at: datetime, *, rules: Mapping[str, RuleSetting] | None = None
) -> dict[str, tuple[Finding, ...]]:
    """Return the findings of each enabled rule at a moment, by the rule's name.

    An empty tuple means "clear"; a rule that cannot look is absent.
    """
    settings = rules or {}
    held: dict[str, tuple[Finding, ...]] = {}
    for name, rule in RULES.items():
        setting = settings.get(name, _DEFAULT)
        if rule.check is not None and setting.enabled and context.reach in rule.reaches:
            found = rule.check(rule, context, at)
            held[name] = tuple([_with_severity(finding, setting) for finding in found])
    return held


def judge(
    context: Context, at: datetime, *, rules: Mapping[str, RuleSetting] | None = None
) -> tuple[Finding, ...]:
    """Return every finding of the enabled rules: the phone's first, then by line, then by rule."""
    found = [each for held in verdicts(context, at, rules=rules).values() for each in held]
    return tuple(sorted(found, key=lambda finding: finding.line or 0))


def as_set(finding: Finding, rules: Mapping[str, RuleSetting] | None = None) -> Finding | None:
    """Return a finding with its rule's settings applied; None where the rule is switched off."""
    setting = (rules or {}).get(finding.rule, _DEFAULT)
    return _with_severity(finding, setting) if setting.enabled else None


def watch_for(rules: Mapping[str, RuleSetting]) -> Watch:
    """Return how to watch with the rules' settings, by name. Flapping keeps its defaults."""
    given = {name: rule.open_after for name, rule in rules.items() if rule.open_after is not None}
    return Watch(
        open_after={name: rule.open_after for name, rule in RULES.items()} | given,
        off=frozenset(name for name, rule in rules.items() if not rule.enabled),
        severity={name: rule.severity for name, rule in rules.items() if rule.severity},
    )


def enabled_rules(rules: Mapping[str, RuleSetting]) -> frozenset[str]:
    """Return the names of the rules that are not switched off."""
    return frozenset(name for name in RULES if rules.get(name, _DEFAULT).enabled)


def rules_about(*about: About) -> frozenset[str]:
    """Return the names of the rules about these."""
    return frozenset(name for name, rule in RULES.items() if rule.about in about)


def rules_that_look(reach: Reach) -> frozenset[str]:
    """Return the names of the rules that can look at a phone with this reach."""
    return frozenset(name for name, rule in RULES.items() if reach in rule.reaches)


def trouble_of(rule: str) -> str:
    """Return what a rule's findings have in common with those that they turn into.

    A line that goes from 401 to unregistered is still in the same trouble. The trouble of a rule
    without one, or of a rule that there is no more, is its name.
    """
    known = RULES.get(rule)
    return known.trouble if known and known.trouble else rule


def plain_version(version: str) -> str:
    """Return a version without the suffix that phones give it in some places only."""
    return version.strip().casefold().removesuffix("-sip")


def _with_severity(finding: Finding, setting: RuleSetting) -> Finding:
    return finding if setting.severity is None else replace(finding, severity=setting.severity)


def _is_absent(line: Line | None) -> bool:
    return line is None or line.registration is Registration.UNCONFIGURED


def _unmuted(context: Context, state: Registration) -> list[Line]:
    return [
        line
        for line in context.lines
        if line.registration is state and not context.muted(line.number)
    ]


def _account_text(line: Line) -> str:
    return f" ({line.account.raw})" if line.account and line.account.raw else ""


_UNREGISTERED = (
    "Check that the registrar answers, and look for this user in its log. A phone that has just "
    "started shows this for a moment. A line that must not register has the registrar 0.0.0.0: set "
    "that in the inventory, and the line is not flagged."
)
_ON_BACKUP = (
    "The phone tries its first registrar at each renewal, and the backup only when that one does "
    "not answer: check the first registrar and the network to it."
)
_UNKNOWN = (
    "If the phone's web pages are in another language, add its words under [web_ui.words], or set "
    "`web language: 0` on the phone."
)
_MISSING = "Check that the phone has loaded its configuration, and that it has this many lines."
_MISMATCH = (
    "The phone's settings differ from the inventory: check which are right, then whether settings "
    "made on the phone itself override its configuration files."
)
_STALE = (
    "Run fleet provision resync, or roll the revision out: fleet provision rollout. If the phone "
    "does not fetch, check whether it knows our address: fleet provision fetches."
)
_DRIFT = "The phone installs the firmware of [provisioning] firmware_folder when it boots."
