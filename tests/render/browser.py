"""A real browser for pages that are made: headless Chromium, asked over its debugging protocol."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import re
import shutil
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), "")
_LISTENING = re.compile(r"DevTools listening on (ws://\S+)")
_PATIENCE = 60
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--no-first-run",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
)


class Page:
    """
    One page that is open.

    Args:
        socket: The browser's debugging protocol, attached to the page.
        session: The name of the page in it.
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, session: str) -> None:
        self._socket = socket
        self._session = session
        self._numbers = itertools.count(100)
        self.events: list[dict[str, Any]] = []

    async def send(self, method: str, **parameters: Any) -> Any:
        """Send a command and return its result."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        await self._socket.send_str(json.dumps({**message, "sessionId": self._session}))
        while True:
            answer = await self._receive()
            if answer.get("id") == number:
                assert "error" not in answer, answer
                return answer["result"]

    async def evaluate(self, expression: str) -> Any:
        """Return the value of an expression in the page."""
        result = await self.send("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    async def open(self, path: Path) -> None:
        """Load a file, to its end."""
        self.events.clear()
        await self.send("Page.navigate", url=path.as_uri())
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            await self._receive()

    async def size(self, width: int, height: int) -> None:
        """Be as wide and high."""
        shape = {"width": width, "height": height, "deviceScaleFactor": 1}
        await self.send("Emulation.setDeviceMetricsOverride", **shape, mobile=False)

    async def prefer(self, scheme: str) -> None:
        """Be `light` or `dark`."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        await self.send("Emulation.setEmulatedMedia", features=features)

    async def shoot(self, path: Path) -> None:
        """Write a picture of what is seen."""
        picture = await self.send("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(picture["data"]))

    async def _receive(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(
            await asyncio.wait_for(self._socket.receive_str(), timeout=_PATIENCE)
        )
        if "method" in answer:
            self.events.append(answer)
        return answer


def browse(visit: Callable[[Page], Awaitable[None]], *, profile: Path) -> None:
    """Start a browser, let *visit* use a page of it, and stop it."""
    with subprocess.Popen(
        [CHROMIUM, *_FLAGS, f"--user-data-dir={profile}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as browser:
        assert browser.stderr is not None
        try:
            matches = map(_LISTENING.search, browser.stderr)
            found = next(match for match in matches if match is not None)
            asyncio.run(_visit(found[1], visit))
        finally:
            browser.kill()


async def _visit(url: str, visit: Callable[[Page], Awaitable[None]]) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(url, max_msg_size=0) as socket,
    ):
        made = await _ask(socket, "Target.createTarget", url="about:blank")
        target = made["targetId"]
        attached = await _ask(socket, "Target.attachToTarget", targetId=target, flatten=True)
        page = Page(socket, attached["sessionId"])
        for domain in ("Page", "Runtime", "Network", "Log"):
            await page.send(f"{domain}.enable")
        await visit(page)


async def _ask(socket: aiohttp.ClientWebSocketResponse, method: str, **parameters: Any) -> Any:
    await socket.send_str(json.dumps({"id": 1, "method": method, "params": parameters}))
    while True:
        answer = json.loads(await asyncio.wait_for(socket.receive_str(), timeout=_PATIENCE))
        if answer.get("id") == 1:
            return answer["result"]
