"""A school whose inbox and storage have faults, and what the tests of the delivery ask it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from digital_painschool.adapters.memory import MemoryInbox, MemoryMessenger, MemoryStorage
from digital_painschool.delivery.report import DeliveryReport
from digital_painschool.domain.digest import DeliveryResult
from digital_painschool.domain.enrolment import Enrolment, UnreadableEnrolment
from digital_painschool.domain.events import Event
from digital_painschool.domain.ids import DigestId, EnrolmentId
from digital_painschool.domain.notification import Channel, Notify, Status, Template
from digital_painschool.domain.people import HsaId
from digital_painschool.domain.policy import FlagKind, Policy
from digital_painschool.errors import Conflict, DeliveryError, StorageError
from digital_painschool.labels.lookup import Language
from digital_painschool.ports.inbox import Delivered, Notice
from digital_painschool.ports.messaging import Address
from digital_painschool.ports.storage import NOTHING, AccessEntry, Change, load_notifications
from digital_painschool.testing.environment import local, with_adapters
from digital_painschool.testing.people import ANNA
from digital_painschool.testing.scenario import Scenario

NINE = local("2026-03-02 09:00")
DAY = timedelta(days=1)
ONE = DeliveryReport(sent=1, delivered=1)
NONE = DeliveryReport()


class FaultyInbox(MemoryInbox):
    """An inbox that raises what it is told to, before or after it takes a notice, or lets something happen first."""

    def __init__(self) -> None:
        super().__init__()
        self.error: BaseException | None = None
        self.only: str | None = None
        self.loses_answers = False
        self.meanwhile: list[Callable[[], object]] = []
        self.asked: list[str] = []

    def deliver(self, notice: Notice) -> Delivered:
        self.asked.append(notice.key)
        if self.meanwhile:
            self.meanwhile.pop(0)()
        if self.error is None or self.only not in {None, notice.person.value}:
            return super().deliver(notice)
        if self.loses_answers:
            super().deliver(notice)
        raise self.error


class FaultyMessenger(MemoryMessenger):
    """A mail server that raises what it is told to."""

    def __init__(self, error: DeliveryError | None) -> None:
        super().__init__(Channel.EMAIL)
        self.error = error

    def send(
        self,
        recipient: Address,
        template: Template,
        link: str,
        *,
        key: str,
        unit: HsaId,
        language: Language = Language.SWEDISH,
    ) -> Delivered:
        if self.error is not None:
            raise self.error
        return super().send(recipient, template, link, key=key, unit=unit, language=language)


class FaultyStorage(MemoryStorage):
    """A storage that fails when the worker stores what it did, as if it had died there, or that others keep busy."""

    dead = False
    busy: frozenset[str] = frozenset()
    damaged: str | None = None

    def load_many(  # type: ignore[override]  # in memory, nothing is damaged
        self, enrolment_ids: Iterable[EnrolmentId]
    ) -> Mapping[EnrolmentId, Enrolment | UnreadableEnrolment]:
        found = super().load_many(enrolment_ids)
        return {id_: UnreadableEnrolment(enrolment_id=id_) if id_ == self.damaged else e for id_, e in found.items()}

    def complete(
        self, results: Sequence[DeliveryResult], access: Mapping[DigestId, Sequence[AccessEntry]] = NOTHING
    ) -> None:
        if self.dead:
            raise StorageError("the process died here")
        super().complete(results, access)

    def save(self, change: Change) -> None:
        if change.enrolment.id in self.busy:
            raise Conflict("busy")
        super().save(change)


class Faulty(Scenario):
    """A school whose inbox and storage have faults."""

    def __init__(self, **policy: Any) -> None:
        self.inbox, self.faulty_storage = FaultyInbox(), FaultyStorage()
        ports_factory = with_adapters(inbox=self.inbox, storage=self.faulty_storage)
        super().__init__(ports_factory, policy=Policy(**policy))

    def dies_after_sending(self) -> None:
        """A worker sends what is due, and dies before it has stored that."""
        self.faulty_storage.dead = True
        with pytest.raises(StorageError):
            self.deliver()
        self.faulty_storage.dead = False

    def fails(self, error: BaseException | None = None, *, only: str | None = None) -> None:
        """Let the inbox fail from now on."""
        self.inbox.error, self.inbox.only = error or DeliveryError("busy"), only


def asking(
    school: Scenario, number: str = ANNA, notify: Notify = Notify.COLLECTED, key: str = "smartskola"
) -> EnrolmentId:
    """Start an enrolment whose patient is to be told of a message; return its id."""
    id_ = school.start(number, key)
    school.desk.start_conversation(id_, "Hej", notify=notify)
    return id_


def write(school: Scenario, id_: EnrolmentId, at: datetime | None = None) -> None:
    """Write one more message of which the patient is to be told, stamped by another machine's clock."""
    here, school.now = school.now, at or school.now
    school.desk.write(id_, 1, "Hej igen", notify=Notify.COLLECTED)
    school.now = here


def done(school: Scenario, number: str = ANNA) -> EnrolmentId:
    """Let a patient complete the program; return the enrolment's id."""
    id_ = school.start(number)
    school.complete(id_, 1, 2, 3)
    return id_


def statuses(school: Scenario, *enrolment_ids: EnrolmentId) -> list[Status]:
    """Return what has become of each notification of some enrolments."""
    return [record.status for id_ in enrolment_ids for record in load_notifications(school.storage, id_)]


def notes(school: Scenario, kind: type[Event], *enrolment_ids: EnrolmentId) -> list[int]:
    """Return how many entries of a kind each timeline has."""
    return [sum(isinstance(event, kind) for event in school.events(id_)) for id_ in enrolment_ids]


def flags(school: Scenario, enrolment_id: EnrolmentId) -> set[FlagKind]:
    """Return which flags the therapist sees."""
    return {flag.kind for flag in school.desk.to_handle(enrolment_id)}
