"""A poller of the tests' own: plain sockets, so that nothing is shared with what is simulated."""

import asyncio
import base64
import ssl
import warnings
from dataclasses import dataclass

import pytest

from fleet.simulator import SimulatedPhone


@dataclass(frozen=True)
class Heard:
    """What came over the wire, and whether the other side ended it well."""

    data: bytes
    ended: bool

    @property
    def status(self) -> int:
        return int(self.data.split(b" ", 2)[1])

    @property
    def body(self) -> str:
        return self.data.partition(b"\r\n\r\n")[2].decode()


def basic(username: str, password: str) -> str:
    token = base64.b64encode(f"{username}:{password}".encode()).decode()
    return f"Authorization: Basic {token}\r\n"


def old_and_new_tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
    return context


async def hear(
    phone: SimulatedPhone,
    path: str = "/sysinfo.html",
    *,
    login: str | None = None,
    method: str = "GET",
    patience: float = 5.0,
    at_most: int = 300_000,
) -> Heard:
    """Ask a phone once, with its own login unless another is given ("" for none)."""
    if login is None:
        login = basic(phone.spec.username, phone.spec.password)
    tls = old_and_new_tls() if phone.host.startswith("https") else None
    data, ended, writer = bytearray(), False, None
    try:
        async with asyncio.timeout(patience):
            reader, writer = await asyncio.open_connection(phone.address, phone.port, ssl=tls)
            head = f"{method} {path} HTTP/1.1\r\nHost: {phone.host}\r\n{login}\r\n"
            writer.write(head.encode())
            while len(data) < at_most:
                piece = await reader.read(65536)
                if not piece:
                    ended = True
                    break
                data += piece
    except (OSError, TimeoutError):
        pass
    finally:
        if writer is not None:
            writer.transport.abort()
    return Heard(bytes(data), ended)


@pytest.fixture(params=[False, True], ids=["own-addresses", "own-ports"])
def own_ports(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)
