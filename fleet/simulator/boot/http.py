"""HTTP as a phone speaks it: one request a connection, Digest where it is asked for.

A phone is assumed not to understand chunked answers and not to follow redirects: servers that are
known to work use neither (facts/provisioning 1.5).
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from fleet.simulator.boot.network import is_loopback
from fleet.simulator.boot.trust import Trust, client_context
from fleet.simulator.digest import answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fleet.model import Credentials

_PORTS = {"http": 80, "https": 443}
_MOST = 64 * 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    """What a server answered. `status` 0: nothing that a phone understands, and `trouble` says why.

    Names of `headers` are in small letters; a header that comes twice counts as its last.
    """

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
    trouble: str = ""

    @property
    def ok(self) -> bool:
        """Whether it is what was asked for."""
        return self.status == 200


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpClient:
    """Asks as one phone. `source` is the phone's own address, used towards this machine.

    `headers` go with every request, `login` where a Digest is asked for. `patience` is in seconds.
    """

    headers: tuple[tuple[str, str], ...]
    source: str
    login: Credentials
    trust: Trust
    patience: float
    token: Callable[[], str]

    async def ask(self, url: str, method: str = "GET") -> Response:
        """Ask once, and once more with the login where it is wanted. Never raises for a server."""
        first = await self._once(url, method)
        if first.status != 401:
            return first
        path = _path(urlsplit(url))
        challenge = first.headers.get("www-authenticate", "")
        said = answer(challenge, self.login, method=method, uri=path, cnonce=self.token())
        if said is None:
            return first
        return await self._once(url, method, ("Authorization", said))

    async def _once(self, url: str, method: str, *more: tuple[str, str]) -> Response:
        try:
            place = urlsplit(url)
            async with asyncio.timeout(self.patience):
                return await self._exchange(place, method, more)
        except TimeoutError:
            return Response(trouble="no answer in time")
        except ssl.SSLError as error:
            return Response(trouble=f"TLS: {error.reason or 'failed'}")
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return Response(trouble="no answer")
        except ValueError:
            return Response(trouble="an answer or an address that cannot be understood")

    async def _exchange(
        self, place: SplitResult, method: str, more: tuple[tuple[str, str], ...]
    ) -> Response:
        host, port = place.hostname or "", place.port or _PORTS.get(place.scheme, 0)
        reader, writer = await asyncio.open_connection(
            host,
            port,
            ssl=client_context(self.trust) if place.scheme == "https" else None,
            local_addr=(self.source, 0) if is_loopback(host) else None,
        )
        try:
            fields = (("Host", place.netloc.rpartition("@")[2]), *self.headers, *more)
            lines = [f"{method} {_path(place)} HTTP/1.1", *(f"{k}: {v}" for k, v in fields)]
            writer.write(("\r\n".join(lines) + "\r\nConnection: close\r\n\r\n").encode())
            return await _read(reader, with_body=method != "HEAD")
        finally:
            writer.transport.abort()


def _path(place: SplitResult) -> str:
    return (place.path or "/") + (f"?{place.query}" if place.query else "")


async def _read(reader: asyncio.StreamReader, *, with_body: bool) -> Response:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    start, *lines = head.rstrip("\r\n").split("\r\n")
    version, status = start.split(" ", 2)[:2]
    if not version.startswith("HTTP/1."):
        raise ValueError(version)
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    if "chunked" in headers.get("transfer-encoding", "").lower():
        return Response(trouble="a chunked answer")
    body = await _body(reader, headers) if with_body else b""
    return Response(status=int(status), headers=headers, body=body)


async def _body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    if "content-length" not in headers:
        return await reader.read(_MOST)
    length = int(headers["content-length"])
    if not 0 <= length <= _MOST:
        raise ValueError(length)
    return await reader.readexactly(length)
