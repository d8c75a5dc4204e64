"""What can go wrong between us and a phone, each as one plain sentence for an administrator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.errors import PhoneError
from fleet.model import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST_QUOTE = 80

_SENTENCES: Mapping[Reason, str] = {
    Reason.NAME_NOT_FOUND: "has a name that the name server does not know: mend the host or DNS.",
    Reason.NO_ROUTE: "cannot be reached from here: check the network, the route and the firewall.",
    Reason.NO_ANSWER: "does not answer: check that it has power and network, and the address.",
    Reason.CONNECTION_REFUSED: "is up but refuses the connection: its web UI is off, or it listens "
    "on another port.",
    Reason.NO_REPLY: "closed the connection without an answer: restart the phone if that lasts.",
    Reason.SILENT: "took the connection and then said nothing: restart the phone if that lasts.",
    Reason.TLS_TOO_OLD: "speaks only TLS or ciphers that are too old to be safe: set legacy_tls "
    "for this phone, or use http.",
    Reason.TLS_FAILED: "failed in the TLS handshake: try http, or legacy_tls if it is an old "
    "phone.",
    Reason.CERTIFICATE_CHANGED: "shows another certificate than before, so nothing was sent: "
    "check that it is the same phone, then trust the new one.",
    Reason.WRONG_PASSWORD: "rejects the web UI login: check username and password of this phone.",
    Reason.NO_PASSWORD: "asks for a login, and fleet has no password for it: set "
    "FLEET_WEB_UI_PASSWORD, or give it in the inventory.",
    Reason.LOCKED_OUT: "may have locked its web UI after failed logins; it lets in again after "
    "about a minute: check username and password meanwhile.",
    Reason.FORBIDDEN: "forbids this login its status page: use a login that may see it, or wait a "
    "minute if logins failed there just now.",
    Reason.AUTH_UNSUPPORTED: "asks for another kind of login than Basic: it is not a phone that "
    "can be read, or something stands before it.",
    Reason.NOT_AASTRA: "is not an Aastra or Mitel phone: check the address.",
    Reason.NOT_HTTP: "answers with something else than HTTP: check address, port and scheme.",
    Reason.NOT_FOUND: "has no status page: its web UI is switched off, or it is not an Aastra or "
    "Mitel phone.",
    Reason.SERVER_ERROR: "reports a fault of its own web server: restart the phone if that lasts.",
    Reason.REDIRECTED: "sends us elsewhere, where no login may go: check the address.",
    Reason.HTTPS_REQUIRED: "wants https: put https:// before its host.",
    Reason.TOO_LARGE: "sends more than a status page can hold: check the address.",
    Reason.TOO_SLOW: "answers too slowly to finish in time: restart the phone, or raise the "
    "time-outs.",
    Reason.TRUNCATED: "broke off in the middle of its answer: restart the phone if that lasts.",
    Reason.BAD_ENCODING: "sends its page in a compression that nobody asked for.",
    Reason.INTERNAL_ERROR: "could not be asked for want of open files or memory here: raise the "
    "limit (ulimit -n) or lower the concurrency.",
}


def poll_error(reason: Reason, where: str, note: str = "") -> PhoneError:
    """The error for `reason` at `where` (`host[:port]`); `note` says more, and is ours or clean."""
    sentence = _SENTENCES[reason]
    if note:
        sentence = f"{sentence.removesuffix('.')} ({note})."
    return PhoneError(reason, f"{where} {sentence}")


def clean(text: str, limit: int = _LONGEST_QUOTE) -> str:
    """What a server said, fit to be quoted: one line, printable, at most `limit` characters."""
    shown = "".join(c if c.isprintable() else " " for c in text[: limit * 4])
    shown = " ".join(shown.split())
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"
