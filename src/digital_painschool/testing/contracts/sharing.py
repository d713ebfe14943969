"""The contract of the storage port: several processes on one storage, and several openings of it."""

from functools import partial

import pytest

from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.fold import replay
from digital_painschool.domain.ids import EnrolmentId, PlanId
from digital_painschool.domain.notification import Notify, Profile, Status
from digital_painschool.domain.policy import FlagKind
from digital_painschool.errors import StorageError
from digital_painschool.ports.storage import (
    CaseQuery,
    load_enrolment,
    load_notifications,
    load_profile,
    load_timeline,
    readable,
    save_profile,
)
from digital_painschool.testing.contracts.base import StorageOpening
from digital_painschool.testing.contracts.changes import (
    DAY,
    LEASE,
    MORNING,
    PERSONS,
    RUN,
    A,
    B,
    access_entry,
    begin,
    converse,
    fill_in,
    result,
    saved,
    sending,
)
from digital_painschool.testing.contracts.clauses import proves
from digital_painschool.testing.contracts.concurrency import Child, in_threads, refusal_or
from digital_painschool.testing.contracts.purges import assert_gone, kept_plan, over
from digital_painschool.testing.contracts.racing import assert_none_lost, insist
from digital_painschool.testing.people import NURSE, PERSON, UNIT


class SharingContract(StorageOpening):
    """A storage that is opened several times."""

    @proves("Storage: forks")
    def test_a_forked_process_keeps_what_its_parent_s_opening_acknowledges(self, forked_place: object) -> None:
        """Otherwise a server that opens the school and then forks its workers would lose what they save, or hang."""
        with self.opened(forked_place) as storage:
            storage.save(begin("a"))
            saves = [partial(storage.save, begin(id_, person)) for id_, person in zip("bc", PERSONS[1:], strict=False)]
            with Child(lambda tell: tell(refusal_or(saves[0]))) as child:
                [answer] = child.messages()
            saves[1]()
        with self.opened(forked_place) as storage:
            assert isinstance(answer, StorageError) == (load_enrolment(storage, B) is None)
            assert begin("c", PERSONS[2]).enrolment == load_enrolment(storage, EnrolmentId("c"))

    @proves("Storage: processes")
    def test_a_second_process_is_refused_where_one_alone_may_have_it_open(self, lasting_place: object) -> None:
        """Otherwise two processes would overwrite each other, each sure to be alone."""
        if self.shared:
            pytest.skip("several processes may have this storage open")
        with self.opened(lasting_place) as storage:
            e = saved(storage, begin())
            with Child(lambda tell: tell(refusal_or(partial(self._load, lasting_place, e.id)))) as child:
                [refusal] = child.messages()
            assert isinstance(refusal, StorageError), f"a second process got {refusal!r}"
            assert e == load_enrolment(storage, e.id)

    def _load(self, place: object, enrolment_id: EnrolmentId) -> Enrolment | None:
        with self.opened(place) as storage:
            return load_enrolment(storage, enrolment_id)

    @proves("Storage: processes")
    def test_a_second_opening_in_one_process_is_refused_or_sees_everything(self, lasting_place: object) -> None:
        """Otherwise two applications in one process, each with a school of its own, would overwrite each other."""
        with self.opened(lasting_place) as one:
            e = saved(one, begin("a"))
            try:
                with self.opened(lasting_place) as other:
                    assert e == load_enrolment(other, A)
                    e = saved(one, fill_in(e, at=MORNING))
                    assert e == load_enrolment(other, A)
                    e = saved(other, fill_in(e, at=MORNING))
            except StorageError:
                assert not self.shared, "several processes may have this storage open, and a second opening is refused"
            assert e == load_enrolment(one, A)

    @proves("Storage: processes")
    def test_what_one_opening_has_saved_every_other_sees(self, shared_place: object) -> None:
        """Otherwise a process would decide on what it remembers, and not on what is kept."""
        with self.opened(shared_place) as one, self.opened(shared_place) as other:
            e = saved(one, converse(saved(one, begin("a")), notify=Notify.DIRECT, at=MORNING))
            for here, there in ((one, other), (other, one)) * 2:
                e = saved(here, fill_in(e, at=MORNING + e.version * DAY))
                assert (
                    e == load_enrolment(there, A) == dict(there.load_many((A,)))[A] == there.find_by_person(PERSON)[0]
                )
                assert e == replay(entry.event for entry in load_timeline(there, A))
                [row] = readable(there.list_caseload(CaseQuery(unit=UNIT, therapist=None, now=MORNING)))
                assert e.last_seen_at == row.last_seen_at
            [claim] = one.claim(RUN, 10, LEASE)
            assert () == other.claim(RUN, 10, LEASE)
            batches = other.begin([(claim, sending(claim, now=RUN))])
            one.complete([result(claim, batches[claim.digest.id], at=RUN)])
            assert [Status.DELIVERED] == [record.status for record in load_notifications(one, A)]
            profile = Profile(sms=frozenset({FlagKind.ENDING}))
            assert Profile() == load_profile(other, UNIT, NURSE.hsa_id)
            save_profile(one, UNIT, NURSE.hsa_id, profile, access_entry(NURSE, MORNING))
            assert profile == load_profile(other, UNIT, NURSE.hsa_id)
            assert one.access_entries(UNIT) == other.access_entries(UNIT)

    @proves("Retention.purge: nothing left", "Storage: processes")
    def test_what_one_opening_has_purged_is_gone_for_every_other(self, shared_place: object) -> None:
        """Otherwise a web worker would go on showing what had to be destroyed (D-21a)."""
        with self.opened(shared_place) as one, self.opened(shared_place) as other:
            e = over(one, "a")
            assert e == load_enrolment(other, A)
            one.purge(PlanId("plan-1"), kept_plan(one).enrolments, ())
            assert_gone(other, e)
            again = over(other, "a")
            assert again == load_enrolment(one, A)

    @proves("Storage: threads")
    def test_threads_on_two_openings_lose_nothing(self, shared_place: object) -> None:
        """Otherwise two applications in one process, each with a school of its own, would overwrite each other."""
        with self.opened(shared_place) as one, self.opened(shared_place) as other:
            saved(one, begin("a"))
            works = [partial(insist, storage, A, number) for number, storage in enumerate((one, other, one, other))]
            assert_none_lost(one, A, [answers for mine in in_threads(works) for answers in mine])
