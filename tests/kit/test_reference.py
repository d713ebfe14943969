"""The reference: its model agrees with the library after a history, and each of its checks can fail."""

import pickle
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve, fields
from hypothesis import given, settings
from hypothesis import strategies as st

from digital_painschool.domain import local_time
from digital_painschool.domain.enrolment import Enrolment, Phase
from digital_painschool.domain.events import (
    AccessEnded,
    Ended,
    NotificationDropped,
    NotificationResolved,
    NotificationUndelivered,
)
from digital_painschool.domain.ids import EnrolmentId, NotificationId
from digital_painschool.domain.notification import (
    Channel,
    NotificationRecord,
    Notify,
    ResolutionReason,
    Status,
    Template,
)
from digital_painschool.domain.pace import ChannelPace
from digital_painschool.domain.people import Author
from digital_painschool.domain.policy import FlagKind, Policy
from digital_painschool.ports.messaging import Address
from digital_painschool.ports.storage import load_notifications, load_timeline
from digital_painschool.rules import pace as rules_of_pace
from digital_painschool.rules.flags import Flag
from digital_painschool.rules.forms import is_alert, score
from digital_painschool.rules.notifications import next_digest_at
from digital_painschool.testing.environment import START, PortsFactory, in_memory, local, on_sqlite
from digital_painschool.testing.example import DAILY, PAIN, PROGRAM
from digital_painschool.testing.people import ANNA, COLLEAGUE, COORDINATOR, NURSE, PERSON, UNIT
from digital_painschool.testing.reference import calendar, checks
from digital_painschool.testing.reference.arrivals import Arrival
from digital_painschool.testing.reference.enrolment import ReferenceEnrolment
from digital_painschool.testing.reference.expectations import ExpectedNotification, Ticked
from digital_painschool.testing.reference.forms import reached_thresholds, reaches_alert
from digital_painschool.testing.reference.laws import Law, LawViolation, require, unequal, violation
from digital_painschool.testing.reference.notes import note_violations
from digital_painschool.testing.reference.notifications import NotificationOracle
from digital_painschool.testing.reference.pace import Grant, Slots, Used, leaves_no_slot
from digital_painschool.testing.scenario import Scenario
from digital_painschool.testing.snapshot import StorageSnapshot, difference
from digital_painschool.testing.strategies import ZONES, answers, forms

MORNING = local("2026-03-02 09:00")

# Laws


@pytest.mark.parametrize("law", Law)
def test_a_violation_names_its_law_and_survives_another_process(law: Law) -> None:
    """Otherwise nobody would know which law is broken, or a worker's finding would be lost on its way."""
    broken = pickle.loads(pickle.dumps(violation(law, "something is wrong", "e-0001")))  # noqa: S301
    assert f"Law {law.value}: e-0001: something is wrong\n({law.sentence})" == str(broken)
    assert (LawViolation, f"Law{law.value}Violation") == (type(broken).__mro__[1], type(broken).__name__)


# Calendar and forms


@settings(deadline=None)
@given(st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1)), st.sampled_from(ZONES), st.integers(-130, 130))  # noqa: DTZ001
def test_the_calendar_agrees_with_the_library_s(naive: datetime, zone_name: str, number: int) -> None:
    """Otherwise one of the two would be wrong about a boundary."""
    at, zone = naive.replace(tzinfo=UTC), ZoneInfo(zone_name)
    policy = Policy(zone=zone)
    assert local_time.months_later(at, number, zone) == calendar.months_later(at, number, zone)
    assert local_time.end_of_day(at, abs(number), zone) == calendar.midnight_after(at, abs(number), zone)
    run = calendar.instant(calendar.run_for(at, policy), policy.collected_at, zone)
    assert next_digest_at(at, policy) == run
    assert calendar.is_forenoon(run, policy)
    assert not calendar.is_forenoon(run - calendar.MICROSECOND, policy)


def test_clock_changes_lie_on_two_days_of_a_year() -> None:
    """Otherwise the days that go wrong most often would not be tried."""
    zone = ZoneInfo("Europe/Stockholm")
    assert (date(2026, 3, 29), date(2026, 10, 25)) == calendar.clock_changes(zone, 2026)
    assert local("2026-03-29 03:00") == calendar.next_clock_change(MORNING, zone)


@settings(deadline=None)
@given(st.data())
def test_an_alert_is_reached_as_the_rule_has_it(data: st.DataObject) -> None:
    """Otherwise the model or the rule would miss a patient who needs help soonest."""
    form = data.draw(forms())
    given_ = data.draw(answers(form))
    assert is_alert(form, given_, score(form, given_)) is reaches_alert(form, given_)


# The model


def a_model(id_: str = "e-0001", start: datetime = START, policy: Policy | None = None) -> ReferenceEnrolment:
    """Return the model of an enrolment that was just started."""
    return ReferenceEnrolment(
        id=EnrolmentId(id_),
        person=PERSON,
        unit=UNIT,
        therapist=NURSE.hsa_id,
        program=PROGRAM,
        policy=policy or Policy(),
        started_at=start,
    )


def live(school: Scenario) -> ReferenceEnrolment:
    """Do one of everything, in a school and in the model."""
    room, desk, id_ = school.room, school.desk, school.start()
    model, bad = a_model(id_, school.now), {"smarta": 9}
    for module in (3, 1, 2):
        school.advance(minutes=1)
        for page in (2, 1, 2):
            room.read_page(id_, module, page)
            model.read_page(module, page, school.now)
        room.complete_module(id_, module)
        model.complete_module(module, school.now)
    for form, given_ in ((PAIN, bad), (PAIN, {"smarta": 1}), (DAILY, {"hemma": "bra"})):
        room.save_form(id_, form, given_)
        definition = PROGRAM.form(form)
        assert definition is not None
        model.save_form(form, given_, school.now, reached=reached_thresholds(definition, given_))
    desk.mark_read(id_, DAILY)
    model.mark_read(DAILY, 1, school.now)
    desk.start_conversation(id_, "Hej")
    model.write(0, Author.THERAPIST, school.now)
    room.write(id_, "Hej", conversation=1)
    model.write(1, Author.PATIENT, school.now)
    room.read_conversation(id_, 1)
    model.read(1, Author.PATIENT, school.now)
    room.rename_conversation(id_, 1, "Ny")
    model.rename(1, "Ny", Author.PATIENT, school.now)
    desk.review(id_)
    model.review(school.now)
    desk.mark_handled(id_, FlagKind.PROGRAM_DONE)
    model.mark_handled(FlagKind.PROGRAM_DONE, school.now)
    school.coordinator.hand_over(id_, COLLEAGUE.hsa_id)
    model.hand_over(COLLEAGUE.hsa_id, COORDINATOR.hsa_id, school.now)
    school.colleague.maintain(id_, days=30, modules=(1, 3), shortens=True)
    model.maintain(30, (1, 3), school.now)
    return model


def all_violations(school: Scenario, model: ReferenceEnrolment, state: Enrolment) -> list[LawViolation]:
    """Return everything that is wrong with an enrolment, by its state."""
    colleague = school.colleague
    return [
        *checks.timeline_violations(model, state, load_timeline(school.storage, model.id)),
        *checks.entry_violations(model, load_timeline(school.storage, model.id)),
        *checks.state_violations(model, state),
        *checks.flag_violations(model, colleague.to_handle(model.id), school.now),
        *checks.row_violations([model], colleague.caseload().rows, school.now, "Mina"),
        *checks.conversation_violations(model, colleague.conversations(model.id), Author.THERAPIST),
        *checks.overview_violations(model, school.room.overview(model.id), school.now),
    ]


def test_the_model_agrees_with_the_school_until_something_is_changed_in_it() -> None:
    """Otherwise a check would find faults where none are, or could not fail."""
    with Scenario() as school:
        model = live(school)
        state = school.state(model.id)
        assert [] == all_violations(school, model, state)
        for until in (model.access_until, model.access_until - calendar.MICROSECOND):
            school.now = until
            assert [] == all_violations(school, model, state)
        assert [*checks.purge_violations(model, school.storage)]
        model.conversations[0].from_patient.sent += 1
        laws = [found.law for found in all_violations(school, model, state)]
        assert laws == [Law.UNREAD_IS_SAVED_LESS_READ] * 4
        school.colleague.end(model.id, reason="klar")
        model.end(school.now)
        assert Law.UNREAD_IS_SAVED_LESS_READ in {found.law for found in checks.state_violations(model, state)}


_OTHER: dict[type, Callable[[Any], object]] = {
    int: lambda value: value + 1,
    str: lambda value: f"{value}x",
    bool: lambda value: not value,
    datetime: lambda value: value + calendar.MICROSECOND,
    frozenset: lambda value: value ^ {4},
    Phase: lambda _: Phase.ENDED,
    tuple: lambda value: (*value, *value) or ("x",),
    type(NURSE.hsa_id): lambda _: NURSE.hsa_id,
    type(PERSON): lambda value: evolve(value, scheme="annat"),
    type(None): lambda _: MORNING,
}


@pytest.mark.parametrize("name", [field.name for field in fields(Enrolment)])
def test_another_value_of_any_field_of_the_state_is_found(name: str) -> None:
    """Otherwise a storage could give that field wrongly, and no law would see it."""
    with Scenario() as school:
        model = live(school)
        state = school.state(model.id)
        value = getattr(state, name)
        # Of the unit and of the starter there is but one more: that of nobody.
        nobody = {"unit": "SE2321000131-E000000000009", "started_by": "SE2321000131-P000000000009"}
        other: Any = nobody.get(name) or _OTHER[type(value)](value)
        wrong = evolve(state, **{name: other})
        assert [*checks.timeline_violations(model, wrong, load_timeline(school.storage, model.id))]


# Snapshot


def snapshot(school: Scenario, *, late: bool = False) -> StorageSnapshot:
    """Return what a school's storage holds now."""
    return StorageSnapshot.of(school.storage, ["e-0001", "e-0002"], school.now, late=late)


def test_snapshots_of_two_storages_are_alike_and_show_what_differs() -> None:
    """Otherwise two storages could not be compared, or a difference would be hidden or show a person."""
    pytest.importorskip("sqlalchemy")
    found = []
    factories: tuple[PortsFactory, ...] = (in_memory, on_sqlite)
    for ports_factory in factories:
        with Scenario(ports_factory) as school:
            live(school)
            school.desk.receive_notifications(email=True, sms=True)
            before = snapshot(school)
            school.school.therapist(COLLEAGUE).end(EnrolmentId("e-0001"), reason="klar")
            found.append((before, snapshot(school), StorageSnapshot.of_access_log(school.storage)))
    memory, sqlite = found
    assert memory == sqlite
    assert [one.digest() for one in memory] == [one.digest() for one in sqlite]
    assert memory[0] != memory[1]
    shown = difference(memory[0], memory[1])
    assert "+e-0001 timeline: Entry(seq=" in shown
    assert Ended.__name__ in shown
    assert "\n-e-0001: Enrolment(" in f"\n{shown}"
    assert not any(ANNA in line for one in memory for line in one.lines())


def test_a_late_worker_leaves_the_same_snapshot_but_not_another_fate() -> None:
    """Otherwise a restart would count as a loss, or a loss as a restart."""
    ends = []
    for minutes, number in ((0, 1), (16, 1), (0, 2)):
        with Scenario() as school:
            id_ = school.start()
            for _ in range(number):
                school.desk.start_conversation(id_, "Hej", notify=Notify.DIRECT)
            school.advance(minutes=minutes)
            school.deliver()
            ends.append((snapshot(school), snapshot(school, late=True)))
    (first, first_late), (second, second_late), (_, third_late) = ends
    assert first != second
    assert first_late == second_late != third_late


def test_ids_are_numbered_as_they_appear() -> None:
    """Otherwise a run that gave an id and kept nothing under it would look like another."""
    with Scenario() as school:
        school._new_id(school.now)
        school.start()
        other = snapshot(school)
    with Scenario() as school:
        school.start()
        assert other != snapshot(school)
        assert other.numbered() == snapshot(school).numbered()
        assert "" == difference(other.numbered(), snapshot(school).numbered())


# The oracle of notifications


class Nothing:
    """No fault was injected: everything has to be right at noon."""

    def latest(self, _: ExpectedNotification) -> datetime:
        return local("2026-03-02 12:00")

    def may_be_dropped(self, expected: ExpectedNotification) -> bool:
        return not expected.has_reason(MORNING)

    def may_fail(self, _: ExpectedNotification, status: Status) -> bool:
        return False

    def may_be_unnoted(self, _: ExpectedNotification, record: NotificationRecord) -> bool:
        return False


ID = NotificationId("e-0001.3.inbox.20260302T070000")
KEY = f"{ID}.key"
Told = tuple[Iterable[Arrival], NotificationRecord | None, Iterable[str]]


def arrival(at: datetime = MORNING, **changes: Any) -> Arrival:
    """Return the notice that is right."""
    return Arrival(at, Channel.INBOX, PERSON, Template.MESSAGE_TO_READ, KEY)._replace(**changes)


def record(status: Status = Status.DELIVERED, **changes: Any) -> NotificationRecord:
    """Return the stored notification that is right."""
    with Scenario() as school:
        id_ = school.start()
        school.desk.start_conversation(id_, "Hej", notify=Notify.COLLECTED)
        (found,) = load_notifications(school.storage, id_)
    changed = evolve(found.notification, **changes)
    settled = None if status is Status.PENDING else local("2026-03-02 11:00")
    return NotificationRecord(notification=changed, status=status, settled_at=settled)


WRONG: dict[str, Told] = {
    "is accepted as new twice|KEY was accepted as new twice": ([arrival(), arrival()], record(), ()),
    "twice a day|a recipient was notified twice": ([arrival(), arrival(key=f"{ID}.other")], record(), ()),
    "at night|not in the forenoon": ([arrival(local("2026-03-02 12:00"))], record(Status.PENDING), ()),
    "too early|before its time": ([arrival(local("2026-03-02 08:59"))], record(), ()),
    "another text|another text": ([arrival(template=Template.ENDING)], record(), ()),
    "somebody else|went to somebody else": ([arrival(to=Address("a@example.org"))], record(), ()),
    "of nothing|nobody expects": ([arrival(key="e-0001.9.inbox.then.key")], record(), ()),
    "lost|lost; nobody": ([], None, ()),
    "waits|still waits": ([], record(Status.PENDING), ()),
    "nothing arrived|nothing arrived": ([], record(), ()),
    "dropped|with something left to tell": ([], record(Status.DROPPED), [ID]),
    "failed|given up .failed. wrongly": ([], record(Status.FAILED), [ID]),
    "unnoted|does not say so": ([], record(Status.DROPPED), [ID]),
    "another unit|expected: .*000001": ([], record(unit="SE2321000131-E000000000009"), ()),
    "another time|found: .*datetime": ([], record(due_at=MORNING + calendar.DAY), ()),
    "for somebody else|for somebody else": ([], record(recipient=NURSE.hsa_id), ()),
}


@pytest.mark.parametrize("case", WRONG)
def test_the_oracle_says_what_is_wrong_with_a_notification(case: str) -> None:
    """Otherwise a patient could be notified wrongly, and law 5 would hold."""
    arrivals, stored, owed = WRONG[case]
    found = _judged(arrivals, stored, owed)
    with pytest.raises(LawViolation, match=case.split("|")[1].replace("KEY", KEY)):
        require([*(one for one in found if _says(one, case)), *found])


def test_the_oracle_says_nothing_of_what_is_right() -> None:
    """Otherwise every run would fail."""
    assert [] == _judged([arrival()], record(), ())


def _says(one: LawViolation, case: str) -> bool:
    return case.split("|")[1].replace("KEY", KEY) in str(one)


def _judged(arrivals: Iterable[Arrival], stored: NotificationRecord | None, owed: Iterable[str]) -> list[LawViolation]:
    oracle, model = NotificationOracle(Policy(), lambda _, __: None), a_model()
    model.write(0, Author.THERAPIST, START)
    # Entry 2 is the start of the conversation.
    oracle.expect_message(model, 3, 1, 1, Notify.COLLECTED, START)
    found = [wrong for one in arrivals for wrong in oracle.arrive(one, lambda expected: expected.has_reason(MORNING))]
    records = [] if stored is None else [stored]
    found += oracle.unexpected(model.id, records)
    return [*found, *oracle.judge({model.id: records}, {*owed}, MORNING + timedelta(hours=4), Nothing())]


def test_a_notice_without_a_reason_and_a_note_that_comes_twice_are_found() -> None:
    """Otherwise a patient would be called for nothing, or a timeline would repeat itself."""
    oracle, model = NotificationOracle(Policy(), lambda _, __: None), a_model()
    model.write(0, Author.THERAPIST, MORNING)
    oracle.expect_message(model, 3, 1, 1, Notify.DIRECT, MORNING)
    model.read(1, Author.PATIENT, MORNING)
    key = "e-0001.3.inbox.then.key"
    (found,) = oracle.arrive(arrival(key=key), lambda expected: expected.has_reason(MORNING))
    assert "nothing left to tell" in str(found)
    dropped = NotificationDropped(at=MORNING, by="system", notification=ID, channel=Channel.INBOX)
    assert [] == [*oracle.note(model, 4, dropped)]
    (found,) = oracle.note(model, 5, dropped)
    assert "twice" in str(found)
    ended = AccessEnded(at=MORNING, by="system", access_until=MORNING)
    assert {Law.ACCESS_FOLLOWS_THE_TABLE} == {one.law for one in oracle.note(model, 6, ended)}
    assert not oracle.has_noted_access_end(model)


def test_staff_are_notified_of_a_flag_as_they_ticked() -> None:
    """Otherwise a therapist would hear of nothing, or of what nobody asked for."""
    oracle, model = NotificationOracle(Policy(), lambda _, __: None), a_model()
    lost = NotificationUndelivered(
        at=MORNING, by="system", notification=ID, channel=Channel.INBOX, status=Status.UNREACHABLE
    )
    policy = Policy(staff_flags=frozenset(FlagKind))
    oracle = NotificationOracle(policy, lambda _, __: None)
    oracle.ticked[UNIT, NURSE.hsa_id] = Ticked(frozenset({Channel.SMS}))
    assert [] == [*oracle.note(model, 2, lost)]
    (one,) = oracle.waiting.values()
    assert (("e-0001", 2, Channel.SMS), Template.UNDELIVERED, True) == (one.key, one.template, one.has_reason(MORNING))
    model.hand_over(COLLEAGUE.hsa_id, COORDINATOR.hsa_id, MORNING)
    assert not one.has_reason(MORNING)


NOTES: dict[str, tuple[list[Any], Status, set[str]]] = {
    "says 2 times": ([1, 1], Status.DROPPED, set()),
    "does not say so": ([], Status.FAILED, set()),
    "says otherwise": ([1], Status.DELIVERED, set()),
    "timeline says otherwise": ([1], Status.DROPPED, {ID}),
}


@pytest.mark.parametrize("says", NOTES)
def test_a_note_that_is_missing_or_too_many_is_found_at_rest(says: str) -> None:
    """Otherwise a worker that died could leave a timeline that is silent for ever."""
    notes, status, owed = NOTES[says]
    stored = record(status)
    with Scenario() as school:
        entries = load_timeline(school.storage, school.start())
    event = NotificationDropped(at=MORNING, by="system", notification=stored.notification.id, channel=Channel.INBOX)
    timeline = [evolve(entries[0], seq=number, event=event) for number, _ in enumerate(notes)]
    found = [*note_violations(EnrolmentId("e-0001"), timeline, [stored], owed)]
    assert any(says in str(one) for one in found)


RESENT, DISMISSED = Status.PENDING, Status.DROPPED
RESOLVED: dict[str, tuple[list[Status], Status, bool]] = {
    "sent again, and given up again": ([RESENT], Status.FAILED, True),
    "sent again": ([RESENT], Status.DELIVERED, False),
    "dropped by an operator": ([DISMISSED], Status.DROPPED, False),
    "": ([RESENT], Status.FAILED, False),
    "resolved, and its timeline does not say": ([RESENT, RESENT], Status.PENDING, False),
}


@pytest.mark.parametrize("case", RESOLVED)
def test_what_an_operator_resolves_is_noted_anew(case: str) -> None:
    """Otherwise what is given up twice would look like a note too many, or a dropped one like a missing note."""
    resolved, status, again = RESOLVED[case]
    stored = record(status)
    with Scenario() as school:
        entries = load_timeline(school.storage, school.start())
    given: dict[str, Any] = {"by": "system", "at": MORNING, "notification": stored.notification.id}
    given["channel"] = Channel.INBOX
    lost: Any = NotificationUndelivered(**given, status=Status.FAILED)
    reason = ResolutionReason.CHANNEL_REPAIRED
    events = [lost, *(NotificationResolved(**given, status=one, reason=reason) for one in resolved), *[lost] * again]
    timeline = [evolve(entries[0], seq=number, event=event) for number, event in enumerate(events)]
    found = [*note_violations(EnrolmentId("e-0001"), timeline, [stored], set())]
    is_lawful = bool(case) and "resolved" not in case
    assert is_lawful is (not found)
    assert is_lawful or any(case in str(one) for one in found)


HOUR = timedelta(hours=1)
PACE = ChannelPace(interval=timedelta(seconds=1), round_size=3, pause=timedelta(minutes=5))


def granted(*seconds: int, at: int = 0) -> Grant:
    """Return slots so many seconds after the morning begins."""
    return Grant(Channel.INBOX, MORNING + timedelta(seconds=at), tuple(MORNING + timedelta(seconds=n) for n in seconds))


@pytest.mark.rule("D-13e")
@pytest.mark.parametrize(
    ("grants", "wrong"),
    [
        ([granted(0, 1, 2), granted(302, 303, at=3)], 0),
        ([granted(0, 1, 2), granted(303, at=3)], 1),
        ([granted(0, 1, 2), granted(3, at=3)], 1),
        ([granted(0, 1), granted(1, at=1)], 1),
        ([granted(0, 2)], 1),
        ([granted(0, 1), granted(400, at=400), granted(401, 402, at=400)], 0),
    ],
)
def test_a_slot_lies_where_the_pace_has_it(grants: list[Grant], wrong: int) -> None:
    """Otherwise a channel would get more than it takes, or less than the forenoon has slots for."""
    slots = Slots(PACE)
    assert wrong == sum(bool([*slots.note(grant)]) for grant in grants)
    whole = Slots(PACE)
    assert rules_of_pace.capacity(PACE, MORNING, MORNING + HOUR) == whole.room(MORNING, MORNING + HOUR)


@pytest.mark.rule("D-13e")
@pytest.mark.parametrize(
    ("used", "room", "excused"),
    [
        ([Used(True, MORNING)], 1, True),
        ([Used(True, MORNING)], 2, False),
        ([Used(False, MORNING + HOUR), Used(True, MORNING)], 2, True),
        ([Used(True, MORNING + HOUR), Used(True, MORNING)], 2, False),
        ([], 0, True),
    ],
)
def test_a_pace_excuses_what_had_no_slot_and_no_more(used: list[Used], room: int, excused: bool) -> None:
    """Otherwise a notice that was forgotten would pass for one that there was no time for."""
    assert excused is leaves_no_slot(MORNING, used, room)


def test_of_two_values_only_the_fields_that_differ_are_shown() -> None:
    """Otherwise a finding would show two whole enrolments, and nobody could see where they differ."""
    one = Flag(kind=FlagKind.FORM_SAVED, since=MORNING, form="smarta", unread=1)
    (found,) = unequal(Law.UNREAD_IS_SAVED_LESS_READ, one, evolve(one, unread=2), "the flag")
    assert "the flag\n  expected: {'unread': 1}\n  found:    {'unread': 2}" == found.sentence
