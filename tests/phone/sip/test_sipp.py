"""NOTIFY and REGISTER against sipp, which is nobody's idea of SIP but its own."""

from __future__ import annotations

import asyncio
import shutil
import ssl
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trustme

from fleet.model import Credentials
from fleet.phone.sip.ask import SipClient
from fleet.phone.sip.notify import Recipient, aastra_xml, check_sync, notify
from fleet.phone.sip.outcome import Result
from fleet.phone.sip.query import Binding, ask_registration
from fleet.phone.sip.transport import Peer, Transport, Trust
from fleet.phone.xml_object import fetch
from tests.phone.sip.peers import LOGIN, PATIENT, tls_before

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SIPP = shutil.which("sipp")
SCENARIOS = Path(__file__).parent / "sipp"
CA_FILE = "ca.pem"
ALL = pytest.mark.parametrize("transport", list(Transport))
WRONG = Credentials(username="1001", password="wr0ng")

pytestmark = [
    pytest.mark.skipif(SIPP is None, reason="sipp (Debian's sip-tester) is not installed"),
    pytest.mark.skipif(
        not Path("/proc/net/udp").exists(), reason="only Linux tells bound ports so"
    ),
]


@dataclass
class Sipp:
    """A running sipp that plays one scenario once."""

    peer: Peer
    process: asyncio.subprocess.Process

    async def succeeded(self) -> bool:
        """Whether the scenario went as written, every check in it included."""
        await self.process.communicate()
        return self.process.returncode == 0


@asynccontextmanager
async def sipp(scenario: str, transport: Transport, port: int, folder: Path) -> AsyncIterator[Sipp]:
    """Over TLS something else does the TLS before it, for not every build of sipp can."""
    process = await asyncio.create_subprocess_exec(
        *(str(SIPP), "-sf", str(SCENARIOS / f"{scenario}.xml"), "-m", "1", "-nostdin"),
        *("-i", "127.0.0.1", "-p", str(port), "-t", "u1" if transport == "udp" else "t1"),
        *("-timeout", "60", "-timeout_error"),
        cwd=folder,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    async with AsyncExitStack() as stack:
        try:
            await _listening(process, transport, port)
            if transport is Transport.TLS:
                port = await stack.enter_async_context(tls_before(port, _certificate(folder)))
            yield Sipp(Peer(host="127.0.0.1", port=port, transport=transport), process)
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()


def _certificate(folder: Path) -> ssl.SSLContext:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / CA_FILE)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def client(transport: Transport, folder: Path) -> SipClient:
    """One that believes the running sipp."""
    ca_file = str(folder / CA_FILE) if transport is Transport.TLS else ""
    return SipClient(timers=PATIENT, trust=Trust(ca_file=ca_file))


def _bound_ports(transport: Transport) -> str:
    kind = "udp" if transport is Transport.UDP else "tcp"
    return Path(f"/proc/net/{kind}").read_text(encoding="ascii")


async def _listening(process: asyncio.subprocess.Process, transport: Transport, port: int) -> None:
    """Wait until the kernel says that the port is bound; a stray message would be a call."""
    state = "07" if transport is Transport.UDP else "0A"
    mark = f"0100007F:{port:04X} 00000000:0000 {state}"
    async with asyncio.timeout(30):
        while mark not in _bound_ports(transport):
            assert process.returncode is None, "sipp has not started"
            await asyncio.sleep(0.02)


@ALL
async def test_a_phone_takes_the_vendors_sample(
    transport: Transport, free_port: int, tmp_path: Path
) -> None:
    event = aastra_xml(fetch("http://10.30.100.39/XMLtests/SampleTextScreen.xml"))
    async with sipp("notify_200", transport, free_port, tmp_path) as running:
        recipient = Recipient.direct(
            "127.0.0.1", user="200", port=running.peer.port, transport=transport
        )
        outcome = await notify(client(transport, tmp_path), recipient, event)
        assert await running.succeeded()
    assert (outcome.result, outcome.code) == (Result.ACCEPTED, 200)


@ALL
@pytest.mark.parametrize("scenario", ["notify_401", "notify_407"])
@pytest.mark.parametrize(("login", "result"), [(LOGIN, Result.ACCEPTED), (WRONG, Result.REFUSED)])
async def test_a_registrar_hands_on_what_has_the_right_login(
    transport: Transport,
    scenario: str,
    login: Credentials,
    result: Result,
    free_port: int,
    tmp_path: Path,
) -> None:
    async with sipp(scenario, transport, free_port, tmp_path) as running:
        recipient = Recipient.through(running.peer, user="1001", domain="pbx.example")
        event = check_sync(reboot=True)
        outcome = await notify(client(transport, tmp_path), recipient, event, login=login)
        assert await running.succeeded()
    assert outcome.result is result


@ALL
@pytest.mark.parametrize(
    ("login", "result"), [(LOGIN, Result.ACCEPTED), (WRONG, Result.WRONG_PASSWORD)]
)
async def test_a_registrar_tells_its_bindings(
    transport: Transport, login: Credentials, result: Result, free_port: int, tmp_path: Path
) -> None:
    async with sipp("register_401", transport, free_port, tmp_path) as running:
        asker = client(transport, tmp_path)
        answer = await ask_registration(asker, running.peer, user="1001", login=login)
        assert await running.succeeded()
    assert answer.outcome.result is result
    expected = Binding(
        uri="sip:1001@192.0.2.7:5062;transport=udp", host="192.0.2.7", port=5062, expires=1200
    )
    assert answer.bindings == ((expected,) if answer.outcome.accepted else ())
