"""The contract of the directory port. Rule: M-22, D-09b, D-23a."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, ClassVar

import pytest

from digital_painschool.domain.people import HsaId
from digital_painschool.ports.directory import Directory, StaffEntry, StaffMember
from digital_painschool.ports.messaging import Address
from digital_painschool.testing.contracts.base import OUT_OF_ORDER, Contract
from digital_painschool.testing.contracts.clauses import proves
from digital_painschool.testing.contracts.concurrency import THREADS, in_threads
from digital_painschool.testing.contracts.silence import assert_says_nothing
from digital_painschool.testing.people import COLLEAGUE, COORDINATOR, NURSE, OTHER_UNIT, STRANGER, UNIT


class DirectoryContract(Contract[Directory]):
    """Every clause of the directory port: say how yours is opened, and run pytest.

        class TestOurDirectory(DirectoryContract):
            def open(self, place: Path) -> Directory:
                return OurDirectory(server_that_knows(self.known))

    What `Contract` says of `open` and `place` holds here; `durable` and `shared` have no meaning.

    Attributes:
        known: What the directory at a place knows when it is opened, by HSA-id: your `open`, or your `place`, sees to
            that. Or name people whom your directory has, such as those of its test environment.
        staff: The staff of each unit as it knows them at that time; two units at least.
        unknown: A member of staff whom it does not know.
        unknown_unit: A unit that it does not know.
        unique_ids: True for a directory that cannot have two entries under one HSA-id.
    """

    about: ClassVar[tuple[type, ...]] = (Directory,)
    known: ClassVar[Mapping[HsaId, StaffEntry]] = {
        NURSE.hsa_id: StaffEntry(email=Address("nurse@vgregion.example"), sms=Address("+46701740605")),
        COLLEAGUE.hsa_id: StaffEntry(email=Address("Kim.Akesson@vgregion.example")),
        COORDINATOR.hsa_id: StaffEntry(),
    }
    staff: ClassVar[Mapping[HsaId, tuple[StaffMember, ...]]] = {
        UNIT: tuple(
            StaffMember(hsa_id=actor.hsa_id, name=name)
            for actor, name in ((NURSE, "Nils Nord"), (COLLEAGUE, "Kim Åkesson"), (COORDINATOR, None))
        ),
        OTHER_UNIT: (StaffMember(hsa_id=COORDINATOR.hsa_id),),
    }
    unknown: ClassVar[HsaId] = STRANGER.hsa_id
    unknown_unit: ClassVar[HsaId] = HsaId("SE2321000131-E000000000099")

    unique_ids: ClassVar[bool] = False

    def change(self, place: Any, hsa_id: HsaId, entry: StaffEntry) -> None:  # noqa: ARG002 - for whoever overrides it
        """Change what the directory says of a person, as its manager would; override it, or that clause is skipped."""
        self.not_proved("that the directory is asked anew each time", "change")

    def leave(self, place: Any, hsa_id: HsaId) -> None:  # noqa: ARG002 - for whoever overrides it
        """Remove a person from every unit, and keep the entry; override it, or that clause is not proved."""
        self.not_proved("that the directory is asked anew each time who works where", "leave")

    def double(self, place: Any, hsa_id: HsaId) -> None:  # noqa: ARG002 - for whoever overrides it
        """Add another entry with a person's HSA-id; override it, or state `unique_ids = True`."""
        self.not_proved("that two entries with one HSA-id are an error", "double")

    def spoil(self, place: Any) -> None:  # noqa: ARG002 - for whoever overrides it
        """Make the directory impossible to ask; override it, or those clauses are skipped."""
        self.not_proved("what a directory out of order says", "spoil")

    def mend(self, place: Any) -> None:  # noqa: ARG002 - for whoever overrides it
        """Make it possible to ask again; override it with `spoil`."""
        self.not_proved("that the directory answers again after an outage", "mend")

    @pytest.fixture
    def directory(self, place: Any) -> Iterator[Directory]:
        """The directory."""
        with self.opened(place) as directory:
            yield directory

    @proves("Directory.find")
    def test_it_gives_the_entry_of_each_that_it_knows(self, directory: Directory) -> None:
        """Otherwise a box on "Min profil" would be refused or granted wrongly, or a message go elsewhere (D-23a)."""
        assert dict(self.known) == {hsa_id: directory.find(hsa_id) for hsa_id in self.known}

    @proves("Directory.find")
    def test_it_gives_nothing_for_one_that_it_does_not_know(self, directory: Directory) -> None:
        """Otherwise somebody else would get the notification, or the worker an error that it does not expect."""
        assert None is directory.find(self.unknown)

    @proves("Directory.works_at")
    def test_it_says_who_works_where(self, directory: Directory) -> None:
        """Otherwise a patient could be given to somebody of another unit, and stand in nobody's list (D-09b)."""
        everybody = {*self.known, self.unknown, *(member.hsa_id for staff in self.staff.values() for member in staff)}
        # Ids of which one begins as the other does are different units.
        alike = {HsaId(text) for unit in self.staff for text in (unit[:-1], f"{unit}0")} - {*self.staff}
        for unit in (*self.staff, self.unknown_unit, *alike):
            there = {member.hsa_id for member in self.staff.get(unit, ())}
            assert there == {hsa_id for hsa_id in everybody if directory.works_at(unit, hsa_id)}

    @proves("Directory.staff_of", "Directory.staff_of: agreed")
    def test_it_lists_the_staff_of_a_unit(self, directory: Directory) -> None:
        """Otherwise a screen would offer a colleague who is refused, or leave out one who is there (D-09b)."""
        for unit in (*self.staff, self.unknown_unit):
            expected = self.staff.get(unit, ())
            listed = directory.staff_of(unit, len(expected) + 1)
            assert len(listed) == len(expected)
            assert set(listed) == set(expected)
            assert all(directory.works_at(unit, member.hsa_id) for member in listed)

    @proves("Directory.staff_of: bounded")
    def test_a_list_has_no_more_than_were_asked_for(self, directory: Directory) -> None:
        """Otherwise a hospital's whole directory would be loaded for one page."""
        for unit, expected in self.staff.items():
            for limit in range(1, len(expected) + 1):
                listed = directory.staff_of(unit, limit)
                assert len(set(listed)) == limit
                assert set(listed) <= set(expected)

    @proves("Directory: fresh")
    def test_it_is_asked_anew_each_time(self, place: Any, directory: Directory) -> None:
        """Otherwise a corrected address would count only after the next restart (M-22)."""
        hsa_id = next(iter(self.known))
        assert self.known[hsa_id] == directory.find(hsa_id)
        new = StaffEntry(email=Address("corrected@vgregion.example"))
        self.change(place, hsa_id, new)
        assert new == directory.find(hsa_id)

    @proves("Directory: fresh")
    def test_who_works_where_is_asked_anew_each_time(self, place: Any, directory: Directory) -> None:
        """Otherwise a patient could be given to a colleague who has left the unit (D-09b)."""
        unit, members = next(iter(self.staff.items()))
        gone = members[0].hsa_id

        def answers() -> tuple[bool, bool]:
            return directory.works_at(unit, gone), gone in {one.hsa_id for one in directory.staff_of(unit, 99)}

        assert (True, True) == answers()
        self.leave(place, gone)
        assert (False, False) == answers(), "after `leave`, `works_at` or `staff_of` gave an earlier answer again"

    @proves("Directory.find: DeliveryError")
    def test_two_entries_of_one_id_are_an_error_and_not_the_first_one(self, place: Any, directory: Directory) -> None:
        """Otherwise a message would go to somebody else's telephone."""
        if self.unique_ids:
            pytest.skip("this directory cannot have two entries under one HSA-id")
        hsa_id, entry = next(iter(self.known.items()))
        self.double(place, hsa_id)
        failure = self.failure_of(partial(directory.find, hsa_id), "after `double`")
        addresses = [address.value for address in (entry.email, entry.sms) if address is not None]
        self.assert_failure(failure, "after `double`", hsa_id, *addresses)

    @proves("Directory: silent")
    def test_nothing_that_is_logged_or_printed_says_whom(
        self, directory: Directory, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
    ) -> None:
        """Otherwise private telephone numbers would end up in a log that anybody may read."""
        entries = self.known.values()
        addresses = [one.value for entry in entries for one in (entry.email, entry.sms) if one is not None]
        names = [member.name for members in self.staff.values() for member in members if member.name]
        with assert_says_nothing(caplog, capfd, *self.known, self.unknown, *addresses, *names, *self.secrets):
            for hsa_id in (*self.known, self.unknown):
                directory.find(hsa_id)
            for unit in self.staff:
                directory.works_at(unit, self.unknown)
                directory.staff_of(unit, 99)

    @proves("Directory: threads")
    def test_many_threads_get_each_their_own_answer(self, directory: Directory) -> None:
        """Otherwise, on a busy morning, one person's message would go to another's telephone."""
        asked = [*self.known, self.unknown] * THREADS
        assert [self.known.get(hsa_id) for hsa_id in asked] == in_threads(
            [partial(directory.find, hsa_id) for hsa_id in asked], taking_turns=directory
        )

    @proves("Directory.works_at: DeliveryError", "Directory.staff_of: DeliveryError", "Directory: silent")
    def test_an_outage_is_neither_a_no_nor_an_empty_unit(self, place: Any, directory: Directory) -> None:
        """Otherwise an outage would be taken for a mistyped HSA-id, and nobody told to try again (D-09b)."""
        unit, members = next(iter(self.staff.items()))
        member = members[0]
        self.spoil(place)
        questions = (partial(directory.works_at, unit, member.hsa_id), partial(directory.staff_of, unit, 9))
        for question in questions:
            failure = self.failure_of(question, OUT_OF_ORDER)
            self.assert_failure(failure, OUT_OF_ORDER, member.hsa_id, *filter(None, [member.name]), permanent=False)

    @proves("Directory: silent", "Directory.find: DeliveryError")
    def test_a_directory_that_cannot_be_asked_says_so_and_not_about_whom(
        self, place: Any, directory: Directory
    ) -> None:
        """Otherwise nobody could tell an outage from a missing address, or an address would end up in a log."""
        hsa_id, entry = next(iter(self.known.items()))
        self.spoil(place)
        failure = self.failure_of(partial(directory.find, hsa_id), OUT_OF_ORDER)
        secrets = [address.value for address in (entry.email, entry.sms) if address is not None]
        self.assert_failure(failure, OUT_OF_ORDER, hsa_id, *secrets, permanent=False)

    @proves("Directory: time-out")
    def test_a_call_returns_or_raises_in_time(self, place: Any) -> None:
        """Otherwise a worker would hang past its lease, and another one send the same message."""
        self.assert_in_time(place, lambda directory: directory.find(self.unknown))
        self.assert_in_time(place, lambda directory: directory.works_at(self.unknown_unit, self.unknown))
        self.assert_in_time(place, lambda directory: directory.staff_of(self.unknown_unit, 1))

    @proves("Directory: isolated")
    def test_after_an_outage_it_answers_again(self, place: Any, directory: Directory) -> None:
        """Otherwise a minute's outage would end the notifications until somebody restarts the worker."""
        self.spoil(place)
        self.failure_of(partial(directory.find, self.unknown), OUT_OF_ORDER)
        self.mend(place)
        assert dict(self.known) == {hsa_id: directory.find(hsa_id) for hsa_id in self.known}
