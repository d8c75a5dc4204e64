"""The JSON API: the records of `fleet export`, read and sent a few hundred phones at a time.

A door for Starlette.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from starlette.responses import JSONResponse, Response, StreamingResponse

from fleet.judge import FLAGGING
from fleet.report import LineRecord, PhoneRecord
from fleet.report.records import json_maker
from fleet.status import line_records, phone_records
from fleet.web.dashboard.flagged import some_at_once

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence

    from starlette.requests import Request

    from fleet.store import PhoneStatus
    from fleet.web.dashboard.queries import Queries

_ENCODE = json.JSONEncoder(ensure_ascii=False).encode
_YES = ("1", "true", "yes")

Made: TypeAlias = LineRecord | PhoneRecord


@dataclass(frozen=True, kw_only=True, slots=True)
class _Wanted:
    """What to send: which records, and whether the flagged ones alone."""

    kind: type[Made]
    records: Callable[[Iterable[PhoneStatus]], Iterator[Made]]
    only_flagged: bool


class Api:
    """Answers with arrays of records: all, or of `?site=NAME`, or with `?flagged=1` some."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    async def lines(self, request: Request) -> Response:
        """Return the records of `fleet export lines`."""
        return await self._answer(request, LineRecord, line_records)

    async def phones(self, request: Request) -> Response:
        """Return the records of `fleet export phones`."""
        return await self._answer(request, PhoneRecord, phone_records)

    async def _answer(
        self,
        request: Request,
        kind: type[Made],
        records: Callable[[Iterable[PhoneStatus]], Iterator[Made]],
    ) -> Response:
        asked = request.query_params
        site = asked.get("site")
        if site is not None and site not in await self._queries.sites():
            return JSONResponse({"error": "There is no such site."}, status_code=404)
        only_flagged = asked.get("flagged", "") in _YES
        wanted = _Wanted(kind=kind, records=records, only_flagged=only_flagged)
        ids = await self._queries.read(lambda: self._ids(site, only_flagged=only_flagged))
        return StreamingResponse(self._array(wanted, ids), media_type="application/json")

    def _ids(self, site: str | None, *, only_flagged: bool) -> Sequence[int]:
        store = self._queries.store
        ids = store.phones.ids(site=site)
        if not only_flagged:
            return ids
        flagged = store.findings.flagged_phones(FLAGGING)
        return [phone_id for phone_id in ids if phone_id in flagged]

    async def _array(self, wanted: _Wanted, ids: Sequence[int]) -> AsyncIterator[bytes]:
        """Write one JSON array, an object to a line, as `fleet export` does."""
        before = "[\n"
        for some in some_at_once(ids):
            if rows := await self._queries.read(partial(self._rows, wanted, some)):
                yield f"{before}{rows}".encode("utf-8", "replace")
                before = ",\n"
        yield b"\n]\n" if before == ",\n" else b"[]\n"

    def _rows(self, wanted: _Wanted, ids: Sequence[int]) -> str:
        made = wanted.records(self._queries.store.observations.statuses(ids=ids))
        some = (record for record in made if record.flags or not wanted.only_flagged)
        as_object = json_maker(wanted.kind)
        return ",\n".join(_ENCODE(as_object(record)) for record in some)
