"""The box of current events: what waits, its counts, and how it is settled."""

from datetime import datetime, timedelta
from inspect import Parameter, signature

import pytest

from digital_painschool.domain.enrolment import AlertReason, CaseloadCounts, Enrolment
from digital_painschool.domain.events import (
    FlagHandled,
    FormRead,
    FormSaved,
    HandedOver,
    MessageSent,
    NotificationUndelivered,
    ProgramDone,
)
from digital_painschool.domain.ids import NotificationId
from digital_painschool.domain.notification import Channel, Status
from digital_painschool.domain.people import Author
from digital_painschool.domain.policy import FlagKind
from digital_painschool.errors import InvalidValue, Reason
from digital_painschool.rules.conversations import start_conversation
from digital_painschool.rules.flags import Flag, caseload_counts, mark_handled, mark_read, to_handle
from digital_painschool.rules.forms import save_form
from digital_painschool.rules.lifecycle import end, maintain
from digital_painschool.testing.environment import INSTANT, START
from digital_painschool.testing.example import DAILY, PAIN
from digital_painschool.testing.people import ANNA, BO, CILLA, COORDINATOR, NURSE, PATIENT
from digital_painschool.testing.scenario import Scenario
from tests.scenario import TERMS, folded, refused, started

LATER = START + timedelta(hours=1)


def saved(enrolment: Enrolment, *pains: int) -> Enrolment:
    """Return the state after some fillings-in of the form."""
    for pain in pains:
        enrolment = folded(enrolment, save_form(enrolment, TERMS, PAIN, {"smarta": pain}, by=PATIENT, at=LATER))
    return enrolment


def marked(enrolment: Enrolment, up_to: int | None = None) -> Enrolment:
    """Return the state after marking the form as read."""
    return folded(enrolment, mark_read(enrolment, TERMS, PAIN, up_to, opened=False, by=NURSE, at=LATER))


def busy() -> Enrolment:
    """Return an enrolment in which one of everything waits."""
    enrolment = saved(started(), 3)
    enrolment = folded(enrolment, start_conversation(enrolment, TERMS, "Hej", "Rubrik", by=PATIENT, at=LATER))
    return folded(
        enrolment,
        [
            ProgramDone(at=LATER, by="patient"),
            NotificationUndelivered(
                at=LATER, by="system", notification=NotificationId("n-1"), channel=Channel.INBOX, status=Status.FAILED
            ),
            HandedOver(at=LATER, by=COORDINATOR.hsa_id, therapist=NURSE.hsa_id, flagged=True),
        ],
    )


@pytest.mark.rule("M-15")
def test_the_box_lists_each_unread_form_once_with_how_many_times_it_was_filled_in() -> None:
    """Otherwise a form filled in three times would be three lines, or tell nothing of the other two."""
    school = Scenario()
    id_ = school.start()
    for pain in (3, 4, 5):
        school.room.save_form(id_, PAIN, {"smarta": pain})
    school.room.save_form(id_, DAILY, {"hemma": "bra"})
    assert [(PAIN, 3, 3), (DAILY, 1, 1)] == [(f.form, f.unread, f.total) for f in school.desk.to_handle(id_)]


@pytest.mark.rule("M-15")
@pytest.mark.parametrize("opened", [True, False])
def test_opening_a_form_or_the_small_box_takes_it_out_of_the_box(opened: bool) -> None:
    """Otherwise the therapist would mark what was read already, or the timeline say shown of what was not."""
    school = Scenario()
    id_ = school.start()
    school.room.save_form(id_, PAIN, {"smarta": 3})
    if opened:
        assert [3] == [submission.answers["smarta"] for submission in school.desk.open_form(id_, PAIN)]
    else:
        school.desk.mark_read(id_, PAIN)
    assert () == school.desk.to_handle(id_)
    last = school.events(id_)[-1]
    assert isinstance(last, FormRead)
    assert opened is last.opened


@pytest.mark.rule("D-15a", "D-17a")
def test_a_form_is_read_up_to_what_the_view_showed_and_its_alert_with_it() -> None:
    """Otherwise an answer that nobody has seen would be read, or be unread again, or a calm one hide an alert."""
    enrolment = saved(started(), 3, 10, 2)
    for read, priority in ((0, True), (1, True), (2, False), (3, False)):
        after = marked(enrolment, read)
        flag = Flag(
            kind=FlagKind.FORM_SAVED,
            since=LATER,
            form=PAIN,
            unread=3 - read,
            total=3,
            priority=priority,
            why=(AlertReason(question="smarta", threshold=9),) if priority else (),
        )
        assert ((flag,) if read < 3 else ()) == to_handle(after, LATER)
        assert (3 - read, priority) == (caseload_counts(after).unread_forms, caseload_counts(after).priority)
        for up_to in range(read + 1):
            assert () == mark_read(after, TERMS, PAIN, up_to, opened=False, by=NURSE, at=LATER)
        for up_to in (-1, 4, 10**9):
            with refused("D-15a", Reason.NO_SUCH_SUBMISSION, form=PAIN, saved=3):
                mark_read(after, TERMS, PAIN, up_to, opened=False, by=NURSE, at=LATER)
    assert marked(enrolment) == marked(enrolment, 3)
    assert () == mark_read(marked(enrolment), TERMS, PAIN, opened=False, by=NURSE, at=LATER)


@pytest.mark.rule("M-15")
def test_an_unknown_form_is_refused() -> None:
    """Otherwise a misspelt key would look like a form that is read."""
    with refused("M-15", Reason.UNKNOWN_FORM):
        mark_read(started(), TERMS, "okänt", opened=False, by=NURSE, at=LATER)
    school = Scenario()
    id_ = school.start()
    with school.unchanged(), refused("M-15", Reason.UNKNOWN_FORM):
        school.desk.open_form(id_, "okänt")
    assert () == school.desk.open_form(id_, PAIN)


@pytest.mark.rule("M-16")
def test_the_timeline_can_be_filtered_to_forms_or_to_one_form() -> None:
    """Otherwise old answers would have to be looked for among everything else."""
    school = Scenario()
    id_ = school.start()
    school.room.save_form(id_, PAIN, {"smarta": 3})
    school.room.write(id_, "Hej")
    school.room.save_form(id_, DAILY, {"hemma": "bra"})
    school.desk.open_form(id_, PAIN)
    assert [2, 5] == [entry.seq for entry in school.desk.timeline(id_, [FormSaved])]
    assert [2] == [entry.seq for entry in school.desk.timeline(id_, form=PAIN)]
    with refused("M-16", Reason.UNKNOWN_FORM):
        school.desk.timeline(id_, form="smarta")
    assert [2, 4, 5] == [entry.seq for entry in school.desk.timeline(id_, {FormSaved, MessageSent})]
    assert [1, 2, 3, 4, 5, 6] == [entry.seq for entry in school.desk.timeline(id_)]
    with school.unchanged():
        assert [3] == [submission.answers["smarta"] for submission in school.desk.answers(id_, PAIN)]


@pytest.mark.rule("M-17")
@pytest.mark.parametrize(
    ("after", "kinds"),
    [
        (-timedelta(days=30), []),
        (-INSTANT, []),
        (0 * INSTANT, [FlagKind.ENDING]),
        (INSTANT, [FlagKind.ENDING]),
        (timedelta(days=30), [FlagKind.ENDING]),
    ],
)
def test_the_flag_of_the_ending_waits_from_the_instant_on(after: timedelta, kinds: list[FlagKind]) -> None:
    """Otherwise the flag would depend on whether a worker has run."""
    enrolment = started()
    assert kinds == [flag.kind for flag in to_handle(enrolment, enrolment.access_until + after)]


@pytest.mark.rule("D-17a")
def test_everything_that_can_wait_is_in_the_box_and_in_the_figures() -> None:
    """Otherwise a kind of flag would be raised and never be seen."""
    enrolment = busy()
    kinds = [*list(FlagKind)[:2], FlagKind.UNDELIVERED, FlagKind.PROGRAM_DONE, FlagKind.HANDED_OVER, FlagKind.ENDING]
    assert kinds == [flag.kind for flag in to_handle(enrolment, enrolment.access_until)]
    assert [(1, 1)] * 6 == [(flag.unread, flag.total) for flag in to_handle(enrolment, enrolment.access_until)]
    assert CaseloadCounts(
        unread_forms=1,
        unread_messages=1,
        done=True,
        undelivered=1,
        handed_over=True,
        priority=False,
        waiting_since=LATER,
    ) == caseload_counts(enrolment)


@pytest.mark.rule("D-17a")
def test_an_alert_is_sorted_first_in_the_box_and_in_the_list_until_it_is_read() -> None:
    """Otherwise the patient who needs a call today would wait at the end."""
    school = Scenario()
    ids = {number: school.start(number) for number in (ANNA, BO, CILLA)}
    school.school.patient(BO).save_form(ids[BO], DAILY, {"hemma": "bra"})
    cilla = school.school.patient(CILLA)
    cilla.save_form(ids[CILLA], PAIN, {"smarta": 1})
    cilla.save_form(ids[CILLA], DAILY, {"hemma": "ring"})
    assert [DAILY, PAIN] == [flag.form for flag in school.desk.to_handle(ids[CILLA])]
    rows = school.desk.caseload().rows
    assert [(ids[CILLA], True), (ids[BO], False), (ids[ANNA], False)] == [(r.enrolment_id, r.priority) for r in rows]
    school.desk.open_form(ids[CILLA], DAILY)
    assert [ids[BO], ids[CILLA], ids[ANNA]] == [row.enrolment_id for row in school.desk.caseload().rows]


@pytest.mark.rule("D-17a")
@pytest.mark.parametrize("kind", [FlagKind.PROGRAM_DONE, FlagKind.UNDELIVERED, FlagKind.HANDED_OVER])
def test_what_nothing_else_settles_is_marked_as_handled_alone(kind: FlagKind) -> None:
    """Otherwise handling one flag would sweep away another."""
    enrolment = busy()
    events = mark_handled(enrolment, TERMS, kind, by=NURSE, at=LATER)
    assert (FlagHandled(at=LATER, by=NURSE.hsa_id, flag=kind),) == events
    before = {flag.kind for flag in to_handle(enrolment, LATER)}
    assert before - {kind} == {flag.kind for flag in to_handle(folded(enrolment, events), LATER)}


@pytest.mark.rule("D-17a")
@pytest.mark.parametrize("kind", FlagKind)
def test_a_flag_that_does_not_wait_or_is_settled_otherwise_is_refused(kind: FlagKind) -> None:
    """Otherwise a form could be swept away without being read, or a flag before it comes."""
    with refused("D-17a", Reason.NO_SUCH_FLAG, flag=kind.value):
        mark_handled(started(), TERMS, kind, by=NURSE, at=LATER)
    with pytest.raises(InvalidValue):
        mark_handled(busy(), TERMS, kind.value, by=NURSE, at=LATER)  # type: ignore[arg-type]
    if kind not in {FlagKind.PROGRAM_DONE, FlagKind.UNDELIVERED, FlagKind.HANDED_OVER}:
        with refused("D-17a", Reason.NO_SUCH_FLAG):
            mark_handled(busy(), TERMS, kind, by=NURSE, at=busy().access_until)


@pytest.mark.rule("D-19a")
def test_nothing_waits_in_an_ended_enrolment() -> None:
    """Otherwise a list would count what nobody can settle any more."""
    enrolment = busy()
    over = folded(enrolment, end(enrolment, TERMS, "klar", by=NURSE, at=LATER))
    far: datetime = enrolment.access_until + timedelta(days=1)
    assert () == to_handle(over, far)
    assert CaseloadCounts(
        unread_forms=0,
        unread_messages=0,
        done=False,
        undelivered=0,
        handed_over=False,
        priority=False,
        waiting_since=None,
    ) == caseload_counts(over)
    assert () == mark_read(over, TERMS, PAIN, opened=True, by=NURSE, at=LATER)
    with refused("D-19a", Reason.ALREADY_ENDED):
        mark_read(over, TERMS, PAIN, opened=False, by=NURSE, at=LATER)
    with refused("D-17a", Reason.NO_SUCH_FLAG):
        mark_handled(over, TERMS, FlagKind.PROGRAM_DONE, by=NURSE, at=LATER)


@pytest.mark.rule("M-15")
def test_the_figures_of_the_list_are_those_of_the_box() -> None:
    """Otherwise the number at the patient's name would be another than the number of lines behind it."""
    school = Scenario()
    id_ = school.start()
    for pain in (3, 10):
        school.room.save_form(id_, PAIN, {"smarta": pain})
    school.room.write(id_, "Hej")
    school.complete(id_, 1, 2, 3)
    (row,) = school.desk.caseload().rows
    assert row.flags == sum(flag.unread for flag in school.desk.to_handle(id_)) == 4
    assert 1 == school.state(id_).conversations[0].unread(Author.THERAPIST)


@pytest.mark.rule("M-18")
def test_what_waited_before_a_maintenance_can_be_settled_in_it() -> None:
    """Otherwise a form would wait for ever, and nothing but the end would take it out of the box."""
    enrolment = busy()
    kept = folded(enrolment, maintain(enrolment, TERMS, 30, (1,), shortens=True, by=NURSE, at=LATER))
    assert to_handle(enrolment, LATER) == to_handle(kept, LATER)
    assert caseload_counts(enrolment) == caseload_counts(kept)
    assert 1 == len(mark_read(kept, TERMS, PAIN, opened=True, by=NURSE, at=LATER))
    assert 1 == len(mark_handled(kept, TERMS, FlagKind.PROGRAM_DONE, by=NURSE, at=LATER))


def test_a_flag_is_made_by_the_names_of_its_parts() -> None:
    """Otherwise a portal that makes flags in its tests would count unread ones where it meant all."""
    assert {Parameter.KEYWORD_ONLY} == {parameter.kind for parameter in signature(Flag).parameters.values()}
    flag = Flag(kind=FlagKind.ENDING, since=LATER)
    assert (1, 1, False, ()) == (flag.unread, flag.total, flag.priority, flag.why)
