"""The store alone: revisions, history, and the past rebuilt from it."""

from __future__ import annotations

import pytest

from kubefedctl.sandbox.store import Change, HistoryLostError, Store

KEY = ("", "configmaps")


def make(name: str, value: str = "") -> dict[str, object]:
    """Return an object."""
    return {"metadata": {"name": name, "namespace": "n"}, "data": value}


def names(objects: list[dict[str, object]]) -> list[str]:
    """Return the names of objects."""
    return [item["metadata"]["name"] for item in objects]  # type: ignore[index]


def test_put_raises_revision_and_leaves_argument_alone() -> None:
    """Each write has a revision of its own; what was handed in is not changed."""
    store, obj = Store(), make("a")
    first, second = store.put(KEY, obj), store.put(KEY, make("b"))
    versions = [int(item["metadata"]["resourceVersion"]) for item in (first, second)]
    assert versions == [store.revision - 1, store.revision]
    assert "resourceVersion" not in obj["metadata"]  # type: ignore[operator]


def test_list_is_in_order_of_names() -> None:
    """Objects come in the order of their keys, however they were written."""
    store = Store()
    for name in "cab":
        store.put(KEY, make(name))
    assert ["a", "b", "c"] == names(store.list(KEY))


def test_list_at_rebuilds_the_past() -> None:
    """What was created, changed or deleted since is undone."""
    store = Store()
    store.put(KEY, make("a", "old"))
    store.put(KEY, make("b"))
    then = store.revision
    store.put(KEY, make("a", "new"))
    store.remove(KEY, "n", "b")
    store.put(KEY, make("c"))
    past = store.list_at(KEY, then)
    assert ["a", "b"] == names(past)
    assert past[0]["data"] == "old"


def test_events_since_tell_what_happened() -> None:
    """The history has additions, changes and deletions in order."""
    store = Store()
    start = store.revision
    store.put(KEY, make("a"))
    store.put(KEY, make("a", "x"))
    store.remove(KEY, "n", "a")
    changes = [event.change for event in store.events_since(KEY, start)]
    assert [Change.ADDED, Change.MODIFIED, Change.DELETED] == changes


def test_history_is_cut_and_says_so() -> None:
    """Beyond the limit the past is forgotten, and asking for it is an error."""
    store = Store(history_limit=10)
    start = store.revision
    for index in range(20):
        store.put(KEY, make(f"o{index}"))
    with pytest.raises(HistoryLostError):
        store.events_since(KEY, start)
    with pytest.raises(HistoryLostError):
        store.list_at(KEY, start)


def test_encoded_text_follows_the_object() -> None:
    """The remembered JSON of an object is never that of an older one."""
    store = Store()
    first = store.encode(KEY, store.put(KEY, make("a", "1")))
    second = store.encode(KEY, store.put(KEY, make("a", "2")))
    assert first != second
