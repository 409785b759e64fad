"""Tests of `sync --plan-out` and `sync --plan`: the file, and what goes together."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from kubefedctl.core.marking import digest
from tests.cli.runs import MEMBER, CommandLine, Sandbox
from tests.completions import ROOT

SCHEMA = json.loads((ROOT / "docs/reference/sync-plan.schema.json").read_text())
WORTH = "aHVudGVyMg=="
"""`hunter2`, as a Secret holds it."""


@pytest.fixture
def shop(joined: Sandbox, cli: CommandLine) -> Sandbox:
    """A namespace with a ConfigMap and a Secret, federated and not yet synced."""
    joined.put("configmaps", "ConfigMap", "cm", data={"k": "v"})
    joined.put("secrets", "Secret", "token", data={"t": WORTH})
    cli("enable", "secrets")
    cli("federate", "namespace", "shop")
    cli("federate", "configmap", "cm", "-n", "shop")
    cli("federate", "secret", "token", "-n", "shop")
    joined.forget_requests()
    return joined


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a plan may be written."""
    return tmp_path / "plan.json"


def _read(file: Path) -> dict[str, Any]:
    document = dict(json.loads(file.read_text()))
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    jsonschema.validate(document, SCHEMA, format_checker=checker)
    return document


def _has_config_map(sandbox: Sandbox) -> bool:
    found = sandbox.member.list("configmaps", namespace="shop")
    return "cm" in [one["metadata"]["name"] for one in found]


def _edit(sandbox: Sandbox, value: str) -> None:
    spec = {"spec": {"template": {"data": {"k": value}}}}
    sandbox.host.patch("federatedconfigmaps", "cm", spec, namespace="shop")


def test_plan_is_made_in_one_job_and_carried_out_in_another(
    shop: Sandbox, cli: CommandLine, file: Path
) -> None:
    """The first writes nothing but the file, the second just what is in it."""
    dry = cli("sync", "--dry-run")
    planned = cli("sync", "--plan-out", str(file))
    told = f"wrote a plan of 3 changes to {file}: kubefedctl sync --plan carries it out"
    assert (dry.out, [told]) == (planned.out, planned.talk)
    assert ([], 0o600) == (shop.writes, stat.S_IMODE(os.stat(file).st_mode))
    document = _read(file)
    assert ["ConfigMap/shop/cm", "Namespace/shop", "Secret/shop/token"] == sorted(
        found["object"] for found in document["objects"]
    )
    ran = cli("sync", "--plan", str(file))
    assert "3 federated objects over 1 cluster, 3 changes made" == ran.lines[-1]
    assert {"k": "v"} == shop.member.get("configmaps", "cm", namespace="shop")["data"]
    assert "0 changes made" in cli("sync").out


def test_plan_has_nothing_of_a_secret(shop: Sandbox, cli: CommandLine, file: Path) -> None:
    """No value, plain or encoded, and no digest of one: only its uid, version and generation."""
    cli("sync", "--plan-out", str(file))
    cli("sync")
    patch = {"spec": {"template": {"data": {"t": "bmV3ZXI="}}}}
    shop.host.patch("federatedsecrets", "token", patch, namespace="shop")
    again = file.with_name("again.json")
    cli("sync", "--plan-out", str(again))
    for text in (file.read_text(), again.read_text()):
        assert not [word for word in (WORTH, "hunter2", "bmV3ZXI", "newer") if word in text]
    (secret,) = _read(again)["objects"]
    (action,) = secret["actions"]
    assert {"uid", "resourceVersion"} == set(action["observed"])
    (change,) = _read(again)["changes"]
    assert [True] == [field["hidden"] for field in change["changes"][0]["fields"]]
    cli("sync", "--plan", str(again))
    stored = shop.member.get("secrets", "token", namespace="shop")
    assert "bmV3ZXI=" == stored["data"]["t"]


def test_moved_object_is_named_and_refused(shop: Sandbox, cli: CommandLine, file: Path) -> None:
    """Exit code 6; with --partial the rest is done, and the code is the same."""
    cli("sync", "--plan-out", str(file))
    _edit(shop, "later")
    shop.forget_requests()
    ran = cli("sync", "--plan", str(file), "--lock=none", code=6)
    assert [
        f"skipped ConfigMap/shop/cm in cluster {MEMBER}: moved since the plan was made: its"
        " federated object was changed"
    ] == ran.lines
    assert ran.talk[-2].startswith("error: 1 planned change moved since the plan was made at ")
    assert ran.talk[-1].startswith("hint: make a new plan with kubefedctl sync --plan-out FILE")
    assert [] == [write for write in shop.writes if f"/kubefedclusters/{MEMBER}/" not in write]
    ran = cli("sync", "--plan", str(file), "--partial", code=6)
    assert "created Secret/shop/token in cluster cluster0" in ran.lines
    assert not _has_config_map(shop)


def test_plan_is_printed_on_stdout(shop: Sandbox, cli: CommandLine, file: Path) -> None:
    """Nothing else is there; the lines go to stderr."""
    ran = cli("sync", "--plan-out", "-")
    document = json.loads(ran.out)
    jsonschema.validate(document, SCHEMA)
    assert "created ConfigMap/shop/cm in cluster cluster0 (dry run)" in ran.talk


def test_plan_of_a_server_dry_run_holds_what_was_checked(
    shop: Sandbox, cli: CommandLine, file: Path
) -> None:
    """It is the same plan, after the API servers had their say."""
    cli("sync", "--plan-out", str(file), "--dry-run=server")
    assert 3 == sum(len(found["actions"]) for found in _read(file)["objects"])
    assert 3 == len(_read(file)["changes"])
    assert not _has_config_map(shop)
    assert "3 changes made" in cli("sync", "--plan", str(file)).lines[-1]


def test_plan_out_with_diff_ends_with_one(shop: Sandbox, cli: CommandLine, file: Path) -> None:
    """As a dry run with --diff does, and the file is there."""
    ran = cli("sync", "--plan-out", str(file), "--diff", code=1)
    assert '    + data.k: "v"' in ran.lines
    assert 3 == len(_read(file)["changes"])


def test_plan_keeps_the_options_it_was_made_with(
    shop: Sandbox, cli: CommandLine, file: Path
) -> None:
    """They need not be given again; another one is a usage error, the same one is none."""
    cli("sync")
    _edit(shop, "2")
    narrowed = ["configmaps/cm", "-n", "shop", "--cluster", MEMBER, "--strategy=replace"]
    cli("sync", "--plan-out", str(file), *narrowed)
    assert (["configmaps/cm"], "shop", [MEMBER], ["replace"]) == tuple(
        _read(file)["options"][name] for name in ("types", "namespace", "clusters", "strategies")
    )
    for other in (
        ["--rsp=off"],
        ["-n", "default"],
        ["--rsp", "hold"],
        ["secrets"],
        ["--max-deletes=3"],
    ):
        assert "made with another one" in cli("sync", "--plan", str(file), *other, code=2).err
    ran = cli("sync", "--plan", str(file), "--cluster", MEMBER, "-n", "shop")
    assert "updated ConfigMap/shop/cm in cluster cluster0" in ran.lines


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--plan-out=a", "--plan=b"], "it does not go with --plan"),
        (["--partial"], "it is for a plan: add --plan FILE"),
        (["--plan-out=-", "-o", "json"], "standard output has the plan alone"),
        (["--plan-out=-", "--diff"], "standard output has the plan alone"),
        (["--plan-out=-", "--report", "json=-"], "standard output has the plan alone"),
        (["--plan-out=x", "--report", "json=./x"], "a report would go there, too"),
    ],
    ids=" ".join,
)
def test_options_that_do_not_go_together_are_usage_errors(
    cli: CommandLine, arguments: list[str], message: str
) -> None:
    """No cluster is asked."""
    assert message in cli("sync", *arguments, code=2).err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot read {file}: no such file or directory"),
        ("", "{file} is not JSON, or not all of it is there"),
        ('{"kind": "SyncPlan", "objects": [', "{file} is not JSON, or not all of it is there"),
        ("\udcff", "{file} is not JSON, or not all of it is there"),
        ("[" * 100_000, "{file} is not JSON, or not all of it is there"),
        ("[]", "{file} is no SyncPlan: sync --plan-out has not made it"),
        ('{"kind": "SyncPlan"}', "{file} was made by kubefedctl NoneType as SyncPlan of NoneType"),
    ],
    ids=["none", "empty", "cut off", "bytes", "deep", "list", "bare"],
)
def test_file_that_is_no_plan_is_an_input_error(
    cli: CommandLine, file: Path, content: str | None, message: str
) -> None:
    """Before any cluster is asked; the hint says how to make one."""
    if content is not None:
        file.write_bytes(content.encode(errors="surrogateescape"))
    error, hint = cli.fails("sync", "--plan", str(file), code=3)
    assert error.startswith(message.format(file=file))
    assert "" != hint


@pytest.mark.parametrize(
    ("field", "value"), [("deletionScope", "some"), ("rsp", "never"), ("shard", "3/2")]
)
def test_plan_with_an_option_that_there_is_not_is_an_input_error(
    shop: Sandbox, cli: CommandLine, file: Path, field: str, value: str
) -> None:
    """Somebody wrote it himself; nothing is asked of any cluster."""
    cli("sync", "--plan-out", str(file))
    document = _read(file)
    document["options"][field] = value
    bare = {name: found for name, found in document.items() if name != "checksum"}
    file.write_text(json.dumps({**bare, "checksum": digest(bare)}))
    error, _ = cli.fails("sync", "--plan", str(file), code=3)
    assert value in error


def test_place_that_cannot_be_written_is_told_before_anything(
    cli: CommandLine, tmp_path: Path
) -> None:
    """No cluster is asked for a plan that would be lost."""
    error, _ = cli.fails("sync", "--plan-out", str(tmp_path), code=3)
    assert f"cannot write the plan to {tmp_path}: is a directory" == error
    error, hint = cli.fails("sync", "--plan-out", str(tmp_path / "no" / "plan"), code=3)
    assert error.endswith("no such file or directory")
    assert "name a file in a folder that is there and may be written" == hint
    assert [] == list(tmp_path.iterdir())
