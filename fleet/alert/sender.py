"""The one door for Apprise, which knows a hundred ways to tell somebody something.

It is loaded when it is needed first: that takes longer than a command that sends nothing may take.
No part of a URL but a mail or web server's name is ever shown: what Apprise logs stays here, and
what it says of a failure has every other part of the URL struck out.
"""

from __future__ import annotations

import logging
import re
import threading
import warnings
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, unquote_plus

from fleet.alert.presentation import plain
from fleet.errors import SettingsError
from fleet.model import AlertKind, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    import apprise

    from fleet.model import Alert

    Send = Callable[[str, Alert], str]

_WITH_HEADERS = {f"{name}{s}" for name in ("json", "xml", "form", "mailto") for s in ("", "s")}
_OWN_SERVER = _WITH_HEADERS  # their URLs' hosts are names of servers; others' may be tokens
_MAIL_SIZED = 32_768  # characters from which on a service takes a mail, not a chat message
_CHAT_SIZED = 1000  # under this it is a text message: cut, not sent in pieces
_WORD = 4  # characters under which a secret is struck out as a whole word only
_NOT_TAKEN = "it was not accepted, and the channel does not report why"


class _Said(logging.Handler):
    """Keeps the last warning that each thread's sending gave rise to."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._last: dict[int, str] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        self._last[threading.get_ident()] = record.getMessage()

    def take(self) -> str:
        """Give this thread's last warning, and forget it."""
        return self._last.pop(threading.get_ident(), "")


_said = _Said()
_loading = threading.Lock()
_loaded: list[Any] = []


def load() -> Any:
    """Give Apprise, with all its plug-ins; from then on its loggers are silent."""
    with _loading:
        if not _loaded:
            _silence()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # it imports imghdr, which Python 3.11 deprecates
                found = import_module("apprise")
                found.Apprise.instantiate("json://localhost")
            _loaded.append(found)
    return _loaded[0]


def _silence() -> None:
    """Keep what Apprise, and the library it sends with, would log: it holds parts of URLs."""
    logger = logging.getLogger("apprise")
    logger.handlers, logger.propagate = [_said], False
    logger.setLevel(logging.WARNING)
    logging.getLogger("urllib3").setLevel(logging.ERROR)


def check(channels: Mapping[str, str]) -> None:
    """Raise `SettingsError` for a channel whose URL Apprise does not understand."""
    for name, url in channels.items():
        if _service(url) is None:
            raise SettingsError(
                f"[alerts] the URL of {name} is not one that Apprise understands (it is not shown, "
                "for it may hold a password); see https://github.com/caronc/apprise for how each "
                "service's is written."
            )


def send(url: str, alert: Alert, files: Sequence[Path] = ()) -> str:
    """Send an alert now; give an empty text when the channel took it, else why it did not.

    `files` go with it where the channel takes files. Blocks for as long as the channel does:
    Apprise limits each of its steps to some seconds.
    """
    service = _service(_with_key(url, alert.key))
    if service is None:
        return "its URL is not one that Apprise understands"
    _said.take()
    try:
        is_taken = service.notify(**_message(service, alert), **_attached(service, files))
    except Exception as error:  # noqa: BLE001  whatever a plug-in raises, the alert stays due
        return struck_out(url, f"{type(error).__name__}: {error}")
    return "" if is_taken else struck_out(url, _said.take() or _NOT_TAKEN)


def _service(url: str) -> apprise.NotifyBase | None:
    loaded = load()
    service: apprise.NotifyBase | None = loaded.Apprise.instantiate(
        url, asset=loaded.AppriseAsset(app_id="fleet", app_desc="fleet", app_url="")
    )
    return service


def _message(service: apprise.NotifyBase, alert: Alert) -> dict[str, Any]:
    """Mail takes HTML, with its text made from it; everything else the text."""
    loaded = load()
    formats: Any = service.notify_format  # one of them, or several with the preferred one first
    first = formats if isinstance(formats, str) else formats[0]
    is_mail = first == loaded.NotifyFormat.HTML and service.body_maxlen >= _MAIL_SIZED
    message = {"title": alert.subject, "notify_type": _notify_type(loaded, alert)}
    if is_mail and alert.html:
        return message | {"body": alert.html, "body_format": loaded.NotifyFormat.HTML}
    mode = service.overflow_mode
    if mode == loaded.OverflowMode.UPSTREAM and not is_mail:
        is_chat = service.body_maxlen >= _CHAT_SIZED
        mode = loaded.OverflowMode.SPLIT if is_chat else loaded.OverflowMode.TRUNCATE
    return message | {
        "body": alert.text,
        "body_format": loaded.NotifyFormat.TEXT,
        "overflow": mode,
    }


def _attached(service: apprise.NotifyBase, files: Sequence[Path]) -> dict[str, Any]:
    if not (files and service.attachment_support):
        return {}
    of_file = import_module("apprise.attachment.file").AttachFile  # takes a path for what it is
    return {"attach": load().AppriseAttachment([of_file(path=str(path)) for path in files])}


def _notify_type(loaded: Any, alert: Alert) -> Any:
    if alert.kind is AlertKind.RECOVERY:
        return loaded.NotifyType.SUCCESS
    if alert.kind is AlertKind.TEST or alert.severity is Severity.INFO:
        return loaded.NotifyType.INFO
    is_critical = alert.severity is Severity.CRITICAL
    return loaded.NotifyType.FAILURE if is_critical else loaded.NotifyType.WARNING


def _with_key(url: str, key: str) -> str:
    """Have the key sent as a header, where the service has headers."""
    if url.partition("://")[0].lower() not in _WITH_HEADERS:
        return url
    return f"{url}{'&' if '?' in url else '?'}+X-Fleet-Alert={key}&+Idempotency-Key={key}"


def struck_out(url: str, said: str) -> str:
    """Strike every part of the URL out of what was said, but the name of a server."""
    line = plain(said, 1000)
    for secret in sorted(set(_secrets(url)), key=len, reverse=True):
        if len(secret) < _WORD:
            line = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", "***", line)
        else:
            line = line.replace(secret, "***")
    return plain(line).rstrip(".")


def _secrets(url: str) -> Iterator[str]:
    scheme, _, rest = url.partition("://")
    place, _, query = rest.partition("?")
    authority, _, path = place.partition("/")
    login, _, host = authority.rpartition("@")
    parts = [login, *login.split(":"), *path.split("/")]
    parts += [value for pair in query.split("&") for value in pair.split("=", 1)[1:]]
    if scheme.lower() not in _OWN_SERVER:
        parts += [host, *host.split(":")]
    for part in parts:
        for written in (part, unquote(part), unquote_plus(part)):
            if written.strip("*"):
                yield written
