"""A fixture folder from a real phone's page: redacted, and with nobody's accounts in it."""

from __future__ import annotations

import html
import ipaddress
import json
import re
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from fleet.errors import FleetError, PageUnreadable, UsageError
from fleet.phone.pages import WORDS, read_page
from fleet.phone.redact import redact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from fleet.model import Account, Facts, Line, Reason
    from fleet.phone.pages import Words

_IPV4 = re.compile(r"(?<![\w.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![\w.])")
_SERIAL = re.compile(
    r"(serial(?:\s*+(?:number|no\.?))?|num.ro de s.rie)"
    r"(\s*+(?::\s*+)?(?:<[^>]{0,200}+>\s*+){0,6}+)([\w-]{4,40})",
    re.IGNORECASE,
)
_MAC = re.compile(
    r"(?<![\w:-])((?:[0-9A-Fa-f]{2}[:-]?){2}[0-9A-Fa-f]{2})(?:[:-]?[0-9A-Fa-f]{2}){3}(?![\w:-])"
)
_AS_IT_IS = frozenset({"0.0.0.0", "127.0.0.1", "255.255.255.255", "255.255.255.0"})  # noqa: S104


def folder_name(facts: Facts) -> str:
    """The name of a fixture folder: `<model>_<firmware>`, as far as the page tells them."""
    parts = (facts.model or "unknown", facts.firmware or "unknown")
    return "_".join(re.sub(r"[^\w.-]+", "-", part).strip("-") for part in parts)


def facts_json(facts: Facts) -> str:
    """Facts as `expected.json` holds them."""
    return json.dumps(asdict(facts), indent=2, ensure_ascii=False) + "\n"


def capture_files(
    body: bytes,
    facts: Facts,
    *,
    charset: str | None = None,
    secrets: Iterable[str] = (),
    words: Words = WORDS,
) -> dict[str, str]:
    """The files of a fixture folder, by name, from a page and what was read from it.

    Passwords go out; users become 1001, 1002 …, registrars registrar1.example …, the MAC keeps
    its maker's half, addresses become those for documentation, serial numbers zeros. Raises
    FleetError when the page could not be made nobody's without changing what it says.
    """
    accounts, page = _aliases(facts), redact(body, charset=charset, secrets=secrets)
    for raw, alias in sorted(accounts.items(), key=lambda pair: -len(pair[0])):
        page = page.replace(html.escape(raw, quote=False), alias.raw).replace(raw, alias.raw)
    page = _masked(page, kept={facts.firmware, facts.boot_version})
    expected = _pseudonymous(facts, accounts)
    if read_page(page.encode(), charset="utf-8", words=words) != expected:
        raise FleetError("The accounts on the page cannot be replaced safely; nothing was written.")
    shown = f"a {facts.model or 'phone'}, firmware {facts.firmware or 'unknown'}"
    return {
        "sysinfo.html": page,
        "expected.json": facts_json(expected),
        "origin.toml": _origin(f"The status page of {shown}"),
    }


def unreadable_files(
    body: bytes,
    reason: Reason,
    *,
    charset: str | None = None,
    secrets: Iterable[str] = (),
    words: Words = WORDS,
) -> dict[str, str]:
    """The files of a fixture folder, by name, from a page that could not be read for a reason.

    Passwords, serial numbers, the MAC's second half and addresses go out as ever. Accounts cannot
    be told from other texts here: who gives the page away has to look for them. Raises FleetError
    when the page would be unreadable for another reason then, or readable.
    """
    page = _masked(redact(body, charset=charset, secrets=secrets), kept=set())
    if _why(page, words) is not reason:
        raise FleetError("Without its secrets the page reads differently; nothing was written.")
    return {
        "sysinfo.html": page,
        "expected.json": json.dumps({"unreadable": reason}, indent=2) + "\n",
        "origin.toml": _origin(f"A page that cannot be read ({reason})"),
    }


def _why(page: str, words: Words) -> Reason | None:
    try:
        read_page(page.encode(), charset="utf-8", words=words)
    except PageUnreadable as error:
        return error.reason
    return None


def _masked(page: str, *, kept: set[str]) -> str:
    """A page without what names its phone; what is `kept` looks like an address and is none."""
    page = _SERIAL.sub(lambda found: f"{found[1]}{found[2]}{'0' * len(found[3])}", page)
    page = _MAC.sub(_half, page)
    return _IPV4.sub(_documentation_address(_AS_IT_IS | kept), page)


def write_capture(folder: Path, files: Mapping[str, str]) -> None:
    """Write a fixture folder.

    Raises UsageError if it exists, for nothing is ever overwritten, or if it cannot be made.
    """
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise UsageError(f"{folder} already exists; choose another folder.") from None
    except OSError as error:
        raise UsageError(f"{folder} cannot be made: {error.strerror}.") from None
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8", newline="")


def _aliases(facts: Facts) -> dict[str, Account]:
    """What each account becomes, by its text on the page."""
    users: dict[str, str] = {}
    registrars: dict[str, str] = {}
    aliases = {}
    for line in facts.lines:
        if line.account is not None:
            user = users.setdefault(line.account.user, str(1001 + len(users)))
            host = registrars.setdefault(
                line.account.registrar, f"registrar{1 + len(registrars)}.example"
            )
            aliases[line.account.raw] = _renamed(line.account, user, host)
    return aliases


def _renamed(account: Account, user: str, host: str) -> Account:
    """The same account under other names, in its plainest spelling."""
    if account.registrar in _AS_IT_IS or not account.registrar:
        host = account.registrar
    user = user if account.user else ""
    port = "" if account.port is None else f":{account.port}"
    at = f"@{host}{port}" if host else ""
    return replace(account, raw=f"{user}{at}" or "-", user=user, registrar=host)


def _pseudonymous(facts: Facts, accounts: Mapping[str, Account]) -> Facts:
    def renamed(line: Line) -> Line:
        return replace(line, account=accounts[line.account.raw]) if line.account else line

    mac = facts.mac[:8] + ":00:00:00" if facts.mac else ""
    return replace(facts, lines=tuple(map(renamed, facts.lines)), mac=mac)


def _half(mac: re.Match[str]) -> str:
    return mac[1] + re.sub(r"[0-9A-Fa-f]", "0", mac[0][len(mac[1]) :])


def _documentation_address(kept: frozenset[str]) -> Callable[[re.Match[str]], str]:
    """A stand-in for each IPv4 address; version numbers and the like stay."""
    seen: dict[str, str] = {}

    def stand_in(found: re.Match[str]) -> str:
        try:
            ipaddress.IPv4Address(found[0])
        except ValueError:
            return found[0]
        if found[0] in kept:
            return found[0]
        return seen.setdefault(found[0], f"192.0.2.{1 + len(seen) % 254}")

    return stand_in


def _origin(shows: str) -> str:
    return (
        'kind = "capture"\n'
        'source = "fleet capture"\n'
        f"shows = {json.dumps(shows + '.', ensure_ascii=False)}\n"
        'charset = "utf-8"\n'
        'language = ""\n'
    )
