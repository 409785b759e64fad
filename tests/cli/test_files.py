"""Tests of reading the files that a person names: whatever is wrong is one line with the source."""

from __future__ import annotations

import errno
import io
from pathlib import Path

import pytest

from kubefedctl.cli.files import read_documents, read_objects
from kubefedctl.cli.reviewing import read_plan
from kubefedctl.cli.sources import read_source
from kubefedctl.errors import InputError, ManifestError
from kubefedctl.model.objects import name_of
from tests.cli.runs import CommandLine

CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\n"


class _Broken(io.RawIOBase):
    """A stream that cannot be read."""

    def readable(self) -> bool:
        """Say that it can."""
        return True

    def readinto(self, buffer: object) -> int:
        """Fail as the operating system does."""
        del buffer
        raise OSError(errno.EIO, "Input/output error")


def _feed(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))


def test_read_objects_of_a_file_and_of_stdin_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A byte order mark does not count."""
    data = b"\xef\xbb\xbf" + (CONFIG_MAP % "a").encode() + b"---\n" + (CONFIG_MAP % "b").encode()
    file = tmp_path / "two.yaml"
    file.write_bytes(data)
    _feed(monkeypatch, data)
    assert ["a", "b"] == [obj["metadata"]["name"] for obj in read_objects(str(file))]
    assert read_objects(str(file)) == read_objects("-")


def test_read_objects_of_a_closed_stdin_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where standard input was closed, Python has none."""
    monkeypatch.setattr("sys.stdin", None)
    assert [] == read_objects("-")


def test_read_plan_of_a_closed_stdin_is_an_input_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """No bug of ours."""
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(InputError, match="standard input is not JSON"):
        read_plan("-")


def test_read_objects_of_a_broken_stdin_is_an_input_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the words of the operating system."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BufferedReader(_Broken())))
    with pytest.raises(InputError, match="cannot read standard input: input/output error"):
        read_objects("-")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param("none.yaml", "no such file or directory", id="missing"),
        pytest.param(".", "is a directory", id="folder"),
        pytest.param("x" * 300, "file name too long", id="too-long"),
    ],
)
def test_file_that_cannot_be_read_is_named(
    cli: CommandLine, tmp_path: Path, name: str, words: str
) -> None:
    """With the cause and where to look."""
    path = str(tmp_path / name)
    error, hint = cli.fails("federate", "-f", path, code=3)
    assert f"cannot read {path}: {words}" == error
    assert "check the path that was given with -f" == hint


@pytest.mark.parametrize(
    ("data", "words"),
    [
        pytest.param(b"a: [b", "standard input:2: not YAML", id="not-yaml"),
        pytest.param(b"a: \xff", "byte 3 is not UTF-8", id="not-utf8"),
        pytest.param(b"\x00\x01\x02", "not YAML", id="binary"),
        pytest.param(b"just words", "not a Kubernetes object", id="text"),
        pytest.param(b"kind: ConfigMap", "no apiVersion", id="no-version"),
        pytest.param(b"apiVersion: v1\nkind: ConfigMap", "name", id="no-name"),
        pytest.param(b"[" * 5000, "", id="deep"),
        pytest.param(b'{"a":' * 5000, "", id="deep-json"),
        pytest.param(b"a: &a [*a]", "", id="alias-of-itself"),
        pytest.param(b"apiVersion: v1\nkind: List\nitems: [5]", "items[0]", id="list-of-numbers"),
        pytest.param(b"a: 1\na: 2", "already there", id="twice"),
        pytest.param(b"a: .nan", "cannot be sent", id="nan"),
    ],
)
def test_file_that_holds_no_objects_is_one_line(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch, data: bytes, words: str
) -> None:
    """The source is named, and no value is quoted."""
    _feed(monkeypatch, data)
    error, _ = cli.fails("federate", "-f", "-", code=3)
    assert words in error


def test_file_message_quotes_no_value(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A manifest may hold a Secret."""
    text = "apiVersion: v1\nkind: Secret\nstringData: {password: canary, password: canary2}"
    _feed(monkeypatch, text.encode())
    error, _ = cli.fails("federate", "-f", "-", code=3)
    assert "canary" not in error


def test_file_without_objects_gives_nothing(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Empty documents are skipped."""
    _feed(monkeypatch, b"# nothing\n---\n---\n")
    assert "" == cli("federate", "-f", "-").out


def test_file_name_with_escapes_steers_no_terminal(cli: CommandLine, tmp_path: Path) -> None:
    """A file may have any name, and a person may have been given it."""
    error, _ = cli.fails("federate", "-f", f"{tmp_path}/\x1b[2J\udcff.yaml", code=3)
    assert r"\x1b[2J\udcff.yaml: no such file" in error


def test_read_documents_need_not_be_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    """A directive of an older tool may leave out what an object has."""
    _feed(monkeypatch, b"a: 1\n---\n---\nb: 2\n")
    assert [{"a": 1}, {"b": 2}] == read_documents("-")


def test_read_documents_refuses_what_is_no_map(monkeypatch: pytest.MonkeyPatch) -> None:
    """The source is named."""
    _feed(monkeypatch, b"- 1")
    with pytest.raises(ManifestError, match="standard input: a document is no map"):
        read_documents("-")


@pytest.mark.parametrize(
    ("link", "target"),
    [("more", "elsewhere/b"), ("again", "fleet/a"), (".old", "elsewhere/b"), ("docs", "texts")],
    ids=["elsewhere", "in the folder", "hidden", "no manifests"],
)
def test_read_source_refuses_links_to_manifests_that_it_does_not_read(
    tmp_path: Path, link: str, target: str
) -> None:
    """To a sync that prunes, what was not read has left; what is read at its place has not."""
    for name in ("fleet/a/one.yaml", "elsewhere/b/two.yaml", "texts/three.md"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(CONFIG_MAP % "one")
    (tmp_path / "fleet" / link).symlink_to(tmp_path / target)
    if link == "more":
        with pytest.raises(InputError, match="more is a link to a folder with manifests elsewhere"):
            read_source(str(tmp_path / "fleet"))
    else:
        assert ["one"] == [name_of(obj) for obj in read_source(str(tmp_path / "fleet"))]
