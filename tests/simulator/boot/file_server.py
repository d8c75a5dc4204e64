"""A tiny provisioning server, by hand: a dictionary of files, a login or none, TLS or not."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator

NONCE = "6f1d"
REALM = "files"


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]
    source: str
    status: int = 0

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


@dataclass
class FileServer:
    """`login` is (user, password) and may change; `broken` are names answered with 500."""

    port: int
    scheme: str = "http"
    files: dict[str, bytes] = field(default_factory=dict)
    login: tuple[str, str] | None = None
    chunked: bool = False
    broken: set[str] = field(default_factory=set)
    requests: list[Request] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/cfg/"

    @property
    def fetched(self) -> list[str]:
        """The names that were given, in order."""
        return [request.name for request in self.requests if request.status == 200]

    @property
    def asked(self) -> Counter[str]:
        return Counter(request.name for request in self.requests)

    def put(self, name: str, text: str) -> None:
        self.files[name] = text.encode()

    async def until_asked(self, path: str) -> Request:
        """The first request whose path begins so."""
        while True:
            for request in self.requests:
                if request.path.startswith(path):
                    return request
            self.came.clear()
            await self.came.wait()

    def answer(self, request: Request) -> bytes:
        body, status, more = self.files.get(request.name), "200 OK", ""
        if self.login and not self._right(request):
            status, body = "401 Unauthorized", b"no"
            more = f'WWW-Authenticate: Digest realm="{REALM}", nonce="{NONCE}", qop="auth"\r\n'
        elif request.name in self.broken:
            status, body = "500 Internal Server Error", b"broken"
        elif body is None:
            status, body = "404 Not Found", b"no such file"
        request.status = int(status[:3])
        shown = b"" if request.method == "HEAD" else body
        if self.chunked:
            shown = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
            return f"HTTP/1.1 {status}\r\nTransfer-Encoding: chunked\r\n\r\n".encode() + shown
        etag = hashlib.sha256(body).hexdigest()
        head = f'HTTP/1.1 {status}\r\n{more}ETag: "{etag}"\r\nContent-Length: {len(body)}\r\n\r\n'
        return head.encode() + shown

    def _right(self, request: Request) -> bool:
        assert self.login
        said = dict(re.findall(r'(\w+)="?([^",]*)', request.headers.get("authorization", "")))

        def h(*parts: str) -> str:
            return hashlib.md5(":".join(parts).encode()).hexdigest()

        user, password = self.login
        wanted = h(
            h(user, REALM, password),
            NONCE,
            said.get("nc", ""),
            said.get("cnonce", ""),
            "auth",
            h(request.method, request.path),
        )
        return said.get("response") == wanted and said.get("username") == user


@asynccontextmanager
async def file_server(
    files: dict[str, str] | None = None, *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[FileServer]:
    running: FileServer

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            start, *lines = head.strip().split("\r\n")
            method, path, _ = start.split(" ")
            headers = {name.lower(): value for name, _, value in (x.partition(": ") for x in lines)}
            source = writer.get_extra_info("peername")[0]
            request = Request(method=method, path=path, headers=headers, source=source)
            answer = running.answer(request)
            running.requests.append(request)
            running.came.set()
            writer.write(answer)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls, backlog=4096)
    running = FileServer(port=server.sockets[0].getsockname()[1], scheme="https" if tls else "http")
    for name, text in (files or {}).items():
        running.put(name, text)
    try:
        yield running
    finally:
        server.close()
