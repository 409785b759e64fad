"""
Kubeconfig files: which are read, how they merge, and what stands in them.

Here: files to a `Kubeconfig`. Not here: turning one of its contexts into an `Access`
(`contexts`).

The official client's `KubeConfigMerger` is not used: it takes the current context of the last file,
fails on an empty one, and puts whole entries, tokens included, into messages (tests show it).

Laws:
1. The first file that defines an entry, or the current context, wins; entries are never mixed.
2. Relative paths belong to the file that they stand in.
3. A message names the file, the entry and the field, and never a value that may be secret.

Upstream: k8s.io/client-go/tools/clientcmd/loader.go.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kubefedctl.errors import KubeconfigError, ManifestError
from kubefedctl.manifests import load_documents

DEFAULT_PATH = Path(".kube", "config")
_FIELDS = {"contexts": "context", "clusters": "cluster", "users": "user"}


@dataclass(frozen=True, slots=True)
class Entry:
    """
    A context, cluster or user of a kubeconfig, with checked access to its fields.

    Args:
        kind: `context`, `cluster` or `user`.
        name: Its name.
        path: The file it stands in.
        content: What stands there.
    """

    kind: str
    name: str
    path: Path
    content: Mapping[str, Any] = field(repr=False)

    def where(self, *steps: str) -> str:
        """Name the entry, or a field of it, for a message."""
        place = f"{self.kind} {self.name} in {self.path}"
        return f"{place}: {'.'.join(steps)}" if steps else place

    def text(self, *steps: str) -> str:
        """Return the text at *steps*; empty where there is none."""
        return self._typed(str, "text", steps) or ""

    def flag(self, *steps: str) -> bool:
        """Return the boolean at *steps*; False where there is none."""
        return self._typed(bool, "true or false", steps) or False

    def mapping(self, *steps: str) -> Mapping[str, Any] | None:
        """Return the map at *steps*; None where there is none."""
        found: Mapping[str, Any] | None = self._typed(dict, "a map", steps)
        return found

    def items(self, *steps: str) -> list[Any]:
        """Return the list at *steps*; empty where there is none."""
        return self._typed(list, "a list", steps) or []

    def resolve(self, path: str) -> Path:
        """Return *path* against the folder of the file that the entry stands in."""
        return self.path.parent / path

    def _typed(self, kind: type[Any], words: str, steps: tuple[str, ...]) -> Any:
        found: Any = self.content
        for position, step in enumerate(steps):
            if not isinstance(found, Mapping):
                raise KubeconfigError(f"{self.where(*steps[:position])} is not a map")
            found = found.get(step)
            if found is None:
                return None
        if not isinstance(found, kind):
            raise KubeconfigError(
                f"{self.where(*steps)} is not {words}",
                hint="quote the value" if kind is str else "",
            )
        return found


@dataclass(frozen=True, slots=True)
class Kubeconfig:
    """
    Merged kubeconfig files.

    Args:
        paths: The files that were looked for, those that are missing included.
        current_context: Name of the current context; empty for none.
        contexts: Contexts by name.
        clusters: Clusters by name.
        users: Users by name.
    """

    paths: tuple[Path, ...] = ()
    current_context: str = ""
    contexts: Mapping[str, Entry] = field(default_factory=dict)
    clusters: Mapping[str, Entry] = field(default_factory=dict)
    users: Mapping[str, Entry] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all is configured."""
        return not (self.current_context or self.contexts or self.clusters or self.users)

    @property
    def place(self) -> str:
        """The files as messages name them."""
        return ", ".join(str(path) for path in self.paths) or "the kubeconfig"


def load_kubeconfig(explicit: str, *, environ: Mapping[str, str]) -> Kubeconfig:
    """
    Return the kubeconfig that *explicit* or the environment asks for.

    Args:
        explicit: Value of `--kubeconfig`; empty for none. It is read alone and must exist.
        environ: Where `KUBECONFIG` and `HOME` are looked up; missing files of the list are
            skipped.

    Raises:
        KubeconfigError: A file cannot be read, or is not a kubeconfig.
    """
    if explicit:
        path = Path(explicit)
        if not _exists(path):
            raise KubeconfigError(
                f"kubeconfig {explicit} does not exist",
                hint="give an existing file with --kubeconfig",
            )
        return merge_kubeconfigs([_read(path)])
    paths = find_paths(environ)
    present = [_read(path) for path in paths if _exists(path)]
    merged = merge_kubeconfigs(present)
    return Kubeconfig(
        paths=tuple(paths),
        current_context=merged.current_context,
        contexts=merged.contexts,
        clusters=merged.clusters,
        users=merged.users,
    )


def find_paths(environ: Mapping[str, str]) -> list[Path]:
    """Return the files of `$KUBECONFIG`, each once, or else the one in the home folder."""
    listed = environ.get("KUBECONFIG", "")
    if listed:
        return [Path(part) for part in dict.fromkeys(listed.split(os.pathsep)) if part]
    home = environ.get("HOME") or os.path.expanduser("~")
    return [Path(home) / DEFAULT_PATH]


def merge_kubeconfigs(configs: Iterable[Kubeconfig]) -> Kubeconfig:
    """Return *configs* as one; earlier ones win entry by entry."""
    paths: list[Path] = []
    current = ""
    merged: dict[str, dict[str, Entry]] = {section: {} for section in _FIELDS}
    for config in configs:
        paths += config.paths
        current = current or config.current_context
        for section, entries in merged.items():
            found: Mapping[str, Entry] = getattr(config, section)
            entries.update({name: found[name] for name in found if name not in entries})
    return Kubeconfig(paths=tuple(paths), current_context=current, **merged)


def parse_kubeconfig(text: str, *, path: Path) -> Kubeconfig:
    """
    Return what *text*, which stands in *path*, says.

    Raises:
        KubeconfigError: It is not YAML, not a kubeconfig, or names an entry twice.
    """
    try:
        documents = load_documents(text, source=str(path))
    except ManifestError as error:
        raise KubeconfigError(
            f"kubeconfig {error.message}", hint="correct the YAML, or name another file"
        ) from error
    document = documents[0] if documents else None
    if document is None:
        return Kubeconfig(paths=(path,))
    if not isinstance(document, dict) or document.get("kind", "Config") != "Config":
        raise KubeconfigError(
            f"{path} is not a kubeconfig: it is not of kind Config",
            hint="name a kubeconfig with --kubeconfig or $KUBECONFIG",
        )
    current = document.get("current-context")
    if not isinstance(current, str | None):
        raise KubeconfigError(f"{path}: current-context is not text", hint="quote the value")
    sections = {name: _parse_section(document, name, path=path) for name in _FIELDS}
    return Kubeconfig(paths=(path,), current_context=current or "", **sections)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:
        raise _unreadable(path, error) from error


def _read(path: Path) -> Kubeconfig:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeError) as error:
        raise _unreadable(path, error) from error
    return parse_kubeconfig(text, path=path.absolute())


def _unreadable(path: Path, error: Exception) -> KubeconfigError:
    reason = getattr(error, "strerror", None) or "it is not text"
    return KubeconfigError(
        f"cannot read kubeconfig {path}: {str(reason).lower()}",
        hint="check the file and its permissions",
    )


def _parse_section(document: Mapping[str, Any], section: str, *, path: Path) -> dict[str, Entry]:
    kind = _FIELDS[section]
    rows = document.get(section)
    if rows is None:
        return {}
    if not isinstance(rows, list):
        raise KubeconfigError(f"{path}: {section} is not a list")
    entries: dict[str, Entry] = {}
    for number, row in enumerate(rows):
        name = row.get("name") if isinstance(row, dict) else None
        if not isinstance(name, str):
            raise KubeconfigError(f"{path}: {section}[{number}].name is not text")
        content = row.get(kind)
        if content is None:
            content = {}
        if not isinstance(content, dict):
            raise KubeconfigError(f"{kind} {name} in {path}: {kind} is not a map")
        if name in entries:
            raise KubeconfigError(
                f"{path}: {section} names {name} twice", hint="remove one of the two"
            )
        entries[name] = Entry(kind, name, path, content)
    return entries
