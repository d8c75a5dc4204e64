"""Bodies that a server compressed though nobody asked: unpacked, never beyond a cap (pure)."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_GZIP_OR_ZLIB = 47  # zlib's wbits: 32 to tell gzip from zlib by the header, 15 for the window
_RAW_DEFLATE = -15
_MOST_LAYERS = 2
_GZIP_MAGIC = b"\x1f\x8b"


class UnknownCodingError(ValueError):
    """A Content-Encoding that cannot be undone here."""


class TooLargeError(ValueError):
    """Unpacked, the body is larger than allowed."""


def unpack(body: bytes, codings: Sequence[str], limit: int) -> tuple[bytes, bool]:
    """The body without its codings, and whether it was whole; at most `limit` bytes.

    A body that was announced as packed and is not is given back as it is. Raises UnknownCodingError
    and TooLargeError.
    """
    layers = [name for value in codings for name in _names(value)]
    if len(layers) > _MOST_LAYERS:
        raise UnknownCodingError(f"{len(layers)} layers")
    whole = True
    for layer in reversed(layers):
        body, layer_whole = _unpack_layer(body, layer, limit)
        whole = whole and layer_whole
    return body, whole


def _names(value: str) -> list[str]:
    names = (part.strip().lower() for part in value.split(","))
    return [name for name in names if name not in ("", "identity", "none")]


def _unpack_layer(body: bytes, layer: str, limit: int) -> tuple[bytes, bool]:
    if layer in ("gzip", "x-gzip"):
        return _inflate(body, _GZIP_OR_ZLIB, limit) if body[:2] == _GZIP_MAGIC else (body, True)
    if layer != "deflate":
        raise UnknownCodingError(layer)
    if body.lstrip()[:1] == b"<":
        return body, True
    text, whole = _inflate(body, _GZIP_OR_ZLIB, limit)
    return (text, whole) if text else _inflate(body, _RAW_DEFLATE, limit)


def _inflate(body: bytes, wbits: int, limit: int) -> tuple[bytes, bool]:
    unpacker, text = zlib.decompressobj(wbits), bytearray()
    # A broken stream gives up all that came before the break only if it is fed in small pieces.
    for start in range(0, len(body), 512):
        try:
            text += unpacker.decompress(body[start : start + 512], limit + 1 - len(text))
        except zlib.error:
            return bytes(text), False
        if len(text) > limit:
            raise TooLargeError
    return bytes(text), unpacker.eof
