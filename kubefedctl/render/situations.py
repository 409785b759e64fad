"""
How a federation stands, as tables for people and as a document for scripts.
"""

from __future__ import annotations

from collections.abc import Sequence

from kubefedctl.model.events import counted
from kubefedctl.model.refs import Object
from kubefedctl.model.situations import Cell, ClusterSituation, ObjectSituation, Situation
from kubefedctl.render.tables import format_table

_MOST_COLUMNS = 8
_MOST_NAMED = 3
_NONE = "-"


def situation_lines(situation: Situation, *, width: int | None = None) -> list[str]:
    """
    Return the tables of clusters, types and objects, and one sentence on the whole.

    Args:
        situation: What to show.
        width: Columns of the terminal; None where it is none. A table of objects and clusters that
            does not fit becomes one line of counts for each object.
    """
    lines: list[str] = []
    if situation.clusters:
        lines += [*_cluster_table(situation.clusters), ""]
    if situation.types:
        lines += [*_type_table(situation), ""]
    if situation.objects:
        lines += [*_object_table(situation, width), ""]
    lines += [f"orphan: {found}, whose federated object is gone" for found in situation.orphans]
    lines += [line for found in situation.objects for line in _causes(found)]
    return [*lines, _sentence(situation)]


def situation_as_object(situation: Situation) -> Object:
    """Return the same as a document."""
    return {
        "apiVersion": "kubefedctl.io/v1",
        "kind": "FederationStatus",
        "settled": situation.is_settled,
        "clusters": [_cluster_as_object(found) for found in situation.clusters],
        "types": [
            {
                "name": found.name,
                "propagation": "Enabled" if found.is_propagated else "Disabled",
                **({} if found.objects is None else {"objects": found.objects}),
                **({"problem": found.problem} if found.problem else {}),
            }
            for found in situation.types
        ],
        "objects": [_object_as_object(found) for found in situation.objects],
        "orphans": list(situation.orphans),
    }


def _cluster_table(clusters: Sequence[ClusterSituation]) -> list[str]:
    has_tokens = any(found.token_ends for found in clusters)
    has_draining = any(found.draining for found in clusters)
    header = ["CLUSTER", "READY", "VERSION", "LAST PROBE", "MANAGED"]
    header += ["TOKEN ENDS"] * has_tokens + ["DRAIN"] * has_draining
    rows = [
        [
            found.name,
            str(found.is_ready),
            found.version or _NONE,
            found.probed or _NONE,
            _NONE if found.managed is None else str(found.managed),
            *([found.token_ends or _NONE] * has_tokens),
            *([found.draining or _NONE] * has_draining),
        ]
        for found in clusters
    ]
    return format_table([header, *rows])


def _type_table(situation: Situation) -> list[str]:
    rows = [
        [
            found.name,
            "Enabled" if found.is_propagated else "Disabled",
            _NONE if found.objects is None else str(found.objects),
        ]
        for found in situation.types
    ]
    return format_table([["TYPE", "PROPAGATION", "OBJECTS"], *rows])


def _object_table(situation: Situation, width: int | None) -> list[str]:
    names = [found.name for found in situation.clusters]
    rows = [
        [str(found.subject), *(_cell(found.cells.get(name)) for name in names)]
        for found in situation.objects
    ]
    table = format_table([["OBJECT", *names], *rows])
    is_wide = len(names) > _MOST_COLUMNS if width is None else max(map(len, table)) > width
    if not is_wide:
        return table
    rows = [[str(found.subject), _counts(found)] for found in situation.objects]
    return format_table([["OBJECT", "CLUSTERS"], *rows])


def _cell(cell: Cell | None) -> str:
    """One word, or for workloads that are as they should be the replicas that are ready."""
    if cell is None:
        return _NONE
    if cell.replicas is None:
        return cell.word
    replicas = f"{cell.ready}/{cell.replicas}"
    return replicas if cell.is_settled else f"{cell.word} {replicas}"


def _counts(found: ObjectSituation) -> str:
    """How many clusters share a word, with names where they are few."""
    by_word: dict[str, list[str]] = {}
    for name, cell in found.cells.items():
        by_word.setdefault(cell.word, []).append(name)
    parts = []
    for word, names in sorted(by_word.items(), key=lambda item: item[0] != "ok"):
        told = "" if word == "ok" or len(names) > _MOST_NAMED else f" ({', '.join(names)})"
        parts.append(f"{word} {len(names)}{told}")
    return ", ".join(parts) or _NONE


def _causes(found: ObjectSituation) -> list[str]:
    """Why an object is not as it should be, each cause once with the clusters that it holds for."""
    lines = []
    if found.reason:
        cause = f": {found.detail}" if found.detail else ""
        lines.append(f"{found.subject}: {found.reason}{cause}")
    by_cause: dict[tuple[str, str], list[str]] = {}
    for name, cell in found.cells.items():
        if cell.detail:
            by_cause.setdefault((cell.word, cell.detail), []).append(name)
    for (word, detail), names in by_cause.items():
        where = "cluster" if len(names) == 1 else "clusters"
        lines.append(f"{found.subject} in {where} {', '.join(names)}: {word}: {detail}")
    return lines


def _sentence(situation: Situation) -> str:
    objects = counted(len(situation.objects), "federated object")
    clusters = counted(len(situation.clusters), "cluster")
    if situation.is_settled:
        return f"{objects} over {clusters}: all as the host says"
    left = sum(1 for found in situation.objects if not found.is_settled)
    silent = sum(1 for found in situation.clusters if not found.is_ready)
    parts = [f"{left} not as the host says"]
    parts += [f"{counted(silent, 'cluster')} not ready"] if silent else []
    return f"{objects} over {clusters}: {', '.join(parts)}"


def _cluster_as_object(found: ClusterSituation) -> Object:
    optional = {
        "note": found.note,
        "version": found.version,
        "lastProbe": found.probed,
        "tokenEnds": found.token_ends,
        "drain": found.draining,
    }
    made: Object = {"name": found.name, "ready": found.is_ready}
    made |= {name: value for name, value in optional.items() if value}
    return made if found.managed is None else {**made, "managed": found.managed}


def _object_as_object(found: ObjectSituation) -> Object:
    made: Object = {
        "object": str(found.subject),
        "settled": found.is_settled,
        "clusters": {name: _cell_as_object(cell) for name, cell in found.cells.items()},
    }
    if found.reason:
        made["reason"] = found.reason
    if found.detail:
        made["detail"] = found.detail
    return made


def _cell_as_object(cell: Cell) -> Object:
    made: Object = {"state": cell.word}
    if cell.detail:
        made["detail"] = cell.detail
    if cell.replicas is not None:
        made |= {"ready": cell.ready, "replicas": cell.replicas}
    return made
