"""One call of every method of the storage port that promises one transaction, and all that is seen of a storage."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache

from attrs import evolve, frozen

from digital_painschool.adapters.memory import MemoryStorage
from digital_painschool.domain.digest import Claim, Decision, DeliveryResult
from digital_painschool.domain.draft import draft_tag
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.ids import EnrolmentId, PlanId
from digital_painschool.domain.notification import Notify, Profile, Status
from digital_painschool.domain.policy import FlagKind
from digital_painschool.domain.retention import PurgePlan, Skip, Skipped
from digital_painschool.ports.storage import (
    Change,
    Storage,
    find_call,
    find_cancellable,
    find_desk_call,
    load_notifications,
    save_plan,
    save_profile,
    save_receipt,
)
from digital_painschool.testing.contracts.calls import call_in, desk_call, key_of, under_key
from digital_painschool.testing.contracts.changes import (
    LEASE,
    MORNING,
    PERSONS,
    RUN,
    begin,
    begun,
    converse,
    delivered,
    draft_of,
    keep_draft,
    result,
    saved,
    sending,
    undelivered,
    write,
)
from digital_painschool.testing.contracts.purges import LATER, LOGGED, exported, kept_plan, over, receipt_of
from digital_painschool.testing.example import DAILY, PAIN, SLEEP
from digital_painschool.testing.people import NURSE, OTHER_UNIT, UNIT
from digital_painschool.testing.snapshot import UNITS, StorageSnapshot

_NAMES = ("first", "second", "third", "sent-1", "sent-2", "unsent-1", "unsent-2", "open", "new", "told")
IDS = tuple(map(EnrolmentId, _NAMES))
PLANS = ("plan-1", "plan-2")
DESK_CALLS = {name: desk_call(f"a key of {name}") for name in ("profile", "export", "plan", "purge", "receipt")}
"""The call at a desk that each of these steps completes."""
CHOSEN = Profile(email=frozenset({FlagKind.PROGRAM_DONE}))


@frozen
class Prepared:
    """The values that the calls are made with.

    Args:
        plan: An approved plan of three ended enrolments.
        step: A step under a key that drops one notification, notes another, sends a third again, asks for a fourth,
            writes a document, and discards one of two drafts.
        draft: The state of an enrolment in which two drafts are.
        decided: Two claims that are not begun, with the decision to send each.
        results: The results of two other claims, which are begun.
        refused: The key under which two notifications were delivered.
    """

    plan: PurgePlan
    step: Change
    draft: Enrolment
    decided: Sequence[tuple[Claim, Decision]]
    results: Sequence[DeliveryResult]
    refused: str


def prepare(storage: Storage) -> Prepared:
    """Save whatever the calls are about."""
    told = saved(storage, converse(saved(storage, begin("told", unit=OTHER_UNIT)), notify=Notify.COLLECTED, at=MORNING))
    saved(storage, write(told, notify=Notify.COLLECTED, at=MORNING))
    [refused] = delivered(storage, RUN)
    ended = [over(storage, id_, person) for id_, person in zip(IDS[:3], PERSONS, strict=False)]
    for id_, person in zip(IDS[3:7], PERSONS[3:], strict=True):
        saved(storage, converse(saved(storage, begin(id_, person)), notify=Notify.DIRECT, at=MORNING))
    sent = begun(storage, MORNING, 2)
    unsent = storage.claim(MORNING, 2, LEASE)
    e = saved(storage, converse(saved(storage, begin("open", program=SLEEP)), notify=Notify.DIRECT, at=MORNING))
    e = undelivered(storage, e, Status.FAILED, at=MORNING)
    [dead] = load_notifications(storage, e.id)
    e = saved(storage, write(e, notify=Notify.DIRECT, at=MORNING))
    delivered(storage, MORNING, Status.FAILED)
    e = saved(storage, write(e, notify=Notify.DIRECT, at=MORNING))
    [failed], [waiting] = storage.unnoted(), find_cancellable(storage, e.id)
    asking = write(e, notify=Notify.COLLECTED, at=MORNING)
    for form in (PAIN, DAILY):
        keep_draft(storage, e, draft_of(form=form))
    exported(storage, {one.id: 1 for one in ended})
    return Prepared(
        plan=kept_plan(storage),
        step=under_key(
            evolve(
                asking,
                cancelled=(waiting.id,),
                noted=(failed.notification.id,),
                resolved={dead.notification.id: Status.PENDING},
                discarded_drafts=frozenset({PAIN}),
            )
        ),
        draft=e,
        decided=[(claim, sending(claim, now=MORNING)) for claim in unsent],
        results=[result(claim, batch, at=MORNING) for claim, batch in sent],
        refused=refused.key,
    )


def _started() -> Change:
    change = under_key(begin("new", program=SLEEP, unit=OTHER_UNIT))
    return evolve(change, notifications=converse(change.enrolment, notify=Notify.DIRECT, at=MORNING).notifications)


def _completed(storage: Storage, prepared: Prepared) -> None:
    results = prepared.results
    storage.complete(results, {r.digest_id: [evolve(LOGGED, action=r.digest_id)] for r in results})


def _purged(storage: Storage, prepared: Prepared) -> None:
    *purge, left = prepared.plan.enrolments[-3:]
    skipped = Skipped(enrolment_id=left.enrolment_id, why=Skip.TOO_YOUNG)
    storage.purge(prepared.plan.id, purge, [skipped], completed=DESK_CALLS["purge"])


CALLS: Mapping[str, tuple[str, Callable[[Storage, Prepared], object]]] = {
    "draft": (
        "Drafts.save_draft",
        lambda s, prepared: keep_draft(
            s,
            prepared.draft,
            draft_of({"smarta": 4}),
            replaces=draft_tag(draft_of()),
            completed=call_in(prepared.draft),
        ),
    ),
    "start": ("Enrolments.save: all or nothing", lambda s, _: s.save(_started())),
    "step": ("Enrolments.save: all or nothing", lambda s, prepared: s.save(prepared.step)),
    "discard": (
        "Drafts.save_draft: discarded",
        lambda s, prepared: s.save_draft(prepared.draft, PAIN, None, LOGGED, completed=call_in(prepared.draft)),
    ),
    "begin": ("Outbox.begin", lambda s, prepared: s.begin(prepared.decided)),
    "complete": ("Outbox.complete: one transaction", _completed),
    "reject": ("Outbox.reject: one transaction", lambda s, prepared: s.reject(prepared.refused, MORNING)),
    "profile": (
        "Records.save_record",
        lambda s, _: save_profile(s, UNIT, NURSE.hsa_id, CHOSEN, LOGGED, completed=DESK_CALLS["profile"]),
    ),
    "log": ("AccessLog.log", lambda s, _: s.log(evolve(LOGGED, action=f"see-{number}") for number in range(3))),
    "export": (
        "Records.save_record",
        lambda s, _: exported(s, dict.fromkeys(IDS[:3], 2), "export-2", DESK_CALLS["export"]),
    ),
    "plan": (
        "Records.save_record",
        lambda s, prepared: save_plan(
            s, evolve(prepared.plan, id=PlanId("plan-2"), decision=None), LOGGED, completed=DESK_CALLS["plan"]
        ),
    ),
    "purge": ("Retention.purge: all or nothing", _purged),
    "receipt": (
        "Records: with the step",
        lambda s, prepared: save_receipt(s, receipt_of(prepared.plan), completed=DESK_CALLS["receipt"]),
    ),
}
"""One call of every method that promises one transaction, each with the clause."""


def observed(storage: Storage) -> StorageSnapshot:
    """Return everything that a storage returns, without the numbers of the access log: a database may skip some."""
    more = {
        "waiting": [find_cancellable(storage, id_) for id_ in IDS],
        "keys": storage.notification_keys(UNIT, IDS),
        "persons": [storage.find_by_person(person) for person in PERSONS],
        "access ended": storage.access_ended(LATER, 1000),
        "calls": [find_call(storage, key_of(begin(id_, unit=unit).enrolment)) for id_ in IDS for unit in UNITS],
        "desk calls": [find_desk_call(storage, call.key) for call in DESK_CALLS.values()],
    }
    stored, logged = StorageSnapshot.of(storage, (*IDS, *PLANS), LATER), StorageSnapshot.of_access_log(storage)
    return StorageSnapshot({**stored.contents, **logged.contents, **more})


@cache
def done(call: str) -> StorageSnapshot:
    """Return what a storage returns after a call: law 8 says that all storages agree."""
    storage = MemoryStorage()
    CALLS[call][1](storage, prepare(storage))
    return observed(storage)
