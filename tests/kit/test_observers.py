"""The school's side of the observer port: when observers are told, of what, by whom, and what they cannot stop."""

from threading import get_ident

import pytest

from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import Event
from digital_painschool.domain.fold import replay
from digital_painschool.errors import RuleViolation, StorageError
from digital_painschool.ports import Storage
from digital_painschool.ports.storage import load_enrolment
from digital_painschool.testing.environment import Environment, with_adapters
from digital_painschool.testing.scenario import Scenario

OutboxEntry = tuple[str, Enrolment, tuple[Event, ...], int]


class Listener:
    """Notes what it is told, in which thread, and what the storage had by then."""

    def __init__(self, name: str, told: list[OutboxEntry], storage: Storage | None = None) -> None:
        self.name = name
        self.told = told
        self.storage = storage

    def notice(self, enrolment: Enrolment, events: tuple[Event, ...]) -> None:
        """Note it."""
        if self.storage is not None:
            assert enrolment == load_enrolment(self.storage, enrolment.id)
        self.told.append((self.name, enrolment, events, get_ident()))


class Fragile(Listener):
    """Raises after it has noted what it was told."""

    def notice(self, enrolment: Enrolment, events: tuple[Event, ...]) -> None:
        """Note it, and raise."""
        super().notice(enrolment, events)
        raise RuntimeError(f"{enrolment.person.value} must not be logged")


@pytest.fixture
def told() -> list[OutboxEntry]:
    """What the observers were told, in order."""
    return []


@pytest.fixture
def scenario(told: list[OutboxEntry]) -> Scenario:
    """A school with three observers, of which the second raises each time."""

    def opened(environment: Environment) -> object:
        observers = (Listener("first", told, environment.storage), Fragile("second", told), Listener("third", told))
        return with_adapters(observers=observers)(environment)

    return Scenario(opened)  # type: ignore[arg-type]


def test_each_is_told_once_a_step_in_the_order_of_the_settings(scenario: Scenario, told: list[OutboxEntry]) -> None:
    """Otherwise statistics would count double, or one observer work with what another was to prepare."""
    e = scenario.start()
    scenario.room.save_form(e, "halsoskattning", {"smarta": 3})
    scenario.desk.start_conversation(e, "Hej")
    assert ["first", "second", "third"] * 3 == [name for name, *_ in told]


def test_each_is_told_all_that_happened_and_the_state_after_it(scenario: Scenario, told: list[OutboxEntry]) -> None:
    """Otherwise what observers add up would be something else than the timeline."""
    e = scenario.start()
    scenario.complete(e, 1)
    for name in ("first", "second", "third"):
        steps = [(state, events) for whom, state, events, _ in told if whom == name]
        assert scenario.events(e) == tuple(event for _, events in steps for event in events)
        seen: list[Event] = []
        for state, events in steps:
            seen.extend(events)
            assert state == replay(seen)


def test_they_are_told_in_the_thread_that_took_the_step(scenario: Scenario, told: list[OutboxEntry]) -> None:
    """Otherwise an observer could not use what belongs to the request, such as its transaction or its language."""
    scenario.start()
    assert {get_ident()} == {thread for *_, thread in told}


def test_nobody_is_told_of_a_step_that_was_refused(scenario: Scenario, told: list[OutboxEntry]) -> None:
    """Otherwise a screen would show what has never happened (law 2)."""
    e = scenario.start()
    told.clear()
    with pytest.raises(RuleViolation):
        scenario.desk.end(e, reason="unknown")
    assert [] == told


def test_nobody_is_told_of_a_step_that_could_not_be_saved(
    scenario: Scenario, told: list[OutboxEntry], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise, with a full disk, statistics would go on counting."""
    e = scenario.start()
    told.clear()

    def full(_: object) -> None:
        raise StorageError("the disk is full")

    monkeypatch.setattr(scenario.storage, "save", full)
    with pytest.raises(StorageError):
        scenario.desk.review(e)
    assert [] == told


def test_one_that_raises_stops_nothing_and_is_logged_by_its_type(
    scenario: Scenario, told: list[OutboxEntry], caplog: pytest.LogCaptureFixture
) -> None:
    """Otherwise a broken statistics server would stop the treatment, or put numbers into the log."""
    e = scenario.start()
    assert ["first", "second", "third"] == [name for name, *_ in told]
    assert "observer Fragile raised RuntimeError" in caplog.text
    assert scenario.state(e).person.value not in caplog.text
