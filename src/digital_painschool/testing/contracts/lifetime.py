"""Enrolments with much behind them: every kind of step, and thousands of entries."""

from datetime import datetime, timedelta

from attrs import evolve

from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import Event
from digital_painschool.domain.notification import Notify, ResolutionReason, Status
from digital_painschool.domain.people import AnyActor, Patient, SystemActor
from digital_painschool.domain.policy import POINTED_OUT, FlagKind, Terms
from digital_painschool.domain.program import Ordering
from digital_painschool.domain.validation import Answer
from digital_painschool.ports.storage import Change, Storage, find_cancellable, load_notifications
from digital_painschool.rules.attention import note_attention
from digital_painschool.rules.dead_letters import resolve
from digital_painschool.rules.flags import mark_handled
from digital_painschool.rules.lifecycle import hand_over, maintain, note_access_end, reactivate, review
from digital_painschool.rules.ordering import complete_module, open_module, read_page, release_module
from digital_painschool.testing.contracts.calls import under_key
from digital_painschool.testing.contracts.changes import (
    DAY,
    MORNING,
    POLICY,
    answer,
    begin,
    converse,
    fill_in,
    finish,
    joined,
    read_all,
    retitle,
    saved,
    step,
    take_note,
    undelivered,
    write,
)
from digital_painschool.testing.example import DAILY, program
from digital_painschool.testing.people import COLLEAGUE, NURSE, PERSON

YEAR = timedelta(days=366)
RELEASED = Terms(program(Ordering.RELEASED), POLICY)
"""What the enrolment would run under where the therapist releases each module (D-04a)."""


def long_history(storage: Storage) -> Enrolment:
    """Save every kind of step that the rules have, in one enrolment, up to its end."""
    patient = Patient(PERSON)
    now = MORNING + timedelta(microseconds=123456)
    e = saved(storage, begin(at=now))
    e = saved(storage, step(e, review, at=now))
    e = saved(storage, step(e, hand_over, COLLEAGUE.hsa_id, at=now))
    e = saved(storage, step(e, open_module, 3, by=patient, at=now))
    for module in (1, 2, 3):
        e = saved(storage, step(e, read_page, module, 1, by=patient, at=now))
        e = saved(storage, step(e, complete_module, module, by=patient, at=now))
    e = saved(storage, step(e, mark_handled, FlagKind.PROGRAM_DONE, at=now))
    e = saved(storage, step(e, release_module, 3, out_of_order=True, terms=RELEASED, at=now))
    everything: dict[str, Answer] = {"hemma": "ring", "timmar": 7.5, "var": ("rygg", "axel"), "fritext": "Å 🙂"}
    e = saved(storage, fill_in(e, everything, form=DAILY, at=now))
    e = saved(storage, fill_in(e, at=now))
    e = saved(storage, take_note(e, at=now))
    e = saved(storage, fill_in(e, at=now))
    e = saved(storage, converse(e, notify=Notify.DIRECT, at=now))
    e = saved(storage, retitle(e, "Ny rubrik", at=now))
    e = saved(storage, answer(e, at=now))
    e = saved(storage, read_all(e, NURSE, at=now))
    e = undelivered(storage, e, Status.UNREACHABLE, at=now)
    [dead] = load_notifications(storage, e.id)
    for_good = (Status.DROPPED, ResolutionReason.NOT_NEEDED)
    e = saved(storage, step(e, resolve, dead.notification.id, (dead,), *for_good, at=now))
    e = saved(storage, read_all(e, patient, at=now))
    e = saved(storage, step(e, maintain, 30, {1}, shortens=True, at=now))
    e = saved(storage, step(e, reactivate, at=now))
    e = saved(storage, step(e, _noted, by=SystemActor(), at=now + YEAR - 10 * DAY))
    e = saved(storage, step(e, note_access_end, by=SystemActor(), at=now + YEAR))
    e = saved(storage, step(e, maintain, 90, {1, 2}, at=now + YEAR))
    e = saved(storage, write(e, notify=Notify.COLLECTED, at=now + YEAR))
    return saved(storage, under_key(finish(e, at=now + YEAR, pending=find_cancellable(storage, e.id))))


def _noted(e: Enrolment, terms: Terms, *, by: AnyActor, at: datetime) -> tuple[Event, ...]:
    """Note that the patient is silent, and that the access ends soon."""
    return note_attention(e, evolve(terms.policy, staff_flags=POINTED_OUT), by=by, at=at)


def many_forms(enrolment: Enrolment, count: int) -> Change:
    """Save a form many times as the patient, in one change."""
    changes: list[Change] = []
    for number in range(count):
        enrolment = (change := fill_in(enrolment, {"smarta": number % 9}, at=MORNING)).enrolment
        changes.append(change)
    return joined(changes)
