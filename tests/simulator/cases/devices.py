"""Other devices: what may answer at an address where a phone used to be. All made up here."""

from __future__ import annotations

from fleet.model import Reason
from fleet.simulator.page import row, table
from fleet.simulator.visit import challenge, http
from tests.simulator.cases.case import Case, Expect, answers, fails, packaged

_OTHER = fails(Reason.NOT_AASTRA)
_NO_PHONE = fails(Reason.NOT_AASTRA, Reason.NO_TABLE)
_NO_HTTP = fails(Reason.NOT_HTTP)


def _page(
    title: str,
    content: str,
    *,
    server: str = "httpd",
    content_type: str = "text/html",
    expected: Expect = _NO_PHONE,
) -> Case:
    body = f"<html><head><title>{title}</title></head><body>{content}</body></html>"
    answer = http("200 OK", body.encode(), server=server, content_type=content_type)
    return answers(lambda _visit: answer, expected=expected)


def _file(body: bytes, content_type: str, *, expected: Expect = _NO_PHONE) -> Case:
    answer = http("200 OK", body, server="httpd", content_type=content_type)
    return answers(lambda _visit: answer, expected=expected)


def _asks(realm: str, server: str, scheme: str = "Basic", expected: Expect = _OTHER) -> Case:
    return answers(lambda _visit: challenge(realm, server=server, scheme=scheme), expected=expected)


def _says(data: bytes, expected: Expect = _NO_HTTP) -> Case:
    return answers(lambda _visit: data, expected=expected)


_LOGIN_FORM = "<form method='post'>User <input name='u'> <input type='password' name='p'></form>"
_OTHER_ACCOUNTS = table([row(("Account 1", "Registered")), row(("Account 2", "Disabled"))])
_FOUR_COLUMNS = table(
    [
        row(("Port", "Device", "Link", "PoE"), tag="th"),
        row(("1", "ap-1", "Up", "Yes")),
        row(("2", "ap-2", "Down", "No")),
    ]
)

DEVICES = {
    "router_login_form": _page("Router", _LOGIN_FORM),
    "router_asking": _asks("Wireless Router", "httpd"),
    "camera_asking": _asks("IP Camera", "Boa/0.94"),
    "fanvil_asking": _asks(
        "Fanvil", "http", "Digest", fails(Reason.AUTH_UNSUPPORTED, Reason.NOT_AASTRA)
    ),
    "empty_realm_asking": _asks(
        "", "nginx", expected=fails(Reason.NOT_AASTRA, Reason.WRONG_PASSWORD)
    ),
    "lookalike_realm_asking": _asks("Maastrannic 9000", "nginx"),
    "printer": packaged("printer", expected=_NO_PHONE),
    "switch": _page("Switch", _FOUR_COLUMNS),
    "fanvil_page": _page("VoIP Phone", _OTHER_ACCOUNTS),
    "web_server_default": _page("Welcome!", "<h1>It works!</h1>", server="nginx"),
    "folder_listing": _page("Index of /", "<a href='sysinfo.html'>sysinfo.html</a>"),
    "captive_portal": _page("Guest network", f"<h1>Please accept</h1>{_LOGIN_FORM}"),
    "json_api": _file(b'{"status": "ok", "lines": []}', "application/json"),
    "xml_service": _file(b"<?xml version='1.0'?><status><a>1</a></status>", "text/xml"),
    "plain_text": _file(b"ok\n", "text/plain"),
    "picture": _file(b"\x89PNG\r\n\x1a\n" + bytes(300), "image/png"),
    "document": _file(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", "application/pdf"),
    "archive": _file(b"PK\x03\x04" + bytes(200), "application/octet-stream"),
    "telnet": _says(b"\xff\xfb\x01VxWorks login: "),
    "ssh": _says(b"SSH-2.0-dropbear_2012.55\r\n"),
    "mail_server": _says(b"220 mail.example ESMTP\r\n"),
    "sip_server": _says(b"SIP/2.0 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
    "rtsp_server": _says(b"RTSP/1.0 400 Bad Request\r\nCSeq: 0\r\n\r\n"),
    "icecast": _says(b"ICY 200 OK\r\nicy-name: radio\r\n\r\n"),
}
