"""DHCP options for four servers; dnsmasq itself checks its own where it is installed."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from fleet.provision.dhcp import DhcpServer, dhcp_options

if TYPE_CHECKING:
    from pathlib import Path

URL = "http://10.1.0.5:8090"
DNSMASQ = shutil.which("dnsmasq", path="/usr/sbin:/usr/bin:/sbin")


@pytest.mark.parametrize("server", DhcpServer)
def test_every_server_is_told_the_url_once(server: DhcpServer) -> None:
    text = dhcp_options(server, URL, site="Berlin", networks=["10.1.0.0/16"])
    assert text.count(URL) == 1
    assert text.endswith("\n")


def test_kea_gets_json_of_its_own_form() -> None:
    document = json.loads(dhcp_options(DhcpServer.KEA, URL, site="", networks=[]))
    (aastra,) = document["Dhcp4"]["client-classes"]
    assert aastra["test"] == "substring(option[60].hex, 0, 13) == 'AastraIPPhone'"
    data = {each["name"]: each.get("data") for each in aastra["option-data"]}
    assert data["cfg-server-name"] == URL
    assert data["contact-rcs"] == "false"


def test_mikrotik_gets_a_line_for_each_network_of_the_site() -> None:
    networks = ["10.1.0.0/16", "10.2.0.0/16"]
    lines = dhcp_options(DhcpServer.MIKROTIK, URL, site="Berlin", networks=networks).splitlines()
    assert sum("dhcp-option=fleet" in line for line in lines) == 2
    assert f"value=\"'{URL}'\"" in lines[2]


def test_isc_statements_end_and_its_braces_close() -> None:
    text = dhcp_options(DhcpServer.ISC, URL, site="", networks=[])
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert all(line.strip().endswith((";", "{", "}")) for line in lines)
    assert text.count("{") == text.count("}")


@pytest.mark.skipif(DNSMASQ is None, reason="no dnsmasq")
def test_dnsmasq_accepts_its_options(tmp_path: Path) -> None:
    file = tmp_path / "dnsmasq.conf"
    ranged = "dhcp-range=10.1.0.100,10.1.0.200,12h\n"
    file.write_text(ranged + dhcp_options(DhcpServer.DNSMASQ, URL, site="", networks=[]))
    argv = [DNSMASQ or "", "--test", f"--conf-file={file}"]
    ran = subprocess.run(argv, check=False, capture_output=True, text=True, timeout=20)
    assert ran.returncode == 0, ran.stderr
