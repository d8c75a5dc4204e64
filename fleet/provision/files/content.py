"""What is served: a file's bytes, and what HTTP says of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

TEXT = "text/plain; charset=utf-8"
BINARY = "application/octet-stream"


@dataclass(frozen=True, kw_only=True, slots=True)
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
