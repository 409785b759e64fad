"""
Who makes a request: client certificates, bearer tokens, or nobody in particular.

Upstream: apiserver/pkg/authentication/request/{x509,bearertoken,anonymous}, pkg/serviceaccount.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubefedctl.sandbox.objects import Object, meta
from kubefedctl.sandbox.options import ANONYMOUS, Caller
from kubefedctl.sandbox.statuses import unauthorized
from kubefedctl.sandbox.store import Store
from kubefedctl.sandbox.tokens import TokenIssuer

_AUTHENTICATED = "system:authenticated"


class Authenticator:
    """Turns credentials into a caller."""

    def __init__(
        self, store: Store, issuer: TokenIssuer, static_tokens: Mapping[str, Caller]
    ) -> None:
        self._store = store
        self._issuer = issuer
        self._static = static_tokens

    def identify(self, authorization: str, certificate: Mapping[str, Any] | None) -> Caller:
        """
        Return the caller behind an Authorization header or a client certificate.

        Args:
            authorization: The header, empty if there is none.
            certificate: As `ssl.SSLSocket.getpeercert` returns it, None if there is none.

        Raises:
            ApiError: 401, a token is given that is not good.
        """
        if certificate:
            return caller_of_certificate(certificate)
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            return ANONYMOUS
        caller = self.caller_of_token(token.strip())
        if caller is None:
            raise unauthorized()
        return caller

    def caller_of_token(self, token: str) -> Caller | None:
        """Return the caller behind a bearer token, None if it is not good."""
        if token in self._static:
            return self._static[token]
        claims = self._issuer.read(token)
        return None if claims is None else self._account(claims, token)

    def _account(self, claims: Object, token: str) -> Caller | None:
        prefix = "kubernetes.io/serviceaccount"
        bound = claims.get("kubernetes.io")
        if isinstance(bound, dict):
            namespace = str(bound.get("namespace"))
            name, uid = bound["serviceaccount"]["name"], bound["serviceaccount"]["uid"]
        else:
            namespace = str(claims.get(f"{prefix}/namespace"))
            name = claims.get(f"{prefix}/service-account.name")
            uid = claims.get(f"{prefix}/service-account.uid")
            secret_name = str(claims.get(f"{prefix}/secret.name"))
            if self._store.get(("", "secrets"), namespace, secret_name) is None:
                return None
        account = self._store.get(("", "serviceaccounts"), namespace, str(name))
        if account is None or meta(account).get("uid") != uid:
            return None
        return make_account_caller(namespace, str(name), uid=str(uid))


def make_account_caller(namespace: str, name: str, *, uid: str = "") -> Caller:
    """Return the caller that a ServiceAccount is."""
    groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", _AUTHENTICATED)
    return Caller(f"system:serviceaccount:{namespace}:{name}", groups, uid)


def caller_of_certificate(certificate: Mapping[str, Any]) -> Caller:
    """Return the caller of a client certificate: common name and organizations."""
    name, groups = "", []
    for attribute in certificate.get("subject", ()):
        for key, value in attribute:
            if key == "commonName":
                name = value
            elif key == "organizationName":
                groups.append(value)
    return Caller(name, (*groups, _AUTHENTICATED))
