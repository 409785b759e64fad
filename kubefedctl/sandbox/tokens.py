"""
Bearer tokens of ServiceAccounts: JSON Web Tokens that only their own cluster accepts.

What belongs here: making tokens and reading them back. What does not: whether the account still
exists (`authentication`).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import time

from kubefedctl.sandbox.objects import Object, meta, name_of, namespace_of

ISSUER = "https://kubernetes.default.svc.cluster.local"


class TokenIssuer:
    """Signs tokens with a key that lives as long as its cluster."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def issue_for_secret(self, account: Object, secret: Object) -> str:
        """Return the token of a token Secret; it is good until the Secret or the account goes."""
        prefix = "kubernetes.io/serviceaccount"
        return self._sign(
            {
                "iss": "kubernetes/serviceaccount",
                f"{prefix}/namespace": namespace_of(account),
                f"{prefix}/secret.name": name_of(secret),
                f"{prefix}/service-account.name": name_of(account),
                f"{prefix}/service-account.uid": meta(account).get("uid"),
                "sub": f"system:serviceaccount:{namespace_of(account)}:{name_of(account)}",
            }
        )

    def issue_for_request(self, account: Object, *, seconds: int, audiences: list[str]) -> str:
        """Return a token that ends, as `kubectl create token` asks for."""
        now = int(time.time())
        owner = {"name": name_of(account), "uid": meta(account).get("uid")}
        return self._sign(
            {
                "aud": audiences or [ISSUER],
                "exp": now + seconds,
                "iat": now,
                "iss": ISSUER,
                "jti": secrets.token_hex(16),
                "kubernetes.io": {"namespace": namespace_of(account), "serviceaccount": owner},
                "nbf": now,
                "sub": f"system:serviceaccount:{namespace_of(account)}:{name_of(account)}",
            }
        )

    def read(self, token: str) -> Object | None:
        """Return the claims of a token that this cluster made and that has not ended, or None."""
        head, _, signature = token.rpartition(".")
        if not head or not hmac.compare_digest(self._signature(head), signature):
            return None
        try:
            claims: Object = json.loads(_decode(head.partition(".")[2]))
        except (binascii.Error, ValueError):
            return None
        if claims.get("exp", float("inf")) < time.time():
            return None
        return claims

    def _sign(self, claims: Object) -> str:
        header = _encode(json.dumps({"alg": "HS256", "typ": "JWT"}).encode())
        body = _encode(json.dumps(claims, separators=(",", ":")).encode())
        head = f"{header}.{body}"
        return f"{head}.{self._signature(head)}"

    def _signature(self, head: str) -> str:
        # NB: a token from outside may hold any characters; "replace" keeps this from failing.
        return _encode(hmac.digest(self._key, head.encode("utf-8", "replace"), hashlib.sha256))


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
