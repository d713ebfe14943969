"""The contract of the storage port: ended enrolments on their way out."""

from contextlib import suppress
from functools import partial

from attrs import evolve

from digital_painschool.domain.digest import Action, Claim
from digital_painschool.domain.digest import Decision as Choice
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import FormSaved, MessageSent
from digital_painschool.domain.notification import Notification, Notify
from digital_painschool.domain.people import PersonId
from digital_painschool.domain.program import Program
from digital_painschool.domain.retention import (
    EndedEnrolment,
    PurgeDecision,
    PurgeReceipt,
    Skip,
    Skipped,
)
from digital_painschool.ports.storage import Entry, History, Storage, readable
from digital_painschool.rules.notifications import drop
from digital_painschool.rules.retention import plan
from digital_painschool.testing.contracts.base import StorageOpening
from digital_painschool.testing.contracts.changes import (
    HOUR,
    LEASE,
    MORNING,
    OTHER_PERSON,
    PERSONS,
    POLICY,
    RUN,
    begin,
    begun,
    by_worker,
    converse,
    delivered,
    fill_in,
    finish,
    result,
    saved,
    write,
)
from digital_painschool.testing.contracts.clauses import proves
from digital_painschool.testing.contracts.concurrency import THREADS, in_threads
from digital_painschool.testing.contracts.lifetime import long_history
from digital_painschool.testing.contracts.purges import (
    IDS,
    LATER,
    LOGGED,
    all_over,
    assert_gone,
    ended_once,
    exported,
    kept_plan,
    over,
    receipt_of,
)
from digital_painschool.testing.example import PROGRAM, SLEEP
from digital_painschool.testing.people import NURSE, OTHER_UNIT, PERSON, UNIT


class RetentionContract(StorageOpening):
    """What every storage keeps of purging."""

    @proves("Retention.ended", "Retention.find_ended")
    def test_ended_gives_what_the_rules_judge_by(self, storage: Storage) -> None:
        """Otherwise a purge would be planned on other facts than the timeline's (D-21b)."""
        e = over(storage, "a")
        e = saved(storage, by_worker(e, drop, self._notification(storage, e), at=RUN))
        saved(storage, begin("b", OTHER_PERSON))
        expected = EndedEnrolment(
            enrolment_id="a",
            version=e.version,
            ended_at=MORNING + HOUR,
            last_entry_at=RUN,
            exported=0,
        )
        assert (expected,) == storage.ended(UNIT)
        assert {"a": expected} == dict(storage.find_ended(UNIT, ("b", "a", "missing")))

    @proves("Retention.ended")
    def test_ended_are_walked_in_portions_by_rising_id(self, storage: Storage) -> None:
        """Otherwise a plan of a large unit would leave some out (D-21a)."""
        ids = ("b", "B", "a-1", "a_1", "A", "Ab", "aB")
        for id_, person in zip(ids, PERSONS, strict=True):
            over(storage, id_, person)
            over(storage, f"{id_}-elsewhere", person, unit=OTHER_UNIT)
            saved(storage, begin(f"{id_}-open", person))
        walked: list[str] = []
        for _ in ids:
            portion = storage.ended(UNIT, after=walked[-1] if walked else "", limit=2)
            assert min(2, len(ids) - len(walked)) == len(portion)
            walked.extend(ended.enrolment_id for ended in portion)
        assert sorted(ids) == walked

    @proves("Retention.ended", "Retention.find_ended")
    def test_ended_of_a_unit_are_its_own(self, storage: Storage) -> None:
        """Otherwise one unit's administrator would purge another's records (M-20)."""
        over(storage, "a")
        elsewhere = over(storage, "b", unit=OTHER_UNIT)
        assert ["a"] == [ended.enrolment_id for ended in storage.ended(UNIT)]
        assert {} == dict(storage.find_ended(UNIT, (elsewhere.id,)))
        assert {} == dict(storage.find_ended(UNIT, ()))

    @proves("Retention.person_ids_of")
    def test_persons_are_those_of_the_unit_s_enrolments(self, storage: Storage) -> None:
        """Otherwise the access log of a purge would name another patient, or nobody (M-06, D-21a)."""
        first, second = over(storage, "e1"), over(storage, "e2", OTHER_PERSON)
        over(storage, "e3", PERSONS[2], unit=OTHER_UNIT)
        assert {"e1": first.person, "e2": second.person} == storage.person_ids_of(UNIT, ["e2", "e1", "e3", "unknown"])
        assert {} == storage.person_ids_of(UNIT, [])

    @proves("Outbox.complete: kept", "Retention.notification_keys", "Retention.notification_keys: superseded")
    def test_notification_keys_are_those_that_were_sent_for_them(self, storage: Storage) -> None:
        """Otherwise a purge would leave notices in an inbox, also one that was sent before a crash (D-21a)."""
        first, second = self._asking(storage, "a", PERSON), self._asking(storage, "b", OTHER_PERSON)
        assert () == storage.notification_keys(UNIT, ["a", "b"])
        sent = begun(storage, RUN)
        storage.complete([result(claim, at=RUN) for claim, _ in sent])
        first = saved(storage, write(first, notify=Notify.COLLECTED, at=MORNING))
        decided = [(claim, self._all_of(claim)) for claim in storage.claim(RUN, 10, LEASE)]
        joined = storage.begin(decided)
        storage.complete([result(claim, joined[claim.digest.id], at=RUN) for claim, _ in decided])
        for e in (first, second):
            saved(storage, finish(e, at=RUN))
        of_first, of_second = ({batch.key, joined[claim.digest.id].key} for claim, batch in sent)
        assert (2, 1) == (len(of_first), len(of_second))
        assert tuple(sorted(of_first)) == storage.notification_keys(UNIT, ["a", "unknown"])
        assert tuple(sorted(of_first | of_second)) == storage.notification_keys(UNIT, ["a", "b"])
        assert () == storage.notification_keys(OTHER_UNIT, ["a", "b"])

    @proves("Retention.notification_keys: shared")
    def test_notification_keys_leave_out_what_an_open_enrolment_shares(self, storage: Storage) -> None:
        """Otherwise the purge of one enrolment would take the notice that the person's other one needs (D-21a)."""
        first, second = self._asking(storage, "a", PERSON), self._asking(storage, "b", PERSON, program=SLEEP)
        [shared] = delivered(storage, RUN)
        first = saved(storage, write(first, notify=Notify.COLLECTED, at=MORNING))
        [alone] = delivered(storage, RUN)
        saved(storage, finish(first, at=RUN))
        assert (alone.key,) == storage.notification_keys(UNIT, ["a"])
        storage.purge("plan-1", kept_plan(storage).enrolments, ())
        saved(storage, finish(second, at=RUN + HOUR))
        assert (shared.key,) == storage.notification_keys(UNIT, ["b"])

    @proves("Retention.load_histories")
    def test_histories_give_everything_in_the_order_asked_for(self, storage: Storage) -> None:
        """Otherwise an export would lack something that the purge then destroys (M-21)."""
        first, second = long_history(storage), over(storage, "b", OTHER_PERSON)
        histories = readable(storage.load_histories(UNIT, ("b", "missing", first.id)))
        expected = tuple(
            History(
                enrolment=e,
                timeline=storage.timeline(e.id),
                documents=storage.documents(e.id, range(1, e.version + 1)),
            )
            for e in (second, first)
        )
        assert expected == histories
        assert expected[::-1] == storage.load_histories(UNIT, (first.id, "missing", "b"))
        assert all(isinstance(entry, Entry) for history in histories for entry in history.timeline)

    @proves("Retention.load_histories")
    def test_histories_give_the_entries_of_some_kinds_alone(self, storage: Storage) -> None:
        """Otherwise an export would be slow, or lack answers (M-21)."""
        e = long_history(storage)
        kinds = (FormSaved, MessageSent)
        timeline = storage.timeline(e.id, kinds)
        assert 2 == len({type(entry.event) for entry in timeline})
        expected = History(
            enrolment=e, timeline=timeline, documents=storage.documents(e.id, [entry.seq for entry in timeline])
        )
        assert (expected,) == storage.load_histories(UNIT, (e.id,), kinds)
        assert (History(enrolment=e, timeline=(), documents={}),) == storage.load_histories(UNIT, (e.id,), ())

    @proves("Retention.load_histories")
    def test_histories_of_another_unit_are_left_out(self, storage: Storage) -> None:
        """Otherwise an export would hold another unit's patients."""
        over(storage, "a", unit=OTHER_UNIT)
        assert () == storage.load_histories(UNIT, ("a",))
        assert () == storage.load_histories(UNIT, ())

    @proves("Retention.save_export")
    def test_an_export_is_noted_with_the_version(self, storage: Storage) -> None:
        """Otherwise something that came after the export would be purged unexported (D-21a)."""
        e, other = over(storage, "a"), over(storage, "b", OTHER_PERSON)
        exported(storage, {"a": e.version})
        assert {"a": e.version, "b": 0} == {x.enrolment_id: x.exported for x in readable(storage.ended(UNIT))}
        e = saved(storage, by_worker(e, drop, self._notification(storage, e), at=RUN))
        (ended,) = readable(storage.find_ended(UNIT, ("a",)).values())
        assert (e.version, e.version - 1) == (ended.version, ended.exported)
        exported(storage, {"a": e.version, "b": other.version}, "export-2")
        both = readable(storage.ended(UNIT))
        assert {"a": e.version, "b": other.version} == {x.enrolment_id: x.exported for x in both}

    @proves("Retention.save_export: as told")
    def test_an_export_counts_for_what_it_is_told_of_alone(self, storage: Storage) -> None:
        """Otherwise an export as CSV alone would let a purge take messages that are in no file (D-21a)."""
        e, elsewhere = over(storage, "a"), over(storage, "b", unit=OTHER_UNIT)
        exported(storage, {})
        assert [0] == [ended.exported for ended in readable(storage.ended(UNIT))]
        exported(storage, {"a": e.version, elsewhere.id: elsewhere.version}, "export-2")
        assert [0] == [ended.exported for ended in readable(storage.ended(OTHER_UNIT))]
        exported(storage, {}, "export-3")
        assert [e.version] == [ended.exported for ended in readable(storage.ended(UNIT))]

    @proves("Retention.save_export: never back")
    def test_an_export_that_is_noted_late_takes_nothing_back(self, storage: Storage) -> None:
        """Otherwise a slow export would undo what a later one has noted, and the purge would leave it (D-21a)."""
        e = over(storage, "a")
        exported(storage, {"a": e.version})
        exported(storage, {"a": e.version - 1}, "export-2")
        assert [e.version] == [ended.exported for ended in readable(storage.ended(UNIT))]

    @proves("Retention.save_export")
    def test_an_export_of_what_is_gone_leaves_nothing(self, storage: Storage) -> None:
        """Otherwise an enrolment that comes back under its id would count as exported."""
        exported(storage, {"a": 1})
        assert () == storage.ended(UNIT)
        over(storage, "a")
        assert [0] == [ended.exported for ended in readable(storage.ended(UNIT))]

    @proves("Retention.save_plan", "Retention.plan")
    def test_a_plan_is_kept(self, storage: Storage) -> None:
        """Otherwise what is approved would not be what was seen (D-21a)."""
        all_over(storage)
        made = plan(readable(storage.ended(UNIT)), POLICY, plan_id="plan-1", unit=UNIT, by=NURSE, at=LATER)
        assert IDS == tuple(planned.enrolment_id for planned in made.enrolments)
        storage.save_plan(made, LOGGED)
        assert made == storage.plan("plan-1")

    @proves("Retention.save_plan")
    def test_a_plan_without_enrolments_is_kept(self, storage: Storage) -> None:
        """Otherwise a year with nothing to purge would be an error."""
        made = kept_plan(storage)
        assert () == made.enrolments
        assert made == storage.plan("plan-1")

    @proves("Retention.plan", "Retention.purge_progress", "Retention.receipt")
    def test_an_unknown_plan_is_none(self, storage: Storage) -> None:
        """Otherwise a mistyped id would give somebody else's plan."""
        kept_plan(storage)
        assert None is storage.plan("")
        assert None is storage.plan("plan-2")
        assert {} == dict(storage.purge_progress("plan-2"))
        assert None is storage.receipt("plan-2")

    @proves("Retention.save_plan")
    def test_the_first_approval_stands(self, storage: Storage) -> None:
        """Otherwise the decision that a purge rests on could be changed afterwards (D-21a)."""
        all_over(storage)
        approved = kept_plan(storage)
        assert approved.decision is not None
        storage.save_plan(evolve(approved, decision=evolve(approved.decision, reference="annat")), LOGGED)
        storage.save_plan(evolve(approved, decision=None, enrolments=()), LOGGED)
        assert approved == storage.plan("plan-1")

    @proves("Retention.save_plan")
    def test_a_plan_is_logged_with_it(self, storage: Storage) -> None:
        """Otherwise a purge could be planned or approved of which the log knows nothing (M-06)."""
        kept_plan(storage)
        assert [LOGGED, LOGGED] == [entry for _, entry in storage.access_entries(UNIT)]

    @proves("Retention.purge: nothing left")
    def test_nothing_is_left_of_what_is_purged(self, storage: Storage) -> None:
        """Otherwise data that had to go would still be there (D-21a)."""
        e = long_history(storage)
        made = kept_plan(storage)
        storage.purge("plan-1", made.enrolments, ())
        assert_gone(storage, e)
        assert () == storage.claim(LATER, 1000, LEASE)
        assert {e.id: None} == dict(storage.purge_progress("plan-1"))

    @proves("Retention.purge: nothing left")
    def test_the_access_log_outlives_the_purge(self, storage: Storage) -> None:
        """Otherwise nobody could answer who had looked at a record that is gone (D-21c)."""
        all_over(storage)
        made = kept_plan(storage)
        before = storage.access_entries(UNIT)
        find_by_person = storage.access_entries(UNIT, person=PERSON)
        storage.purge("plan-1", made.enrolments, ())
        assert before == storage.access_entries(UNIT)
        assert find_by_person == storage.access_entries(UNIT, person=PERSON)
        assert 4 == len(find_by_person)

    @proves("Retention.purge")
    def test_what_is_not_in_the_purge_stays(self, storage: Storage) -> None:
        """Otherwise a purge would take live data with it (law 7)."""
        all_over(storage)
        made = kept_plan(storage)
        stays = saved(storage, begin("again", PERSONS[0], at=RUN))
        before = storage.load_histories(UNIT, IDS)
        storage.purge("plan-1", made.enrolments[:1], ())
        assert before[1:] == storage.load_histories(UNIT, IDS)
        assert (stays,) == storage.find_by_person(PERSONS[0])
        assert IDS[1:] == tuple(ended.enrolment_id for ended in storage.ended(UNIT))

    @proves("Retention.purge: nothing left")
    def test_a_batch_in_doubt_stays_with_what_another_enrolment_has_in_it(self, storage: Storage) -> None:
        """Otherwise the purge of one enrolment would silence another's message, or send it under a second key."""
        first, _ = self._asking(storage, "a", PERSON), self._asking(storage, "b", PERSON, program=SLEEP)
        [(_, batch)] = begun(storage, RUN)
        first = saved(storage, finish(first, at=RUN))
        storage.purge("plan-1", kept_plan(storage).enrolments, ())
        assert_gone(storage, first)
        [claim] = storage.claim(RUN + LEASE, 10, LEASE)
        left = frozenset(record.notification.id for record in storage.notifications("b"))
        assert (evolve(batch, notifications=left), 1) == (claim.digest.batch, claim.lost)

    @proves("Retention.purge: nothing left")
    def test_a_batch_that_is_purged_whole_may_have_told_the_recipient(self, storage: Storage) -> None:
        """Otherwise a patient would be told twice on one day, or never of another enrolment (D-13a)."""
        a, b = self._asking(storage, "a", PERSON), saved(storage, begin("b", program=SLEEP))
        [(claim, batch)] = begun(storage, RUN)
        a = saved(storage, finish(a, at=RUN))
        storage.purge("plan-1", kept_plan(storage).enrolments, ())
        storage.complete([result(claim, batch, at=RUN)])
        assert_gone(storage, a)
        b = saved(storage, converse(b, notify=Notify.COLLECTED, at=MORNING))
        [claim] = storage.claim(RUN, 10, LEASE)
        assert (batch.attempted_on, None, 0) == (claim.digest.told_on, claim.digest.batch, claim.lost)
        # The digest goes with the recipient's last enrolment.
        saved(storage, finish(b, at=RUN, pending=storage.cancellable("b")))
        storage.purge("plan-2", kept_plan(storage, "plan-2").enrolments, ())
        storage.complete([evolve(result(claim, at=RUN), told_on=RUN.date())])
        self._asking(storage, "c", PERSON)
        [claim] = storage.claim(RUN, 10, LEASE)
        assert (None, 1) == (claim.digest.told_on, len(claim.digest.pending))

    @proves("Retention.purge")
    def test_what_is_on_its_way_can_be_purged(self, storage: Storage) -> None:
        """Otherwise a worker's lease would stop a purge, or its outcome bring something back."""
        e = saved(storage, converse(saved(storage, begin("a")), notify=Notify.DIRECT, at=MORNING))
        (claimed,) = storage.claim(MORNING, 10, LEASE)
        e = saved(storage, finish(e, at=MORNING))
        storage.purge("plan-1", kept_plan(storage).enrolments, ())
        storage.complete([result(claimed, at=MORNING)])
        assert_gone(storage, e)
        assert () == storage.claim(LATER, 10, LEASE)

    @proves("Retention.purge: nothing left")
    def test_the_person_can_start_again_after_the_purge(self, storage: Storage) -> None:
        """Otherwise something of the purged would be left that blocks the person."""
        exported(storage, {"a": over(storage, "a").version})
        storage.purge("plan-1", kept_plan(storage).enrolments, ())
        e = over(storage, "a")
        assert (e,) == storage.find_by_person(PERSON)
        assert e.version == len(storage.timeline("a"))
        assert [0] == [ended.exported for ended in readable(storage.ended(UNIT))]

    @proves("Retention.purge: only as planned")
    def test_one_that_changed_is_not_purged_but_named(self, storage: Storage) -> None:
        """Otherwise something new would be destroyed that nobody approved (D-21a)."""
        changed, same = over(storage, "a"), over(storage, "b", OTHER_PERSON)
        made = kept_plan(storage)
        changed = saved(storage, by_worker(changed, drop, self._notification(storage, changed), at=RUN))
        storage.purge("plan-1", made.enrolments, ())
        skipped = Skipped(enrolment_id="a", why=Skip.CHANGED)
        assert {"a": skipped, "b": None} == dict(storage.purge_progress("plan-1"))
        assert changed == storage.load("a")
        assert changed.version == len(storage.timeline("a"))
        assert_gone(storage, same)

    @proves("Retention.purge: only as planned")
    def test_one_that_is_open_is_not_purged_but_named(self, storage: Storage) -> None:
        """Otherwise a plan made wrongly would take a patient's running treatment (law 7)."""
        e = saved(storage, fill_in(saved(storage, begin("a")), at=MORNING))
        kept_plan(storage)
        storage.purge("plan-1", (ended_once("a", e.version),), ())
        assert {"a": Skipped(enrolment_id="a", why=Skip.CHANGED)} == dict(storage.purge_progress("plan-1"))
        assert e == storage.load("a")

    @proves("Retention.purge: only as planned")
    def test_one_that_is_not_there_is_not_called_purged(self, storage: Storage) -> None:
        """Otherwise the receipt would claim a deletion that another plan made."""
        kept_plan(storage)
        storage.purge("plan-1", (ended_once("a", 3),), ())
        assert {"a": Skipped(enrolment_id="a", why=Skip.CHANGED)} == dict(storage.purge_progress("plan-1"))

    @proves("Retention.purge")
    def test_what_is_skipped_stays_and_is_named(self, storage: Storage) -> None:
        """Otherwise nobody would know why a record is still there (D-21a)."""
        first, second = over(storage, "a"), over(storage, "b", OTHER_PERSON)
        made = kept_plan(storage)
        skipped = Skipped(enrolment_id="b", why=Skip.NOT_EXPORTED)
        storage.purge("plan-1", made.enrolments[:1], (skipped,))
        assert {"a": None, "b": skipped} == dict(storage.purge_progress("plan-1"))
        assert_gone(storage, first)
        assert second == storage.load("b")

    @proves("Retention.purge: idempotent", "Retention.purge_progress")
    def test_purging_twice_is_purging_once(self, storage: Storage) -> None:
        """Otherwise a repeated click would turn what is purged into what changed (law 7)."""
        all_over(storage)
        made = kept_plan(storage)
        skipped = Skipped(enrolment_id=IDS[-1], why=Skip.NOT_EXPORTED)
        for _ in range(2):
            storage.purge("plan-1", made.enrolments[:-1], (skipped,))
            assert {**dict.fromkeys(IDS[:-1]), IDS[-1]: skipped} == dict(storage.purge_progress("plan-1"))
            assert (IDS[-1],) == tuple(ended.enrolment_id for ended in storage.ended(UNIT))

    @proves("Retention.purge: idempotent")
    def test_what_was_noted_first_stands(self, storage: Storage) -> None:
        """Otherwise a restart could purge what the first run had left, after the receipt was begun."""
        e = over(storage, "a")
        made = kept_plan(storage)
        skipped = Skipped(enrolment_id="a", why=Skip.NOT_EXPORTED)
        storage.purge("plan-1", (), (skipped,))
        storage.purge("plan-1", made.enrolments, (Skipped(enrolment_id="a", why=Skip.TOO_YOUNG),))
        assert {"a": skipped} == dict(storage.purge_progress("plan-1"))
        assert e == storage.load("a")

    @proves("Retention.purge: idempotent")
    def test_an_interrupted_purge_goes_on_where_it_was(self, storage: Storage) -> None:
        """Otherwise a process that died in between would leave a purge that nobody can finish."""
        all_over(storage)
        made = kept_plan(storage)
        storage.purge("plan-1", made.enrolments[:3], ())
        assert dict.fromkeys(IDS[:3]) == dict(storage.purge_progress("plan-1"))
        assert IDS[3:] == tuple(ended.enrolment_id for ended in storage.ended(UNIT))
        storage.purge("plan-1", made.enrolments, ())
        assert dict.fromkeys(IDS) == dict(storage.purge_progress("plan-1"))
        assert () == storage.ended(UNIT)

    @proves("Retention.purge")
    def test_purging_nothing_is_fine(self, storage: Storage) -> None:
        """Otherwise the last, empty batch would be an error."""
        all_over(storage)
        storage.purge("plan-1", (), ())
        assert {} == dict(storage.purge_progress("plan-1"))
        assert IDS == tuple(ended.enrolment_id for ended in storage.ended(UNIT))

    @proves("Retention.purge_progress")
    def test_plans_have_their_own_progress(self, storage: Storage) -> None:
        """Otherwise last year's plan would answer for this year's."""
        over(storage, "a")
        storage.purge("plan-1", kept_plan(storage).enrolments, ())
        assert {} == dict(storage.purge_progress("plan-2"))

    @proves("Retention.purge: idempotent")
    def test_many_threads_purge_a_plan_once(self, storage: Storage) -> None:
        """Otherwise two clicks at the same time would name as changed what the other one purged."""
        all_over(storage)
        made = kept_plan(storage)
        results = in_threads([partial(storage.purge, "plan-1", made.enrolments, ())] * THREADS)
        assert [None] * THREADS == results
        assert dict.fromkeys(IDS) == dict(storage.purge_progress("plan-1"))
        assert () == storage.ended(UNIT)

    @proves("Storage: values")
    def test_progress_that_was_given_back_changes_nothing(self, storage: Storage) -> None:
        """Otherwise a caller that empties what it got would start the purge again."""
        over(storage, "a")
        storage.purge("plan-1", kept_plan(storage).enrolments, ())
        with suppress(AttributeError):  # a mapping that cannot be changed keeps the promise too
            storage.purge_progress("plan-1").clear()  # type: ignore[attr-defined]
        assert {"a": None} == dict(storage.purge_progress("plan-1"))

    @proves("Retention.save_receipt", "Retention.receipt")
    def test_the_first_receipt_of_a_plan_stands(self, storage: Storage) -> None:
        """Otherwise what was purged could be told differently later (D-21a)."""
        all_over(storage)
        made = kept_plan(storage)
        first = receipt_of(made, Skipped(enrolment_id=IDS[0], why=Skip.CHANGED))
        assert first == storage.save_receipt(first)
        assert first == storage.save_receipt(receipt_of(made))
        assert first == storage.receipt("plan-1")

    @proves("Retention.receipts")
    def test_receipts_are_the_units_own_oldest_first(self, storage: Storage) -> None:
        """Otherwise after a backup the receipts would be replayed in a wrong order, or another unit's (D-21a)."""
        made = kept_plan(storage)
        late = evolve(receipt_of(made), plan_id="plan-1", purged_at=LATER + HOUR)
        early = evolve(receipt_of(made), plan_id="plan-2", purged_at=LATER)
        for kept in (late, early, evolve(early, plan_id="plan-3", unit=OTHER_UNIT)):
            storage.save_receipt(kept)
        assert (early, late) == storage.receipts(UNIT)
        assert ["plan-3"] == [kept.plan_id for kept in storage.receipts(OTHER_UNIT)]

    @proves("Retention.replay_purge")
    def test_after_a_backup_the_receipt_purges_again(self, storage: Storage) -> None:
        """Otherwise a restored backup would bring back what had to go (D-21a)."""
        first, stays = over(storage, "a"), over(storage, "b", OTHER_PERSON)
        decision = PurgeDecision(reference="beslut 2037-4", by=NURSE.hsa_id, at=LATER)
        kept = PurgeReceipt(
            plan_id="plan-1",
            unit=UNIT,
            decision=decision,
            purged_by=NURSE.hsa_id,
            purged_at=LATER,
            purged=("a", "gone-already"),
            skipped=(Skipped(enrolment_id="b", why=Skip.CHANGED),),
        )
        assert 0 == storage.replay_purge(kept, ["b", "gone-already"])
        assert first == storage.load("a")
        assert 1 == storage.replay_purge(kept, kept.purged)
        assert_gone(storage, first)
        assert stays == storage.load("b")
        assert kept == storage.receipt("plan-1")
        assert 0 == storage.replay_purge(kept, kept.purged)
        assert (kept,) == storage.receipts(UNIT)

    @proves("Retention.replay_purge")
    def test_a_receipt_never_purges_what_is_open_or_not_named_by_it(self, storage: Storage) -> None:
        """Otherwise a forged or mistaken receipt would delete the records of a patient in treatment."""
        is_open = saved(storage, fill_in(saved(storage, begin("a")), at=MORNING))
        ended = over(storage, "b", OTHER_PERSON)
        made = evolve(kept_plan(storage), enrolments=(ended_once("a", is_open.version),))
        assert 0 == storage.replay_purge(receipt_of(made), ["a", "b"])
        assert (is_open, ended) == (storage.load("a"), storage.load("b"))

    @staticmethod
    def _asking(storage: Storage, id_: str, person: PersonId, program: Program = PROGRAM) -> Enrolment:
        e = saved(storage, begin(id_, person, program=program))
        return saved(storage, converse(e, notify=Notify.COLLECTED, at=MORNING))

    @staticmethod
    def _all_of(claim: Claim) -> Choice:
        return Choice(
            action=Action.SEND,
            day=RUN.date(),
            notifications=frozenset(record.notification.id for record in claim.digest.pending),
        )

    @staticmethod
    def _notification(storage: Storage, enrolment: Enrolment) -> Notification:
        return storage.notifications(enrolment.id)[0].notification
