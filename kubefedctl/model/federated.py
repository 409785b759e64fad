"""
The view of a federated object: template, placement and overrides as the host holds them.

Laws:
1. Nothing is judged here: an impossible placement or override is found by `core.placement` and
   `core.overrides`, which know what it means.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kubefedctl.model.objects import (
    ORPHAN_ANNOTATION,
    SYNC_FINALIZER,
    annotations_of,
    finalizers_of,
    generation_of,
    is_deleting,
    key_of,
    map_at,
    uid_of,
    value_at,
)
from kubefedctl.model.refs import Key, Object, Subject
from kubefedctl.model.typeconfigs import TypeConfig


@dataclass(frozen=True, slots=True)
class FederatedObject:
    """
    One object of a federated type.

    Args:
        type_config: The type it belongs to.
        key: Its namespace and name in the host.
        source: The object as read; not to be changed.
    """

    type_config: TypeConfig
    key: Key
    source: Object

    @property
    def subject(self) -> Subject:
        """The federated object as messages name it, `FederatedDeployment/shop/web`."""
        return self.type_config.federated.subject(self.key)

    @property
    def target_key(self) -> Key:
        """Namespace and name of its objects in the members."""
        is_namespaced = self.type_config.target.namespaced
        return self.key if is_namespaced else Key("", self.key.name)

    @property
    def target_subject(self) -> Subject:
        """Its object in a member as messages name it, `Deployment/shop/web`."""
        return self.type_config.target.subject(self.target_key)

    @property
    def uid(self) -> str:
        """Its uid in the host."""
        return uid_of(self.source)

    @property
    def generation(self) -> int:
        """Its generation in the host."""
        return generation_of(self.source)

    @property
    def is_deleting(self) -> bool:
        """Whether the host has been told to delete it."""
        return is_deleting(self.source)

    @property
    def has_finalizer(self) -> bool:
        """Whether KubeFed's finalizer holds it."""
        return SYNC_FINALIZER in finalizers_of(self.source)

    @property
    def orphans_members(self) -> bool:
        """Whether its deletion leaves the member objects in place; only the text `true` counts."""
        return annotations_of(self.source).get(ORPHAN_ANNOTATION) == "true"

    @property
    def template(self) -> Any:
        """`spec.template` as it stands, of any type; None where absent."""
        return value_at(self.source, "spec", "template")

    @property
    def placement(self) -> Any:
        """`spec.placement` as it stands."""
        return value_at(self.source, "spec", "placement")

    @property
    def overrides(self) -> Any:
        """`spec.overrides` as it stands."""
        return value_at(self.source, "spec", "overrides")

    @property
    def retain_replicas(self) -> Any:
        """`spec.retainReplicas` as it stands."""
        return value_at(self.source, "spec", "retainReplicas")

    @property
    def status(self) -> Object:
        """The status as read."""
        return dict(map_at(self.source, "status"))


def parse_federated(obj: Object, type_config: TypeConfig) -> FederatedObject:
    """Return the view of *obj*, an object of the federated type of *type_config*."""
    return FederatedObject(type_config=type_config, key=key_of(obj), source=obj)
