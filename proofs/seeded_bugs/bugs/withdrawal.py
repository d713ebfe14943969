"""Bugs in starts that are withdrawn: who may, what it hides, and their purge."""

from proofs.seeded_bugs.bug import Bug, Catcher

_TESTS = "tests/application/test_withdraw.py::"
_CONTRACT = "tests/adapters/sql/test_storage.py::TestSqliteStorage::"


def _caught_by(test: str) -> Catcher:
    return Catcher(_TESTS + test, test)


BUGS = (
    Bug(
        name="a-withdrawn-notice-stays",
        harm="the wrong person would read of a treatment until the purge",
        module="delivery.worker",
        old="        self._withdrawn.forget()\n",
        new="",
        caught_by=Catcher(
            "tests/delivery/test_withdrawn_notices.py::test_the_notice_is_forgotten_at_the_next_pass_and_the_inbox_is_left_alone_then"
        ),
    ),
    Bug(
        name="forgotten-before-a-late-worker-sends",
        harm="a notice that was on its way would arrive after the others were forgotten, and stay",
        module="delivery.withdrawn",
        old="done_at + 2 * self._lease <=",
        new="done_at + self._lease <=",
        caught_by=Catcher(
            "tests/delivery/test_withdrawn_notices.py::test_a_worker_that_was_sending_during_the_withdrawal_leaves_nothing_either"
        ),
    ),
    Bug(
        name="the-starter-sees-the-treatment",
        harm="whoever typed a number for a colleague would find what the patient has done since",
        module="application.withdrawable",
        old="        if can_be_withdrawn(found)\n",
        new="",
        caught_by=Catcher(
            "tests/application/test_withdraw.py::test_who_started_it_for_a_colleague_finds_it_by_the_number_and_sees_nothing_else"
        ),
    ),
    Bug(
        name="a-withdrawn-start-stays-in-the-room",
        harm="a stranger would read that somebody has a treatment for pain in their name",
        module="application.enrolment_loading",
        old="for enrolment in readable(found) if enrolment.phase is not Phase.WITHDRAWN)",
        new="for enrolment in readable(found))",
        caught_by=_caught_by("test_it_is_in_no_list_of_staff_and_in_no_count"),
    ),
    Bug(
        name="a-withdrawn-start-opens-by-its-id",
        harm="the link in an old notification would lead the wrong person into the treatment",
        module="rules.permissions",
        old="    return isinstance(by, Patient) and enrolment.phase is Phase.WITHDRAWN\n",
        new="    return False\n",
        caught_by=_caught_by("test_to_the_person_it_is_as_an_unknown_id"),
    ),
    Bug(
        name="what-a-patient-wrote-is-withdrawn",
        harm="a record that must be kept for ten years could be purged on the same day",
        module="rules.withdrawal",
        old="    if enrolment.has_patient_writing:\n",
        new="    if enrolment.forms:\n",
        caught_by=_caught_by("test_what_the_patient_has_written_hinders_it"),
    ),
    Bug(
        name="whoever-has-the-patient-withdraws",
        harm="a therapist could make vanish what another one started",
        module="rules.permissions",
        old="        return enrolment.started_by == actor.signature\n",
        new="        return actor.signature in {enrolment.started_by, enrolment.therapist}\n",
        caught_by=_caught_by("test_only_who_started_it_and_the_patient_administrator_may"),
    ),
    Bug(
        name="a-withdrawal-leaves-notifications-waiting",
        harm="the wrong person would be told that there is something to read",
        module="rules.withdrawal",
        old="*dropped(pending, by",
        new="*dropped((), by",
        caught_by=Catcher("proofs/seeded_bugs/kit/lifecycle.py::TestInMemory::test_records_usual", "Law 5"),
    ),
    Bug(
        name="a-withdrawn-start-waits-ten-years",
        harm="the wrong person's number would be kept for ten years",
        module="rules.retention",
        old="    return not enrolment.is_withdrawn and enrolment.last_entry_at",
        new="    return enrolment.last_entry_at",
        caught_by=_caught_by("test_it_may_be_purged_at_once_with_its_own_reason_and_is_not_exported"),
    ),
    Bug(
        name="a-withdrawn-start-is-exported",
        harm="the figures of a unit would count treatments that never were",
        module="application.unit_export",
        old="batches(filter(_is_exported, self._records.ended()))",
        new="batches(self._records.ended())",
        caught_by=_caught_by("test_it_may_be_purged_at_once_with_its_own_reason_and_is_not_exported"),
    ),
    Bug(
        name="withdrawn-starts-are-listed-with-the-ended",
        harm="whoever looks through the ended patients would read of a person who never was one",
        module="adapters.sql.case_order",
        old="and_(ENDED, not_(WITHDRAWN)) if ended",
        new="ENDED if ended",
        caught_by=Catcher(
            _CONTRACT + "test_a_withdrawn_one_is_in_no_list_and_no_total", "Caseload.list_caseload: withdrawn"
        ),
    ),
    Bug(
        name="a-plan-forgets-why",
        harm="a receipt would not say which records were purged without waiting for the period",
        module="adapters.sql.purge_plans",
        old='            "reason": item.reason.value,\n',
        new='            "reason": "period-over",\n',
        caught_by=Catcher(
            _CONTRACT + "test_a_withdrawn_one_is_told_from_those_whose_period_is_over", "Retention.ended: withdrawn"
        ),
    ),
)
