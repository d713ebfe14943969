"""The contract of the storage port: the list of a unit's enrolments, from which slower storages derive others."""

from typing import Any

from digital_painschool.ports.storage import Storage, StoredEnrolment, each_enrolment, readable, unreadable
from digital_painschool.rules.flags import caseload_counts
from digital_painschool.testing.contracts.changes import HOUR, MORNING, PERSONS, begin, converse, finish, saved
from digital_painschool.testing.contracts.clauses import proves
from digital_painschool.testing.contracts.damage import DamageContract
from digital_painschool.testing.contracts.forgetting import withdrawn_at
from digital_painschool.testing.contracts.purges import IDS, exported, over
from digital_painschool.testing.people import OTHER_UNIT, UNIT


class EnrolmentListContract(DamageContract):
    """The list of a unit's enrolments, in every storage."""

    @proves("Enrolments.list_enrolments")
    def test_open_and_ended_enrolments_are_listed_apart(self, storage: Storage) -> None:
        """Otherwise a patient would be missing in every list that is derived from this one, or be in two."""
        a, b = saved(storage, begin("a", PERSONS[0])), saved(storage, begin("b", PERSONS[1]))
        c = saved(storage, begin("c", PERSONS[2], unit=OTHER_UNIT))
        b = saved(storage, converse(b, at=MORNING))
        ended = over(storage, "B", PERSONS[3])
        withdrawn = withdrawn_at(storage, saved(storage, begin("d", PERSONS[4])), MORNING)
        elsewhere = saved(storage, finish(saved(storage, begin("e", PERSONS[5], unit=OTHER_UNIT)), at=MORNING + HOUR))
        exported(storage, {ended.id: 2})
        counts = {one.id: caseload_counts(one) for one in (a, b, c, ended, withdrawn, elsewhere)}

        def stored(*wanted: Any) -> tuple[StoredEnrolment, ...]:
            exported_of = {ended.id: 2}
            return tuple(
                StoredEnrolment(enrolment=one, counts=counts[one.id], exported=exported_of.get(one.id, 0))
                for one in wanted
            )

        assert stored(a, b) == storage.list_enrolments(UNIT, ended=False)
        assert stored(ended, withdrawn) == storage.list_enrolments(UNIT, ended=True)
        assert stored(c) == storage.list_enrolments(OTHER_UNIT, ended=False)
        assert stored(a, b, c) == storage.list_enrolments(None, ended=False)
        assert stored(ended, withdrawn, elsewhere) == storage.list_enrolments(None, ended=True)
        among = (elsewhere.id, withdrawn.id, b.id, withdrawn.id)
        assert stored(withdrawn) == storage.list_enrolments(UNIT, ended=True, among=among)
        assert stored(withdrawn, elsewhere) == storage.list_enrolments(None, ended=True, among=among)
        assert () == storage.list_enrolments(UNIT, ended=True, among=())

    @proves("Enrolments.list_enrolments")
    def test_the_list_is_walked_by_rising_id(self, storage: Storage) -> None:
        """Otherwise a walk through a large unit would leave patients out, or never end."""
        ids = ("b", "B", "a-1", "a_1", "A", "Ab", "aB")
        for id_, person in zip(ids, PERSONS, strict=True):
            saved(storage, begin(id_, person, unit=UNIT if id_ != "A" else OTHER_UNIT))
        for unit, expected in ((UNIT, sorted({*ids} - {"A"})), (None, sorted(ids))):
            walked: list[str] = []
            while page := storage.list_enrolments(unit, ended=False, after=walked[-1] if walked else "", limit=2):
                assert min(2, len(expected) - len(walked)) == len(page)
                walked += [one.enrolment_id for one in page]
            assert expected == walked == [one.enrolment_id for one in each_enrolment(storage, unit, ended=False)]
        late = storage.list_enrolments(UNIT, ended=False, among=[begin(id_).enrolment.id for id_ in ids], after="a-1")
        assert ["aB", "a_1", "b"] == [one.enrolment_id for one in late]

    @proves("Enrolments.list_enrolments: unreadable", "Caseload.open_units: units", "Storage: damaged")
    def test_the_list_goes_on_without_a_damaged_enrolment(self, lasting_place: Any) -> None:
        """Otherwise one bad row would hide a unit, or all patients behind it."""
        with self.opened(lasting_place) as storage:
            for id_, person in zip(IDS, PERSONS, strict=True):
                saved(storage, begin(id_, person, unit=OTHER_UNIT if id_ == IDS[1] else UNIT))
        self.damage(lasting_place, IDS[1])
        with self.opened(lasting_place) as storage:
            found = storage.list_enrolments(None, ended=False)
            assert [IDS[0], *IDS[2:]] == [one.enrolment_id for one in readable(found)]
            assert (IDS[1],) == unreadable(found) == unreadable(storage.list_enrolments(OTHER_UNIT, ended=False))
            assert {UNIT, OTHER_UNIT} == {one.unit for one in found}
            assert tuple(sorted((UNIT, OTHER_UNIT))) == storage.open_units()
