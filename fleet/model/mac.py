"""MAC addresses, which are the identity of phones."""

from __future__ import annotations

import re

_MAC = re.compile(
    r"[0-9A-F]{12}"
    r"|[0-9A-F]{2}(?P<pair>[:. -])(?:[0-9A-F]{2}(?P=pair)){4}[0-9A-F]{2}"
    r"|[0-9A-F]{4}(?P<quad>[:.-])[0-9A-F]{4}(?P=quad)[0-9A-F]{4}"
    r"|[0-9A-F]{6}[:.-][0-9A-F]{6}"
)


def normalise_mac(text: str) -> str:
    """One device's MAC address as `00:08:5D:12:64:11`, from any of the usual ways to write it.

    Raises ValueError for what is not a MAC, or is not one device's (all zeros, multicast).
    """
    candidate = text.strip().upper()
    if not candidate.isascii() or _MAC.fullmatch(candidate) is None:
        raise ValueError("not a MAC address; write it as 00:08:5D:12:64:11")
    digits = re.sub(r"[^0-9A-F]", "", candidate)
    if digits == "0" * 12 or int(digits[:2], 16) & 1:
        raise ValueError("not the MAC address of one device")
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))
