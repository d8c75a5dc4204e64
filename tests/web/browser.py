"""A real browser, driven over a pipe by its own protocol: pages are used as a person uses them."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_WITHIN = 60  # seconds for one step, however loaded the machine is


@dataclass(kw_only=True)
class Browser:
    """One page of a browser. Selectors are CSS's."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    session: str = ""
    number: int = 0
    events: list[dict[str, Any]] = field(default_factory=list)

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Call a method of the protocol; give its result."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        self.writer.write(json.dumps(message).encode() + b"\0")
        while True:
            heard = await self._hear()
            if heard.get("id") == self.number:
                assert "error" not in heard, heard
                result: dict[str, Any] = heard["result"]
                return result
            self.events.append(heard)

    async def open(self, url: str) -> None:
        """Go to an address and wait until its page is there."""
        self.events.clear()
        await self.call("Page.navigate", url=url)
        await self._loaded()

    async def press(self, selector: str) -> None:
        """Click what a selector finds, with the mouse, and wait for the next page."""
        place = await self.evaluate(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            "e.scrollIntoView(); const r = e.getClientRects()[0];"
            "return [r.x + r.width / 2, r.y + r.height / 2] })()"
        )
        self.events.clear()
        for kind in ("mousePressed", "mouseReleased"):
            await self.call(
                "Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left",
                clickCount=1,
            )  # fmt: skip
        await self._loaded()

    async def choose(self, selector: str, value: str) -> None:
        """Set what a field holds."""
        name, text = json.dumps(selector), json.dumps(value)
        await self.evaluate(f"document.querySelector({name}).value = {text}")

    async def text(self, selector: str = "main") -> str:
        """Give the text that a person sees there."""
        found = await self.evaluate(f"document.querySelector({json.dumps(selector)}).innerText")
        return " ".join(str(found).split())

    async def evaluate(self, expression: str) -> Any:
        """Give the value of an expression in the page."""
        said = await self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in said, said
        return said["result"].get("value")

    async def resize(self, width: int, *, dark: bool = False) -> None:
        """Look at it as wide as this, in light or dark."""
        await self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1,
            mobile=width < 700,
        )  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.call("Emulation.setEmulatedMedia", features=[scheme])

    async def picture(self, path: Path) -> None:
        """Write what it shows as a PNG."""
        made = await self.call("Page.captureScreenshot", captureBeyondViewport=True)
        await asyncio.to_thread(path.write_bytes, base64.b64decode(made["data"]))

    async def complaints(self) -> list[str]:
        """What the browser logged of the pages so far: what a policy forbade, say."""
        await self.evaluate("1")
        entries = (e["params"]["entry"] for e in self.events if e["method"] == "Log.entryAdded")
        return [f"{entry['text']} {entry.get('url', '')}" for entry in entries]

    async def _loaded(self) -> None:
        while not any(each["method"] == "Page.loadEventFired" for each in self.events):
            self.events.append(await self._hear())

    async def _hear(self) -> dict[str, Any]:
        async with asyncio.timeout(_WITHIN):
            heard: dict[str, Any] = json.loads((await self.reader.readuntil(b"\0"))[:-1])
            return heard


@asynccontextmanager
async def browser(folder: Path) -> AsyncIterator[Browser]:
    """Start a browser of its own; it is gone at the end."""
    assert CHROMIUM
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()
    command = (
        f"exec {CHROMIUM} --headless --no-sandbox --disable-gpu --remote-debugging-pipe "
        f"--user-data-dir={folder / 'profile'} 3<&{theirs_in} 4>&{theirs_out}"
    )
    process = await asyncio.create_subprocess_exec(
        "bash", "-c", command, pass_fds=(theirs_in, theirs_out),
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    os.close(theirs_in)
    os.close(theirs_out)
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=2**26)
    protocol = asyncio.StreamReaderProtocol(reader)
    coming, _ = await loop.connect_read_pipe(lambda: protocol, os.fdopen(ours_in, "rb"))
    going, flow = await loop.connect_write_pipe(
        asyncio.streams.FlowControlMixin, os.fdopen(ours_out, "wb")
    )
    made = Browser(reader=reader, writer=asyncio.StreamWriter(going, flow, None, loop))
    try:
        target = await made.call("Target.createTarget", url="about:blank")
        attached = await made.call(
            "Target.attachToTarget", targetId=target["targetId"], flatten=True
        )
        made.session = attached["sessionId"]
        await made.call("Page.enable")
        await made.call("Log.enable")
        yield made
    finally:
        coming.close()
        going.close()
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
