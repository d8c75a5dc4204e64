"""What is served: a file's bytes, and what HTTP says of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC
from email.utils import format_datetime
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from datetime import datetime

Header: TypeAlias = tuple[bytes, bytes]

_PRIVATE: Header = (b"cache-control", b"private, no-cache")
TEXT = "text/plain; charset=utf-8"
BINARY = "application/octet-stream"


@dataclass(frozen=True, kw_only=True)
class Content:
    """A file to be served. `revision` is None for what no revision has: firmware, languages.

    `digest` names these bytes and no others: of a configuration file it is that of its revision,
    of any other its SHA-256. `modified` is in whole seconds, UTC.
    """

    name: str
    body: bytes = field(repr=False)
    digest: str
    modified: datetime | None = None
    revision: int | None = None
    kind: str = TEXT

    @property
    def etag(self) -> str:
        """The entity tag, with its quotes."""
        return f'"{self.digest}"'

    @cached_property
    def headers(self) -> tuple[Header, ...]:
        """The headers of every response that is about this file."""
        headers = [_PRIVATE, (b"accept-ranges", b"bytes"), (b"etag", self.etag.encode())]
        if self.modified is not None:
            date = format_datetime(self.modified.astimezone(UTC), usegmt=True)
            headers.append((b"last-modified", date.encode()))
        return tuple(headers)

    @cached_property
    def headers_of_all(self) -> tuple[Header, ...]:
        """The headers of a response that has the whole file."""
        size = str(len(self.body)).encode()
        kind = (b"content-type", self.kind.encode())
        return (*self.headers, kind, (b"content-length", size))
