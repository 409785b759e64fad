"""Tests of the command `render`: what it reads, prints, writes and leaves alone."""

from __future__ import annotations

import io
import json
import os
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubefedctl.manifests import load_objects
from tests.cli.runs import CommandLine

GOLDEN = Path(__file__).parent / "golden" / "render"
EVERYWHERE: dict[str, Any] = {"placement": {"clusterSelector": {}}}
BROKEN = {
    **EVERYWHERE,
    "template": {"data": {}},
    "overrides": [
        {"clusterName": "c1", "clusterOverrides": [{"op": "remove", "path": "/data/absent"}]}
    ],
}


def make(
    kind: str, name: str = "web", *, namespace: str = "shop", spec: Any = None
) -> dict[str, Any]:
    """Return a federated object, placed everywhere unless a *spec* is given."""
    return {
        "apiVersion": "types.kubefed.io/v1beta1",
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec or EVERYWHERE,
    }


SHOP = make("FederatedNamespace", "shop")


def write(folder: Path, *objects: dict[str, Any], name: str = "all.yaml") -> str:
    """Write *objects* to a file of *folder* and return the folder's name."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(yaml.safe_dump_all(objects))
    return str(folder)


def read_tree(folder: Path) -> dict[str, str]:
    """Return the text of every file below *folder*."""
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


# --- printing ------------------------------------------------------------------------------------


def test_render_of_the_golden_files_is_the_golden_folder(cli: CommandLine, tmp_path: Path) -> None:
    """Folders, links between objects, words that YAML takes for others, replicas: all in one."""
    ran = cli("render", "-f", str(GOLDEN / "files"), "--output-dir", str(tmp_path / "out"))
    assert read_tree(GOLDEN / "out") == read_tree(tmp_path / "out")
    line = f"rendered 6 objects for 2 clusters into {tmp_path / 'out'}"
    assert ([line], "") == (ran.lines, ran.err)


def test_render_prints_the_same_objects_in_every_form(cli: CommandLine, tmp_path: Path) -> None:
    """YAML has a comment before each cluster's documents."""
    files = ("-f", str(GOLDEN / "files"))
    document = json.loads(cli("render", *files, "-o", "json").out)
    assert ["eu-1", "us-1"] == list(document["clusters"])
    assert [] == document["errors"]
    printed = cli("render", *files).out
    objects = [obj for found in document["clusters"].values() for obj in found]
    assert objects == load_objects(printed, source="stdout")
    assert ["# cluster eu-1", "# cluster us-1"] == [
        line for line in printed.splitlines() if line.startswith("#")
    ]
    cli("render", *files, "--output-dir", str(tmp_path))
    texts = read_tree(tmp_path).values()
    kept = [obj for text in texts for obj in load_objects(text, source="file")]
    assert sorted(map(str, kept)) == sorted(map(str, objects))


def test_render_reads_standard_input(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """With clusters by name, where it has none."""
    text = yaml.safe_dump_all([SHOP, make("FederatedConfigMap")])
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    found = json.loads(cli("render", "-f", "-", "--clusters", "c1,c2", "-o", "json").out)
    kinds = {name: [obj["kind"] for obj in made] for name, made in found["clusters"].items()}
    assert {"c1": ["Namespace", "ConfigMap"], "c2": ["Namespace", "ConfigMap"]} == kinds


def test_render_reads_files_of_the_first_releases(cli: CommandLine, tmp_path: Path) -> None:
    """With the one warning that other commands give, too."""
    old = {**make("FederatedConfigMap"), "apiVersion": "types.kubefed.k8s.io/v1alpha1"}
    ran = cli("render", "-f", write(tmp_path, SHOP, old), "--clusters", "c1")
    assert "kind: ConfigMap" in ran.out
    assert "types.kubefed.k8s.io/v1alpha1" in ran.err


def test_render_with_an_error_prints_the_rest_and_ends_with_3(
    cli: CommandLine, tmp_path: Path
) -> None:
    """The object is in no cluster; the document says why."""
    bad = make("FederatedConfigMap", "bad", spec=BROKEN)
    given = write(tmp_path, SHOP, bad, make("FederatedSecret"))
    ran = cli("render", "-f", given, "--clusters", "c1,c2", "-o", "json", code=3)
    found = json.loads(ran.out)
    kinds = {name: [obj["kind"] for obj in made] for name, made in found["clusters"].items()}
    assert {"c1": ["Namespace", "Secret"], "c2": ["Namespace", "Secret"]} == kinds
    assert [
        {
            "object": "FederatedConfigMap/shop/bad",
            "cluster": "c1",
            "reason": "ApplyOverridesFailed",
            "message": "override 0 (remove /data/absent): there is nothing to remove",
        }
    ] == found["errors"]
    assert "error: 1 error; the objects concerned are left out of every cluster" in ran.talk


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "give a file or folder with -f"),
        (("-f", "x", "--prune"), "--prune needs --output-dir"),
        (("-f", "x", "--output-dir", "./x"), "--output-dir cannot be the folder that is read"),
        (("-f", "x", "-o", "name"), "'name' is not one of 'yaml', 'json'"),
    ],
    ids=["no file", "prune of nothing", "into itself", "form"],
)
def test_render_usage_errors(cli: CommandLine, arguments: tuple[str, ...], message: str) -> None:
    """Nothing is read then."""
    assert message in cli("render", *arguments, code=2).err


def test_render_without_clusters_says_where_to_name_them(cli: CommandLine, tmp_path: Path) -> None:
    """By option or in the files."""
    error, hint = cli.fails("render", "-f", write(tmp_path, SHOP), code=3)
    assert "there is no KubeFedCluster among the files" == error
    assert "--clusters" in hint


# --- folders -------------------------------------------------------------------------------------


def test_render_reads_manifests_below_a_folder_alone(cli: CommandLine, tmp_path: Path) -> None:
    """What ends otherwise or begins with a dot is none, and neither is what was rendered before."""
    given = write(tmp_path, SHOP)
    write(tmp_path / "a" / "b", make("FederatedConfigMap", "deep"), name="x.yml")
    (tmp_path / "j.json").write_text(json.dumps(make("FederatedSecret", "json")))
    (tmp_path / "README.md").write_text("{")
    write(tmp_path / ".git", make("FederatedSecret", "hidden"))
    out = str(tmp_path / "out")
    for _ in range(2):
        ran = cli("render", "-f", given, "--clusters", "c1", "--output-dir", out)
        assert f"rendered 3 objects for 1 cluster into {out}" == ran.lines[-1]
        assert "left out" not in ran.err


def test_render_of_an_empty_folder_is_an_error(cli: CommandLine, tmp_path: Path) -> None:
    """A wrong path must not look like an empty federation, which --prune would follow."""
    error, _ = cli.fails("render", "-f", str(tmp_path), "--clusters", "c1", code=3)
    assert f"there is no .yaml, .yml, .json file in {tmp_path}" == error


@pytest.mark.parametrize("program", ["kustomize", "kubectl"])
def test_render_builds_a_kustomization(
    cli: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    """By kustomize or kubectl, whichever is there; nothing else in the folder is read."""
    given = write(tmp_path / "in", name="kustomization.yaml")
    write(tmp_path / "built", SHOP)
    expected = f"build {given}" if program == "kustomize" else f"kustomize {given}"
    tool = tmp_path / "bin" / program
    tool.parent.mkdir()
    cat = shutil.which("cat")
    tool.write_text(
        f'#!/bin/sh\n[ "$*" = "{expected}" ] || exit 9\nexec {cat} {tmp_path}/built/all.yaml\n'
    )
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tool.parent))
    assert "kind: Namespace" in cli("render", "-f", given, "--clusters", "c1").out


def test_render_of_a_kustomization_that_fails_quotes_the_program(
    cli: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On one line."""
    given = write(tmp_path / "in", name="kustomization.yaml")
    tool = tmp_path / "kustomize"
    tool.write_text("#!/bin/sh\necho no such >&2\necho base >&2\nexit 1\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    error, _ = cli.fails("render", "-f", given, "--clusters", "c1", code=3)
    assert f"{tool} build {given} failed: no such base" == error


def test_render_of_a_kustomization_without_a_program_is_an_error(
    cli: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hint has a way around."""
    given = write(tmp_path / "in", name="kustomization.yaml")
    monkeypatch.setenv("PATH", str(tmp_path))
    error, hint = cli.fails("render", "-f", given, "--clusters", "c1", code=3)
    assert f"{given} has a kustomization, and neither kustomize nor kubectl is on PATH" == error
    assert f"kustomize build {given}" in hint


# --- writing -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "obj",
    [
        make("FederatedConfigMap", "../../../evil"),
        make("FederatedConfigMap", "..", namespace="shop"),
        {**make("FederatedClusterRole", "a/b"), "metadata": {"name": "a/b"}},
    ],
    ids=["up", "dots", "slash"],
)
def test_render_refuses_names_that_lead_elsewhere(
    cli: CommandLine, tmp_path: Path, obj: dict[str, Any]
) -> None:
    """Before anything is written."""
    given = write(tmp_path / "in", SHOP, obj)
    out = tmp_path / "deep" / "out"
    error, _ = cli.fails(
        "render", "-f", given, "--clusters", "c1", "--output-dir", str(out), code=3
    )
    assert "cannot be a file" in error
    assert [tmp_path / "in"] == list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["../c1", "a/b", "..", "C1"])
def test_render_refuses_clusters_that_are_no_folder(
    cli: CommandLine, tmp_path: Path, name: str
) -> None:
    """Whatever names the files or the option have."""
    given = write(tmp_path / "in", SHOP)
    out = str(tmp_path / "out")
    error, _ = cli.fails("render", "-f", given, "--clusters", name, "--output-dir", out, code=3)
    assert f"the cluster name {name!r} cannot be a folder" == error


@pytest.mark.parametrize("link", ["c1", "c1/shop"], ids=["cluster", "namespace"])
def test_render_writes_through_no_link(cli: CommandLine, tmp_path: Path, link: str) -> None:
    """A link in the folder may lead out of it."""
    given = write(tmp_path / "in", SHOP, make("FederatedConfigMap"))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    place = tmp_path / "out" / link
    place.parent.mkdir(parents=True)
    place.symlink_to(elsewhere)
    out = str(tmp_path / "out")
    error, _ = cli.fails("render", "-f", given, "--clusters", "c1", "--output-dir", out, code=3)
    assert f"{place} is no folder but a link or a file, so nothing is written through it" == error
    assert [] == list(elsewhere.iterdir())


def test_render_replaces_a_linked_file_instead_of_writing_through_it(
    cli: CommandLine, tmp_path: Path
) -> None:
    """What the link led to stays as it is."""
    given = write(tmp_path / "in", SHOP)
    target = tmp_path / "precious"
    target.write_text("mine")
    place = tmp_path / "out" / "c1" / "_cluster" / "namespace.shop.yaml"
    place.parent.mkdir(parents=True)
    place.symlink_to(target)
    cli("render", "-f", given, "--clusters", "c1", "--output-dir", str(tmp_path / "out"))
    assert "mine" == target.read_text()
    assert not place.is_symlink()


def test_render_again_writes_nothing_that_is_as_it_was(cli: CommandLine, tmp_path: Path) -> None:
    """So that tools which look at times see no change."""
    given = write(tmp_path / "in", SHOP, make("FederatedConfigMap"))
    arguments = ("render", "-f", given, "--clusters", "c1", "--output-dir", str(tmp_path / "out"))
    cli(*arguments)
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    for path in files:
        os.utime(path, (1, 1))
    ran = cli(*arguments, "--v=1")
    assert {1.0} == {path.stat().st_mtime for path in files}
    assert "2 files as they were" in ran.talk


def test_render_warns_once_of_secrets_and_keeps_them_private(
    cli: CommandLine, tmp_path: Path
) -> None:
    """They are written as they stand; the warning has no value."""
    spec = {**EVERYWHERE, "template": {"data": {"p": "aHVzaA=="}}}
    given = write(tmp_path / "in", SHOP, *(make("FederatedSecret", n, spec=spec) for n in "ab"))
    out = tmp_path / "out"
    ran = cli("render", "-f", given, "--clusters", "c1,c2", "--output-dir", str(out))
    [warning] = ran.talk
    assert warning.startswith("warning: 4 Secrets rendered as they stand in the files")
    assert "aHVzaA==" not in ran.err + ran.out
    secret = out / "c1" / "shop" / "secret.a.yaml"
    assert "aHVzaA==" in secret.read_text()
    assert 0o600 == stat.S_IMODE(secret.stat().st_mode)


def test_render_dry_run_writes_nothing(cli: CommandLine, tmp_path: Path) -> None:
    """It tells what it would do."""
    given = write(tmp_path / "in", SHOP)
    out = tmp_path / "out"
    ran = cli("render", "-f", given, "--clusters", "c1", "--output-dir", str(out), "--dry-run")
    assert [f"rendered 1 object for 1 cluster into {out} (dry run)"] == ran.lines
    assert not out.exists()


def test_render_into_a_file_is_an_error(cli: CommandLine, tmp_path: Path) -> None:
    """In the words of the operating system."""
    given = write(tmp_path / "in", SHOP)
    out = tmp_path / "in" / "all.yaml"
    error, _ = cli.fails(
        "render", "-f", given, "--clusters", "c1", "--output-dir", str(out), code=3
    )
    assert f"cannot write {out}: " in error


# --- what is left of earlier ---------------------------------------------------------------------


def leave_over(cli: CommandLine, tmp_path: Path) -> tuple[str, ...]:
    """Render two objects, take one away, put strangers beside; return the arguments."""
    given = write(tmp_path / "in", SHOP, make("FederatedConfigMap"))
    out = tmp_path / "out"
    arguments = ("render", "-f", given, "--clusters", "c1", "--output-dir", str(out))
    cli(*arguments)
    write(tmp_path / "in", SHOP)
    shop = out / "c1" / "shop"
    (shop / "notes.txt").write_text("mine")
    (shop / "configmap.mine.yaml").write_text("apiVersion: v1\nkind: ConfigMap\n")
    (shop / "broken.yaml").write_text("{")
    shutil.copytree(shop, out / "c9" / "shop")
    return arguments


def test_render_tells_of_files_of_earlier_renderings(cli: CommandLine, tmp_path: Path) -> None:
    """And leaves them alone; what is not ours is not spoken of."""
    arguments = leave_over(cli, tmp_path)
    before = read_tree(tmp_path / "out")
    ran = cli(*arguments)
    stale = tmp_path / "out" / "c1" / "shop" / "configmap.web.yaml"
    assert [f"warning: {stale} is left from an earlier rendering; --prune removes it"] == ran.talk
    assert before == read_tree(tmp_path / "out")


def test_render_prune_removes_these_files_alone(cli: CommandLine, tmp_path: Path) -> None:
    """Nothing of strangers, nothing in folders of other clusters."""
    arguments = leave_over(cli, tmp_path)
    before = read_tree(tmp_path / "out")
    rehearsed = cli(*arguments, "--prune", "--dry-run")
    assert before == read_tree(tmp_path / "out")
    ran = cli(*arguments, "--prune")
    stale = "c1/shop/configmap.web.yaml"
    assert f"removed {tmp_path / 'out' / stale}" in ran.lines
    assert f"removed {tmp_path / 'out' / stale} (dry run)" in rehearsed.lines
    assert {k: v for k, v in before.items() if k != stale} == read_tree(tmp_path / "out")


def test_render_prune_takes_emptied_folders_along(cli: CommandLine, tmp_path: Path) -> None:
    """As far as they are empty."""
    given = write(tmp_path / "in", SHOP, make("FederatedConfigMap"))
    arguments = ("-f", given, "--clusters", "c1", "--output-dir", str(tmp_path / "out"))
    cli("render", *arguments)
    write(tmp_path / "in", SHOP)
    cli("render", *arguments, "--prune")
    assert ["_cluster"] == [found.name for found in (tmp_path / "out" / "c1").iterdir()]


def test_render_prune_removes_nothing_while_there_are_errors(
    cli: CommandLine, tmp_path: Path
) -> None:
    """What could not be rendered is not gone: somebody may apply the folder."""
    given = write(tmp_path / "in", SHOP, make("FederatedConfigMap"))
    out = tmp_path / "out"
    arguments = ("render", "-f", given, "--clusters", "c1", "--output-dir", str(out), "--prune")
    cli(*arguments)
    write(tmp_path / "in", SHOP, make("FederatedConfigMap", spec=BROKEN))
    ran = cli(*arguments, code=3)
    assert (out / "c1" / "shop" / "configmap.web.yaml").exists()
    assert "nothing is removed while there are errors" in ran.err


def test_render_tells_of_clusters_that_left_the_files(cli: CommandLine, tmp_path: Path) -> None:
    """Their folders are kept, also with --prune."""
    out = tmp_path / "out"
    cli("render", "-f", str(GOLDEN / "files"), "--output-dir", str(out))
    (out / "eu-1").rename(out / "old-1")
    ran = cli("render", "-f", str(GOLDEN / "files"), "--output-dir", str(out), "--prune")
    assert [
        f"warning: {out / 'old-1'} is of a cluster that is not among the files; it is kept"
    ] == ran.talk
    assert (out / "old-1" / "_cluster" / "namespace.shop.yaml").exists()
