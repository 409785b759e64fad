"""
Throw-away certificates: for tests only, valid for a few days, never to be trusted.

Here belongs the making of keys and certificates in memory. Who writes them to which file
is `plane`'s affair. Keys are EC because they are quick to make; service accounts get an
RSA pair, which every Kubernetes version accepts for signing tokens.
"""

from __future__ import annotations

import datetime
import ipaddress
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_LIFETIME = datetime.timedelta(days=7)
_SKEW = datetime.timedelta(hours=1)

_SigningKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A key and what proves or matches it, both as PEM."""

    key: bytes
    public: bytes
    """The certificate; for `make_signing_pair` the bare public key."""


class Authority:
    """A certificate authority that lives as long as this object."""

    def __init__(self, name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        identifier = x509.SubjectKeyIdentifier.from_public_key(self._key.public_key())
        builder = (
            _start(self._name, self._name, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(is_authority=True), critical=True)
            .add_extension(identifier, critical=False)
        )
        self._identifier = identifier
        self.certificate = _sign(builder, self._key)
        """The certificate that clients and servers are told to trust, as PEM."""

    def issue_server(self) -> KeyPair:
        """Return a certificate for whatever is reached as 127.0.0.1 or localhost."""
        names = x509.SubjectAlternativeName(
            [x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]
        )
        subject = [x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]
        return self._issue(subject, ExtendedKeyUsageOID.SERVER_AUTH, extra=names)

    def issue_client(self, user: str, *, groups: tuple[str, ...] = ()) -> KeyPair:
        """Return a certificate by which an API server knows *user* and its *groups*."""
        subject = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
        subject.append(x509.NameAttribute(NameOID.COMMON_NAME, user))
        return self._issue(subject, ExtendedKeyUsageOID.CLIENT_AUTH, extra=None)

    def _issue(
        self,
        subject: list[x509.NameAttribute[str | bytes]] | list[x509.NameAttribute[str]],
        purpose: x509.ObjectIdentifier,
        *,
        extra: x509.ExtensionType | None,
    ) -> KeyPair:
        key = ec.generate_private_key(ec.SECP256R1())
        issuer = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(self._identifier)
        builder = (
            _start(x509.Name(subject), self._name, key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(is_authority=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
            .add_extension(issuer, critical=False)
        )
        if extra is not None:
            builder = builder.add_extension(extra, critical=False)
        return KeyPair(key=_encode_key(key), public=_sign(builder, self._key))


def make_signing_pair() -> KeyPair:
    """Return the RSA pair that signs and verifies the tokens of service accounts."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return KeyPair(key=_encode_key(key), public=public)


def _start(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + _LIFETIME)
    )


def _sign(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> bytes:
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_authority,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _encode_key(key: _SigningKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
