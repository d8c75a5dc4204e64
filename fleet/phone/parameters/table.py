"""The rows of the catalogue: a name, or a family of names, and the kind of its values.

facts/provisioning 1.3; what the vendor's own scripts and templates or two other provisioners write
as well. Limits that no source gives are not made up: such a row is a plain text or a number without
a limit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.phone.parameters.kinds import Kind, Shape

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT = Kind(shape=Shape.TEXT)
BOOLEAN = Kind(shape=Shape.BOOLEAN)
HOST = Kind(shape=Shape.HOST)
ADDRESS = Kind(shape=Shape.ADDRESS)
PORT = Kind(shape=Shape.PORT, low=0, high=65535)
URI = Kind(shape=Shape.URI, longest=128)
URI_OF_ANY_LENGTH = Kind(shape=Shape.URI)
COUNT = Kind(shape=Shape.INTEGER, low=0)
DIGITS = Kind(shape=Shape.DIGITS, high=4_294_967_295)
TIME = Kind(shape=Shape.TIME)


KEY_TYPE = Kind(
    shape=Shape.WORDS,
    choices=(
        *("none", "line", "speeddial", "dnd", "blf", "list", "acd", "dcp", "flash", "xml", "park"),
        *("lcr", "callforward", "blfxfer", "speeddialxfer", "speeddialconf", "speeddialmwi"),
        *("directory", "callers", "redial", "conf", "xfer", "icom", "services", "phonelock"),
        *("paging", "spre", "save", "delete", "pickup", "empty", "history"),
    ),
)
"""Keys' types: admin guide 3.2.2 p.5-59 and peers (facts/provisioning 1.3, Keys)."""

KEY_STATES = Kind(shape=Shape.WORDS, choices=("idle", "connected", "incoming", "outgoing", "busy"))
"""When a key is shown, any number of them (admin guide 3.2.2 p.5-59)."""


def number(low: int, high: int) -> Kind:
    """A whole number within limits."""
    return Kind(shape=Shape.INTEGER, low=low, high=high)


def text(longest: int) -> Kind:
    """A text of so many characters at most."""
    return Kind(shape=Shape.TEXT, longest=longest)


def _choice(*choices: str) -> Kind:
    return Kind(shape=Shape.TEXT, choices=choices)


def _fetching() -> Iterator[tuple[str, Kind]]:
    yield "download protocol", _choice("TFTP", "FTP", "HTTP", "HTTPS")
    for scheme in ("tftp", "ftp", "http", "https", "alternate tftp"):
        yield f"{scheme} server", HOST
        yield f"{scheme} path", TEXT
    yield "use alternate tftp", BOOLEAN
    yield from (("ftp username", TEXT), ("ftp password", TEXT))
    yield from (("http port", PORT), ("https port", PORT))
    yield "firmware server", TEXT
    yield "contact rcs", BOOLEAN
    yield "dhcp config option override", number(-1, 255)
    yield "auto resync mode", number(0, 3)
    yield "auto resync time", TIME
    yield "auto resync max delay", number(0, 1439)
    yield "auto resync days", COUNT


def _access() -> Iterator[tuple[str, Kind]]:
    yield from (("admin password", DIGITS), ("user password", DIGITS))
    for name in ("options password enabled", "options simple menu", "web interface enabled"):
        yield name, BOOLEAN
    yield "http digest username", text(40)
    yield "http digest password", text(20)
    yield "http digest force login", BOOLEAN
    yield "https client method", TEXT
    yield "https user certificates", TEXT
    for what in ("certificates", "hostname", "expires"):
        yield f"https validate {what}", BOOLEAN


_SERVERS = ("proxy", "registrar", "backup proxy", "backup registrar")


def _account(prefix: str) -> Iterator[tuple[str, Kind]]:
    """What can be said for all lines, and for one."""
    for server in _SERVERS:
        yield f"{prefix} {server} ip", HOST
        yield f"{prefix} {server} port", PORT
    for server in ("outbound proxy", "backup outbound proxy"):
        yield f"{prefix} {server}", HOST
        yield f"{prefix} {server} port", PORT
    for name in ("user name", "auth name", "password", "display name", "screen name", "vmail"):
        yield f"{prefix} {name}", TEXT
    yield from ((f"{prefix} screen name 2", TEXT), (f"{prefix} bla number", TEXT))
    yield f"{prefix} registration period", number(0, 2_147_483_647)
    yield f"{prefix} mode", number(0, 3)
    yield f"{prefix} dtmf method", number(0, 2)
    yield f"{prefix} srtp mode", number(0, 2)


def _sip() -> Iterator[tuple[str, Kind]]:
    yield from _account("sip")
    yield from _account("sip lineN")
    yield "sip registration retry timer", number(30, 1800)
    yield "sip registration timeout retry timer", number(30, 214_748_364)
    yield "sip registration renewal timer", COUNT
    yield "sip blacklist duration", number(0, 9_999_999)
    yield "sip transport protocol", _choice("0", "1", "2", "4")
    yield "sip digit timeout", COUNT
    yield from (("sip dial plan", TEXT), ("sip whitelist", TEXT))
    yield from (("sip xml notify event", BOOLEAN), ("dynamic sip", BOOLEAN))
    for name in ("silence suppression", "use basic codecs", "out-of-band dtmf", "rport"):
        yield f"sip {name}", BOOLEAN
    for name in ("explicit mwi subscription", "update callerid", "diversion display"):
        yield f"sip {name}", BOOLEAN
    for name in ("explicit mwi subscription", "blf subscription"):
        yield f"sip {name} period", COUNT
    yield from (("sip customized codec", TEXT), ("sip lineN park pickup config", TEXT))
    yield from (("sip park pickup config", TEXT), ("sip lineN dnd", BOOLEAN))
    yield from (("sip refer-to with replaces", BOOLEAN), ("mask sip password", BOOLEAN))
    for what in ("root and intermediate certificates", "local certificate", "private key"):
        yield f"sips {what}", TEXT
    yield "sips trusted certificates", TEXT


def _calls() -> Iterator[tuple[str, Kind]]:
    """What a phone does with calls, its lists and its keys' scripts."""
    yield "sip allow auto answer", BOOLEAN
    for name in ("mute mic", "allow barge in", "play warning tone"):
        yield f"sip intercom {name}", BOOLEAN
    yield from (("sip intercom type", COUNT), ("sip intercom line", COUNT))
    yield from (("sip intercom prefix code", TEXT), ("sprecode", TEXT))
    yield from (("directed call pickup", BOOLEAN), ("directed call pickup prefix", TEXT))
    yield from (("emergency dial plan", TEXT), ("paging group listening", TEXT))
    yield from ((name, BOOLEAN) for name in ("call waiting", "call hold reminder", "live dialpad"))
    for name in ("goodbye cancels incoming call", "display dtmf digits", "auto offhook"):
        yield name, BOOLEAN
    yield "show call destination name", BOOLEAN
    lists = ("redial", "callers list", "directory", "call forward", "missed calls indicator")
    yield from ((f"{name} disabled", BOOLEAN) for name in lists)
    for one in (1, 2):
        yield from ((f"directory {one}", TEXT), (f"directory {one} name", TEXT))
    yield from ((f"custom ringtone {one}", TEXT) for one in range(1, 9))
    for script in ("voicemail", "directory", "services", "callers list", "redial"):
        yield f"{script} script", URI_OF_ANY_LENGTH


def _device() -> Iterator[tuple[str, Kind]]:
    yield from (("backlight mode", COUNT), ("bl on time", COUNT), ("idle screen mode", COUNT))
    yield from ((f"{what} volume", COUNT) for what in ("handset", "headset", "speaker", "ringer"))
    yield from (("upnp manager", BOOLEAN), ("pc port passthru enabled", BOOLEAN))
    yield "upgrade uri", TEXT
    modules = ("linemgr", "user interface", "sip", "ept", "ind", "kbd", "net", "provis", "rtpt")
    yield from ((f"log module {name}", COUNT) for name in (*modules, "snd", "stun"))


_WEEK = _choice(*(str(week) for week in (1, 2, 3, 4, 5, -1, -2, -3, -4, -5)))


def _time() -> Iterator[tuple[str, Kind]]:
    yield "time server disabled", BOOLEAN
    yield from ((f"time server{one}", HOST) for one in (1, 2, 3))
    yield from (("time format", COUNT), ("date format", COUNT))
    yield from (("time zone name", TEXT), ("time zone code", TEXT))
    yield "time zone minutes", number(-900, 900)
    yield "dst config", number(0, 3)
    yield "dst minutes", number(0, 60)
    yield "dst [start|end] relative date", BOOLEAN
    for side in ("start", "end"):
        yield f"dst {side} month", number(1, 12)
        yield f"dst {side} week", _WEEK
        yield f"dst {side} day", number(1, 31)
        yield f"dst {side} hour", number(0, 23)


def _network() -> Iterator[tuple[str, Kind]]:
    yield from ((name, BOOLEAN) for name in ("tagging enabled", "lldp", "dhcp"))
    yield from ((name, number(1, 4095)) for name in ("vlan id", "vlan id port 1"))
    yield from (("lldp interval", COUNT), ("ipv6", BOOLEAN))
    yield "priority non-ip", number(0, 7)  # three bits of an 802.1Q tag
    yield from ((f"tos {what}", number(0, 63)) for what in ("sip", "rtp", "rtcp"))  # DSCP, six bits
    for name in ("ip", "subnet mask", "default gateway", "dns1", "dns2"):
        yield name, ADDRESS
    yield from (("log server ip", HOST), ("log server port", PORT))


_EVENTS = (
    *("startup", "registered", "registration event", "incoming", "outgoing", "offhook", "onhook"),
    *("connected", "disconnected", "poll", "xml sip notify"),
)


def _xml() -> Iterator[tuple[str, Kind]]:
    yield from ((f"action uri {event}", URI) for event in _EVENTS)
    yield "action uri poll interval", COUNT
    yield "xml application uri", URI
    yield from (("xml application title", TEXT), ("xml application post list", TEXT))
    yield from (("xml get timeout", COUNT), ("xml status scroll delay", COUNT))
    yield from (("xml beep notification", BOOLEAN), ("image server uri", URI_OF_ANY_LENGTH))


def _keys() -> Iterator[tuple[str, Kind]]:
    for family in ("prgkeyN", "softkeyN", "topsoftkeyN", "expmodX keyN", "featurekeyN"):
        yield f"{family} type", KEY_TYPE
        yield from ((f"{family} {what}", TEXT) for what in ("value", "label"))
        yield f"{family} line", COUNT
        yield f"{family} locked", BOOLEAN
    yield from ((f"{family} states", KEY_STATES) for family in ("softkeyN", "prgkeyN"))
    pages = (f"expmod{module}page{page}" for module in (1, 2, 3) for page in (1, 2, 3))
    yield from ((f"{page}{side}", TEXT) for page in pages for side in ("left", "right"))


def _language() -> Iterator[tuple[str, Kind]]:
    yield from ((f"language {one}", TEXT) for one in (1, 2, 3, 4))
    yield from (("language", number(0, 4)), ("web language", number(0, 4)))
    yield from (("input language", TEXT), ("tone set", TEXT))


ROWS: tuple[tuple[str, Kind], ...] = (
    *_fetching(),
    *_access(),
    *_sip(),
    *_calls(),
    *_device(),
    *_time(),
    *_network(),
    *_xml(),
    *_keys(),
    *_language(),
)
