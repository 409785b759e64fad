"""Tests of telling the same change of several clusters once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kubefedctl.core.folding import fold
from kubefedctl.model.changes import FieldChange, MemberChange, SharedChange
from kubefedctl.model.refs import Subject

WEB = Subject("Deployment", "shop", "web")
OLD = Subject("ConfigMap", "shop", "old")
IMAGE = FieldChange("spec.image", "a:1", "a:2")
ONE, FIVE = FieldChange("spec.replicas", 1, 1.5), FieldChange("spec.replicas", 1, 5)
CLUSTERS = ("c1", "c2", "c3")

_fields = st.lists(st.sampled_from([IMAGE, ONE, FIVE]), unique=True).map(tuple)
_changes = st.lists(
    st.builds(
        MemberChange,
        st.sampled_from([WEB, OLD]),
        st.sampled_from(CLUSTERS),
        st.sampled_from(["create", "update", "delete"]),
        _fields,
    ),
    unique_by=lambda one: (one.subject, one.cluster),
)


def _update(cluster: str, *fields: FieldChange) -> MemberChange:
    return MemberChange(WEB, cluster, "update", fields)


def test_fold_tells_what_all_share_first_and_outliers_after_it() -> None:
    """Each change with just the clusters that it holds for."""
    changes = [_update("c3", IMAGE, FIVE), _update("c1", IMAGE), _update("c2", IMAGE)]
    (found,) = fold(changes, clusters={WEB: CLUSTERS}, looked_at=1).objects
    assert (
        SharedChange("update", CLUSTERS, (IMAGE,)),
        SharedChange("update", ("c3",), (FIVE,)),
    ) == found.changes


def test_fold_names_clusters_in_which_nothing_differs() -> None:
    """Those that were asked, too."""
    (found,) = fold([_update("c2", IMAGE)], clusters={WEB: CLUSTERS}, looked_at=1).objects
    assert CLUSTERS == found.clusters


def test_fold_keeps_deletions_apart_from_updates() -> None:
    """Another deed is another entry."""
    changes = [_update("c1", IMAGE), *(MemberChange(WEB, c, "delete") for c in ("c2", "c3"))]
    (found,) = fold(changes, clusters={}, looked_at=1).objects
    assert [("delete", ("c2", "c3")), ("update", ("c1",))] == [
        (one.deed, one.clusters) for one in found.changes
    ]


def test_fold_of_nothing_differs_in_nothing() -> None:
    """An empty comparison says so."""
    assert not fold([], clusters={WEB: CLUSTERS}, looked_at=1).differs


@given(_changes)
def test_fold_loses_and_repeats_nothing(changes: list[MemberChange]) -> None:
    """Of each cluster, all its changes are told, each once."""
    told = [
        (found.subject, cluster, shared.deed, field)
        for found in fold(changes, clusters={}, looked_at=2).objects
        for shared in found.changes
        for cluster in shared.clusters
        for field in shared.fields or (None,)
    ]
    expected = [
        (one.subject, one.cluster, one.deed, field)
        for one in changes
        for field in one.fields or (None,)
    ]
    assert sorted(map(repr, expected)) == sorted(map(repr, told))
