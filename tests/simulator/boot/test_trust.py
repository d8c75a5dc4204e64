"""Phones fetch over HTTPS from whom they trust (facts/provisioning 1.3, HTTPS)."""

from __future__ import annotations

import ssl

import pytest
import trustme

from tests.simulator.boot.file_server import file_server
from tests.simulator.boot.phones import LINE, MAC_FILE, booted

ONE_LINE = {"aastra.cfg": "# nothing\n", MAC_FILE: LINE}


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def server_side(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, key_type=trustme.KeyType.RSA).configure_cert(context)
    return context


def pem(authority: trustme.CA) -> str:
    return authority.cert_pem.bytes().decode()


async def test_a_phone_boots_from_a_server_that_it_trusts(authority):
    tls = server_side(authority, "127.0.0.1")
    async with (
        file_server(ONE_LINE, tls=tls) as server,
        booted(server, trusted=pem(authority)) as phone,
    ):
        await phone.until_line("registered")


@pytest.mark.parametrize(
    ("name", "trusts"), [("127.0.0.1", False), ("other.example", True)], ids=["stranger", "name"]
)
async def test_a_phone_does_not_boot_from_anybody_else(authority, name, trusts):
    tls = server_side(authority, name)
    async with file_server(ONE_LINE, tls=tls) as server:
        trusted = pem(authority if trusts else trustme.CA())
        async with booted(server, trusted=trusted) as phone:
            assert phone.device.record.stopped.startswith("aastra.cfg: TLS")
    assert server.requests == []


async def test_an_authority_fetched_at_one_boot_is_trusted_at_the_next(authority):
    files = ONE_LINE | {
        "aastra.cfg": "https user certificates: ca.pem\n",
        "ca.pem": pem(authority),
    }
    async with (
        file_server(files) as plain,
        file_server(ONE_LINE, tls=server_side(authority, "127.0.0.1")) as safe,
    ):
        plain.files["aastra.cfg"] += (
            f"download protocol: HTTPS\nhttps server: 127.0.0.1\nhttps port: {safe.port}\n"
        ).encode()
        async with booted(plain) as phone:
            phone.device.reboot()
            await phone.until_boots(2)
            assert phone.device.record.stopped == ""
    assert "aastra.cfg" in safe.asked


async def test_checks_that_the_files_switch_off_are_off_from_the_next_boot_on():
    files = {"aastra.cfg": "https validate certificates: 0\n", MAC_FILE: LINE}
    async with (
        file_server(files) as plain,
        file_server(ONE_LINE, tls=server_side(trustme.CA(), "other.example")) as safe,
    ):
        plain.files["aastra.cfg"] += (
            f"download protocol: HTTPS\nhttps server: 127.0.0.1\nhttps port: {safe.port}\n"
        ).encode()
        async with booted(plain) as phone:
            phone.device.reboot()
            await phone.until_boots(2)
            assert phone.device.record.stopped == ""


async def test_a_phone_of_its_time_speaks_tls_1_0_alone(authority):
    new = server_side(authority, "127.0.0.1")
    old = server_side(authority, "127.0.0.1")
    old.set_ciphers("AES128-SHA:AES256-SHA:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        old.minimum_version = ssl.TLSVersion.TLSv1
    for tls, boots in ((new, False), (old, True)):
        async with (
            file_server(ONE_LINE, tls=tls) as server,
            booted(server, trusted=pem(authority), legacy_tls=True) as phone,
        ):
            assert (phone.device.record.stopped == "") is boots
