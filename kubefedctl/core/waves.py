"""
In which wave an action belongs: namespaces before contents, definitions before their instances,
and the other way round when things go.
"""

from __future__ import annotations

from kubefedctl.model.actions import Wave
from kubefedctl.model.typeconfigs import TypeConfig
from kubefedctl.model.wellknown import CRDS


def writing_wave(type_config: TypeConfig) -> Wave:
    """Return the wave in which objects of this type are created and updated."""
    target = type_config.target
    if type_config.is_namespace_type:
        return Wave.NAMESPACES
    if (target.group, target.plural) == (CRDS.group, CRDS.plural):
        return Wave.DEFINITIONS
    return Wave.NAMESPACED if target.namespaced else Wave.CLUSTER_SCOPED


def removing_wave(type_config: TypeConfig) -> Wave:
    """Return the wave in which objects of this type are deleted."""
    if type_config.is_namespace_type:
        return Wave.DELETE_NAMESPACES
    if type_config.target.namespaced:
        return Wave.DELETE_NAMESPACED
    return Wave.DELETE_CLUSTER_SCOPED
