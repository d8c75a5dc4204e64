from __future__ import annotations

import asyncio
import gzip
import sys
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
import pytest

from fleet.errors import PhoneError
from fleet.model import Reach, Reason
from fleet.phone.http.target import Target, Timeouts
from tests.phone.http.scripted import (
    LOGIN,
    PAGE,
    Again,
    End,
    Pause,
    Rendezvous,
    Script,
    Server,
    challenge,
    http,
    quick_client,
    served,
)

if TYPE_CHECKING:
    from fleet.phone.http.session import Answer

STEP = Script | Callable[[Server], Script]


@dataclass(frozen=True)
class Got:
    """A page that was handed over."""

    body: bytes = PAGE
    complete: bool = True
    path: str = "/sysinfo.html"


def chunks(*pieces: bytes, end: bytes = b"0\r\n\r\n", eol: bytes = b"\r\n") -> bytes:
    framed = b"".join(b"%x%s%s\r\n" % (len(piece), eol, piece) for piece in pieces)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + framed + end


def headed(*lines: bytes, eol: bytes = b"\r\n", body: bytes = PAGE) -> bytes:
    return eol.join((*lines, b"", b"")) + body


def redirect(location: str, status: str = "302 Found") -> bytes:
    return http(b"", f"Location: {location}", status=status)


def deflated(body: bytes) -> bytes:
    return zlib.compress(body)[2:-4]


OK = b"HTTP/1.1 200 OK"
LENGTH = b"Content-Length: %d" % len(PAGE)
HALF = PAGE[:30]
BOMB = gzip.compress(b"<td>" * 1_000_000)

TRANSPORTS: dict[str, tuple[STEP, Got | Reason]] = {
    "a plain page": ([http()], Got()),
    "an answer of HTTP/1.0 without a length": (
        [headed(b"HTTP/1.0 200 OK", b"Server: Aragorn")],
        Got(),
    ),
    "an answer without any header": ([headed(OK)], Got()),
    "no reason phrase": ([headed(b"HTTP/1.1 200", LENGTH)], Got()),
    "no reason phrase but its space": ([headed(b"HTTP/1.1 200 ", LENGTH)], Got()),
    "HTTP/1.2": ([headed(b"HTTP/1.2 200 OK", LENGTH)], Got()),
    "HTTP/2.0 in words": ([headed(b"HTTP/2.0 200 OK", LENGTH)], Got()),
    "http in lower case": ([headed(b"http/1.1 200 ok", LENGTH)], Got()),
    "several spaces in the status line": ([headed(b"HTTP/1.1   200   OK", LENGTH)], Got()),
    "bare line feeds": ([headed(OK, b"Server: Aragorn", LENGTH, eol=b"\n")], Got()),
    "mixed line ends": ([b"HTTP/1.1 200 OK\r\nServer: x\n" + LENGTH + b"\r\n\n" + PAGE], Got()),
    "bare line feeds before a body with a blank line": (
        [headed(OK, b"Server: x", eol=b"\n", body=b"<html>\r\n\r\n</html>")],
        Got(body=b"<html>\r\n\r\n</html>"),
    ),
    "doubled carriage returns": ([headed(OK, LENGTH, eol=b"\r\r\n")], Got()),
    "blank lines before the status line": ([b"\r\n\r\n" + http()], Got()),
    "a space before the colon": ([headed(OK, b"Content-Length : %d" % len(PAGE))], Got()),
    "a header line without a colon": ([headed(OK, b"Aragorn rules", LENGTH)], Got()),
    "a space in a header name": ([headed(OK, b"Bad Name: x", LENGTH)], Got()),
    "an empty header name": ([headed(OK, b": x", LENGTH)], Got()),
    "an empty header value": ([headed(OK, b"Server:", LENGTH)], Got()),
    "a folded header": ([headed(OK, b"X-Long: a", b"\tb", b"  c", LENGTH)], Got()),
    "a folded line before any header": ([headed(OK, b"  lost", LENGTH)], Got()),
    "control characters in a value": ([headed(OK, b"X: a\x01\x02\x7fb", LENGTH)], Got()),
    "a NUL in a value": ([headed(OK, b"X: a\x00b", LENGTH)], Got()),
    "bytes beyond ASCII in a value": ([headed(OK, b"X: caf\xe9", LENGTH)], Got()),
    "two equal lengths": ([headed(OK, LENGTH, LENGTH)], Got()),
    "two equal lengths in one line": ([headed(OK, LENGTH + b", %d" % len(PAGE))], Got()),
    "two lengths that differ": ([headed(OK, b"Content-Length: 3", LENGTH)], Got()),
    "a negative length": ([headed(OK, b"Content-Length: -5")], Got()),
    "a length that is a word": ([headed(OK, b"Content-Length: many")], Got()),
    "a length with a unit": ([headed(OK, b"Content-Length: 12 bytes")], Got()),
    "an empty length": ([headed(OK, b"Content-Length:")], Got()),
    "a length beyond all numbers": ([headed(OK, b"Content-Length: " + b"9" * 40)], Got()),
    "a length too long, then close": (
        [headed(OK, b"Content-Length: 9999")],
        Got(complete=False),
    ),
    "a length too long, never closed": (
        [headed(OK, b"Content-Length: 9999"), End.HANG],
        Got(complete=False),
    ),
    "a length too short, then close": ([headed(OK, b"Content-Length: 10")], Got()),
    "a length too short, in pieces": (
        [headed(OK, b"Content-Length: 10", body=HALF), Pause(0.05), PAGE[30:]],
        Got(),
    ),
    "a length too short, never closed": ([headed(OK, b"Content-Length: 10"), End.HANG], Got()),
    "a length of zero before a page": ([headed(OK, b"Content-Length: 0")], Got()),
    "junk after the page's end": ([http() + b"junk"], Got()),
    "a second answer after the first": (
        [http(b"plain text") + http(status="400 Bad Request")],
        Got(body=b"plain text"),
    ),
    "kept alive with a length": ([http(), End.HANG], Got()),
    "kept alive without a length": ([http(sized=False), End.HANG], Got(complete=False)),
    "kept alive, a length, and no end tag": ([http(b"text"), End.HANG], Got(body=b"text")),
    "one byte at a time": ([bytes([byte]) for byte in http(sized=False)], Got()),
    "the head in two halves": ([http()[:20], Pause(0.05), http()[20:]], Got()),
    "the blank line in two halves": (
        [headed(OK, LENGTH, body=b"")[:-1], Pause(0.05), b"\n" + PAGE],
        Got(),
    ),
    "a slow first byte": ([Pause(0.1), http()], Got()),
    "a slow page with breath in between": (
        [http()[:60], Pause(0.15), http()[60:90], Pause(0.15), http()[90:]],
        Got(),
    ),
    "chunked": ([chunks(HALF, PAGE[30:])], Got()),
    "chunked in HTTP/1.0": ([chunks(PAGE).replace(b"HTTP/1.1", b"HTTP/1.0")], Got()),
    "chunked with a space after the size": ([chunks(PAGE, eol=b" \r\n")], Got()),
    "chunked with an extension": ([chunks(PAGE, eol=b";x=y\r\n")], Got()),
    "chunked with a trailer": ([chunks(PAGE, end=b"0\r\nX: y\r\n\r\n")], Got()),
    "chunked with a length beside it": (
        [chunks(PAGE).replace(b"chunked", b"chunked\r\nContent-Length: 3")],
        Got(),
    ),
    "chunked, kept alive": ([chunks(PAGE), End.HANG], Got()),
    "chunked, junk behind": ([chunks(PAGE) + b"junk"], Got()),
    "chunked without the last chunk": ([chunks(PAGE, end=b"")], Got(complete=False)),
    "chunked without the last chunk, kept alive": (
        [chunks(PAGE, end=b""), End.HANG],
        Got(complete=False),
    ),
    "chunked with a broken size": ([chunks(PAGE, end=b"zz\r\n")], Got(complete=False)),
    "chunked cut in a chunk": ([chunks(PAGE)[:-40]], Got(body=PAGE[:-33], complete=False)),
    "chunked in name only": ([headed(OK, b"Transfer-Encoding: chunked")], Got()),
    "chunked in capitals": ([chunks(PAGE).replace(b"chunked", b"Chunked")], Got()),
    "100 Continue first": ([b"HTTP/1.1 100 Continue\r\n\r\n" + http()], Got()),
    "100 Continue first, apart": (
        [b"HTTP/1.1 100 Continue\r\n\r\n", Pause(0.05), http()],
        Got(),
    ),
    "103 Early Hints first": ([b"HTTP/1.1 103 Hints\r\nLink: x\r\n\r\n" + http()], Got()),
    "interim answers without end": ([Again(b"HTTP/1.1 100 Continue\r\n\r\n")], Reason.NOT_HTTP),
    "101 Switching Protocols": ([http(status="101 Switching Protocols")], Reason.NOT_HTTP),
    "gzip, unasked": ([http(gzip.compress(PAGE), "Content-Encoding: gzip")], Got()),
    "gzip, kept alive": (
        [http(gzip.compress(PAGE), "Content-Encoding: gzip"), End.HANG],
        Got(),
    ),
    "x-gzip": ([http(gzip.compress(PAGE), "Content-Encoding: X-GZIP")], Got()),
    "gzip twice": (
        [http(gzip.compress(gzip.compress(PAGE)), "Content-Encoding: gzip, gzip")],
        Got(),
    ),
    "deflate": ([http(zlib.compress(PAGE), "Content-Encoding: deflate")], Got()),
    "deflate without its wrapper": ([http(deflated(PAGE), "Content-Encoding: deflate")], Got()),
    "gzip in name only": ([http(PAGE, "Content-Encoding: gzip")], Got()),
    "deflate in name only": ([http(PAGE, "Content-Encoding: deflate")], Got()),
    "identity": ([http(PAGE, "Content-Encoding: identity")], Got()),
    "gzip cut off": (
        [headed(OK, b"Content-Encoding: gzip", body=gzip.compress(PAGE)[:-8])],
        Got(complete=False),
    ),
    "gzip that is broken": (
        [http(b"\x1f\x8b" + b"junk" * 9, "Content-Encoding: gzip")],
        Reason.BAD_ENCODING,
    ),
    "an unknown compression": ([http(PAGE, "Content-Encoding: br")], Reason.BAD_ENCODING),
    "a gzip bomb": ([http(BOMB, "Content-Encoding: gzip")], Reason.TOO_LARGE),
    "a bomb in two layers": (
        [http(gzip.compress(BOMB), "Content-Encoding: gzip, gzip")],
        Reason.TOO_LARGE,
    ),
    "a flood of body": ([headed(OK, body=b""), Again(b"<td>" * 4096)], Reason.TOO_LARGE),
    "a flood in chunks": (
        [chunks(end=b""), Again(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")],
        Reason.TOO_LARGE,
    ),
    "a flood beyond the length": ([http(b"x"), Again(b"y" * 9999)], Reason.TOO_LARGE),
    "a flood of headers": ([OK + b"\r\n", Again(b"X-More: and more\r\n" * 99)], Reason.NOT_HTTP),
    "a header without end": ([OK + b"\r\nX: ", Again(b"y" * 9999)], Reason.NOT_HTTP),
    "too many headers": ([headed(OK, *[b"X: y"] * 300)], Reason.NOT_HTTP),
    "blank lines without end": ([Again(b"\r\n" * 999)], Reason.NOT_HTTP),
    "a page without a head": ([PAGE], Reason.NOT_HTTP),
    "a telnet login": ([b"\r\nVxWorks login: ", End.HANG], Reason.NOT_HTTP),
    "an SSH greeting": ([b"SSH-2.0-OpenSSH_9.2\r\n", End.HANG], Reason.NOT_HTTP),
    "random bytes": ([bytes(range(128, 256))], Reason.NOT_HTTP),
    "a TLS alert": ([b"\x15\x03\x01\x00\x02\x02\x46"], Reason.NOT_HTTP),
    "a status that is no number": ([headed(b"HTTP/1.1 OK")], Reason.NOT_HTTP),
    "a status of two digits": ([headed(b"HTTP/1.1 20 OK")], Reason.NOT_HTTP),
    "a status of four digits": ([headed(b"HTTP/1.1 2000 OK")], Reason.NOT_HTTP),
    "closed at once": ([], Reason.NO_REPLY),
    "reset at once": ([End.RESET], Reason.NO_REPLY),
    "reset after the head": (
        [headed(OK, LENGTH, body=b""), Pause(0.05), End.RESET],
        Reason.NO_REPLY,
    ),
    "reset in the body": (
        [headed(OK, LENGTH, body=HALF), Pause(0.05), End.RESET],
        Got(body=HALF, complete=False),
    ),
    "reset in a body without a length": (
        [headed(OK, body=HALF), Pause(0.05), End.RESET],
        Got(body=HALF, complete=False),
    ),
    "closed in the body": ([headed(OK, LENGTH, body=HALF)], Got(body=HALF, complete=False)),
    "closed in the head": ([OK + b"\r\nServer: Ara"], Reason.TRUNCATED),
    "closed in the status line": ([b"HTTP/1"], Reason.TRUNCATED),
    "silence": ([End.HANG], Reason.SILENT),
    "silence after half a head": ([OK + b"\r\nServer", End.HANG], Reason.TOO_SLOW),
    "silence after the head": ([headed(OK, LENGTH, body=b""), End.HANG], Reason.TOO_SLOW),
    "silence in the body": ([headed(OK, LENGTH, body=HALF), End.HANG], Reason.TOO_SLOW),
    "a body that drips": ([headed(OK, body=b""), Again(b"x", 0.1)], Reason.TOO_SLOW),
    "headers that drip": ([OK + b"\r\n", Again(b"X: y\r\n", 0.1)], Reason.TOO_SLOW),
    "an empty page": ([http(b"")], Got(body=b"")),
    "204": ([http(b"", status="204 No Content"), End.HANG], Got(body=b"")),
    "206": ([http(status="206 Partial Content")], Got()),
    "203": ([http(status="203 Non-Authoritative")], Got()),
    "304": ([http(b"", status="304 Not Modified"), End.HANG], Reason.NOT_FOUND),
    "400": ([http(status="400 Bad Request")], Reason.NOT_FOUND),
    "403": ([http(status="403 Forbidden")], Reason.FORBIDDEN),
    "403 whose body never comes": (
        [headed(b"HTTP/1.1 403 No", b"Content-Length: 99", body=b""), End.HANG],
        Reason.FORBIDDEN,
    ),
    "403 whose body never ends": (
        [headed(b"HTTP/1.1 403 No", body=b""), Again(b"x" * 999)],
        Reason.FORBIDDEN,
    ),
    "403 without a body, kept alive": (
        [http(b"", status="403 Forbidden"), End.HANG],
        Reason.FORBIDDEN,
    ),
    "403 then a reset": (
        [headed(b"HTTP/1.1 403 No", LENGTH, body=b"x"), Pause(0.05), End.RESET],
        Reason.FORBIDDEN,
    ),
    "404": ([http(status="404 Not Found")], Reason.NOT_FOUND),
    "405": ([http(status="405 Method Not Allowed")], Reason.NOT_FOUND),
    "410": ([http(status="410 Gone")], Reason.NOT_FOUND),
    "429": ([http(status="429 Too Many Requests")], Reason.SERVER_ERROR),
    "500": ([http(status="500 Oops")], Reason.SERVER_ERROR),
    "503 and again": ([http(status="503 Busy")], Reason.SERVER_ERROR),
    "600": ([http(status="600 What")], Reason.SERVER_ERROR),
    "999": ([http(status="999")], Reason.SERVER_ERROR),
}


async def fetch(server: Server, **changes: object) -> Answer:
    async with quick_client(**changes) as client:
        return await client.session(server.target()).status_page()


def sound(error: PhoneError, server: Server) -> PhoneError:
    assert "22222" not in error.detail
    assert error.detail.startswith(server.host)
    assert error.detail.isprintable()
    return error


async def outcome(server: Server, **changes: object) -> Got | Reason:
    try:
        answer = await fetch(server, **changes)
    except PhoneError as error:
        return sound(error, server).reason
    return Got(body=answer.body, complete=answer.complete, path=answer.path)


@pytest.mark.parametrize("name", TRANSPORTS)
async def test_what_a_server_sends_becomes_a_page_or_a_reason(name: str) -> None:
    script, expected = TRANSPORTS[name]
    async with served(script) as server:
        assert expected == await outcome(server, max_body=200_000)
        assert set(server.paths) == {"/sysinfo.html"}


async def test_junk_that_drips_behind_a_whole_body_ends_with_the_poll_s_time() -> None:
    async with served([http(b"text"), Again(b".", 0.1)]) as server:
        answer = await fetch(server)
    assert answer.body.rstrip(b".") == b"text"
    assert answer.complete


LOGINS: dict[str, tuple[list[STEP], Got | Reason, int]] = {
    "one 401 first": ([[challenge()], [http()]], Got(), 2),
    "two 401 first": ([[challenge()], [challenge()], [http()]], Reason.WRONG_PASSWORD, 2),
    "401 for ever": ([[challenge()]], Reason.WRONG_PASSWORD, 2),
    "401 of a Mitel": ([[challenge("Mitel 6920")], [http()]], Got(), 2),
    "401 of firmware 1.x": (
        [[challenge("Please enter User name and password")], [http()]],
        Got(),
        2,
    ),
    "401 without a challenge": ([[http(b"", status="401 No")], [http()]], Got(), 2),
    "401 without a realm": (
        [[http(b"", "WWW-Authenticate: Basic", status="401 No")], [http()]],
        Got(),
        2,
    ),
    "401 with a realm in single quotes": (
        [[http(b"", "WWW-Authenticate: basic Realm='Aastra 6753i'", status="401 No")], [http()]],
        Got(),
        2,
    ),
    "401 whose body never comes": (
        [[headed(b"HTTP/1.1 401 No", b"Content-Length: 745", body=b""), End.HANG], [http()]],
        Got(),
        2,
    ),
    "401 of a router": (
        [[challenge("My Router").replace(b"Aragorn", b"httpd")]],
        Reason.NOT_AASTRA,
        1,
    ),
    "401 of a strange realm by Aragorn": ([[challenge("Lobby")], [http()]], Got(), 2),
    "Digest only": ([[challenge(scheme="Digest")]], Reason.AUTH_UNSUPPORTED, 1),
    "Digest with a nonce": (
        [
            [
                http(
                    b"",
                    'WWW-Authenticate: Digest realm="Aastra 6753i", nonce="a, Basic b", qop="auth"',
                    status="401 No",
                )
            ]
        ],
        Reason.AUTH_UNSUPPORTED,
        1,
    ),
    "NTLM only": (
        [[http(b"", "WWW-Authenticate: NTLM", status="401 No")]],
        Reason.AUTH_UNSUPPORTED,
        1,
    ),
    "Digest or Basic": (
        [
            [
                http(
                    b"",
                    'WWW-Authenticate: Digest realm="Aastra", nonce="x"',
                    'WWW-Authenticate: Basic realm="Aastra 6753i"',
                    status="401 No",
                )
            ],
            [http()],
        ],
        Got(),
        2,
    ),
    "Digest or Basic in one line": (
        [
            [
                http(
                    b"",
                    'WWW-Authenticate: Digest realm="Aastra", nonce="x", Basic realm="Aastra"',
                    status="401 No",
                )
            ],
            [http()],
        ],
        Got(),
        2,
    ),
    "503 once": ([[http(status="503 Busy")], [http()]], Got(), 2),
    "401, 503, then the page": (
        [[challenge()], [http(status="503 Busy")], [http()]],
        Got(),
        3,
    ),
    "401, then 403": ([[challenge()], [http(status="403 No")]], Reason.LOCKED_OUT, 2),
    "401, then 423": ([[challenge()], [http(status="423 Locked")]], Reason.LOCKED_OUT, 2),
    "401, then 429": ([[challenge()], [http(status="429 Later")]], Reason.LOCKED_OUT, 2),
    "401 of a server without a realm": (
        [[http(b"", "Server: lighttpd", status="401 No").replace(b"Aragorn", b"lighttpd")]],
        Reason.NOT_AASTRA,
        1,
    ),
    "503 of another maker's server": (
        [[http(status="503 Busy").replace(b"Aragorn", b"lighttpd")]],
        Reason.NOT_AASTRA,
        1,
    ),
    "a redirect of another maker's server": (
        [[redirect("/").replace(b"Aragorn", b"lighttpd")]],
        Reason.NOT_AASTRA,
        1,
    ),
    "to the front page": ([[redirect("/")], [http()]], Got(path="/"), 2),
    "to itself, then the page": ([[redirect("/sysinfo.html")], [http()]], Got(), 2),
    "to its own name in full": (
        [lambda own: [redirect(f"http://{own.host}/")], [http()]],
        Got(path="/"),
        2,
    ),
    "to a relative place": ([[redirect("sysinfo.html")], [http()]], Got(), 2),
    "to a place by dots": ([[redirect("/x/../sysinfo.html")], [http()]], Got(), 2),
    "to a protocol-relative own place": (
        [lambda own: [redirect(f"//{own.host}/")], [http()]],
        Got(path="/"),
        2,
    ),
    "permanently": ([[redirect("/", "308 Moved")], [http()]], Got(path="/"), 2),
    "round and round": ([[redirect("/")]], Reason.REDIRECTED, 4),
    "401 then a redirect": ([[challenge()], [redirect("/")], [http()]], Got(path="/"), 3),
    "to https": (
        [lambda own: [redirect("https://127.0.0.1/sysinfo.html")]],
        Reason.HTTPS_REQUIRED,
        1,
    ),
    "to https on another port": (
        [[redirect("https://127.0.0.1:8443/x")]],
        Reason.HTTPS_REQUIRED,
        1,
    ),
    "to the log-out page": ([[redirect("/logout.html")]], Reason.REDIRECTED, 1),
    "to the reset page": ([[redirect("/reset.html")]], Reason.REDIRECTED, 1),
    "to the reset page by tricks": (
        [[redirect("/sysinfo.html/../reset.html")]],
        Reason.REDIRECTED,
        1,
    ),
    "to an encoded path": ([[redirect("/%73ysinfo.html")]], Reason.REDIRECTED, 1),
    "with a query": ([[redirect("/sysinfo.html?reset=1")]], Reason.REDIRECTED, 1),
    "with an empty query": ([[redirect("/sysinfo.html?")]], Reason.REDIRECTED, 1),
    "to a folder": ([[redirect("/sysinfo.html/")]], Reason.REDIRECTED, 1),
    "to another host": ([[redirect("http://127.0.0.2/sysinfo.html")]], Reason.REDIRECTED, 1),
    "to a script": ([[redirect("javascript:alert(1)")]], Reason.REDIRECTED, 1),
    "to a file": ([[redirect("file:///etc/passwd")]], Reason.REDIRECTED, 1),
    "to nowhere": ([[http(b"", status="302 Found")]], Reason.REDIRECTED, 1),
    "to an empty place": ([[redirect("")]], Reason.REDIRECTED, 1),
    "to a bad port": ([[redirect("http://127.0.0.1:99999/")]], Reason.REDIRECTED, 1),
    "to a bad bracket": ([[redirect("http://[::1/")]], Reason.REDIRECTED, 1),
    "with a backslash": ([[redirect("/\\127.0.0.2/")]], Reason.REDIRECTED, 1),
    "beyond ASCII": ([[redirect("/sysinfo.html\xe9")]], Reason.REDIRECTED, 1),
    "with controls": ([[redirect("/sys\tinfo.html")]], Reason.REDIRECTED, 1),
    "a refresh that is ignored": (
        [[http(PAGE, "Refresh: 0; url=/reset.html", "Location: /reset.html")]],
        Got(),
        1,
    ),
}


@pytest.mark.parametrize("name", LOGINS)
async def test_answers_one_after_the_other_lead_to_a_page_or_a_reason(name: str) -> None:
    scripts, expected, requests = LOGINS[name]
    async with served(*scripts) as server:
        assert expected == await outcome(server)
        assert requests == len(server.asked)
        assert set(server.paths) <= {"/", "/sysinfo.html"}
        assert server.most_open == 1


@pytest.mark.parametrize(
    "place",
    [
        "http://{trap}/sysinfo.html",
        "//{trap}/sysinfo.html",
        "http://{own}@{trap}/sysinfo.html",
        "http://admin:22222@{own}/sysinfo.html",
        "http://{trap}\\@{own}/sysinfo.html",
        "http://{own}.{trap}/",
        " //{trap}/",
    ],
)
async def test_no_redirect_carries_the_login_elsewhere(place: str) -> None:
    async with (
        served([http()]) as trap,
        served(lambda own: [redirect(place.format(own=own.host, trap=trap.host))]) as server,
    ):
        assert await outcome(server) is Reason.REDIRECTED
        assert trap.asked == []
        assert len(server.asked) == 1


async def test_the_login_is_sent_at_once_in_one_request_that_asks_for_the_end() -> None:
    async with served([http()]) as server:
        await fetch(server)
    head = server.asked[0].decode()
    assert head.startswith("GET /sysinfo.html HTTP/1.1\r\n")
    assert f"\r\nHost: {server.host}\r\n" in head
    assert "\r\nAuthorization: Basic YWRtaW46MjIyMjI=\r\n" in head
    assert "\r\nConnection: close\r\n" in head
    assert "\r\nAccept-Encoding: identity\r\n" in head


async def test_without_credentials_no_login_is_sent_and_a_401_is_final() -> None:
    async with served([challenge()]) as server, quick_client() as client:
        with pytest.raises(PhoneError) as caught:
            await client.session(server.target(credentials=None)).status_page()
    assert caught.value.reason is Reason.NO_PASSWORD
    assert b"Authorization" not in server.asked[0]
    assert len(server.asked) == 1


async def test_a_renewed_session_goes_over_the_front_page() -> None:
    async with (
        served([http(b"Session Expired")], [http(b"front")], [http()]) as server,
        quick_client() as client,
    ):
        session = client.session(server.target())
        assert (await session.status_page()).body == b"Session Expired"
        assert (await session.renewed_status_page()).body == PAGE
    assert server.paths == ["/sysinfo.html", "/", "/sysinfo.html"]


@pytest.mark.parametrize("front", ["404 Not Found", "302 Found", "500 Oops", "403 No"])
async def test_what_the_front_page_says_does_not_matter(front: str) -> None:
    other = http(b"", "Location: /reset.html", status=front)
    async with (
        served([http(b"Session Expired")], [other], [http()]) as server,
        quick_client() as client,
    ):
        session = client.session(server.target())
        await session.status_page()
        assert (await session.renewed_status_page()).body == PAGE
    assert server.paths == ["/sysinfo.html", "/", "/sysinfo.html"]


async def test_a_session_never_sees_a_third_401() -> None:
    scripts = [[challenge()], [http(b"Session Expired")], [challenge()]]
    async with served(*scripts) as server, quick_client() as client:
        session = client.session(server.target())
        await session.status_page()
        with pytest.raises(PhoneError) as caught:
            await session.renewed_status_page()
    assert caught.value.reason is Reason.WRONG_PASSWORD
    assert len(server.asked) == 3


async def test_what_is_forbidden_after_a_refused_login_may_be_a_lock_out() -> None:
    """A phone that refused our login at the last poll, and answers 403 now."""
    async with served([http(status="403 Forbidden")]) as server, quick_client() as client:
        with pytest.raises(PhoneError) as caught:
            await client.session(server.target(), refused_lately=True).status_page()
    assert caught.value.reason is Reason.LOCKED_OUT
    assert (
        "may have locked its web UI after failed logins; it lets in again after about a minute"
        in caught.value.detail
    )


async def test_a_session_never_sends_a_seventh_request() -> None:
    scripts = [[http(status="503")], [redirect("/")], [redirect("/")], [http(b"no table")],
               [http(b"front")], [redirect("/")]]  # fmt: skip
    async with served(*scripts) as server, quick_client() as client:
        session = client.session(server.target())
        await session.status_page()
        with pytest.raises(PhoneError) as caught:
            await session.renewed_status_page()
    assert caught.value.reach is Reach.UNREADABLE
    assert len(server.asked) == 6


async def test_the_total_time_covers_all_tries_of_a_session() -> None:
    slow: Script = [Pause(0.2), challenge()]
    times = Timeouts(connect=0.5, read=0.5, total=0.3)
    async with served(slow) as server:
        assert await outcome(server, timeouts=times) is Reason.SILENT
        assert len(server.asked) == 2


async def test_no_try_is_begun_that_the_total_time_forbids() -> None:
    async with served([challenge()]) as server:
        assert await outcome(server, retry_pause=60.0) is Reason.TOO_SLOW
        assert len(server.asked) == 1


async def test_sessions_of_one_phone_take_turns() -> None:
    async with served([Pause(0.02), http()]) as server, quick_client() as client:
        polls = [client.session(server.target()).status_page() for _ in range(5)]
        answers = await asyncio.gather(*polls)
    assert [answer.body for answer in answers] == [PAGE] * 5
    assert server.most_open == 1


async def test_different_phones_are_polled_at_the_same_time() -> None:
    both_asked = asyncio.Barrier(2)

    async with (
        served([Rendezvous(both_asked), http()]) as one,
        served([Rendezvous(both_asked), http()]) as other,
        quick_client() as client,
    ):
        polls = [client.session(server.target()).status_page() for server in (one, other)]
        answers = await asyncio.gather(*polls)
    assert [answer.body for answer in answers] == [PAGE, PAGE]


async def test_a_cancelled_poll_leaves_nothing_behind() -> None:
    async with served([End.HANG]) as server, quick_client(timeouts=Timeouts()) as client:
        task = asyncio.create_task(client.session(server.target()).status_page())
        await server.begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await server.ended.wait()
    assert server.open_now == 0
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_cookies_of_one_poll_do_not_come_back_in_the_next() -> None:
    async with (
        served([http(PAGE, "Set-Cookie: session=1; Path=/")]) as server,
        quick_client() as client,
    ):
        answer = await client.session(server.target()).status_page()
        await client.session(server.target()).status_page()
    assert b"ookie" not in server.asked[1]
    assert "set-cookie" not in answer.headers


async def test_the_answer_carries_its_headers_and_charset() -> None:
    async with served([http(PAGE, 'CONTENT-TYPE: text/html; Charset="ISO-8859-1"')]) as server:
        answer = await fetch(server)
    assert answer.headers["server"] == "Aragorn"
    assert answer.charset == "iso-8859-1"
    assert answer.fingerprint == ""


async def test_what_a_server_gives_back_of_the_login_does_not_come_into_the_error() -> None:
    mirror = challenge("YWRtaW46MjIyMjI= 22222").replace(b"Aragorn", b"nginx")
    async with served([mirror]) as server:
        with pytest.raises(PhoneError) as caught:
            await fetch(server)
    assert caught.value.reason is Reason.NOT_AASTRA
    assert "22222" not in caught.value.detail
    assert "YWRtaW46" not in caught.value.detail


async def test_the_redirect_s_place_is_named_without_login_and_query() -> None:
    async with served([redirect("http://me:secret@127.0.0.2/place?token=secret")]) as server:
        with pytest.raises(PhoneError) as caught:
            await fetch(server)
    assert "http://127.0.0.2/place" in caught.value.detail
    assert "secret" not in caught.value.detail


async def test_another_transport_may_stand_in_for_the_network() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, content=PAGE, headers={"Content-Type": "text/html"})

    async with quick_client(transport=httpx.MockTransport(answer)) as client:
        target = Target.parse("phone.example", credentials=LOGIN)
        page = await client.session(target).status_page()
    assert (page.body, page.complete) == (PAGE, True)
    assert str(asked[0].url) == "http://phone.example/sysinfo.html"
    assert "MjIyMjI" not in repr(asked[0].headers)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (httpx.ConnectTimeout, Reason.NO_ANSWER),
        (httpx.ConnectError, Reason.NO_ANSWER),
        (httpx.ReadTimeout, Reason.SILENT),
        (httpx.ReadError, Reason.NO_REPLY),
        (httpx.RemoteProtocolError, Reason.NOT_HTTP),
    ],
)
async def test_what_another_transport_raises_is_translated(
    error: type[httpx.TransportError], reason: Reason
) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise error("no")

    async with quick_client(transport=httpx.MockTransport(fail)) as client:
        with pytest.raises(PhoneError) as caught:
            await client.session(Target.parse("phone.example", credentials=LOGIN)).status_page()
    assert caught.value.reason is reason


@pytest.mark.skipif(sys.platform == "win32", reason="uvloop does not run there")
def test_the_client_runs_on_uvloop_too() -> None:
    import uvloop

    async def walk() -> list[Got | Reason]:
        found = []
        for script in ([http()], [], [End.HANG], [http(sized=False), End.RESET]):
            async with served(script) as server:
                found.append(await outcome(server))
        return found

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        good, closed, silent, broken = runner.run(walk())
    assert good == Got()
    assert (closed, silent) == (Reason.NO_REPLY, Reason.SILENT)
    assert broken in (Got(complete=False), Reason.NO_REPLY)


async def test_a_busy_loop_of_ours_is_not_held_against_the_phone() -> None:
    async with served([http()]) as server, quick_client() as client:
        poll = asyncio.create_task(client.session(server.target()).status_page())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        time.sleep(1.0)  # noqa: ASYNC251  longer than every time-out of the poll
        assert (await poll).body == PAGE
