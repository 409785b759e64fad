"""
Nothing of what was recorded is left out, and what holds for one recorded type holds for all.

The recorded outputs name a few types; the original makes all others by the same rule. So every
type that a cluster serves, and every kind that people federate, is compared with what that rule
makes of the recorded ones. `departures` lists where ours differs.
"""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest

from kubefedctl.core.enabling import make_type_config
from kubefedctl.core.federating import make_federated, make_guessed_federated
from kubefedctl.manifests import load_objects
from kubefedctl.model.refs import Resource, split_api_version
from kubefedctl.model.typeconfigs import parse_type_config
from tests.cli.runs import CommandLine, Sandbox
from tests.compat.departures import ENABLE_REFUSED, FEDERATE_DEPARTURES, apply_departure
from tests.compat.golden_files import read_commands, read_whole
from tests.compat.originals import listable
from tests.compat.samples import SAMPLES, Sample
from tests.e2e.clusters import Api, endpoint_of

GOLDEN = Path(__file__).parent / "golden"
COMPATIBILITY = Path(__file__).parents[2] / "docs" / "compatibility.md"
SCALABLE = {
    "deployments.apps",
    "replicasets.apps",
    "replicationcontrollers",
    "statefulsets.apps",
}
"""Types whose `spec.replicas` is an int32; the fact sheet names them."""


def test_copy_of_the_recorded_outputs_is_complete() -> None:
    """Three files: six commands over five types, five kinds, and both sides of a join."""
    assert ["enable.yaml", "federate.yaml", "join.yaml"] == sorted(p.name for p in GOLDEN.iterdir())
    enabled = read_commands("enable.yaml")
    assert 6 == len(enabled)
    assert 5 == len({type_config["metadata"]["name"] for type_config, _ in enabled.values()})
    federated = read_commands("federate.yaml")
    assert 5 == len({found["kind"] for [found] in federated.values()})
    join = read_whole("join.yaml")
    assert {"host": 2, "member cluster0": 6} == {side: len(parts) for side, parts in join.items()}


def test_every_departure_is_told_in_the_documentation() -> None:
    """The words of each entry stand in docs/compatibility.md."""
    text = " ".join(COMPATIBILITY.read_text(encoding="utf-8").split())
    told = [*ENABLE_REFUSED.values(), *(found.told for found in FEDERATE_DEPARTURES.values())]
    assert [] == [words for words in told if words not in text]


# --- enable --------------------------------------------------------------------------------------


def _recorded(case: str) -> list[Any]:
    [found] = [
        documents
        for command, documents in read_commands("enable.yaml").items()
        if command.startswith(f"kubefedctl enable {case} -o")
    ]
    return copy.deepcopy(found)


def _row(api: Api, name: str) -> tuple[str, str, dict[str, Any]]:
    plural, _, group = name.partition(".")
    path, version = "/api/v1", "v1"
    if group:
        found = api.get(f"/apis/{group}")["preferredVersion"]
        path, version = f"/apis/{found['groupVersion']}", found["version"]
    [row] = [found for found in api.get(path)["resources"] if found["name"] == plural]
    return group, version, row


def _expect(api: Api, name: str) -> list[Any]:
    """What the original's rule makes of the recorded ConfigMaps or Deployments for this type."""
    group, version, row = _row(api, name)
    type_config, crd = _recorded("deployments.apps" if name in SCALABLE else "configmaps")
    scope = "Namespaced" if row["namespaced"] else "Cluster"
    federated_scope = "Namespaced" if name == "namespaces" else scope
    kind, plural = f"Federated{row['kind']}", f"federated{row['name']}"
    type_config["metadata"]["name"] = name
    target = {"version": version, "kind": row["kind"], "pluralName": row["name"], "scope": scope}
    type_config["spec"]["targetType"] = {**target, **({"group": group} if group else {})}
    type_config["spec"]["federatedType"] |= {
        "kind": kind,
        "pluralName": plural,
        "scope": federated_scope,
    }
    crd["metadata"]["name"] = f"{plural}.types.kubefed.io"
    short = [f"f{word}" for word in row.get("shortNames", [])]
    crd["spec"]["names"] = {
        "kind": kind,
        "plural": plural,
        **({"shortNames": short} if short else {}),
    }
    crd["spec"]["scope"] = federated_scope
    return [type_config, crd]


def test_enable_of_every_listable_type_follows_the_recorded_ones(
    ready: Sandbox, cli: CommandLine, tmp_path: Path
) -> None:
    """Type config and CRD of each type that the cluster serves, KubeFed's own among them."""
    api = Api(endpoint_of(ready.fleet.kubeconfig, "cluster1", tmp_path))
    types = [name for name in listable(api) if name not in ENABLE_REFUSED]
    keys = [name if "." in name else f"{name}." for name in types]
    made = load_objects(cli("enable", *keys, "-o", "yaml").out, source="enable")
    pairs = dict(zip(types, zip(made[::2], made[1::2], strict=True), strict=True))
    assert {"configmaps", "deployments.apps", "namespaces", "jobs.batch"} <= pairs.keys()
    assert 20 < len(types)
    assert [] == [name for name in types if list(pairs[name]) != _expect(api, name)]


@pytest.mark.parametrize("name", ENABLE_REFUSED)
def test_enable_of_a_type_in_the_table_is_refused(
    ready: Sandbox, cli: CommandLine, name: str
) -> None:
    """Only these are, and the error says why."""
    message, hint = cli.fails("enable", name, "-o", "yaml", code=6)
    assert "cannot be federated" in message
    assert hint


# --- federate ------------------------------------------------------------------------------------


def _as_stored(kind: str, sample: Sample) -> dict[str, Any]:
    """The sample as its cluster has it: with what that cluster gave it."""
    body = copy.deepcopy(sample.body)
    body["metadata"] |= {"uid": "u", "resourceVersion": "1", "creationTimestamp": "2026-01-01"}
    body["status"] = {"some": "thing"}
    spec = body.get("spec", {})
    if kind == "Service":
        spec |= {"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"]}
        spec["ports"][0]["nodePort"] = 30080
    if kind == "Service-headless":
        spec["clusterIPs"] = ["None"]
    if kind == "Job":
        owned = {"batch.kubernetes.io/controller-uid": "u"}
        spec["selector"] = {"matchLabels": owned}
        spec["template"]["metadata"]["labels"] |= {
            **owned,
            "controller-uid": "u",
            "batch.kubernetes.io/job-name": sample.name,
            "job-name": sample.name,
        }
    return body


def _original(stored: dict[str, Any], sample: Sample) -> dict[str, Any]:
    """What the original's rule makes of an object: labels stay, and three kinds are edited."""
    own = ("apiVersion", "kind", "metadata", "status")
    template = copy.deepcopy({part: stored[part] for part in stored if part not in own})
    template["metadata"] = {"labels": {"team": "n"}}
    if sample.kind == "Service":
        template["spec"].pop("clusterIP", None)
        template["spec"].pop("clusterIPs", None)
        for port in template["spec"]["ports"]:
            port.pop("nodePort", None)
    if sample.kind == "ServiceAccount":
        del template["secrets"]
    metadata = {"name": sample.name, **({"namespace": "shop"} if sample.namespaced else {})}
    return {
        "apiVersion": "types.kubefed.io/v1beta1",
        "kind": f"Federated{sample.kind}",
        "metadata": metadata,
        "spec": {
            "placement": {"clusterSelector": {"matchLabels": {}}},
            "template": template,
        },
    }


@pytest.mark.parametrize("kind", SAMPLES)
def test_federate_of_every_kind_follows_the_recorded_ones(kind: str) -> None:
    """From a cluster or from a file, but for what the table of departures says."""
    sample = SAMPLES[kind]
    group, version = split_api_version(sample.api_version)
    resource = Resource(group, version, sample.plural, sample.kind, sample.namespaced)
    stored = _as_stored(kind, sample)
    expected = apply_departure(kind, _original(stored, sample))
    type_config = parse_type_config(make_type_config(resource))
    assert expected == make_federated(stored, type_config)[0]
    assert expected == make_guessed_federated(stored)[0]


def test_departures_name_samples() -> None:
    """An entry for a kind without a sample would never be compared."""
    assert set() == set(FEDERATE_DEPARTURES) - set(SAMPLES)
    assert all(re.fullmatch("[A-Z][A-Za-z]+(-[a-z]+)?", kind) for kind in SAMPLES)
