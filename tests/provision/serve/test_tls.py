"""HTTPS of today, and of old phones in a process of its own: real curl, real openssl."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import ssl
import subprocess
from typing import TYPE_CHECKING

import pytest
import trustme

from fleet.errors import ServerError, SettingsError
from fleet.model import FetchOutcome
from fleet.provision.serve.subprocess_listener import SubprocessListener
from fleet.store import Store
from tests.provision.serve.served import (
    AGENT,
    BODY,
    OWN,
    fill,
    phone,
    serving,
    serving_settings,
    until,
)

if TYPE_CHECKING:
    from pathlib import Path

CURL, OPENSSL = shutil.which("curl"), shutil.which("openssl")


@pytest.fixture
def certificates(tmp_path: Path) -> trustme.CA:
    """Certificates for both listeners in the settings' folder, and who signed them."""
    authority = trustme.CA()
    for name in ("modern", "legacy"):
        made = authority.issue_cert("127.0.0.1", "localhost")
        made.private_key_pem.write_to_path(str(tmp_path / f"{name}.key"))
        for number, blob in enumerate(made.cert_chain_pems):
            blob.write_to_path(str(tmp_path / f"{name}.pem"), append=number > 0)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return authority


MODERN = {"https": True, "https_certificate": "modern.pem", "https_key": "modern.key"}
LEGACY = {
    "legacy_https": True,
    "legacy_https_certificate": "legacy.pem",
    "legacy_https_key": "legacy.key",
}


@pytest.fixture
def sqlite_store(sqlite_url: str, keyring: object) -> object:
    opened = Store.open(sqlite_url, keyring=keyring)  # type: ignore[arg-type]
    fill(opened)
    yield opened
    opened.close()


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


async def test_files_come_over_https_and_are_recorded_as_such(
    sqlite_store: Store, tmp_path: Path, certificates: trustme.CA
) -> None:
    async with (
        serving(sqlite_store, tmp_path, **MODERN) as service,
        phone(service, kind="https", verify=trusting(certificates)) as client,
    ):
        answer = await client.get(OWN)
    assert answer.content == BODY
    (fetch,) = sqlite_store.fetches.load()
    assert (fetch.protocol, fetch.outcome, fetch.sent) == (
        "https", FetchOutcome.SERVED, len(BODY),
    )  # fmt: skip


@pytest.mark.skipif(not CURL, reason="no curl")
async def test_curl_gets_it_and_is_cut_off_with_old_tls(
    sqlite_store: Store, tmp_path: Path, certificates: trustme.CA
) -> None:
    async with serving(sqlite_store, tmp_path, **MODERN) as service:
        url = service.urls["https"] + OWN
        good = await curl(tmp_path, url)
        old = await curl(tmp_path, url, "--tls-max", "1.1", "--ciphers", "DEFAULT:@SECLEVEL=0")
    assert good.stdout == BODY
    assert old.returncode != 0


async def curl(tmp_path: Path, url: str, *words: str) -> subprocess.CompletedProcess[bytes]:
    assert CURL
    command = [CURL, "-s", "-A", AGENT, "--cacert", str(tmp_path / "ca.pem"), *words, url]
    return await asyncio.to_thread(subprocess.run, command, capture_output=True, timeout=20)


async def old_handshake(url: str) -> str:
    """What `openssl s_client -tls1` says of a connection."""
    assert OPENSSL
    command = [OPENSSL, "s_client", "-connect", url.split("/")[2], "-tls1"]
    command += ["-cipher", "DEFAULT:@SECLEVEL=0", "-ign_eof"]
    request = f"GET /{OWN} HTTP/1.0\r\nUser-Agent: {AGENT}\r\n\r\n".encode()
    done = await asyncio.to_thread(
        subprocess.run, command, input=request, capture_output=True, timeout=20
    )
    return done.stdout.decode("utf-8", "replace")


@pytest.mark.skipif(not OPENSSL, reason="no openssl")
async def test_a_phone_of_old_tls_is_served_in_a_process_of_its_own(
    sqlite_store: Store, tmp_path: Path, certificates: trustme.CA
) -> None:
    async with serving(sqlite_store, tmp_path, **MODERN, **LEGACY) as service:
        old = await old_handshake(service.urls["legacy-https"])
        if "Cipher is (NONE)" in old and "no protocols available" in old:
            pytest.skip("this OpenSSL has no TLS 1.0")
        modern = await old_handshake(service.urls["https"])
        listener = service._listeners["legacy-https"]
        assert isinstance(listener, SubprocessListener)
        assert listener.pid not in (None, os.getpid())
    assert "TLSv1" in old
    assert "sip line1 user name: 1001" in old
    assert "sip line1" not in modern
    (fetch,) = sqlite_store.fetches.load()
    assert (fetch.protocol, fetch.outcome) == ("legacy-https", FetchOutcome.SERVED)


async def test_the_process_ends_with_the_service(
    sqlite_store: Store, tmp_path: Path, certificates: trustme.CA
) -> None:
    async with serving(sqlite_store, tmp_path, **LEGACY) as service:
        listener = service._listeners["legacy-https"]
        assert isinstance(listener, SubprocessListener)
        pid = listener.pid
    assert pid is not None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_process_that_was_killed_is_started_anew(
    sqlite_store: Store, tmp_path: Path, certificates: trustme.CA
) -> None:
    async with serving(sqlite_store, tmp_path, **LEGACY) as service:
        listener = service._listeners["legacy-https"]
        assert isinstance(listener, SubprocessListener)
        first = listener.pid
        assert first is not None
        listener.pause = 0.0
        os.kill(first, signal.SIGKILL)
        await until(lambda: listener.pid != first)
        assert listener.url


async def test_why_the_process_does_not_start_is_said(sqlite_store: Store, tmp_path: Path) -> None:
    with pytest.raises(ServerError, match=r"legacy_https_certificate .*none.pem .*No such file"):
        async with serving(
            sqlite_store, tmp_path, **LEGACY | {"legacy_https_certificate": "none.pem"}
        ):
            pass


async def test_a_certificate_that_is_none_is_refused(sqlite_store: Store, tmp_path: Path) -> None:
    for name in ("modern.pem", "modern.key"):
        (tmp_path / name).write_text("nonsense")
    with pytest.raises(SettingsError, match=r"https_certificate and https_key: .*in PEM"):
        async with serving(sqlite_store, tmp_path, **MODERN):
            pass


async def test_a_port_in_use_is_said(sqlite_store: Store, tmp_path: Path) -> None:
    async with serving(sqlite_store, tmp_path) as service:
        port = int(service.urls["http"].rsplit(":", 1)[1].strip("/"))
        with pytest.raises(ServerError, match=rf"\[provisioning\] port: .* 127.0.0.1 port {port}"):
            async with serving(sqlite_store, tmp_path, port=port):
                pass
    assert serving_settings(tmp_path).provisioning.host == "127.0.0.1"
