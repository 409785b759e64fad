"""The throw-away certificates, held against Python's own TLS."""

from __future__ import annotations

import ssl
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import NameOID

from tests.controlplanes.certs import Authority, KeyPair, make_signing_pair
from tests.controlplanes.wire import Endpoint


class _Hello(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Answer with JSON."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"hello": "world"}')

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def write_pair(folder: Path, name: str, pair: KeyPair) -> tuple[str, str]:
    """Write certificate and key; return their paths."""
    (folder / f"{name}.crt").write_bytes(pair.public)
    (folder / f"{name}.key").write_bytes(pair.key)
    return str(folder / f"{name}.crt"), str(folder / f"{name}.key")


def test_certificates_serve_a_mutual_handshake(tmp_path: Path) -> None:
    """A server and a client of one authority accept each other by address."""
    authority = Authority("test")
    trusted = authority.certificate.decode()
    server_tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cadata=trusted)
    server_tls.verify_mode = ssl.CERT_REQUIRED
    server_tls.load_cert_chain(*write_pair(tmp_path, "server", authority.issue_server()))
    client_tls = ssl.create_default_context(cadata=trusted)
    client_tls.verify_flags |= ssl.VERIFY_X509_STRICT
    client_tls.load_cert_chain(*write_pair(tmp_path, "client", authority.issue_client("me")))
    with HTTPServer(("127.0.0.1", 0), _Hello) as server:
        server.socket = server_tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            answer = Endpoint(server.server_port, tls=client_tls).ask("GET", "/")
        finally:
            server.shutdown()
            thread.join()
    assert answer == {"hello": "world"}


def test_client_certificate_carries_user_and_groups() -> None:
    """The user is the common name, the groups are the organizations."""
    pair = Authority("test").issue_client("admin", groups=("system:masters", "others"))
    subject = x509.load_pem_x509_certificate(pair.public).subject
    names = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    groups = subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    assert [name.value for name in names] == ["admin"]
    assert {"system:masters", "others"} == {group.value for group in groups}


def test_signing_pair_is_rsa_and_without_certificate() -> None:
    """Service accounts get a bare public key."""
    pair = make_signing_pair()
    assert pair.key.startswith(b"-----BEGIN RSA PRIVATE KEY-----")
    assert pair.public.startswith(b"-----BEGIN PUBLIC KEY-----")
