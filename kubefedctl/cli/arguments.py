"""
The command line as people and scripts of KubeFed write it, in the form that the parser takes.

Here: what Go's flag parser accepts and ours does not, as one pure rewriting of the arguments.

Laws:
1. Arguments after `--` are never looked at.
2. What is not understood is handed on as it is, so that the parser reports it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

SHARED_WITH_VALUE = frozenset(
    {
        "--kubeconfig",
        "--host-cluster-context",
        "--kubefed-namespace",
        "--namespace",
        "-n",
        "--v",
        "-v",
        "--output",
        "-o",
        "--timeout",
        "--cluster-context",
        "--host-cluster-name",
        "--secret-name",
        "--rbac",
        "--credential",
        "--labels",
        "--api-endpoint",
        "--federated-group",
        "--federated-version",
        "--filename",
        "-f",
        "--skip-api-resources",
        "-s",
        "--scope",
        "--type",
        "--clusters",
        "--cluster-selector",
        "--annotations",
        "--events",
        "--strategy",
        "--lock",
        "--from",
        "--to",
        "--rsp",
        "--cluster",
        "--selector",
        "-l",
        "--deletion-scope",
        "--max-deletes",
        "--waves",
        "--down",
        "--current",
        "--capacity",
        "--total",
        "--output-dir",
        "--plan-out",
        "--plan",
        "--shard",
        "--report",
        "--clusters-file",
        "--applyset",
        "--color",
    }
)
"""Options that may stand before the command's name and take a value, shared or a command's own."""

SWITCHES = frozenset(
    {
        "--dry-run",
        "--debug",
        "--force",
        "--error-on-existing",
        "--wait",
        "--enable-type",
        "-t",
        "--contents",
        "--with-dependencies",
        "--update",
        "-c",
        "--keep",
        "--delete-crd",
        "--cascade",
        "--yes",
        "--purge",
        "--orphan",
        "--recreate-immutable",
        "--quiet",
        "-q",
        "--all",
        "--exit-code",
        "--diff",
        "--prune",
        "--watch",
        "-w",
        "--partial",
        "--all-namespaces",
        "-A",
        "--managed",
        "--strict",
    }
)
"""Options that take no value, or one only after `=`."""

_KLOG_SWITCHES = frozenset(
    {
        "--add-dir-header",
        "--alsologtostderr",
        "--logtostderr",
        "--one-output",
        "--skip-headers",
        "--skip-log-headers",
    }
)
_KLOG_WITH_VALUE = frozenset(
    {
        "--log-backtrace-at",
        "--log-dir",
        "--log-file",
        "--log-file-max-size",
        "--stderrthreshold",
        "--vmodule",
    }
)
_GROUPS = frozenset({"orphaning-deletion"})
"""Commands of two words whose options may stand before either of them."""

_OF_ROOT = frozenset({"--version", "--install-completion", "--show-completion"})
_TRUE = frozenset({"true", "t", "1"})
_FALSE = frozenset({"false", "f", "0"})
_TRISTATE = "--dry-run"
_ALONE: Mapping[tuple[str, ...], tuple[str, ...]] = {("sync", "--wait"): ("--wait=ready",)}
"""What options of a command mean that stand there without the value that they take."""
_ON_BY_DEFAULT = "--error-on-existing"


def rewrite_arguments(arguments: Sequence[str]) -> list[str]:
    """
    Return *arguments* with shared options behind the command's name and Go's spellings resolved.

    Log flags of klog other than `--v` are accepted and dropped, underscores in long flags are
    dashes, `-v=2` is `-v 2`, and switches take `=true` and `=false`. The value of an option is
    handed on as it is, whatever it looks like.

    Upstream: what pflag parses and cobra finds a command in.

    >>> rewrite_arguments(["-n", "shop", "federate", "deploy", "web"])
    ['federate', '-n', 'shop', 'deploy', 'web']
    """
    arguments = list(arguments)
    end = arguments.index("--") if "--" in arguments else len(arguments)
    items = [item for item in _read_items(arguments[:end]) if item]
    items = _give_values(_move_behind_command(items))
    return [word for item in items for word in item] + arguments[end:]


def _give_values(items: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Give options that may stand alone, and take a value, the one that they mean then."""
    command = next((item[0] for item in items if not item[0].startswith("-")), "")
    return [_ALONE.get((command, *item), item) for item in items]


def _read_items(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield each option together with its value, and each other word; klog's flags are empty."""
    remaining = iter(words)
    for word in remaining:
        flag, equals, value = _with_dashes(word).partition("=")
        if flag in _KLOG_SWITCHES:
            continue
        if flag in _KLOG_WITH_VALUE:
            if not equals:
                next(remaining, None)
        elif flag in SWITCHES:
            yield _resolve_switch(flag, value if equals else None)
        elif flag in SHARED_WITH_VALUE:
            yield _with_value(flag, value if equals else None, remaining)
        else:
            yield (flag + equals + value,)


def _with_dashes(word: str) -> str:
    if not word.startswith("--"):
        return word
    flag, equals, value = word.partition("=")
    return flag.replace("_", "-") + equals + value


def _with_value(flag: str, value: str | None, remaining: Iterator[str]) -> tuple[str, ...]:
    if value is None:
        return (flag, *islice(remaining, 1))
    return (flag, value) if len(flag) == len("-n") else (f"{flag}={value}",)


def _resolve_switch(flag: str, value: str | None) -> tuple[str, ...]:
    """Return the switch as our parser takes it; empty where it is switched off."""
    lowered = None if value is None else value.lower()
    if flag == _TRISTATE:
        chosen = "client" if lowered is None or lowered in _TRUE else value
        return (f"{flag}={'none' if lowered in _FALSE else chosen}",)
    if lowered is None or lowered in _TRUE:
        return (flag,)
    if lowered not in _FALSE:
        return (f"{flag}={value}",)
    return ("--no-error-on-existing",) if flag == _ON_BY_DEFAULT else ()


def _move_behind_command(items: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    words = [at for at, item in enumerate(items) if not item[0].startswith("-")]
    if not words:
        return list(items)
    name = words[: 2 if items[words[0]][0] in _GROUPS else 1]
    leading = [items[at] for at in range(name[-1]) if at not in name]
    of_root = [item for item in leading if item[0] in _OF_ROOT]
    others = [item for item in leading if item[0] not in _OF_ROOT]
    return [*of_root, *(items[at] for at in name), *others, *items[name[-1] + 1 :]]
