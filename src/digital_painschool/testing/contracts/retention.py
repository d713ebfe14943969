"""The contract of the storage port: ended enrolments, their exports and the plans of their purge."""

from attrs import evolve

from digital_painschool.domain.events import FormSaved, MessageSent
from digital_painschool.domain.ids import EnrolmentId, PlanId
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.retention import EndedEnrolment, PlanState
from digital_painschool.ports.storage import (
    Entry,
    History,
    Storage,
    find_ended,
    load_documents,
    load_histories,
    load_purge,
    load_timeline,
    plan_summary,
    readable,
    save_plan,
    save_receipt,
)
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
    A,
    B,
    asking,
    begin,
    begun,
    delivered,
    finish,
    result,
    saved,
    sending_all,
    write,
)
from digital_painschool.testing.contracts.clauses import proves
from digital_painschool.testing.contracts.lifetime import long_history
from digital_painschool.testing.contracts.purges import (
    IDS,
    LATER,
    LOGGED,
    all_over,
    changed_after_the_end,
    ended_once,
    exported,
    kept_plan,
    over,
    receipt_of,
)
from digital_painschool.testing.example import SLEEP
from digital_painschool.testing.people import NURSE, OTHER_UNIT, PERSON, UNIT


class RetentionContract(StorageOpening):
    """Ended enrolments, their exports and plans, in every storage."""

    @proves("Retention.ended")
    def test_ended_gives_what_the_rules_judge_by(self, storage: Storage) -> None:
        """Otherwise a purge would be planned on other facts than the timeline's (D-21b)."""
        e = over(storage, "a")
        e = changed_after_the_end(storage, e)
        saved(storage, begin("b", OTHER_PERSON))
        expected = EndedEnrolment(
            enrolment_id=A,
            version=e.version,
            ended_at=MORNING + HOUR,
            last_entry_at=RUN,
            exported=0,
        )
        assert (expected,) == storage.ended(UNIT)
        assert {"a": expected} == dict(find_ended(storage, UNIT, (B, A, EnrolmentId("missing"))))

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

    @proves("Retention.ended")
    def test_ended_of_a_unit_are_its_own(self, storage: Storage) -> None:
        """Otherwise one unit's administrator would purge another's records (M-20)."""
        over(storage, "a")
        elsewhere = over(storage, "b", unit=OTHER_UNIT)
        assert ["a"] == [ended.enrolment_id for ended in storage.ended(UNIT)]
        assert {} == dict(find_ended(storage, UNIT, (elsewhere.id,)))
        assert {} == dict(find_ended(storage, UNIT, ()))

    @proves("Outbox.complete: kept", "Retention.notification_keys", "Retention.notification_keys: superseded")
    def test_notification_keys_are_those_that_were_sent_for_them(self, storage: Storage) -> None:
        """Otherwise a purge would leave notices in an inbox, also one that was sent before a crash (D-21a)."""
        first, second = asking(storage, "a", PERSON), asking(storage, "b", OTHER_PERSON)
        assert () == storage.notification_keys(UNIT, [A, B])
        sent = begun(storage, RUN)
        storage.complete([result(claim, at=RUN) for claim, _ in sent])
        first = saved(storage, write(first, notify=Notify.COLLECTED, at=MORNING))
        decided = [(claim, sending_all(claim, now=RUN)) for claim in storage.claim(RUN, 10, LEASE)]
        joined = storage.begin(decided)
        storage.complete([result(claim, joined[claim.digest.id], at=RUN) for claim, _ in decided])
        for e in (first, second):
            saved(storage, finish(e, at=RUN))
        of_first, of_second = ({batch.key, joined[claim.digest.id].key} for claim, batch in sent)
        assert (2, 1) == (len(of_first), len(of_second))
        assert tuple(sorted(of_first)) == storage.notification_keys(UNIT, [A, EnrolmentId("unknown")])
        assert tuple(sorted(of_first | of_second)) == storage.notification_keys(UNIT, [A, B])
        assert () == storage.notification_keys(OTHER_UNIT, [A, B])

    @proves("Retention.notification_keys: shared")
    def test_notification_keys_leave_out_what_an_open_enrolment_shares(self, storage: Storage) -> None:
        """Otherwise the purge of one enrolment would take the notice that the person's other one needs (D-21a)."""
        first, second = asking(storage, "a", PERSON), asking(storage, "b", PERSON, program=SLEEP)
        [shared] = delivered(storage, RUN)
        first = saved(storage, write(first, notify=Notify.COLLECTED, at=MORNING))
        [alone] = delivered(storage, RUN)
        saved(storage, finish(first, at=RUN))
        assert (alone.key,) == storage.notification_keys(UNIT, [A])
        storage.purge(PlanId("plan-1"), kept_plan(storage).enrolments, ())
        saved(storage, finish(second, at=RUN + HOUR))
        assert (shared.key,) == storage.notification_keys(UNIT, [B])

    @proves("Enrolments.load_timelines")
    def test_histories_give_everything_in_the_order_asked_for(self, storage: Storage) -> None:
        """Otherwise an export would lack something that the purge then destroys (M-21)."""
        first, second = long_history(storage), over(storage, "b", OTHER_PERSON)
        histories = readable(load_histories(storage, UNIT, (B, EnrolmentId("missing"), first.id)))
        expected = tuple(
            History(
                enrolment=e,
                timeline=load_timeline(storage, e.id),
                documents=load_documents(storage, e.id, range(1, e.version + 1)),
            )
            for e in (second, first)
        )
        assert expected == histories
        assert expected[::-1] == load_histories(storage, UNIT, (first.id, EnrolmentId("missing"), B))
        assert all(isinstance(entry, Entry) for history in histories for entry in history.timeline)

    @proves("Enrolments.load_timelines")
    def test_histories_give_the_entries_of_some_kinds_alone(self, storage: Storage) -> None:
        """Otherwise an export would be slow, or lack answers (M-21)."""
        e = long_history(storage)
        kinds = (FormSaved, MessageSent)
        timeline = load_timeline(storage, e.id, kinds)
        assert 2 == len({type(entry.event) for entry in timeline})
        expected = History(
            enrolment=e, timeline=timeline, documents=load_documents(storage, e.id, [entry.seq for entry in timeline])
        )
        assert (expected,) == load_histories(storage, UNIT, (e.id,), kinds)
        assert (History(enrolment=e, timeline=(), documents={}),) == load_histories(storage, UNIT, (e.id,), ())

    @proves("Enrolments.load_timelines")
    def test_histories_of_another_unit_are_left_out(self, storage: Storage) -> None:
        """Otherwise an export would hold another unit's patients."""
        over(storage, "a", unit=OTHER_UNIT)
        assert () == load_histories(storage, UNIT, (A,))
        assert () == load_histories(storage, UNIT, ())

    @proves("Records.save_record")
    def test_an_export_is_noted_with_the_version(self, storage: Storage) -> None:
        """Otherwise something that came after the export would be purged unexported (D-21a)."""
        e, other = over(storage, "a"), over(storage, "b", OTHER_PERSON)
        exported(storage, {A: e.version})
        assert {"a": e.version, "b": 0} == {x.enrolment_id: x.exported for x in readable(storage.ended(UNIT))}
        e = changed_after_the_end(storage, e)
        (ended,) = readable(find_ended(storage, UNIT, (A,)).values())
        assert (e.version, e.version - 1) == (ended.version, ended.exported)
        exported(storage, {A: e.version, B: other.version}, "export-2")
        both = readable(storage.ended(UNIT))
        assert {"a": e.version, "b": other.version} == {x.enrolment_id: x.exported for x in both}

    @proves("Records.save_record: as told")
    def test_an_export_counts_for_what_it_is_told_of_alone(self, storage: Storage) -> None:
        """Otherwise an export as CSV alone would let a purge take messages that are in no file (D-21a)."""
        e, elsewhere = over(storage, "a"), over(storage, "b", unit=OTHER_UNIT)
        exported(storage, {})
        assert [0] == [ended.exported for ended in readable(storage.ended(UNIT))]
        exported(storage, {A: e.version, elsewhere.id: elsewhere.version}, "export-2")
        assert [0] == [ended.exported for ended in readable(storage.ended(OTHER_UNIT))]
        exported(storage, {}, "export-3")
        assert [e.version] == [ended.exported for ended in readable(storage.ended(UNIT))]

    @proves("Records.save_record: never back")
    def test_an_export_that_is_noted_late_takes_nothing_back(self, storage: Storage) -> None:
        """Otherwise a slow export would undo what a later one has noted, and the purge would leave it (D-21a)."""
        e = over(storage, "a")
        exported(storage, {A: e.version})
        exported(storage, {A: e.version - 1}, "export-2")
        assert [e.version] == [ended.exported for ended in readable(storage.ended(UNIT))]

    @proves("Records.save_record")
    def test_an_export_of_what_is_gone_leaves_nothing(self, storage: Storage) -> None:
        """Otherwise an enrolment that comes back under its id would count as exported."""
        exported(storage, {A: 1})
        assert () == storage.ended(UNIT)
        over(storage, "a")
        assert [0] == [ended.exported for ended in readable(storage.ended(UNIT))]

    @proves("Records.save_record", "Records.load_record")
    def test_a_plan_is_kept(self, storage: Storage) -> None:
        """Otherwise what is approved would not be what was seen (D-21a)."""
        all_over(storage)
        made = plan(readable(storage.ended(UNIT)), POLICY, plan_id=PlanId("plan-1"), unit=UNIT, by=NURSE, at=LATER)
        assert IDS == tuple(planned.enrolment_id for planned in made.enrolments)
        save_plan(storage, made, LOGGED)
        assert made == load_purge(storage, PlanId("plan-1")).plan

    @proves("Records.load_record")
    def test_an_unknown_plan_is_none(self, storage: Storage) -> None:
        """Otherwise a mistyped id would give somebody else's plan."""
        kept_plan(storage)
        assert None is load_purge(storage, PlanId("")).plan
        assert None is load_purge(storage, PlanId("plan-2")).plan
        assert {} == dict(load_purge(storage, PlanId("plan-2")).progress)
        assert None is load_purge(storage, PlanId("plan-2")).receipt

    @proves("Records.save_record: final")
    def test_the_first_approval_stands(self, storage: Storage) -> None:
        """Otherwise the decision that a purge rests on could be changed afterwards (D-21a)."""
        all_over(storage)
        approved = kept_plan(storage)
        assert approved.decision is not None
        save_plan(storage, evolve(approved, decision=evolve(approved.decision, reference="annat")), LOGGED)
        save_plan(storage, evolve(approved, decision=None, enrolments=()), LOGGED)
        assert approved == load_purge(storage, PlanId("plan-1")).plan

    @proves("Records.save_record")
    def test_a_plan_is_logged_with_it(self, storage: Storage) -> None:
        """Otherwise a purge could be planned or approved of which the log knows nothing (M-06)."""
        kept_plan(storage)
        assert [LOGGED, LOGGED] == [entry for _, entry in storage.access_entries(UNIT)]

    @proves("Retention.list_plans")
    def test_plans_are_the_units_own_in_order_and_by_state(self, storage: Storage) -> None:
        """Otherwise an administrator would not find the plan that waits for its decision (D-21a)."""
        made = kept_plan(storage)
        first = evolve(made, id=PlanId("b"), decision=None, made_at=MORNING)
        plans = [
            first,
            evolve(first, id=PlanId("c"), enrolments=(ended_once("e9", 3), ended_once("e8", 2))),
            evolve(first, id=PlanId("a"), made_at=MORNING + HOUR),
            made,
        ]
        for one in (*plans[:3], evolve(first, id=PlanId("theirs"), unit=OTHER_UNIT)):
            save_plan(storage, one, LOGGED)
        receipt = save_receipt(storage, receipt_of(evolve(made, id=PlanId("a"))))
        expected = [plan_summary(one, receipt if one.id == "a" else None) for one in plans]
        for newest_first in (False, True):
            ordered = tuple(reversed(expected) if newest_first else expected)
            assert ordered == storage.list_plans(UNIT, newest_first=newest_first, limit=9)
            for number, shown in enumerate(ordered, start=1):
                behind = storage.list_plans(UNIT, newest_first=newest_first, after=(shown.made_at, shown.id), limit=2)
                assert ordered[number : number + 2] == behind
            for state in PlanState:
                wanted = tuple(row for row in ordered if row.state is state)
                assert wanted
                assert wanted == storage.list_plans(UNIT, state, newest_first=newest_first, limit=9)
                assert wanted[:1] == storage.list_plans(UNIT, state, newest_first=newest_first, limit=1)
        assert ["theirs"] == [theirs.id for theirs in storage.list_plans(OTHER_UNIT, limit=9)]
