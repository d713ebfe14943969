"""The storage's contract: one damaged row is refused alone, and stops nobody else."""

from typing import Any

import pytest

from digital_painschool.domain.attention import AttentionLimits
from digital_painschool.domain.digest import Claim
from digital_painschool.domain.ids import DigestId, EnrolmentId
from digital_painschool.domain.notification import NotificationRecord, Notify, Status
from digital_painschool.domain.people import PersonId
from digital_painschool.errors import StorageError
from digital_painschool.ports.storage import (
    CaseQuery,
    History,
    Storage,
    find_ended,
    load_enrolment,
    load_histories,
    readable,
    unreadable,
)
from digital_painschool.testing.contracts.base import StorageOpening
from digital_painschool.testing.contracts.changes import (
    HOUR,
    LEASE,
    MORNING,
    PERSONS,
    RUN,
    begin,
    converse,
    delivered,
    saved,
    undelivered,
)
from digital_painschool.testing.contracts.clauses import proves
from digital_painschool.testing.contracts.purges import IDS, all_over
from digital_painschool.testing.contracts.silence import assert_silent
from digital_painschool.testing.people import OTHER_UNIT, UNIT


class DamageContract(StorageOpening):
    """One row that cannot be read, and all others."""

    def damage(self, place: Any, id_: EnrolmentId | DigestId) -> None:  # noqa: ARG002 - whoever overrides it is given both
        """Cut the last byte off what is kept of one enrolment, or one digest, known by its id; override it.

        The storage is closed then. Where nobody has said how, those clauses are skipped.
        """
        self.not_proved("that one damaged row stops nobody else", "damage")

    @proves("Enrolments.load_many: unreadable", "Storage: damaged")
    def test_a_damaged_enrolment_is_refused_alone_and_in_silence(self, lasting_place: Any) -> None:
        """Otherwise one bad row would stop a clinic, or put a patient's whole record into a log."""
        with self.opened(lasting_place) as storage:
            kept = [saved(storage, begin(id_, person)) for id_, person in zip(IDS, PERSONS, strict=True)]
        self.damage(lasting_place, IDS[1])
        with self.opened(lasting_place) as storage:
            with pytest.raises(StorageError) as failed:
                load_enrolment(storage, IDS[1])
            assert_silent(failed.value, PERSONS[1].value)
            assert (None, None) == (failed.value.__cause__, failed.value.__context__)
            found = storage.load_many(IDS)
            assert ([*IDS], (IDS[1],)) == (sorted(found), unreadable(found.values()))
            assert [kept[0], *kept[2:]] == sorted(readable(found.values()), key=lambda state: state.id)
            assert kept[0] == load_enrolment(storage, IDS[0])
            assert {IDS[2]: kept[2]} == dict(storage.load_many((IDS[2],)))

    @proves(
        "Enrolments.find_by_person: unreadable",
        "Caseload.list_caseload: unreadable",
        "Caseload.unnoted_attention: unreadable",
        "Storage: damaged",
    )
    def test_a_list_goes_on_without_a_damaged_enrolment(
        self, lasting_place: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Otherwise no patient would be found while one cannot be read, or one would be missing in silence."""
        with self.opened(lasting_place) as storage:
            for id_, person in zip(IDS, PERSONS, strict=True):
                storage.save(begin(id_, person))
            elsewhere = saved(storage, begin("elsewhere", PERSONS[1], unit=OTHER_UNIT))
        self.damage(lasting_place, IDS[1])
        with self.opened(lasting_place) as storage:
            found = storage.list_caseload(CaseQuery(unit=UNIT, therapist=None, now=MORNING))
            shown = [row.enrolment_id for row in readable(found)]
            assert [IDS[0], *IDS[2:]] == [id_ for id_ in shown if id_ != IDS[1]]
            assert IDS[1] in (*shown, *unreadable(found)) or IDS[1] in caplog.text
            silent = storage.unnoted_attention(UNIT, RUN, AttentionLimits(seen_before=RUN))
            assert [IDS[0], *IDS[2:]] == [id_ for id_ in silent if id_ != IDS[1]]
            find_by_person = storage.find_by_person(PERSONS[1])
            assert ((elsewhere,), (IDS[1],)) == (readable(find_by_person), unreadable(find_by_person))

    @proves("Retention.ended: unreadable", "Enrolments.load_timelines: unreadable", "Storage: damaged")
    def test_an_export_goes_on_without_a_damaged_enrolment(
        self, lasting_place: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Otherwise nothing could be purged any more, or what is in no export would count as exported."""
        with self.opened(lasting_place) as storage:
            all_over(storage)
        self.damage(lasting_place, IDS[1])
        with self.opened(lasting_place) as storage:
            ended = storage.ended(UNIT)
            listed = [one.enrolment_id for one in readable(ended)]
            assert [IDS[0], *IDS[2:]] == [id_ for id_ in listed if id_ != IDS[1]]
            assert IDS[1] in (*listed, *unreadable(ended)) or IDS[1] in caplog.text
            any_of = find_ended(storage, UNIT, IDS)
            assert {IDS[0], *IDS[2:]} <= {one.enrolment_id for one in readable(any_of.values())}
            histories = load_histories(storage, UNIT, IDS)
            assert [IDS[0], *IDS[2:]] == [one.enrolment.id for one in histories if isinstance(one, History)]
            assert (IDS[1],) == unreadable(histories)

    @pytest.mark.parametrize("limit", [1, 100])
    @proves("Outbox.claim: unreadable", "Outbox.notifications: unreadable", "Storage: damaged")
    def test_a_damaged_notification_keeps_no_other_waiting(
        self, lasting_place: Any, limit: int, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Otherwise one bad row would silence all patients of a region, or be given up when it is repaired."""
        with self.opened(lasting_place) as storage:
            ids = [self._asked(storage, id_, person) for id_, person in zip(IDS, PERSONS, strict=True)]
        self.damage(lasting_place, ids[0])
        with self.opened(lasting_place) as storage:
            given: list[Claim] = []
            while claims := storage.claim(RUN, limit, LEASE):
                given += claims
            assert ids[1:] == [claim.digest.id for claim in given]
            assert ids[0] in caplog.text
            [asked] = storage.notifications(IDS[0])
            id_ = asked.notification.id if isinstance(asked, NotificationRecord) else asked.notification_id
            assert ids[0] == DigestId(id_)
            again = storage.claim(RUN + HOUR, 100, LEASE)
            assert [(id_, 0) for id_ in ids[1:]] == [(claim.digest.id, claim.lost) for claim in again]

    @proves("Operations.dead_letters: unreadable", "Storage: damaged")
    def test_a_damaged_dead_letter_hides_no_other(self, lasting_place: Any, caplog: pytest.LogCaptureFixture) -> None:
        """Otherwise one bad row would hide from operators all that patients were never told of."""
        with self.opened(lasting_place) as storage:
            ids = []
            for number, person in enumerate(PERSONS[:3]):
                change = converse(saved(storage, begin(IDS[number], person)), notify=Notify.DIRECT, at=MORNING)
                undelivered(storage, saved(storage, change), Status.FAILED, at=MORNING + number * HOUR)
                ids.append(change.notifications[0].id)
        self.damage(lasting_place, DigestId(ids[2]))
        with self.opened(lasting_place) as storage:
            found = [record.notification.id for record in storage.dead_letters()]
            assert ids[1::-1] == [id_ for id_ in found if id_ != ids[2]]
            assert ids[2] in found or ids[2] in caplog.text
            assert storage.dead_letters(limit=1)

    @proves("Outbox.unnoted", "Storage: damaged")
    def test_a_damaged_notification_hides_no_note_to_write(
        self, lasting_place: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Otherwise a worker that reads page by page would take one bad row for the end, and write no note after it."""
        with self.opened(lasting_place) as storage:
            ids = [self._asked(storage, id_, person) for id_, person in zip(IDS, PERSONS, strict=True)]
            delivered(storage, MORNING, Status.FAILED)
        self.damage(lasting_place, ids[0])
        with self.opened(lasting_place) as storage:
            for limit in (1, 2, 100):
                found = [DigestId(record.notification.id) for record in storage.unnoted(limit=limit)]
                readable_ids = ids[1:] if ids[0] in caplog.text else ids
                assert found == readable_ids[: min(limit, len(found))]
                assert found, "a page is empty, and a note to write follows it"

    def _asked(self, storage: Storage, enrolment_id: EnrolmentId, person: PersonId) -> DigestId:
        change = converse(saved(storage, begin(enrolment_id, person)), notify=Notify.DIRECT, at=MORNING)
        storage.save(change)
        return DigestId(change.notifications[0].id)
