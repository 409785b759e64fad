"""
What commands print as YAML means the same to Go's reader; kubectl is the judge.

`tests/test_manifests.py` holds it for the writer alone, with many more texts. Here it goes the
whole way: a file that kubectl wrote, our command, and kubectl again. One call judges all.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubefedctl.core.federating import make_guessed_federated
from kubefedctl.manifests import dump_documents
from tests.cli.runs import CommandLine, Sandbox
from tests.compat.samples import SAMPLES
from tests.test_manifests import TEXTS

KUBECTL = shutil.which("kubectl")
pytestmark = pytest.mark.skipif(KUBECTL is None, reason="kubectl is not on PATH")

NASTY = [
    *TEXTS,
    *("1:30", "-1:30:00", "2001-12-14t21:59:43.10-05:00", "2002-12-14", "12:30:45.5", "0o7"),
    *("a\u2028", "\u2029a", "a\n\n\n", "\n\n a\n", "a\t\n b", "👍 zażółć", "e\u0301", "\u202e"),
    *("!x", "!<tag:x> y", "<<: *a", "? ", "- -", "'", '"', "''", "%YAML 1.2", "{{ .x }}", "0x1f"),
]  # fmt: skip
"""Texts that some reader of YAML takes for something else."""


def _kubectl(kubeconfig: str, text: str, *arguments: str) -> list[Any]:
    """Return what kubectl makes of the objects in *text*."""
    assert KUBECTL is not None
    done = subprocess.run(
        [KUBECTL, *arguments, "-o", "json", "-f", "-"],
        input=text.encode(),
        env={**os.environ, "KUBECONFIG": kubeconfig},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    found, rest = [], done.stdout.decode().strip()
    while rest:
        one, end = json.JSONDecoder().raw_decode(rest)
        found.append(one)
        rest = rest[end:].strip()
    return found


def _create(sandbox: Sandbox, text: str) -> list[Any]:
    """What kubectl would create of *text*."""
    kubeconfig = str(sandbox.fleet.kubeconfig)
    return _kubectl(kubeconfig, text, "create", "--dry-run=client", "--validate=false")


def _config_map(texts: list[str], name: str = "nasty") -> dict[str, Any]:
    data = {f"k{index}": text for index, text in enumerate(texts)}
    head = {"apiVersion": "v1", "kind": "ConfigMap"}
    return {**head, "metadata": {"name": name, "namespace": "shop"}, "data": data}


def test_federated_file_is_read_alike_by_kubectl(
    ready: Sandbox, cli: CommandLine, tmp_path: Path
) -> None:
    """Each nasty text comes through `federate -f` and kubectl as it was, as value and as key."""
    config_map = _config_map(NASTY)
    config_map["nested"] = {text: [text, {text: text}] for text in NASTY if len(text) < 1000}
    file = tmp_path / "nasty.json"
    file.write_text(json.dumps(config_map))
    ran = cli("federate", "-f", str(file))
    [federated] = _create(ready, ran.out)
    template = federated["spec"]["template"]
    assert config_map["data"] == template["data"]
    assert config_map["nested"] == template["nested"]


def test_federated_object_of_a_cluster_is_read_alike_by_kubectl(
    ready: Sandbox, cli: CommandLine
) -> None:
    """So does what is read from a cluster."""
    config_map = _config_map(NASTY)
    ready.host.create("configmaps", config_map, namespace="shop")
    ran = cli("federate", "cm", "nasty", "-n", "shop", "-o", "yaml")
    [federated] = _create(ready, ran.out)
    assert config_map["data"] == federated["spec"]["template"]["data"]


@pytest.mark.parametrize(
    "command", [("init", "-o", "yaml"), ("enable", "deploy", "jobs", "ns", "-o", "yaml")]
)
def test_printed_objects_are_taken_by_kubectl_as_they_are(
    ready: Sandbox, cli: CommandLine, command: tuple[str, ...]
) -> None:
    """kubectl reads as many objects as were printed, and the same text when it reads twice."""
    printed = cli(*command).out
    found = _create(ready, printed)
    assert printed.count("---\n") == len(found)
    assert found == _create(ready, dump_documents(found))


_TEXT = st.one_of(
    st.text(max_size=12),
    st.text(alphabet="yYnNoOeE0127_.:+-~x!<=#'\"\\ \t\n,[]{}&*|>%@`?", max_size=8),
    st.sampled_from(NASTY),
)
_VALUE = st.recursive(
    st.one_of(_TEXT, st.booleans(), st.none(), st.integers(-(2**53), 2**53)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(_TEXT, inner, max_size=3)
    ),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=15)
@given(contents=st.lists(_VALUE, min_size=25, max_size=60))
def test_any_federated_objects_are_read_alike_by_kubectl(contents: list[Any]) -> None:
    """Whatever stands in templates, as a value or as a key; one call of kubectl reads them all."""
    made = []
    for index, content in enumerate(contents):
        body = _config_map([], name=f"c{index}") | {"nested": content}
        made.append(make_guessed_federated(body)[0])
    documents = {"apiVersion": "v1", "kind": "Sample", "metadata": {"name": "x"}, "made": made}
    assert KUBECTL is not None
    patch = ("patch", "--local", "--type=merge", "--patch={}")
    [found] = _kubectl(os.devnull, dump_documents([documents]), *patch)
    assert made == found["made"]


def test_sample_objects_are_read_alike_by_kubectl(
    ready: Sandbox, cli: CommandLine, tmp_path: Path
) -> None:
    """Ordinary objects of every kind come through as well, in one file."""
    types = [sample.type_key for sample in SAMPLES.values()]
    cli("enable", *dict.fromkeys(types))
    bodies = [sample.body for sample in SAMPLES.values()]
    file = tmp_path / "all.yaml"
    file.write_text(dump_documents(bodies))
    found = _create(ready, cli("federate", "-f", str(file)).out)
    assert [make_guessed_federated(body)[0] for body in bodies] == found
