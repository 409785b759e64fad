"""
Conversations: requests in order, sent to any API server, and its answers made comparable.

What differs from server to server and from run to run (uids, resource versions, times, addresses,
tokens) is replaced by words: the same value by the same word, so that two answers are alike only
if a resource version changed, or stayed, in both.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from tests.contract.targets import APPLY, JSON, JSON_PATCH, MERGE, STRATEGIC, Wire

Said: TypeAlias = list[Any]
"""The contents of the answers so far."""

Given: TypeAlias = Any | Callable[[Said], Any]
"""A value, or how to make it from the answers so far."""

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_AGE = re.compile(r"\d+s")
_UID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_ADDRESS = re.compile(r"\b10\.\d+\.\d+\.\d+\b")
_RECORD = re.compile(r"in record \(\d+\)")


@dataclass(frozen=True, slots=True)
class Ask:
    """
    One request.

    With *loose*, of a refusal only the reason and the fields at fault are compared: its words
    quote what only Go can print, such as its structs or its parser's place in the text.
    """

    method: str
    path: str | Callable[[Said], str]
    body: Given = None
    content_type: str = JSON
    accept: str = JSON
    loose: bool = False


def loosely(ask: Ask) -> Ask:
    """Return *ask* with the words of a refusal left out of the comparison."""
    return replace(ask, loose=True)


def get(path: str | Callable[[Said], str], *, accept: str = JSON) -> Ask:
    """Ask for an object or a list."""
    return Ask("GET", path, accept=accept)


def post(path: str, body: Given) -> Ask:
    """Ask for an object to be created."""
    return Ask("POST", path, body)


def put(path: str, body: Given) -> Ask:
    """Ask for an object to be replaced."""
    return Ask("PUT", path, body)


def merge(path: str, body: Given) -> Ask:
    """Ask for a merge patch."""
    return Ask("PATCH", path, body, MERGE)


def strategic(path: str, body: Given) -> Ask:
    """Ask for a strategic merge patch."""
    return Ask("PATCH", path, body, STRATEGIC)


def json_patch(path: str, body: Given) -> Ask:
    """Ask for a JSON patch."""
    return Ask("PATCH", path, body, JSON_PATCH)


def apply(path: str, body: Given, *, manager: str = "contract", force: bool = False) -> Ask:
    """Ask for a server-side apply."""
    query = f"?fieldManager={manager}" + ("&force=true" if force else "")
    return Ask("PATCH", path + query, body, APPLY)


def delete(path: str, body: Given = None) -> Ask:
    """Ask for an object to be deleted."""
    return Ask("DELETE", path, body)


@dataclass(slots=True)
class Mask:
    """Replaces what may differ; it remembers which word stands for which value."""

    words: dict[tuple[str, str], str] = field(default_factory=dict)

    def of(self, value: Any, name: str = "") -> Any:
        """Return *value*, which stands in a field *name*, with words in it."""
        if isinstance(value, dict):
            is_list = str(value.get("kind", "")).endswith(("List", "Table")) and "metadata" in value
            if is_list:
                # NB: before it takes a word: other objects' changes move a list's version, too
                metadata = {k: v for k, v in value["metadata"].items() if k != "resourceVersion"}
                value = {**value, "metadata": metadata}
            masked = {key: self.of(item, key) for key, item in value.items()}
            # NB: lists of custom objects say that they don't continue, others don't
            if is_list and not masked["metadata"].get("continue"):
                masked["metadata"].pop("continue", None)
            return _without_chance(masked)
        if isinstance(value, list):
            return [self.of(item) for item in value]
        return self._of_text(value, name) if isinstance(value, str) else value

    def _of_text(self, text: str, name: str) -> str:
        if name == "resourceVersion":
            return self._word("version", text)
        if name in ("token", "ca.crt", "continue") and text:
            return f"<{name}>"
        if name.startswith("f:"):
            return text
        text = "<age>" if _AGE.fullmatch(text) else _TIME.sub("<time>", text)
        text = _UID.sub(lambda found: self._word("uid", found[0]), text)
        text = _RECORD.sub("in record (<version>)", text)
        return _ADDRESS.sub("<address>", text)

    def _word(self, kind: str, value: str) -> str:
        known = sum(1 for other, _ in self.words if other == kind)
        return self.words.setdefault((kind, value), f"<{kind} {known}>")


def _without_chance(value: dict[str, Any]) -> dict[str, Any]:
    """
    Order what the clock orders, and leave out what only the documentation says.

    Managers of fields are sorted by second (an entry that came by `scale` has no time at all),
    causes are repeated where upstream checks twice, verbs are a set, and the columns of a Table
    quote the API's documentation.
    """
    if "managedFields" in value:
        value["managedFields"] = sorted(value["managedFields"] or [], key=_order_of_manager)
        for entry in value["managedFields"]:
            entry.pop("time", None)
    if "verbs" in value:
        value["verbs"] = sorted(value["verbs"])
    if "causes" in value:
        causes = {json.dumps(item, sort_keys=True): item for item in value["causes"]}
        value["causes"] = [causes[text] for text in sorted(causes)]
    for column in value.get("columnDefinitions") or ():
        del column["description"]
    return value


def _order_of_manager(entry: dict[str, Any]) -> tuple[str, str, str]:
    return entry.get("operation", ""), entry.get("manager", ""), entry.get("subresource", "")


def _loosened(content: Any) -> Any:
    if not isinstance(content, dict) or content.get("status") != "Failure":
        return content
    causes = (content.get("details") or {}).get("causes") or []
    fields = sorted({(item.get("reason", ""), item.get("field", "")) for item in causes})
    return {"reason": content.get("reason"), "causes": fields}


def hold(conversation: Sequence[Ask], wire: Wire) -> list[tuple[int, Any]]:
    """Send the requests of *conversation* one after the other; return the masked answers."""
    said: Said = []
    answers: list[tuple[int, Any]] = []
    mask = Mask()
    for ask in conversation:
        answer = wire.send(
            ask.method,
            _given(ask.path, said),
            body=_given(ask.body, said),
            content_type=ask.content_type,
            accept=ask.accept,
        )
        said.append(answer.content())
        masked = mask.of(answer.content())
        answers.append((answer.status, _loosened(masked) if ask.loose else masked))
    return answers


def _given(value: Given, said: Said) -> Any:
    return value(said) if callable(value) else value
