"""What the model expects of the therapist's flags, and of the row of the caseload."""

from datetime import date, datetime, timedelta

from digital_painschool.domain.enrolment import Phase
from digital_painschool.testing.reference.calendar import MICROSECOND, local_day
from digital_painschool.testing.reference.counts import ReferenceFlag, ReferenceRow
from digital_painschool.testing.reference.enrolment import ReferenceEnrolment


def flags_of(model: ReferenceEnrolment, now: datetime) -> list[ReferenceFlag]:
    """Return the flags of an enrolment, in any order."""
    if not model.is_open:
        return []
    found = [
        ReferenceFlag("form-saved", form, saved.waiting_since, saved.unread, saved.sent, True, saved.reached)
        if saved.alert > saved.read
        else ReferenceFlag("form-saved", form, saved.waiting_since, saved.unread, saved.sent)
        for form, saved in model.forms.items()
    ]
    for number, one in enumerate(model.conversations, start=1):
        messages = one.from_patient
        found.append(ReferenceFlag("message-received", number, messages.waiting_since, messages.unread, messages.sent))
    lost = len(model.undelivered)
    lost_since = min((model.lost_at[one][1] for one in model.undelivered), default=None)
    found.append(ReferenceFlag("undelivered", None, lost_since, lost, lost))
    found.append(ReferenceFlag("program-done", None, model.done_at, int(model.done_waits), 1))
    is_new = int(model.handed_at is not None)
    found.append(ReferenceFlag("handed-over", None, model.handed_at, is_new, 1, by=model.handed_by))
    found.append(ReferenceFlag("ending", None, model.access_until, int(now >= model.access_until), 1))
    return [flag for flag in found if flag.unread]


def row_of(model: ReferenceEnrolment, now: datetime) -> ReferenceRow:
    """Return the row of an enrolment in the caseload."""
    forms = messages = 0
    priority = False
    for saved in model.forms.values():
        forms += saved.sent - saved.read
        priority = priority or saved.alert > saved.read
    for one in model.conversations:
        messages += one.from_patient.sent - one.from_patient.read
    done, lost, ending = model.done_waits, len(model.undelivered), now >= model.access_until
    is_new = model.handed_at is not None
    rank = 0 if priority else 1 if forms or messages or done or lost or is_new or ending else 2
    due = model.is_review_due(now)
    since = min((flag.since for flag in flags_of(model, now) if flag.since), default=None)
    attention = silent_since(model, now), ends_on(model, now)
    return ReferenceRow(rank, since, model.id, forms, messages, done, lost, is_new, priority, ending, due, *attention)


def silent_since(model: ReferenceEnrolment, now: datetime) -> datetime | None:
    """Return since when a silent patient has done nothing; None for a patient who is not silent."""
    since, days = model.quiet_since, model.policy.silent_after_days
    is_expected = model.phase is Phase.ACTIVE and (model.is_open_ended or now < model.access_until)
    return since if days and is_expected and now - since > timedelta(days=days) else None


def ends_on(model: ReferenceEnrolment, now: datetime) -> date | None:
    """Return the last local day of an access that ends soon; None for one that does not."""
    left, days = model.access_until - now, model.policy.ending_within_days
    is_soon = model.is_open and not model.is_open_ended and timedelta(0) < left < timedelta(days=days)
    return local_day(model.access_until - MICROSECOND, model.policy.zone) if is_soon else None
