"""Lines and their servers: what a phone cannot do, or will do otherwise than it looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.model import Severity
from fleet.phone.config_file import SET_OF, LineSet, numbered, said_of_line
from fleet.phone.lint.look import NO_SERVER, LintFinding, account_value, own_name, whose
from fleet.phone.parameters.kinds import is_address, is_ipv6

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet.phone.lint.look import LintLook

_SERVERS = {
    **{
        f"{name} ip": f"{name} port"
        for name in ("proxy", "registrar", "backup proxy", "backup registrar")
    },
    **{name: f"{name} port" for name in ("outbound proxy", "backup outbound proxy")},
}


def line_above_maximum(look: LintLook) -> Iterator[LintFinding]:
    """A line that the model does not have. One finding for each line."""
    if look.model is None or not look.model.lines:
        return
    seen: set[int] = set()
    for key, parameter in look.last.items():
        found = numbered(key)
        if not found.family.startswith("sip lineN") or found.numbers[0] in seen:
            continue
        number = found.numbers[0]
        if not 1 <= number <= look.model.lines:
            seen.add(number)
            yield LintFinding(
                check="line-above-maximum",
                severity=Severity.CRITICAL,
                parameter=key,
                text=f"Line {number} does not exist on the {look.model.name}, which has lines 1 to "
                f"{look.model.lines}: move it to another line or phone.",
                line=parameter.line,
            )


def port_zero(look: LintLook) -> Iterator[LintFinding]:
    """A server whose port is 0 or not given, which is the same.

    The phone then asks DNS for SRV records of a name, and uses 5060 with an address
    (facts/provisioning 1.3, SIP global).
    """
    for line in (None, *look.lines):
        for server, port in _SERVERS.items():
            host = look.value(own_name(line, server))
            said = account_value(look, line, port)
            if host not in NO_SERVER and said in ("", "0"):
                yield _port_zero(look, own_name(line, server), own_name(line, port), said=said)


def _port_zero(look: LintLook, server: str, port: str, *, said: str) -> LintFinding:
    address = is_address(look.value(server)) or is_ipv6(look.value(server))
    state = "is 0" if said else "is not set, which counts as 0"
    effect = (
        "the phone uses 5060, because the server is an address: set that port to make it explicit."
        if address
        else "the phone looks up SRV records of that name: make sure that they exist, or set the "
        "port."
    )
    stands = look.last.get(port) or look.last[server]
    return LintFinding(
        check="port-zero",
        severity=Severity.WARNING if said and not address else Severity.INFO,
        parameter=port,
        text=f"The port for `{server}` {state}, so {effect}",
        line=stands.line,
    )


def registrar_without_backup(look: LintLook) -> Iterator[LintFinding]:
    """A registrar without a backup, where the site demands one."""
    if not look.context.demand_backup:
        return
    for line in (None, *look.lines):
        registrar = account_value(look, line, "registrar ip")
        backup = account_value(look, line, "backup registrar ip")
        if registrar not in NO_SERVER and backup in NO_SERVER:
            yield LintFinding(
                check="registrar-without-backup",
                severity=Severity.WARNING,
                parameter=own_name(line, "backup registrar ip"),
                text=f"The registrar of {whose(line)} has no backup, but the site requires one: "
                f"set `{own_name(line, 'backup registrar ip')}`.",
            )


def proxy_without_registrar(look: LintLook) -> Iterator[LintFinding]:
    """A proxy without a registrar: such a line can call, and nobody can call it.

    A line with servers of its own takes none from all lines. Of servers for all lines another file
    may name the registrar, unless the accounts are here too. A registrar of 0.0.0.0 is meant.
    """
    accounts = any(look.value(own_name(line, "user name")) for line in (None, *look.lines))
    is_whole = look.context.complete or accounts
    for line in (None, *look.lines):
        proxy = look.value(own_name(line, "proxy ip"))
        registrar = account_value(look, line, "registrar ip")
        if proxy in NO_SERVER or registrar or (line is None and not is_whole):
            continue
        yield LintFinding(
            check="proxy-without-registrar",
            severity=Severity.WARNING,
            parameter=own_name(line, "registrar ip"),
            text=f"There is a proxy for {whose(line)} but no registrar, so the phone does not "
            f"register: set `{own_name(line, 'registrar ip')}`.",
            line=look.last[own_name(line, "proxy ip")].line,
        )


def backup_servers_differ(look: LintLook) -> Iterator[LintFinding]:
    """A backup registrar without the same backup proxy: the vendor says to set both alike.

    facts/provisioning 1.3, Failover behaviour.
    """
    for line in (None, *look.lines):
        registrar = account_value(look, line, "backup registrar ip")
        proxy = account_value(look, line, "backup proxy ip")
        own = look.value(own_name(line, "backup registrar ip"))
        if own not in NO_SERVER and registrar.casefold() != proxy.casefold():
            yield LintFinding(
                check="backup-servers-differ",
                severity=Severity.WARNING,
                parameter=own_name(line, "backup proxy ip"),
                text=f"The backup registrar and the backup proxy of {whose(line)} differ, so a "
                "phone may register with one and call through the other: set both to the same "
                "server.",
            )


def not_for_this_line(look: LintLook) -> Iterator[LintFinding]:
    """What is said for all lines, and lost on a line that says a part of the same set itself.

    One finding for each line and set; ports have `port-zero`. facts: `LineSet`.
    """
    said = {said_of_line(name) for name, one in look.last.items() if one.value.strip()} - {None}
    for line, one in sorted((each for each in said if each), key=lambda each: each[0]):
        has_user = bool(look.value(own_name(line, "user name")))
        if lost := _lost(look, line, one) if one is LineSet.NETWORK or has_user else []:
            names = ", ".join(f"`{own_name(None, name)}`" for name in lost)
            yield LintFinding(
                check="not-for-this-line",
                severity=Severity.WARNING if one is LineSet.NETWORK else Severity.INFO,
                parameter=own_name(line, lost[0]),
                text=f"Line {line} overrides {_PART[one]}, so the phone ignores {names} for it: "
                f"set that for line {line} too.",
                line=look.last[own_name(None, lost[0])].line,
            )


_PART = {LineSet.NETWORK: "some of its servers", LineSet.AUTHENTICATION: "its user"}


def _lost(look: LintLook, line: int, one: LineSet) -> list[str]:
    return [
        name
        for name, of in SET_OF.items()
        if of is one
        and not name.endswith(" port")
        and look.value(own_name(None, name)) not in (*NO_SERVER, "0")
        and own_name(line, name) not in look.last
    ]


def account_incomplete(look: LintLook) -> Iterator[LintFinding]:
    """A line that has a user but an empty password, or a password but no user."""
    for line in (None, *look.lines):
        user = account_value(look, line, "user name")
        password = account_value(look, line, "password")
        given = own_name(line, "password") in look.last or own_name(line, "user name") in look.last
        if given and bool(user) != bool(password):
            missing = own_name(line, "password" if user else "user name")
            yield LintFinding(
                check="account-incomplete",
                severity=Severity.WARNING,
                parameter=missing,
                text=f"The account of {whose(line)} has no `{missing}`: set it, or clear the line.",
            )
