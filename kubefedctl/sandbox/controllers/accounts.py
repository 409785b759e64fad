"""
Token Secrets of ServiceAccounts: filled when they name an account, gone when it goes.

Upstream: pkg/controller/serviceaccount/tokens_controller.go.
"""

from __future__ import annotations

import base64

from kubefedctl.sandbox.objects import Object, meta, name_of, namespace_of, with_metadata
from kubefedctl.sandbox.registry import Registry
from kubefedctl.sandbox.store import Change, Event
from kubefedctl.sandbox.tokens import TokenIssuer

SECRETS, ACCOUNTS = ("", "secrets"), ("", "serviceaccounts")
TOKEN_TYPE = "kubernetes.io/service-account-token"
NAME_KEY = "kubernetes.io/service-account.name"
UID_KEY = "kubernetes.io/service-account.uid"


class AccountController:
    """
    Fills token Secrets.

    With `enabled` false nothing is filled until it is true again and `catch_up` is called, as
    on a cluster whose controller manager is slow.
    """

    def __init__(self, ca_certificate: str, issuer: TokenIssuer) -> None:
        self._ca = ca_certificate
        self._issuer = issuer
        self.enabled = True

    def react(self, event: Event, registry: Registry) -> None:
        """React to one write."""
        if not self.enabled:
            return
        if event.key == SECRETS and event.change is not Change.DELETED:
            current = registry.store.get(SECRETS, namespace_of(event.obj), name_of(event.obj))
            if current is not None and current.get("type") == TOKEN_TYPE:
                self._fill(registry, current)
        elif event.key == ACCOUNTS and event.change is Change.DELETED:
            self._remove_tokens(registry, event.obj)

    def catch_up(self, registry: Registry) -> None:
        """Look at every token Secret once."""
        with registry.transaction():
            for secret in registry.store.list(SECRETS):
                if secret.get("type") == TOKEN_TYPE:
                    self._fill(registry, secret)

    def _fill(self, registry: Registry, secret: Object) -> None:
        namespace, annotations = namespace_of(secret), meta(secret).get("annotations") or {}
        account = registry.store.get(ACCOUNTS, namespace, annotations.get(NAME_KEY, ""))
        uid = annotations.get(UID_KEY)
        if account is None or (uid and uid != meta(account)["uid"]):
            registry.store.remove(SECRETS, namespace, name_of(secret))
            return
        data = dict(secret.get("data") or {})
        wanted = {
            "ca.crt": self._ca.encode(),
            "namespace": namespace.encode(),
        }
        if not data.get("token"):
            wanted["token"] = self._issuer.issue_for_secret(account, secret).encode()
        filled = data | {key: base64.b64encode(text).decode() for key, text in wanted.items()}
        if filled == data and uid:
            return
        written = with_metadata({**secret, "data": filled})
        written["metadata"]["annotations"] = {**annotations, UID_KEY: meta(account)["uid"]}
        registry.write(SECRETS, written)

    def _remove_tokens(self, registry: Registry, account: Object) -> None:
        for secret in registry.store.list(SECRETS, namespace_of(account)):
            annotations = meta(secret).get("annotations") or {}
            if secret.get("type") == TOKEN_TYPE and annotations.get(NAME_KEY) == name_of(account):
                registry.store.remove(SECRETS, namespace_of(secret), name_of(secret))
