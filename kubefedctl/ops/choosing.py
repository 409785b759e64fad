"""Choosing the types that `init` enables: the ten of KubeFed's chart, some of them, or others."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kubefedctl.cluster.port import Cluster
from kubefedctl.core.enabling import Directive
from kubefedctl.core.installing import USUAL_TYPES, ChosenTypes, find_default_type
from kubefedctl.errors import InputError
from kubefedctl.ops.enable import make_enabled_type

NO_TYPE = "none"


def asks_host(names: Sequence[str]) -> bool:
    """Return whether *names* hold a type that the host must be asked for."""
    return any(name != NO_TYPE and find_default_type(name) is None for name in names)


def choose_types(names: Sequence[str], host: Callable[[], Cluster]) -> ChosenTypes:
    """
    Return what *names* mean: types as `enable` takes them, or `none` alone for no type.

    Args:
        names: Names of types; empty for the ten of KubeFed's chart.
        host: Gives the host cluster, which is asked for types that are none of the ten.

    Raises:
        InputError: No such type, several, or `none` beside others.
        RefusedError: The type cannot be federated.
        ClusterError: The host refused a request.
    """
    if not names:
        return USUAL_TYPES
    if NO_TYPE in names and len(set(names)) > 1:
        raise InputError(
            "--type none does not go with other types", hint="give either none, or the types"
        )
    defaults, others = {}, {}
    for name in names:
        found = find_default_type(name)
        if found is not None:
            defaults[found[0]] = found
        elif name != NO_TYPE:
            made = make_enabled_type(host(), Directive(name))
            others[made.type_config["metadata"]["name"]] = (made.type_config, made.crd)
    return ChosenTypes(tuple(defaults.values()), tuple(others.values()))
