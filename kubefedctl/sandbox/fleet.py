"""
Several sandbox clusters in one process, with one kubeconfig: the façade of this package.

    with SandboxFleet(["cluster0", "cluster1"]) as fleet:
        run(["kubectl", "--kubeconfig", fleet.kubeconfig, "get", "namespaces"])

Laws:
1. All clusters live on one asyncio loop in one daemon thread; callers stay synchronous.
2. Nothing outlives `close`: no thread, no port, no file that was not asked for.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import socket
import ssl
import tempfile
import threading
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from aiohttp import web
from aiohttp.http import RawRequestMessage
from aiohttp.streams import StreamReader

from kubefedctl.sandbox.clusters import SandboxCluster
from kubefedctl.sandbox.kubeconfigs import Entry, make_kubeconfig, write_private
from kubefedctl.sandbox.requests import BODY_LIMIT
from kubefedctl.sandbox.server import ApiServer

_ADDRESS = "127.0.0.1"
_START_SECONDS = 30.0
_STOP_SECONDS = 10.0
T = TypeVar("T")


class SandboxError(Exception):
    """A sandbox could not be started, found or stopped."""


@dataclass(slots=True)
class _Listener:
    """What serves one cluster."""

    cluster: SandboxCluster
    tls: ssl.SSLContext
    port: int
    server: ApiServer | None = None
    runner: web.ServerRunner | None = None
    sockets: list[socket.socket] = field(default_factory=list)


class SandboxFleet:
    """
    Sandbox clusters that are up while the context lasts.

    Args:
        names: The clusters; the first one is the current context.
        directory: Where the kubeconfig goes; None for a temporary folder.

    Attributes:
        clusters: The clusters by name.
        kubeconfig: The file with one context for each.

    Raises:
        SandboxError: No names, a name twice, or a port can't be had.
    """

    def __init__(self, names: Sequence[str], *, directory: Path | None = None) -> None:
        if not names or len(set(names)) != len(names) or not all(names):
            raise SandboxError(f"sandbox clusters need names, each once: {', '.join(names)}")
        self._temporary = directory is None
        self.directory = directory or Path(tempfile.mkdtemp(prefix="kubefedctl-sandbox-"))
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.kubeconfig = self.directory / "kubeconfig"
        self.clusters = {name: SandboxCluster(name) for name in names}
        self._listeners: dict[str, _Listener] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="sandbox", daemon=True)
        self._thread.start()
        self._closed = False
        try:
            for name in names:
                self._start(name)
            self._write_kubeconfig()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()

    def _call(self, work: Coroutine[Any, Any, T], *, seconds: float = _START_SECONDS) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(seconds)

    def _start(self, name: str) -> None:
        cluster = self.clusters[name]
        listening = _bind(0)
        port = listening.getsockname()[1]
        cluster.url = f"https://{_ADDRESS}:{port}"
        listener = _Listener(cluster, cluster.make_tls(), port)
        self._listeners[name] = listener
        self._call(self._serve(listener, listening))

    async def _serve(self, listener: _Listener, listening: socket.socket) -> None:
        listener.server = listener.cluster.make_server()
        server = web.Server(
            listener.server.handle,
            request_factory=_make_request,
            access_log=None,
            tcp_keepalive=True,
            keepalive_timeout=300.0,
            logger=_quiet_logger(),
        )
        listener.runner = web.ServerRunner(server, shutdown_timeout=0.5)
        await listener.runner.setup()
        site = web.SockSite(listener.runner, listening, ssl_context=listener.tls, backlog=1024)
        await site.start()
        listener.sockets = [listening]

    async def _silence(self, listener: _Listener) -> None:
        if listener.server is not None:
            listener.server.stop()
        if listener.runner is not None:
            await listener.runner.cleanup()
        for item in listener.sockets:
            item.close()
        listener.server, listener.runner, listener.sockets = None, None, []

    def _write_kubeconfig(self) -> None:
        entries = [
            Entry(cluster.name, cluster.url, cluster.ca, cluster.admin)
            for cluster in self.clusters.values()
        ]
        write_private(self.kubeconfig, make_kubeconfig(entries))

    def refuse(self, name: str) -> None:
        """Stop listening: connections to that cluster are refused until `accept`."""
        self._call(self._silence(self._listeners[name]))

    def accept(self, name: str) -> None:
        """Listen again, at the same address."""
        listener = self._listeners[name]
        if listener.runner is None:
            self._call(self._serve(listener, _bind(listener.port)))

    def close(self) -> None:
        """Stop all clusters and remove the temporary folder. Calling it again does nothing."""
        if self._closed:
            return
        self._closed = True
        for listener in self._listeners.values():
            with suppress(TimeoutError):
                self._call(self._silence(listener), seconds=_STOP_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_STOP_SECONDS)
        if self._temporary:
            shutil.rmtree(self.directory, ignore_errors=True)


def _bind(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((_ADDRESS, port))
    except OSError as error:
        listening.close()
        raise SandboxError(f"cannot listen on {_ADDRESS}:{port}: {error}") from error
    return listening


def _make_request(
    message: RawRequestMessage,
    payload: StreamReader,
    protocol: Any,
    writer: Any,
    task: asyncio.Task[None],
) -> web.BaseRequest:
    return web.BaseRequest(
        message,
        payload,
        protocol,
        writer,
        task,
        asyncio.get_running_loop(),
        client_max_size=BODY_LIMIT,
    )


def _quiet_logger() -> logging.Logger:
    """Return the logger for broken connections, which are no news in tests of broken peers."""
    logger = logging.getLogger("kubefedctl.sandbox.wire")
    logger.setLevel(logging.CRITICAL)
    return logger
