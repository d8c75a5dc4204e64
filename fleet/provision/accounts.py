"""The intended accounts of a phone as parameters of its lines; pure.

Assumed, for no source says: a line without an authentication name takes an empty one, so its user
name is given for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.model import Wanted
from fleet.provision.origin import Origin, Source, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from fleet.model import IntendedAccount

_NOWHERE = "0.0.0.0"  # noqa: S104  the phones' way to say "do not register"


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
