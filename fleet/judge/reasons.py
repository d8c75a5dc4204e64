"""For each reason why a poll failed: what it usually means and what to check."""

from __future__ import annotations

from dataclasses import dataclass

from fleet.model import Reason


@dataclass(frozen=True, kw_only=True, slots=True)
class Advice:
    """What a reason means, as a sentence, and what to look at."""

    meaning: str
    check: str


_POWER = "Check power, network cable and switch port, and that the host is still the phone's."
_BUSY = "Try its web page with a browser. Restart the phone if it stays like this."
_CAPTURE = "Save the page with `fleet capture` and have it added; see docs/add-a-phone.md."
_OTHER = "Check the host in the inventory: another device may have this address now."

REASONS: dict[Reason, Advice] = {
    Reason.NAME_NOT_FOUND: Advice(
        meaning="The phone's host name does not resolve.",
        check="Check the name in the inventory and in DNS, or give the address.",
    ),
    Reason.NO_ROUTE: Advice(
        meaning="There is no route to the phone's network.",
        check="Check routes and VPN to its site; if the whole site is down, start there.",
    ),
    Reason.NO_ANSWER: Advice(
        meaning="Nothing answers at the phone's address: it is off, unplugged or filtered.",
        check=_POWER,
    ),
    Reason.CONNECTION_REFUSED: Advice(
        meaning="The device is up, but nothing listens: its web page is off or on another port.",
        check="Check the port in the inventory, and that the phone's web interface is enabled.",
    ),
    Reason.NO_REPLY: Advice(
        meaning="The phone closed the connection without an answer.",
        check=_BUSY,
    ),
    Reason.SILENT: Advice(
        meaning="The phone accepted the connection, but did not answer in time.",
        check=_BUSY,
    ),
    Reason.TLS_TOO_OLD: Advice(
        meaning="The phone speaks only TLS that is too old to be allowed by default.",
        check="Set legacy_tls for this phone or its site, or poll it over http.",
    ),
    Reason.TLS_FAILED: Advice(
        meaning="No TLS connection could be made.",
        check="Check that the host's scheme and port fit: the phone may speak plain http there.",
    ),
    Reason.CERTIFICATE_CHANGED: Advice(
        meaning="The phone shows another certificate than the one it was known by.",
        check="If the phone was reset or replaced, trust its new certificate. "
        "Otherwise find out which device answers.",
    ),
    Reason.OTHER_PHONE: Advice(
        meaning="Another phone, by its MAC, answers at this phone's address.",
        check="Find where this phone went, and correct its host in the inventory.",
    ),
    Reason.WRONG_PASSWORD: Advice(
        meaning="The phone's web page rejects our login.",
        check="Check the web UI password in fleet.env or the inventory. A configured password that "
        "is not all digits makes these phones fall back to their default one.",
    ),
    Reason.NO_PASSWORD: Advice(
        meaning="The phone's web page asks for a login, and there is no password to send.",
        check="Set FLEET_WEB_UI_PASSWORD (fleet.env beside fleet.toml), or give the password in "
        "the inventory.",
    ),
    Reason.LOCKED_OUT: Advice(
        meaning="The phone refused our login before, and refuses every login for a while now.",
        check="Correct the web UI password in the inventory, wait two minutes, then poll the "
        "phone again.",
    ),
    Reason.FORBIDDEN: Advice(
        meaning="The phone's web page does not allow us in.",
        check="Check access rules on the phone, and that its web interface is enabled.",
    ),
    Reason.AUTH_UNSUPPORTED: Advice(
        meaning="The device asks for another kind of login than these phones do.",
        check=_OTHER,
    ),
    Reason.NOT_AASTRA: Advice(
        meaning="What answers is not an Aastra or Mitel SIP phone.",
        check=_OTHER,
    ),
    Reason.NOT_HTTP: Advice(
        meaning="What answers does not speak HTTP.",
        check="Check host, port and scheme in the inventory.",
    ),
    Reason.NOT_FOUND: Advice(
        meaning="There is no status page at this address.",
        check="Check that the phone's web interface is enabled, and that this is the phone.",
    ),
    Reason.SERVER_ERROR: Advice(
        meaning="The phone's web server reports a fault of its own.",
        check=_BUSY,
    ),
    Reason.REDIRECTED: Advice(
        meaning="The phone sends us to another place, where we do not follow.",
        check="Check what answers there; give the phone's own address in the inventory.",
    ),
    Reason.HTTPS_REQUIRED: Advice(
        meaning="The phone wants https.",
        check="Write the host as https://… in the inventory; old phones need legacy_tls as well.",
    ),
    Reason.TOO_LARGE: Advice(
        meaning="The answer is far larger than a phone's status page.",
        check=_OTHER,
    ),
    Reason.TOO_SLOW: Advice(
        meaning="The answer began, but did not end in time.",
        check="Check the network to the phone; raise [poll] total_timeout for slow links.",
    ),
    Reason.TRUNCATED: Advice(
        meaning="The status page was cut off, so its lines cannot be trusted.",
        check=_BUSY,
    ),
    Reason.BAD_ENCODING: Advice(
        meaning="The answer's encoding cannot be undone.",
        check=_OTHER,
    ),
    Reason.SESSION_EXPIRED: Advice(
        meaning="The phone keeps saying that the session has expired.",
        check="Somebody may be logged in from the same address; try again in a few minutes.",
    ),
    Reason.NO_TABLE: Advice(
        meaning="The phone's page has no SIP status table that can be read.",
        check=_CAPTURE,
    ),
    Reason.CONTRADICTORY: Advice(
        meaning="The phone's page says two things about one line.",
        check=_CAPTURE,
    ),
    Reason.INTERNAL_ERROR: Advice(
        meaning="A bug in fleet cost this phone's poll.",
        check="Report it with the traceback from the log; other phones are not affected.",
    ),
}
