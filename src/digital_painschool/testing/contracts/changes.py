"""Changes to save, made as the school makes them: by the rules and `apply`, with the counts of `caseload_counts`."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import reduce
from typing import Any

from attrs import evolve

from digital_painschool.domain.digest import Action, Batch, Claim, Decision, DeliveryResult
from digital_painschool.domain.draft import Draft
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import (
    ConversationRenamed,
    ConversationStarted,
    Event,
    FormSaved,
    MessageSent,
    NotificationResolved,
)
from digital_painschool.domain.fold import apply
from digital_painschool.domain.ids import EnrolmentId, NotificationId
from digital_painschool.domain.notification import Notification, Notify, Profile, Status
from digital_painschool.domain.people import Actor, AnyActor, HsaId, Patient, PersonId, Role, SystemActor
from digital_painschool.domain.policy import Policy, Terms
from digital_painschool.domain.program import Program
from digital_painschool.domain.validation import Answer
from digital_painschool.ports.storage import AccessEntry, Activity, Change, Content, Drafts, Enrolments, Outbox, Storage
from digital_painschool.rules.conversations import read, rename, send, start_conversation
from digital_painschool.rules.flags import caseload_counts, mark_read
from digital_painschool.rules.forms import save_form
from digital_painschool.rules.lifecycle import end, start
from digital_painschool.rules.notifications import mark_undeliverable, notifications_for
from digital_painschool.testing.example import PAIN, PROGRAM
from digital_painschool.testing.people import ANNA, COORDINATION_NUMBER, NUMBERS, NURSE, PERSON, UNIT

PERSONS = (
    PERSON,
    PersonId("samordningsnummer", COORDINATION_NUMBER),
    *(PersonId("personnummer", number) for number in NUMBERS if number != ANNA),
)
"""Seven people."""
OTHER_PERSON = PERSONS[1]

MORNING = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
"""A Monday, 07:00 in Stockholm: two hours before the run of collected notifications."""
RUN = MORNING + timedelta(hours=2)
"""09:00 in Stockholm on the same day."""
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LEASE = timedelta(minutes=10)

A, B = EnrolmentId("a"), EnrolmentId("b")
POLICY = Policy()
TERMS = Terms(PROGRAM, POLICY)

WRITTEN = (ConversationStarted, ConversationRenamed, MessageSent, FormSaved)
"""The events that come with a document."""

Rule = Callable[..., tuple[Event, ...]]


def access_entry(by: AnyActor, at: datetime, enrolment: Enrolment | None = None, action: str = "step") -> AccessEntry:
    """Return a line for the access log."""
    return AccessEntry(
        at=at,
        by=by.signature,
        unit=enrolment.unit if enrolment else UNIT,
        action=action,
        activity=Activity.WRITE,
        enrolment_id=enrolment.id if enrolment else None,
        person=enrolment.person if enrolment else None,
    )


def begin(
    enrolment_id: str = "enrolment-1",
    person: PersonId = PERSON,
    *,
    at: datetime = MORNING,
    program: Program = PROGRAM,
    unit: HsaId = UNIT,
    therapist: HsaId = NURSE.hsa_id,
) -> Change:
    """Return the change with which a therapist starts an enrolment, whatever the storage holds."""
    terms, by = Terms(program, POLICY), Actor(hsa_id=therapist, unit=unit, roles={Role.THERAPIST})
    events = start(
        terms, person, (), enrolment_id=EnrolmentId(enrolment_id), unit=unit, therapist=therapist, by=by, at=at
    )
    return _change(None, events, by=by, at=at)


def step(
    enrolment: Enrolment,
    rule: Rule,
    *args: Any,
    by: AnyActor = NURSE,
    at: datetime,
    terms: Terms = TERMS,
    documents: Sequence[Content] = (),
    cancelled: tuple[NotificationId, ...] = (),
    noted: tuple[NotificationId, ...] = (),
    **options: Any,
) -> Change:
    """Return the change that a rule makes of an enrolment; the documents go to the entries that have one, in order."""
    events = rule(enrolment, terms, *args, by=by, at=at, **options)
    return _change(enrolment, events, by=by, at=at, documents=documents, cancelled=cancelled, noted=noted)


def converse(enrolment: Enrolment, text: str = "Hej", *, notify: Notify = Notify.NONE, at: datetime) -> Change:
    """Start a conversation from the therapist's side."""
    heading = "Min konversation"
    return step(enrolment, start_conversation, text, heading, notify=notify, at=at, documents=(heading, text))


def write(enrolment: Enrolment, text: str = "Hej igen", *, notify: Notify = Notify.NONE, at: datetime) -> Change:
    """Write one more message in the first conversation, from the therapist's side."""
    return step(enrolment, send, 1, text, notify=notify, at=at, documents=(text,))


def answer(enrolment: Enrolment, text: str = "Tack", *, at: datetime) -> Change:
    """Write one more message in the first conversation, from the patient's side."""
    return step(enrolment, send, 1, text, by=Patient(enrolment.person), at=at, documents=(text,))


def retitle(enrolment: Enrolment, heading: str, *, at: datetime) -> Change:
    """Change the heading of the first conversation."""
    return step(enrolment, rename, 1, heading, at=at, documents=(heading,))


def read_all(enrolment: Enrolment, by: AnyActor, *, at: datetime) -> Change:
    """Read what the other side wrote in the first conversation."""
    conversation = enrolment.conversations[0]
    sent = conversation.from_therapist if isinstance(by, Patient) else conversation.from_patient
    return step(enrolment, read, 1, sent, by=by, at=at)


def fill_in(
    enrolment: Enrolment, answers: Mapping[str, Answer] | None = None, *, at: datetime, form: str = PAIN
) -> Change:
    """Save a form as the patient."""
    given = {"smarta": 3} if answers is None else answers
    return step(enrolment, save_form, form, given, by=Patient(enrolment.person), at=at, documents=(given,))


def take_note(enrolment: Enrolment, *, at: datetime) -> Change:
    """Open the form as the therapist."""
    return step(enrolment, mark_read, PAIN, opened=True, at=at)


def finish(enrolment: Enrolment, *, at: datetime, pending: tuple[Notification, ...] = ()) -> Change:
    """End the enrolment; its waiting notifications are cancelled with it."""
    return step(enrolment, end, "klar", pending, at=at, cancelled=tuple(notification.id for notification in pending))


def by_worker(
    enrolment: Enrolment, rule: Rule, *args: Any, at: datetime, noted: tuple[NotificationId, ...] = ()
) -> Change:
    """Return a change of the delivery worker, which writes notes of notifications with it."""
    return step(enrolment, rule, *args, by=SystemActor(), at=at, noted=noted)


def saved(storage: Enrolments, change: Change) -> Enrolment:
    """Save a change and give the state after it."""
    storage.save(change)
    return change.enrolment


def draft_of(answers: Mapping[str, Answer] | None = None, *, form: str = PAIN, at: datetime = MORNING) -> Draft:
    """Return a draft of a form."""
    return Draft(form=form, saved_at=at, answers={"smarta": 3} if answers is None else answers)


def keep_draft(storage: Drafts, enrolment: Enrolment, draft: Draft, **options: Any) -> None:
    """Save a draft as the patient."""
    entry = access_entry(Patient(enrolment.person), draft.saved_at, enrolment, "save-draft")
    storage.save_draft(enrolment, draft.form, draft, entry, **options)


def sending(claim: Claim, *, now: datetime, tried_on: date | None = None) -> Decision:
    """Return the decision to send what of a digest is due, or to send its batch again when it has one."""
    batch = claim.digest.batch
    if batch is not None:
        return Decision(action=Action.REPEAT, day=now.date(), notifications=batch.notifications, tried_on=tried_on)
    due = frozenset(r.notification.id for r in claim.digest.pending if r.notification.due_at <= now)
    return Decision(action=Action.SEND, day=now.date(), notifications=due)


def asking(
    storage: Enrolments,
    enrolment_id: str = "a",
    person: PersonId = PERSON,
    *,
    notify: Notify = Notify.COLLECTED,
    at: datetime = MORNING,
    program: Program = PROGRAM,
) -> Enrolment:
    """Save an enrolment with a first message that asks for a notification."""
    return saved(storage, converse(saved(storage, begin(enrolment_id, person, program=program)), notify=notify, at=at))


def ids(claim: Claim) -> frozenset[NotificationId]:
    """Return the ids of a digest's pending notifications."""
    return frozenset(record.notification.id for record in claim.digest.pending)


def sending_all(claim: Claim, *, now: datetime) -> Decision:
    """Return the decision to send all that is pending in a digest, due or not."""
    return Decision(action=Action.SEND, day=now.date(), notifications=ids(claim))


def begun(storage: Outbox, now: datetime, limit: int = 1000) -> list[tuple[Claim, Batch]]:
    """Claim what is due, and begin to send it."""
    claims = storage.claim(now, limit, LEASE)
    batches = storage.begin([(claim, sending(claim, now=now)) for claim in claims])
    return [(claim, batches[claim.digest.id]) for claim in claims if claim.digest.id in batches]


def result(
    claim: Claim, batch: Batch | None = None, status: Status = Status.DELIVERED, *, at: datetime
) -> DeliveryResult:
    """Return the result of a claim: its whole batch is settled. Without a batch the digest is only released."""
    settled = {} if batch is None else dict.fromkeys(batch.notifications, status)
    told_on = at.date() if settled and status is Status.DELIVERED else None
    return DeliveryResult(
        digest_id=claim.digest.id,
        token=claim.token,
        at=at,
        settled=settled,
        attempted=frozenset(settled),
        told_on=told_on,
    )


def delivered(storage: Outbox, now: datetime, status: Status = Status.DELIVERED) -> list[Batch]:
    """Send what is due, and settle it; return the batches."""
    sent = begun(storage, now)
    storage.complete([result(claim, batch, status, at=now) for claim, batch in sent])
    return [batch for _, batch in sent]


def undelivered(storage: Storage, enrolment: Enrolment, status: Status, *, at: datetime) -> Enrolment:
    """Return up the one notification that is due, write the note on its timeline, and return the state after it."""
    delivered(storage, at, status)
    [record] = storage.unnoted()
    notification = record.notification
    noted = by_worker(enrolment, mark_undeliverable, notification, status, at=at, noted=(notification.id,))
    return saved(storage, noted)


def joined(changes: Sequence[Change]) -> Change:
    """Return one change that does what several changes of an enrolment do in turn; none asks for a notification."""
    return evolve(
        changes[-1],
        before=changes[0].before,
        events=tuple(event for change in changes for event in change.events),
        documents={seq: content for change in changes for seq, content in change.documents.items()},
    )


def _change(
    before: Enrolment | None,
    events: tuple[Event, ...],
    *,
    by: AnyActor,
    at: datetime,
    documents: Sequence[Content] = (),
    cancelled: tuple[NotificationId, ...] = (),
    noted: tuple[NotificationId, ...] = (),
) -> Change:
    after = reduce(apply, events, before)
    assert after is not None
    version = before.version if before else 0
    places = [seq for seq, event in enumerate(events, start=version + 1) if isinstance(event, WRITTEN)]
    return Change(
        before=version,
        enrolment=after,
        events=events,
        documents=dict(zip(places, documents, strict=True)),
        counts=caseload_counts(after),
        access=access_entry(by, at, after),
        notifications=tuple(notifications_for(events, after, POLICY, Profile())),
        cancelled=cancelled,
        noted=noted,
        resolved={event.notification: event.status for event in events if isinstance(event, NotificationResolved)},
    )
