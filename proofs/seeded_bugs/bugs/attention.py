"""Bugs in who is silent, and whose access ends soon."""

from proofs.seeded_bugs.bug import Bug, Catcher

_RULES = "tests/rules/test_attention.py"
_SILENT = f"{_RULES}::test_who_does_nothing_is_silent_while_something_is_expected"
_SOON = f"{_RULES}::test_an_access_that_ends_by_itself_ends_soon_before_it_has_ended"
_SQLITE = "tests/adapters/sql/test_storage.py::TestSqliteStorage"


def _told(file: str, test: str) -> Catcher:
    """Return an example of the worker through the desks."""
    return Catcher(f"tests/delivery/{file}.py::test_{test}")


BUGS = (
    Bug(
        name="nobody-is-silent-who-was-never-there",
        harm="a patient who never came would be missed for a year",
        module="domain.attention",
        old="    seen = of.last_seen_at or of.started_at\n",
        new="    seen = of.last_seen_at or of.access_until\n",
        caught_by=Catcher(_SILENT),
    ),
    Bug(
        name="silent-on-the-day-of-the-way-back",
        harm="a therapist would be told to call a patient who could not sign in for months",
        module="domain.attention",
        old="return seen if of.reactivated_at is None else max(seen, of.reactivated_at)",
        new="return seen",
        caught_by=Catcher(_SILENT),
    ),
    Bug(
        name="a-limit-that-has-moved-keeps-the-note",
        harm="nobody would be told of a silence once it is one by the new limit",
        module="rules.notifications",
        old="takes_back = flag if is_noted and",
        new="takes_back = None if is_noted and",
        caught_by=_told("test_switched_off", "a_limit_that_has_moved_takes_back_what_waits_and_it_is_noted_again"),
    ),
    Bug(
        name="silent-in-maintenance",
        harm="a therapist would call patients who have nothing left to do",
        module="domain.attention",
        old="return since if is_silent and lasts and of.phase is Phase.ACTIVE else None",
        new="return since if is_silent and lasts else None",
        caught_by=Catcher("proofs/seeded_bugs/kit/lifecycle.py::TestInMemory::test_maintenance_usual", "Law 11"),
    ),
    Bug(
        name="an-open-ended-access-ends-soon",
        harm="a patient would be told of an end that does not come",
        module="domain.attention",
        old="(of.phase is Phase.ACTIVE and not self.open_ended)",
        new="of.phase is Phase.ACTIVE",
        caught_by=Catcher(_SOON),
    ),
    Bug(
        name="a-maintenance-never-ends-soon",
        harm="a patient would be shut out of a maintenance without a word before",
        module="domain.attention",
        old="ends = of.phase is Phase.MAINTENANCE or (",
        new="ends = (",
        caught_by=Catcher(_SOON),
    ),
    Bug(
        name="a-limit-of-nothing-points-everybody-out",
        harm="a unit that wants no such list would get one of all its patients",
        module="rules.attention",
        old="days_earlier(now, silent) if silent else None",
        new="days_earlier(now, silent)",
        caught_by=Catcher(_SILENT),
    ),
    Bug(
        name="the-database-forgets-that-an-access-is-over",
        harm="the list of the silent would hold patients whose access has ended",
        module="adapters.sql.case_order",
        old="or_(not_(IS_ENDING), _IS_OPEN_ENDED)",
        new="or_(not_(IS_ENDING), not_(_IS_OPEN_ENDED))",
        caught_by=Catcher(f"{_SQLITE}::test_the_limits_count_to_the_microsecond", "Caseload.list_caseload: attention"),
    ),
    Bug(
        name="totals-of-coming-ends-hold-the-past-ones",
        harm="the badge would count ends that the list does not show",
        module="adapters.sql.case_order",
        old="    not_(IS_ENDING),\n    _e.access_until <",
        new="    _e.access_until <",
        caught_by=Catcher(f"{_SQLITE}::test_the_limits_count_to_the_microsecond", "Caseload.list_caseload: attention"),
    ),
    Bug(
        name="a-silence-is-told-at-every-run",
        harm="a therapist would get an e-mail a minute for as long as a patient is silent",
        module="domain.attention",
        old="return None if since == of.noted_silence else since",
        new="return since",
        caught_by=_told("test_pointed_out", "each_silence_and_each_end_is_told_once"),
    ),
    Bug(
        name="a-note-is-not-stored-beside-its-state",
        harm="each run of a worker would ask about every silent patient, a second and more at a large unit",
        module="adapters.sql.saving",
        old="AccessEnded, PatientSilent, AccessEndsSoon, Ended,",
        new="AccessEnded, Ended,",
        caught_by=Catcher(
            f"{_SQLITE}::test_what_is_not_noted_yet_is_found_until_it_is", "Caseload.unnoted_attention: unnoted"
        ),
    ),
    Bug(
        name="a-worker-s-note-makes-a-treatment-younger",
        harm="a treatment in which nobody does anything would never be old enough for a purge",
        module="domain.fold",
        old="    if not isinstance(event, (PatientSilent, AccessEndsSoon)):",
        new="    if event:",
        caught_by=_told("test_pointed_out", "a_note_is_no_visit_no_flag_and_no_entry_that_a_purge_counts_from"),
    ),
    Bug(
        name="a-coming-end-that-moved-is-told-of",
        harm="a therapist would be told of an end that they have moved",
        module="rules.notifications",
        old="lambda one, e: one.trigger.seq < e.ending_entry or e.noted_ending != e.access_until,",
        new="lambda _, e: e.noted_ending is None,",
        caught_by=_told("test_pointed_out", "an_end_that_moved_is_told_of_once_although_the_new_one_comes_soon_too"),
    ),
    Bug(
        name="a-unit-s-own-choice-of-what-is-pointed-out-is-forgotten",
        harm="a unit that chose to be told of silent patients would be told of none",
        module="application.program_catalogue",
        old="for unit in self.units if fits(self.policy_of(unit)))",
        new="for unit in self.units if fits(self.policy))",
        caught_by=_told("test_pointed_out", "nothing_is_written_that_the_unit_has_not_chosen"),
    ),
)
