"""The contract of the storage port: enrolments, their timelines and documents."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import timedelta
from functools import partial
from typing import Any
from unittest.mock import patch

import pytest
from attrs import evolve

from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import ConversationStarted, FormSaved, MessageSent, ModuleOpened, Started
from digital_painschool.domain.fold import replay
from digital_painschool.domain.notification import Notify, Status
from digital_painschool.domain.people import HsaId, PersonId, SystemActor
from digital_painschool.domain.validation import Answer
from digital_painschool.errors import Conflict
from digital_painschool.ports.storage import CaseQuery, Change, Storage, readable
from digital_painschool.rules.lifecycle import maintain, note_access_end
from digital_painschool.serialization import enrolments
from digital_painschool.testing.contracts.base import StorageOpening
from digital_painschool.testing.contracts.changes import (
    HOUR,
    MORNING,
    OTHER_PERSON,
    PERSONS,
    RUN,
    answer,
    begin,
    converse,
    delivered,
    fill_in,
    finish,
    saved,
    step,
    write,
)
from digital_painschool.testing.contracts.clauses import proves
from digital_painschool.testing.contracts.concurrency import THREADS, in_threads
from digital_painschool.testing.contracts.lifetime import YEAR, long_history
from digital_painschool.testing.example import DAILY, PROGRAM, SLEEP
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


def insist(storage: Storage, enrolment_id: str, number: int, times: int = 5) -> list[dict[str, Answer]]:
    """Save a form several times, each again and again until no other is faster; gives what was saved."""
    mine: list[dict[str, Answer]] = [{"hemma": "bra", "fritext": f"{number}, {time}"} for time in range(times)]
    for answers in mine:
        while True:
            before = storage.load(enrolment_id)
            assert before is not None
            try:
                storage.save(fill_in(before, answers, form=DAILY, at=MORNING))
            except Conflict:
                continue
            break
    return mine


def assert_none_lost(storage: Storage, enrolment_id: str, answers: Sequence[dict[str, Answer]]) -> None:
    """Find each of the answers once among the documents."""
    state = storage.load(enrolment_id)
    assert state is not None
    assert 1 + len(answers) == state.version
    assert state == replay(entry.event for entry in storage.timeline(enrolment_id))
    documents = storage.documents(enrolment_id, range(1, state.version + 1))
    assert sorted(map(repr, answers)) == sorted(repr(dict(kept)) for kept in documents.values())  # type: ignore[arg-type]


@contextmanager
def earlier_shape() -> Iterator[None]:
    """Let states be stored as an earlier version of the package would: in another shape, with other counts.

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


class EnrolmentsContract(StorageOpening):
    """What every storage keeps of enrolments."""

    @proves("Change.enrolment", "Enrolments.load", "Enrolments.save")
    def test_what_was_saved_is_loaded(self, storage: Storage) -> None:
        """Otherwise the next step would be decided on another state than the last one left."""
        enrolment = saved(storage, begin())
        assert enrolment == storage.load(enrolment.id)
        enrolment = saved(storage, fill_in(enrolment, at=MORNING))
        assert enrolment == storage.load(enrolment.id)

    @proves("Enrolments.load", "Storage: exact")
    def test_every_kind_of_step_comes_back_as_it_was(self, storage: Storage) -> None:
        """Otherwise some event or count would change on its way through the storage."""
        enrolment = long_history(storage)
        assert enrolment == storage.load(enrolment.id)

    @proves("Enrolments.load: earlier shape")
    def test_a_state_of_an_earlier_shape_is_replayed_from_its_timeline(self, lasting_place: Any) -> None:
        """Otherwise, after an update, a patient's page would show counts that nobody would count so any more."""
        with self.opened(lasting_place) as storage, earlier_shape():
            e = saved(storage, converse(saved(storage, begin()), at=MORNING))
        with self.opened(lasting_place) as storage:
            assert (e, {e.id: e}, (e,)) == (
                storage.load(e.id),
                storage.load_many([e.id]),
                storage.find_by_person(PERSON),
            )
            e = saved(storage, answer(e, at=MORNING))
            assert e == storage.load(e.id) == replay(entry.event for entry in storage.timeline(e.id))

    @proves("Change.events", "Enrolments.timeline")
    def test_the_timeline_replays_to_the_state(self, storage: Storage) -> None:
        """Otherwise timeline and state would tell different stories about a patient."""
        enrolment = long_history(storage)
        timeline = storage.timeline(enrolment.id)
        assert tuple(range(1, enrolment.version + 1)) == tuple(entry.seq for entry in timeline)
        assert enrolment == replay(entry.event for entry in timeline)

    @proves("Enrolments.load", "Enrolments.load_many", "Enrolments.timeline")
    def test_an_unknown_id_gives_nothing(self, storage: Storage) -> None:
        """Otherwise a mistyped id would give an error that nobody expects, or somebody else's record."""
        saved(storage, begin("enrolment-1"))
        beside = ("./enrolment-1", "enrolment-1/", "x/../enrolment-1", "..", "/etc/hostname", "x" * 1000)
        for unknown in ("", "enrolment", "enrolment-12", "ENROLMENT-1", "enrolment-1 ", "%", "å' OR 1=1 --", *beside):
            assert None is storage.load(unknown)
            assert {} == dict(storage.load_many((unknown,)))
            assert () == storage.timeline(unknown)
            assert {} == dict(storage.documents(unknown, (1,)))

    @proves("Enrolments.load_many")
    def test_load_many_gives_those_that_exist(self, storage: Storage) -> None:
        """Otherwise the delivery worker would take an enrolment for purged, or fail on one that is."""
        first, second = saved(storage, begin("a")), saved(storage, begin("b", OTHER_PERSON))
        saved(storage, begin("c", PERSONS[2]))
        assert {"a": first, "b": second} == dict(storage.load_many(("b", "missing", "a", "a")))
        assert {"a": first} == dict(storage.load_many(id_ for id_ in ("a",)))

    @proves("Enrolments.load_many")
    def test_load_many_of_none_is_empty(self, storage: Storage) -> None:
        """Otherwise an empty list would become all enrolments, or an error."""
        saved(storage, begin())
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

    @proves("Enrolments.load")
    def test_ids_that_differ_in_case_or_signs_are_different(self, storage: Storage) -> None:
        """Otherwise one patient's record would be kept over another's, by the file system's or database's language."""
        ids = ("a", "A", "a-", "a_", "a.", "a~1", "a%2F")
        for id_, person in zip(ids, PERSONS, strict=True):
            saved(storage, begin(id_, person))
        assert dict(zip(ids, PERSONS, strict=True)) == {id_: e.person for id_, e in storage.load_many(ids).items()}

    @proves("Change.before", "Enrolments.save: optimistic")
    def test_a_step_decided_on_an_old_version_is_a_conflict(self, storage: Storage) -> None:
        """Otherwise the later of two steps would overwrite the earlier one."""
        before = saved(storage, begin())
        after = saved(storage, fill_in(before, at=MORNING))
        logged = storage.access_entries(UNIT)
        with pytest.raises(Conflict):
            storage.save(fill_in(before, at=MORNING + HOUR))
        assert after == storage.load(before.id)
        assert 2 == len(storage.timeline(before.id))
        assert logged == storage.access_entries(UNIT)

    @proves("Change.before")
    def test_a_step_of_the_future_is_a_conflict(self, storage: Storage) -> None:
        """Otherwise a timeline would get a hole."""
        first = begin()
        with pytest.raises(Conflict):
            storage.save(fill_in(first.enrolment, at=MORNING))
        assert None is storage.load(first.enrolment.id)
        assert () == storage.timeline(first.enrolment.id)

    @proves("Change.before")
    def test_an_id_is_given_once(self, storage: Storage) -> None:
        """Otherwise one patient's enrolment would be replaced by another's."""
        first = saved(storage, begin("a"))
        with pytest.raises(Conflict):
            storage.save(begin("a", OTHER_PERSON))
        assert first == storage.load("a")
        assert () == storage.find_by_person(OTHER_PERSON)

    @proves("Enrolments.save: one open enrolment")
    def test_a_second_open_enrolment_is_a_conflict(self, storage: Storage) -> None:
        """Otherwise a double click on start would give a patient the same program twice (D-07a)."""
        first = saved(storage, begin("a"))
        for program in (PROGRAM, evolve(PROGRAM, version="2")):
            with pytest.raises(Conflict):
                storage.save(begin("b", program=program))
        assert (first,) == storage.find_by_person(PERSON)
        assert None is storage.load("b")
        assert () == storage.timeline("b")

    @proves("Enrolments.save: one open enrolment")
    def test_an_enrolment_in_maintenance_is_still_open(self, storage: Storage) -> None:
        """Otherwise a second enrolment could be started beside one that the patient still reads."""
        first = saved(storage, begin("a"))
        saved(storage, step(first, maintain, 30, {1}, at=MORNING))
        with pytest.raises(Conflict):
            storage.save(begin("b"))

    @proves("Enrolments.save: one open enrolment")
    def test_a_new_enrolment_after_an_ended_one_is_fine(self, storage: Storage) -> None:
        """Otherwise nobody could take the program a second time (D-07a)."""
        first = saved(storage, begin("a"))
        first = saved(storage, finish(first, at=MORNING))
        second = saved(storage, begin("b", at=MORNING + HOUR))
        assert (first, second) == storage.find_by_person(PERSON)

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
        [waiting] = storage.cancellable(before.id)
        step_ = write(before, notify=Notify.COLLECTED, at=MORNING)
        cancelling = evolve(step_, cancelled=(waiting.id,))
        for refused in (evolve(cancelling, noted=("unknown",)), evolve(step_, cancelled=(waiting.id, "unknown"))):
            with pytest.raises(Conflict):
                storage.save(refused)
        assert before == storage.load(before.id)
        assert before.version == len(storage.timeline(before.id))
        assert {} == dict(storage.documents(before.id, (before.version + 1,)))
        assert [Status.PENDING] == [record.status for record in storage.notifications(before.id)]
        assert 2 == len(storage.access_entries(UNIT))
        after = saved(storage, cancelling)
        assert after == storage.load(before.id)
        assert [Status.DROPPED, Status.PENDING] == [record.status for record in storage.notifications(before.id)]

    @proves("Enrolments.save: all or nothing")
    def test_a_start_that_conflicts_in_its_last_part_leaves_nothing(self, storage: Storage) -> None:
        """Otherwise a person would be blocked by an enrolment that does not exist."""
        with pytest.raises(Conflict):
            storage.save(evolve(begin("a"), cancelled=("unknown",)))
        assert None is storage.load("a")
        assert () == storage.find_by_person(PERSON)
        assert () == storage.access_entries(UNIT)
        assert saved(storage, begin("b")) == storage.load("b")

    @proves("Change.access")
    def test_a_step_is_logged_with_it(self, storage: Storage) -> None:
        """Otherwise a change could be made of which the access log knows nothing (M-06)."""
        first = begin()
        second = fill_in(saved(storage, first), at=MORNING)
        saved(storage, second)
        assert [first.access, second.access] == [entry for _, entry in storage.access_entries(UNIT)]

    @proves("Enrolments.save: optimistic", "Storage: threads")
    def test_of_many_on_the_same_version_exactly_one_wins(self, storage: Storage) -> None:
        """Otherwise two people who save at the same time would lose one of the two steps."""
        before = saved(storage, begin())
        changes = [fill_in(before, {"smarta": number}, at=MORNING) for number in range(THREADS)]
        results = in_threads([partial(storage.save, change) for change in changes])
        assert 1 == results.count(None)
        assert THREADS - 1 == sum(isinstance(result, Conflict) for result in results)
        winner: Change = changes[results.index(None)]
        assert winner.enrolment == storage.load(before.id)
        assert winner.documents == dict(storage.documents(before.id, (2,)))
        assert 2 == len(storage.timeline(before.id))

    @proves("Enrolments.save: one open enrolment")
    def test_of_many_starts_at_the_same_time_exactly_one_wins(self, storage: Storage) -> None:
        """Otherwise two members of staff could start the same patient at the same moment (D-07a)."""
        results = in_threads([partial(storage.save, begin(f"e{n}")) for n in range(THREADS)])
        assert 1 == results.count(None)
        assert THREADS - 1 == sum(isinstance(result, Conflict) for result in results)
        assert (f"e{results.index(None)}",) == tuple(
            enrolment.id for enrolment in readable(storage.find_by_person(PERSON))
        )

    @proves("Enrolments.save: optimistic")
    def test_steps_of_different_enrolments_do_not_disturb_each_other(self, storage: Storage) -> None:
        """Otherwise a busy morning would give conflicts between patients who have nothing to do with each other."""

        def live(number: int) -> Enrolment:
            enrolment = saved(storage, begin(f"e{number}", PERSONS[number]))
            for _ in range(5):
                enrolment = saved(storage, fill_in(enrolment, at=MORNING))
            return enrolment

        results = in_threads([partial(live, number) for number in range(len(PERSONS))])
        assert results == [storage.load(f"e{number}") for number in range(len(PERSONS))]

    @proves("Enrolments.save: optimistic", "Storage: threads")
    def test_no_thread_loses_another_s_step(self, storage: Storage) -> None:
        """Otherwise, of people who all try again until it is saved, one's answers would be gone."""
        saved(storage, begin("a"))
        results = in_threads([partial(insist, storage, "a", number) for number in range(THREADS)])
        assert_none_lost(storage, "a", [answers for told in results for answers in told])

    @proves("Enrolments.save: all or nothing")
    def test_nobody_sees_half_a_step(self, storage: Storage) -> None:
        """Otherwise a reader at the wrong moment would get a state and a timeline that do not fit."""
        first = saved(storage, begin())

        def write_on() -> None:
            enrolment = first
            for _ in range(20):
                enrolment = saved(storage, fill_in(enrolment, at=MORNING))

        def read_on() -> list[bool]:
            seen = [readable(storage.load_histories(UNIT, (first.id,)))[0] for _ in range(20)]
            return [
                history.enrolment == replay(entry.event for entry in history.timeline)
                and history.enrolment.version - 1 == len(history.documents)
                for history in seen
            ]

        _, *fits = in_threads([write_on, read_on, read_on])
        assert [[True] * 20] * 2 == fits

    @proves("Enrolments.timeline")
    def test_the_timeline_can_be_filtered(self, storage: Storage) -> None:
        """Otherwise the therapist could not find old answers again (M-16)."""
        e = saved(storage, begin())
        e = saved(storage, fill_in(e, at=MORNING))
        e = saved(storage, converse(e, at=MORNING))
        e = saved(storage, fill_in(e, at=MORNING))
        assert [2, 5] == [entry.seq for entry in storage.timeline(e.id, (FormSaved,))]
        assert [1, 2, 5] == [entry.seq for entry in storage.timeline(e.id, {FormSaved, Started})]
        assert [3, 4] == [entry.seq for entry in storage.timeline(e.id, iter([MessageSent, ConversationStarted]))]
        assert () == storage.timeline(e.id, (ModuleOpened,))
        assert () == storage.timeline(e.id, ())

    @proves("Enrolments.timeline")
    def test_the_timeline_holds_one_enrolment_only(self, storage: Storage) -> None:
        """Otherwise a therapist would read another patient's timeline."""
        first, second = saved(storage, begin("a")), saved(storage, begin("b", OTHER_PERSON))
        first = saved(storage, fill_in(first, at=MORNING))
        assert first == replay(entry.event for entry in storage.timeline("a"))
        assert second == replay(entry.event for entry in storage.timeline("b"))

    @proves("Change.documents", "Enrolments.documents")
    def test_documents_come_by_entry_number(self, storage: Storage) -> None:
        """Otherwise a text would be shown under another entry than the one it was written with."""
        e = saved(storage, converse(saved(storage, begin()), "Hej", at=MORNING))
        e = saved(storage, answer(e, "Tack", at=MORNING))
        assert {2: "Min konversation", 3: "Hej", 4: "Tack"} == dict(storage.documents(e.id, (1, 2, 3, 4, 5)))
        assert {4: "Tack"} == dict(storage.documents(e.id, iter((4,))))
        assert {} == dict(storage.documents(e.id, ()))

    @proves("Change.documents", "Enrolments.documents")
    def test_documents_of_one_enrolment_are_not_anothers(self, storage: Storage) -> None:
        """Otherwise one patient's answers would be shown as another's."""
        first = saved(storage, fill_in(saved(storage, begin("a")), {"smarta": 1}, at=MORNING))
        second = saved(storage, fill_in(saved(storage, begin("b", OTHER_PERSON)), {"smarta": 2}, at=MORNING))
        assert {2: {"smarta": 1}} == dict(storage.documents(first.id, (2,)))
        assert {2: {"smarta": 2}} == dict(storage.documents(second.id, (2,)))

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
        kept = storage.documents(e.id, (2,))[2]
        assert answers == kept
        assert isinstance(kept, Mapping)
        assert [str, int, float, tuple, str, str] == [type(kept[key]) for key in answers]

    @proves("Storage: exact")
    def test_no_choice_at_all_is_kept(self, storage: Storage) -> None:
        """Otherwise an empty choice would look like a question that was not answered."""
        answers: dict[str, Answer] = {"hemma": "bra", "steg": 0, "var": (), "fritext": ""}
        e = saved(storage, fill_in(saved(storage, begin()), answers, form=DAILY, at=MORNING))
        assert answers == storage.documents(e.id, (2,))[2]

    @proves("Storage: exact")
    def test_texts_come_back_letter_by_letter(self, storage: Storage) -> None:
        """Otherwise a message would be shown other than it was written, or be taken for answers."""
        e = saved(storage, converse(saved(storage, begin()), TEXTS[0], at=MORNING))
        for text in TEXTS[1:]:
            e = saved(storage, write(e, text, at=MORNING))
        assert dict(enumerate(TEXTS, start=3)) == dict(storage.documents(e.id, range(3, e.version + 1)))

    @proves("Storage: exact")
    def test_instants_come_back_in_utc_to_the_microsecond(self, storage: Storage) -> None:
        """Otherwise a list would show local times as UTC, or two steps change their order."""
        at = MORNING + timedelta(microseconds=999_999)
        e = saved(storage, converse(saved(storage, begin(at=at)), notify=Notify.DIRECT, at=at))
        [row] = readable(storage.list_caseload(CaseQuery(unit=UNIT, therapist=None, now=MORNING)))
        delivered(storage, e.last_entry_at)
        [record] = storage.notifications(e.id)
        loaded, events = storage.load(e.id), [entry.event for entry in storage.timeline(e.id)]
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
        loaded, [started, *_] = storage.load(e.id), storage.timeline(e.id)
        assert loaded is not None
        assert isinstance(started.event, Started)
        [row] = readable(storage.list_caseload(CaseQuery(unit=UNIT, therapist=None, now=MORNING)))
        [notification] = storage.cancellable(e.id)
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
        given = storage.documents(change.enrolment.id, (2,))
        assert {"smarta": 3} == given[2]

    @proves("Storage: values")
    def test_what_was_given_back_changes_nothing(self, storage: Storage) -> None:
        """Otherwise a host that sorts or fills what it got would change what the next one gets."""
        e = saved(storage, fill_in(saved(storage, begin()), {"smarta": 3}, at=MORNING))
        for given in (storage.documents(e.id, (2,)), readable(storage.load_histories(UNIT, (e.id,)))[0].documents):
            for mapping in (given[2], given, storage.load_many((e.id,))):
                with suppress(AttributeError):  # a mapping that cannot be changed keeps the promise too
                    mapping.clear()  # type: ignore[union-attr]
        assert {2: {"smarta": 3}} == dict(storage.documents(e.id, (2,)))
        assert e == storage.load(e.id)

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
