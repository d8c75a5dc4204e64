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


_SERVERS = ("http server", "https server", "ftp server", "tftp server", "alternate tftp server")
_FETCHES = (*_SERVERS, "firmware server", "upgrade uri")
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
    """A server to fetch from that is not us: after one boot the phone would be gone again."""
    ours = look.context.our_hosts
    if ours is None:
        return
    for parameter in look.last.values():
        if not (parameter.key in _FETCHES or _names_a_file(parameter)):
            continue
        host = _host(parameter)
        if host in ("", *NO_SERVER) or "$$" in host or any(_is(host, one.lower()) for one in ours):
            continue
        yield LintFinding(
            check="fetches-elsewhere",
            severity=Severity.WARNING,
            parameter=parameter.key,
            text=f"`{parameter.key}` makes phones fetch from {host}, which is not an address of "
            f"fleet at this site: use one of {', '.join(ours)}, or leave it out.",
            line=parameter.line,
        )


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
