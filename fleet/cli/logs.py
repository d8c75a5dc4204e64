"""The daemon's log: to standard error, one line each, or one JSON object each."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime


class _Plain(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        """Write the time as fleet writes times: ISO 8601 with its offset."""
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


class _Json(_Plain):
    def format(self, record: logging.LogRecord) -> str:
        """Write a record as an object of time, level, message, and traceback where there is one."""
        said = {
            "time": self.formatTime(record),
            "level": record.levelname,
            "message": record.getMessage(),
        }
        if record.exc_info:
            said["traceback"] = self.formatException(record.exc_info)
        return json.dumps(said, ensure_ascii=False)


FORMATS = {"plain": _Plain, "json": _Json}


def log_to_stderr(form: str, *, is_verbose: bool = False, is_quiet: bool = False) -> None:
    """Log what fleet does, its details too if verbose, only what went wrong if quiet.

    Libraries log only what went wrong: some would log every address they ask, secrets and all.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(FORMATS[form]())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("fleet").setLevel(
        logging.DEBUG if is_verbose else logging.WARNING if is_quiet else logging.INFO
    )
