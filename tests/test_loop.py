"""What ends a task that nobody awaits is logged."""

from __future__ import annotations

import asyncio
import gc
import logging
from typing import TYPE_CHECKING

from fleet.loop import log_failure

if TYPE_CHECKING:
    import pytest


async def test_the_error_of_a_task_is_logged_with_its_name(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail() -> None:
        raise ZeroDivisionError

    async def last() -> None:
        await asyncio.sleep(3600)

    with caplog.at_level(logging.ERROR):
        failing = asyncio.create_task(fail(), name="What divides")
        cancelled = asyncio.create_task(last(), name="What lasts")
        for task in (failing, cancelled):
            task.add_done_callback(log_failure)
        await asyncio.sleep(0)
        cancelled.cancel()
        await asyncio.wait([failing, cancelled])
        await asyncio.sleep(0)
        del failing, cancelled, task
        gc.collect()

    assert caplog.messages == ["What divides ended with an error."]
