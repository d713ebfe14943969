"""The audit of each enrolment by itself: no gap, every number once, and state and columns that fit the timeline."""

from collections import Counter
from collections.abc import Iterator

from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import (
    AccessEnded,
    ConversationStarted,
    Ended,
    Event,
    FormRead,
    FormSaved,
    MessageSent,
    MessagesRead,
    NotificationDropped,
    ProgramDone,
    Started,
)
from digital_painschool.domain.people import Author
from digital_painschool.rules.flags import caseload_counts
from proofs.chaos.evidence import Evidence, StoredEnrolment

_AFTER_THE_END = NotificationDropped


def timelines_wrong(evidence: Evidence) -> Iterator[str]:
    """Yield what is wrong with timelines, states, documents and columns."""
    yield from evidence.violations
    for enrolment in evidence.enrolments.values():
        for what in (*_columns_wrong(enrolment), *_counts_wrong(enrolment)):
            yield f"{enrolment.id}: {what}"
    open_ones = Counter(
        (enrolment.row["person_value"], enrolment.row["program"], enrolment.row["unit"])
        for enrolment in evidence.enrolments.values()
        if enrolment.row["ended_at"] is None
    )
    for (_, program, unit), number in open_ones.items():
        if number > 1:
            yield f"a person has {number} open enrolments in {program} at {unit}"


def _columns_wrong(enrolment: StoredEnrolment) -> Iterator[str]:
    for column, value in _columns(enrolment.state).items() if enrolment.state else ():
        if enrolment.row[column] != value:
            yield f"its column {column} is {enrolment.row[column]}, and by its state {value}"


def _columns(state: Enrolment) -> dict[str, object]:
    figures = caseload_counts(state)
    return {
        "phase": state.phase.value,
        "therapist": state.therapist,
        "unit": state.unit,
        "program": state.program,
        "access_until": state.access_until,
        "noted_end": state.noted_end,
        "ended_at": state.ended_at,
        "last_entry_at": state.last_entry_at,
        "last_seen_at": state.last_seen_at,
        "reactivated_at": state.reactivated_at,
        "reviewed_at": state.reviewed_at,
        "unread_forms": figures.unread_forms,
        "unread_messages": figures.unread_messages,
        "done": figures.done,
        "undelivered": figures.undelivered,
        "handed_over": figures.handed_over,
        "priority": figures.priority,
    }


def _counts_wrong(enrolment: StoredEnrolment) -> Iterator[str]:
    """Count anew, without the library: each number follows the one before, and nobody reads what is not there."""
    last: Counter[object] = Counter()
    read: Counter[object] = Counter()
    ended = False
    for entry in enrolment.entries:
        event = entry.event
        if isinstance(event, Started) != (entry.seq == 1):
            yield f"entry {entry.seq} is {type(event).__name__}"
        if ended and not isinstance(event, _AFTER_THE_END):
            yield f"entry {entry.seq} is {type(event).__name__}, after the end"
        ended = ended or isinstance(event, Ended)
        for what, number in _numbered(event):
            last[what] += 1
            if number != last[what]:
                yield f"entry {entry.seq} is number {number} of its kind, and comes as number {last[what]}"
        for what, up_to in _read(event):
            if not read[what] < up_to <= last[what]:
                yield f"entry {entry.seq} reads up to {up_to}, of {last[what]}, after {read[what]}"
            read[what] = up_to
    once = Counter(
        (type(entry.event).__name__, getattr(entry.event, "access_until", None))
        for entry in enrolment.entries
        if isinstance(entry.event, (ProgramDone, Ended, AccessEnded))
    )
    for (name, _), times in once.items():
        if times > 1:
            yield f"{name} is there {times} times"


def _numbered(event: Event) -> Iterator[tuple[object, int]]:
    match event:
        case FormSaved(form=form, number=number):
            yield ("form", form), number
        case ConversationStarted(conversation=number):
            yield "conversation", number
        case MessageSent(conversation=conversation, author=author, number=number):
            yield (conversation, author), number
        case _:
            pass


def _read(event: Event) -> Iterator[tuple[object, int]]:
    match event:
        case FormRead(form=form, up_to=up_to):
            yield ("form", form), up_to
        case MessagesRead(conversation=conversation, reader=reader, up_to=up_to):
            yield (conversation, Author.PATIENT if reader is Author.THERAPIST else Author.THERAPIST), up_to
        case _:
            pass
