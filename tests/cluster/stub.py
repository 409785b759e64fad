"""
A small HTTPS server in a thread whose answers a test writes, and a CONNECT proxy.

It knows nothing of Kubernetes: a test gives a function from a request to a reply.
"""

from __future__ import annotations

import json
import os
import socket
import ssl
import struct
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.cluster.certificates import Authority, KeyPair


@dataclass(frozen=True, slots=True)
class Call:
    """A request as the server saw it."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    groups: tuple[str, ...]
    body: bytes
    peer: str

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Reply:
    """
    What the server does with a request.

    Args:
        status: HTTP status.
        body: Bytes, or what JSON makes of it.
        headers: Additional headers.
        chunks: Given, the body is sent in these chunks as they come.
        resets: Reset the connection instead of answering.
        hangs: Wait for this before answering.
    """

    status: int = 200
    body: Any = b""
    headers: dict[str, str] = field(default_factory=dict)
    chunks: Iterable[bytes] | None = None
    resets: bool = False
    hangs: threading.Event | None = None


@dataclass(slots=True)
class Stub:
    """A running server: its URL and the requests so far."""

    url: str
    calls: list[Call] = field(default_factory=list)


Respond = Callable[[Call], Reply]


def make_status(code: int, reason: str, message: str = "", **details: Any) -> Reply:
    """Return a reply with a Kubernetes Status."""
    body = {"kind": "Status", "code": code, "reason": reason, "message": message}
    return Reply(code, {**body, "details": details})


@contextmanager
def serve(
    respond: Respond,
    *,
    certificate: KeyPair | None = None,
    clients: Authority | None = None,
) -> Iterator[Stub]:
    """Run a server that answers with *respond*; over TLS where it has a *certificate*."""
    stub = Stub("")
    handler = _make_handler(respond, stub)
    server = _Server(("127.0.0.1", 0), handler)
    server.tls = _make_context(certificate, clients) if certificate else None
    port = server.server_address[1]
    stub.url = f"{'https' if certificate else 'http'}://127.0.0.1:{port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    tls: ssl.SSLContext | None = None

    def finish_request(self, request: Any, client_address: Any) -> None:
        if self.tls is not None:
            try:
                request = self.tls.wrap_socket(request, server_side=True)
            except OSError:
                return
        try:
            super().finish_request(request, client_address)
        finally:
            request.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is what many tests are about."""


def _make_handler(respond: Respond, stub: Stub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def handle_one_request(self) -> None:
            try:
                super().handle_one_request()
            except OSError:
                self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:
            del format, args

        def answer(self) -> None:
            call = _read_call(self)
            stub.calls.append(call)
            _write_reply(self, respond(call))

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    return Handler


def _read_call(handler: BaseHTTPRequestHandler) -> Call:
    url = urlsplit(handler.path)
    length = int(handler.headers.get("Content-Length") or 0)
    return Call(
        method=handler.command,
        path=url.path,
        query=dict(parse_qsl(url.query)),
        headers={name.lower(): value for name, value in handler.headers.items()},
        groups=tuple(handler.headers.get_all("Impersonate-Group") or ()),
        body=handler.rfile.read(length),
        peer=_name_of_peer(handler.connection),
    )


def _name_of_peer(connection: socket.socket) -> str:
    if not isinstance(connection, ssl.SSLSocket):
        return ""
    subject: Any = (connection.getpeercert() or {}).get("subject", ())
    return next((value for row in subject for name, value in row if name == "commonName"), "")


def _write_reply(handler: BaseHTTPRequestHandler, reply: Reply) -> None:
    if reply.hangs is not None:
        reply.hangs.wait(10)
    if reply.resets:
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        handler.connection.close()
        handler.close_connection = True
        return
    body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
    handler.send_response(reply.status)
    headers = {"Content-Type": "application/json", **reply.headers}
    if reply.chunks is None:
        headers.setdefault("Content-Length", str(len(body)))
    else:
        headers["Transfer-Encoding"] = "chunked"
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.end_headers()
    if reply.chunks is None:
        handler.wfile.write(body)
        return
    for chunk in reply.chunks:
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        handler.wfile.flush()
    handler.wfile.write(b"0\r\n\r\n")


def _make_context(certificate: KeyPair, clients: Authority | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as file:
        file.write(certificate.certificate + certificate.key)
        file.flush()
        context.load_cert_chain(file.name)
    if clients is not None:
        context.verify_mode = ssl.CERT_OPTIONAL
        context.load_verify_locations(cadata=clients.certificate.decode())
    return context


@contextmanager
def serve_proxy(*, refuses: bool = False) -> Iterator[Stub]:
    """Run a proxy that tunnels CONNECT; each one is a call with the target as its path."""
    stub = Stub("")
    listener = socket.create_server(("127.0.0.1", 0))
    stub.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    over = threading.Event()
    thread = threading.Thread(target=_accept, args=(listener, stub, refuses, over), daemon=True)
    thread.start()
    try:
        yield stub
    finally:
        over.set()
        # NB: closing a listener does not wake its accept; a connection does
        with socket.create_connection(listener.getsockname()):
            pass
        thread.join()
        listener.close()


def _accept(listener: socket.socket, stub: Stub, refuses: bool, over: threading.Event) -> None:
    while True:
        client, _ = listener.accept()
        if over.is_set():
            client.close()
            return
        threading.Thread(target=_tunnel, args=(client, stub, refuses), daemon=True).start()


def _tunnel(client: socket.socket, stub: Stub, refuses: bool) -> None:
    with client:
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(4096)
        lines = head.decode("latin-1").split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
        method, target, _ = lines[0].split(" ")
        stub.calls.append(Call(method, target, {}, headers, (), b"", ""))
        if refuses:
            client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
            return
        host, port = target.split(":")
        with socket.create_connection((host, int(port))) as server:
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            back = threading.Thread(target=_copy, args=(server, client), daemon=True)
            back.start()
            _copy(client, server)
            back.join()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        return


def free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def is_linux() -> bool:
    """Return whether anonymous files in memory are there."""
    return hasattr(os, "memfd_create")
