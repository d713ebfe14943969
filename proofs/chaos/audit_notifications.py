"""The audit of the notifications: one for each message that asked, settled, sent and noted as its status says."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime

from attrs import define, field

from digital_painschool.adapters.swedish_identity import RESERVE_NUMBERS
from digital_painschool.domain.events import (
    Event,
    HandedOver,
    MessageSent,
    NotificationDropped,
    Started,
)
from digital_painschool.domain.notification import Channel, Notify
from digital_painschool.domain.people import HsaId, SystemActor
from digital_painschool.domain.policy import FlagKind
from digital_painschool.testing.reference.calendar import instant, run_for
from digital_painschool.testing.reference.expectations import staff_flag
from proofs.chaos.cast import POLICIES, PROFILES
from proofs.chaos.evidence import Evidence, Row, StoredEnrolment

_SYSTEM = SystemActor().signature
_SETTLED = frozenset({"delivered", "dropped", "unreachable", "failed"})

_Wanted = tuple[str, int, str]
"""An enrolment, the number of an entry, and a channel."""


def notifications_wrong(evidence: Evidence) -> Iterator[str]:
    """Yield what is wrong with the notifications."""
    wanted = dict(_wanted(evidence))
    asked = Counter((row["enrolment_id"], row["seq"], row["channel"]) for row in evidence.notifications.values())
    for enrolment, seq, channel in wanted.keys() | asked.keys():
        times, right = asked[enrolment, seq, channel], int((enrolment, seq, channel) in wanted)
        if times != right:
            yield f"{enrolment}, entry {seq}: it asked for {right} notification by {channel}, and has {times}"
    taken_at = {(notice["channel"], notice["key"]): notice["at"].timestamp() for notice in evidence.notices}
    lines = Counter((line["at"], line["enrolment_id"]) for line in evidence.lines if line["by"] == _SYSTEM)
    for row in evidence.notifications.values():
        event = wanted.get((row["enrolment_id"], row["seq"], row["channel"]))
        at = taken_at.get((row["channel"], row["batch_key"]))
        found = [*_kept_wrong(row), *_taken_wrong(row, at)]
        if event is not None:
            found += _asked_wrong(row, evidence.enrolments[row["enrolment_id"]], event)
            call = evidence.calls.get(event.at)
            if row["status"] == "delivered" and at is not None and call is not None and at < call.asked:
                found.append("its notice was taken before the message was written")
        if row["status"] == "delivered" and lines[row["settled_at"], row["enrolment_id"]] != 1:
            found.append("the access log does not say once that it was delivered")
        yield from (f"notification {row['id']} ({row['channel']}, {row['status']}): {what}" for what in found)
    yield from _ends_not_noted(evidence)


def _wanted(evidence: Evidence) -> Iterator[tuple[_Wanted, Event]]:
    """Yield what the timelines ask for, by what the manual says, and not by the library's rule."""
    for enrolment in evidence.enrolments.values():
        therapist: HsaId | None = None
        flags: dict[int, FlagKind | None] = {}
        transfer: _Transfer | None = None
        for seq, event in enrolment.events.items():
            if isinstance(event, (Started, HandedOver)):
                therapist = event.therapist
            if isinstance(event, MessageSent) and event.notify is not Notify.NONE:
                yield (enrolment.id, seq, "inbox"), event
            transfer = _transfer(transfer, seq, event)
            flags[seq] = flag = staff_flag(event)
            if isinstance(event, NotificationDropped):
                flags[seq] = flag = _passed_on(evidence, enrolment.id, seq, event, transfer, flags)
            profile = None if therapist is None else PROFILES.get(therapist)
            if flag is not None and profile is not None:
                for channel in (Channel.EMAIL, Channel.SMS):
                    if flag in profile.wants(channel):
                        yield (enrolment.id, seq, channel.value), event


@define
class _Transfer:
    """A hand-over with its last entry so far, its author, and the entries whose notifications it has passed on."""

    seq: int
    by: str
    passed: set[int] = field(factory=set)


def _passed_on(
    evidence: Evidence,
    enrolment_id: str,
    seq: int,
    event: NotificationDropped,
    transfer: "_Transfer | None",
    flags: Mapping[int, FlagKind | None],
) -> FlagKind | None:
    """Return the flag that the present therapist is to be told of because a notification to another was dropped."""
    dropped = evidence.notifications.get(event.notification)
    if dropped is None:
        return None  # a note of nothing, which `notifications_wrong` names
    asked = dropped["seq"]
    flag = None if flags.get(asked) is FlagKind.HANDED_OVER else flags.get(asked)
    if transfer is not None:
        is_first = asked not in transfer.passed
        transfer.passed.add(asked)
        return flag if is_first else None
    # A worker passes on what waits for a former therapist: which flags stood then, the evidence does not tell.
    has_asked = any((row["enrolment_id"], row["seq"]) == (enrolment_id, seq) for row in evidence.notifications.values())
    return flag if event.by == _SYSTEM and has_asked else None


def _transfer(before: _Transfer | None, seq: int, event: Event) -> _Transfer | None:
    """Return the hand-over that an entry belongs to: it begins one, or drops a notification for it."""
    if isinstance(event, HandedOver):
        return _Transfer(seq, event.by)
    is_dropped = isinstance(event, NotificationDropped)
    if before is None or not is_dropped or (seq, event.by) != (before.seq + 1, before.by):
        return None
    before.seq = seq
    return before


def _kept_wrong(row: Row) -> Iterator[str]:
    if row["status"] not in _SETTLED or row["settled_at"] is None:
        yield "it is not settled"
    if not row["noted"]:
        yield "its end is still to be noted"
    if row["attempts"] and row["batch_key"] is None:
        yield f"{row['attempts']} attempts, and the key {row['batch_key']}"


def _asked_wrong(row: Row, enrolment: StoredEnrolment, event: Event) -> Iterator[str]:
    """Yield what a notification has otherwise than the entry that asked for it."""
    if row["unit"] != enrolment.row["unit"]:
        yield "it is another unit's"
    due_at = event.at
    if row["channel"] == "inbox":
        if row["recipient_value"] != enrolment.row["person_value"]:
            yield "it goes to somebody else than the patient"
        collected = isinstance(event, MessageSent) and event.notify is Notify.COLLECTED
        if row["collected"] != collected:
            yield "it is collected, or not, against the therapist's word"
        if collected:
            policy = POLICIES[HsaId(row["unit"])]
            due_at = instant(run_for(event.at, policy), policy.collected_at, policy.zone)
    if row["due_at"] != due_at:
        yield f"it is due at {row['due_at']}, not at {due_at}"


def _taken_wrong(row: Row, at: float | None) -> Iterator[str]:
    cannot_be_reached = row["channel"] == "inbox" and row["recipient_scheme"] in RESERVE_NUMBERS
    if row["status"] == "delivered" and at is None:
        yield "it was delivered, and nobody has it"
    if row["status"] == "delivered" and cannot_be_reached:
        yield "the patient cannot be reached"
    if row["status"] == "unreachable" and at is not None:
        yield "nobody could be reached, and yet it was taken"
    if row["status"] == "unreachable" and row["channel"] == "inbox" and not cannot_be_reached:
        yield "the patient can be reached"


def _ends_not_noted(evidence: Evidence) -> Iterator[str]:
    last = evidence.over
    for enrolment in evidence.enrolments.values():
        row = enrolment.row
        until = row["access_until"]
        assert isinstance(until, datetime)
        if row["ended_at"] is None and until <= last and row["noted_end"] != until:
            yield f"{enrolment.id}: nobody has noted that the patient's time is over"
