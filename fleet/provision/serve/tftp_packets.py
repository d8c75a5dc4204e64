"""The packets of TFTP (RFC 1350, 2347, 2348, 2349). Pure; nothing from outside makes it raise."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_BLOCK = 512
_LARGEST_BLOCK = 1428  # what is in an Ethernet frame, tunnels and VLANs allowed for
_SMALLEST_BLOCK = 8
_LONGEST_REQUEST = 512
_LONGEST_TIMEOUT = 10  # seconds; RFC 2349 allows 255, which lets a silent client stay for an hour


class Op(IntEnum):
    """What a packet is."""

    READ = 1
    WRITE = 2
    DATA = 3
    ACK = 4
    ERROR = 5
    OPTIONS = 6


class Code(IntEnum):
    """What an error is."""

    NOT_FOUND = 1
    ILLEGAL = 4
    UNKNOWN_TRANSFER = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadRequest:
    """A request to read a file. Names of options are in lower case."""

    name: bytes
    mode: str
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """How a file is sent: bytes to a block, seconds until a block is sent again.

    `agreed` is what the client is told of its options, empty if it gave none that count.
    """

    block: int = DEFAULT_BLOCK
    timeout: float = 1.0
    agreed: Mapping[str, str] = field(default_factory=dict)


def opcode(packet: bytes) -> int:
    """What a packet is; 0 for what is too short to be one."""
    return int.from_bytes(packet[:2], "big") if len(packet) >= 2 else 0


def parse_read(packet: bytes) -> ReadRequest | None:
    """The request in a packet; None if it is no request to read, or is malformed."""
    if opcode(packet) != Op.READ or len(packet) > _LONGEST_REQUEST or packet[-1:] != b"\0":
        return None
    fields = packet[2:-1].split(b"\0")
    if len(fields) < 2 or not fields[0]:
        return None
    texts = [each.decode("latin-1") for each in fields]
    pairs = zip(texts[2::2], texts[3::2], strict=False)
    return ReadRequest(
        name=fields[0],
        mode=texts[1].lower(),
        options={name.lower(): value for name, value in pairs},
    )


def number_of(packet: bytes) -> int | None:
    """The number of the block that a packet acknowledges; None if it is no acknowledgement."""
    if opcode(packet) != Op.ACK or len(packet) < 4:
        return None
    return int.from_bytes(packet[2:4], "big")


def terms_of(options: Mapping[str, str], size: int) -> Terms:
    """What of a client's options is agreed to, for a file of `size` bytes.

    An option that is unknown or makes no sense is left out, as RFC 2347 wants it.
    """
    agreed: dict[str, str] = {}
    block, timeout = DEFAULT_BLOCK, 1.0
    if (asked := _number(options.get("blksize", ""))) and asked >= _SMALLEST_BLOCK:
        block = min(asked, _LARGEST_BLOCK)
        agreed["blksize"] = str(block)
    if 1 <= (asked := _number(options.get("timeout", ""))) <= _LONGEST_TIMEOUT:
        timeout = float(asked)
        agreed["timeout"] = str(asked)
    if "tsize" in options:
        agreed["tsize"] = str(size)
    return Terms(block=block, timeout=timeout, agreed=agreed)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def data(number: int, body: bytes) -> bytes:
    """A block of a file; its number begins at 1 and goes on from 0 after 65,535."""
    return Op.DATA.to_bytes(2, "big") + (number & 0xFFFF).to_bytes(2, "big") + body


def options_agreed(agreed: Mapping[str, str]) -> bytes:
    """What the client is told of its options."""
    options = "".join(f"{name}\0{value}\0" for name, value in agreed.items())
    return Op.OPTIONS.to_bytes(2, "big") + options.encode("ascii")


def error(code: Code, text: str) -> bytes:
    """An error."""
    return Op.ERROR.to_bytes(2, "big") + code.to_bytes(2, "big") + text.encode("ascii") + b"\0"


def as_netascii(body: bytes) -> bytes:
    """A text as the mode `netascii` sends it (RFC 764): lines end with CR LF, a CR is CR NUL."""
    return body.replace(b"\r\n", b"\n").replace(b"\r", b"\r\0").replace(b"\n", b"\r\n")
