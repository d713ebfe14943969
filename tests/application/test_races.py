"""What comes between a look and its mark, a permission and its step, a step and its save: at every storage call."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from typing import Any

import pytest

from digital_painschool.bootstrap.school import PainSchool
from digital_painschool.domain.enrolment import Phase
from digital_painschool.domain.events import HandedOver
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Notify, Status
from digital_painschool.domain.people import Author
from digital_painschool.domain.policy import FlagKind
from digital_painschool.errors import NotPermitted, Reason
from digital_painschool.ports.storage import load_notifications
from digital_painschool.testing.example import PAIN
from digital_painschool.testing.faults import Call
from digital_painschool.testing.people import ANNA, COLLEAGUE, NURSE, PERSON, UNIT
from digital_painschool.testing.scenario import Scenario
from tests.scenario import beside, refused

pytestmark = pytest.mark.usefixtures("without_waiting")

E = EnrolmentId("e-0001")


def lived() -> Scenario:
    """Return a school with a conversation, a saved form, and a notification that waits."""
    school = Scenario()
    school.start()
    school.desk.start_conversation(E, "ett", notify=Notify.COLLECTED)
    school.desk.write(E, 1, "två")
    school.room.write(E, "svar", conversation=1)
    school.room.save_form(E, PAIN, {"smarta": 3})
    return school


def in_between(
    step: Callable[[PainSchool], object], act: Callable[[Scenario], object]
) -> Iterator[tuple[Scenario, Callable[[], Any]]]:
    """Yield a school and a step for each call that it makes of the storage; something happens before that call."""

    def before_call(number: int) -> tuple[Scenario, Callable[[], Any], Iterator[int]]:
        school, calls = lived(), count(1)

        def around(call: Call) -> object:
            if next(calls) == number:
                act(school)
            return call.go()

        other = beside(school, around)
        return school, partial(step, other), calls

    _, undisturbed, calls = before_call(0)
    undisturbed()
    for number in range(1, next(calls)):
        yield before_call(number)[:2]


def written_by(author: Author) -> Callable[[Any], int]:
    """Return what counts the messages of one side in a view."""
    return lambda view: sum(message.author is author for message in view.messages)


# the look, what comes meanwhile, how much a view shows, how much there is, and how much waits afterwards
LOOKS: dict[str, tuple[Callable[[PainSchool], Any], Callable[[Scenario], object], Any, Any, Any]] = {
    "a patient reads": (
        lambda s: s.patient(ANNA).read_conversation(E, 1),
        lambda s: s.desk.write(E, 1, "tre"),
        written_by(Author.THERAPIST),
        lambda state: state.conversations[0].from_therapist,
        lambda s: s.room.conversations(E)[0].unread,
    ),
    "a therapist reads": (
        lambda s: s.therapist(NURSE).read_conversation(E, 1),
        lambda s: s.room.write(E, "mer", conversation=1),
        written_by(Author.PATIENT),
        lambda state: state.conversations[0].from_patient,
        lambda s: s.desk.conversations(E)[0].unread,
    ),
    "a therapist opens a form": (
        lambda s: s.therapist(NURSE).open_form(E, PAIN),
        lambda s: s.room.save_form(E, PAIN, {"smarta": 9}),
        len,
        lambda state: state.form(PAIN).saved,
        lambda s: sum(flag.unread for flag in s.desk.to_handle(E) if flag.kind is FlagKind.FORM_SAVED),
    ),
}


@pytest.mark.rule("M-10", "M-16", "D-15a")
@pytest.mark.parametrize("what", LOOKS)
def test_what_comes_during_a_look_is_shown_or_stays_unread(what: str) -> None:
    """Otherwise a message or an alarm that nobody has seen would count as read."""
    look, act, shown, total, unread = LOOKS[what]
    waiting = set()
    for school, step in in_between(look, act):
        seen = shown(step())
        assert total(school.state(E)) - seen == unread(school)
        waiting.add(unread(school))
    assert {0, 1} == waiting


STEPS: dict[str, Callable[[PainSchool], object]] = {
    "write": lambda s: s.therapist(NURSE).write(E, 1, "Hej"),
    "start_conversation": lambda s: s.therapist(NURSE).start_conversation(E, "Hej"),
    "rename_conversation": lambda s: s.therapist(NURSE).rename_conversation(E, 1, "Ny"),
    "read_conversation": lambda s: s.therapist(NURSE).read_conversation(E, 1),
    "open_form": lambda s: s.therapist(NURSE).open_form(E, PAIN),
    "review": lambda s: s.therapist(NURSE).review(E),
    "maintain": lambda s: s.therapist(NURSE).maintain(E, days=30, modules=(1,), shortens=True),
    "end": lambda s: s.therapist(NURSE).end(E, reason="klar"),
}


@pytest.mark.rule("M-06", "D-09a")
@pytest.mark.parametrize("what", STEPS)
def test_who_has_lost_the_patient_changes_nothing_more(what: str) -> None:
    """Otherwise a therapist would end the treatment of a patient who was handed over a moment earlier."""
    refusals = 0
    for school, step in in_between(STEPS[what], lambda s: s.coordinator.hand_over(E, COLLEAGUE.hsa_id)):
        try:
            step()
        except NotPermitted:
            refusals += 1
        events = school.events(E)
        handed_over = [type(event) for event in events].index(HandedOver)
        assert [] == [event for event in events[handed_over + 1 :] if event.by == NURSE.hsa_id]
    assert refusals


@pytest.mark.rule("M-19", "D-19a")
@pytest.mark.parametrize("act", ["a message", "a worker", "an answer"])
def test_an_end_takes_along_whatever_waits_by_then(act: str) -> None:
    """Otherwise a patient whose treatment is over would be called to read, or the end fail whenever somebody writes."""
    acts: dict[str, Callable[[Scenario], object]] = {
        "a message": lambda s: s.desk.write(E, 1, "tre", notify=Notify.DIRECT),
        "a worker": lambda s: [s.advance(hours=1), s.deliver()],  # type: ignore[func-returns-value]
        "an answer": lambda s: s.room.write(E, "mer", conversation=1),
    }

    def unless_ended(school: Scenario) -> None:
        if school.state(E).phase is not Phase.ENDED:
            acts[act](school)

    for school, step in in_between(STEPS["end"], unless_ended):
        step()
        assert Phase.ENDED is school.state(E).phase
        assert Status.PENDING not in [record.status for record in load_notifications(school.storage, E)]


@pytest.mark.rule("D-07a")
def test_of_two_who_start_the_same_one_is_told_of_the_other() -> None:
    """Otherwise a double click would give a patient two timelines, or an error that says nothing."""
    for school, step in in_between(
        lambda s: s.therapist(NURSE).start(ANNA, program="somnskola"),
        lambda s: s.colleague.start(ANNA, program="somnskola"),
    ):
        with refused("D-07a", Reason.ALREADY_OPEN):
            step()
        assert 2 == len(school.storage.find_by_person(PERSON))


@pytest.mark.rule("D-05a", "D-21c")
def test_a_worker_that_comes_too_late_leaves_no_line() -> None:
    """Otherwise a patient's log would fill with refusals of a worker whom nobody had asked for anything."""

    def unless_ended(school: Scenario) -> None:
        school.desk.end(E, reason="klar")

    for school, run in in_between(lambda s: s.delivery().run(), unless_ended):
        school.at("2027-03-03 09:00")
        run()
        assert [] == [entry for _, entry in school.storage.access_entries(UNIT) if not entry.granted]
