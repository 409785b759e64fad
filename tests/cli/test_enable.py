"""Tests of the command `enable`."""

from __future__ import annotations

from pathlib import Path

import pytest

from kubefedctl.manifests import load_objects
from tests.cli.runs import HOST, KNS, CommandLine, Sandbox
from tests.compat.golden_files import read_commands

CRD = "customresourcedefinition.apiextensions.k8s.io/federatedstatefulsets.types.kubefed.io"
CONFIG = "federatedtypeconfig.core.kubefed.io/statefulsets.apps"
DIRECTIVE = """\
apiVersion: core.kubefed.io/v1beta1
kind: EnableTypeDirective
metadata:
  name: statefulsets.apps
spec:
  targetVersion: v1
  federatedGroup: my.group.io
  federatedVersion: v1
"""
RECORDED = [command for command in read_commands("enable.yaml") if " -o yaml" in command]


def test_enable_prints_the_lines_of_the_original(ready: Sandbox, cli: CommandLine) -> None:
    """Scripts read them; a second time the objects are updated."""
    lines = [f"{CRD} created", f"{CONFIG} created in namespace {KNS}"]
    ran = cli("enable", "statefulsets.apps")
    assert (lines, "") == (ran.lines, ran.err)
    again = cli("enable", "sts").lines
    assert [line.replace("created", "updated") for line in lines] == again


def test_enable_several_types_at_once(ready: Sandbox, cli: CommandLine) -> None:
    """Each has its two lines, in the order given."""
    lines = cli("enable", "sts", "pdb").lines
    assert ["statefulsets", "poddisruptionbudgets"] == [
        line.split("/federated")[1].split(".")[0] for line in lines[::2]
    ]


def test_enable_with_steps_tells_what_it_waits_for(ready: Sandbox, cli: CommandLine) -> None:
    """The CRD must be served before the type counts."""
    ran = cli("enable", "sts", "--v=2")
    assert "waiting for federatedstatefulsets.types.kubefed.io to be served" in ran.talk


def test_enable_dry_run_writes_nothing(ready: Sandbox, cli: CommandLine) -> None:
    """It checks against the host and tells."""
    ready.forget_requests()
    assert f"{CRD} created" in cli("enable", "sts", "--dry-run").lines[0]
    assert [] == ready.writes


@pytest.mark.parametrize("command", RECORDED)
def test_enable_output_yaml_is_what_the_original_printed(
    ready: Sandbox, cli: CommandLine, command: str
) -> None:
    """The recorded command gives the recorded objects, and nothing is written."""
    ready.forget_requests()
    ran = cli(*command.split()[1:])
    assert read_commands("enable.yaml")[command] == load_objects(ran.out, source="stdout")
    assert [] == ready.writes


def test_enable_group_and_version_make_the_federated_type(ready: Sandbox, cli: CommandLine) -> None:
    """All four words of the type are the user's."""
    given = ("--federated-group", "my.io", "--federated-version", "v2", "--version", "v1")
    config, crd = load_objects(cli("enable", "sts", *given, "-o", "yaml").out, source="out")
    assert ("my.io", "v2") == tuple(
        config["spec"]["federatedType"][f] for f in ("group", "version")
    )
    assert "federatedstatefulsets.my.io" == crd["metadata"]["name"]


def test_enable_file_is_a_directive(ready: Sandbox, cli: CommandLine, tmp_path: Path) -> None:
    """As for KubeFed, the file says all."""
    file = tmp_path / "sts.yaml"
    file.write_text(DIRECTIVE)
    lines = cli("enable", "-f", str(file)).lines
    assert f"{CRD} created".replace("types.kubefed.io", "my.group.io") == lines[0]


def test_enable_file_of_an_early_release_is_read_as_today_s(
    ready: Sandbox, cli: CommandLine, tmp_path: Path
) -> None:
    """One warning tells what was replaced; standard output is that of today's file."""
    file = tmp_path / "old.yaml"
    file.write_text(
        "apiVersion: core.kubefed.k8s.io/v1alpha1\nkind: EnableTypeDirective\n"
        "metadata: {name: sts}\n"
        "spec: {federatedGroup: types.kubefed.k8s.io, federatedVersion: v1alpha1}\n"
    )
    ran = cli("enable", "-f", str(file), "-o", "yaml")
    assert cli("enable", "sts", "-o", "yaml").out == ran.out
    assert 1 == ran.err.count("warning: ")
    assert "core.kubefed.k8s.io/v1alpha1, types.kubefed.k8s.io/v1alpha1" in ran.err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("", "there is nothing in it", id="empty"),
        pytest.param("# nothing\n---\n", "there is nothing in it", id="comment"),
        pytest.param("[1]", "a document is no map", id="list"),
        pytest.param("a: [b", "e.yaml:", id="not-yaml"),
        pytest.param("kind: ConfigMap", "ConfigMap", id="another-kind"),
    ],
)
def test_enable_file_that_is_no_directive_is_refused(
    bare: Sandbox, cli: CommandLine, tmp_path: Path, text: str, words: str
) -> None:
    """The message names the file and what is wrong."""
    file = tmp_path / "e.yaml"
    file.write_text(text)
    error, _ = cli.fails("enable", "-f", str(file), code=3)
    assert error.startswith(str(file))
    assert words in error


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        pytest.param(["nonsense"], 3, "serves no type named 'nonsense'", id="unknown"),
        pytest.param(["sts", "--version", "v9"], 3, "v9", id="version"),
        pytest.param(["crd"], 6, "CustomResourceDefinitions cannot be federated", id="crds"),
        pytest.param(
            ["sts", "--kubefed-namespace", "none"],
            3,
            f"host cluster {HOST} has no namespace none",
            id="namespace",
        ),
    ],
)
def test_enable_what_cannot_be_is_one_line(
    ready: Sandbox, cli: CommandLine, arguments: list[str], code: int, words: str
) -> None:
    """With a hint, and without a write."""
    ready.forget_requests()
    error, hint = cli.fails("enable", *arguments, code=code)
    assert words in error
    assert "" != hint
    assert [] == ready.writes


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param([], "give a TYPE, or a file with -f", id="nothing"),
        pytest.param(["sts", "-o", "xml"], "xml", id="output"),
    ],
)
def test_enable_wrong_usage_is_code_two(cli: CommandLine, arguments: list[str], words: str) -> None:
    """No cluster is asked."""
    assert words in cli("enable", *arguments, code=2).err
