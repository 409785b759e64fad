"""Tests of the error tree: codes, sentences, and that the table of codes is complete."""

from __future__ import annotations

import pytest

from kubefedctl import errors
from kubefedctl.errors import (
    EXIT_CODE_MEANINGS,
    ClusterError,
    ConflictError,
    ExitCode,
    InputError,
    KubefedctlError,
)

CODES = {
    "InputError": 3,
    "ManifestError": 3,
    "KubeconfigError": 3,
    "OverrideError": 3,
    "ControlPlaneError": 3,
    "ClusterError": 4,
    "UnreachableError": 4,
    "UnauthorizedError": 4,
    "ForbiddenError": 4,
    "NotFoundError": 4,
    "ConflictError": 4,
    "AlreadyExistsError": 4,
    "ExpiredError": 4,
    "InvalidError": 4,
    "ThrottledError": 4,
    "ServerError": 4,
    "PartialFailure": 5,
    "RefusedError": 6,
    "WaitTimeout": 7,
    "Interruption": 130,
    "Termination": 143,
}


def _classes() -> dict[str, type[KubefedctlError]]:
    return {
        name: found
        for name, found in vars(errors).items()
        if isinstance(found, type)
        and issubclass(found, KubefedctlError)
        and found is not KubefedctlError
    }


def test_error_classes_have_the_exit_codes_of_the_tree() -> None:
    """Scripts rely on the code of each class."""
    assert CODES == {name: found.exit_code for name, found in _classes().items()}


@pytest.mark.parametrize("name", CODES)
def test_error_tree_of_the_docstring_names_every_class(name: str) -> None:
    """The drawing at the top of the module is complete."""
    assert errors.__doc__ is not None
    assert f" {name} " in errors.__doc__


def test_exit_code_table_has_a_meaning_for_each_code() -> None:
    """What users read is complete, and in the order of the codes."""
    assert list(ExitCode) == list(EXIT_CODE_MEANINGS)
    assert [0, 1, 2, 3, 4, 5, 6, 7, 70, 130, 143] == [code.value for code in EXIT_CODE_MEANINGS]


def test_root_of_the_tree_cannot_be_raised() -> None:
    """The narrowest class is raised, never the root."""
    with pytest.raises(TypeError, match="abstract"):
        KubefedctlError("no")


def test_error_keeps_message_and_hint() -> None:
    """The text of the exception is the message alone."""
    error = InputError("a is wrong", hint="try b")
    assert ("a is wrong", "a is wrong", "try b") == (str(error), error.message, error.hint)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(
            {"status": 409, "reason": "Conflict", "message": "object was modified"},
            "cannot update Deployment/shop/web in cluster eu: 409 Conflict: object was modified",
            id="all",
        ),
        pytest.param(
            {"message": "the connection was refused"},
            "cannot update Deployment/shop/web in cluster eu: the connection was refused",
            id="no-answer",
        ),
        pytest.param(
            {"status": 500},
            "cannot update Deployment/shop/web in cluster eu: 500",
            id="status-alone",
        ),
        pytest.param(
            {"reason": "Gone"}, "cannot update Deployment/shop/web in cluster eu: Gone", id="reason"
        ),
        pytest.param({}, "cannot update Deployment/shop/web in cluster eu", id="nothing"),
        pytest.param(
            {"message": " two\n\tlines "},
            "cannot update Deployment/shop/web in cluster eu: two lines",
            id="lines",
        ),
    ],
)
def test_cluster_error_sentence_names_act_object_cluster_and_cause(
    given: dict[str, object], expected: str
) -> None:
    """One sentence on one line, with what the cluster said at its end."""
    fields = {"act": "update", "subject": "Deployment/shop/web", "cluster": "eu", **given}
    assert expected == ClusterError(**fields).message  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        (255, "x" * 255 + "y"),
        (256, "x" * 159 + "…" + "x" * 95 + "y"),
        (9999, "x" * 159 + "…" + "x" * 95 + "y"),
    ],
)
def test_cluster_error_cause_is_cut_in_its_middle(length: int, expected: str) -> None:
    """No answer of a cluster fills the screen; what is wrong stands at its end."""
    error = ConflictError(act="get", subject="a", cluster="b", message="x" * length + "y")
    assert expected == error.cause
    assert f"cannot get a in cluster b: {expected}" == str(error)


def test_cluster_error_answer_leaves_the_question_out() -> None:
    """Statuses quote what the cluster said without saying again what was asked."""
    error = ClusterError(act="get", subject="a", cluster="b", status=403, reason="Forbidden")
    assert "403 Forbidden" == error.answer
