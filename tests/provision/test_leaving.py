"""Changes that may lead a phone out of fleet's reach."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from fleet.model import Severity
from fleet.phone.config_file import read
from fleet.phone.lint import LintContext, lint_file
from fleet.phone.parameters import ChangeKind, ParameterChange
from fleet.provision.leaving import LEAVES, OwnHosts, judged, leads_away, leaving

if TYPE_CHECKING:
    from fleet.phone.lint import LintFinding

OWN = OwnHosts("10.1.0.5", ("fleet.example.com",))
SERVED = LintContext(is_us=OWN.has, protocols=frozenset({"HTTP", "TFTP"}))


def found(text: str, context: LintContext = SERVED) -> dict[str, Severity]:
    """What the check of servers holds against a file, by parameter."""
    findings = lint_file(read(text.encode(), name="aastra.cfg"), "6753i", context)
    return {one.parameter: one.severity for one in findings if one.check == "fetches-elsewhere"}


def changed(name: str, old: str | None, new: str | None) -> ParameterChange:
    kind = ChangeKind.ADDED if old is None else ChangeKind.CHANGED
    return ParameterChange(name=name, kind=kind, secret=False, reboot=True, old=old, new=new)


@pytest.mark.parametrize(
    "text",
    [
        "http server: 10.1.0.5",
        "http server: 127.0.0.1",
        "http server: FLEET.example.com.",
        f"http server: {socket.gethostname()}",
        "tftp server: 0.0.0.0",
        "download protocol: http\nhttp server: localhost",
        "firmware server: http://10.1.0.5:8090/fw",
        "http server: $$PROXYURL$$",
    ],
)
def test_a_server_that_is_fleet_leads_nobody_away(text: str) -> None:
    assert found(text) == {}


@pytest.mark.parametrize(
    ("text", "parameter"),
    [
        ("http server: 10.99.0.1", "http server"),
        ("https server: pbx.example.com", "https server"),
        ("tftp server: 192.0.2.7", "tftp server"),
        ("use alternate tftp: 1\nalternate tftp server: 192.0.2.7", "alternate tftp server"),
        ("ftp server: ftp.example.com", "ftp server"),
        ("firmware server: http://old.example.com/fw", "firmware server"),
        ("upgrade uri: http://old.example.com:8667/Aastra", "upgrade uri"),
        ("download protocol: FTP", "download protocol"),
        ("!http server: 10.99.0.1", "http server"),
        ("http server: 10.99.0.1:8080", "http server"),
    ],
)
def test_a_server_that_is_not_fleet_is_critical_without_any_setting(
    text: str, parameter: str
) -> None:
    assert found(text) == {parameter: Severity.CRITICAL}


def test_a_server_that_the_phone_does_not_use_is_a_warning() -> None:
    text = "download protocol: HTTP\nhttp server: 10.1.0.5\ntftp server: 192.0.2.7"
    assert found(text) == {"tftp server": Severity.WARNING}
    assert found("alternate tftp server: 192.0.2.7") == {"alternate tftp server": Severity.WARNING}


def findings(text: str) -> tuple[LintFinding, ...]:
    return tuple(lint_file(read(text.encode(), name="aastra.cfg"), "6753i", SERVED))


def test_only_what_changes_is_critical() -> None:
    held = findings("http server: 10.99.0.1\nweb interface enabled: 0")
    critical = {one.check for one in held if one.severity is Severity.CRITICAL}
    assert critical >= {"fetches-elsewhere", "web-interface-off"}
    other = [changed("sip vmail", "*97", "*98")]
    assert not leaving(judged(held, other, is_ours=True))
    now = [changed("http server", "10.1.0.5", "10.99.0.1")]
    judgement = judged(held, now, is_ours=True)
    assert leaving(judgement)
    assert {one.check for one in judgement if one.severity is Severity.CRITICAL} >= {
        "fetches-elsewhere"
    }
    assert "web-interface-off" not in {
        one.check for one in judgement if one.severity is Severity.CRITICAL
    }


@pytest.mark.parametrize(
    ("change", "is_ours", "leaves"),
    [
        (changed("vlan id", "10", "20"), True, True),
        (changed("vlan id", None, "20"), False, False),
        (changed("tagging enabled", "0", "1"), True, True),
        (changed("dhcp", "1", "0"), True, True),
        (changed("dhcp", "0", "1"), True, False),
        (changed("default gateway", "10.1.0.1", "10.2.0.1"), True, True),
        (changed("vlan id port 1", "10", "20"), True, False),
    ],
)
def test_a_phone_of_ours_may_be_cut_off_by_a_new_network(
    change: ParameterChange, is_ours: bool, leaves: bool
) -> None:
    held = judged((), [change], is_ours=is_ours)
    assert leaving(held) is leaves
    assert [one.check for one in held] == [LEAVES] * leaves


def test_what_decides_whether_a_phone_comes_back_is_proven_twice_also_if_it_is_right() -> None:
    assert leads_away([changed("http server", None, "10.1.0.5")])
    assert not leads_away([changed("sip vmail", None, "*97")])
