"""What a phone says of itself when it is the client: the `User-Agent` of its requests.

`Aastra57i MAC:00-08-5D-19-94-B7 V:2.3.1.26-SIP` (facts/web-ui 6). Read laxly: models with a space
(`57i CT`), versions without `-SIP`, any case, and whatever follows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from fleet.phone.catalog import model_named, normalise_mac

_LONGEST = 256
_UA = re.compile(
    r"\s*(?:Aastra|Mitel)[ _-]*(?P<model>[^:]{1,60}?)\s+MAC:\s*(?P<mac>[0-9A-F.:-]{12,17})\b"
    r"(?:.*?\bV:\s*(?P<version>[\w.]{1,40}))?",
    re.IGNORECASE | re.ASCII,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class PhoneClient:
    """A phone that asked us something. `firmware` is empty where it does not say."""

    mac: str
    model: str
    firmware: str = ""


def phone_of(user_agent: str) -> PhoneClient | None:
    """Read the header; None where it is not one of these phones'."""
    match = _UA.match(user_agent[:_LONGEST])
    if match is None:
        return None
    try:
        mac = normalise_mac(match["mac"])
    except ValueError:
        return None
    return PhoneClient(mac=mac, model=model_named(match["model"]), firmware=match["version"] or "")
