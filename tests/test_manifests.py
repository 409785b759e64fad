"""Tests of reading and writing YAML, with kubectl as the judge of how Go reads it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kubefedctl.errors import ManifestError
from kubefedctl.manifests import dump_documents, load_documents, load_objects, resolve_plain
from kubefedctl.manifests.reading import DEEPEST_NESTING, LONGEST_TEXT
from kubefedctl.model.refs import Object

KUBECTL = shutil.which("kubectl")
needs_kubectl = pytest.mark.skipif(KUBECTL is None, reason="kubectl is not on PATH")

WORDS = re.findall(
    r"\S+",
    """
y Y n N yes Yes YES yEs no No NO on On ON oN off Off OFF true True TRUE tRue false False FALSE
~ null Null NULL nULL .inf -.inf +.Inf .nan .NaN inf nan NaN 0 00 000 -0 +0 08 09 012 0777 0_8 0o12
0O12 0o8 0x1F 0X1f -0x1f +12 -12 0x 0xfg 0b11 -0b11 +0b11 0b2 1_000 1__0 _1 1_ 0_ 1e3 1E3 1e+3 1e-3
12e03 1e e3 1. .5 -.5 +.5 .5e1 1.e2 ._5 0.1_0 1e400 1e21 1:20 1:20:30 190:20:30.15 2020-01-01
2020-1-1 2020-01-01T00:00:00Z 1.2.3 1,000 = << 0x1p-2 9223372036854775807 -9223372036854775808
123456789012345678901234567890 :a a:b a#b -a ?a -- a~ 25% /x
""",
)
"""Plain words that YAML readers disagree about."""

TEXTS = [
    *WORDS,
    *["", " ", "  ", " a", "a ", "\t", "\ta", "a\t", "a\tb", "- a", "-", "---", "...", "? a", "?"],
    *[":", ": a", "a: b", "a:", "a #b", "#a", "*a", "&a", "!a", "!!str a", "|", ">", "%a", "@a"],
    *[
        "`a`",
        "'a'",
        '"a"',
        "a'b",
        'a"b',
        "{a}",
        "[a]",
        "{",
        "}",
        "[",
        "]",
        ",",
        "a, b",
        "\\",
        "\\n",
    ],
    *["a\nb", "a\nb\n", "a\n", "a\n\n", "a\n\n\nb\n\n", "\n", "\n\n", "\na", "\n a", "  a\nb"],
    *["a\n  b", "a \nb", "a\n ", "a\n\tb\n", "#x\ny", "- x\ny", "a\n---\nb", "---\na", "a\n...\nb"],
    *[
        "a\r\nb",
        "\r",
        "a\x85b",
        "a\u2028b",
        "a\u2029b",
        "\ufeff",
        "a\ufeff",
        "\x00",
        "\x07",
        "\x7f",
    ],
    *[
        "\x1b[0m",
        "\x80",
        "\xa0",
        "\u200b",
        "\ue000",
        "\ufffd",
        "\ufffe",
        "\uffff",
        "\U0001f600",
        "é",
    ],
    *["日本語", "x" * 5000, "long words " * 500, "a\n" + "w " * 500, "a\n" + "w" * 5000, "yes\n"],
]


def _ask_kubectl(text: str, *, output: str = "json") -> str:
    """Return what kubectl makes of the one object in *text*, without any cluster."""
    assert KUBECTL is not None
    command = [KUBECTL, "patch", "--local", "--type=merge", "--patch={}", "-o", output, "-f", "-"]
    answer = subprocess.run(command, input=text.encode(), capture_output=True, check=False)
    assert answer.returncode == 0, answer.stderr.decode()
    return answer.stdout.decode()


def _object(**fields: Any) -> Object:
    return {"apiVersion": "v1", "kind": "Sample", "metadata": {"name": "x"}, **fields}


def _everywhere(texts: list[str]) -> Object:
    """An object with *texts* in lists, in maps, inside both, and as keys."""
    return _object(
        keys={text: index for index, text in enumerate(texts)},
        nested=[{"key": text, "list": [[text]]} for text in texts],
        values=texts,
    )


def _read(text: str) -> Any:
    [document] = load_documents(text, source="text")
    return document


# --- writing -------------------------------------------------------------------------------------


@needs_kubectl
def test_dump_nasty_texts_are_read_alike_by_kubectl() -> None:
    """Whatever text an object holds, Go reads what was written."""
    obj = _everywhere(TEXTS)
    assert json.loads(_ask_kubectl(dump_documents([obj]))) == obj


@needs_kubectl
@settings(max_examples=8, deadline=None, database=None, derandomize=True)
@given(st.lists(st.text(), min_size=50, max_size=200, unique=True))
def test_dump_any_text_is_read_alike_by_kubectl(texts: list[str]) -> None:
    """Texts that nobody thought of are read alike, too."""
    obj = _everywhere(texts)
    assert json.loads(_ask_kubectl(dump_documents([obj]))) == obj


LOADERS = [yaml.SafeLoader, getattr(yaml, "CSafeLoader", yaml.SafeLoader)]


@pytest.mark.parametrize("loader", LOADERS, ids=["python", "c"])
def test_dump_nasty_texts_are_read_alike_by_pyyaml(loader: Any) -> None:
    """Tools in Python read what was written, with either parser."""
    obj = _everywhere(TEXTS)
    assert yaml.load(dump_documents([obj]), Loader=loader) == obj


ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@settings(
    max_examples=100,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(st.dictionaries(st.text(), ANY_JSON))
def test_dump_any_json_is_read_back_by_us_and_by_pyyaml(obj: Object) -> None:
    """Everything that JSON can say survives."""
    text = dump_documents([obj])
    assert _read(text) == obj
    assert yaml.safe_load(text) == obj


def test_dump_objects_are_each_after_a_line_of_dashes() -> None:
    """Documents are separated as the Go kubefedctl separates them, with sorted keys."""
    assert dump_documents([{"b": [{"y": 1, "x": "y"}], "a": {}}, {"c": []}]) == (
        '---\na: {}\nb:\n- x: "y"\n  "y": 1\n---\nc: []\n'
    )


def test_dump_nothing_is_nothing() -> None:
    """No objects give no text."""
    assert dump_documents([]) == ""


def test_dump_long_lines_are_not_folded() -> None:
    """A long text stays on its line."""
    assert dump_documents([{"a": "w " * 500 + "w"}]) == "---\na: " + "w " * 500 + "w\n"


def test_dump_lines_are_a_block() -> None:
    """A script in a ConfigMap stays readable."""
    assert dump_documents([{"a": "#!/bin/sh\n  echo\n"}]) == "---\na: |\n  #!/bin/sh\n    echo\n"


def test_dump_same_object_twice_has_no_anchors() -> None:
    """A shared part is written out each time."""
    shared = {"k": "v"}
    assert dump_documents([{"a": shared, "b": shared}]) == "---\na:\n  k: v\nb:\n  k: v\n"


@needs_kubectl
def test_dump_ordinary_object_is_what_kubectl_prints() -> None:
    """Order, indentation and quotes are those of Go's writer."""
    obj = _object(
        data={
            **{f"key{number}": "x" for number in (1, 2, 10, 9)},
            **{"a.b": "1", "a-b": "true", "a_b": "", "ab": "x: y", "Ab": "a\nb\n", "a/b": "25%"},
            **{"01": "*", "1": "- a", "2": "#", "10": "12:30", "é": "é", "z": "a'b", "y": "n"},
        },
        list=[[1, [2]], {"b": None, "a": [{}]}, 1.5, 100.0, 1e16, True, "\t", "\U0001f600"],
    )
    assert dump_documents([obj]) == "---\n" + _ask_kubectl(json.dumps(obj), output="yaml")


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), "\ud800", object(), b"x"],
    ids=["nan", "inf", "surrogate", "object", "bytes"],
)
def test_dump_what_json_cannot_carry_is_refused(value: Any) -> None:
    """What no API server could send is an error, not a guess."""
    with pytest.raises(ManifestError):
        dump_documents([{"a": value}])


def test_dump_endless_nesting_is_refused() -> None:
    """An object that holds itself ends in an error."""
    ring: list[Any] = []
    ring.append(ring)
    with pytest.raises(ManifestError, match="too deep"):
        dump_documents([{"a": ring}])


# --- reading values ------------------------------------------------------------------------------

READABLE = [word for word in WORDS if "inf" not in word.lower() and "nan" not in word.lower()]


@needs_kubectl
def test_load_plain_words_mean_what_they_mean_to_kubectl() -> None:
    """Every plain word is read as the Go kubefedctl would read it."""
    values = "".join(f"- {word}\n" for word in READABLE if word != "<<")
    text = f"apiVersion: v1\nkind: Sample\nmetadata: {{name: x}}\nvalues:\n{values}"
    expected = json.loads(_ask_kubectl(text))
    assert repr(_read(text)["values"]) == repr(expected["values"])


@needs_kubectl
@pytest.mark.parametrize(
    "text",
    [
        "a: &x {k: 1, j: 2}\nb: {<<: *x, k: 5}",
        "a: &x {k: 1, j: 2}\nb: {k: 5, <<: *x}",
        "a: &x {k: 1}\nb: &y {k: 2, m: 3}\nc: {<<: [*x, *y]}",
        "a: !!str 12\nb: ! 12\nc: !!int '12'\nd: !!float 1\ne: !!bool 'yes'\nf: !!null ''",
        "a: |\n  x\n   y\nb: >-\n  x\n  y\nc: 'it''s'\nd: \"\\x41\\u00e9\\U0001F600\\N\"",
        "1: a\ny: b\n0x10: c\n-7: d\n? e\n: f",
        "a: [x, {y}, z: 1]\nb: {c, d: }",
        "a: x # comment\nb:\n- c\n-\n  - d",
    ],
    ids=["merge", "merge-last", "merge-list", "tags", "styles", "keys", "flow", "gaps"],
)
def test_load_document_means_what_it_means_to_kubectl(text: str) -> None:
    """Merges, tags, styles and keys are read as the Go kubefedctl would read them."""
    whole = f"apiVersion: v1\nkind: Sample\nmetadata: {{name: x}}\n{text}\n"
    assert _read(whole) == json.loads(_ask_kubectl(whole))


@pytest.mark.parametrize(
    ("word", "expected"),
    [("y", True), ("0o12", 10), ("08", 8), ("1:20", "1:20"), ("", None), ("1e400", "1e400")],
)
def test_resolve_plain_word(word: str, expected: Any) -> None:
    """The traps of plain words, without kubectl."""
    assert resolve_plain(word) == expected


def test_load_aliases_share_nothing() -> None:
    """Changing one copy of an anchored map leaves the other alone."""
    document = _read("a: &x {k: [1]}\nb: *x\n")
    document["a"]["k"].append(2)
    assert document["b"] == {"k": [1]}


def test_load_documents_empty_ones_are_none() -> None:
    """Documents keep their places."""
    text = "---\n# nothing\n---\na: 1\n---\n...\n"
    assert load_documents(text, source="s") == [None, {"a": 1}, None]


@pytest.mark.parametrize("text", ["", "\n", "# only this\n", "\ufeff"], ids=repr)
def test_load_documents_nothing_gives_nothing(text: str) -> None:
    """An empty file holds no documents."""
    assert load_documents(text, source="s") == []


def test_load_json_is_read_as_json() -> None:
    """JSON has surrogate pairs in escapes and tabs for indentation, YAML has neither."""
    text = '{\n\t"a": "\\ud83d\\ude00",\n\t"b": 1.0\n}\n{"c": 2}'
    documents = load_documents(text, source="s")
    assert documents == [{"a": "\U0001f600", "b": 1}, {"c": 2}]
    assert isinstance(documents[0]["b"], int)


def test_load_json_number_out_of_range_is_read_as_yaml_reads_it() -> None:
    """A number that no float holds is text in YAML, and JSON objects are read no better."""
    assert load_documents('{"a": 1e999, "b": 0.5}', source="s") == [{"a": "1e999", "b": 0.5}]


def test_load_flow_yaml_is_not_mistaken_for_json() -> None:
    """What starts like JSON and is not is still YAML."""
    assert load_documents("{a: b}\n---\n{c: 1}\n", source="s") == [{"a": "b"}, {"c": 1}]


# --- reading untrusted text ----------------------------------------------------------------------

BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join(['*' + old] * 10)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
DEEP = DEEPEST_NESTING + 10
SECRET = "hunter2"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: [", "s:3: not YAML"),
        ("a: 1\n b: hunter2\n", "s:2: not YAML"),
        ("a: hunter2\n\tb: 2\n", "s:2: not YAML"),
        ("a: hunter2\na: hunter2\n", "s:2: a key that is already there"),
        ('{"a": 1,\n "a": 2}', "s:2: a key that is already there"),
        ("1: a\n'1': b\n", "s:2: a key that is already there"),
        ("a: !hunter2 1\n", "s:1: a tag that does not fit"),
        ("a: !!python/object/apply:os.system [hunter2]\n", "s:1: a tag that does not fit"),
        ("a: !!int hunter2\n", "s:1: a tag that does not fit"),
        ("a: !!timestamp 2020-01-01\n", "s:1: a tag that does not fit"),
        ("a: !!set {hunter2}\n", "s:1: a tag that does not fit"),
        ("a: .inf\n", "s:1: infinity and NaN"),
        ("~: a\n", "s:1: a key that is not text"),
        ("1.5: a\n", "s:1: a key that is not text"),
        ("{a: b}: c\n", "s:1: a list or map cannot be a key"),
        ("? [a]\n: c\n", "s:1: a list or map cannot be a key"),
        ("a: *hunter2\n", "s:1: an alias of something that is not there"),
        ("a: &x [*x]\n", "s:1: an alias of something that is not there"),
        ("a: &x 1\n---\nb: *x\n", "s:3: an alias of something that is not there"),
        ("a:\n  <<: hunter2\n", "s:2: only maps can be merged"),
        ("a: {<<: [hunter2]}\n", "s:1: only maps can be merged"),
        (BOMB, "aliases that multiply the document beyond measure"),
        ("a: &x " + "y" * 100_000 + "\nb: [" + "*x," * 100 + "]\n", "s:2: aliases that multiply"),
        ("[" * DEEP, f"s:1: nested deeper than {DEEPEST_NESTING} levels"),
        ("a: " + "{b: " * DEEP, f"s:1: nested deeper than {DEEPEST_NESTING} levels"),
        ("- " * DEEP + "a", f"s:1: nested deeper than {DEEPEST_NESTING} levels"),
        (
            '{"a":' + "[" * DEEP + "]" * DEEP + "}",
            f"s:1: nested deeper than {DEEPEST_NESTING} levels",
        ),
        ('{"a":' * 100_000, f"s:1: nested deeper than {DEEPEST_NESTING} levels"),
        (
            "a: &a " + "[" * 150 + "]" * 150 + "\nb: " + "[" * 100 + "*a" + "]" * 100,
            f"s:2: nested deeper than {DEEPEST_NESTING} levels",
        ),
        ("a: \x00hunter2", "s: not YAML: it holds characters"),
        ("a: \ud800hunter2", "s: not YAML: it holds characters"),
        ('{"a": "\\ud800"}', "s:1: not YAML"),
        ('{"a": NaN}{', "s:1: not YAML"),
        ("%YAML 9.9\n---\na: 1\n", "s:1: not YAML"),
    ],
    ids=[
        "unclosed",
        "indentation",
        "tab",
        "duplicate",
        "duplicate-json",
        "duplicate-after-text",
        "own-tag",
        "python-tag",
        "wrong-tag",
        "timestamp-tag",
        "set-tag",
        "infinity",
        "null-key",
        "fraction-key",
        "map-key",
        "list-key",
        "unknown-alias",
        "own-alias",
        "alias-of-another-document",
        "merge-text",
        "merge-list-of-text",
        "alias-bomb",
        "alias-text-bomb",
        "deep-lists",
        "deep-maps",
        "deep-blocks",
        "deep-json-lists",
        "deep-json",
        "deep-by-alias",
        "nul",
        "surrogate",
        "surrogate-json",
        "broken-json",
        "version",
    ],
)
def test_load_bad_text_is_refused_with_its_line_and_no_value(text: str, message: str) -> None:
    """Whatever is wrong is a ManifestError that says where and shows nothing of the content."""
    with pytest.raises(ManifestError) as raised:
        load_documents(text, source="s")
    assert message in raised.value.message
    assert SECRET not in raised.value.message + raised.value.hint


def test_load_too_large_text_is_refused() -> None:
    """A text beyond all manifests is not read at all."""
    with pytest.raises(ManifestError, match="s: larger than 64 MiB"):
        load_documents(" " * (LONGEST_TEXT + 1), source="s")


@settings(max_examples=300, deadline=None, database=None, derandomize=True)
@given(st.text(alphabet="ab01 \n\t:-#?*&!|>'\"%{}[],<~.\\\x00é", max_size=30))
def test_load_any_text_is_read_or_refused(text: str) -> None:
    """No text ends in another error than ours."""
    try:
        load_objects(text, source="s")
    except ManifestError as error:
        assert error.message.startswith("s:")


# --- objects -------------------------------------------------------------------------------------


def test_load_objects_empty_documents_are_skipped() -> None:
    """Comments and empty documents are no objects."""
    text = "# a\n---\n---\napiVersion: v1\nkind: Pod\n---\n"
    assert load_objects(text, source="s") == [{"apiVersion": "v1", "kind": "Pod"}]


LIST = """
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Pod}
- apiVersion: v1
  kind: ConfigMapList
  items: [{data: {k: v}}, {apiVersion: v1, kind: ConfigMap}]
"""


def test_load_objects_lists_are_expanded() -> None:
    """The items of a list take its place; those of a typed list need no kind."""
    assert load_objects(LIST, source="s") == [
        {"apiVersion": "v1", "kind": "Pod"},
        {"apiVersion": "v1", "kind": "ConfigMap", "data": {"k": "v"}},
        {"apiVersion": "v1", "kind": "ConfigMap"},
    ]


def test_load_objects_lists_can_stay() -> None:
    """Without expansion a list is one object."""
    assert len(load_objects(LIST, source="s", expand_lists=False)) == 1


def test_load_objects_kind_that_ends_in_list_may_be_no_list() -> None:
    """A kind such as AllowList without items is an object."""
    text = "apiVersion: example.com/v1\nkind: AllowList\n"
    assert [obj["kind"] for obj in load_objects(text, source="s")] == ["AllowList"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\n---\n- 1\n", "s:1: the object has no apiVersion"),
        ("\n\n- 1\n", "s:3: the document is a list, not a Kubernetes object"),
        ("hunter2", "s:1: the document is a text, not a Kubernetes object"),
        ("true", "s:1: the document is a boolean, not a Kubernetes object"),
        ("12", "s:1: the document is a number, not a Kubernetes object"),
        ("apiVersion: v1\n", "s:1: the object has no kind"),
        ("apiVersion: 1\nkind: Pod\n", "s:1: the object has no apiVersion"),
        ("apiVersion: v1\nkind: ''\n", "s:1: the object has no kind"),
        (
            "---\napiVersion: v1\nkind: List\nitems: [hunter2]\n",
            "s:2: items[0]: the document is a text, not a Kubernetes object",
        ),
        (
            "apiVersion: v1\nkind: List\nitems: [{kind: Pod}]\n",
            "s:1: items[0]: the object has no apiVersion",
        ),
    ],
)
def test_load_objects_what_is_no_object_is_refused(text: str, message: str) -> None:
    """Every document must say what it is; the message says where it starts."""
    with pytest.raises(ManifestError) as raised:
        load_objects(text, source="s")
    assert raised.value.message == message


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [("namespace", "n", "boolean"), ("name", "007", "number"), ("name", "[a]", "list")],
)
def test_load_objects_refuses_a_name_that_is_no_text(field: str, value: str, kind: str) -> None:
    """A bare n is a boolean to YAML; an object without its namespace would go elsewhere."""
    text = f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  {field}: {value}\n"
    with pytest.raises(ManifestError, match=rf"metadata\.{field} is a {kind}") as caught:
        load_objects(text, source="f.yaml")
    assert "put it in quotes" == caught.value.hint
