"""What a phone says of itself when it fetches: model, MAC and firmware in `User-Agent`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fleet.model import normalise_mac
from fleet.phone.catalog.names import model_named

_LONGEST = 512
_BRAND = re.compile(r"(?:aastra|mitel)(?:ipphone|[ _-]?minet)?(?![a-z])", re.IGNORECASE)
_FIELD = re.compile(r"(?<!\s)\s++(?P<name>MAC|V):\s*+(?P<value>[^\s]*)", re.IGNORECASE)
_SUFFIX = re.compile(r"[ -](?:SIP|RP|MINET)\Z", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class PhoneAgent:
    """A phone as it presents itself; an empty text is what it does not say.

    `model` is the full name (`6753i` for `Aastra53i`), `mac` is `00:08:5D:19:94:B7`, `firmware` is
    the version without its `-SIP`.
    """

    model: str
    mac: str = ""
    firmware: str = ""


def parse_user_agent(text: str) -> PhoneAgent | None:
    """The phone behind a `User-Agent`; None where the text is not one of these phones'.

    Takes the HTTP form (`Aastra53i MAC:00-08-5D-19-94-B7 V:2.3.1.26-SIP`, with and without `-SIP`,
    `57i CT`, `480i Cordless`, ` RP`), that of MiNet firmware, which a 69xx runs until it has
    fetched its way to SIP (`MitelMINET_6930 MAC:… V:1.5.0.78`: facts/provisioning 9), the SIP form
    (`Aastra 53i/2.2.0.166`, `Mitel-6920-SIP/6.4.0`) and the DHCP class (`AastraIPPhone53i`):
    facts/provisioning 1.5, facts/web-ui 6. What it cannot read of the MAC or the version is left
    empty, and so is what it says twice and differently.
    Never raises.
    """
    line = text.strip()[:_LONGEST]
    if _BRAND.match(line) is None:
        return None
    fields = [(match["name"].upper(), match["value"]) for match in _FIELD.finditer(line)]
    name = _FIELD.split(line, maxsplit=1)[0]
    name, _, sip_version = name.partition("/")
    return PhoneAgent(
        model=model_named(_without_suffixes(name)),
        mac=_mac(_said(fields, "MAC")),
        firmware=_without_suffixes(_said(fields, "V") or sip_version.strip()),
    )


def _said(fields: list[tuple[str, str]], wanted: str) -> str:
    """A field's one value: whoever says two may mean one for us and one for somebody else."""
    values = {value for name, value in fields if name == wanted}
    return values.pop() if len(values) == 1 else ""


def _without_suffixes(text: str) -> str:
    """The text without its `-SIP` or ` RP`; what RP stands for is not known."""
    stripped = text.strip()
    while (shorter := _SUFFIX.sub("", stripped)) != stripped:
        stripped = shorter.rstrip()
    return stripped


def _mac(text: str) -> str:
    try:
        return normalise_mac(text)
    except ValueError:
        return ""
