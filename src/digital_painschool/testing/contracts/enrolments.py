"""The contract of the storage port: enrolments, their timelines and documents."""

from datetime import timedelta

import pytest
from attrs import evolve

from digital_painschool.domain.ids import EnrolmentId, NotificationId
from digital_painschool.domain.notification import Notify, Status
from digital_painschool.domain.people import PersonId, SystemActor
from digital_painschool.errors import Conflict
from digital_painschool.ports.storage import (
    Storage,
    find_cancellable,
    load_documents,
    load_enrolment,
    load_enrolments,
    load_notifications,
    load_timeline,
    readable,
)
from digital_painschool.rules.lifecycle import maintain, note_access_end
from digital_painschool.testing.contracts.base import StorageOpening
from digital_painschool.testing.contracts.changes import (
    HOUR,
    MORNING,
    OTHER_PERSON,
    PERSONS,
    RUN,
    A,
    B,
    begin,
    converse,
    fill_in,
    finish,
    saved,
    step,
    write,
)
from digital_painschool.testing.contracts.clauses import proves
from digital_painschool.testing.contracts.lifetime import YEAR, long_history
from digital_painschool.testing.example import PROGRAM, SLEEP
from digital_painschool.testing.people import OTHER_UNIT, PERSON, UNIT

TEXTS = (
    '{"smarta": 6}',
    "[1]",
    "null",
    "rad 1\r\nrad 2\n\ttab",
    "e\u0301 é 🙂 \u2028\x7f\ufeff",
    "'; DROP TABLE x; --",
    " x ",
    "åäö\n" * 2_500,
)


class EnrolmentsContract(StorageOpening):
    """Enrolments, in every storage."""

    @proves("Change.enrolment", "Enrolments.load_many", "Enrolments.save", "Storage: exact")
    def test_every_kind_of_step_comes_back_as_it_was(self, storage: Storage) -> None:
        """Otherwise the next step would be decided on another state than the last one left."""
        enrolment = long_history(storage)
        assert enrolment == load_enrolment(storage, enrolment.id)

    @proves("Enrolments.load_many", "Enrolments.load_timelines")
    def test_an_unknown_id_gives_nothing(self, storage: Storage) -> None:
        """Otherwise a mistyped id would give an error that nobody expects, or somebody else's record."""
        saved(storage, begin("enrolment-1"))
        beside = ("./enrolment-1", "enrolment-1/", "x/../enrolment-1", "..", "/etc/hostname", "x" * 1000)
        others = ("", "enrolment", "enrolment-12", "ENROLMENT-1", "enrolment-1 ", "%", "å' OR 1=1 --", *beside)
        for unknown in map(EnrolmentId, others):
            assert None is load_enrolment(storage, unknown)
            assert {} == dict(storage.load_many((unknown,)))
            assert () == load_timeline(storage, unknown)
            assert {} == dict(load_documents(storage, unknown, (1,)))

    @proves("Enrolments.load_many")
    def test_load_many_gives_those_that_exist(self, storage: Storage) -> None:
        """Otherwise the delivery worker would take an enrolment for purged, or fail on one that is."""
        first, second = saved(storage, begin("a")), saved(storage, begin("b", OTHER_PERSON))
        saved(storage, begin("c", PERSONS[2]))
        assert {"a": first, "b": second} == dict(storage.load_many((B, EnrolmentId("missing"), A, A)))
        assert {"a": first} == dict(storage.load_many(id_ for id_ in (A,)))
        assert {} == dict(storage.load_many(()))

    @proves("Enrolments.find_by_person")
    def test_of_person_gives_all_units_and_phases_oldest_first(self, storage: Storage) -> None:
        """Otherwise a second open enrolment would be started, or the patient would miss one."""
        third = saved(storage, begin("a", at=MORNING + 2 * HOUR, unit=OTHER_UNIT))
        first = saved(storage, begin("c", at=MORNING))
        first = saved(storage, finish(first, at=MORNING + HOUR))
        second = saved(storage, begin("b", at=MORNING + HOUR))
        saved(storage, begin("d", OTHER_PERSON))
        assert (first, second, third) == storage.find_by_person(PERSON)

    @proves("Enrolments.find_by_person")
    def test_of_person_takes_the_scheme_as_part_of_the_number(self, storage: Storage) -> None:
        """Otherwise two people whose numbers look the same in two schemes would be taken for one."""
        saved(storage, begin("a", PERSON))
        assert () == storage.find_by_person(PersonId("vgr-reservnummer", PERSON.value))

    @proves("Enrolments.load_many")
    def test_ids_that_differ_in_case_or_signs_are_different(self, storage: Storage) -> None:
        """Otherwise one patient's record would be kept over another's, by the file system's or database's language."""
        ids = tuple(map(EnrolmentId, ("a", "A", "a-", "a_", "a.", "a~1", "a%2F")))
        for id_, person in zip(ids, PERSONS, strict=True):
            saved(storage, begin(id_, person))
        found = load_enrolments(storage, ids)
        assert dict(zip(ids, PERSONS, strict=True)) == {id_: state.person for id_, state in found.items()}

    @proves("Change.before", "Enrolments.save: optimistic")
    def test_a_step_decided_on_an_old_version_is_a_conflict(self, storage: Storage) -> None:
        """Otherwise the later of two steps would overwrite the earlier one."""
        before = saved(storage, begin())
        after = saved(storage, fill_in(before, at=MORNING))
        logged = storage.access_entries(UNIT)
        with pytest.raises(Conflict):
            storage.save(fill_in(before, at=MORNING + HOUR))
        assert after == load_enrolment(storage, before.id)
        assert 2 == len(load_timeline(storage, before.id))
        assert logged == storage.access_entries(UNIT)

    @proves("Change.before")
    def test_a_step_of_the_future_is_a_conflict(self, storage: Storage) -> None:
        """Otherwise a timeline would get a hole."""
        first = begin()
        with pytest.raises(Conflict):
            storage.save(fill_in(first.enrolment, at=MORNING))
        assert None is load_enrolment(storage, first.enrolment.id)
        assert () == load_timeline(storage, first.enrolment.id)

    @proves("Change.before")
    def test_an_id_is_given_once(self, storage: Storage) -> None:
        """Otherwise one patient's enrolment would be replaced by another's."""
        first = saved(storage, begin("a"))
        with pytest.raises(Conflict):
            storage.save(begin("a", OTHER_PERSON))
        assert first == load_enrolment(storage, EnrolmentId("a"))
        assert () == storage.find_by_person(OTHER_PERSON)

    @proves("Enrolments.save: one open enrolment")
    def test_a_second_open_enrolment_is_a_conflict(self, storage: Storage) -> None:
        """Otherwise a double click on start would give a patient the same program twice (D-07a)."""
        first = saved(storage, begin("a"))
        for program in (PROGRAM, evolve(PROGRAM, version="2")):
            with pytest.raises(Conflict):
                storage.save(begin("b", program=program))
        assert (first,) == storage.find_by_person(PERSON)
        assert None is load_enrolment(storage, EnrolmentId("b"))
        assert () == load_timeline(storage, EnrolmentId("b"))

    @proves("Enrolments.save: one open enrolment")
    def test_an_enrolment_in_maintenance_is_still_open(self, storage: Storage) -> None:
        """Otherwise a second enrolment could be started beside one that the patient still reads."""
        first = saved(storage, begin("a"))
        saved(storage, step(first, maintain, 30, {1}, shortens=True, at=MORNING))
        with pytest.raises(Conflict):
            storage.save(begin("b"))

    @proves("Enrolments.save: one open enrolment")
    def test_several_ended_enrolments_are_fine(self, storage: Storage) -> None:
        """Otherwise the second one could never be ended."""
        for number in range(3):
            enrolment = saved(storage, begin(f"e{number}", at=MORNING + number * HOUR))
            saved(storage, finish(enrolment, at=MORNING + number * HOUR))
        assert 3 == len(storage.find_by_person(PERSON))

    @proves("Enrolments.save: one open enrolment")
    def test_another_person_program_or_unit_is_another_enrolment(self, storage: Storage) -> None:
        """Otherwise one unit could block a patient's treatment at another."""
        saved(storage, begin("a"))
        saved(storage, begin("b", OTHER_PERSON))
        saved(storage, begin("c", program=SLEEP))
        saved(storage, begin("d", unit=OTHER_UNIT))
        saved(storage, begin("e", PersonId("vgr-reservnummer", PERSON.value)))
        assert {"a", "c", "d"} == {enrolment.id for enrolment in readable(storage.find_by_person(PERSON))}

    @proves("Enrolments.save: all or nothing")
    def test_a_step_that_conflicts_in_its_last_part_leaves_nothing(self, storage: Storage) -> None:
        """Otherwise half a step would stay: an entry without its state, a message without its notification."""
        before = saved(storage, converse(saved(storage, begin()), notify=Notify.DIRECT, at=MORNING))
        [waiting] = find_cancellable(storage, before.id)
        step_ = write(before, notify=Notify.COLLECTED, at=MORNING)
        cancelling = evolve(step_, cancelled=(waiting.id,))
        unknown = NotificationId("unknown")
        for refused in (evolve(cancelling, noted=(unknown,)), evolve(step_, cancelled=(waiting.id, unknown))):
            with pytest.raises(Conflict):
                storage.save(refused)
        assert before == load_enrolment(storage, before.id)
        assert before.version == len(load_timeline(storage, before.id))
        assert {} == dict(load_documents(storage, before.id, (before.version + 1,)))
        assert [Status.PENDING] == [record.status for record in load_notifications(storage, before.id)]
        assert 2 == len(storage.access_entries(UNIT))
        after = saved(storage, cancelling)
        assert after == load_enrolment(storage, before.id)
        assert [Status.DROPPED, Status.PENDING] == [record.status for record in load_notifications(storage, before.id)]

    @proves("Enrolments.save: all or nothing")
    def test_a_start_that_conflicts_in_its_last_part_leaves_nothing(self, storage: Storage) -> None:
        """Otherwise a person would be blocked by an enrolment that does not exist."""
        with pytest.raises(Conflict):
            storage.save(evolve(begin("a"), cancelled=(NotificationId("unknown"),)))
        assert None is load_enrolment(storage, EnrolmentId("a"))
        assert () == storage.find_by_person(PERSON)
        assert () == storage.access_entries(UNIT)
        assert saved(storage, begin("b")) == load_enrolment(storage, EnrolmentId("b"))

    @proves("Change.access")
    def test_a_step_is_logged_with_it(self, storage: Storage) -> None:
        """Otherwise a change could be made of which the access log knows nothing (M-06)."""
        first = begin()
        second = fill_in(saved(storage, first), at=MORNING)
        saved(storage, second)
        assert [first.access, second.access] == [entry for _, entry in storage.access_entries(UNIT)]

    @proves("Enrolments.access_ended")
    def test_access_that_is_over_is_found_from_its_very_instant(self, storage: Storage) -> None:
        """Otherwise the timeline would note the end too early or never (D-05a)."""
        e = saved(storage, begin())
        assert () == storage.access_ended(e.access_until - timedelta(microseconds=1), 10)
        assert (e.id,) == storage.access_ended(e.access_until, 10)
        assert (e.id,) == storage.access_ended(e.access_until + YEAR, 10)

    @proves("Enrolments.access_ended")
    def test_a_noted_end_of_access_is_not_found_again(self, storage: Storage) -> None:
        """Otherwise every pass of the worker would add the same entry to the timeline."""
        e = saved(storage, begin())
        saved(storage, step(e, note_access_end, by=SystemActor(), at=e.access_until))
        assert () == storage.access_ended(e.access_until, 10)

    @proves("Enrolments.access_ended")
    def test_the_end_of_a_maintenance_is_found_again(self, storage: Storage) -> None:
        """Otherwise the flag of M-17 would not come back when the days are over (D-18a)."""
        e = saved(storage, begin())
        e = saved(storage, step(e, note_access_end, by=SystemActor(), at=e.access_until))
        e = saved(storage, step(e, maintain, 30, {1}, at=e.access_until))
        assert () == storage.access_ended(e.access_until - HOUR, 10)
        assert (e.id,) == storage.access_ended(e.access_until, 10)

    @proves("Enrolments.access_ended")
    def test_the_access_of_an_ended_enrolment_is_not_found(self, storage: Storage) -> None:
        """Otherwise an ended enrolment would get one entry more for ever, and never be purged."""
        e = saved(storage, begin())
        saved(storage, finish(e, at=RUN))
        assert () == storage.access_ended(e.access_until, 10)

    @proves("Enrolments.access_ended")
    def test_access_that_is_over_comes_in_portions(self, storage: Storage) -> None:
        """Otherwise the first pass after a long holiday would take in everything at once."""
        ids = {saved(storage, begin(f"e{n}", person)).id for n, person in enumerate(PERSONS)}
        now = MORNING + YEAR
        assert 3 == len(set(storage.access_ended(now, 3)))
        assert ids.issuperset(storage.access_ended(now, 3))
        assert ids == set(storage.access_ended(now, 100))
