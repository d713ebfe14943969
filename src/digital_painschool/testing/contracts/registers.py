"""The contract of the storage port: staff profiles, the access log, and the versions of programs."""

from datetime import timedelta
from functools import partial

from attrs import evolve

from digital_painschool.domain.limits import as_stored
from digital_painschool.domain.notification import Profile
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.domain.policy import FlagKind
from digital_painschool.domain.program import Pace, Program
from digital_painschool.ports.storage import (
    AccessEntry,
    Activity,
    Storage,
    load_profile,
    load_program,
    record_key,
    save_profile,
    save_program,
)
from digital_painschool.testing.contracts.base import StorageOpening
from digital_painschool.testing.contracts.changes import MORNING, A, access_entry
from digital_painschool.testing.contracts.clauses import proves
from digital_painschool.testing.contracts.concurrency import THREADS, in_threads
from digital_painschool.testing.example import PROGRAM, SLEEP
from digital_painschool.testing.people import COLLEAGUE, NURSE, OTHER_UNIT, PERSON, UNIT

ENTRY = access_entry(NURSE, MORNING)


def numbered(storage: Storage, unit: HsaId = UNIT, person: PersonId | None = None) -> list[AccessEntry]:
    """Return a unit's log, without the numbers."""
    return [entry for _, entry in storage.access_entries(unit, person=person)]


class RegistersContract(StorageOpening):
    """Everything beside the enrolments, in every storage."""

    @proves("Records.load_record")
    def test_a_profile_that_nobody_chose_is_empty(self, storage: Storage) -> None:
        """Otherwise staff would get notifications that they never asked for (M-22)."""
        assert Profile() == load_profile(storage, UNIT, NURSE.hsa_id)

    @proves("Records.load_record", "Records.save_record")
    def test_the_last_profile_counts(self, storage: Storage) -> None:
        """Otherwise a box that was unticked would go on sending (M-22)."""
        both = Profile(email=frozenset({FlagKind.PROGRAM_DONE, FlagKind.ENDING}), sms=frozenset({FlagKind.FORM_SAVED}))
        save_profile(storage, UNIT, NURSE.hsa_id, both, ENTRY)
        assert both == load_profile(storage, UNIT, NURSE.hsa_id)
        save_profile(storage, UNIT, NURSE.hsa_id, Profile(sms=both.email), ENTRY)
        assert Profile(sms=both.email) == load_profile(storage, UNIT, NURSE.hsa_id)

    @proves("Records.load_record")
    def test_a_profile_is_of_one_person_at_one_unit(self, storage: Storage) -> None:
        """Otherwise one person's choice would send messages to another."""
        save_profile(storage, UNIT, NURSE.hsa_id, Profile(email=frozenset({FlagKind.ENDING})), ENTRY)
        save_profile(storage, OTHER_UNIT, COLLEAGUE.hsa_id, Profile(email=frozenset({FlagKind.ENDING})), ENTRY)
        for unit, whose in ((OTHER_UNIT, NURSE), (UNIT, COLLEAGUE)):
            assert Profile() == load_profile(storage, unit, whose.hsa_id)

    @proves("Records.save_record")
    def test_a_profile_is_logged_with_it(self, storage: Storage) -> None:
        """Otherwise a change at "Min profil" could be made of which the log knows nothing."""
        save_profile(storage, UNIT, NURSE.hsa_id, Profile(), ENTRY)
        assert [ENTRY] == numbered(storage)

    @proves("AccessLog.access_entries")
    def test_the_log_goes_on_after_any_number(self, storage: Storage) -> None:
        """Otherwise a reader that remembers a number of its own, or none yet, would miss a line."""
        storage.log([ENTRY, ENTRY])
        first, second = (number for number, _ in storage.access_entries(UNIT))
        for after in (-1, first - 1, first, second - 1, second, second + 1, 10**6):
            found = [number for number, _ in storage.access_entries(UNIT, after=after)]
            assert [number for number in (first, second) if number > after] == found

    @proves("AccessLog.log", "AccessLog.access_entries")
    def test_log_entries_come_back_as_they_were(self, storage: Storage) -> None:
        """Otherwise the log could not answer who did what with whose data, and whether it was allowed (M-06)."""
        entries = [
            AccessEntry(
                at=MORNING + timedelta(microseconds=number),
                by=by,
                unit=UNIT,
                action="see-timeline",
                activity=activity,
                enrolment_id=None if number % 2 else A,
                person=None if number % 2 else PERSON,
                granted=number != 1,
            )
            for number, (by, activity) in enumerate(
                ((NURSE.signature, Activity.READ), ("patient", Activity.WRITE), ("system", Activity.DELETE))
            )
        ]
        storage.log(entries)
        storage.log(entries)
        assert [*entries, *entries] == numbered(storage)

    @proves("AccessLog.access_entries")
    def test_log_numbers_rise_in_the_order_of_coming(self, storage: Storage) -> None:
        """Otherwise an auditor could not tell what came first when the times are the same."""
        entries = [evolve(ENTRY, at=MORNING - timedelta(number), action=f"step-{number}") for number in range(5)]
        storage.log(entries[:2])
        storage.log(entry for entry in entries[2:])
        kept = storage.access_entries(UNIT)
        numbers = [number for number, _ in kept]
        assert entries == [entry for _, entry in kept]
        assert sorted(set(numbers)) == numbers
        assert 0 < numbers[0]

    @proves("AccessLog.access_entries")
    def test_the_log_of_a_unit_is_its_own(self, storage: Storage) -> None:
        """Otherwise a unit's administrator would read about another unit's patients."""
        theirs = evolve(ENTRY, unit=OTHER_UNIT)
        storage.log((ENTRY, theirs))
        assert [ENTRY] == numbered(storage)
        assert [theirs] == numbered(storage, OTHER_UNIT)

    @proves("AccessLog.log")
    def test_logging_nothing_is_fine(self, storage: Storage) -> None:
        """Otherwise an empty view would be an error."""
        storage.log(())
        assert () == storage.access_entries(UNIT)

    @proves("AccessLog.log")
    def test_many_threads_lose_no_log_entry(self, storage: Storage) -> None:
        """Otherwise accesses at the same time would be missing from the log."""
        entries = [evolve(ENTRY, action=f"step-{number}") for number in range(THREADS)]
        assert [None] * THREADS == in_threads([partial(storage.log, (entry,)) for entry in entries])
        kept = storage.access_entries(UNIT)
        assert {entry.action for entry in entries} == {entry.action for _, entry in kept}
        assert THREADS == len({number for number, _ in kept})

    @proves("Records.save_record: final")
    def test_the_first_program_kept_under_a_version_stays(self, storage: Storage) -> None:
        """Otherwise content would change under a patient who was started with that version (D-05c)."""
        assert PROGRAM == save_program(storage, UNIT, PROGRAM)
        assert PROGRAM == save_program(storage, UNIT, evolve(PROGRAM, title="Ändrad i smyg"))
        assert PROGRAM == load_program(storage, UNIT, PROGRAM.key, PROGRAM.version)

    @proves("Records.save_record")
    def test_what_stays_as_it_was_is_logged_all_the_same(self, storage: Storage) -> None:
        """Otherwise a second approval of a plan would be a step of which the log knows nothing."""
        key = record_key(Program, UNIT, PROGRAM.key, PROGRAM.version)
        assert [PROGRAM] * 2 == [storage.save_record(key, PROGRAM, (ENTRY,)) for _ in range(2)]
        assert [ENTRY] * 2 == numbered(storage)

    @proves("Records.save_record: final")
    def test_units_have_programs_of_their_own(self, storage: Storage) -> None:
        """Otherwise a patient of one unit would be given the content of another's program of the same name (D-05c)."""
        theirs = evolve(PROGRAM, title="En annan enhets program")
        assert PROGRAM == save_program(storage, UNIT, PROGRAM)
        assert theirs == save_program(storage, OTHER_UNIT, theirs)
        assert PROGRAM == load_program(storage, UNIT, PROGRAM.key, PROGRAM.version)
        assert theirs == load_program(storage, OTHER_UNIT, PROGRAM.key, PROGRAM.version)

    @proves("Records.save_record: final", "Records.load_record")
    def test_another_key_or_version_is_another_program(self, storage: Storage) -> None:
        """Otherwise a new version could never be offered."""
        second = evolve(PROGRAM, version="2", title="Andra upplagan")
        for program in (PROGRAM, second, SLEEP):
            assert program == save_program(storage, UNIT, program)
        assert second == load_program(storage, UNIT, PROGRAM.key, "2")
        assert PROGRAM == load_program(storage, UNIT, PROGRAM.key, PROGRAM.version)
        assert SLEEP == load_program(storage, UNIT, SLEEP.key, "1")

    @proves("Records.load_record")
    def test_a_program_that_was_not_kept_is_none(self, storage: Storage) -> None:
        """Otherwise a missing version would look like another error."""
        save_program(storage, UNIT, PROGRAM)
        assert None is load_program(storage, UNIT, PROGRAM.key, "2")
        assert None is load_program(storage, UNIT, "", "")

    @proves("Records.load_record")
    def test_a_program_of_old_keeps_its_key_and_comes_back_as_it_was(self, storage: Storage) -> None:
        """Otherwise a patient who runs a version from before there were limits would be stuck (D-05c)."""
        with as_stored():
            old = evolve(PROGRAM, key="smärt\u00a0skola\n", version="1\u200b", title="a\tb", pace=Pace(hours_to=2**40))
        assert old == save_program(storage, UNIT, old)
        assert old == load_program(storage, UNIT, old.key, old.version)
        assert None is load_program(storage, UNIT, "smärt skola", old.version)
