"""
Questions to the API server about callers and permissions: nothing of it is stored.

Upstream: pkg/registry/authorization, pkg/registry/authentication.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from kubefedctl.sandbox.authentication import Authenticator
from kubefedctl.sandbox.objects import Object, make_timestamp, meta, spec_of
from kubefedctl.sandbox.options import MASTERS, Caller
from kubefedctl.sandbox.rbac import Attributes, Authorizer
from kubefedctl.sandbox.registry import Registry
from kubefedctl.sandbox.resources import Resource
from kubefedctl.sandbox.statuses import invalid, invalid_value
from kubefedctl.sandbox.tokens import ISSUER, TokenIssuer

_HOUR = 3600
GROUPS = ("authorization.k8s.io", "authentication.k8s.io")


class Reviewer:
    """Answers reviews and makes tokens on request."""

    def __init__(
        self, authenticator: Authenticator, authorizer: Authorizer, issuer: TokenIssuer
    ) -> None:
        self._authenticator = authenticator
        self._authorizer = authorizer
        self._issuer = issuer

    def answer(self, resource: Resource, body: Object, *, caller: Caller, namespace: str) -> Object:
        """Return a review with its status filled in."""
        spec = spec_of(body)
        head = {"kind": resource.kind, "apiVersion": resource.api_version}
        metadata = {"creationTimestamp": None, **meta(body)}
        if resource.kind == "SelfSubjectReview":
            metadata["creationTimestamp"] = make_timestamp()
            return {**head, "metadata": metadata, "status": {"userInfo": _show(caller)}}
        if resource.kind == "TokenReview":
            status = self._review_token(str(spec.get("token") or ""))
        elif resource.kind == "SelfSubjectRulesReview":
            status = self._rules(caller, str(spec.get("namespace") or ""))
        elif resource.kind == "SelfSubjectAccessReview":
            status = self._access(caller, _wanted(resource, spec, namespace=""))
        else:
            other = Caller(str(spec.get("user") or ""), tuple(spec.get("groups") or ()))
            status = self._access(other, _wanted(resource, spec, namespace=namespace))
        return {**head, "metadata": metadata, "spec": spec, "status": status}

    def _access(self, caller: Caller, wanted: Attributes) -> Object:
        return {"allowed": self._authorizer.allows(caller, wanted)}

    def _review_token(self, token: str) -> Object:
        caller = self._authenticator.caller_of_token(token)
        if caller is None:
            return {"user": {}, "error": "invalid bearer token"}
        audiences = [ISSUER]
        return {"authenticated": True, "user": _show(caller), "audiences": audiences}

    def _rules(self, caller: Caller, namespace: str) -> Object:
        everything = [
            {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},
            {"nonResourceURLs": ["*"], "verbs": ["*"]},
        ]
        rules = list(self._authorizer.rules_of(caller, namespace))
        if MASTERS in caller.groups:
            rules = [*everything, *rules]
        return {
            "resourceRules": [_pick(rule) for rule in rules if "nonResourceURLs" not in rule],
            "nonResourceRules": [
                {"verbs": rule["verbs"], "nonResourceURLs": rule["nonResourceURLs"]}
                for rule in rules
                if "nonResourceURLs" in rule
            ],
            "incomplete": False,
        }

    def make_token(
        self, registry: Registry, resource: Resource, name: str, body: Any, *, namespace: str
    ) -> Object:
        """Return a TokenRequest with a token for a ServiceAccount."""
        account = registry.get(resource, namespace, name)
        spec = spec_of(body if isinstance(body, dict) else {})
        seconds = int(spec.get("expirationSeconds") or _HOUR)
        if seconds < 600:
            text = "may not specify a duration less than 10 minutes"
            causes = [invalid_value("spec.expirationSeconds", seconds, message=text)]
            raise invalid(
                Resource("authentication.k8s.io", "v1", "tokenrequests", "TokenRequest"),
                "",
                causes=causes,
            )
        audiences = list(spec.get("audiences") or [ISSUER])
        token = self._issuer.issue_for_request(account, seconds=seconds, audiences=audiences)
        claims = self._issuer.read(token) or {}
        return {
            "kind": "TokenRequest",
            "apiVersion": "authentication.k8s.io/v1",
            "metadata": {
                "name": name,
                "namespace": namespace,
                "creationTimestamp": make_timestamp(),
            },
            "spec": {"audiences": audiences, "expirationSeconds": seconds, "boundObjectRef": None},
            "status": {"token": token, "expirationTimestamp": _time(int(claims["exp"]))},
        }


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _show(caller: Caller) -> Object:
    shown: Object = {"username": caller.name}
    if caller.uid:
        shown["uid"] = caller.uid
    shown["groups"] = list(caller.groups)
    return shown


def _pick(rule: Object) -> Object:
    names = ("verbs", "apiGroups", "resources", "resourceNames")
    return {key: rule[key] for key in names if rule.get(key)}


def _wanted(resource: Resource, spec: Object, *, namespace: str) -> Attributes:
    if spec.get("resourceAttributes"):
        given = spec["resourceAttributes"]
        plural, _, subresource = str(given.get("resource") or "").partition("/")
        return Attributes(
            str(given.get("verb") or ""),
            str(given.get("group") or ""),
            plural,
            str(given.get("subresource") or subresource),
            str(given.get("namespace") or namespace),
            str(given.get("name") or ""),
        )
    if spec.get("nonResourceAttributes"):
        given = spec["nonResourceAttributes"]
        return Attributes(str(given.get("verb") or ""), path=str(given.get("path") or ""))
    text = "exactly one of nonResourceAttributes or resourceAttributes must be specified"
    causes = [invalid_value("spec.resourceAttributes", None, message=text)]
    raise invalid(resource, "", causes=causes)
