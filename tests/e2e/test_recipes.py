"""The recipes of docs/ci, carried out as their platforms would."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.controlplanes.fixtures import make_environment
from tests.e2e.clusters import KNS, KUBEFEDCTL, Clusters
from tests.e2e.ground import TYPE_CONFIGS, Ground, altered, stand_on
from tests.e2e.test_statuses import SERVICE_STATUS_TYPE

ROOT = Path(__file__).parents[2]
RECIPES = ROOT / "docs" / "ci"
NOWHERE = Path("/proc/no-home")
"""A home that nobody can make or write, not even root."""
_UNFIT = {"clusterName": "cluster0", "clusterOverrides": [{"path": "/no/such/place"}]}
_PREFERENCE: dict[str, Any] = {
    "apiVersion": "scheduling.kubefed.io/v1alpha1",
    "kind": "ReplicaSchedulingPreference",
    "spec": {"targetKind": "FederatedDeployment", "totalReplicas": 3, "rebalance": True},
}
_STATUSES: dict[str, Any] = {"statusType": SERVICE_STATUS_TYPE, "statusCollection": "Enabled"}
_NO_STATUSES: dict[str, Any] = {"statusType": None, "statusCollection": None}
_SERVICE_STATUSES = "/apis/core.kubefed.io/v1alpha1/namespaces/{}/federatedservicestatuses"
_ACCOUNT = f"/api/v1/namespaces/{KNS}/serviceaccounts/kubefedctl-sync"


@pytest.fixture
def ground(real_federation: Clusters) -> Iterator[Ground]:
    """A namespace of a federation on real control planes."""
    with stand_on(real_federation) as found:
        yield found


def _load(recipe: str) -> dict[str, Any]:
    """The objects of a recipe by kind."""
    text = (RECIPES / recipe).read_text()
    return {found["kind"]: found for found in yaml.safe_load_all(text)}


def _kubectl(fleet: Clusters, *arguments: str) -> str:
    done = subprocess.run(
        ["kubectl", "--context", "cluster1", *arguments],
        env=dict(fleet.env),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert 0 == done.returncode, done.stderr
    return done.stdout


def _as_account(fleet: Clusters, folder: Path) -> dict[str, str]:
    """The environment of somebody who has the token of the recipe's account and nothing else."""
    token = fleet.host.create(f"{_ACCOUNT}/token", {"spec": {"expirationSeconds": 3600}})
    config = yaml.safe_load(fleet.kubeconfig.read_text())
    (cluster,) = [found for found in config["clusters"] if found["name"].startswith("cluster1")]
    context = {"cluster": cluster["name"], "user": "account"}
    user = {"name": "account", "user": {"token": token["status"]["token"]}}
    config |= {"clusters": [cluster], "users": [user], "current-context": "host"}
    config["contexts"] = [{"name": "host", "context": context}]
    path = folder / "account.kubeconfig"
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(config))
    return make_environment(fleet.env, kubeconfig=path, home=NOWHERE)


def _start_container(job: dict[str, Any], env: dict[str, str]) -> subprocess.Popen[str]:
    """Start what the job's container would, without a terminal, a home or anything to read."""
    (container,) = job["template"]["spec"]["containers"]
    return subprocess.Popen(
        [str(KUBEFEDCTL), *container["args"]],
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _end(started: subprocess.Popen[str]) -> tuple[int, str]:
    """Return how a container ended, and what it complained of."""
    with started:
        _, complaints = started.communicate(timeout=180)
    return started.returncode, complaints


def _run_container(job: dict[str, Any], env: dict[str, str]) -> tuple[int, str]:
    return _end(_start_container(job, env))


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not on PATH")
def test_cron_job_role_suffices_for_all_that_a_sync_does(ground: Ground, tmp_path: Path) -> None:
    """Under its own account, with no home, the CronJob's command propagates and takes away."""
    fleet = ground.fleet
    _kubectl(fleet, "apply", "--validate=strict", "-f", str(RECIPES / "cronjob.yaml"))
    env = _as_account(fleet, tmp_path)
    job = _load("cronjob.yaml")["CronJob"]["spec"]["jobTemplate"]["spec"]
    ground.federate_namespace()
    for kind in ("ConfigMap", "Secret", "Service", "Deployment", "Widget"):
        ground.federate(kind)
    preferences = f"/apis/scheduling.kubefed.io/v1alpha1/namespaces/{ground.namespace}"
    ground.host.create(
        f"{preferences}/replicaschedulingpreferences",
        {**_PREFERENCE, "metadata": {"name": "x"}},
    )
    services = f"{TYPE_CONFIGS}/services"
    with altered(ground.host, services, {"spec": _STATUSES}, back={"spec": _NO_STATUSES}):
        assert (0, "") == _run_container(job, env)
    assert [0, 1, 2] == ground.holders("Widget")
    assert None is not ground.host.get(f"{_SERVICE_STATUSES.format(ground.namespace)}/x")
    ground.change("ConfigMap", {"overrides": [_UNFIT]})
    for _ in range(2):  # the second one counts the event of the first
        code, complaints = _run_container(job, env)
        assert (5, False) == (code, "forbidden" in complaints.lower())
    for kind in ("ConfigMap", "Secret", "Service", "Deployment", "Widget"):
        ground.delete(kind)
    ground.host.delete(f"{preferences}/replicaschedulingpreferences/x")
    assert (0, "") == _run_container(job, env)
    assert [] == ground.holders("Deployment")


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not on PATH")
def test_indexed_job_s_shards_do_together_what_a_sync_does(ground: Ground, tmp_path: Path) -> None:
    """Under the CronJob's account, all indices at once bring everything everywhere."""
    fleet = ground.fleet
    _kubectl(fleet, "apply", "-f", str(RECIPES / "cronjob.yaml"))
    created = _kubectl(
        fleet, "create", "--validate=strict", "-f", str(RECIPES / "indexed-job.yaml")
    )
    assert created.startswith("job.batch/kubefedctl-sync-")
    env = _as_account(fleet, tmp_path)
    job = _load("indexed-job.yaml")["Job"]["spec"]
    ground.federate_namespace()
    for number in range(4):
        ground.federate("ConfigMap", f"x{number}")
        ground.federate("ClusterRole", f"{ground.namespace}-{number}")
    started = [
        _start_container(job, {**env, "JOB_COMPLETION_INDEX": str(index)})
        for index in range(job["completions"])
    ]
    assert {(0, "")} == {_end(found) for found in started}
    for number in range(4):
        assert [0, 1, 2] == ground.holders("ConfigMap", f"x{number}")
        assert [0, 1, 2] == ground.holders("ClusterRole", f"{ground.namespace}-{number}")


@dataclass(frozen=True, slots=True)
class Runner:
    """A machine that runs the steps of our action, without a terminal or a home."""

    folder: Path
    kubeconfig: Path

    def use(self, **inputs: str) -> tuple[subprocess.CompletedProcess[str], dict[str, str]]:
        """Return how the last step ended, and the outputs of the action by name."""
        action = yaml.safe_load((ROOT / "action.yml").read_text())
        given = {name: found.get("default", "") for name, found in action["inputs"].items()}
        given |= {"kubeconfig": self.kubeconfig.read_text(), **inputs}
        for name in ("output", "path", "summary"):
            (self.folder / name).write_text("")
        for step in action["runs"]["steps"]:
            done = self._run(step, given)
            if done.returncode:
                break
        found = dict(
            line.split("=", 1) for line in (self.folder / "output").read_text().splitlines()
        )
        return done, found

    def _run(
        self, step: dict[str, Any], inputs: dict[str, str]
    ) -> subprocess.CompletedProcess[str]:
        env = {
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "HOME": str(NOWHERE),
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_OUTPUT": str(self.folder / "output"),
            "GITHUB_PATH": str(self.folder / "path"),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
            "RUNNER_TEMP": str(self.folder),
        }
        for name, value in step["env"].items():
            env[name] = inputs[value.removeprefix("${{ inputs.").removesuffix(" }}")]
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )


@pytest.fixture
def shop(sandbox_federation: Clusters) -> Iterator[Ground]:
    """A federated ConfigMap in a namespace of a federation on embedded API servers."""
    with stand_on(sandbox_federation) as found:
        found.federate_namespace()
        found.federate("ConfigMap")
        yield found


@pytest.fixture
def runner(sandbox_federation: Clusters, tmp_path: Path) -> Runner:
    """A machine on which kubefedctl is installed already, with the host's kubeconfig."""
    # NB: installing needs a package registry, and a test has none
    (tmp_path / "kubefedctl").symlink_to(sys.prefix)
    config = yaml.safe_load(sandbox_federation.kubeconfig.read_text())
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(config | {"current-context": "cluster1"}))
    return Runner(tmp_path, path)


def test_action_shows_a_difference_then_syncs(shop: Ground, runner: Runner) -> None:
    """A diff is an answer and fails no step; the sync after it does what the diff said."""
    diff, told = runner.use(arguments=f"diff -n '{shop.namespace}'")
    assert (0, "1", "true") == (diff.returncode, told["exit-code"], told["changed"]), diff.stderr
    dry, told = runner.use(arguments=f"sync --dry-run --diff -n {shop.namespace}")
    assert (0, "1") == (dry.returncode, told["exit-code"]), dry.stderr
    assert [] == shop.holders("ConfigMap")
    done, told = runner.use(arguments=f"sync -n {shop.namespace} --timeout '20s'")
    assert (0, "0", "true") == (done.returncode, told["exit-code"], told["changed"]), done.stderr
    assert [0, 1, 2] == shop.holders("ConfigMap")
    assert {"report.json", "junit.xml", "report.html"} == set(os.listdir(told["reports"]))
    assert shop.namespace in (runner.folder / "summary").read_text()
    done, told = runner.use(arguments=f"sync -n {shop.namespace}")
    assert "false" == told["changed"]


def test_action_fails_with_the_code_of_the_run(shop: Ground, runner: Runner) -> None:
    """A failing member is an annotation, and the step fails."""
    shop.change("ConfigMap", {"overrides": [_UNFIT]})
    done, told = runner.use(arguments=f"sync -n {shop.namespace}")
    assert (5, "5") == (done.returncode, told["exit-code"])
    assert "::error" in done.stdout + done.stderr


def test_action_leaves_no_kubeconfig_behind(shop: Ground, runner: Runner) -> None:
    """It is on disk for the step alone, however that ends."""
    for arguments in (f"sync -n {shop.namespace}", "sync --no-such-option"):
        runner.use(arguments=arguments)
        secret = yaml.safe_load(runner.kubeconfig.read_text())["users"][0]["user"]
        runner_files = [found for found in runner.folder.glob("kubefedctl-*/**/*")]
        texts = [found.read_text() for found in runner_files if found.is_file()]
        assert not any(secret["client-key-data"] in text for text in texts)


def test_action_expands_nothing_in_its_arguments(runner: Runner) -> None:
    """What stands in the arguments is words, never commands."""
    trap = runner.folder / "trapped"
    done, told = runner.use(arguments=f"version '$(touch {trap})' `touch {trap}` ; touch {trap}")
    assert not trap.exists()
    assert (2, "2") == (done.returncode, told["exit-code"])


def test_action_puts_no_expression_into_a_script() -> None:
    """Inputs reach scripts through the environment, where nobody can write commands."""
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    assert not any("${{" in step["run"] for step in action["runs"]["steps"])


def _run_shell(
    script: str, folder: Path, *arguments: str, **environ: str
) -> subprocess.CompletedProcess[str]:
    """Run a job's script as CI does: no terminal, no home, nothing to read."""
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    return subprocess.run(
        ["sh", "-e", script, *arguments] if Path(script).is_file() else ["sh", "-e", "-c", script],
        env={"PATH": path, "HOME": str(NOWHERE), "CI": "true", **environ},
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def test_gitlab_jobs_show_a_difference_then_sync(shop: Ground, runner: Runner) -> None:
    """The diff ends with the code that its job allows, and each job leaves what it promises."""
    jobs = yaml.safe_load((RECIPES / "gitlab-ci.yml").read_text())
    before = "\n".join(jobs[".kubefedctl"]["before_script"])
    kubeconfig = str(runner.kubeconfig)
    codes = {}
    for job in ("kubefedctl-diff", "kubefedctl-sync"):
        script = "\n".join([before, *jobs[job]["script"]])
        done = _run_shell(script, runner.folder, KUBECONFIG=kubeconfig, GITLAB_CI="true")
        codes[job] = done.returncode
        for report in jobs[".kubefedctl"]["artifacts"]["reports"].values():
            assert (runner.folder / report).is_file(), done.stderr
            (runner.folder / report).unlink()
    assert {"kubefedctl-diff": 1, "kubefedctl-sync": 0} == codes
    assert [1] == jobs["kubefedctl-diff"]["allow_failure"]["exit_codes"]
    assert [0, 1, 2] == shop.holders("ConfigMap")


def test_pipeline_script_applies_what_it_planned(shop: Ground, runner: Runner) -> None:
    """With a token in the environment, it plans, syncs, reports, and leaves no secret behind."""
    account = f"/api/v1/namespaces/{KNS}/serviceaccounts"
    shop.host.create(account, {"metadata": {"name": "job"}})
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
    subject = {"kind": "ServiceAccount", "name": "job", "namespace": KNS}
    shop.host.create(
        "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
        {"metadata": {"name": "job"}, "roleRef": role, "subjects": [subject]},
    )
    asked: dict[str, Any] = {"spec": {"expirationSeconds": 3600}}
    token = shop.host.create(f"{account}/job/token", asked)["status"]["token"]
    config = yaml.safe_load(runner.kubeconfig.read_text())
    cluster = next(found for found in config["clusters"] if found["name"] == "cluster1")["cluster"]
    reports, temporary = runner.folder / "reports", runner.folder / "temporary"
    reports.mkdir()
    temporary.mkdir()
    done = _run_shell(
        str(RECIPES / "pipeline.sh"),
        runner.folder,
        HOST_SERVER=cluster["server"],
        HOST_CA=base64.b64decode(cluster["certificate-authority-data"]).decode(),
        HOST_TOKEN=token,
        REPORTS=str(reports),
        TMPDIR=str(temporary),
    )
    assert 0 == done.returncode, done.stderr
    assert [0, 1, 2] == shop.holders("ConfigMap")
    assert {"plan.md", "junit.xml", "report.html"} == set(os.listdir(reports))
    written = "".join(found.read_text() for found in reports.iterdir())
    assert token not in done.stdout + done.stderr + written
    assert [] == list(temporary.iterdir())
