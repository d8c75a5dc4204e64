"""SIP addresses of phones, users and registrars (RFC 3261, 19.1; pure)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

from fleet.phone.http.target import checked_address

_LONGEST = 1024
# RFC 3261, 25.1: unreserved and user-unreserved.
_USER_AS_IT_IS = "-_.!~*'()&=+$,;?/"
_URI = re.compile(
    r"(?P<scheme>sips?):(?:(?P<user>[^@:]*)(?::[^@]*)?@)?"
    r"(?P<host>\[[^\[\]]*\]|[^:;?@\[\]]+)(?::(?P<port>[0-9]{1,5}))?(?:[;?].*)?",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class SipUri:
    """`sip:user@host:port`. `user` is not escaped; `port` None: none is named.

    Raises ValueError where the host or the port cannot be meant.
    """

    host: str
    user: str = ""
    port: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "host", checked_address(self.host))
        if self.port is not None and not 0 < self.port < 65536:
            raise ValueError(f"The SIP port {self.port} is not a number from 1 to 65535")
        try:
            self.user.encode()
        except UnicodeEncodeError:
            raise ValueError("A SIP user name holds a character that cannot be sent") from None

    @classmethod
    def read(cls, text: str) -> SipUri | None:
        """The user, host and port of an address; None where it is no SIP address of a host."""
        found = _URI.fullmatch(text.strip()) if len(text) <= _LONGEST else None
        if found is None:
            return None
        try:
            return cls(
                user=unquote(found["user"] or ""),
                host=found["host"].strip("[]"),
                port=int(found["port"]) if found["port"] else None,
            )
        except ValueError:
            return None

    def __str__(self) -> str:
        user = f"{quote(self.user, safe=_USER_AS_IT_IS)}@" if self.user else ""
        return f"sip:{user}{authority(self.host, self.port)}"


def authority(host: str, port: int | None) -> str:
    """`host:port` as addresses and Via have it: IPv6 in brackets, without a zone."""
    shown = f"[{host.partition('%')[0]}]" if ":" in host else host
    return shown if port is None else f"{shown}:{port}"
