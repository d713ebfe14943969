"""The audit of the notifications: each message in one, each settled, told and noted as its status says."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime

from digital_painschool.adapters.sql.inbox import RESERVE_NUMBERS
from digital_painschool.events import (
    AccessEnded,
    Ended,
    Event,
    FormSaved,
    HandedOver,
    MessageSent,
    NotificationDropped,
    NotificationUndelivered,
    ProgramDone,
    Started,
)
from digital_painschool.notification import Channel, Notify
from digital_painschool.people import HsaId, Party
from digital_painschool.policy import FlagKind
from digital_painschool.testing.lifecycle.calendar import instant, run_for
from tests.chaos.books import Books, Cause, Course, Told
from tests.chaos.cast import POLICIES, PROFILES

_UNDELIVERED = frozenset({"unreachable", "failed"})
_SETTLED = _UNDELIVERED | {"delivered", "merged", "dropped"}


def told_wrong(books: Books) -> Iterator[str]:
    """Tell what is wrong with the notifications."""
    asked: Counter[tuple[Cause, str]] = Counter(
        (cause, told.channel) for told in books.told.values() for cause in told.causes
    )
    wanted = dict(_wanted(books))
    for (cause, channel), event in wanted.items():
        times = asked.pop((cause, channel), 0)
        if times != 1 and not (times == 0 and _dropped_with_the_end(books, cause, event)):
            yield f"{cause.enrolment}, entry {cause.seq}: it asked for one notification by {channel}, and is in {times}"
    for cause, channel in asked:
        yield f"{cause.enrolment}, entry {cause.seq}: it is in a notification by {channel}, and asked for none"
    for told in books.told.values():
        for what in (*_kept_wrong(books, told), *_taken_wrong(books, told), *_noted_wrong(books, told)):
            yield f"notification {told.id} ({told.channel}, {told.status}): {what}"
    yield from _strangers(books)
    yield from _ends_not_noted(books)


def _wanted(books: Books) -> Iterator[tuple[tuple[Cause, str], Event]]:
    """Give what the timelines ask for, by what the manual says, and not by the library's rule."""
    for course in books.courses.values():
        therapist: HsaId | None = None
        for entry in course.entries:
            event = entry.event
            if isinstance(event, (Started, HandedOver)):
                therapist = event.therapist
            cause = Cause(enrolment=course.id, seq=entry.seq)
            if isinstance(event, MessageSent) and event.notify is not Notify.NONE:
                yield (cause, "inbox"), event
            flag, profile = _flag(event), None if therapist is None else PROFILES.get(therapist)
            if flag is not None and profile is not None:
                for channel in (Channel.EMAIL, Channel.SMS):
                    if flag in profile.wants(channel):
                        yield (cause, channel.value), event


def _flag(event: Event) -> FlagKind | None:
    match event:
        case FormSaved():
            return FlagKind.FORM_SAVED
        case ProgramDone():
            return FlagKind.PROGRAM_DONE
        case AccessEnded():
            return FlagKind.ENDING
        case MessageSent(author=Party.PATIENT):
            return FlagKind.MESSAGE_RECEIVED
        case NotificationUndelivered(channel=Channel.INBOX):
            return FlagKind.UNDELIVERED
        case _:
            return None


def _dropped_with_the_end(books: Books, cause: Cause, event: Event) -> bool:
    """Whether the end of the enrolment took it out of a notification that goes on for others."""
    if not isinstance(event, MessageSent) or event.notify is not Notify.COLLECTED:
        return False
    noted = _notes(books.courses[cause.enrolment], NotificationDropped)
    day = _day(books.courses[cause.enrolment], event)
    return any(
        told.day == day and cause.enrolment not in {other.enrolment for other in told.causes}
        for told in (books.told[key] for key in noted if key in books.told)
    )


def _day(course: Course, event: Event) -> str:
    policy = POLICIES[HsaId(course.row["unit"])]
    return run_for(event.at, policy.collected_at, policy.zone).isoformat()


def _notes(course: Course, kind: type[NotificationDropped] | type[NotificationUndelivered]) -> Counter[str]:
    return Counter(entry.event.notification for entry in course.entries if isinstance(entry.event, kind))


def _kept_wrong(books: Books, told: Told) -> Iterator[str]:
    row = told.row
    if told.status not in _SETTLED or row["settled_at"] is None:
        yield "it is not settled"
    if row["token"] is not None or row["held_until"] is not None:
        yield "it is settled, and still held"
    if not told.causes:
        yield "nothing asked for it"
    for cause in told.causes:
        course = books.courses.get(cause.enrolment)
        entry = None if course is None else next((one for one in course.entries if one.seq == cause.seq), None)
        if course is None or entry is None:
            yield f"what asked for it is not there: {cause}"
            continue
        if (row["unit"], told.channel == "inbox") != (
            course.row["unit"],
            isinstance(entry.event, MessageSent) and (entry.event.author is Party.THERAPIST),
        ):
            yield "it is another unit's, or goes another way, than what asked for it"
        if told.channel == "inbox":
            yield from _to_patient_wrong(told, course, entry.event)


def _to_patient_wrong(told: Told, course: Course, event: Event) -> Iterator[str]:
    row = told.row
    if (row["recipient_scheme"], row["recipient_value"]) != (course.row["person_scheme"], course.row["person_value"]):
        yield "it goes to somebody else than the patient"
    assert isinstance(event, MessageSent)
    if row["collected"] != (event.notify is Notify.COLLECTED):
        yield "it is collected, or not, against the therapist's word"
    if row["collected"] and told.day != _day(course, event):
        yield f"it is of {told.day}, and a message in it of {_day(course, event)}"
    if row["collected"]:
        policy = POLICIES[HsaId(row["unit"])]
        opens = instant(datetime.fromisoformat(told.day).date(), policy.collected_at, policy.zone)
        if row["due_at"] < opens:
            yield "it was due before its run"


def _taken_wrong(books: Books, told: Told) -> Iterator[str]:
    times = books.taken[told.channel].count(told.id)
    if times > 1:
        yield f"it was taken {times} times"
    if told.status == "delivered" and not times:
        yield "it was delivered, and nobody has it"
    if told.status == "unreachable":
        if times:
            yield "nobody could be reached, and yet it was taken"
        if told.channel == "inbox" and told.row["recipient_scheme"] not in RESERVE_NUMBERS:
            yield "the patient can be reached"
    if told.status in {"delivered", "merged"} and told.row["recipient_scheme"] in RESERVE_NUMBERS:
        yield "the patient cannot be reached"
    if times and told.status == "dropped" and not told.row["attempts"]:
        yield "it was dropped before anybody tried, and yet it was taken"
    if told.status == "merged" and not any(
        other.status == "delivered"
        and (other.row["lane"], other.row["settled_at"]) == (told.row["lane"], told.row["settled_at"])
        for other in books.told.values()
    ):
        yield "none that was delivered stands for it"


def _noted_wrong(books: Books, told: Told) -> Iterator[str]:
    for enrolment in {cause.enrolment for cause in told.causes} & books.courses.keys():
        course = books.courses[enrolment]
        dropped = _notes(course, NotificationDropped)[told.id]
        given_up = _notes(course, NotificationUndelivered)[told.id]
        expected = (int(told.status == "dropped"), int(told.status in _UNDELIVERED))
        if (dropped, given_up) != expected:
            yield f"{enrolment} says {dropped} times that it was dropped and {given_up} times that it was given up"


def _strangers(books: Books) -> Iterator[str]:
    """Tell of notices and notes of notifications that there are none of, or that have nothing to do with it."""
    for channel, keys in books.taken.items():
        for key in keys:
            if key not in books.told or books.told[key].channel != channel:
                yield f"{channel} has taken {key}, and there is no such notification"
    for course in books.courses.values():
        ended_at = {entry.event.at for entry in course.entries if isinstance(entry.event, Ended)}
        for entry in course.entries:
            event = entry.event
            if not isinstance(event, (NotificationDropped, NotificationUndelivered)):
                continue
            told = books.told.get(event.notification)
            with_the_end = isinstance(event, NotificationDropped) and event.at in ended_at
            if told is None or told.channel != event.channel.value:
                yield f"{course.id}, entry {entry.seq}: there is no such notification"
            elif course.id not in {cause.enrolment for cause in told.causes} and not with_the_end:
                yield f"{course.id}, entry {entry.seq}: it asked for nothing of notification {told.id}"
            elif isinstance(event, NotificationUndelivered) and event.status.value != told.status:
                yield f"{course.id}, entry {entry.seq}: {event.status.value}, and the notification is {told.status}"


def _ends_not_noted(books: Books) -> Iterator[str]:
    last = books.over
    for course in books.courses.values():
        row: Mapping[str, object] = course.row
        until = row["access_until"]
        assert isinstance(until, datetime)
        if row["ended_at"] is None and until <= last and row["noted_end"] != until:
            yield f"{course.id}: nobody has noted that the patient's time is over"
