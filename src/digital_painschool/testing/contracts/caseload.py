"""The contract of the storage port: the list of patients."""

from datetime import datetime, timedelta

from digital_painschool.domain.enrolment import Phase
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Notify, Status
from digital_painschool.domain.people import HsaId, Patient
from digital_painschool.domain.policy import FlagKind
from digital_painschool.ports.storage import CaseKey, CaseQuery, CaseRow, CaseTotals, Storage, readable
from digital_painschool.rules.flags import caseload_counts, mark_handled
from digital_painschool.rules.lifecycle import hand_over, maintain, reactivate, review
from digital_painschool.rules.ordering import complete_module, open_module
from digital_painschool.testing.contracts.base import StorageOpening
from digital_painschool.testing.contracts.changes import (
    MORNING,
    OTHER_PERSON,
    PERSONS,
    answer,
    begin,
    converse,
    fill_in,
    finish,
    read_all,
    saved,
    step,
    take_note,
    undelivered,
)
from digital_painschool.testing.contracts.clauses import proves
from digital_painschool.testing.people import COLLEAGUE, NURSE, OTHER_UNIT, UNIT

PRIORITY, FLAGGED, QUIET = 0, 1, 2


def page(
    storage: Storage,
    *,
    unit: HsaId = UNIT,
    therapist: HsaId | None = None,
    now: datetime = MORNING,
    after: CaseKey | None = None,
    limit: int = 50,
) -> tuple[CaseRow, ...]:
    """Return a page."""
    return readable(storage.list_caseload(CaseQuery(unit=unit, therapist=therapist, now=now, after=after, limit=limit)))


def ranks(storage: Storage, *, now: datetime = MORNING) -> list[tuple[int, str]]:
    """Return the ranks and ids of all rows."""
    return [(row.key[0], row.key[2]) for row in page(storage, now=now)]


class CaseloadContract(StorageOpening):
    """The list of patients, in every storage."""

    @proves("Caseload.list_caseload: order")
    def test_within_a_rank_ids_rise_by_code_point(self, storage: Storage) -> None:
        """Otherwise a page would go on at another place than where the last one ended, by the database's language."""
        ids = ("b", "B", "a-1", "a_1", "A", "Ab", "aB")
        for id_, person in zip(ids, PERSONS, strict=True):
            saved(storage, begin(id_, person))
        assert [(QUIET, id_) for id_ in sorted(ids)] == ranks(storage)

    @proves("Caseload.list_caseload: order")
    def test_an_alert_and_a_form_are_flags_until_they_are_read(self, storage: Storage) -> None:
        """Otherwise yesterday's alert would hide today's, or a saved form go unseen (M-14, M-15, D-17a)."""
        e = saved(storage, fill_in(saved(storage, begin("a")), {"smarta": 9}, at=MORNING))
        assert [(PRIORITY, "a")] == ranks(storage)
        e = saved(storage, take_note(e, at=MORNING))
        assert [(QUIET, "a")] == ranks(storage)
        saved(storage, fill_in(e, {"smarta": 1}, at=MORNING))
        assert [(FLAGGED, "a")] == ranks(storage)

    @proves("Caseload.list_caseload: order")
    def test_a_message_from_the_patient_is_a_flag_until_it_is_read(self, storage: Storage) -> None:
        """Otherwise a patient would write and get no answer (D-17a)."""
        e = saved(storage, converse(saved(storage, begin("a")), at=MORNING))
        assert [(QUIET, "a")] == ranks(storage)
        e = saved(storage, answer(e, at=MORNING))
        assert [(FLAGGED, "a")] == ranks(storage)
        saved(storage, read_all(e, NURSE, at=MORNING))
        assert [(QUIET, "a")] == ranks(storage)

    @proves("Caseload.list_caseload: order")
    def test_a_program_that_is_done_is_a_flag_until_it_is_handled(self, storage: Storage) -> None:
        """Otherwise nobody would see that the patient is done (D-05b, D-17a)."""
        e = saved(storage, begin("a"))
        for module in (1, 2, 3):
            for act in (open_module, complete_module):
                e = saved(storage, step(e, act, module, by=Patient(e.person), at=MORNING))
        assert [(FLAGGED, "a")] == ranks(storage)
        saved(storage, step(e, mark_handled, FlagKind.PROGRAM_DONE, at=MORNING))
        assert [(QUIET, "a")] == ranks(storage)

    @proves("Caseload.list_caseload: order")
    def test_an_undelivered_notification_is_a_flag(self, storage: Storage) -> None:
        """Otherwise a message would wait for a patient who was never told of it (D-13d)."""
        e = saved(storage, converse(saved(storage, begin("a")), notify=Notify.DIRECT, at=MORNING))
        undelivered(storage, e, Status.FAILED, at=MORNING)
        assert [(FLAGGED, "a")] == ranks(storage)

    @proves("Caseload.list_caseload: order", "Caseload.count_caseload: totals")
    def test_the_end_of_access_is_a_flag_from_its_very_instant(self, storage: Storage) -> None:
        """Otherwise the flag of the twelfth month would wait for a worker, or come too early (M-17)."""
        e = saved(storage, begin("a"))
        before, waits = CaseTotals(patients=1), CaseTotals(patients=1, flagged=1, ending=1)

        def seen(now: datetime) -> tuple[list[tuple[int, str]], CaseTotals]:
            return ranks(storage, now=now), storage.count_caseload(UNIT, None, now)

        assert ([(QUIET, "a")], before) == seen(e.access_until - timedelta(microseconds=1))
        assert ([(FLAGGED, "a")], waits) == seen(e.access_until)
        saved(storage, step(e, maintain, 30, {1}, at=e.access_until))
        assert ([(QUIET, "a")], before) == seen(e.access_until)

    @proves("Caseload.list_caseload: order")
    def test_an_enrolment_that_is_active_again_is_listed_as_it_is_now(self, storage: Storage) -> None:
        """Otherwise the list would flag an end that is none any more (D-18b)."""
        e = saved(storage, begin("a"))
        kept = saved(storage, step(e, maintain, 1, {1}, shortens=True, at=MORNING))
        assert [(FLAGGED, "a")] == ranks(storage, now=kept.access_until)
        saved(storage, step(kept, reactivate, at=kept.access_until))
        assert [(QUIET, "a")] == ranks(storage, now=kept.access_until)

    @proves("Caseload.list_caseload")
    def test_an_ended_enrolment_is_not_in_the_list(self, storage: Storage) -> None:
        """Otherwise the list would grow for ever (D-19a)."""
        e = saved(storage, fill_in(saved(storage, begin("a")), {"smarta": 9}, at=MORNING))
        saved(storage, finish(e, at=MORNING))
        assert () == page(storage)

    @proves("Caseload.list_caseload")
    def test_only_the_units_own_patients_are_in_the_list(self, storage: Storage) -> None:
        """Otherwise one unit would see another's patients (M-08)."""
        saved(storage, begin("a"))
        saved(storage, begin("b", unit=OTHER_UNIT))
        assert ["a"] == [row.enrolment_id for row in page(storage)]
        assert ["b"] == [row.enrolment_id for row in page(storage, unit=OTHER_UNIT)]
        assert () == page(storage, unit=HsaId("SE2321000131-E000000000009"))

    @proves("Caseload.list_caseload")
    def test_a_therapist_has_the_own_patients_and_those_handed_over(self, storage: Storage) -> None:
        """Otherwise "Mina" would show somebody else's patients, or lose one that was handed over (M-08, D-09a)."""
        saved(storage, begin("a"))
        saved(storage, begin("elsewhere", unit=OTHER_UNIT))
        second = saved(storage, begin("b", OTHER_PERSON))
        saved(storage, step(second, hand_over, COLLEAGUE.hsa_id, at=MORNING))
        assert ["a"] == [row.enrolment_id for row in page(storage, therapist=NURSE.hsa_id)]
        assert ["b"] == [row.enrolment_id for row in page(storage, therapist=COLLEAGUE.hsa_id)]
        assert ["b", "a"] == [row.enrolment_id for row in page(storage)]

    @proves("Caseload.list_caseload: order", "Caseload.count_caseload: totals")
    def test_a_patient_who_is_new_to_the_therapist_is_a_flag(self, storage: Storage) -> None:
        """Otherwise a patient who was handed over would stand at the end of a long list (D-09b)."""
        e = saved(storage, step(saved(storage, begin("a")), hand_over, COLLEAGUE.hsa_id, at=MORNING))
        assert [(FLAGGED, "a")] == ranks(storage)
        (row,) = page(storage)
        assert (True, MORNING) == (row.counts.handed_over, row.counts.waiting_since)
        assert 1 == storage.count_caseload(UNIT, COLLEAGUE.hsa_id, MORNING).handed_over
        e = saved(storage, step(e, mark_handled, FlagKind.HANDED_OVER, by=COLLEAGUE, at=MORNING))
        assert [(QUIET, "a")] == ranks(storage)
        assert 0 == storage.count_caseload(UNIT, None, MORNING).handed_over
        saved(storage, step(e, hand_over, NURSE.hsa_id, at=MORNING))
        assert [(QUIET, "a")] == ranks(storage)

    @proves("Change.counts", "Caseload.list_caseload")
    def test_a_row_tells_what_the_state_tells(self, storage: Storage) -> None:
        """Otherwise list and patient page would contradict each other (D-15a)."""
        e = saved(storage, begin("a"))
        e = saved(storage, step(e, review, at=MORNING + timedelta(days=1)))
        e = saved(storage, fill_in(e, {"smarta": 9}, at=MORNING + timedelta(days=2, microseconds=7)))
        e = saved(storage, fill_in(e, at=MORNING + timedelta(days=3)))
        e = saved(storage, step(e, maintain, 30, {1}, shortens=True, at=MORNING + timedelta(days=4)))
        expected = CaseRow(
            enrolment_id=EnrolmentId("a"),
            person=e.person,
            therapist=NURSE.hsa_id,
            program=e.program,
            program_version=e.program_version,
            phase=Phase.MAINTENANCE,
            started_at=MORNING,
            access_until=e.access_until,
            reviewed_at=MORNING + timedelta(days=1),
            last_seen_at=MORNING + timedelta(days=3),
            reactivated_at=None,
            counts=caseload_counts(e),
            key=(PRIORITY, MORNING + timedelta(days=2, microseconds=7), "a"),
        )
        assert (expected,) == page(storage)
        assert 2 == expected.counts.unread_forms

    @proves("Caseload.list_caseload")
    def test_a_row_of_one_who_just_began_has_no_visit_and_no_review(self, storage: Storage) -> None:
        """Otherwise a patient who was never there, or never reviewed, would look as if (M-09)."""
        saved(storage, begin("a"))
        [row] = page(storage)
        assert (None, None, Phase.ACTIVE) == (row.last_seen_at, row.reviewed_at, row.phase)

    @proves("Caseload.list_caseload: keyset")
    def test_a_page_holds_no_more_than_its_limit(self, storage: Storage) -> None:
        """Otherwise a large unit's list would come in one piece."""
        for number, person in enumerate(PERSONS):
            saved(storage, begin(f"e{number}", person))
        assert ["e0", "e1", "e2"] == [row.enrolment_id for row in page(storage, limit=3)]
        assert () == page(storage, limit=0)

    @proves("Caseload.list_caseload: keyset")
    def test_pages_of_one_therapist_are_full_of_the_own_patients(self, storage: Storage) -> None:
        """Otherwise a page would be cut first and sorted out then, and "Mina" end before its last patient."""
        for number, person in enumerate(PERSONS):
            e = saved(storage, begin(f"e{number}", person, therapist=COLLEAGUE.hsa_id if number % 2 else NURSE.hsa_id))
            saved(storage, begin(f"d{number}", person, unit=OTHER_UNIT))
            if number in (2, 5):
                saved(storage, fill_in(e, at=MORNING))
        walked: list[CaseRow] = []
        for limit in (2, 2):
            rows = page(storage, therapist=NURSE.hsa_id, limit=limit, after=walked[-1].key if walked else None)
            assert limit == len(rows)
            walked.extend(rows)
        assert ["e2", "e0", "e4", "e6"] == [row.enrolment_id for row in walked]

    @proves("Caseload.list_caseload: keyset")
    def test_pages_walk_a_list_that_changes(self, storage: Storage) -> None:
        """Otherwise, with page numbers, one row that moves would push another past the reader."""
        enrolments = [saved(storage, begin(f"e{number}", person)) for number, person in enumerate(PERSONS)]
        first = page(storage, limit=3)
        saved(storage, fill_in(enrolments[5], {"smarta": 9}, at=MORNING))
        saved(storage, finish(enrolments[1], at=MORNING))
        second = page(storage, limit=3, after=first[-1].key)
        third = page(storage, limit=3, after=second[-1].key)
        assert ["e0", "e1", "e2"] == [row.enrolment_id for row in first]
        assert ["e3", "e4", "e6"] == [row.enrolment_id for row in second]
        assert () == third

    @proves("Caseload.list_caseload: keyset")
    def test_a_page_goes_on_after_a_row_that_is_gone(self, storage: Storage) -> None:
        """Otherwise the walk would begin again, or stop, when the last row of a page was ended meanwhile."""
        enrolments = [saved(storage, begin(f"e{number}", person)) for number, person in enumerate(PERSONS)]
        (first,) = page(storage, limit=1)
        saved(storage, finish(enrolments[0], at=MORNING))
        assert ["e1"] == [row.enrolment_id for row in page(storage, limit=1, after=first.key)]
