"""One call of every method of the storage port."""

from collections.abc import Callable, Mapping

from digital_painschool.domain.attention import NO_LIMITS
from digital_painschool.domain.digest import Action, Claim, Decision, Digest
from digital_painschool.domain.ids import DigestId, PlanId
from digital_painschool.domain.notification import Channel, Profile, Template
from digital_painschool.domain.pace import NATIONAL_INBOX
from digital_painschool.domain.retention import PurgePlan
from digital_painschool.ports.storage import (
    CaseQuery,
    Storage,
    find_call,
    find_desk_call,
    list_exports,
    list_receipts,
    load_draft,
    load_profile,
    load_program,
    load_purge,
    save_profile,
)
from digital_painschool.testing.contracts.calls import desk_call, key_of
from digital_painschool.testing.contracts.changes import (
    LEASE,
    MORNING,
    A,
    access_entry,
    begin,
    draft_of,
    keep_draft,
    result,
)
from digital_painschool.testing.example import PAIN
from digital_painschool.testing.people import NURSE, PERSON, UNIT

_PLAN = PurgePlan(
    id=PlanId("plan-1"), unit=UNIT, made_by=NURSE.hsa_id, made_at=MORNING, ended_before=MORNING, enrolments=()
)
_LOGGED = access_entry(NURSE, MORNING)
_CLAIM = Claim(
    digest=Digest(
        id=DigestId("a"),
        unit=UNIT,
        channel=Channel.INBOX,
        recipient=PERSON,
        template=Template.MESSAGE_TO_READ,
        collected=True,
    ),
    token="unknown",  # noqa: S106 - a fencing token is no secret
)

READS: Mapping[str, Callable[[Storage], object]] = {
    "load_many": lambda s: s.load_many((A,)),
    "load_timelines": lambda s: s.load_timelines((A,)),
    "list_enrolments": lambda s: s.list_enrolments(UNIT, ended=False),
    "find_by_person": lambda s: s.find_by_person(PERSON),
    "access_ended": lambda s: s.access_ended(MORNING, 1),
    "list_caseload": lambda s: s.list_caseload(CaseQuery(unit=UNIT, therapist=None, now=MORNING)),
    "open_units": lambda s: s.open_units(),
    "unnoted_attention": lambda s: s.unnoted_attention(UNIT, MORNING, NO_LIMITS),
    "count_caseload": lambda s: s.count_caseload(UNIT, None, MORNING),
    "count_due": lambda s: s.count_due(MORNING),
    "notifications": lambda s: s.notifications(A),
    "unnoted": lambda s: s.unnoted(),
    "dead_letters": lambda s: s.dead_letters(),
    "outbox_figures": lambda s: s.outbox_figures(MORNING, MORNING),
    "access_entries": lambda s: s.access_entries(UNIT),
    "load_record": lambda s: (
        load_profile(s, UNIT, NURSE.hsa_id),
        load_program(s, UNIT, "smartskola", "1"),
        load_draft(s, A, PAIN),
        find_call(s, key_of(begin().enrolment)),
        find_desk_call(s, desk_call("k").key),
        load_purge(s, PlanId("plan-1")),
    ),
    "list_records": lambda s: (list_exports(s, UNIT, limit=5), list_receipts(s, UNIT)),
    "ended": lambda s: s.ended(UNIT),
    "notification_keys": lambda s: s.notification_keys(UNIT, (A,)),
    "unforgotten": lambda s: s.unforgotten(),
    "list_plans": lambda s: s.list_plans(UNIT, limit=5),
}
"""One call of every method of the port that asks."""
WRITES: Mapping[str, Callable[[Storage], object]] = {
    "save": lambda s: s.save(begin()),
    "save_draft": lambda s: keep_draft(s, begin().enrolment, draft_of()),
    "claim": lambda s: s.claim(MORNING, 1, LEASE),
    "begin": lambda s: s.begin([(_CLAIM, Decision(action=Action.SEND, day=MORNING.date()))]),
    "complete": lambda s: s.complete([result(_CLAIM, at=MORNING)]),
    "reject": lambda s: s.reject("digest-1.key", MORNING),
    "record_worker": lambda s: s.record_worker("worker", MORNING, MORNING),
    "reserve_slots": lambda s: s.reserve_slots(Channel.INBOX, NATIONAL_INBOX, 1, MORNING, LEASE),
    "save_record": lambda s: save_profile(s, UNIT, NURSE.hsa_id, Profile(), _LOGGED),
    "log": lambda s: s.log((_LOGGED,)),
    "forgotten": lambda s: s.forgotten(UNIT, A, ()),
    "purge": lambda s: s.purge(PlanId("plan-1"), (), ()),
}
"""One call of every method of the port that changes something, but `close`."""
CALLS = {**READS, **WRITES}
