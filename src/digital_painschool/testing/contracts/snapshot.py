"""All that a storage keeps, asked for through the port, so that two moments of it can be compared."""

from collections.abc import Iterable, Mapping

from attrs import evolve

from digital_painschool.domain.digest import Batch, Claim
from digital_painschool.domain.notification import Notify, Profile, Status
from digital_painschool.domain.policy import FlagKind
from digital_painschool.domain.retention import Skip, Skipped
from digital_painschool.domain.validation import Answer
from digital_painschool.ports.storage import (
    CaseQuery,
    Storage,
    find_cancellable,
    find_ended,
    load_documents,
    load_enrolment,
    load_histories,
    load_notifications,
    load_timeline,
    readable,
)
from digital_painschool.rules.lifecycle import maintain
from digital_painschool.testing.contracts.changes import (
    HOUR,
    LEASE,
    MORNING,
    PERSONS,
    access_entry,
    begin,
    converse,
    fill_in,
    result,
    saved,
    sending,
    step,
    write,
)
from digital_painschool.testing.contracts.lifetime import long_history
from digital_painschool.testing.contracts.purges import LATER, exported, kept_plan, over, receipt_of
from digital_painschool.testing.example import DAILY, PROGRAM, SLEEP
from digital_painschool.testing.people import COLLEAGUE, NURSE, OTHER_UNIT, UNIT

_PLANS = ("plan-1", "plan-2")
_IDS = ("enrolment-1", "kept", "purged", "open", "reading", "waiting", "given-up", "tried", "held")


def a_little_of_everything(storage: Storage) -> tuple[Claim, Batch]:
    """Save something of every kind that a storage keeps; return the claim of "held", and the batch that it began."""
    long_history(storage)
    kept, purged = over(storage, "kept", PERSONS[1]), over(storage, "purged", PERSONS[2])
    exported(storage, {kept.id: kept.version})
    made = kept_plan(storage)
    left = Skipped(enrolment_id=kept.id, why=Skip.NOT_EXPORTED)
    storage.purge(made.id, [ended for ended in made.enrolments if ended.enrolment_id == purged.id], (left,))
    storage.save_receipt(receipt_of(made, left))
    storage.save_plan(evolve(made, id="plan-2", decision=None), access_entry(NURSE, LATER, action="plan-purge"))
    answers: dict[str, Answer] = {"hemma": "svart", "timmar": 6.0, "var": ("rygg",), "fritext": "e\u0301 é 🙂 \u2028"}
    saved(storage, fill_in(saved(storage, begin("open", PERSONS[3])), answers, form=DAILY, at=MORNING))
    saved(storage, step(saved(storage, begin("reading", unit=OTHER_UNIT)), maintain, 30, {1, 2}, at=MORNING))
    storage.save_profile(
        UNIT, NURSE.hsa_id, Profile(email=frozenset({FlagKind.PROGRAM_DONE})), access_entry(NURSE, LATER)
    )
    for program in (PROGRAM, SLEEP):
        storage.save_program(UNIT, program)
    for id_, person in zip(("given-up", "held", "tried"), (PERSONS[0], *PERSONS[4:6]), strict=True):
        saved(storage, converse(saved(storage, begin(id_, person)), notify=Notify.DIRECT, at=MORNING))
    given_up, held, tried = storage.claim(MORNING, 3, LEASE)
    batches = storage.begin([(claim, sending(claim, now=MORNING)) for claim in (given_up, held, tried)])
    results = [result(given_up, batches[given_up.digest.id], Status.FAILED, at=MORNING), result(tried, at=MORNING)]
    attempted = frozenset(record.notification.id for record in tried.digest.pending)
    storage.complete([results[0], evolve(results[1], attempted=attempted, next_at=MORNING + HOUR)])
    e = saved(storage, converse(saved(storage, begin("waiting", PERSONS[6])), notify=Notify.COLLECTED, at=MORNING))
    saved(storage, write(e, notify=Notify.COLLECTED, at=MORNING))
    return held, batches[held.digest.id]


def everything(storage: Storage, ids: Iterable[str] = _IDS) -> Mapping[str, object]:
    """Return all that is kept of some enrolments, and all that is kept beside them, by the method that gave it."""
    ids = tuple(ids)
    states = {state.id: state for state in readable(storage.load_many(ids).values())}
    units = (UNIT, OTHER_UNIT)
    return {
        "load": {id_: load_enrolment(storage, id_) for id_ in ids},
        "load_many": states,
        "find_by_person": [storage.find_by_person(person) for person in PERSONS],
        "timeline": [load_timeline(storage, id_) for id_ in ids],
        "documents": [dict(load_documents(storage, id_, range(1, state.version + 1))) for id_, state in states.items()],
        "access_ended": sorted(storage.access_ended(LATER, 1000)),
        "list_caseload": [
            storage.list_caseload(CaseQuery(unit=unit, therapist=None, now=MORNING, limit=1000)) for unit in units
        ],
        "notifications": [load_notifications(storage, id_) for id_ in ids],
        "cancellable": [find_cancellable(storage, id_) for id_ in ids],
        "unnoted": storage.unnoted(),
        "profile": [storage.profile(unit, actor.hsa_id) for unit in units for actor in (NURSE, COLLEAGUE)],
        "access_entries": [storage.access_entries(unit) for unit in units],
        "program": [storage.program(unit, p.key, p.version) for unit in units for p in (PROGRAM, SLEEP)],
        "ended": [storage.ended(unit) for unit in units],
        "find_ended": dict(find_ended(storage, UNIT, ids)),
        "notification_keys": storage.notification_keys(UNIT, ids),
        "load_histories": load_histories(storage, UNIT, ids),
        "load_purge": [storage.load_purge(plan_id) for plan_id in _PLANS],
        "receipts": [storage.receipts(unit) for unit in units],
    }
