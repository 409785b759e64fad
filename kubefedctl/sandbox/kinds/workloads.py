"""
Pods and what makes pods: defaults, and the rules users meet.

Upstream: pkg/apis/core/v1/defaults.go, pkg/apis/apps/v1/defaults.go, pkg/apis/batch/v1/defaults.go,
pkg/apis/{apps,batch,core}/validation (v1.34).
"""

from __future__ import annotations

import re

from kubefedctl.sandbox.kinds.context import Context
from kubefedctl.sandbox.names import check_label
from kubefedctl.sandbox.objects import Object, clone, meta, name_of, spec_of
from kubefedctl.sandbox.selectors import match_selector
from kubefedctl.sandbox.statuses import cause, invalid_value, required, show_value, unsupported

_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_UID_LABELS = ("batch.kubernetes.io/controller-uid", "controller-uid")
_NAME_LABELS = ("batch.kubernetes.io/job-name", "job-name")
_TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"
_IMMUTABLE = "field is immutable"


def _default_container(container: Object) -> None:
    container.setdefault("resources", {})
    container.setdefault("terminationMessagePath", "/dev/termination-log")
    container.setdefault("terminationMessagePolicy", "File")
    if not container.get("imagePullPolicy"):
        container["imagePullPolicy"] = _pull_policy(str(container.get("image") or ""))
    for port in container.get("ports") or ():
        port.setdefault("protocol", "TCP")
    for variable in container.get("env") or ():
        reference = (variable.get("valueFrom") or {}).get("fieldRef")
        if reference is not None:
            reference.setdefault("apiVersion", "v1")
    for probe in (container[key] for key in _PROBES if container.get(key)):
        _default_probe(probe)


def _pull_policy(image: str) -> str:
    """Upstream: pkg/apis/core/v1/defaults.go (SetDefaults_Container)."""
    if "@" in image:
        return "IfNotPresent"
    tag = image.rpartition("/")[2].partition(":")[2]
    return "Always" if tag in ("", "latest") else "IfNotPresent"


def _default_probe(probe: Object) -> None:
    for key, value in (
        ("timeoutSeconds", 1),
        ("periodSeconds", 10),
        ("successThreshold", 1),
        ("failureThreshold", 3),
    ):
        if not probe.get(key):
            probe[key] = value
    if probe.get("httpGet"):
        probe["httpGet"].setdefault("path", "/")
        probe["httpGet"].setdefault("scheme", "HTTP")


def _default_volumes(spec: Object) -> None:
    for volume in spec.get("volumes") or ():
        for key in ("secret", "configMap", "projected", "downwardAPI"):
            if isinstance(volume.get(key), dict):
                volume[key].setdefault("defaultMode", 420)
        if isinstance(volume.get("hostPath"), dict):
            volume["hostPath"].setdefault("type", "")
        if len(volume) == 1 and "name" in volume:
            volume["emptyDir"] = {}


def default_pod_spec(spec: Object) -> None:
    """Give a pod's spec what pods and pod templates have in common."""
    for key, value in (
        ("restartPolicy", "Always"),
        ("dnsPolicy", "ClusterFirst"),
        ("schedulerName", "default-scheduler"),
    ):
        if not spec.get(key):
            spec[key] = value
    spec.setdefault("terminationGracePeriodSeconds", 30)
    if spec.get("securityContext") is None:
        spec["securityContext"] = {}
    if spec.get("serviceAccountName"):
        spec["serviceAccount"] = spec["serviceAccountName"]
    elif spec.get("serviceAccount"):
        spec["serviceAccountName"] = spec["serviceAccount"]
    for container in (*(spec.get("initContainers") or ()), *(spec.get("containers") or ())):
        _default_container(container)
        if spec.get("hostNetwork"):
            for port in container.get("ports") or ():
                port.setdefault("hostPort", port.get("containerPort"))
    _default_volumes(spec)


def _default_template(spec: Object) -> Object:
    template: Object = spec.setdefault("template", {})
    metadata = template.setdefault("metadata", {})
    if metadata is None:
        template["metadata"] = {}
    default_pod_spec(template.setdefault("spec", {}))
    return template


def default_pod(obj: Object) -> None:
    """Give a pod its defaults."""
    spec = obj.setdefault("spec", {})
    default_pod_spec(spec)
    spec.setdefault("enableServiceLinks", True)
    spec.setdefault("preemptionPolicy", "PreemptLowerPriority")
    spec.setdefault("priority", 0)
    for container in (*(spec.get("initContainers") or ()), *(spec.get("containers") or ())):
        resources = container["resources"]
        for key, value in (resources.get("limits") or {}).items():
            resources.setdefault("requests", {}).setdefault(key, value)
    known = {item.get("key") for item in spec.get("tolerations") or ()}
    for word in ("not-ready", "unreachable"):
        key = f"node.kubernetes.io/{word}"
        if key not in known:
            toleration = {"key": key, "operator": "Exists", "effect": "NoExecute"}
            spec.setdefault("tolerations", []).append({**toleration, "tolerationSeconds": 300})


def prepare_pod(obj: Object, old: Object | None, context: Context) -> None:
    """A new pod is pending."""
    if old is None:
        obj["status"] = {"phase": "Pending", "qosClass": _quality(spec_of(obj))}


def _quality(spec: Object) -> str:
    """Upstream: pkg/apis/core/helper/qos (ComputePodQOS), cpu and memory only."""
    containers = [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]
    resources = [container.get("resources") or {} for container in containers]
    if not any(item.get("requests") or item.get("limits") for item in resources):
        return "BestEffort"
    for item in resources:
        limits, requests = item.get("limits") or {}, item.get("requests") or {}
        if any(key not in limits or limits[key] != requests.get(key) for key in ("cpu", "memory")):
            return "Burstable"
    return "Guaranteed"


def validate_pod(obj: Object, old: Object | None) -> list[Object]:
    """Return the causes against a pod."""
    causes = _check_pod_spec(spec_of(obj), "spec")
    if old is not None and _frozen_part(spec_of(obj)) != _frozen_part(spec_of(old)):
        text = (
            "Forbidden: pod updates may not change fields other than `spec.containers[*].image`,"
            "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only "
            "additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to "
            "be set to 1 if it was previously negative)"
        )
        causes.append(cause("FieldValueForbidden", "spec", message=text))
    return causes


def _frozen_part(spec: Object) -> Object:
    frozen: Object = clone(spec)
    for key in ("activeDeadlineSeconds", "tolerations", "nodeName"):
        frozen.pop(key, None)
    for container in (*(frozen.get("containers") or ()), *(frozen.get("initContainers") or ())):
        container.pop("image", None)
        container.pop("imagePullPolicy", None)
    return frozen


def _check_pod_spec(spec: Object, field: str) -> list[Object]:
    containers = spec.get("containers") or []
    causes = [] if containers else [required(f"{field}.containers")]
    names: set[str] = set()
    for index, container in enumerate(containers):
        where, name = f"{field}.containers[{index}]", container.get("name") or ""
        if not name:
            causes.append(required(f"{where}.name"))
        elif problems := check_label(name):
            causes += [invalid_value(f"{where}.name", name, message=text) for text in problems]
        elif name in names:
            text = f"Duplicate value: {show_value(name)}"
            causes.append(cause("FieldValueDuplicate", f"{where}.name", message=text))
        names.add(name)
        if not container.get("image"):
            causes.append(required(f"{where}.image"))
        causes += _check_ports(container.get("ports") or [], f"{where}.ports")
    policies = ("Always", "OnFailure", "Never")
    if spec.get("restartPolicy") not in policies:
        causes.append(
            unsupported(f"{field}.restartPolicy", spec.get("restartPolicy"), allowed=policies)
        )
    return causes


def _check_ports(ports: list[Object], field: str) -> list[Object]:
    text = "must be between 1 and 65535, inclusive"
    return [
        invalid_value(f"{field}[{index}].containerPort", port.get("containerPort"), message=text)
        for index, port in enumerate(ports)
        if not isinstance(port.get("containerPort"), int) or not 0 < port["containerPort"] < 65536
    ]


def _default_strategy(spec: Object, key: str, limits: Object) -> None:
    strategy = spec.setdefault(key, {})
    if not strategy.get("type"):
        strategy["type"] = "RollingUpdate"
    if strategy["type"] == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        for name, value in limits.items():
            rolling.setdefault(name, value)


def default_deployment(obj: Object) -> None:
    """Give a Deployment its defaults."""
    spec = obj.setdefault("spec", {})
    _default_template(spec)
    spec.setdefault("replicas", 1)
    _default_strategy(spec, "strategy", {"maxUnavailable": "25%", "maxSurge": "25%"})
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("progressDeadlineSeconds", 600)


def default_replica_set(obj: Object) -> None:
    """Give a ReplicaSet its defaults."""
    spec = obj.setdefault("spec", {})
    _default_template(spec)
    spec.setdefault("replicas", 1)


def default_replication_controller(obj: Object) -> None:
    """Give a ReplicationController its defaults."""
    spec = obj.setdefault("spec", {})
    labels = meta(_default_template(spec)).get("labels")
    spec.setdefault("replicas", 1)
    if labels and not spec.get("selector"):
        spec["selector"] = dict(labels)


def default_stateful_set(obj: Object) -> None:
    """Give a StatefulSet its defaults."""
    spec = obj.setdefault("spec", {})
    _default_template(spec)
    spec.setdefault("podManagementPolicy", "OrderedReady")
    _default_strategy(spec, "updateStrategy", {"partition": 0})
    spec.setdefault("replicas", 1)
    spec.setdefault("revisionHistoryLimit", 10)
    policy = spec.setdefault("persistentVolumeClaimRetentionPolicy", {})
    policy.setdefault("whenDeleted", "Retain")
    policy.setdefault("whenScaled", "Retain")
    for claim in spec.get("volumeClaimTemplates") or ():
        claim.setdefault("apiVersion", "v1")
        claim.setdefault("kind", "PersistentVolumeClaim")
        claim.setdefault("spec", {}).setdefault("volumeMode", "Filesystem")
        claim["status"] = {"phase": "Pending"}


def default_daemon_set(obj: Object) -> None:
    """Give a DaemonSet its defaults."""
    spec = obj.setdefault("spec", {})
    metadata = obj["metadata"]
    metadata["annotations"] = {_TEMPLATE_GENERATION: "1", **(metadata.get("annotations") or {})}
    _default_template(spec)
    _default_strategy(spec, "updateStrategy", {"maxUnavailable": 1, "maxSurge": 0})
    spec.setdefault("revisionHistoryLimit", 10)


def _default_job_spec(spec: Object) -> None:
    if spec.get("completions") is None and spec.get("parallelism") is None:
        spec["completions"] = spec["parallelism"] = 1
    spec.setdefault("parallelism", 1)
    indexed = spec.get("completionMode") == "Indexed" and "backoffLimitPerIndex" in spec
    spec.setdefault("backoffLimit", 2147483647 if indexed else 6)
    spec.setdefault("completionMode", "NonIndexed")
    spec.setdefault("suspend", False)
    spec.setdefault("podReplacementPolicy", "TerminatingOrFailed")
    template = _default_template(spec)
    if "restartPolicy" not in template["spec"]:
        template["spec"]["restartPolicy"] = "Always"


def default_job(obj: Object) -> None:
    """Give a Job its defaults."""
    _default_job_spec(obj.setdefault("spec", {}))
    obj["spec"].setdefault("manualSelector", False)
    template = obj["spec"]["template"]
    if not (obj["metadata"].get("labels") or {}):
        # NB: upstream shares the labels of the template here, those the server adds later included.
        obj["metadata"]["labels"] = template["metadata"].setdefault("labels", {})


def prepare_daemon_set(obj: Object, old: Object | None, context: Context) -> None:
    """
    Count the templates of a DaemonSet.

    Upstream: pkg/registry/apps/daemonset/strategy.go, pkg/apis/apps/v1/conversion.go.
    """
    if old is None:
        return
    known = (meta(old).get("annotations") or {}).get(_TEMPLATE_GENERATION, "1")
    changed = obj["spec"].get("template") != old["spec"].get("template")
    number = int(known) + changed if known.isdigit() else 1
    obj["metadata"]["annotations"][_TEMPLATE_GENERATION] = str(number)


def prepare_job(obj: Object, old: Object | None, context: Context) -> None:
    """Give a new Job the selector and labels with its own uid."""
    if old is not None or obj["spec"].get("manualSelector"):
        return
    uid, spec = meta(obj)["uid"], obj["spec"]
    metadata = spec["template"]["metadata"]
    labels = dict(metadata.get("labels") or {})
    for key in _UID_LABELS:
        labels.setdefault(key, uid)
    for key in _NAME_LABELS:
        labels.setdefault(key, name_of(obj))
    if (obj["metadata"].get("labels") or {}) == (metadata.get("labels") or {}):
        obj["metadata"]["labels"] = dict(labels)
    metadata["labels"] = labels
    if not spec.get("selector"):
        spec["selector"] = {"matchLabels": {_UID_LABELS[0]: uid}}


def default_cron_job(obj: Object) -> None:
    """Give a CronJob its defaults."""
    spec = obj.setdefault("spec", {})
    spec.setdefault("concurrencyPolicy", "Allow")
    spec.setdefault("suspend", False)
    spec.setdefault("successfulJobsHistoryLimit", 3)
    spec.setdefault("failedJobsHistoryLimit", 1)
    template = spec.setdefault("jobTemplate", {})
    template.setdefault("metadata", {})
    inner = template.setdefault("spec", {})
    default_pod_spec(_default_template(inner)["spec"])


def default_pod_template(obj: Object) -> None:
    """Give a PodTemplate its defaults."""
    _default_template(obj)


def _immutable(obj: Object, old: Object | None, names: tuple[str, ...]) -> list[Object]:
    if old is None:
        return []
    return [
        invalid_value(f"spec.{name}", spec_of(obj).get(name), message=_IMMUTABLE)
        for name in names
        if spec_of(obj).get(name) != spec_of(old).get(name)
    ]


def validate_selected(obj: Object, old: Object | None) -> list[Object]:
    """Return the causes against an object with a selector and a pod template."""
    spec = spec_of(obj)
    selector, template = spec.get("selector"), spec["template"]
    causes = []
    replicas = spec.get("replicas", 0)
    if isinstance(replicas, int) and replicas < 0:
        text = "must be greater than or equal to 0"
        causes.append(invalid_value("spec.replicas", replicas, message=text))
    if selector is None:
        causes.append(required("spec.selector"))
    elif not (selector.get("matchLabels") or selector.get("matchExpressions")):
        text = f"empty selector is invalid for {str(obj.get('kind')).lower()}"
        causes.append(invalid_value("spec.selector", {}, message=text))
    labels = meta(template).get("labels") or {}
    if not match_selector(selector, labels):
        text = "`selector` does not match template `labels`"
        causes.append(invalid_value("spec.template.metadata.labels", labels or None, message=text))
    causes += _check_pod_spec(template["spec"], "spec.template.spec")
    policy = template["spec"].get("restartPolicy")
    if policy in ("Never", "OnFailure"):
        field = "spec.template.spec.restartPolicy"
        causes.append(unsupported(field, policy, allowed=["Always"]))
    return causes + _immutable(obj, old, ("selector",))


def validate_stateful_set(obj: Object, old: Object | None) -> list[Object]:
    """Return the causes against a StatefulSet."""
    causes = validate_selected(obj, None)
    free = (
        "replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy", "minReadySeconds",
    )  # fmt: skip

    def frozen(spec: Object) -> Object:
        return {key: value for key, value in spec.items() if key not in free}

    if old is not None and frozen(spec_of(obj)) != frozen(spec_of(old)):
        listed = "', '".join(free)
        text = (
            f"Forbidden: updates to statefulset spec for fields other than '{listed}' are forbidden"
        ).replace(", 'minReadySeconds'", " and 'minReadySeconds'")
        causes.append(cause("FieldValueForbidden", "spec", message=text))
    return causes


def validate_job(obj: Object, old: Object | None) -> list[Object]:
    """Return the causes against a Job."""
    causes = _check_job_template(spec_of(obj), "spec")
    return causes + _immutable(obj, old, ("completions", "selector", "template"))


def _check_job_template(spec: Object, field: str) -> list[Object]:
    template = spec["template"]["spec"]
    causes = _check_pod_spec(template, f"{field}.template.spec")
    policy = template.get("restartPolicy")
    if policy == "Always":
        where = f"{field}.template.spec.restartPolicy"
        text = 'Required value: valid values: "OnFailure", "Never"'
        causes.append(cause("FieldValueRequired", where, message=text))
    return causes


def validate_cron_job(obj: Object, old: Object | None) -> list[Object]:
    """Return the causes against a CronJob."""
    schedule = str(spec_of(obj).get("schedule") or "")
    causes = _check_job_template(spec_of(obj)["jobTemplate"]["spec"], "spec.jobTemplate.spec")
    if not schedule:
        causes.append(required("spec.schedule"))
    elif not re.match(r"^(@\w+( \S+)?|\S+( \S+){4})$", schedule):
        text = f"expected exactly 5 fields, found {len(schedule.split())}: [{schedule}]"
        causes.append(invalid_value("spec.schedule", schedule, message=text))
    return causes
