"""How an account that a phone shows differs from the one that is intended."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterator

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
