"""Reserved ports."""

from __future__ import annotations

import socket

from tests.controlplanes.ports import reserve_port


def test_reserve_gives_each_port_once() -> None:
    """Ports held at the same time differ, and can be listened on."""
    ports = [reserve_port() for _ in range(20)]
    assert len({port.number for port in ports}) == 20
    for port in ports:
        with socket.create_server(("127.0.0.1", port.number)):
            port.release()
            port.release()
