"""Action URIs: whether a phone that calls them reaches us."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from fleet.model import Severity
from fleet.phone.lint.look import LintFinding
from fleet.phone.parameters import Shape, spec_of
from fleet.phone.parameters.kinds import host_of, is_address

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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


def _wrong(uri: str, ours: Sequence[str] | None) -> str:
    host = host_of(uri)
    if not uri.lower().startswith(_SCHEMES) or not host:
        return "is no URI with a host: write it as http://HOST/PATH."
    if ours is None or "$$" in host or any(_is(host, one.strip().lower()) for one in ours):
        return ""
    known = ", ".join(ours) or "none"
    return f"calls {host}, which this site does not reach us by: use one of {known}."


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
