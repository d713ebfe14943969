"""What a school shows and stores, compared with the model: each check yields the violations of a law."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from digital_painschool.application.caseload import Case
from digital_painschool.application.overview import Overview
from digital_painschool.application.views import ConversationView
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.fold import replay
from digital_painschool.domain.people import Author
from digital_painschool.domain.program import Ordering
from digital_painschool.ports.storage import (
    CaseTotals,
    Entry,
    Storage,
    load_documents,
    load_draft,
    load_notifications,
    load_timeline,
)
from digital_painschool.rules.flags import Flag
from digital_painschool.testing.reference import refusals
from digital_painschool.testing.reference.attention import POINTED_OUT
from digital_painschool.testing.reference.counts import ReferenceFlag, ReferenceRow
from digital_painschool.testing.reference.enrolment import ReferenceEnrolment
from digital_painschool.testing.reference.flags import flags_of, row_of
from digital_painschool.testing.reference.laws import Law, LawViolation, unequal, unless
from digital_painschool.testing.reference.notifications import NOTES

_REPLAY, _UNREAD, _ACCESS = Law.REPLAY_GIVES_THE_STATE, Law.UNREAD_IS_SAVED_LESS_READ, Law.ACCESS_FOLLOWS_THE_TABLE
_ALIKE: Mapping[Law, tuple[str, ...]] = MappingProxyType(
    {
        _REPLAY: ("last_seen_at",),
        Law.ORDER_IS_KEPT: ("opened", "completed", "released", "out_of_order", "done_at"),
        _UNREAD: ("done_handled", "reviewed_at", "handed_at", "handed_by"),
        _ACCESS: ("phase", "access_until", "ended_at", "therapist", "maintained", "started_by", "withdrawal"),
    }
)
"""The fields that a state and the model have alike, by the law that speaks of them."""


def timeline_violations(
    model: ReferenceEnrolment, state: Enrolment, timeline: Sequence[Entry]
) -> Iterator[LawViolation]:
    """Check that a timeline has no gap and gives the state again."""
    about, events = model.id, [entry.event for entry in timeline]
    numbers = [entry.seq for entry in timeline]
    yield from unequal(_REPLAY, [*range(1, len(timeline) + 1)], numbers, "the timeline's numbers have gaps", about)
    yield from unequal(_REPLAY, replay(events), state, "the state is not what its timeline gives", about)
    last = (max(event.at for event in events if not isinstance(event, POINTED_OUT)), state.version)
    yield from unequal(_REPLAY, last, (state.last_entry_at, len(timeline)), "the last entry, the version", about)


def entry_violations(model: ReferenceEnrolment, timeline: Sequence[Entry]) -> Iterator[LawViolation]:
    """Check that a timeline has as many entries as there were steps."""
    by_worker = sum(isinstance(entry.event, NOTES) for entry in timeline)
    yield from unequal(_REPLAY, model.entries + by_worker, len(timeline), "timeline entries", model.id)


def state_violations(model: ReferenceEnrolment, state: Enrolment) -> Iterator[LawViolation]:
    """Check a stored state against the model, field by field."""
    about = model.id
    for law, names in _ALIKE.items():
        for name in names:
            yield from unequal(law, getattr(model, name), getattr(state, name), f"the stored {name}", about)
    if model.program.ordering is Ordering.ENFORCED:
        done = [module in state.completed for module in model.order]
        is_prefix = sorted(done, reverse=True) == done
        yield from unless(is_prefix, Law.ORDER_IS_KEPT, "the completed modules are no prefix", about)
    read = [(one.module, {*one.pages}) for one in state.pages_read]
    yield from unequal(Law.ORDER_IS_KEPT, [*model.pages_read.items()], read, "the pages that were read", about)
    forms = {form: (saved.sent, saved.read, saved.alert) for form, saved in model.forms.items()}
    stored = {count.form: (count.saved, count.read, count.alert) for count in state.forms}
    yield from unequal(_UNREAD, forms, stored, "the counts of forms (saved, read, alert)", about)
    sides = [(one.from_patient, one.from_therapist) for one in model.conversations]
    messages = [(patient.sent, patient.read, therapist.sent, therapist.read) for patient, therapist in sides]
    found = [
        (one.from_patient, one.read_by_therapist, one.from_therapist, one.read_by_patient)
        for one in state.conversations
    ]
    yield from unequal(_UNREAD, messages, found, "the counts of messages", about)
    yield from unequal(_UNREAD, tuple(model.undelivered), state.undelivered, "what could not be delivered", about)


def draft_violations(model: ReferenceEnrolment, storage: Storage) -> Iterator[LawViolation]:
    """Check that the drafts are those that the patient saved and neither sent nor discarded."""
    stored = {form.key: load_draft(storage, model.id, form.key) for form in model.program.forms}
    found = {form: (draft.saved_at, dict(draft.answers)) for form, draft in stored.items() if draft is not None}
    yield from unequal(_ACCESS, model.drafts, found, "the drafts", model.id)


def flag_violations(model: ReferenceEnrolment, box: Sequence[Flag], now: datetime) -> Iterator[LawViolation]:
    """Check the box of current events: each flag once, with its counts; priority first, then the oldest."""
    found = [
        ReferenceFlag(
            f.kind.value,
            f.form or f.conversation,
            f.since,
            f.unread,
            f.total,
            f.priority,
            frozenset((reason.question, reason.threshold) for reason in f.why),
            f.by,
        )
        for f in box
    ]
    expected = sorted(flags_of(model, now), key=repr)
    yield from unequal(_UNREAD, expected, sorted(found, key=repr), "the box of current events", model.id)
    places = [(not flag.priority, flag.since) for flag in box]
    yield from unequal(_UNREAD, sorted(places), places, "priority, or the oldest flag, does not come first", model.id)


def row_violations(
    models: Iterable[ReferenceEnrolment], rows: Sequence[Case], now: datetime, where: str
) -> Iterator[LawViolation]:
    """Check a list of patients: the rows, their order and their counts. The first wrong row is shown."""
    expected = sorted(row_of(model, now) for model in models)
    found = [_row(row) for row in rows]
    if expected == found:
        return
    at_odds = sorted({row.id for row in {*expected} ^ {*found}}) or [row.id for row in found]
    pair = [next((row for row in side if row.id == at_odds[0]), None) for side in (expected, found)]
    what = f"{where}: a wrong row" if pair[0] != pair[1] else f"{where}: the order of rows"
    yield from unless(False, _UNREAD, f"{what}\n  expected: {pair[0]!r}\n  found:    {pair[1]!r}", at_odds[0])


def totals_violations(
    models: Iterable[ReferenceEnrolment], totals: CaseTotals, now: datetime, where: str
) -> Iterator[LawViolation]:
    """Check the totals of a list of patients against the rows of the model."""
    rows = [row_of(model, now) for model in models]
    expected = CaseTotals(
        patients=len(rows),
        flagged=sum(row.rank < 2 for row in rows),
        priority=sum(row.priority for row in rows),
        unread_forms=sum(row.unread_forms for row in rows),
        unread_messages=sum(row.unread_messages for row in rows),
        undelivered=sum(row.undelivered for row in rows),
        done=sum(row.done for row in rows),
        ending=sum(row.ending for row in rows),
        handed_over=sum(row.handed_over for row in rows),
        silent=sum(row.silent_since is not None for row in rows),
        ends_soon=sum(row.ends_on is not None for row in rows),
    )
    yield from unequal(_UNREAD, expected, totals, f"{where}: the totals")


def _row(case: Case) -> ReferenceRow:
    return ReferenceRow(
        case.rank,
        case.waiting_since,
        case.enrolment_id,
        case.unread_forms,
        case.unread_messages,
        case.done,
        case.undelivered,
        case.handed_over,
        case.priority,
        case.ending,
        case.review_due,
        case.silent_since,
        case.ends_on,
    )


def conversation_violations(
    model: ReferenceEnrolment, views: Sequence[ConversationView], reader: Author
) -> Iterator[LawViolation]:
    """Check the headings and unread messages that one side sees in the list of conversations."""
    other = Author.THERAPIST if reader is Author.PATIENT else Author.PATIENT
    expected = [(one.heading, one.sent_by(other).unread if model.is_open else 0) for one in model.conversations]
    found = [(view.heading, view.unread) for view in views]
    yield from unequal(_UNREAD, expected, found, f"the conversations that the {reader.value} sees", model.id)


def overview_violations(model: ReferenceEnrolment, seen: Overview, now: datetime) -> Iterator[LawViolation]:
    """Check what the patient sees against the truth table: active, maintenance, access over, ended."""
    may_work, may_write, may_read = (
        why(model, now) is None for why in (refusals.working, refusals.writing, refusals.reading)
    )
    modules = "all" if may_work else "chosen" if may_read else "none"
    access = seen.access
    found = (access.read_modules.value, access.fill_in_forms, access.write_messages, access.read_messages)
    what = "access (modules, forms, writing, reading)"
    yield from unequal(_ACCESS, (modules, may_work, may_write, may_read), found, what, model.id)
    open_now = {module for module in model.modules if refusals.opening(model, module, now) is None}
    shown = {module.number for module in seen.modules if module.open}
    yield from unequal(_ACCESS, open_now, shown, "the modules that are open", model.id)
    end = (model.phase, model.access_until, model.is_open_ended)
    yield from unequal(_ACCESS, end, (seen.phase, seen.access_until, seen.open_ended), "phase, end", model.id)
    order = (model.completed, model.done_at is not None, model.next_module if may_work else None)
    completed = {module.number for module in seen.modules if module.completed}
    next_module = seen.next_module
    what = "completed modules, program done, next module"
    yield from unequal(Law.ORDER_IS_KEPT, order, (completed, seen.done, next_module), what, model.id)
    pages = [(len(model.pages_read.get(one, ())), model.pages[one]) for one in model.modules]
    seen_pages = [(module.pages_read, module.pages) for module in seen.modules]
    yield from unequal(Law.ORDER_IS_KEPT, pages, seen_pages, "pages read, of pages", model.id)
    place = None if seen.place is None else (seen.place.module, seen.place.page)
    yield from unequal(Law.ORDER_IS_KEPT, _place(model, now), place, "the place to resume", model.id)
    head = (model.unit, model.therapist, model.started_at)
    yield from unequal(_ACCESS, head, (seen.unit, seen.therapist, seen.started_at), "unit, therapist, start", model.id)
    filled_in = {form: saved.sent for form, saved in model.forms.items() if saved.sent}
    shown_forms = {form.form: form.saved for form in seen.forms if form.saved}
    yield from unequal(_UNREAD, filled_in, shown_forms, "how often each form was filled in", model.id)
    unread = sum(one.from_therapist.unread for one in model.conversations)
    yield from unequal(_UNREAD, unread, seen.unread_messages, "the patient's unread messages", model.id)


def _place(model: ReferenceEnrolment, now: datetime) -> tuple[int, int] | None:
    for module in (*model.order, *[*model.pages_read][-1:], model.next_module):
        if module and module not in model.completed and refusals.opening(model, module, now) is None:
            return module, next(iter(model.unread_pages(module)), model.pages[module])
    return None


def purge_violations(model: ReferenceEnrolment, storage: Storage) -> Iterator[LawViolation]:
    """Check that nothing is left of a purged enrolment."""
    id_ = model.id
    found = storage.find_by_person(model.person)
    left = {
        "state": storage.load_many([id_]),
        "timeline": load_timeline(storage, id_),
        "documents": load_documents(storage, id_, range(1, model.entries + 100)),
        "drafts": [form.key for form in model.program.forms if load_draft(storage, id_, form.key) is not None],
        "notifications": load_notifications(storage, id_),
        "notification keys": storage.notification_keys(model.unit, [id_]),
        "place among the person's enrolments": [one for one in found if getattr(one, "id", None) == id_],
    }
    names = ", ".join(name for name, there in left.items() if there)
    yield from unless(not names, Law.PURGE_TAKES_WHAT_IT_MAY, f"purged, and left: {names}", id_)
