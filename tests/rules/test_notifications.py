"""Which notifications a step asks for, and which of them lost their reason."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial
from itertools import product
from typing import Any

import pytest
from attrs import evolve

from digital_painschool.adapters.memory import MemoryDirectory
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import Event, NotificationDropped, NotificationUndelivered
from digital_painschool.domain.fold import replay
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import (
    Channel,
    Notification,
    Notify,
    Profile,
    Status,
    Template,
    TriggeringEntry,
)
from digital_painschool.domain.people import Actor, HsaId, PersonId, SystemActor
from digital_painschool.domain.policy import FlagKind, Policy, Terms
from digital_painschool.errors import InvalidValue, Reason
from digital_painschool.ports.directory import StaffEntry
from digital_painschool.ports.messaging import Address
from digital_painschool.ports.storage import load_profile
from digital_painschool.rules.conversations import read, send, start_conversation
from digital_painschool.rules.flags import mark_handled, mark_read
from digital_painschool.rules.forms import save_form
from digital_painschool.rules.lifecycle import end, hand_over, maintain, note_access_end
from digital_painschool.rules.notifications import (
    drop,
    flags_raised_by,
    is_obsolete,
    mark_undeliverable,
    next_digest_at,
    notifications_for,
)
from digital_painschool.rules.preferences import update_preferences
from digital_painschool.testing.environment import START, local
from digital_painschool.testing.example import PAIN, PROGRAM
from digital_painschool.testing.people import ANNA, COLLEAGUE, COORDINATOR, NURSE, PATIENT, PERSON, UNIT
from digital_painschool.testing.scenario import Scenario
from tests.scenario import POLICY, TERMS, completed, folded, refused, started

WORKER = SystemActor()
OFFERING = evolve(POLICY, staff_flags=frozenset(FlagKind))
ZONES = ("Europe/Helsinki", "Atlantic/Canary", "Europe/Stockholm", "UTC", "Asia/Kathmandu")


def told(notify: Notify, at: datetime = START, policy: Policy = POLICY) -> tuple[Enrolment, Notification]:
    """Return an enrolment with one message, and the notification that it asks for."""
    terms = Terms(PROGRAM, policy)
    enrolment = started(terms=terms)
    events = start_conversation(enrolment, terms, "Hej", "Rubrik", notify=notify, by=NURSE, at=at)
    after = folded(enrolment, events)
    (notification,) = notifications_for(events, after, policy, Profile())
    return after, notification


@pytest.mark.rule("M-12", "D-13c")
def test_a_direct_notification_is_due_at_once_and_alone() -> None:
    """Otherwise "Direkt" would wait for others, "none" be none, or patient data leave with a notification one day."""
    _, notification = told(Notify.DIRECT)
    assert (START, False, Channel.INBOX) == (notification.due_at, notification.collected, notification.channel)
    assert (PERSON, Template.MESSAGE_TO_READ) == (notification.recipient, notification.template)
    assert TriggeringEntry(enrolment_id=EnrolmentId("e-1"), seq=3, conversation=1, number=1) == notification.trigger
    assert ANNA not in f"{notification!r} {notification.id} {told(Notify.COLLECTED)[1]!r}"
    events = start_conversation(started(), TERMS, "Hej", "Rubrik", by=NURSE, at=START)
    assert [] == list(notifications_for(events, folded(started(), events), POLICY, Profile()))
    for template in Template:
        assert template.text.endswith(".")
        assert "Logga in" in template.text


@pytest.mark.rule("M-12")
def test_a_notification_is_known_by_the_entry_that_asked_for_it_and_its_time() -> None:
    """Otherwise two messages would have one notification, also an entry with the number of one that a restore lost."""
    enrolment = started()
    found: list[Notification] = []
    for second in range(5):
        at = START + timedelta(seconds=second)
        events = start_conversation(enrolment, TERMS, "Hej", "Rubrik", notify=Notify.DIRECT, by=NURSE, at=at)
        enrolment = folded(enrolment, events)
        found += notifications_for(events, enrolment, POLICY, Profile())
    assert [3, 5, 7, 9, 11] == [one.trigger.seq for one in found]
    assert [f"e-1.{3 + 2 * second}.inbox.20260302T07000{second}" for second in range(5)] == [one.id for one in found]


@pytest.mark.rule("M-13", "D-13a")
@pytest.mark.parametrize(
    ("written", "zone", "due"),
    [
        ("2026-03-02 00:00", "Europe/Stockholm", "2026-03-02 09:00"),
        ("2026-03-02 08:59:59.999999", "Europe/Stockholm", "2026-03-02 09:00"),
        ("2026-03-02 09:00", "Europe/Stockholm", "2026-03-03 09:00"),
        ("2026-03-02 23:59:59.999999", "Europe/Stockholm", "2026-03-03 09:00"),
        ("2026-12-31 10:00", "Europe/Stockholm", "2027-01-01 09:00"),
        *(("2026-07-01 12:00", zone, "2026-07-02 09:00") for zone in ZONES),
    ],
)
def test_a_collected_notification_is_due_at_the_next_run_of_the_unit_s_zone(written: str, zone: str, due: str) -> None:
    """Otherwise a notification would go at once, be lost between two days, or in the forenoon of Stockholm."""
    policy = Policy(zone=zone)
    at = local(written, policy.zone)
    _, notification = told(Notify.COLLECTED, at, policy)
    assert (local(due, policy.zone), True) == (notification.due_at, notification.collected)
    assert notification.due_at == next_digest_at(at.astimezone(Policy(zone="Asia/Tokyo").zone), policy)


@pytest.mark.rule("M-13")
@pytest.mark.parametrize("day", ["2026-03-28", "2026-10-24", "2027-03-27", "2027-10-30", "2026-06-01"])
def test_no_collected_notification_waits_longer_than_25_hours(day: str) -> None:
    """Otherwise "kan dröja en dag" would not be true over a clock change."""
    for hour in range(24):
        at = local(f"{day} {hour:02}:00")
        assert timedelta(0) < next_digest_at(at, POLICY) - at <= timedelta(hours=25)


@pytest.mark.rule("D-13b")
def test_a_notification_is_obsolete_when_nothing_can_be_read_any_more() -> None:
    """Otherwise somebody whose treatment is over would be called to read, or not in a maintenance, while it lasts."""
    enrolment, notification = told(Notify.COLLECTED)
    over = folded(enrolment, end(enrolment, TERMS, "klar", by=NURSE, at=START))
    assert [True, True] == [is_obsolete(notification, state, POLICY, START) for state in (over, None)]
    kept = folded(enrolment, maintain(enrolment, TERMS, 30, (1,), shortens=True, by=NURSE, at=START))
    assert [False, True] == [is_obsolete(notification, kept, POLICY, now) for now in (START, kept.access_until)]


Step = Callable[..., tuple[Event, ...]]


def asked(enrolment: Enrolment, events: Iterable[Event], flag: FlagKind | None) -> tuple[Enrolment, Notification]:
    """Return the state after a step, and the one notification that it asks for: an e-mail of a flag, or a notice."""
    events = tuple(events)
    after = folded(enrolment, events)
    profile = Profile() if flag is None else Profile(email=frozenset({flag}))
    (notification,) = notifications_for(events, after, Policy(staff_flags=frozenset(FlagKind)), profile)
    return after, notification


@pytest.mark.rule("D-09a", "D-23b")
@pytest.mark.parametrize("therapist", [NURSE, COLLEAGUE, evolve(NURSE, hsa_id="SE2321000131-P999999999999")])
def test_a_notification_to_staff_is_obsolete_when_somebody_else_has_the_patient(therapist: Actor) -> None:
    """Otherwise a former therapist would be told, or after a restart nobody would."""
    events = save_form(started(), TERMS, PAIN, {"smarta": 3}, by=PATIENT, at=START)
    enrolment, notification = asked(started(), events, FlagKind.FORM_SAVED)
    theirs = evolve(notification, recipient=HsaId(str(therapist.hsa_id)))
    assert (therapist is not NURSE) is is_obsolete(theirs, enrolment, OFFERING, START)


READ: dict[str, tuple[FlagKind | None, Step, Step]] = {
    "a message to the patient": (
        None,
        lambda e: send(e, TERMS, 1, "Hej", notify=Notify.COLLECTED, by=NURSE, at=START),
        lambda e, number: read(e, TERMS, 1, number, by=PATIENT, at=START),
    ),
    "a message to staff": (
        FlagKind.MESSAGE_RECEIVED,
        lambda e: send(e, TERMS, 1, "Hej", by=PATIENT, at=START),
        lambda e, number: read(e, TERMS, 1, number, by=NURSE, at=START),
    ),
    "a form": (
        FlagKind.FORM_SAVED,
        lambda e: save_form(e, TERMS, PAIN, {"smarta": 3}, by=PATIENT, at=START),
        lambda e, number: mark_read(e, TERMS, PAIN, number, opened=True, by=NURSE, at=START),
    ),
}


@pytest.mark.rule("D-13b", "D-23b")
@pytest.mark.parametrize("what", READ)
def test_a_notification_of_something_to_read_is_obsolete_when_that_is_read(what: str) -> None:
    """Otherwise somebody would be called to what was dealt with, or not to the next one."""
    flag, step, reads = READ[what]
    enrolment = folded(started(), start_conversation(started(), TERMS, "Hej", "Rubrik", by=PATIENT, at=START))
    earlier = int(flag is FlagKind.MESSAGE_RECEIVED)
    enrolment, first = asked(enrolment, step(enrolment), flag)
    enrolment, second = asked(enrolment, step(enrolment), flag)
    of_old = evolve(first, trigger=TriggeringEntry(enrolment_id=enrolment.id, seq=first.trigger.seq))
    for number, expected in ((0, [False] * 3), (1, [True, False, False]), (2, [True] * 3)):
        after = folded(enrolment, reads(enrolment, number + earlier)) if number + earlier else enrolment
        assert expected == [is_obsolete(one, after, OFFERING, START) for one in (first, second, of_old)]


OVER = started().access_until
ALL_DONE = Terms(evolve(PROGRAM, required=(1,)), POLICY)
LOST = told(Notify.DIRECT)[1]
HANDLED: dict[FlagKind, tuple[datetime, Step, Step]] = {
    FlagKind.ENDING: (
        OVER,
        lambda e: note_access_end(e, TERMS, by=WORKER, at=OVER),
        lambda e: maintain(e, TERMS, 30, (1,), by=NURSE, at=OVER),
    ),
    FlagKind.PROGRAM_DONE: (
        START,
        lambda e: completed(e, 1, terms=ALL_DONE),
        lambda e: mark_handled(e, ALL_DONE, FlagKind.PROGRAM_DONE, by=NURSE, at=START),
    ),
    FlagKind.UNDELIVERED: (
        START,
        lambda e: mark_undeliverable(e, TERMS, LOST, Status.FAILED, by=WORKER, at=START),
        lambda e: mark_handled(e, TERMS, FlagKind.UNDELIVERED, by=NURSE, at=START),
    ),
    FlagKind.HANDED_OVER: (
        START,
        lambda e: hand_over(e, TERMS, COLLEAGUE.hsa_id, by=COORDINATOR, at=START),
        lambda e: mark_handled(e, TERMS, FlagKind.HANDED_OVER, by=COLLEAGUE, at=START),
    ),
}


@pytest.mark.rule("D-23b")
@pytest.mark.parametrize("flag", HANDLED)
def test_a_notification_to_staff_is_obsolete_when_its_flag_is_handled(flag: FlagKind) -> None:
    """Otherwise a therapist would be called at night to what was settled in the evening, by telephone or otherwise."""
    now, step, handles = HANDLED[flag]
    enrolment, notification = asked(started(), step(started()), flag)
    assert not is_obsolete(notification, enrolment, OFFERING, now)
    assert is_obsolete(notification, enrolment, evolve(OFFERING, staff_flags=OFFERING.staff_flags - {flag}), now)
    assert is_obsolete(notification, folded(enrolment, handles(enrolment)), OFFERING, now)


@pytest.mark.rule("D-13b", "D-13d")
def test_dropping_and_giving_up_are_noted() -> None:
    """Otherwise the timeline would not say what became of a notification."""
    enrolment, notification = told(Notify.COLLECTED)
    expected: Any = {"at": START, "by": "system", "notification": notification.id, "channel": Channel.INBOX}
    assert (NotificationDropped(**expected),) == drop(enrolment, TERMS, notification, by=WORKER, at=START)
    given_up = mark_undeliverable(enrolment, TERMS, notification, Status.UNREACHABLE, by=WORKER, at=START)
    assert (NotificationUndelivered(**expected, status=Status.UNREACHABLE),) == given_up


@pytest.mark.rule("M-22")
def test_only_the_program_done_is_on_offer_and_it_goes_by_e_mail_to_who_ticked_the_box() -> None:
    """Otherwise staff would get mail for every form, or none for what the manual promises."""
    assert frozenset({FlagKind.PROGRAM_DONE}) == POLICY.staff_flags
    enrolment = started()
    timeline: list[Event] = []
    for module in (1, 2, 3):
        events = completed(enrolment, module)
        enrolment = folded(enrolment, events)
        timeline = list(events)
    profile = Profile(email=frozenset({FlagKind.PROGRAM_DONE}))
    (notification,) = notifications_for(timeline, enrolment, POLICY, profile)
    assert (Channel.EMAIL, Template.PROGRAM_DONE, NURSE.hsa_id, UNIT) == (
        notification.channel,
        notification.template,
        notification.recipient,
        notification.unit,
    )
    assert [] == list(notifications_for(timeline, enrolment, POLICY, Profile()))


@pytest.mark.rule("M-23")
def test_sms_and_e_mail_are_two_notifications() -> None:
    """Otherwise the failure of one way would hold up the other."""
    enrolment = started()
    events = completed(enrolment, 1, terms=Terms(evolve(PROGRAM, required=(1,)), POLICY))
    both = Profile(email=frozenset({FlagKind.PROGRAM_DONE}), sms=frozenset({FlagKind.PROGRAM_DONE}))
    found = list(notifications_for(events, folded(enrolment, events), POLICY, both))
    assert [Channel.EMAIL, Channel.SMS] == [one.channel for one in found]
    assert 2 == len({one.id for one in found})


OFFERED = frozenset({FlagKind.PROGRAM_DONE, FlagKind.MESSAGE_RECEIVED})
MAIL, PHONE = Address("nurse@vgregion.example"), Address("+46700000000")
NAMED = ["no entry", "no address", "e-mail alone", "sms alone", "both"]
ENTRIES = [None, StaffEntry(), StaffEntry(email=MAIL), StaffEntry(sms=PHONE), StaffEntry(email=MAIL, sms=PHONE)]


@pytest.mark.rule("M-22", "M-23", "D-23a")
@pytest.mark.parametrize("entry", ENTRIES, ids=NAMED)
@pytest.mark.parametrize("served", [(), (Channel.EMAIL,), (Channel.SMS,), (Channel.EMAIL, Channel.SMS)], ids=str)
def test_what_can_be_ticked_is_kept_and_the_rest_is_refused_in_words(
    entry: StaffEntry | None, served: tuple[Channel, ...]
) -> None:
    """Otherwise a therapist would wait for what never comes, or be sent what nobody asked for."""
    school = Scenario(
        lambda environment: environment.ports(
            messengers=tuple(way for way in (environment.email, environment.sms) if way.channel in served),
            directory=MemoryDirectory({} if entry is None else {NURSE.hsa_id: entry}),
        ),
        policy=Policy(staff_flags=OFFERED),
    )
    shown = school.desk.profile()
    assert (entry, Profile(), OFFERED, frozenset(served)) == (
        shown.directory,
        shown.chosen,
        shown.on_offer,
        shown.channels,
    )
    addresses = {Channel.EMAIL: entry and entry.email, Channel.SMS: entry and entry.sms}
    for flags, ticked in product(
        (None, [], [FlagKind.PROGRAM_DONE], [FlagKind.ENDING]), product((True, False), repeat=2)
    ):
        ways = [channel for channel, tick in zip((Channel.EMAIL, Channel.SMS), ticked, strict=True) if tick]
        chosen = OFFERED if flags is None else frozenset(flags)
        missing = [channel.value for channel in ways if addresses[channel] is None]
        unserved = [channel.value for channel in ways if channel not in served and chosen]
        refusal: tuple[Reason, dict[str, object]] | None = None
        if FlagKind.ENDING in chosen:
            refusal = Reason.NOT_ON_OFFER, {"flags": ("ending",)}
        elif missing:
            refusal = Reason.NO_ADDRESS_IN_DIRECTORY, {"channel": missing[0]}
        elif unserved:
            refusal = Reason.NOT_ON_OFFER, {"channel": unserved[0]}
        tick = partial(school.desk.receive_notifications, email=ticked[0], sms=ticked[1], flags=flags)
        if refusal is not None:
            with school.unchanged(), refused("D-23a", refusal[0], **refusal[1]):
                tick()
            continue
        kept = tick()
        of_channel = dict.fromkeys(ways, chosen)
        expected = Profile(
            email=of_channel.get(Channel.EMAIL, frozenset()), sms=of_channel.get(Channel.SMS, frozenset())
        )
        assert (
            expected == kept.chosen == school.desk.profile().chosen == load_profile(school.storage, UNIT, NURSE.hsa_id)
        )
        assert Profile() == school.colleague.profile().chosen
    assert "directory manager" in Reason.NO_ADDRESS_IN_DIRECTORY.advice
    assert "vgregion" not in repr(school.desk.profile())


@pytest.mark.rule("D-23a")
def test_the_flags_are_chosen_one_by_one() -> None:
    """Otherwise a therapist who wants mail for each message would get it for each form too."""
    school = Scenario(policy=Policy(staff_flags=frozenset(FlagKind)))
    school.desk.receive_notifications(email=True, flags=[FlagKind.MESSAGE_RECEIVED])
    id_ = school.start()
    school.room.save_form(id_, PAIN, {"smarta": 3})
    school.room.write(id_, "Hej")
    assert [Template.MESSAGE_RECEIVED] == [record.notification.template for record in school.desk.notifications(id_)]


@pytest.mark.rule("D-23a")
def test_what_the_unit_offers_no_more_is_not_sent_to_who_ticked_it_before() -> None:
    """Otherwise a unit could not stop mail that it has come to regret."""
    enrolment = started()
    events = save_form(enrolment, TERMS, PAIN, {"smarta": 3}, by=PATIENT, at=START)
    ticked = Profile(email=frozenset({FlagKind.FORM_SAVED}))
    after = folded(enrolment, events)
    assert 1 == len([*notifications_for(events, after, Policy(staff_flags=frozenset(FlagKind)), ticked)])
    assert [] == [*notifications_for(events, after, POLICY, ticked)]


@pytest.mark.rule("D-23a")
@pytest.mark.parametrize("ticked", ["on", 1, None])
def test_a_tick_is_true_or_false(ticked: object) -> None:
    """Otherwise the text "false" of a web form would tick the box."""
    with pytest.raises(InvalidValue):
        update_preferences(
            POLICY,
            email=ticked,  # type: ignore[arg-type]
            sms=False,
            flags=frozenset(),
            summary=False,
            has_email=True,
            has_sms=True,
        )


@pytest.mark.rule("D-17a")
def test_every_kind_of_flag_is_raised_by_an_event_and_has_a_template() -> None:
    """Otherwise a unit could offer a notification that never comes."""
    school = Scenario(policy=Policy(staff_flags=frozenset(FlagKind)))
    id_ = school.start("19810829M071")
    room = school.school.patient(PersonId("vgr-reservnummer", "19810829M071"))
    room.save_form(id_, "halsoskattning", {"smarta": 3})
    room.write(id_, "Hej")
    school.complete(id_, 1, 2, 3)
    school.desk.start_conversation(id_, "Hej", notify=Notify.DIRECT)
    school.deliver()
    for days in (340, 60):
        school.advance(days=days)
        school.deliver()
    school.coordinator.hand_over(id_, COLLEAGUE.hsa_id)
    assert frozenset(FlagKind) == flags_raised_by(school.events(id_))
    assert {flag.value for flag in FlagKind} == {template.value for template in Template} - {
        "message-to-read",
        "summary",
    }
    assert replay(school.events(id_)) == school.state(id_)
