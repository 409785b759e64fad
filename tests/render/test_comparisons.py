"""Tests of showing what a sync would change: one block for each object, and documents."""

from __future__ import annotations

import io

from kubefedctl.model.changes import Comparison, FieldChange, ObjectChanges, SharedChange
from kubefedctl.model.events import Compared
from kubefedctl.model.refs import Subject
from kubefedctl.render.comparisons import comparison_as_object, comparison_lines, sign_of
from kubefedctl.render.text import TextRenderer

WEB = Subject("Deployment", "shop", "web")
CONF = Subject("ConfigMap", "shop", "conf")
IMAGE = FieldChange("spec.image", "a:1", "a:2")
COMPARISON = Comparison(
    (
        ObjectChanges(CONF, ("c1", "c2"), (SharedChange("delete", ("c2",)),)),
        ObjectChanges(
            WEB,
            ("c1", "c2", "c3"),
            (
                SharedChange(
                    "update",
                    ("c1", "c2", "c3"),
                    (
                        FieldChange("metadata.labels.tier", None, "web"),
                        IMAGE,
                        FieldChange("spec.paused", True, None),
                    ),
                ),
                SharedChange("update", ("c2", "c3"), (FieldChange("spec.replicas", 2, 5),)),
            ),
        ),
    ),
    looked_at=4,
)


def one(change: SharedChange, *clusters: str) -> list[str]:
    """Return the lines about one change of an object in *clusters*."""
    return comparison_lines(Comparison((ObjectChanges(WEB, clusters, (change,)),), 1))[1:-2]


def test_comparison_lines_are_a_block_for_each_object_and_a_sentence() -> None:
    """What all share first, then the outliers."""
    assert [
        "ConfigMap/shop/conf",
        "  delete in c2 alone",
        "",
        "Deployment/shop/web",
        "  update in all clusters: c1, c2, c3",
        '    + metadata.labels.tier: "web"',
        '    ~ spec.image: "a:1" -> "a:2"',
        "    - spec.paused: true",
        "  update in 2 of 3 clusters: c2, c3",
        "    ~ spec.replicas: 2 -> 5",
        "",
        "4 federated objects: a sync would change 2 objects in 3 clusters",
    ] == comparison_lines(COMPARISON)


def test_comparison_lines_of_no_change_are_a_sentence() -> None:
    """Nothing else is to be said."""
    assert ["1 federated object: a sync would change nothing"] == comparison_lines(
        Comparison((), 1)
    )


def test_comparison_lines_of_many_clusters_name_the_outliers() -> None:
    """A hundred names would hide the one that matters."""
    names = tuple(f"c{n:03}" for n in range(100))
    most = SharedChange("update", names[:-1], (IMAGE,))
    assert "  update in all 100 clusters but c099" == one(most, *names)[0]
    assert "  update in all 100 clusters" == one(SharedChange("update", names), *names)[0]


def test_comparison_lines_show_texts_line_by_line() -> None:
    """With one line around what differs."""
    change = FieldChange("data.conf", "a\nb\nc\nd\n", "a\nb\nx\nd\n")
    assert [
        "    ~ data.conf:",
        "      @@ -2,3 +2,3 @@",
        "        b",
        "      - c",
        "      + x",
        "        d",
    ] == one(SharedChange("update", ("c1",), (change,)), "c1")[1:]


def test_comparison_lines_show_of_long_values_where_they_differ() -> None:
    """Their beginnings would be the same."""
    old, new = ("x" * 200 + end + "y" * 200 for end in ("old", "new"))
    (line,) = one(SharedChange("update", ("c1",), (FieldChange("a", old, new),)), "c1")[1:]
    assert "old" in line
    assert "new" in line
    assert len(line) < 240


def test_comparison_lines_show_fingerprints_as_they_are() -> None:
    """They are no texts of an object."""
    change = FieldChange("data.a", "(hidden, fingerprint 1)", None, is_hidden=True)
    shown = one(SharedChange("update", ("c1",), (change,)), "c1")
    assert ["  update in c1", "    - data.a: (hidden, fingerprint 1)"] == shown


def test_comparison_lines_show_remarks() -> None:
    """Such as from whom fields are taken over."""
    change = SharedChange("update", ("c1",), (IMAGE,), "took over .spec.image from them")
    assert "  update in c1: took over .spec.image from them" == one(change, "c1")[0]


def test_sign_of_finds_signs_of_fields_alone() -> None:
    """Other lines have no colour."""
    assert ["    ~", "      -", "", "", ""] == [
        sign_of(line)
        for line in ("    ~ a: 1 -> 2", "      - b", "  update in c1", "", "-4 things")
    ]


def test_comparison_is_printed_without_anything_that_steers_a_terminal() -> None:
    """Whatever a cluster answers."""
    evil = FieldChange("data.a", "\x1b[31m\nx", "\x1b[32m\ny")
    changes = (SharedChange("update", ("c1",), (evil,)),)
    out = io.StringIO()
    renderer = TextRenderer(stdout=out, stderr=io.StringIO())
    renderer.show(Compared(Comparison((ObjectChanges(WEB, ("c1",), changes),), 1)))
    assert "\x1b" not in out.getvalue()
    assert "      - \\x1b[31m\n" in out.getvalue()


def test_comparison_as_object_has_what_the_lines_have() -> None:
    """For scripts, with the names of all clusters."""
    found = comparison_as_object(COMPARISON)
    assert ("FederationDiff", True, 4) == (
        found["kind"],
        found["differs"],
        found["federatedObjects"],
    )
    assert {
        "object": "Deployment/shop/web",
        "clusters": ["c1", "c2", "c3"],
        "changes": [
            {
                "action": "update",
                "clusters": ["c1", "c2", "c3"],
                "fields": [
                    {"path": "metadata.labels.tier", "new": "web"},
                    {"path": "spec.image", "old": "a:1", "new": "a:2"},
                    {"path": "spec.paused", "old": True},
                ],
            },
            {
                "action": "update",
                "clusters": ["c2", "c3"],
                "fields": [{"path": "spec.replicas", "old": 2, "new": 5}],
            },
        ],
    } == found["objects"][1]
    assert [{"action": "delete", "clusters": ["c2"]}] == found["objects"][0]["changes"]
