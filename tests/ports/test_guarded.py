"""Adapters of other makes that go wrong: what they raise or give reaches a host typed, and nothing of it is shown."""

import logging
import traceback
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from attrs import evolve

from digital_painschool.adapters.memory import MemoryInbox, MemoryMessenger, MemoryStorage
from digital_painschool.adapters.swedish_identity import SwedishIdentity
from digital_painschool.application.patient import PatientDesk
from digital_painschool.bootstrap.composition import open_school
from digital_painschool.bootstrap.school import PainSchool
from digital_painschool.bootstrap.settings import AdapterConfig, Settings
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Channel, Notify
from digital_painschool.domain.people import PersonId
from digital_painschool.domain.policy import Policy
from digital_painschool.errors import (
    AdapterError,
    ConfigurationError,
    DeliveryError,
    InvalidIdentity,
    InvalidValue,
    OutcomeUnknown,
    PainSchoolError,
    StorageError,
)
from digital_painschool.ports import Storage
from digital_painschool.ports.directory import StaffEntry
from digital_painschool.ports.guarded import _checks, guarded
from digital_painschool.ports.hooks import AdapterFactory, hookimpl
from digital_painschool.ports.messaging import Address
from digital_painschool.testing.environment import with_adapters
from digital_painschool.testing.faults import Fails, Fault, When, faulty
from digital_painschool.testing.people import ANNA, BO, NURSE, PERSON
from digital_painschool.testing.scenario import Scenario

SECRET = f"{ANNA} said hello"


class Loud(PersonId):
    """A number that shows itself, or would."""

    def __repr__(self) -> str:
        raise RuntimeError(SECRET)


def raw() -> Exception:
    """Return what an adapter of another make raises: with text, and raised from something with text."""
    error = ConnectionError(SECRET)
    error.__cause__ = error.__context__ = KeyError(SECRET)
    error.add_note(SECRET)
    return error


def typed() -> Exception:
    """Return an error of ours as an adapter raises it in its `except` block."""
    error = DeliveryError("busy")
    error.__cause__ = error.__context__ = KeyError(SECRET)
    return error


def shown(error: BaseException) -> str:
    """Return all that an error collector reads of an error."""
    return f"{error!s} {error!r} {error.args} {error.__dict__} {''.join(traceback.format_exception(error))}"


def ended(school: Scenario) -> None:
    """End an enrolment of which the patient was notified, long ago."""
    school.desk.start_conversation(EnrolmentId("e-0001"), "Hej", notify=Notify.COLLECTED)
    school.at("2026-03-03 09:00")
    school.deliver()
    school.desk.end(EnrolmentId("e-0001"), reason="klar")
    school.at("2037-03-02 09:00")


def purge(school: Scenario) -> object:
    """Purge what `ended` has ended."""
    ended(school)
    plan = school.office.approve(school.office.plan_purge(), decision="RS 1")
    return school.office.purge(plan)


Call = Callable[[Scenario], object]
# the port, its method, a call of a desk that needs it, and the error that a host can expect
CALLS: list[tuple[str, str, Call, type[PainSchoolError]]] = [
    ("identity", "parse", lambda s: s.school.patient(ANNA), AdapterError),
    ("identity", "parse", lambda s: s.desk.identify(ANNA), AdapterError),
    ("identity", "parse", lambda s: s.desk.find(ANNA), AdapterError),
    ("identity", "parse", lambda s: s.office.access_log(person=ANNA), AdapterError),
    ("directory", "find", lambda s: s.desk.profile(), DeliveryError),
    ("directory", "find", lambda s: s.desk.receive_notifications(email=True), DeliveryError),
    ("inbox", "forget", purge, DeliveryError),
    ("messengers", "forget", purge, DeliveryError),
    ("storage", "load_many", lambda s: s.desk.enrolment(EnrolmentId("e-0001")), StorageError),
    ("storage", "find_by_person", lambda s: s.room.enrolments(), StorageError),
    ("storage", "log", lambda s: s.desk.enrolment(EnrolmentId("e-0001")), OutcomeUnknown),
    ("storage", "list_caseload", lambda s: s.desk.caseload(), StorageError),
    ("storage", "load_timelines", lambda s: s.desk.timeline(EnrolmentId("e-0001")), StorageError),
    ("storage", "save", lambda s: s.room.write(EnrolmentId("e-0001"), "Hej"), OutcomeUnknown),
    ("storage", "claim", lambda s: s.deliver(), OutcomeUnknown),
    ("storage", "access_ended", lambda s: s.deliver(), StorageError),
    ("storage", "close", lambda s: s.school.close(), StorageError),
]


def spoilt(school: Scenario, port: str, fault: Fault) -> None:
    """Let a port of a school go wrong from now on."""
    ports = school.ports
    if port == "messengers":
        spoilt_ones: Any = tuple(faulty(messenger, fault) for messenger in ports.messengers)
    else:
        spoilt_ones = faulty(getattr(ports, port), fault)
    school.school = school.another(evolve(ports, **{port: spoilt_ones}))
    school.desk, school.office = school.school.therapist(NURSE), school.school.administrator(school.office._actor)
    school.room = PatientDesk(school.school._executor, PERSON)


@pytest.mark.parametrize("error", [raw, typed, InvalidIdentity], ids=["raw", "of ours", "of another port"])
@pytest.mark.parametrize(
    ("port", "method", "call", "expected"), CALLS, ids=[f"{p}.{m}-{n}" for n, (p, m, *_) in enumerate(CALLS)]
)
def test_what_an_adapter_raises_comes_out_typed_and_without_its_text(
    port: str,
    method: str,
    call: Call,
    expected: type[PainSchoolError],
    error: Callable[..., Exception],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Otherwise a number in a driver's text would stand in a host's log, or be shown on a screen."""
    school = Scenario(policy=Policy(export_before_purge=False))
    school.start()
    given = error() if error is not InvalidIdentity else InvalidIdentity("no number")
    spoilt(school, port, Fault(method, times=None, does=Fails(given), when=When.BEFORE))
    with caplog.at_level(logging.DEBUG), pytest.raises(PainSchoolError) as raised:
        call(school)
    assert type(raised.value) is (expected if error is raw else type(given))
    assert None is raised.value.__cause__ is raised.value.__context__
    assert SECRET not in shown(raised.value) + caplog.text
    assert ("ConnectionError" in caplog.text) is (error is raw)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_an_exit_passes_as_it_is(error: type[BaseException]) -> None:
    """Otherwise nobody could stop a process that waits for an adapter."""
    school = Scenario()
    spoilt(school, "storage", Fault("load_many", does=Fails(error)))
    with pytest.raises(error):
        school.desk.enrolment(EnrolmentId("e-0001"))


class Answers:
    """Whatever it is asked, it gives the same; everything else is the adapter's own."""

    def __init__(self, adapter: object, method: str, answer: object) -> None:
        self._adapter = adapter
        self._answer = answer
        setattr(self, method, lambda *_, **__: answer)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._adapter, name)


PERSONS: list[Any] = [None, ANNA, 5, Loud("personnummer", ANNA), InvalidIdentity("no number")]


def _unchecked(email: object) -> StaffEntry:
    """Return an entry that was changed after its checks, as by a class of an adapter's own."""
    entry = StaffEntry()
    object.__setattr__(entry, "email", email)
    return entry


ENTRIES: list[Any] = ["a@b.se", {}, _unchecked("a@b.se"), _unchecked(Address("a@b.se, c@d.se"))]
STATES: list[Any] = ["e-0001", {}, PersonId("personnummer", ANNA), Loud("personnummer", ANNA)]
WRONG: list[tuple[str, str, Any, Call, type[PainSchoolError]]] = [
    *(("identity", "parse", person, CALLS[0][2], AdapterError) for person in PERSONS),
    *(("directory", "find", entry, CALLS[4][2], DeliveryError) for entry in ENTRIES),
    *(("storage", "load_many", {"e-0001": state}, CALLS[8][2], StorageError) for state in STATES),
    ("storage", "load_many", (), CALLS[8][2], StorageError),
    ("storage", "list_caseload", None, lambda s: s.desk.caseload(), StorageError),
    ("storage", "list_caseload", (None,), lambda s: s.desk.caseload(), StorageError),
    ("storage", "load_timelines", iter(()), lambda s: s.desk.timeline(EnrolmentId("e-0001")), StorageError),
    ("storage", "find_by_person", (ANNA,), lambda s: s.desk.find(ANNA), StorageError),
    ("storage", "save_record", None, lambda s: s.desk.start(BO, program="smartskola"), OutcomeUnknown),
    ("inbox", "forget", None, purge, DeliveryError),
]


@pytest.mark.parametrize(("port", "method", "answer", "call", "expected"), WRONG)
def test_an_answer_of_a_wrong_type_is_a_typed_error(
    port: str, method: str, answer: object, call: Call, expected: type[PainSchoolError]
) -> None:
    """Otherwise an adapter's slip would end somewhere deep inside, as an `AttributeError` that shows what it had."""
    school = Scenario(policy=Policy(export_before_purge=False))
    school.start()
    ports = school.ports
    school.school = school.another(evolve(ports, **{port: Answers(getattr(ports, port), method, answer)}))  # type: ignore[arg-type]
    school.desk, school.office = school.school.therapist(NURSE), school.school.administrator(school.office._actor)
    with pytest.raises(PainSchoolError, match="wrong type") as raised:
        call(school)
    assert expected is type(raised.value)
    assert ANNA not in shown(raised.value)


@pytest.mark.parametrize("deed", [raw(), None, "e-0001\n", "é", "", 7], ids=repr)
def test_a_maker_of_ids_that_goes_wrong_starts_nobody(deed: object) -> None:
    """Otherwise an enrolment would be kept under an id that no call finds again."""

    def new_id(_: datetime) -> Any:
        if isinstance(deed, Exception):
            raise deed
        return deed

    school = Scenario()
    made = PainSchool(school.ports, catalogue=school.catalogue, clock=lambda: school.now, new_id=new_id)
    with school.unchanged(), pytest.raises(AdapterError) as raised:
        made.therapist(NURSE).start(ANNA, program="smartskola")
    assert SECRET not in shown(raised.value)
    assert () == school.storage.find_by_person(PersonId("personnummer", ANNA))


def test_a_clock_that_goes_wrong_is_a_typed_error() -> None:
    """Otherwise a time service that is gone would end in its own error at every call."""
    school = Scenario()
    id_ = school.start()

    def clock() -> datetime:
        raise raw()

    desk = PainSchool(school.ports, catalogue=school.catalogue, clock=clock).therapist(NURSE)
    with school.unchanged(), pytest.raises(AdapterError, match="the clock raised ConnectionError") as raised:
        desk.review(id_)
    assert SECRET not in shown(raised.value)


def test_an_adapter_that_is_none_is_refused_when_the_school_is_made() -> None:
    """Otherwise a class that was forgotten to be called would show at the first patient."""
    school = Scenario()
    for port, adapter in (("storage", MemoryInbox()), ("inbox", None), ("identity", SwedishIdentity)):
        with pytest.raises(ConfigurationError):
            school.another(evolve(school.ports, **{port: adapter})).patient(ANNA)  # type: ignore[arg-type]
    silent: Any = Answers(MemoryMessenger(Channel.SMS), "send", None)
    silent.channel = "sms"
    with pytest.raises(ConfigurationError, match="channel"):
        school.another(evolve(school.ports, messengers=(silent,)))


def test_guarding_twice_is_the_same_as_once_and_the_adapter_s_own_is_there() -> None:
    """Otherwise each school on the same ports would add a layer, or an adapter's own methods would be hidden."""
    once = guarded(Scenario(with_adapters(messengers=(MemoryMessenger(Channel.SMS),))).ports)
    assert once == guarded(once)
    assert Channel.SMS is once.messengers[0].channel
    assert "guarded MemoryStorage" == repr(once.storage)


def test_every_answer_of_a_storage_is_looked_at() -> None:
    """Otherwise a new method would come without a look at what it gives."""
    nothing = {
        "save",
        "save_draft",
        "complete",
        "record_worker",
        "log",
        "forgotten",
        "purge",
        "close",
    }
    assert nothing == {name for name, check in _checks(Storage).items() if check is None}


def test_a_plugin_that_cannot_make_its_adapter_is_named_without_its_text() -> None:
    """Otherwise a password in an adapter's error would stand in the log of the start."""

    class Broken:
        @staticmethod
        @hookimpl
        def painschool_storages() -> list[AdapterFactory[Storage]]:
            return [AdapterFactory("broken", lambda options: MemoryStorage(**options))]

    with pytest.raises(ConfigurationError, match="making the storage 'broken' raised TypeError") as raised:
        open_school(Settings(storage=AdapterConfig("broken", {"secret": SECRET})), plugins=[Broken()])
    assert SECRET not in shown(raised.value)
    assert None is raised.value.__cause__ is raised.value.__context__


def test_what_was_made_is_closed_when_another_adapter_is_none() -> None:
    """Otherwise each attempt to open a school would leave connections behind."""
    closed: list[str] = []

    class Storing(MemoryStorage):
        def close(self) -> None:
            closed.append("storage")
            raise raw()

    class Half:
        @staticmethod
        @hookimpl
        def painschool_storages() -> list[AdapterFactory[Storage]]:
            return [AdapterFactory("half", lambda _: Storing())]

        @staticmethod
        @hookimpl
        def painschool_inboxes() -> list[AdapterFactory[Any]]:
            return [AdapterFactory("none", lambda _: None)]

    settings = Settings(storage=AdapterConfig("half"), inbox=AdapterConfig("none"))
    with pytest.raises(PainSchoolError) as raised:
        open_school(settings, plugins=[Half()])
    assert ["storage"] == closed
    assert SECRET not in shown(raised.value)


@pytest.mark.rule("D-23a")
def test_an_address_that_is_none_is_a_failure_of_the_directory() -> None:
    """Otherwise a therapist would be told that what they typed is wrong, of a slip in the directory."""
    school = Scenario()
    spoilt(school, "directory", Fault("find", times=None, does=Fails(InvalidValue("email is no address"))))
    with pytest.raises(DeliveryError, match=r"directory \w+.find raised InvalidValue"):
        school.desk.profile()
