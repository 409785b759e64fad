"""
One sandbox cluster: the parts put together, and what tests see of it.

What belongs here: composition. What does not: threads and loops (`fleet`).
"""

from __future__ import annotations

import secrets
import ssl
import tempfile
from pathlib import Path
from typing import Any

from kubefedctl.sandbox.audit import Audit
from kubefedctl.sandbox.authentication import Authenticator
from kubefedctl.sandbox.bootstrap import furnish
from kubefedctl.sandbox.certificates import Authority, KeyPair
from kubefedctl.sandbox.controllers.accounts import AccountController
from kubefedctl.sandbox.controllers.definitions import DefinitionController
from kubefedctl.sandbox.controllers.garbage import GarbageCollector
from kubefedctl.sandbox.controllers.namespaces import NamespaceController
from kubefedctl.sandbox.controllers.roles import RoleController
from kubefedctl.sandbox.controllers.workloads import WorkloadController
from kubefedctl.sandbox.documents import Documents
from kubefedctl.sandbox.endpoints import Endpoints
from kubefedctl.sandbox.faults import Faults
from kubefedctl.sandbox.objects import Object, clone
from kubefedctl.sandbox.options import MASTERS, Caller
from kubefedctl.sandbox.patches import Patch, PatchType
from kubefedctl.sandbox.rbac import Authorizer
from kubefedctl.sandbox.registry import Registry
from kubefedctl.sandbox.resources import Resource
from kubefedctl.sandbox.reviews import Reviewer
from kubefedctl.sandbox.server import ApiServer
from kubefedctl.sandbox.store import Store
from kubefedctl.sandbox.tokens import TokenIssuer

_NAMES = ("localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc")
_ADDRESS = "127.0.0.1"
_ADMIN = Caller("kubernetes-admin", (MASTERS, "system:authenticated"))


class SandboxCluster:
    """
    A cluster in memory.

    Attributes:
        name: The name, which is also that of its context.
        url: Where it listens; empty until it does.
        ca: The PEM certificate that its clients trust.
        admin: The client certificate of its administrator.
        token: A bearer token of its administrator.
        store: All objects; `registry` is the way to change them by the rules.
        audit: Every request so far.
        faults: Trouble on demand; `SandboxFleet.refuse` closes the door altogether.
        workloads: The controller that makes workloads available by themselves.
        accounts: The controller that fills token Secrets.
        definitions: The controller that serves CustomResourceDefinitions.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.url = ""
        authority = Authority(f"{name}-ca")
        self.ca = authority.certificate
        self.admin = authority.issue_client("kubernetes-admin", groups=(MASTERS,))
        self.token = secrets.token_urlsafe(24)
        self.store = Store()
        self.audit = Audit()
        self.faults = Faults()
        self.workloads = WorkloadController()
        self.definitions = DefinitionController()
        self._authority = authority
        self._issuer = TokenIssuer()
        self.accounts = AccountController(self.ca.decode(), self._issuer)
        self._authorizer = Authorizer(self.store)
        self.registry = Registry(
            store=self.store,
            judge=self._authorizer,
            controllers=[
                self.definitions,
                NamespaceController(self.ca.decode()),
                self.accounts,
                self.workloads,
                GarbageCollector(),
                RoleController(),
            ],
        )
        furnish(self.registry)
        self.store.compact()

    def make_server(self) -> ApiServer:
        """Return the handler of HTTP requests; call it on the loop that will serve them."""
        authenticator = Authenticator(self.store, self._issuer, {self.token: _ADMIN})
        reviewer = Reviewer(authenticator, self._authorizer, self._issuer)
        return ApiServer(
            self.registry,
            Endpoints(self.registry, reviewer),
            Documents(self.registry, self.url.removeprefix("https://")),
            authenticator=authenticator,
            authorizer=self._authorizer,
            audit=self.audit,
            faults=self.faults,
        )

    def make_tls(self) -> ssl.SSLContext:
        """Return the server's side of TLS: client certificates are taken, not demanded."""
        pair = self._authority.issue_server(names=_NAMES, addresses=(_ADDRESS, "::1"))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        context.load_verify_locations(cadata=self.ca.decode())
        context.verify_mode = ssl.CERT_OPTIONAL
        # NB: the ssl module reads key files only; this one is gone before anybody can ask for it.
        with tempfile.TemporaryDirectory(prefix="kubefedctl-") as folder:
            path = Path(folder) / "server.pem"
            path.touch(mode=0o600)
            path.write_bytes(pair.key + pair.certificate)
            context.load_cert_chain(path)
        return context

    def issue_client(self, user: str, *, groups: tuple[str, ...] = ()) -> KeyPair:
        """Return a client certificate for another user."""
        return self._authority.issue_client(user, groups=groups)

    # For tests: objects by kind, without HTTP. All thread-safe.

    def _resource(self, plural: str) -> Resource:
        name, _, group = plural.partition(".")
        for resource in self.registry.table:
            if resource.plural == name and (not group or resource.group == group):
                return resource
        raise LookupError(f"the sandbox serves no {plural}")

    def get(self, plural: str, name: str, *, namespace: str = "") -> Object | None:
        """Return a copy of an object (`deployments` or `deployments.apps`), None if absent."""
        resource = self._resource(plural)
        found = self.registry.find(resource, namespace, name)
        return None if found is None else clone(found)

    def list(self, plural: str, *, namespace: str | None = None) -> list[Object]:
        """Return copies of all objects of a resource."""
        resource = self._resource(plural)
        return [clone(obj) for obj in self.store.list(resource.key, namespace)]

    def create(self, plural: str, obj: Object, *, namespace: str = "") -> Object:
        """Create an object by the rules, as the administrator, without a request in the audit."""
        created = self.registry.create(self._resource(plural), clone(obj), namespace=namespace)
        return dict(clone(created))

    def delete(self, plural: str, name: str, *, namespace: str = "") -> None:
        """Delete an object by the rules."""
        self.registry.delete(self._resource(plural), name, namespace=namespace)

    def patch(self, plural: str, name: str, patch: Any, *, namespace: str = "") -> Object:
        """Change an object by a merge patch, by the rules."""
        changed, _ = self.registry.patch(
            self._resource(plural), name, Patch(PatchType.MERGE, patch), namespace=namespace
        )
        return dict(clone(changed))
