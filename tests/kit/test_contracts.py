"""The contracts themselves: every clause has its tests, what is right passes, and what is wrong in one way does not."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from datetime import date, timedelta, timezone
from inspect import signature
from pathlib import Path
from threading import Event as Signal
from threading import Lock
from time import sleep
from typing import Any, ClassVar, get_args
from unittest.mock import patch

import pytest
from attrs import evolve

from digital_painschool.adapters.memory import MemoryDirectory, MemoryInbox, MemoryMessenger, MemoryStorage
from digital_painschool.adapters.memory.messenger import SentNotification
from digital_painschool.adapters.swedish_identity import SwedishIdentity
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import Ended, Event, Started
from digital_painschool.domain.notification import Channel, Template
from digital_painschool.domain.people import HsaId, PersonId
from digital_painschool.domain.retention import EndedEnrolment
from digital_painschool.errors import Conflict, DeliveryError, InvalidIdentity
from digital_painschool.ports import Identity, Inbox, Messenger, Observer
from digital_painschool.ports.directory import StaffEntry
from digital_painschool.ports.inbox import Delivered, Notice, Reachability
from digital_painschool.ports.messaging import Address
from digital_painschool.ports.storage import AccessEntry, CaseQuery, CaseRow, Change, Timeline, load_enrolment
from digital_painschool.testing import contracts
from digital_painschool.testing.contracts import (
    Arrival,
    DirectoryContract,
    IdentityContract,
    InboxContract,
    MessengerContract,
    ObserverContract,
    StorageContract,
    base,
    concurrency,
)
from digital_painschool.testing.contracts.base import Contract
from digital_painschool.testing.contracts.clauses import PORTS, all_tests_of, clauses_of, proofs_of, proves
from digital_painschool.testing.contracts.concurrency import Child, in_processes
from digital_painschool.testing.contracts.observer import a_whole_life
from tests import arrivals
from tests.kit.contract_runs import Skipped, caught, contract_of, rows_of, run
from tests.kit.pickled import (
    CountsAnew,
    InPlace,
    Lazy,
    LonelyStorage,
    PickledStorage,
    Remembering,
    TwoFiles,
    Unlocked,
    stop_writing,
)

# --- the clauses


CONTRACTS: Sequence[type[Contract[Any]]] = [
    *(StorageContract, InboxContract, MessengerContract, DirectoryContract, IdentityContract, ObserverContract)
]


@pytest.mark.parametrize("contract", CONTRACTS)
def test_every_clause_of_a_port_is_proven_by_a_test(contract: type[Contract[Any]]) -> None:
    """Otherwise a promise would stand in a docstring, and nobody would notice an adapter that breaks it."""
    assert sorted(clauses_of(contract.about)) == sorted(proofs_of(contract))


@pytest.mark.parametrize("contract", CONTRACTS)
def test_every_test_of_a_contract_proves_a_clause(contract: type[Contract[Any]]) -> None:
    """Otherwise a contract would ask for what no docstring promises."""
    assert all_tests_of(contract) == {test for named in proofs_of(contract).values() for test in named}


def test_every_contract_on_offer_has_its_clauses() -> None:
    """Otherwise a port that is added later would have a contract without clauses."""
    assert {getattr(contracts, name) for name in contracts.__all__} - {Arrival} == set(CONTRACTS)
    assert {port for contract in CONTRACTS for port in contract.about} == set(PORTS)


def test_a_clause_without_a_name_is_found() -> None:
    """Otherwise a bullet that is added without one would be passed over."""

    class Port:
        """Something.

        Contract:
            * **named**: fine,
              over two lines.
            * forgotten.
        """

        def method(self) -> None:
            """Do it.

            Contract:
                * also forgotten.
            """

    expected = {"Port: named": "fine, over two lines.", "Port: ?": "forgotten.", "Port.method": "Do it."}
    assert {**expected, "Port.method: ?": "also forgotten."} == clauses_of((Port,))


def test_a_test_that_fails_says_the_broken_clause() -> None:
    """Otherwise an adapter's author would have to look up what a failed test is about."""

    @proves("Enrolments.save: optimistic", "Nobody.knows")
    def fails() -> None:
        """Otherwise nothing."""
        raise AssertionError

    with pytest.raises(AssertionError) as failed:
        fails()
    sentence = "the change is saved only when the stored version is `change.before`."
    said = [f"Broken clause: Enrolments.save: optimistic: {sentence}"]
    assert [
        *said,
        "Broken clause: Nobody.knows: (not in the docstring)",
        "Otherwise nothing.",
    ] == failed.value.__notes__


def test_the_long_history_has_every_kind_of_event() -> None:
    """Otherwise a kind that is added later would be left out of storage's and observer's contract."""
    assert set(get_args(Event)) == {type(event) for change in a_whole_life() for event in change.events}


def test_who_forgets_to_say_how_to_open_is_told() -> None:
    """Otherwise the author would look for a fixture that is not there."""
    with pytest.raises(NotImplementedError, match="StorageContract has to say how its adapter is opened"):
        StorageContract().open("anywhere")


@pytest.mark.parametrize(
    ("contract", "hooks"),
    [
        (StorageContract, [("spoil", 1), ("damage", 2)]),
        (InboxContract, [("spoil", 1), ("hanging", 1), ("arrived", 2)]),
        (MessengerContract, [("spoil", 1), ("hanging", 1), ("arrived", 2)]),
        (DirectoryContract, [("spoil", 1), ("mend", 1), ("change", 3), ("hanging", 1)]),
    ],
)
def test_what_an_author_has_not_said_is_skipped(contract: type[Any], hooks: list[tuple[str, int]]) -> None:
    """Otherwise a contract without its hook would pass in silence, or fail for no fault of the adapter."""
    for hook, arguments in hooks:
        with pytest.raises(Skipped, match=f"give the contract `{hook}`"):
            getattr(contract(), hook)(*[None] * arguments)


# --- several at once


def test_a_process_that_breaks_tells_how() -> None:
    """Otherwise a failure in another process would look like a missing answer."""

    def work(_: object) -> None:
        raise ZeroDivisionError

    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        in_processes([work])


def test_a_refusal_in_a_process_is_a_result() -> None:
    """Otherwise the one who loses a race would break the test that counts the losers."""

    def work(_: object) -> None:
        raise Conflict("somebody else was faster")

    [refusal] = in_processes([work])
    assert isinstance(refusal, Conflict)


def test_a_silent_process_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise an adapter that hangs would hang the whole run."""
    monkeypatch.setattr(concurrency, "PATIENCE", 0.01)
    with Child(lambda _: sleep(5)) as child, pytest.raises(TimeoutError, match="was silent"):
        next(child.told())


# --- the storage's contract: what passes, what is skipped, what is caught

LASTING = sorted(
    name for name in all_tests_of(StorageContract) if "place" in str(signature(getattr(StorageContract, name)))
)


@pytest.mark.parametrize("test", [name.removeprefix("test_") for name in LASTING])
def test_a_storage_that_is_right_passes(test: str, tmp_path: Path) -> None:
    """Otherwise the contract would ask for more than the docstrings promise, and only ours would pass."""
    hook = {"before_each_write": lambda _, storage, stop: stop_writing(storage, stop)}
    row = next(rows_of(getattr(StorageContract, f"test_{test}")))  # the rows are alike; memory and SQL run them all
    run(contract_of(StorageContract, PickledStorage, **hook), test, tmp_path, **row)


def test_a_storage_that_is_spoilt_has_to_refuse(tmp_path: Path) -> None:
    """Otherwise a damaged file would look like a unit without patients."""

    def spoil(_: object, place: Path) -> None:
        (place / "books.pickle").write_bytes(b"damaged")

    def remove(_: object, place: Path) -> None:
        (place / "books.pickle").unlink()

    test = "an_unreadable_storage_is_refused"
    for folder in ("spoilt", "removed"):
        (tmp_path / folder).mkdir()
    run(contract_of(StorageContract, PickledStorage, spoil=spoil), test, tmp_path / "spoilt")
    with pytest.raises(pytest.fail.Exception):
        run(contract_of(StorageContract, PickledStorage, spoil=remove), test, tmp_path / "removed")


WRONG: Sequence[tuple[type[PickledStorage], str]] = [
    (Lazy, "what_one_opening_has_saved_every_other_sees"),
    (Unlocked, "no_step_is_lost"),
    (Unlocked, "of_many_on_the_same_version_exactly_one_wins"),
    (Unlocked, "of_many_who_start_the_same_person_exactly_one_wins"),
    (Unlocked, "no_digest_is_claimed_by_two"),
    (CountsAnew, "a_token_is_never_given_again"),
    (CountsAnew, "no_digest_is_claimed_by_two"),
    (Remembering, "what_one_opening_has_saved_every_other_sees"),
    (Remembering, "what_one_opening_has_purged_is_gone_for_every_other"),
    (PickledStorage, "a_step_takes_no_longer_on_a_long_timeline"),
]


@pytest.mark.parametrize(("wrong", "test"), WRONG, ids=lambda value: getattr(value, "__name__", value))
def test_a_storage_that_is_wrong_is_caught(wrong: type[PickledStorage], test: str, tmp_path: Path) -> None:
    """Otherwise an adapter would pass by luck that loses, doubles or mixes up what patients write."""
    assert caught(contract_of(StorageContract, wrong), test, tmp_path)


STOPPED = "a_call_that_is_stopped_between_two_writes_is_done_or_not_begun"


@pytest.mark.parametrize(
    ("wrong", "test"),
    [(InPlace, STOPPED), (TwoFiles, STOPPED), (Lazy, "a_process_that_is_killed_has_kept_all_that_it_acknowledged")],
)
def test_a_storage_that_writes_in_pieces_or_late_is_caught(
    wrong: type[PickledStorage], test: str, tmp_path: Path
) -> None:
    """Otherwise half a step would be found after a crash, on some disks on some days."""
    hook = {"before_each_write": lambda _, storage, stop: stop_writing(storage, stop)}
    assert caught(contract_of(StorageContract, wrong, **hook), test, tmp_path, call="step")


def test_a_storage_for_one_process_has_to_refuse_the_second(tmp_path: Path) -> None:
    """Otherwise `shared = False` would be a way around the clauses of processes."""
    test = "a_second_process_is_refused_where_one_alone_may_have_it_open"
    for folder in ("one", "many"):
        (tmp_path / folder).mkdir()
    run(contract_of(StorageContract, LonelyStorage, shared=False), test, tmp_path / "one")
    with pytest.raises(AssertionError):
        run(contract_of(StorageContract, PickledStorage, shared=False), test, tmp_path / "many")


# --- storages in memory that are wrong in one way


class LocalTimes(MemoryStorage):
    """Gives times in the zone of the machine that it runs on."""

    def load_many(self, enrolment_ids: Iterable[str]) -> Mapping[str, Enrolment]:
        """Return the states with local times."""
        zone = timezone(timedelta(hours=1))
        found = super().load_many(enrolment_ids)
        return {id_: evolve(e, started_at=e.started_at.astimezone(zone)) for id_, e in found.items()}


class CutsFirst(MemoryStorage):
    """Cuts pages and portions first, and sorts out then."""

    def list_caseload(self, query: CaseQuery) -> tuple[CaseRow, ...]:
        """Return those of a page of the unit's that are the therapist's."""
        rows = super().list_caseload(evolve(query, therapist=None))
        return tuple(row for row in rows if query.therapist in (None, row.therapist))

    def access_entries(
        self, unit: HsaId, *, person: PersonId | None = None, after: int = 0, limit: int = 1000
    ) -> tuple[tuple[int, AccessEntry], ...]:
        """Return those of a portion that are about the person."""
        portion = super().access_entries(unit, after=after, limit=limit)
        return tuple((number, entry) for number, entry in portion if person in (None, entry.person))

    def ended(
        self, unit: HsaId, *, among: Iterable[str] | None = None, after: str = "", limit: int = 1000
    ) -> tuple[EndedEnrolment, ...]:
        """Return those of a portion of all that have ended."""
        with self._open() as parts:
            ids = sorted(e.id for e in parts.enrolments.of_unit(unit) if e.id > after)[:limit]
        return super().ended(unit, among=ids if among is None else among, after=after, limit=limit)


class AnyCase(MemoryStorage):
    """Takes ids for the same that differ in capitals alone."""

    def save(self, change: Change) -> None:
        """Refuse an id that is there in other capitals."""
        with self._open() as parts:
            if any(
                e.id != change.enrolment.id and e.id.lower() == change.enrolment.id.lower()
                for e in parts.enrolments.of_unit(change.enrolment.unit)
            ):
                raise Conflict("there is one of that id")
        super().save(change)


class Tearing(MemoryStorage):
    """Lets others in between reading and writing."""

    def save(self, change: Change) -> None:
        """Look first, and write then."""
        stored = load_enrolment(self, change.enrolment.id)
        if (stored.version if stored else 0) != change.before:
            raise Conflict("somebody else was faster")
        sleep(0)
        with self._open() as parts:
            parts.enrolments.save(change)
            parts.access_log.log((change.access,))


class Shared(MemoryStorage):
    """Gives out what it keeps."""

    def load_timelines(
        self,
        enrolment_ids: Iterable[str],
        kinds: Iterable[type[Event]] | None = None,
        documents: Iterable[int] | None = None,
    ) -> Mapping[str, Timeline]:
        """Return the documents themselves."""
        found = super().load_timelines(enrolment_ids, kinds, documents)
        with self._open() as parts:
            stored = parts.enrolments._documents
            return {
                id_: evolve(timeline, documents={seq: stored[id_][seq] for seq in timeline.documents})
                for id_, timeline in found.items()
            }


class Talkative(MemoryStorage):
    """Says whose enrolment it was."""

    def save(self, change: Change) -> None:
        """Say it."""
        try:
            super().save(change)
        except Conflict as conflict:
            raise Conflict(f"{change.enrolment.person.value} was changed by somebody else") from conflict


class OpenForEver(MemoryStorage):
    """Goes on after closing."""

    def close(self) -> None:
        """Do nothing."""


MEMORY_BUGS: Sequence[tuple[type[MemoryStorage], str]] = [
    (LocalTimes, "instants_come_back_in_utc_to_the_microsecond"),
    (CutsFirst, "pages_of_one_therapist_are_full_of_the_own_patients"),
    (CutsFirst, "a_portion_of_one_person_is_full_of_that_person"),
    (CutsFirst, "ended_are_walked_in_portions_by_rising_id"),
    (AnyCase, "ids_that_differ_in_case_or_signs_are_different"),
    (Tearing, "no_step_is_lost"),
    (Tearing, "of_many_on_the_same_version_exactly_one_wins"),
    (Shared, "what_was_given_back_changes_nothing"),
    (Talkative, "no_error_says_who_or_what_it_was"),
    (OpenForEver, "a_closed_storage_refuses_every_call"),
]


@pytest.mark.parametrize(("wrong", "test"), MEMORY_BUGS, ids=lambda value: getattr(value, "__name__", value))
def test_a_storage_in_memory_that_is_wrong_is_caught(wrong: type[MemoryStorage], test: str, tmp_path: Path) -> None:
    """Otherwise a clause would be proven by a test that cannot fail."""
    assert caught(contract_of(StorageContract, lambda _: wrong(), durable=False), test, tmp_path)


def test_what_an_adapter_is_not_is_skipped_with_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise an adapter in memory could never pass, or a machine that cannot fork would fail it."""
    skips = {
        "lasting_place": (
            type("InMemory", (StorageContract,), {"durable": False}),
            "keeps everything in its own memory",
        ),
        "shared_place": (type("Alone", (StorageContract,), {"shared": False}), "one process at a time"),
        "forked_place": (StorageContract, "no processes can be forked here"),
    }
    monkeypatch.setattr(base, "CAN_FORK", False)
    for fixture, (contract, reason) in skips.items():
        gate = getattr(contract, fixture)._get_wrapped_function()
        with pytest.raises(Skipped, match=reason):
            gate(contract(), "a place")


# --- inbox, messenger, directory


class Gateway(MemoryMessenger):
    """Refuses an address, and can say too much about it."""

    says = "the gateway does not take it"

    def send(self, recipient: Address, template: Template, link: str, *, key: str) -> Delivered:
        """Refuse an address that is not one."""
        if "@" not in recipient.value:
            raise DeliveryError(self.says.format(recipient.value), permanent=True)
        return super().send(recipient, template, link, key=key)


class TestGateway(MessengerContract):
    """A way that refuses an address and cannot tell a repeated key, by the contract."""

    durable = False
    remembers_keys = False
    refused = Address("namn")

    def open(self, place: Path) -> Messenger:
        """Make a gateway."""
        return Gateway(self.channel)

    def arrived(self, place: Path, messenger: Messenger) -> list[Arrival]:
        """Look at what the gateway has kept."""
        assert isinstance(messenger, Gateway)
        return arrivals.of_messages(messenger.sent)


class TestEverybodysInbox(InboxContract):
    """An inbox that reaches everybody, by the contract."""

    durable = False
    unreachable = None

    def open(self, place: Path) -> Inbox:
        """Make an inbox."""
        return MemoryInbox(unreachable_schemes=())


class RemembersFailures(MemoryInbox):
    """Counts a notice as delivered before it is."""

    def deliver(self, notice: Notice) -> Delivered:
        """Note it first."""
        if notice.key in self._delivered:
            return Delivered.DUPLICATE
        self._delivered[notice.key] = notice
        if not self.reach(notice.person).reachable:
            raise DeliveryError(f"{notice.person.value} is not there")
        return Delivered.ACCEPTED


class AsksWhileDelivering(MemoryInbox):
    """Looks whether a key is known, and notes it a moment later."""

    def deliver(self, notice: Notice) -> Delivered:
        """Look, and note."""
        known = notice.key in self._delivered
        sleep(0)
        self._delivered[notice.key] = notice
        return Delivered.DUPLICATE if known else Delivered.ACCEPTED


class DeliversByAsking(MemoryInbox):
    """Sends a first notice to whoever is looked at."""

    def reach(self, person: PersonId) -> Reachability:
        """Send it."""
        self._delivered["key-1"] = None  # type: ignore[assignment]
        return super().reach(person)


class Folding(MemoryInbox):
    """Keeps keys as the names of files on a file system that knows no capitals."""

    def deliver(self, notice: Notice) -> Delivered:
        """Fold the key."""
        return super().deliver(Notice(**{**vars(notice), "key": notice.key.lower().strip()}))


class ToTheFirst(MemoryInbox):
    """Sends every notice to whom the first one went."""

    def deliver(self, notice: Notice) -> Delivered:
        """Send it to the first."""
        first = next(iter(self._delivered.values()), notice)
        return super().deliver(evolve(notice, person=first.person))


class Masks(MemoryInbox):
    """Sends to what a log shows of the number."""

    def deliver(self, notice: Notice) -> Delivered:
        """Mask the number."""
        return super().deliver(evolve(notice, person=PersonId("personnummer", "19850709XXXX")))


class OneLink(MemoryInbox):
    """Sends the link of its settings."""

    def deliver(self, notice: Notice) -> Delivered:
        """Take another link."""
        return super().deliver(evolve(notice, link="https://www.1177.se/"))


class StaffText(MemoryInbox):
    """Sends what staff are sent."""

    def deliver(self, notice: Notice) -> Delivered:
        """Take another text."""
        return super().deliver(evolve(notice, template=Template.PROGRAM_DONE))


class NamesThePatient(MemoryInbox):
    """Writes the number into the link."""

    def deliver(self, notice: Notice) -> Delivered:
        """Name the patient."""
        return super().deliver(evolve(notice, link=f"{notice.link}?of={notice.person.value}"))


class AcceptsAlone(MemoryInbox):
    """Only says that it has delivered."""

    def deliver(self, notice: Notice) -> Delivered:
        """Say so."""
        self._known: set[str] = getattr(self, "_known", set())
        known = notice.key in self._known
        self._known.add(notice.key)
        return Delivered.DUPLICATE if known else Delivered.ACCEPTED


class SendsAgain(MemoryInbox):
    """Knows a key, says so, and sends the notice again."""

    def deliver(self, notice: Notice) -> Delivered:
        """Send it again."""
        result = super().deliver(notice)
        if result is Delivered.DUPLICATE:
            self._delivered[f"{notice.key} {len(self._delivered)}"] = notice
        return result


class SendsRefused(MemoryInbox):
    """Refuses somebody, and sends the notice first."""

    def deliver(self, notice: Notice) -> Delivered:
        """Send it first."""
        self._delivered[f"early {notice.key}"] = notice
        return super().deliver(notice)


class ForgetsInWords(MemoryInbox):
    """Counts what it forgets, and keeps it."""

    def forget(self, keys: Iterable[str]) -> int:
        """Count."""
        return len({*keys} & {*self._delivered})


INBOX_BUGS: Sequence[tuple[type[MemoryInbox], str]] = [
    (RemembersFailures, "a_failure_leaves_the_adapter_usable_and_says_nobody"),
    (RemembersFailures, "a_failure_leaves_the_adapter_usable_and_says_nobody"),
    (RemembersFailures, "what_cannot_be_delivered_fails_for_good"),
    (AsksWhileDelivering, "many_threads_send_a_key_once"),
    (DeliversByAsking, "asking_for_reach_delivers_nothing"),
    (Folding, "keys_are_opaque_to_the_letter"),
    *(
        (wrong, "a_notice_arrives_as_it_was_given")
        for wrong in (ToTheFirst, Masks, OneLink, StaffText, NamesThePatient)
    ),
    *((AcceptsAlone, test) for test in ("a_notice_arrives_as_it_was_given", "a_key_arrives_once")),
    (SendsAgain, "a_key_arrives_once"),
    (SendsRefused, "what_is_refused_arrives_nowhere_and_is_refused_again"),
    (ForgetsInWords, "what_is_forgotten_is_there_no_more"),
]


@pytest.mark.parametrize(("wrong", "test"), INBOX_BUGS, ids=lambda value: getattr(value, "__name__", value))
def test_an_inbox_that_is_wrong_is_caught(wrong: type[MemoryInbox], test: str) -> None:
    """Otherwise a patient would be told twice, or never, by an inbox that has passed."""
    contract = contract_of(InboxContract, lambda _: wrong(), durable=False, arrived=arrived)
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        run(contract, test, None, nobody=InboxContract.unreachable)


def arrived(_: object, __: object, inbox: MemoryInbox) -> list[Arrival]:
    """Look at what an inbox in memory has kept."""
    return arrivals.of_notices(inbox.delivered)


Wrong = Callable[[SentNotification, Sequence[SentNotification]], Iterable[SentNotification]]
"""What a messenger really sends, given a message and those before it."""


class Misdirected(MemoryMessenger):
    """Is wrong in one way about what it sends."""

    wrong: Wrong = lambda message, _: (message,)

    @property
    def sent(self) -> tuple[SentNotification, ...]:
        """Return what has really been sent."""
        found: list[SentNotification] = []
        for message in super().sent:
            found.extend(type(self).wrong(message, found))
        return tuple(found)


MESSENGER_BUGS: Mapping[str, Wrong] = {
    "to the first alone": lambda m, before: (m._replace(address=[*before, m][0].address),),
    "to a masked address": lambda m, _: (m._replace(address=Address("n***@vgregion.example")),),
    "one text for all": lambda m, _: (m._replace(template=Template.PROGRAM_DONE),),
    "another link": lambda m, _: (m._replace(link="https://painschool.example/"),),
    "nothing at all": lambda *_: (),
    "twice": lambda m, _: (m, m),
}


@pytest.mark.parametrize("wrong", MESSENGER_BUGS)
def test_a_messenger_that_is_wrong_is_caught(wrong: str) -> None:
    """Otherwise a therapist would get nothing, or somebody else's message, from a messenger that has passed."""
    class_ = type("Wrong", (Misdirected,), {"wrong": staticmethod(MESSENGER_BUGS[wrong])})

    def read_back(_: object, __: object, messenger: MemoryMessenger) -> list[Arrival]:
        return arrivals.of_messages(messenger.sent)

    contract = contract_of(MessengerContract, lambda _: class_(Channel.EMAIL), durable=False, arrived=read_back)
    with pytest.raises(AssertionError):
        run(contract, "a_notice_arrives_as_it_was_given", None)


@pytest.mark.parametrize(("deletes", "forgets"), [(True, 0), (True, 1), (False, 2)])
def test_a_messenger_that_forgets_otherwise_than_it_says_is_caught(deletes: bool, forgets: int) -> None:
    """Otherwise a purge would count as done what is not (D-21a)."""
    messenger = MemoryMessenger(Channel.EMAIL)
    contract = contract_of(MessengerContract, lambda _: messenger, durable=False, deletes=deletes)
    with patch.object(messenger, "forget", lambda _: forgets), pytest.raises(AssertionError):
        run(contract, "what_is_forgotten_is_gone_and_nothing_else", None)


class KeepsAll(MemoryInbox):
    """Belongs to somebody else, and deletes nothing."""

    def forget(self, keys: Iterable[str]) -> int:
        """Do nothing."""
        return 0


class TestKeepsAll(InboxContract):
    """An inbox that cannot delete, by the contract."""

    durable = False
    deletes = False

    def open(self, place: Path) -> Inbox:
        """Make an inbox."""
        return KeepsAll()


class Hanging(MemoryInbox):
    """Waits for a server for as long as it likes, or takes an outage for a refusal."""

    def __init__(self, *, permanent: bool = False) -> None:
        super().__init__()
        self._asked, self._permanent = Signal(), permanent

    def deliver(self, notice: Notice) -> Delivered:
        """Wait."""
        if self._permanent:
            raise DeliveryError("the server does not answer", permanent=True)
        self._asked.wait(5)
        return super().deliver(notice)


@pytest.mark.parametrize("permanent", [False, True])
def test_an_inbox_that_hangs_is_caught(permanent: bool) -> None:
    """Otherwise a worker would hang past its lease, or give up every patient in an outage (D-13d)."""
    hooks = {"answers_within": 0.05, "hanging": lambda *_: nullcontext()}
    contract = contract_of(InboxContract, lambda _: Hanging(permanent=permanent), durable=False, **hooks)
    with pytest.raises(AssertionError):
        run(contract, "a_call_returns_or_raises_in_time", None)


def test_a_messenger_that_says_the_address_is_caught() -> None:
    """Otherwise a private telephone number would end up in a log."""
    gateway = Gateway(Channel.EMAIL)
    gateway.says = "the gateway does not take {}"
    contract = contract_of(MessengerContract, lambda _: gateway, refused=Address("namn"))
    with pytest.raises(AssertionError):
        run(contract, "a_failure_leaves_the_adapter_usable_and_says_nobody", None, nobody=Address("namn"))


class Remembered(MemoryDirectory):
    """Remembers what it has given once."""

    def __init__(self, entries: dict[str, StaffEntry]) -> None:
        super().__init__()
        self.source = entries

    def find(self, hsa_id: HsaId) -> StaffEntry | None:
        """Ask once."""
        return self._entries.setdefault(hsa_id, self.source.get(hsa_id, StaffEntry()))


def test_a_directory_that_is_wrong_is_caught() -> None:
    """Otherwise a corrected address would not count, or a stranger have an entry."""
    place = {str(hsa_id): entry for hsa_id, entry in DirectoryContract.known.items()}
    contract = contract_of(DirectoryContract, Remembered, change=lambda _, place, id_, new: place.update({id_: new}))
    for test in ("it_is_asked_anew_each_time", "it_gives_nothing_for_one_that_it_does_not_know"):
        with pytest.raises(AssertionError):
            run(contract, test, place)


# --- identity


class Repairing:
    """Reads whatever has twelve digits in it, wherever they are."""

    def parse(self, text: str, *, today: date) -> PersonId:
        """Pick the digits out."""
        digits = "".join(filter(str.isdigit, text))
        if not digits:
            raise InvalidIdentity(f"{text} is no number")
        return SwedishIdentity().parse(digits, today=today)


class ByTheClock:
    """Takes the century from the day on which it runs."""

    def parse(self, text: str, *, today: date) -> PersonId:
        """Read it today."""
        return SwedishIdentity().parse(text, today=date(2026, 1, 15))


class AsTyped:
    """Takes a number as it was typed for the number itself."""

    def parse(self, text: str, *, today: date) -> PersonId:
        """Take it."""
        try:
            return PersonId("personnummer", f"{text:0>12}")
        except ValueError:
            raise InvalidIdentity(f"{text[:8]} is no number") from None


IDENTITY_BUGS: Sequence[tuple[Callable[[], Identity], str]] = [
    (Repairing, "a_number_with_a_wrong_character_is_not_repaired"),
    (Repairing, "numbers_run_together_are_refused"),
    (ByTheClock, "the_given_day_decides_and_no_clock"),
    (ByTheClock, "nobody_is_read_before_the_birth"),
    (AsTyped, "every_accepted_spelling_gives_the_one_person"),
    (AsTyped, "numbers_run_together_are_refused"),
]


@pytest.mark.parametrize(("wrong", "test"), IDENTITY_BUGS, ids=lambda value: getattr(value, "__name__", value))
def test_an_identity_that_is_wrong_is_caught(wrong: Callable[[], Identity], test: str) -> None:
    """Otherwise two patients would be taken for one, or one for two."""
    with pytest.raises((AssertionError, InvalidIdentity)):
        run(contract_of(IdentityContract, lambda _: wrong()), test, None)


# --- observer


class Figures:
    """Counts what happens, under a lock: an observer that is right."""

    def __init__(self, _: object = None) -> None:
        self.counts: dict[str, int] = {}
        self._lock = Lock()

    def notice(self, enrolment: Enrolment, events: tuple[Event, ...]) -> None:
        """Count."""
        with self._lock:
            for event in events:
                kind = type(event).__name__
                self.counts[kind] = self.counts.get(kind, 0) + 1


class TestFigures(ObserverContract):
    """An observer that is right, by the contract."""

    def open(self, place: Path) -> Observer:
        """Make one."""
        return Figures()


class OneAtATime(Figures):
    """Knows the enrolments that it saw begin, takes one event a step, and lets nobody in while it works."""

    def __init__(self, _: object = None) -> None:
        super().__init__()
        self._known: set[str] = set()
        self._working = False

    def notice(self, enrolment: Enrolment, events: tuple[Event, ...]) -> None:
        """Count one event of an enrolment that is known."""
        assert not self._working
        self._working = True
        sleep(0.001)
        self._working = False
        [event] = events
        assert isinstance(event, Started) or enrolment.id in self._known
        assert not isinstance(event, Ended)
        self._known.add(enrolment.id)


class Slow(Figures):
    """Asks a server that is far away."""

    def notice(self, enrolment: Enrolment, events: tuple[Event, ...]) -> None:
        """Wait for it."""
        sleep(0.06)


class Logging(Figures):
    """Writes down whom it was."""

    to: ClassVar[Callable[[str], object]] = logging.getLogger("observer").debug

    def notice(self, enrolment: Enrolment, events: tuple[Event, ...]) -> None:
        """Write the number."""
        type(self).to(f"step of {enrolment.person.value}")


class Printing(Logging):
    """Prints whom it was."""

    to = print


OBSERVER_BUGS: Sequence[tuple[type[Figures], str]] = [
    (OneAtATime, "it_takes_every_kind_of_event"),
    (OneAtATime, "it_takes_several_events_at_once"),
    (OneAtATime, "it_takes_a_step_whose_forerunners_it_was_never_told"),
    (OneAtATime, "many_threads_tell_it_at_once"),
    (Slow, "it_does_not_keep_the_step_waiting"),
    (Logging, "it_says_nothing_of_the_person"),
    (Printing, "it_says_nothing_of_the_person"),
]


@pytest.mark.parametrize(("wrong", "test"), OBSERVER_BUGS, ids=lambda value: getattr(value, "__name__", value))
def test_an_observer_that_is_wrong_is_caught(
    wrong: type[Figures], test: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Otherwise an observer would pass that fails, or holds up every step, or tells on the first day of real use."""
    with pytest.raises((AssertionError, ValueError)):
        run(contract_of(ObserverContract, wrong), test, None, caplog=caplog, capfd=capfd)
