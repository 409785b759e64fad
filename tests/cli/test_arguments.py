"""Tests of the rewriting of arguments: what KubeFed's users type, as our parser takes it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubefedctl.cli.arguments import SHARED_WITH_VALUE, SWITCHES, rewrite_arguments

_WORDS = st.one_of(
    st.sampled_from(
        [
            *sorted(SHARED_WITH_VALUE | SWITCHES),
            *("--dry-run=true", "--dry-run=false", "--dry-run=x", "-v=2", "-v=-v=2", "-v=--"),
            *("--log_dir", "--log-dir=x", "--alsologtostderr=true", "--vmodule", "-x=-v=2"),
            *("--error-on-existing=false", "--debug=no", "federate", "join", "shop", "", "-", "--"),
            *("--version", "--help", "-h", "-nshop", "--=", "--_", "--log_dir_=1"),
        ]
    ),
    st.text(max_size=6),
)


def _check(given: str, expected: str) -> None:
    assert expected.split() == rewrite_arguments(given.split())


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param("-n shop federate deploy web", "federate -n shop deploy web", id="short"),
        pytest.param("federate deploy web -n shop", "federate deploy web -n shop", id="behind"),
        pytest.param("--namespace=shop federate x", "federate --namespace=shop x", id="equals"),
        pytest.param("-n=shop federate x", "federate -n shop x", id="short-equals"),
        pytest.param("-nshop federate x", "federate -nshop x", id="short-attached"),
        pytest.param(
            "--kubeconfig k --host-cluster-context c --v 2 join m --force",
            "join --kubeconfig k --host-cluster-context c --v 2 m --force",
            id="several",
        ),
        pytest.param("--cluster-context c join m", "join --cluster-context c m", id="own"),
        pytest.param("--dry-run sync", "sync --dry-run=client", id="switch-takes-no-value"),
        pytest.param("--debug sync", "sync --debug", id="debug"),
        pytest.param("--yes deinit", "deinit --yes", id="yes"),
        pytest.param(
            "-n shop orphaning-deletion --v 2 status x y",
            "orphaning-deletion status -n shop --v 2 x y",
            id="two-words",
        ),
        pytest.param("-n s orphaning-deletion", "orphaning-deletion -n s", id="first-word-alone"),
        pytest.param("--help", "--help", id="help-alone"),
        pytest.param("--help join", "join --help", id="help-of-a-command"),
        pytest.param("--version", "--version", id="version-alone"),
        pytest.param("--version sync", "--version sync", id="version-is-the-programs"),
        pytest.param("enable x --version v1", "enable x --version v1", id="version-of-a-type"),
        pytest.param("--show-completion bash", "--show-completion bash", id="completion"),
        pytest.param("-n shop", "-n shop", id="no-command"),
        pytest.param("-n", "-n", id="value-missing"),
        pytest.param("", "", id="nothing"),
        pytest.param("-f - federate", "federate -f -", id="standard-input"),
        pytest.param("federate -f -", "federate -f -", id="standard-input-behind"),
        pytest.param("--wait sync", "sync --wait=ready", id="wait-alone"),
        pytest.param("sync --wait=true -q", "sync --wait=ready -q", id="wait-as-go-spells-it"),
        pytest.param("sync --wait=current", "sync --wait=current", id="wait-for-something"),
        pytest.param("--wait=false sync", "sync", id="wait-not"),
        pytest.param("sync -l --wait", "sync -l --wait", id="wait-as-a-value"),
        pytest.param("join c --wait", "join c --wait", id="wait-of-another-command"),
    ],
)
def test_rewrite_leading_options_go_behind_the_command(given: str, expected: str) -> None:
    """Options before the command's name mean the same as behind it."""
    _check(given, expected)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param("join m -v=2", "join m -v 2", id="v-equals"),
        pytest.param("join m -v2", "join m -v2", id="v-attached"),
        pytest.param("join m --v=2", "join m --v=2", id="long-v-equals"),
        pytest.param("join m --v 2", "join m --v 2", id="long-v"),
        pytest.param("join m -v=-1", "join m -v -1", id="v-negative"),
        pytest.param("--v -1 join m", "join --v -1 m", id="v-negative-before"),
        pytest.param("join m --logtostderr", "join m", id="klog-switch"),
        pytest.param("join m --logtostderr=true", "join m", id="klog-switch-equals"),
        pytest.param("join --log-dir /tmp m", "join m", id="klog-value"),
        pytest.param("join --log-dir=/tmp m", "join m", id="klog-value-equals"),
        pytest.param("join --log_dir /tmp m", "join m", id="klog-underscore"),
        pytest.param("--alsologtostderr --stderrthreshold 2 join m", "join m", id="klog-before"),
        pytest.param("join m --vmodule -x", "join m", id="klog-value-with-dash"),
        pytest.param("join m --log-file", "join m", id="klog-value-missing"),
        pytest.param("join --cluster_context=a_b", "join --cluster-context=a_b", id="underscore"),
        pytest.param("join --cluster_context a_b", "join --cluster-context a_b", id="underscores"),
        pytest.param("join m_1", "join m_1", id="underscore-in-a-name"),
    ],
)
def test_rewrite_spellings_of_go_flags_are_understood(given: str, expected: str) -> None:
    """klog's flags vanish, underscores become dashes, and `-v=2` is split."""
    _check(given, expected)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param("--dry-run", "--dry-run=client", id="dry-run"),
        pytest.param("--dry-run=true", "--dry-run=client", id="dry-run-true"),
        pytest.param("--dry-run=1", "--dry-run=client", id="dry-run-1"),
        pytest.param("--dry-run=TRUE", "--dry-run=client", id="dry-run-upper"),
        pytest.param("--dry-run=false", "--dry-run=none", id="dry-run-false"),
        pytest.param("--dry-run=F", "--dry-run=none", id="dry-run-f"),
        pytest.param("--dry-run=client", "--dry-run=client", id="dry-run-client"),
        pytest.param("--dry-run=none", "--dry-run=none", id="dry-run-none"),
        pytest.param("--dry-run=server", "--dry-run=server", id="dry-run-unknown"),
        pytest.param("--dry-run=", "--dry-run=", id="dry-run-empty"),
        pytest.param("--dry_run=true", "--dry-run=client", id="dry-run-underscore"),
        pytest.param("--dry-run x", "--dry-run=client x", id="dry-run-leaves-the-next-word"),
        pytest.param("--error-on-existing", "--error-on-existing", id="error"),
        pytest.param("--error-on-existing=true", "--error-on-existing", id="error-true"),
        pytest.param("--error-on-existing=false", "--no-error-on-existing", id="error-false"),
        pytest.param("--no-error-on-existing", "--no-error-on-existing", id="no-error"),
        pytest.param("--force=true", "--force", id="force-true"),
        pytest.param("--force=false", "", id="force-false"),
        pytest.param("-t=false -c=true", "-c", id="short-switches"),
        pytest.param("--debug=maybe", "--debug=maybe", id="not-a-truth"),
    ],
)
def test_rewrite_switches_take_truth_values(given: str, expected: str) -> None:
    """A switch may say `=true` or `=false`; what is neither is left for the parser to refuse."""
    _check(f"join {given}", f"join {expected}")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param("run -- kubectl -v=2 --dry_run", "run -- kubectl -v=2 --dry_run", id="behind"),
        pytest.param("-n x run -- --v=2 --", "run -n x -- --v=2 --", id="only-the-first-counts"),
        pytest.param("-- join --dry-run", "-- join --dry-run", id="at-once"),
    ],
)
def test_rewrite_after_two_dashes_nothing_is_touched(given: str, expected: str) -> None:
    """What follows `--` belongs to another program."""
    _check(given, expected)


@pytest.mark.parametrize(
    "given",
    [
        pytest.param("join m --bogus", id="long"),
        pytest.param("join m --bogus=a_b", id="long-equals"),
        pytest.param("join m -x=1", id="short-equals"),
        pytest.param("join m -tc", id="joined-shorts"),
        pytest.param("join ---", id="three-dashes"),
        pytest.param("join --=x", id="no-name"),
    ],
)
def test_rewrite_unknown_flags_are_handed_on(given: str) -> None:
    """The parser reports what it does not know, in the words of the user."""
    _check(given, given)


def test_rewrite_unknown_flag_before_the_command_stays_a_flag_of_it() -> None:
    """An unknown flag does not swallow the command's name."""
    assert ["sync", "--bogus"] == rewrite_arguments(["--bogus", "sync"])


def test_rewrite_value_that_looks_like_a_flag_is_left_alone() -> None:
    """The word behind an option that takes a value is that value."""
    assert ["join", "-n", "--dry-run"] == rewrite_arguments(["join", "-n", "--dry-run"])


@given(st.lists(_WORDS, max_size=8))
def test_rewrite_any_words_never_raises_and_is_idempotent(words: list[str]) -> None:
    """A second rewriting finds nothing to do, and the argument is not changed."""
    before = list(words)
    once = rewrite_arguments(words)
    assert before == words
    assert once == rewrite_arguments(once)


@given(st.lists(_WORDS, max_size=5))
def test_rewrite_words_after_two_dashes_come_out_as_they_went_in(words: list[str]) -> None:
    """The end of the line is the same, whatever it is."""
    assert ["sync", "--", *words] == rewrite_arguments(["sync", "--", *words])
