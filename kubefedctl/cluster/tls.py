"""
TLS contexts from certificates in memory.

Laws:
1. A private key is never left in a file: Linux gets an anonymous file in memory, other systems a
   file that only the user can read and that is deleted as soon as it was loaded.
2. What is trusted is what client-go trusts: the given CA alone, or the system's where there is
   none; any given certificate may anchor a chain; names are looked up in subjectAltName only.
"""

from __future__ import annotations

import os
import ssl
import tempfile

from kubefedctl.cluster.access import Access, ClientCertificate
from kubefedctl.errors import InputError, KubeconfigError

_NO_CHECK_TIME = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME, which Python's ssl does not name."""


def make_context(access: Access, certificate: ClientCertificate | None) -> ssl.SSLContext:
    """
    Return the TLS context for *access*, showing *certificate* if there is one.

    With `checks_validity_period` off, no date of the chain is checked; KubeFed sets the clock
    to just after the server certificate's first moment instead, which differs only for a CA
    that was itself not valid then.

    Raises:
        InputError: The CA, the certificate or the key cannot be used.

    Upstream: pkg/controller/util/cluster_util.go, customizeTLSTransport @ v0.10.0.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if access.endpoint.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        context.check_hostname = access.checks_name
        context.hostname_checks_common_name = False
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        if not access.checks_validity_period:
            context.verify_flags |= ssl.VerifyFlags(_NO_CHECK_TIME)
        _load_ca(context, access)
    if certificate is not None:
        _load_client_certificate(context, certificate, name=access.name)
    return context


def _load_ca(context: ssl.SSLContext, access: Access) -> None:
    if not access.endpoint.ca_data:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
        return
    try:
        context.load_verify_locations(cadata=access.endpoint.ca_data.decode("ascii"))
    except (ssl.SSLError, ValueError) as error:
        raise InputError(
            f"cluster {access.name}: the certificate authority is not a PEM certificate",
            hint=f"correct the CA in the {access.origin}",
        ) from error


def _load_client_certificate(
    context: ssl.SSLContext, certificate: ClientCertificate, *, name: str
) -> None:
    content = certificate.certificate + b"\n" + certificate.key
    try:
        _load_chain(context, content)
    except (ssl.SSLError, ValueError) as error:
        raise KubeconfigError(
            f"cluster {name}: the client certificate and its key cannot be used: "
            f"{_reason_of(error)}",
            hint="give both as PEM, the key without a passphrase and belonging to the certificate",
        ) from error


def _load_chain(context: ssl.SSLContext, content: bytes) -> None:
    if hasattr(os, "memfd_create") and os.path.isdir("/proc/self/fd"):
        load_chain_from_memory(context, content)
    else:
        load_chain_from_file(context, content)


def load_chain_from_memory(context: ssl.SSLContext, content: bytes) -> None:
    """Load certificate and key in *content* through an anonymous file in memory (Linux)."""
    descriptor = os.memfd_create("client-certificate", os.MFD_CLOEXEC)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        # NB: without a password OpenSSL would ask for one on the terminal
        context.load_cert_chain(f"/proc/self/fd/{descriptor}", password="")


def load_chain_from_file(context: ssl.SSLContext, content: bytes) -> None:
    """Load certificate and key in *content* through a private file that is deleted at once."""
    descriptor, path = tempfile.mkstemp(prefix="kubefedctl-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        context.load_cert_chain(path, password="")
    finally:
        os.unlink(path)


def _reason_of(error: Exception) -> str:
    reason = getattr(error, "reason", None)
    return str(reason).replace("_", " ").lower() if reason else "not PEM"
