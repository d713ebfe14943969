"""The contract of the storage port: timelines and documents, and values that are returned as they were saved."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from digital_painschool.domain.events import ConversationStarted, FormSaved, MessageSent, ModuleOpened, Started
from digital_painschool.domain.fold import replay
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.domain.validation import Answer
from digital_painschool.ports.storage import (
    CaseQuery,
    Storage,
    find_cancellable,
    load_documents,
    load_enrolment,
    load_histories,
    load_notifications,
    load_timeline,
    readable,
)
from digital_painschool.serialization import enrolments
from digital_painschool.testing.contracts.base import StorageOpening
from digital_painschool.testing.contracts.changes import (
    MORNING,
    OTHER_PERSON,
    answer,
    begin,
    converse,
    delivered,
    fill_in,
    saved,
    write,
)
from digital_painschool.testing.contracts.clauses import proves
from digital_painschool.testing.contracts.enrolments import TEXTS
from digital_painschool.testing.contracts.lifetime import long_history
from digital_painschool.testing.example import DAILY
from digital_painschool.testing.people import PERSON, UNIT


@contextmanager
def earlier_shape() -> Iterator[None]:
    """Make states be stored as an earlier version of the package would: in another shape, with other counts.

    An adapter that stores states by `serialization.enrolments` stores them so; for any other one nothing is different.
    """
    shape, describe = enrolments.ENROLMENT_SHAPE, enrolments._describe
    with ExitStack() as stack:
        for module in [module for module in sys.modules.values() if vars(module).get("ENROLMENT_SHAPE") == shape]:
            stack.enter_context(patch.object(module, "ENROLMENT_SHAPE", shape - 1))
        counting = {"conversations"}
        stack.enter_context(
            patch.object(
                enrolments,
                "_describe",
                lambda e: {name: value for name, value in describe(e).items() if name not in counting},
            )
        )
        yield


class TimelinesContract(StorageOpening):
    """Timelines and documents, in every storage."""

    @proves("Change.events", "Enrolments.load_timelines")
    def test_the_timeline_replays_to_the_state(self, storage: Storage) -> None:
        """Otherwise timeline and state would tell different stories about a patient."""
        enrolment = long_history(storage)
        timeline = load_timeline(storage, enrolment.id)
        assert tuple(range(1, enrolment.version + 1)) == tuple(entry.seq for entry in timeline)
        assert enrolment == replay(entry.event for entry in timeline)

    @proves("Enrolments.load_timelines")
    def test_the_timeline_can_be_filtered(self, storage: Storage) -> None:
        """Otherwise the therapist could not find old answers again (M-16)."""
        e = saved(storage, begin())
        e = saved(storage, fill_in(e, at=MORNING))
        e = saved(storage, converse(e, at=MORNING))
        e = saved(storage, fill_in(e, at=MORNING))
        assert [2, 5] == [entry.seq for entry in load_timeline(storage, e.id, (FormSaved,))]
        assert [1, 2, 5] == [entry.seq for entry in load_timeline(storage, e.id, {FormSaved, Started})]
        assert [3, 4] == [entry.seq for entry in load_timeline(storage, e.id, iter([MessageSent, ConversationStarted]))]
        assert () == load_timeline(storage, e.id, (ModuleOpened,))
        assert () == load_timeline(storage, e.id, ())

    @proves("Enrolments.load_timelines")
    def test_the_timeline_holds_one_enrolment_only(self, storage: Storage) -> None:
        """Otherwise a therapist would read another patient's timeline."""
        first, second = saved(storage, begin("a")), saved(storage, begin("b", OTHER_PERSON))
        first = saved(storage, fill_in(first, at=MORNING))
        assert first == replay(entry.event for entry in load_timeline(storage, EnrolmentId("a")))
        assert second == replay(entry.event for entry in load_timeline(storage, EnrolmentId("b")))

    @proves("Change.documents", "Enrolments.load_timelines")
    def test_documents_come_by_entry_number(self, storage: Storage) -> None:
        """Otherwise a text would be shown under another entry than the one it was written with."""
        e = saved(storage, converse(saved(storage, begin()), "Hej", at=MORNING))
        e = saved(storage, answer(e, "Tack", at=MORNING))
        assert {2: "Min konversation", 3: "Hej", 4: "Tack"} == dict(load_documents(storage, e.id, (1, 2, 3, 4, 5)))
        assert {4: "Tack"} == dict(load_documents(storage, e.id, iter((4,))))
        assert {} == dict(load_documents(storage, e.id, ()))

    @proves("Change.documents", "Enrolments.load_timelines")
    def test_documents_of_one_enrolment_are_not_anothers(self, storage: Storage) -> None:
        """Otherwise one patient's answers would be shown as another's."""
        first = saved(storage, fill_in(saved(storage, begin("a")), {"smarta": 1}, at=MORNING))
        second = saved(storage, fill_in(saved(storage, begin("b", OTHER_PERSON)), {"smarta": 2}, at=MORNING))
        assert {2: {"smarta": 1}} == dict(load_documents(storage, first.id, (2,)))
        assert {2: {"smarta": 2}} == dict(load_documents(storage, second.id, (2,)))

    @proves("Storage: exact")
    def test_answers_keep_their_types(self, storage: Storage) -> None:
        """Otherwise a whole number would become a decimal one, or a list of keys something that is no `Answer`."""
        answers: dict[str, Answer] = {
            "hemma": "bra",
            "steg": 6,
            "timmar": 6.0,
            "var": ("rygg", "axel"),
            "fritext": "6",
            "dag": "2026-03-02",
        }
        e = saved(storage, fill_in(saved(storage, begin()), answers, form=DAILY, at=MORNING))
        kept = load_documents(storage, e.id, (2,))[2]
        assert answers == kept
        assert isinstance(kept, Mapping)
        assert [str, int, float, tuple, str, str] == [type(kept[key]) for key in answers]

    @proves("Storage: exact")
    def test_no_choice_at_all_is_kept(self, storage: Storage) -> None:
        """Otherwise an empty choice would look like a question that was not answered."""
        answers: dict[str, Answer] = {"hemma": "bra", "steg": 0, "var": (), "fritext": ""}
        e = saved(storage, fill_in(saved(storage, begin()), answers, form=DAILY, at=MORNING))
        assert answers == load_documents(storage, e.id, (2,))[2]

    @proves("Storage: exact")
    def test_texts_come_back_letter_by_letter(self, storage: Storage) -> None:
        """Otherwise a message would be shown other than it was written, or be taken for answers."""
        e = saved(storage, converse(saved(storage, begin()), TEXTS[0], at=MORNING))
        for text in TEXTS[1:]:
            e = saved(storage, write(e, text, at=MORNING))
        assert dict(enumerate(TEXTS, start=3)) == dict(load_documents(storage, e.id, range(3, e.version + 1)))

    @proves("Storage: exact")
    def test_instants_come_back_in_utc_to_the_microsecond(self, storage: Storage) -> None:
        """Otherwise a list would show local times as UTC, or two steps change their order."""
        at = MORNING + timedelta(microseconds=999_999)
        e = saved(storage, converse(saved(storage, begin(at=at)), notify=Notify.DIRECT, at=at))
        [row] = readable(storage.list_caseload(CaseQuery(unit=UNIT, therapist=None, now=MORNING)))
        delivered(storage, e.last_entry_at)
        [record] = load_notifications(storage, e.id)
        loaded, events = load_enrolment(storage, e.id), [entry.event for entry in load_timeline(storage, e.id)]
        assert loaded is not None
        instants = [
            *(loaded.started_at, loaded.access_until, loaded.last_entry_at, row.started_at, row.access_until),
            *(record.notification.due_at, record.settled_at, *(event.at for event in events)),
            *(entry.at for _, entry in storage.access_entries(UNIT)),
        ]
        for instant in instants:
            assert instant is not None
            assert (timedelta(0), 999_999) == (instant.utcoffset(), instant.microsecond)

    @proves("Storage: exact")
    def test_ids_and_numbers_come_back_as_what_they_are(self, storage: Storage) -> None:
        """Otherwise what was a checked HSA-id would come back as any text, and a person as a pair of texts."""
        e = saved(storage, converse(saved(storage, begin()), notify=Notify.DIRECT, at=MORNING))
        loaded, [started, *_] = load_enrolment(storage, e.id), load_timeline(storage, e.id)
        assert loaded is not None
        assert isinstance(started.event, Started)
        [row] = readable(storage.list_caseload(CaseQuery(unit=UNIT, therapist=None, now=MORNING)))
        [notification] = find_cancellable(storage, e.id)
        [(_, entry), *_] = storage.access_entries(UNIT)
        hsa_ids = (loaded.unit, loaded.therapist, started.event.unit, row.therapist, notification.unit, entry.unit)
        assert {HsaId} == {type(hsa_id) for hsa_id in hsa_ids}
        persons = (loaded.person, started.event.person, row.person, notification.recipient, entry.person)
        assert {PersonId} == {type(person) for person in persons}

    @proves("Storage: values")
    def test_what_the_caller_does_afterwards_changes_nothing(self, storage: Storage) -> None:
        """Otherwise a host that goes on using its dict would change the patient's record."""
        answers = {"smarta": 3}
        change = fill_in(saved(storage, begin()), answers, at=MORNING)
        storage.save(change)
        answers["smarta"] = 10
        given = load_documents(storage, change.enrolment.id, (2,))
        assert {"smarta": 3} == given[2]

    @proves("Storage: values")
    def test_what_was_given_back_changes_nothing(self, storage: Storage) -> None:
        """Otherwise a host that sorts or fills what it got would change what the next one gets."""
        e = saved(storage, fill_in(saved(storage, begin()), {"smarta": 3}, at=MORNING))
        for given in (
            load_documents(storage, e.id, (2,)),
            readable(load_histories(storage, UNIT, (e.id,)))[0].documents,
        ):
            for mapping in (given[2], given, storage.load_many((e.id,))):
                with suppress(AttributeError):  # a mapping that cannot be changed keeps the promise too
                    mapping.clear()  # type: ignore[union-attr]
        assert {2: {"smarta": 3}} == dict(load_documents(storage, e.id, (2,)))
        assert e == load_enrolment(storage, e.id)

    @proves("Enrolments.load_many: earlier shape")
    def test_a_state_of_an_earlier_shape_is_replayed_from_its_timeline(self, lasting_place: Any) -> None:
        """Otherwise, after an update, a patient's page would show counts that nobody would count so any more."""
        with self.opened(lasting_place) as storage, earlier_shape():
            e = saved(storage, converse(saved(storage, begin()), at=MORNING))
        with self.opened(lasting_place) as storage:
            assert (e, {e.id: e}, (e,)) == (
                load_enrolment(storage, e.id),
                storage.load_many([e.id]),
                storage.find_by_person(PERSON),
            )
            e = saved(storage, answer(e, at=MORNING))
            assert e == load_enrolment(storage, e.id) == replay(entry.event for entry in load_timeline(storage, e.id))
