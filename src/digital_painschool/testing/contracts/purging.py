"""The contract of the storage port: purges and receipts."""

from contextlib import suppress

from attrs import evolve

from digital_painschool.domain.ids import PlanId
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.retention import (
    Skip,
    Skipped,
)
from digital_painschool.ports.storage import (
    Storage,
    find_call,
    find_cancellable,
    find_desk_call,
    find_ended,
    load_enrolment,
    load_histories,
    load_notifications,
    load_purge,
    load_timeline,
    readable,
)
from digital_painschool.testing.contracts.base import StorageOpening
from digital_painschool.testing.contracts.calls import desk_call, key_of, under_key
from digital_painschool.testing.contracts.changes import (
    LEASE,
    MORNING,
    OTHER_PERSON,
    PERSONS,
    RUN,
    A,
    B,
    asking,
    begin,
    begun,
    converse,
    fill_in,
    finish,
    result,
    saved,
)
from digital_painschool.testing.contracts.clauses import proves
from digital_painschool.testing.contracts.lifetime import long_history
from digital_painschool.testing.contracts.purges import (
    IDS,
    LATER,
    LOGGED,
    all_over,
    assert_gone,
    changed_after_the_end,
    ended_once,
    exported,
    kept_plan,
    over,
)
from digital_painschool.testing.example import SLEEP
from digital_painschool.testing.people import PERSON, UNIT


class PurgingContract(StorageOpening):
    """Purges, in every storage."""

    @proves("Retention.purge: nothing left")
    def test_nothing_is_left_of_what_is_purged(self, storage: Storage) -> None:
        """Otherwise data that had to go would still be there (D-21a)."""
        e = long_history(storage)
        made = kept_plan(storage)
        storage.purge(PlanId("plan-1"), made.enrolments, ())
        assert_gone(storage, e)
        assert () == storage.claim(LATER, 1000, LEASE)
        assert {e.id: None} == dict(load_purge(storage, PlanId("plan-1")).progress)

    @proves("Retention.purge: nothing left")
    def test_the_access_log_outlives_the_purge(self, storage: Storage) -> None:
        """Otherwise nobody could answer who had looked at a record that is gone (D-21c)."""
        all_over(storage)
        made = kept_plan(storage)
        before = storage.access_entries(UNIT)
        find_by_person = storage.access_entries(UNIT, person=PERSON)
        storage.purge(PlanId("plan-1"), made.enrolments, ())
        assert before == storage.access_entries(UNIT)
        assert find_by_person == storage.access_entries(UNIT, person=PERSON)
        assert 4 == len(find_by_person)

    @proves("Retention.purge: logged")
    def test_only_what_is_deleted_is_logged(self, storage: Storage) -> None:
        """Otherwise the log would say deleted of a record that is there, or that another purge had deleted (D-21c)."""
        all_over(storage)
        purged, changed, skipped, *_ = kept_plan(storage).enrolments
        skip = Skipped(enrolment_id=skipped.enrolment_id, why=Skip.TOO_YOUNG)
        access = [evolve(LOGGED, action="purge", enrolment_id=id_) for id_ in IDS]
        for _ in range(2):
            storage.purge(PlanId("plan-1"), (purged, evolve(changed, version=1)), (skip,), access=access)
            logged = storage.access_entries(LOGGED.unit, action="purge")
            assert [evolve(LOGGED, action="purge", enrolment_id=purged.enrolment_id)] == [entry for _, entry in logged]

    @proves("Retention.purge")
    def test_what_is_not_in_the_purge_stays(self, storage: Storage) -> None:
        """Otherwise a purge would take live data with it (law 7)."""
        all_over(storage)
        made = kept_plan(storage)
        stays = saved(storage, begin("again", PERSONS[0], at=RUN))
        before = load_histories(storage, UNIT, IDS)
        storage.purge(PlanId("plan-1"), made.enrolments[:1], ())
        assert before[1:] == load_histories(storage, UNIT, IDS)
        assert (stays,) == storage.find_by_person(PERSONS[0])
        assert IDS[1:] == tuple(ended.enrolment_id for ended in storage.ended(UNIT))

    @proves("Retention.purge: nothing left")
    def test_a_batch_in_doubt_stays_with_what_another_enrolment_has_in_it(self, storage: Storage) -> None:
        """Otherwise the purge of one enrolment would silence another's message, or send it under a second key."""
        first, _ = asking(storage, "a", PERSON), asking(storage, "b", PERSON, program=SLEEP)
        [(_, batch)] = begun(storage, RUN)
        first = saved(storage, finish(first, at=RUN))
        storage.purge(PlanId("plan-1"), kept_plan(storage).enrolments, ())
        assert_gone(storage, first)
        [claim] = storage.claim(RUN + LEASE, 10, LEASE)
        left = frozenset(record.notification.id for record in load_notifications(storage, B))
        assert (evolve(batch, notifications=left), 1) == (claim.digest.batch, claim.lost)

    @proves("Retention.purge: nothing left")
    def test_a_batch_that_is_purged_whole_may_have_told_the_recipient(self, storage: Storage) -> None:
        """Otherwise a patient would be told twice on one day, or never of another enrolment (D-13a)."""
        a, b = asking(storage, "a", PERSON), saved(storage, begin("b", program=SLEEP))
        [(claim, batch)] = begun(storage, RUN)
        a = saved(storage, finish(a, at=RUN))
        storage.purge(PlanId("plan-1"), kept_plan(storage).enrolments, ())
        storage.complete([result(claim, batch, at=RUN)])
        assert_gone(storage, a)
        b = saved(storage, converse(b, notify=Notify.COLLECTED, at=MORNING))
        [claim] = storage.claim(RUN, 10, LEASE)
        assert (batch.attempted_on, None, 0) == (claim.digest.told_on, claim.digest.batch, claim.lost)
        # The digest goes with the recipient's last enrolment.
        saved(storage, finish(b, at=RUN, pending=find_cancellable(storage, B)))
        storage.purge(PlanId("plan-2"), kept_plan(storage, "plan-2").enrolments, ())
        storage.complete([evolve(result(claim, at=RUN), told_on=RUN.date())])
        asking(storage, "c", PERSON)
        [claim] = storage.claim(RUN, 10, LEASE)
        assert (None, 1) == (claim.digest.told_on, len(claim.digest.pending))

    @proves("Retention.purge")
    def test_what_is_on_its_way_can_be_purged(self, storage: Storage) -> None:
        """Otherwise a worker's lease would stop a purge, or its outcome bring something back."""
        e = saved(storage, converse(saved(storage, begin("a")), notify=Notify.DIRECT, at=MORNING))
        (claimed,) = storage.claim(MORNING, 10, LEASE)
        e = saved(storage, finish(e, at=MORNING))
        storage.purge(PlanId("plan-1"), kept_plan(storage).enrolments, ())
        storage.complete([result(claimed, at=MORNING)])
        assert_gone(storage, e)
        assert () == storage.claim(LATER, 10, LEASE)

    @proves("Retention.purge: nothing left")
    def test_the_person_can_start_again_after_the_purge(self, storage: Storage) -> None:
        """Otherwise something of the purged would be left that blocks the person."""
        exported(storage, {A: over(storage, "a").version})
        storage.purge(PlanId("plan-1"), kept_plan(storage).enrolments, ())
        e = over(storage, "a")
        assert (e,) == storage.find_by_person(PERSON)
        assert e.version == len(load_timeline(storage, A))
        assert [0] == [ended.exported for ended in readable(storage.ended(UNIT))]

    @proves("Retention.purge: only as planned")
    def test_one_that_changed_is_not_purged_but_named(self, storage: Storage) -> None:
        """Otherwise something new would be destroyed that nobody approved (D-21a)."""
        changed, same = over(storage, "a"), over(storage, "b", OTHER_PERSON)
        made = kept_plan(storage)
        changed = changed_after_the_end(storage, changed)
        storage.purge(PlanId("plan-1"), made.enrolments, ())
        skipped = Skipped(enrolment_id=A, why=Skip.CHANGED)
        assert {"a": skipped, "b": None} == dict(load_purge(storage, PlanId("plan-1")).progress)
        assert changed == load_enrolment(storage, A)
        assert changed.version == len(load_timeline(storage, A))
        assert_gone(storage, same)

    @proves("Retention.purge: only as planned")
    def test_one_that_is_open_is_not_purged_but_named(self, storage: Storage) -> None:
        """Otherwise a plan made wrongly would take a patient's running treatment (law 7)."""
        e = saved(storage, fill_in(saved(storage, begin("a")), at=MORNING))
        kept_plan(storage)
        storage.purge(PlanId("plan-1"), (ended_once("a", e.version),), ())
        assert {"a": Skipped(enrolment_id=A, why=Skip.CHANGED)} == dict(load_purge(storage, PlanId("plan-1")).progress)
        assert e == load_enrolment(storage, A)

    @proves("Retention.purge: idempotent", "Records.load_record")
    def test_purging_twice_is_purging_once(self, storage: Storage) -> None:
        """Otherwise a repeated click would turn what is purged into what changed (law 7)."""
        all_over(storage)
        made = kept_plan(storage)
        skipped = Skipped(enrolment_id=IDS[-1], why=Skip.NOT_EXPORTED)
        for _ in range(2):
            storage.purge(PlanId("plan-1"), made.enrolments[:-1], (skipped,))
            assert {**dict.fromkeys(IDS[:-1]), IDS[-1]: skipped} == dict(load_purge(storage, PlanId("plan-1")).progress)
            assert (IDS[-1],) == tuple(ended.enrolment_id for ended in storage.ended(UNIT))
        assert {} == dict(load_purge(storage, PlanId("plan-2")).progress)

    @proves("Retention.purge: idempotent")
    def test_what_was_noted_first_stands(self, storage: Storage) -> None:
        """Otherwise a restart could purge what the first run had left, after the receipt was begun."""
        e = over(storage, "a")
        made = kept_plan(storage)
        skipped = Skipped(enrolment_id=A, why=Skip.NOT_EXPORTED)
        storage.purge(PlanId("plan-1"), (), (skipped,))
        storage.purge(PlanId("plan-1"), made.enrolments, (Skipped(enrolment_id=A, why=Skip.TOO_YOUNG),))
        assert {"a": skipped} == dict(load_purge(storage, PlanId("plan-1")).progress)
        assert e == load_enrolment(storage, A)

    @proves("Retention.purge: idempotent")
    def test_an_interrupted_purge_goes_on_where_it_was(self, storage: Storage) -> None:
        """Otherwise a process that died in between would leave a purge that nobody can finish."""
        all_over(storage)
        made = kept_plan(storage)
        storage.purge(PlanId("plan-1"), made.enrolments[:3], ())
        assert dict.fromkeys(IDS[:3]) == dict(load_purge(storage, PlanId("plan-1")).progress)
        assert IDS[3:] == tuple(ended.enrolment_id for ended in storage.ended(UNIT))
        storage.purge(PlanId("plan-1"), made.enrolments, ())
        assert dict.fromkeys(IDS) == dict(load_purge(storage, PlanId("plan-1")).progress)
        assert () == storage.ended(UNIT)

    @proves("Retention.purge", "Records: with the step")
    def test_purging_nothing_is_fine(self, storage: Storage) -> None:
        """Otherwise the last, empty batch would be an error, or be made again by whoever repeats its call."""
        all_over(storage)
        call = desk_call("k")
        storage.purge(PlanId("plan-1"), (), (), completed=call)
        assert call == find_desk_call(storage, call.key)
        assert {} == dict(load_purge(storage, PlanId("plan-1")).progress)
        assert IDS == tuple(ended.enrolment_id for ended in storage.ended(UNIT))

    @proves("Storage: values")
    def test_progress_that_was_given_back_changes_nothing(self, storage: Storage) -> None:
        """Otherwise a caller that empties what it got would start the purge again."""
        over(storage, "a")
        storage.purge(PlanId("plan-1"), kept_plan(storage).enrolments, ())
        with suppress(AttributeError):  # a mapping that cannot be changed keeps the promise too
            load_purge(storage, PlanId("plan-1")).progress.clear()  # type: ignore[attr-defined]
        assert {"a": None} == dict(load_purge(storage, PlanId("plan-1")).progress)

    @proves("Retention.purge: spent", "Retention.purge: again")
    def test_the_key_of_a_start_outlives_the_purge(self, storage: Storage) -> None:
        """Otherwise a start that a host repeats would begin a treatment for the wrong person, once purged (D-07b)."""
        started, stays = under_key(begin("a"), "k"), under_key(begin("b", OTHER_PERSON), "k2")
        assert started.completed is not None
        assert stays.completed is not None
        saved(storage, stays)
        for plan_id in ("plan-1", "plan-2"):  # a restored backup may bring it back
            e = saved(storage, started)
            ended = saved(storage, under_key(finish(e, at=MORNING)))
            storage.purge(PlanId(plan_id), tuple(readable(find_ended(storage, UNIT, (A,)).values())), ())
            assert_gone(storage, ended)
            left = [find_desk_call(storage, key) for key in (started.completed.key, key_of(ended), stays.completed.key)]
            assert [started.completed.spent(), None, None] == left
            assert None is find_call(storage, started.completed.key)
        assert stays.completed == find_call(storage, stays.completed.key)

    @proves("Retention.purge: again")
    def test_what_came_back_after_the_purge_is_purged_again(self, storage: Storage) -> None:
        """Otherwise a restored backup would bring back what had to go (D-21a)."""
        first, stays = over(storage, "a"), over(storage, "b", OTHER_PERSON)
        (planned,) = readable(find_ended(storage, UNIT, (A,)).values())
        gone = ended_once("gone-already", 3)
        for plan_id in ("plan-1", "plan-1", "plan-2"):
            storage.purge(PlanId(plan_id), (planned,), ())
            assert_gone(storage, first)
            assert {"a": None} == dict(load_purge(storage, PlanId(plan_id)).progress)
            assert first == over(storage, "a")
        storage.purge(PlanId("plan-1"), (planned, gone), ())
        changed = Skipped(enrolment_id=gone.enrolment_id, why=Skip.CHANGED)
        assert {"a": None, gone.enrolment_id: changed} == dict(load_purge(storage, PlanId("plan-1")).progress)
        assert_gone(storage, first)
        assert stays == load_enrolment(storage, B)

    @proves("Retention.purge: again", "Retention.purge: only as planned")
    def test_what_came_back_otherwise_is_not_purged_again(self, storage: Storage) -> None:
        """Otherwise a forged or mistaken receipt would delete the records of a patient in treatment."""
        over(storage, "a")
        made = kept_plan(storage)
        storage.purge(PlanId("plan-1"), made.enrolments, ())
        is_open = saved(storage, begin("a"))
        while is_open.version < made.enrolments[0].version:
            is_open = saved(storage, fill_in(is_open, at=MORNING))
        storage.purge(PlanId("plan-1"), made.enrolments, ())
        assert {"a": None} == dict(load_purge(storage, PlanId("plan-1")).progress)
        assert is_open == load_enrolment(storage, A)
