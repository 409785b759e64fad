"""Conversations about lists: selectors, pages, Tables and metadata alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kubefedctl.model.refs import Object
from tests.contract.bodies import (
    CRDS,
    CRON_JOB,
    DEPLOYMENTS,
    JOB,
    JOBS,
    RBAC,
    SECRETS,
    SERVICE,
    SERVICES,
    SHOP,
    START,
)
from tests.contract.conversations import Ask, delete, get, post
from tests.contract.targets import make_config_map, make_deployment

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
PARTIAL = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json"
PARTIAL_LIST = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json"


def make_secret(name: str, data: Mapping[str, str] | None = None, **metadata: Any) -> Object:
    """
    Return a Secret of the namespace `shop`.

    NB: of ConfigMaps a namespace has some by itself, depending on the controllers.
    """
    return {**make_config_map(name, **metadata), "kind": "Secret", "stringData": dict(data or {})}


CONVERSATIONS: dict[str, Sequence[Ask]] = {
    "selectors": [
        START,
        post(SECRETS, make_secret("a", labels={"tier": "front", "env": "prod"})),
        post(SECRETS, make_secret("b", labels={"tier": "back"})),
        post(SECRETS, make_secret("c")),
        *[
            get(f"{SECRETS}?labelSelector={selector}")
            for selector in (
                "tier%20in%20(front,back)",
                "tier%20notin%20(front)",
                "!tier",
                "tier",
                "tier!=front",
                "tier=front,env=prod",
                "tier==back",
                "env%20in%20()",
                "tier%3Dfront%2C!env",
            )
        ],
        get(f"{SECRETS}?fieldSelector=metadata.name=a"),
        get(f"{SECRETS}?fieldSelector=metadata.name!=a,metadata.namespace=shop"),
        get(f"{SECRETS}?limit=2"),
        get(lambda said: f"{SECRETS}?limit=2&continue={said[-1]['metadata']['continue']}"),
        delete(f"{SECRETS}?labelSelector=tier"),
        get(SECRETS),
    ],
    "tables": [
        START,
        post(DEPLOYMENTS, make_deployment()),
        get(DEPLOYMENTS, accept=TABLE),
        get(f"{DEPLOYMENTS}/web", accept=TABLE),
        get(f"{SHOP}", accept=TABLE),
        post(SECRETS, make_secret("a", {"x": "1"})),
        get(SECRETS, accept=TABLE),
        get(f"{SECRETS}?includeObject=None", accept=TABLE),
        get(f"{SECRETS}?includeObject=Object", accept=TABLE),
        get(f"{SECRETS}/a", accept=PARTIAL),
        get(SECRETS, accept=PARTIAL_LIST),
        post(SERVICES, SERVICE),
        get(SERVICES, accept=TABLE),
        post(JOBS, JOB),
        get(JOBS, accept=TABLE),
        get(f"{SHOP}/pods", accept=TABLE),
        get(CRDS, accept=TABLE),
        get(f"{RBAC}/namespaces/shop/roles", accept=TABLE),
        get(f"{RBAC}/namespaces/shop/rolebindings", accept=TABLE),
        get("/apis/apps/v1/namespaces/shop/statefulsets", accept=TABLE),
        get("/apis/apps/v1/namespaces/shop/daemonsets", accept=TABLE),
        get("/apis/apps/v1/namespaces/shop/replicasets", accept=TABLE),
        get("/apis/batch/v1/namespaces/shop/cronjobs", accept=TABLE),
        post("/apis/batch/v1/namespaces/shop/cronjobs", CRON_JOB),
        get("/apis/batch/v1/namespaces/shop/cronjobs", accept=TABLE),
        get(f"{SHOP}/nothing", accept=TABLE),
        get(f"{SECRETS}/nothing", accept=TABLE),
    ],
}
