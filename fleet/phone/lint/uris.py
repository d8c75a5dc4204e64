"""Where phones call and fetch: whether that is us, and whether the file is there."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from fleet.model import Severity
from fleet.phone.lint.keys import key_of
from fleet.phone.lint.look import NO_SERVER, LintFinding
from fleet.phone.lint.placeholders import has_placeholder
from fleet.phone.parameters import Shape, spec_of, without_login
from fleet.phone.parameters.kinds import host_of, is_address, is_ipv6

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fleet.phone.config_file import Parameter
    from fleet.phone.lint.look import LintLook

_SCHEMES = ("http://", "https://")


def action_uri_unreachable(look: LintLook) -> Iterator[LintFinding]:
    """An action URI whose host is none of those under which this site reaches us.

    What shows pages and lists (`xml application uri`, `directory script`) is seldom ours, so of
    those only the form is looked at.
    """
    ours = look.context.our_hosts
    for parameter in look.last.values():
        spec = spec_of(parameter.key)
        if spec is None or spec.kind.shape is not Shape.URI or not parameter.value:
            continue
        calls_us = parameter.key.startswith("action uri ")
        if reason := _wrong(parameter.value.strip(), ours if calls_us else None):
            yield LintFinding(
                check="action-uri-unreachable",
                severity=Severity.WARNING,
                parameter=parameter.key,
                text=f"`{parameter.key}` {reason}",
                line=parameter.line,
            )


_PROTOCOLS = {
    "http server": "HTTP",
    "https server": "HTTPS",
    "ftp server": "FTP",
    "tftp server": "TFTP",
    "alternate tftp server": "TFTP",
}
"""The servers that phones fetch from, and by which `download protocol` each is used."""

_FETCHES = (*_PROTOCOLS, "firmware server", "upgrade uri")
_FILES = re.compile(
    r"directory [0-9]+|language [0-9]+|custom ringtone [0-9]+|https user certificates"
    r"|(?:sips|802\.1x) (?:root and intermediate certificates|local certificate|private key"
    r"|trusted certificates)|background image|screen saver image"
)
"""Parameters whose value names a file that phones fetch; others do by the ending of their value."""

_ENDING = re.compile(
    r"[^?#\s]+\.(?:csv|pem|crt|cer|der|key|p12|pfx|wav|mp3|png|jpe?g|gif|bmp)", re.IGNORECASE
)


def fetches_elsewhere(look: LintLook) -> Iterator[LintFinding]:
    """A server to fetch from that is not us: after one boot the phone would be gone.

    What the phone does not use, and a single file elsewhere, lead no phone away.
    """
    context = look.context
    if context.our_hosts is None and context.is_us is None:
        return
    yield from _protocol(look)
    for parameter in look.last.values():
        leads_away = parameter.key in _FETCHES
        if not leads_away and not (context.our_hosts and _names_a_file(parameter)):
            continue
        host = _host(parameter)
        if host in ("", *NO_SERVER) or "$$" in host or has_placeholder(parameter.key, host):
            continue
        if _is_ours(host, look):
            continue
        is_used = leads_away and _is_used(parameter.key, look)
        known = f"use one of {', '.join(context.our_hosts)}" if context.our_hosts else "remove it"
        yield LintFinding(
            check="fetches-elsewhere",
            severity=Severity.CRITICAL if is_used else Severity.WARNING,
            parameter=parameter.key,
            text=f"`{parameter.key}` makes phones fetch from {host}, which is not an address of "
            f"fleet: {known}, or add {host} to [provisioning] reachable_as if it is fleet.",
            line=parameter.line,
        )


def _is_ours(host: str, look: LintLook) -> bool:
    ours, is_us = look.context.our_hosts or (), look.context.is_us
    return any(_is(host, one.lower()) for one in ours) or (is_us is not None and is_us(host))


def _protocol(look: LintLook) -> Iterator[LintFinding]:
    wanted, served = look.value("download protocol").upper(), look.context.protocols
    if wanted and served is not None and wanted not in served:
        yield LintFinding(
            check="fetches-elsewhere",
            severity=Severity.CRITICAL,
            parameter="download protocol",
            text=f"`download protocol` makes phones fetch by {wanted}, which fleet does not serve "
            f"here: use one of {', '.join(sorted(served))}.",
            line=look.last["download protocol"].line,
        )


def _is_used(name: str, look: LintLook) -> bool:
    """Whether a phone fetches from the server that a parameter names, as far as can be known."""
    if name == "alternate tftp server" and look.value("use alternate tftp") != "1":
        return False
    chosen = look.value("download protocol").upper()
    return name not in _PROTOCOLS or chosen in ("", _PROTOCOLS[name])


def file_not_served(look: LintLook) -> Iterator[LintFinding]:
    """A file that a configuration names, and that our folder does not have."""
    has_file, ours = look.context.has_file, look.context.our_hosts or ()
    if has_file is None:
        return
    for parameter in look.last.values():
        value = parameter.value.strip()
        if not value or not _names_a_file(parameter):
            continue
        host = _host(parameter)
        if host and not any(_is(host, one.lower()) for one in ours):
            continue
        name = _path(value)
        if name and not has_file(name):
            yield LintFinding(
                check="file-not-served",
                severity=Severity.WARNING,
                parameter=parameter.key,
                text=f"`{parameter.key}` names the file {without_login(name)}, which is not in the "
                "firmware folder: put it there, or phones get 404.",
                line=parameter.line,
            )


def _names_a_file(parameter: Parameter) -> bool:
    """Whether a value names a file to fetch; the pages that keys and events open are none."""
    if parameter.key.startswith(("action uri", "xml application")):
        return False
    if key_of(parameter.key) or has_placeholder(parameter.key, parameter.value):
        return False
    return bool(_FILES.fullmatch(parameter.key) or _ENDING.fullmatch(parameter.value.strip()))


def _path(value: str) -> str:
    """The file that a value names, with `/` between folders; empty where a URL cannot be read."""
    try:
        path = unquote(urlsplit(value).path) if "://" in value else value
    except ValueError:
        return ""
    return "/".join(piece for piece in re.split(r"[/\\]", path) if piece not in ("", "."))


def _host(parameter: Parameter) -> str:
    """The host that a value names, with or without a scheme; empty for a path alone."""
    value = parameter.value.strip()
    if "://" in value:
        return host_of(value)
    if parameter.key not in _FETCHES:
        return ""
    bare = value.partition("/")[0].rpartition("@")[2].lower()
    return bare if is_ipv6(bare) else bare.partition(":")[0]


def _wrong(uri: str, ours: Sequence[str] | None) -> str:
    host = host_of(uri)
    if not uri.lower().startswith(_SCHEMES) or not host:
        return "is not a URI with a host: write it as http://HOST/PATH."
    if ours is None or "$$" in host or any(_is(host, one.strip().lower()) for one in ours):
        return ""
    known = ", ".join(ours) or "none"
    return f"calls {host}, which is not an address of fleet at this site: use one of {known}."


def _is(host: str, ours: str) -> bool:
    """Whether a host is one of ours: the same name, or an address in a network of ours."""
    if host.rstrip(".") == ours.rstrip("."):
        return True
    if "/" not in ours or not is_address(host):
        return False
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(ours, strict=False)
    except ValueError:
        return False
