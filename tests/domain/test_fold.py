"""The fold: what each event changes of a state, and that the timeline replays to the state."""

import pickle
from datetime import timedelta
from typing import Any, get_args

import attrs
import pytest
from attrs import evolve

from digital_painschool.domain import fold
from digital_painschool.domain.enrolment import (
    AlertReason,
    Conversation,
    Enrolment,
    FormCount,
    ModuleReading,
    Phase,
    WithdrawalReason,
)
from digital_painschool.domain.events import (
    AccessEnded,
    AccessEndsSoon,
    ConversationRenamed,
    ConversationStarted,
    Ended,
    Event,
    FlagHandled,
    FormRead,
    FormSaved,
    HandedOver,
    Maintained,
    MessageSent,
    MessagesRead,
    ModuleCompleted,
    ModuleOpened,
    ModuleReleased,
    NotificationDropped,
    NotificationResolved,
    NotificationUndelivered,
    PageRead,
    PatientSilent,
    ProgramDone,
    Reactivated,
    Reviewed,
    Started,
    Withdrawn,
)
from digital_painschool.domain.fold import apply, replay
from digital_painschool.domain.ids import EnrolmentId, NotificationId
from digital_painschool.domain.notification import Channel, ResolutionReason, Status
from digital_painschool.domain.people import Author
from digital_painschool.domain.policy import FlagKind
from digital_painschool.errors import InvalidValue
from digital_painschool.serialization.events import event_from_data
from digital_painschool.testing.environment import START, local
from digital_painschool.testing.people import COLLEAGUE, NURSE, PERSON, UNIT

AT = local("2026-03-02 10:00")
LATER = local("2026-03-02 11:00")
REASONS = (AlertReason(question="smarta", threshold=8), AlertReason(question=None, threshold=20))
END = local("2027-03-02 08:00")
STARTED = Started(
    at=START,
    by=NURSE.hsa_id,
    enrolment_id=EnrolmentId("e-1"),
    person=PERSON,
    unit=UNIT,
    therapist=NURSE.hsa_id,
    program="smartskola",
    program_version="1",
    access_until=END,
)
TALK = (
    ConversationStarted(at=AT, by="patient", conversation=1),
    MessageSent(at=AT, by="patient", conversation=1, author=Author.PATIENT, number=1),
)
FIRST: dict[str, Any] = {"last_message": 3, "last_message_at": AT}
LOST = NotificationUndelivered(
    at=AT, by="system", notification=NotificationId("n-1"), channel=Channel.INBOX, status=Status.FAILED
)
AGAIN = NotificationResolved(
    at=AT,
    by="SE2321000131-P000000000007",
    notification=NotificationId("n-1"),
    channel=Channel.INBOX,
    status=Status.PENDING,
    reason=ResolutionReason.CHANNEL_REPAIRED,
)

HISTORIES: dict[type[Event], tuple[tuple[Event, ...], dict[str, object]]] = {
    Started: ((), {"version": 1, "phase": Phase.ACTIVE, "started_at": START, "access_until": END, "person": PERSON}),
    HandedOver: (
        (HandedOver(at=AT, by="x", therapist=COLLEAGUE.hsa_id, flagged=True),),
        {"therapist": COLLEAGUE.hsa_id, "handed_at": AT, "handed_by": "x"},
    ),
    Reviewed: ((Reviewed(at=AT, by="x"),), {"reviewed_at": AT}),
    Maintained: (
        (Maintained(at=AT, by="x", days=3, modules=frozenset({1}), access_until=AT),),
        {"phase": Phase.MAINTENANCE, "maintained": frozenset({1}), "access_until": AT},
    ),
    Reactivated: (
        (
            Maintained(at=AT, by="x", days=3, modules=frozenset({1}), access_until=AT),
            Reactivated(at=AT, by="x", access_until=END),
        ),
        {"phase": Phase.ACTIVE, "maintained": frozenset(), "access_until": END, "reactivated_at": AT},
    ),
    AccessEnded: ((AccessEnded(at=AT, by="system", access_until=END),), {"noted_end": END, "phase": Phase.ACTIVE}),
    PatientSilent: ((PatientSilent(at=AT, by="system", since=START),), {"noted_silence": START, "silence_entry": 2}),
    AccessEndsSoon: ((AccessEndsSoon(at=AT, by="system", access_until=END),), {"noted_ending": END, "ending_entry": 2}),
    Ended: (
        (Ended(at=AT, by="x", reason="klar"),),
        {"phase": Phase.ENDED, "ended_at": AT, "end_reason": "klar"},
    ),
    Withdrawn: (
        (Withdrawn(at=AT, by="x", reason=WithdrawalReason.WRONG_PERSON),),
        {"phase": Phase.WITHDRAWN, "ended_at": AT, "withdrawal": WithdrawalReason.WRONG_PERSON},
    ),
    ModuleOpened: (
        (
            ModuleOpened(at=AT, by="patient", module=3, out_of_order=True),
            ModuleOpened(at=AT, by="patient", module=1),
            ModuleOpened(at=AT, by="patient", module=3),
        ),
        {"opened": frozenset({1, 3}), "out_of_order": frozenset({3}), "last_seen_at": AT},
    ),
    PageRead: (
        tuple(PageRead(at=AT, by="patient", module=m, page=p) for m, p in ((1, 2), (3, 1), (1, 1), (1, 2))),
        {
            "pages_read": (
                ModuleReading(module=3, pages=frozenset({1})),
                ModuleReading(module=1, pages=frozenset({1, 2})),
            ),
            "opened": frozenset(),
        },
    ),
    ModuleCompleted: (
        (ModuleCompleted(at=AT, by="patient", module=1), ModuleCompleted(at=AT, by="patient", module=2)),
        {"completed": frozenset({1, 2})},
    ),
    ModuleReleased: ((ModuleReleased(at=AT, by="x", module=2),), {"released": frozenset({2}), "last_seen_at": None}),
    ProgramDone: ((ProgramDone(at=AT, by="patient"),), {"done_at": AT, "done_handled": False}),
    FormSaved: (
        (
            FormSaved(at=AT, by="patient", form="a", number=1, alert=True, reasons=REASONS),
            FormSaved(at=AT, by="patient", form="b", number=1),
            FormSaved(at=LATER, by="patient", form="a", number=2),
        ),
        {
            "forms": (
                FormCount(form="a", saved=2, alert=1, reasons=REASONS, waiting=(AT, LATER)),
                FormCount(form="b", saved=1, waiting=(AT,)),
            )
        },
    ),
    FormRead: (
        (
            FormSaved(at=AT, by="patient", form="a", number=1),
            FormSaved(at=LATER, by="patient", form="a", number=2, alert=True, reasons=REASONS),
            FormRead(at=LATER, by="x", form="a", up_to=1, opened=True),
        ),
        {"forms": (FormCount(form="a", saved=2, read=1, alert=2, reasons=REASONS, waiting=(LATER,)),)},
    ),
    ConversationStarted: (TALK[:1], {"conversations": (Conversation(number=1, heading=2),)}),
    ConversationRenamed: (
        (*TALK, ConversationRenamed(at=AT, by="x", conversation=1)),
        {"conversations": (Conversation(number=1, heading=4, from_patient=1, waiting=(AT,), **FIRST),)},
    ),
    MessageSent: (
        (*TALK, MessageSent(at=LATER, by="x", conversation=1, author=Author.THERAPIST, number=1)),
        {
            "conversations": (
                Conversation(
                    number=1,
                    heading=2,
                    from_patient=1,
                    from_therapist=1,
                    waiting=(AT,),
                    last_message=4,
                    last_message_at=LATER,
                ),
            )
        },
    ),
    MessagesRead: (
        (*TALK, MessagesRead(at=AT, by="x", conversation=1, reader=Author.THERAPIST, up_to=1)),
        {"conversations": (Conversation(number=1, heading=2, from_patient=1, read_by_therapist=1, **FIRST),)},
    ),
    FlagHandled: (
        (LOST, ProgramDone(at=AT, by="patient"), FlagHandled(at=AT, by="x", flag=FlagKind.UNDELIVERED)),
        {"undelivered": (), "undelivered_at": (), "done_handled": False},
    ),
    NotificationDropped: (
        (
            PatientSilent(at=AT, by="system", since=START),
            AccessEndsSoon(at=AT, by="system", access_until=END),
            *(
                NotificationDropped(
                    at=AT, by="system", notification=NotificationId("n-1"), channel=Channel.EMAIL, takes_back=kind
                )
                for kind in (None, FlagKind.SILENT)
            ),
        ),
        {"version": 5, "undelivered": (), "noted_silence": None, "noted_ending": END},
    ),
    NotificationUndelivered: ((LOST,), {"undelivered": ("n-1",), "undelivered_at": (AT,)}),
    NotificationResolved: ((LOST, AGAIN), {"undelivered": ("n-1",), "undelivered_at": (AT,)}),
}


def test_every_event_of_the_union_has_its_entry_in_the_table_and_its_example_here() -> None:
    """Otherwise a new event would be an error in the middle of a step."""
    assert set(get_args(Event)) == set(fold._CHANGES) == set(HISTORIES)


@pytest.mark.parametrize("kind", HISTORIES)
def test_an_event_changes_what_it_says_and_nothing_else(kind: type[Event]) -> None:
    """Otherwise the state would tell another story than the timeline."""
    events, expected = HISTORIES[kind]
    state = replay((STARTED, *events))
    assert expected == {name: getattr(state, name) for name in expected}
    assert 1 + len(events) == state.version
    is_counted = events and kind not in (PatientSilent, AccessEndsSoon)
    assert (events[-1].at if is_counted else START) == state.last_entry_at
    before = replay((STARTED, *events[:-1])) if events else state
    may_change = {"version", "last_entry_at", "last_seen_at", *expected}
    fields = [field.name for field in attrs.fields(Enrolment) if field.name not in may_change]
    assert [getattr(before, name) for name in fields] == [getattr(state, name) for name in fields]


@pytest.mark.rule("D-13d")
def test_what_is_given_up_twice_waits_once_since_the_first_time() -> None:
    """Otherwise a notification that was sent again in vain would count as two, and settle as one."""
    state = replay((STARTED, LOST, AGAIN, attrs.evolve(LOST, at=AT + timedelta(days=1))))
    assert (("n-1",), (AT,)) == (state.undelivered, state.undelivered_at)


def test_a_timeline_begins_with_started_once() -> None:
    """Otherwise a damaged timeline would give a state that looks whole."""
    with pytest.raises(InvalidValue, match="begins with Started"):
        replay([Reviewed(at=AT, by="x")])
    with pytest.raises(InvalidValue, match="twice"):
        replay([STARTED, STARTED])
    with pytest.raises(InvalidValue, match="at least one"):
        replay([])


def test_applying_leaves_the_state_before_as_it_was() -> None:
    """Otherwise a refused save would leave a changed state in somebody's hands."""
    before = apply(None, STARTED)
    same = apply(None, STARTED)
    apply(before, Ended(at=AT, by="x", reason="klar"))
    assert same == before
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        before.phase = Phase.ENDED  # type: ignore[misc]


def test_a_state_made_by_apply_is_whole() -> None:
    """Otherwise it could not be compared, hashed, shown or sent to another process like one made by hand."""
    state = replay([STARTED, *TALK])
    made = Enrolment(**{field.name: getattr(state, field.name) for field in attrs.fields(Enrolment)})
    assert made == state
    assert hash(made) == hash(state)
    assert pickle.loads(pickle.dumps(state)) == state  # noqa: S301 - our own
    assert PERSON.value not in repr(state)


def test_one_of_several_conversations_is_changed_and_the_others_stay_in_their_places() -> None:
    """Otherwise a message would be counted in another conversation, or a heading be looked for at another entry."""
    begun = [ConversationStarted(at=AT, by="patient", conversation=number) for number in (1, 2, 3, 4)]
    state = replay([STARTED, *begun])
    for number in (1, 2, 3, 4):
        found = state.conversation(number)
        assert found is not None
        assert (number, number + 1) == (found.number, found.heading)
        sent = MessageSent(at=AT, by="patient", conversation=number, author=Author.PATIENT, number=7)
        renamed = ConversationRenamed(at=AT, by="patient", conversation=number)
        after = apply(apply(state, sent), renamed)
        assert [(n, 7, after.version) if n == number else (n, 0, n + 1) for n in (1, 2, 3, 4)] == [
            (c.number, c.from_patient, c.heading) for c in after.conversations
        ]


def test_one_of_several_forms_is_changed_and_the_others_stay_in_their_places() -> None:
    """Otherwise saving one form would take another out of the box, or change the order of its lines."""
    forms = ("smarta", "aktivitet", "vardag", "halsa")
    state = replay([STARTED, *(FormSaved(at=AT, by="patient", form=form, number=1) for form in forms)])
    for form in forms:
        read = form.encode().decode()  # as from a storage: equal, and another object
        assert (form, 1) == (state.form(read).form, state.form(read).saved)
        after = apply(state, FormSaved(at=AT, by="patient", form=read, number=2))
        assert [(f, 2 if f == form else 1) for f in forms] == [(count.form, count.saved) for count in after.forms]


def test_what_happens_to_a_module_twice_is_as_if_it_had_happened_once() -> None:
    """Otherwise the second opening would wipe out the first."""
    twice: tuple[tuple[Event, str], ...] = (
        (ModuleOpened(at=AT, by="patient", module=2, out_of_order=True), "opened"),
        (ModuleOpened(at=AT, by="patient", module=2, out_of_order=True), "out_of_order"),
        (ModuleCompleted(at=AT, by="patient", module=2), "completed"),
        (ModuleReleased(at=AT, by="x", module=2), "released"),
    )
    for event, field in twice:
        assert frozenset({2}) == getattr(replay([STARTED, event, event]), field)


@pytest.mark.rule("D-21b")
def test_the_last_entry_is_anybody_s_latest_and_only_the_patient_s_own_steps_are_visits() -> None:
    """Otherwise a review or a note would look like a visit, or a slow clock have a record purged early."""
    visit = ModuleOpened(at=AT, by=b"patient".decode(), module=1)  # as from a file: equal, and another object
    assert AT == replay([STARTED, visit]).last_seen_at
    late, early = Reviewed(at=END, by="x"), Reviewed(at=AT, by="x")
    assert END == replay([STARTED, late, early]).last_entry_at
    for other in ("system", NURSE.hsa_id):
        for step in (AccessEnded(at=END, by=other, access_until=END), Reviewed(at=END, by=other)):
            state = replay([STARTED, visit, step])
            assert (AT, END) == (state.last_seen_at, state.last_entry_at)


@pytest.mark.rule("D-09b")
def test_the_flag_of_a_new_patient_goes_with_the_next_hand_over_and_its_handling() -> None:
    """Otherwise a therapist would be told of a patient whom another has, or a colleague's flag be swept away."""
    given = evolve(STARTED, by="x", flagged=True)
    other = FlagHandled(at=LATER, by="y", flag=FlagKind.UNDELIVERED)
    taken = HandedOver(at=LATER, by=COLLEAGUE.hsa_id, therapist=COLLEAGUE.hsa_id)
    handled = FlagHandled(at=LATER, by="y", flag=FlagKind.HANDED_OVER)
    for later, expected in (((), (START, "x")), ((other,), (START, "x")), ((taken,), (None, None))):
        state = replay((given, *later))
        assert expected == (state.handed_at, state.handed_by)
    done = replay((given, ProgramDone(at=AT, by="patient"), handled))
    assert (None, None, False) == (done.handed_at, done.handed_by, done.done_handled)


@pytest.mark.rule("D-09b")
def test_nobody_has_a_flag_of_an_earlier_hand_over() -> None:
    """Otherwise, after the upgrade, every patient of a clinic would be new to the therapist."""
    stored = {"therapist": str(COLLEAGUE.hsa_id)}
    event = event_from_data("handed-over", 0, AT, "x", stored)
    assert replay((STARTED, event)).handed_at is None
