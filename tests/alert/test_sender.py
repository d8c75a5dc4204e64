"""Through Apprise to real servers, and what is said of failures."""

from __future__ import annotations

import logging
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.alert import check, send
from fleet.alert.sender import struck_out
from fleet.errors import SettingsError
from fleet.model import Alert, AlertKind, Severity
from tests.alert.makers import START

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.alert.servers import MailServer, Webhook

ALERT = Alert(
    key="fleet-abc",
    kind=AlertKind.PROBLEM,
    severity=Severity.CRITICAL,
    at=START,
    subject="[fleet] 2 lines: 2 × 401 Unauthorized",
    text="2 lines with a problem:\n\n- desk, line 1: <b>401</b> *é*\n\nX-Fleet-Alert: fleet-abc\n",
    html="<p>2 lines with a <b>problem</b>: é</p>\n<p>X-Fleet-Alert: fleet-abc</p>",
)


def test_a_webhook_gets_the_text_and_the_key(webhook: Webhook) -> None:
    assert send(webhook.url, ALERT) == ""
    [body], [headers] = webhook.bodies, webhook.headers
    assert body["title"] == ALERT.subject
    assert body["message"] == ALERT.text.rstrip()
    assert body["type"] == "failure"
    assert headers["X-Fleet-Alert"] == headers["Idempotency-Key"] == "fleet-abc"


def test_a_mail_has_the_html_with_a_text_beside_it_and_the_key(mail_server: MailServer) -> None:
    assert send(mail_server.url, ALERT) == ""
    [mail] = mail_server.mails
    assert mail["Subject"] == ALERT.subject
    assert mail["X-Fleet-Alert"] == "fleet-abc"
    html, text = mail.get_body(("html",)), mail.get_body(("plain",))
    assert html is not None
    assert text is not None
    assert "<b>problem</b>: é" in html.get_content()
    assert "X-Fleet-Alert: fleet-abc" in text.get_content()


def test_a_mail_without_html_is_the_text(mail_server: MailServer) -> None:
    assert send(mail_server.url, replace(ALERT, html="", kind=AlertKind.TEST)) == ""
    text = mail_server.mails[0].get_body(("plain",))
    assert text is not None
    assert "<b>401</b> *é*" in text.get_content()


def test_what_a_server_refuses_is_not_taken_and_says_why(webhook: Webhook) -> None:
    webhook.status = 503
    why = send(webhook.url, ALERT)
    assert "503" in why
    assert "geheim" not in why


def test_a_mail_that_is_refused_is_not_taken(mail_server: MailServer) -> None:
    mail_server.refuses = "554 we do not want it"
    assert send(mail_server.url, ALERT)


class Lines(logging.Handler):
    """What whoever logs everything would see."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def everything_logged() -> Iterator[list[str]]:
    root, handler = logging.getLogger(), Lines()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler.lines
    root.removeHandler(handler)
    root.setLevel(level)


def test_nothing_of_a_url_reaches_a_log(webhook: Webhook, everything_logged: list[str]) -> None:
    webhook.status = 500
    assert "500" in send(webhook.url, ALERT)
    assert send("json://user:geheim@127.0.0.1:1/geheimnis?-token=geheim2", ALERT)
    assert send("slack://geheim", ALERT)
    assert not [line for line in everything_logged if "geheim" in line]


@pytest.mark.parametrize(
    "url", ["jsn://geheim@host/", "slack://geheim", "mailto://", "tgram://geheim"]
)
def test_a_url_that_apprise_does_not_understand_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(SettingsError) as raised:
        check({"default": "json://localhost", "ops #2": url})
    assert "the URL of ops #2 is not one" in str(raised.value)
    assert "geheim" not in str(raised.value)
    assert send(url, ALERT) == "its URL is not one that Apprise understands"


def test_loading_apprise_is_no_matter_for_warnings() -> None:
    code = "from fleet.alert import check; check({'x': 'mailto://u:p@example.com'})"
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")


PARTS = st.text(
    st.characters(codec="ascii", exclude_characters="/?#&=@:%+ ", categories=("L", "N", "P")),
    min_size=5,
    max_size=12,
)


@settings(deadline=None)
@given(PARTS, PARTS, PARTS, st.sampled_from(["tgram", "json", "slack", "mailto"]))
def test_every_part_of_a_url_is_struck_out(one: str, two: str, three: str, scheme: str) -> None:
    host = one if scheme in ("tgram", "slack") else "localhost"
    url = f"{scheme}://user:{one}@{host}/{two}/{three}?token={two}"
    said = struck_out(url, f"POST {url} failed; {one}{two} and {three}, {url!r}")
    assert not [part for part in (one, two, three) if part in said.replace("***", "\0")]
