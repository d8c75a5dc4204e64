"""What a DHCP server has to tell phones so that they fetch from fleet; pure.

Option 43 with sub-option 2 is the URL of the server, sub-option 3 whether to ask the vendor's
redirection service; 66 may be a URL too. A phone says `AastraIPPhone53i` or the like in option 60
(facts/provisioning 1.5). Which of the options wins in one offer is not known, so one alone is set.
"""

from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_CLASS = "AastraIPPhone"
_OTHER_CLASS = (
    "Later phones may name another class in option 60; check it in the log of your DHCP server."
)


class DhcpServer(StrEnum):
    """A DHCP server whose configuration fleet knows."""

    ISC = "isc-dhcp"
    DNSMASQ = "dnsmasq"
    KEA = "kea"
    MIKROTIK = "mikrotik"


def dhcp_options(server: DhcpServer, url: str, *, site: str, networks: Sequence[str]) -> str:
    """Return the part of a DHCP server's configuration that names `url` to phones.

    `networks` are those of the site (CIDR); an empty `site` means all phones. For Kea it is JSON,
    which has no comments.
    """
    if server is DhcpServer.KEA:
        return _kea(url)
    where = f"the phones of {site}" if site else "all phones"
    about = [f"Options for {where}" + (f", in {', '.join(networks)}" if networks else "") + "."]
    about += _ABOUT[server]
    lines = {DhcpServer.ISC: _isc, DhcpServer.DNSMASQ: _dnsmasq, DhcpServer.MIKROTIK: _mikrotik}
    return "\n".join((*(f"# {line}" for line in about), *lines[server](url, networks))) + "\n"


_ABOUT = {
    DhcpServer.ISC: (
        "Put this outside the subnets. Sub-option 2 is the server, 3 the redirection service.",
        _OTHER_CLASS,
    ),
    DhcpServer.DNSMASQ: (
        "Sub-option 2 of option 43 is the server; only phones of this vendor class get it.",
        _OTHER_CLASS,
    ),
    DhcpServer.MIKROTIK: ("Option 66, for every device of these networks.",),
}


def _isc(url: str, _networks: Sequence[str]) -> Iterator[str]:
    yield f"option space {_CLASS};"
    yield f"option {_CLASS}.cfg-server-name code 2 = text;"
    yield f"option {_CLASS}.contact-rcs code 3 = boolean;"
    yield 'class "aastra" {'
    yield (f'  match if substring (option vendor-class-identifier, 0, {len(_CLASS)}) = "{_CLASS}";')
    yield f"  vendor-option-space {_CLASS};"
    yield f'  option {_CLASS}.cfg-server-name "{url}";'
    yield f"  option {_CLASS}.contact-rcs false;"
    yield "}"


def _dnsmasq(url: str, _networks: Sequence[str]) -> Iterator[str]:
    yield f'dhcp-option=vendor:{_CLASS},2,"{url}"'


def _mikrotik(url: str, networks: Sequence[str]) -> Iterator[str]:
    yield f"/ip dhcp-server option add name=fleet code=66 value=\"'{url}'\""
    for network in networks or ("10.1.0.0/16",):
        yield f"/ip dhcp-server network set [find address={network}] dhcp-option=fleet"


def _kea(url: str) -> str:
    aastra = {
        "name": "aastra",
        "test": f"substring(option[60].hex, 0, {len(_CLASS)}) == '{_CLASS}'",
        "option-def": [
            {
                "name": "vendor-encapsulated-options",
                "code": 43,
                "type": "empty",
                "encapsulate": _CLASS,
            }
        ],
        "option-data": [
            {"name": "vendor-encapsulated-options"},
            {"name": "cfg-server-name", "space": _CLASS, "data": url},
            {"name": "contact-rcs", "space": _CLASS, "data": "false"},
        ],
    }
    definitions = [
        {"name": "cfg-server-name", "code": 2, "space": _CLASS, "type": "string"},
        {"name": "contact-rcs", "code": 3, "space": _CLASS, "type": "boolean"},
    ]
    document = {"Dhcp4": {"option-def": definitions, "client-classes": [aastra]}}
    return json.dumps(document, indent=2) + "\n"
