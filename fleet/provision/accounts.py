"""The intended accounts of a phone as parameters of its lines; pure.

Assumed, for no source says: a line without an authentication name takes an empty one, so its user
name is given for it; and a line that names a registrar of its own may not take the phone's backup
servers, so they are given to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.model import Wanted
from fleet.phone.config_file import numbered
from fleet.provision.origin import Origin, Source, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from fleet.model import IntendedAccount

_NOWHERE = "0.0.0.0"  # noqa: S104  the phones' way to say "do not register"
_REGISTRAR = "sip lineN registrar ip"
_BACKUPS = ("backup registrar ip", "backup registrar port", "backup proxy ip", "backup proxy port")
_INHERITED = Origin(source=Source.COMPUTED, detail="the phone's backup servers")


def account_values(
    accounts: Iterable[IntendedAccount], below: Mapping[str, Value]
) -> dict[str, Value]:
    """What accounts say of their lines; `below` is what the levels say.

    A registrar stands for the proxy too, unless the levels name a proxy for that very registrar.
    """
    values: dict[str, Value] = {}
    for account in accounts:
        origin = Origin(source=Source.ACCOUNT, detail=f"the account of line {account.line}")
        for name, text in _said(account, below):
            full = f"sip line{account.line} {name}"
            before = below.get(full)
            over = (before, *before.over) if before else ()
            values[full] = Value(wanted=Wanted(value=text), origin=origin, over=over)
    return values


def lines_with_registrar(values: Mapping[str, Value]) -> tuple[int, ...]:
    """The lines that have a registrar of their own."""
    families = [numbered(name) for name, value in values.items() if value.wanted.value]
    return tuple(each.numbers[0] for each in families if each.family == _REGISTRAR)


def inherited_backups(
    below: Mapping[str, Value], over: Mapping[str, Value], lines: Iterable[int]
) -> dict[str, Value]:
    """The backup servers of the phone for each of these lines that has none of its own.

    `over` is laid over `below`; what was removed from a line is not inherited.
    """
    of_phone = {
        what: found
        for what in _BACKUPS
        if (found := over.get(f"sip {what}") or below.get(f"sip {what}")) and found.wanted.value
    }
    if _BACKUPS[0] not in of_phone:
        return {}
    return {
        f"sip line{line} {what}": Value(wanted=found.wanted, origin=_INHERITED, over=(found,))
        for line in lines
        if not _has(below, over, f"sip line{line} {_BACKUPS[0]}")
        for what, found in of_phone.items()
        if not _has(below, over, f"sip line{line} {what}")
    }


def _has(below: Mapping[str, Value], over: Mapping[str, Value], name: str) -> bool:
    return name in over or name in below


def _said(account: IntendedAccount, below: Mapping[str, Value]) -> Iterator[tuple[str, str]]:
    if account.user:
        yield "user name", account.user
    if auth_name := account.auth_name or account.user:
        yield "auth name", auth_name
    if account.sip_password:
        yield "password", account.sip_password
    if account.display_name:
        yield "display name", account.display_name
    yield from _server("", account.registrar, account.registrar_port, below)
    yield from _server("backup ", account.backup_registrar, account.backup_registrar_port, below)


def _server(
    kind: str, host: str, port: int | None, below: Mapping[str, Value]
) -> Iterator[tuple[str, str]]:
    roles = [f"{kind}registrar"]
    if host and _needs_proxy(kind, host, below):
        roles.append(f"{kind}proxy")
    for role in roles:
        if host:
            yield f"{role} ip", host
        if port is not None:
            yield f"{role} port", str(port)


def _needs_proxy(kind: str, host: str, below: Mapping[str, Value]) -> bool:
    if not kind and host == _NOWHERE:
        return False
    proxy, registrar = _text(below, f"sip {kind}proxy ip"), _text(below, f"sip {kind}registrar ip")
    return not proxy or registrar not in ("", host)


def _text(values: Mapping[str, Value], name: str) -> str:
    value = values.get(name)
    return str(value.wanted.value or "") if value else ""
