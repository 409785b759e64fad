"""Certificates for the tests of the live client: a CA, servers and clients, valid or not."""

from __future__ import annotations

import datetime
import ipaddress
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_DAY = datetime.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A certificate and its key, PEM."""

    certificate: bytes
    key: bytes


class Authority:
    """A certificate authority of its own."""

    def __init__(self, name: str = "test-ca") -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(name)
        now = datetime.datetime.now(datetime.UTC)
        builder = _builder(self._name, self._name, self._key).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        built = builder.not_valid_before(now - 900 * _DAY).not_valid_after(now + 900 * _DAY)
        self.certificate = _pem(built.sign(self._key, hashes.SHA256()))

    def issue_server(self, *names: str, ends_in_days: int = 30) -> KeyPair:
        """Return a server certificate for *names*, which may be addresses."""
        alternatives: list[x509.GeneralName] = [
            x509.IPAddress(ipaddress.ip_address(name))
            if name.replace(".", "").isdigit()
            else x509.DNSName(name)
            for name in names
        ]
        extension = x509.SubjectAlternativeName(alternatives)
        return self._issue("server", extension, ExtendedKeyUsageOID.SERVER_AUTH, ends_in_days)

    def issue_client(self, name: str) -> KeyPair:
        """Return a client certificate for the user *name*."""
        return self._issue(name, None, ExtendedKeyUsageOID.CLIENT_AUTH, 30)

    def _issue(
        self,
        name: str,
        extension: x509.ExtensionType | None,
        usage: x509.ObjectIdentifier,
        ends_in_days: int,
    ) -> KeyPair:
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.datetime.now(datetime.UTC)
        builder = _builder(_name(name), self._name, key).add_extension(
            x509.ExtendedKeyUsage([usage]), critical=False
        )
        if extension is not None:
            builder = builder.add_extension(extension, critical=False)
        end = now + ends_in_days * _DAY
        built = builder.not_valid_before(now - 100 * _DAY).not_valid_after(end)
        encoded = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return KeyPair(_pem(built.sign(self._key, hashes.SHA256())), encoded)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
    )


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
