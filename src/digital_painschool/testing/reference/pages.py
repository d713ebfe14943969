"""The page "Hantera" compared with the model, and its counts with its parts. Law 11."""

from collections.abc import Iterator

from digital_painschool.application.patient_page import PatientPage
from digital_painschool.domain.policy import FlagKind
from digital_painschool.domain.program import Ordering
from digital_painschool.rules.permissions import Action
from digital_painschool.testing.reference import refusals
from digital_painschool.testing.reference.checks import flag_violations
from digital_painschool.testing.reference.enrolment import ReferenceEnrolment
from digital_painschool.testing.reference.flags import ends_on, silent_since
from digital_painschool.testing.reference.laws import Law, LawViolation, unequal

_LAW = Law.A_VIEW_SHOWS_ONE_STATE
_READING = frozenset(
    {
        *(Action.SEE_ENROLMENT, Action.SEE_FLAGS, Action.SEE_TIMELINE, Action.SEE_NOTIFICATIONS, Action.SEE_PROGRAM),
        *(Action.READ_ANSWERS, Action.READ_CONVERSATION),
    }
)
_WHILE_OPEN = frozenset({Action.REVIEW, Action.MAINTAIN, Action.END})


def page_violations(model: ReferenceEnrolment, page: PatientPage) -> Iterator[LawViolation]:
    """Check the page that the patient's therapist, who has no other role, sees."""
    id_, now = model.id, page.drawn_at
    yield from flag_violations(model, page.flags, now)
    yield from unequal(_LAW, page.flags, tuple(line.flag for line in page.box), "the lines of the box", id_)
    yield from _count_violations(model, page)
    dates = page.phase, page.access_until, page.open_ended, page.reviewed_at, page.done_at, page.ended_at
    ends = model.phase, model.access_until, model.is_open_ended
    expected_dates = *ends, model.reviewed_at, model.done_at, model.ended_at
    yield from unequal(_LAW, expected_dates, dates, "phase and dates of the page", id_)
    yield from unequal(_LAW, model.is_review_due(now) and model.is_open, page.review_due, "review is due", id_)
    may = refusals.reading(model, now) is None, refusals.writing(model, now) is None
    found = page.access.read_messages, page.access.write_messages
    yield from unequal(_LAW, may, found, "whether the patient may read and write", id_)
    attention = silent_since(model, now), ends_on(model, now)
    yield from unequal(_LAW, attention, (page.silent_since, page.ends_on), "silent since, ends on", id_)
    yield from unequal(_LAW, attention, (page.head.silent_since, page.head.ends_on), "the same in the head", id_)
    opened = {module.number for module in page.modules if module.opened}
    completed = {module.number for module in page.modules if module.completed}
    marked = {module.number for module in page.modules if module.out_of_order}
    kept = {module.number for module in page.modules if module.maintained}
    progress = [opened, completed, marked, kept]
    expected = [set(model.opened), set(model.completed), set(model.out_of_order), set(model.maintained)]
    yield from unequal(_LAW, expected, progress, "opened, completed, out of order, maintained", id_)
    pages = {module.number: (module.pages_read, module.pages) for module in page.modules}
    read = {module: (len(model.pages_read.get(module, ())), pages) for module, pages in model.pages.items()}
    yield from unequal(_LAW, read, pages, "pages read, of pages", id_)
    next_module = model.next_module if model.is_open else None
    yield from unequal(_LAW, next_module, page.next_module, "the recommended module", id_)
    yield from unequal(_LAW, _actions(model, page), page.actions, "what the therapist may do", id_)
    reasons = {reason.key for reason in page.end_reasons}
    yield from unequal(_LAW, model.is_open, bool(reasons), "the reasons to end are for an open enrolment", id_)


def _count_violations(model: ReferenceEnrolment, page: PatientPage) -> Iterator[LawViolation]:
    """Check that the counts, the box and the forms of the page say the same."""
    of_kind = {kind: [flag for flag in page.flags if flag.kind is kind] for kind in FlagKind}
    unread = {kind: sum(flag.unread for flag in found) for kind, found in of_kind.items()}
    in_box = (
        unread[FlagKind.FORM_SAVED],
        unread[FlagKind.MESSAGE_RECEIVED],
        bool(of_kind[FlagKind.PROGRAM_DONE]),
        unread[FlagKind.UNDELIVERED],
        bool(of_kind[FlagKind.HANDED_OVER]),
        any(flag.priority for flag in page.flags),
    )
    counts = page.counts
    others = (counts.done, counts.undelivered, counts.handed_over, counts.priority)
    found = (counts.unread_forms, counts.unread_messages, *others)
    yield from unequal(_LAW, in_box, found, "the counts are not those of the box", model.id)
    forms = {form.form: (form.saved, form.unread, form.priority) for form in page.forms if form.saved}
    in_model = {
        key: (saved.sent, saved.unread if model.is_open else 0, model.is_open and saved.alert > saved.read)
        for key, saved in model.forms.items()
        if saved.sent
    }
    yield from unequal(_LAW, in_model, forms, "the forms of the page", model.id)


def _actions(model: ReferenceEnrolment, page: PatientPage) -> frozenset[Action]:
    """Return what the model's therapist may do: whatever is not refused whatever the arguments."""
    can_be_read = refusals.reading(model, page.drawn_at) is None
    unreleased = {*model.order[1:]} - {*model.released}
    conditions = {
        Action.REACTIVATE: refusals.reactivating(model, page.drawn_at, shortens=True) is None,
        Action.MARK_FORM_READ: model.is_open and any(saved.unread for saved in model.forms.values()),
        Action.MARK_FLAG_HANDLED: any(refusals.handling(model, kind) is None for kind in FlagKind),
        Action.WRITE_MESSAGE: can_be_read,
        Action.RENAME_CONVERSATION: can_be_read and bool(model.conversations),
        Action.WITHDRAW: model.started_by == model.therapist and refusals.withdrawing(model) is None,
        Action.RELEASE_MODULE: model.is_open and model.program.ordering is Ordering.RELEASED and bool(unreleased),
    }
    while_open = _WHILE_OPEN if model.is_open else frozenset()
    return _READING | while_open | {action for action, is_possible in conditions.items() if is_possible}
