"""Tests of watching how a federation stands: what is new, and what is survived."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kubefedctl.core.narrowing import parse_request
from kubefedctl.core.surveying import differs
from kubefedctl.errors import InputError, Interruption, UnreachableError
from kubefedctl.model.events import Step
from kubefedctl.model.refs import Key
from kubefedctl.model.situations import ClusterSituation, Glance, Situation
from kubefedctl.model.wellknown import KUBEFED_CONFIGS, TYPE_CONFIGS
from kubefedctl.ops.clock import Pace
from kubefedctl.ops.halting import Halt
from kubefedctl.ops.status import StatusOptions, watch_status
from tests.core.makers import CONFIG_MAP
from tests.fakes import MemoryFleet
from tests.ops.shop import make_synced_shop, members_of
from tests.ops.stage import FEDERATED_CONFIG_MAPS, KNS, WEB, error

AT_ONCE = Pace(0.0, glance=0.0)


def _glances(fleet: MemoryFleet, *asked: str, halt: Halt | None = None) -> Iterator[Glance]:
    options = StatusOptions(KNS, parse_request(asked))
    for event in watch_status(fleet, options, pace=AT_ONCE, halt=halt):
        if not isinstance(event, Step):
            assert isinstance(event, Glance)
            yield event


def _states(glance: Glance) -> dict[str, str]:
    (web,) = [found for found in glance.situation.objects if found.subject.name == "web"]
    return {name: cell.word for name, cell in web.cells.items()}


def test_watch_tells_whether_something_is_new() -> None:
    """The first glance is; the second is not, until somebody deletes a copy."""
    _, fleet = make_synced_shop()
    glances = _glances(fleet)
    assert [True, False] == [next(glances).has_changed, next(glances).has_changed]
    members_of(fleet)[0].remove(CONFIG_MAP, WEB)
    third = next(glances)
    assert (True, {"c1": "create", "c2": "ok"}) == (third.has_changed, _states(third))
    assert not next(glances).has_changed


def test_watch_survives_a_member_that_goes_and_comes_back() -> None:
    """It is not ready meanwhile, which is news, and so is its return."""
    _, fleet = make_synced_shop()
    glances = _glances(fleet)
    next(glances)
    members_of(fleet)[1].fail_next("read", error(UnreachableError, 0), name="/healthz")
    away, back = next(glances), next(glances)
    assert [(True, "ClusterNotReady"), (True, "ok")] == [
        (found.has_changed, _states(found)["c2"]) for found in (away, back)
    ]


def test_watch_survives_a_host_that_does_not_answer() -> None:
    """The last situation stands, with the cause, which is news once."""
    host, fleet = make_synced_shop()
    glances = _glances(fleet)
    first = next(glances)
    trouble = error(UnreachableError, 0, "connection refused")
    host.fail_next("list", trouble, name=TYPE_CONFIGS.plural, times=2)
    second, third, fourth = next(glances), next(glances), next(glances)
    assert [trouble.message, trouble.message, ""] == [
        found.trouble for found in (second, third, fourth)
    ]
    assert [True, False, True] == [found.has_changed for found in (second, third, fourth)]
    assert (first.at, first.situation) == (second.at, second.situation)


def test_watch_survives_what_was_asked_for_going() -> None:
    """It may come back."""
    host, fleet = make_synced_shop()
    glances = _glances(fleet, "configmaps/web")
    next(glances)
    host.remove(FEDERATED_CONFIG_MAPS, WEB)
    assert "web" in next(glances).trouble


def test_watch_of_what_was_never_there_is_an_error() -> None:
    """It is mostly a typing error."""
    _, fleet = make_synced_shop()
    with pytest.raises(InputError):
        next(_glances(fleet, "configmaps/wbe"))


def test_watch_tells_warnings_with_the_glance() -> None:
    """A new one is news."""
    host, fleet = make_synced_shop()
    glances = _glances(fleet)
    assert () == next(glances).warnings
    host.remove(KUBEFED_CONFIGS, Key(KNS, "kubefed"))
    second = next(glances)
    assert (True, 1) == (second.has_changed, len(second.warnings))


def test_watch_ends_when_it_is_halted() -> None:
    """No look is begun any more."""
    _, fleet = make_synced_shop()
    halt = Halt()
    glances = _glances(fleet, halt=halt)
    next(glances)
    halt.ask(Interruption("stopped"))
    assert [] == list(glances)


def test_times_of_probes_are_no_news() -> None:
    """Every sync writes them."""
    before, after = (
        Glance(at, Situation((ClusterSituation("c1", True, probed=at),), (), ()))
        for at in ("2026-01-02T03:04:05Z", "2026-01-02T03:05:05Z")
    )
    assert not differs(before, after)
    assert differs(None, after)
