"""The edges of the desks: which counts, which instant, which policy, which log lines, and what came in between."""

import csv
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve

from digital_painschool.application.program_catalogue import UnitTerms
from digital_painschool.domain.notification import Channel, Notify
from digital_painschool.domain.people import Author
from digital_painschool.domain.policy import FlagKind, Policy
from digital_painschool.errors import NotPermitted, Reason
from digital_painschool.testing.environment import Environment
from digital_painschool.testing.example import DAILY, PAIN
from digital_painschool.testing.people import ANNA, ARCHIVIST, BO, CILLA, NURSE, PERSON, UNIT
from digital_painschool.testing.scenario import Scenario
from tests.scenario import refused

FIRST = 1
"""The number of an enrolment's first conversation."""


def talked(school: Scenario) -> str:
    """Return an enrolment with a conversation: three messages from the therapist, one from the patient."""
    id_ = school.start()
    school.desk.start_conversation(id_, "ett")
    for text in ("två", "tre"):
        school.desk.write(id_, FIRST, text)
    school.room.write(id_, "svar", conversation=FIRST)
    return id_


def meanwhile(
    school: Scenario, act: Callable[[], object], monkeypatch: pytest.MonkeyPatch, before: str = "documents"
) -> None:
    """Let something happen while a desk reads a view: before it asks the storage for the documents, or the timeline."""
    read, waiting = school.storage.load_timelines, [act]

    def reading(ids: Any, kinds: Any = None, documents: Any = None) -> Any:
        asked = "documents" if kinds == () else "timeline"
        while waiting and asked == before:
            waiting.pop()()
        return read(ids, kinds, documents)

    monkeypatch.setattr(school.storage, "load_timelines", reading)


@pytest.mark.rule("M-10")
@pytest.mark.rule("D-15a")
def test_each_side_sees_what_the_other_side_wrote() -> None:
    """Otherwise a patient would be shown the therapist's unread messages, or none of the own ones."""
    school = Scenario()
    id_ = talked(school)
    assert [3] == [conversation.unread for conversation in school.room.conversations(id_)]
    assert [1] == [conversation.unread for conversation in school.desk.conversations(id_)]
    assert 3 == school.room.overview(id_).unread_messages
    seen = school.desk.read_conversation(id_, FIRST)
    assert (1, [False] * 4) == (seen.unread, [message.read for message in seen.messages])
    view = school.room.read_conversation(id_, FIRST)
    read = {author: {message.read for message in view.messages if message.author is author} for author in Author}
    assert (3, {Author.PATIENT: {True}, Author.THERAPIST: {False}}) == (view.unread, read)
    assert 0 == school.room.overview(id_).unread_messages


@pytest.mark.rule("D-15a")
@pytest.mark.parametrize("before", ["documents", "timeline"])
@pytest.mark.parametrize("side", ["patient", "therapist"])
def test_a_message_that_comes_while_a_conversation_is_read_stays_unread(
    side: str, before: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a message that nobody has seen would count as read."""
    school = Scenario()
    id_ = talked(school)
    if side == "patient":
        meanwhile(school, lambda: school.desk.write(id_, FIRST, "fyra"), monkeypatch, before)
        assert 4 == len(school.room.read_conversation(id_, FIRST).messages)
        assert [1] == [conversation.unread for conversation in school.room.conversations(id_)]
    else:
        meanwhile(school, lambda: school.room.write(id_, "mer", conversation=FIRST), monkeypatch, before)
        assert 4 == len(school.desk.read_conversation(id_, FIRST).messages)
        assert [1] == [conversation.unread for conversation in school.desk.conversations(id_)]


@pytest.mark.rule("M-16")
@pytest.mark.rule("D-15a")
@pytest.mark.parametrize("before", ["documents", "timeline"])
def test_a_form_that_is_saved_while_the_answers_are_read_stays_unread(
    before: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise an alarm that nobody has seen would be settled."""
    school = Scenario()
    id_ = school.start()
    school.room.save_form(id_, PAIN, {"smarta": 3})
    meanwhile(school, lambda: school.room.save_form(id_, PAIN, {"smarta": 9}), monkeypatch, before)
    assert [{"smarta": 3}] == [dict(submission.answers) for submission in school.desk.open_form(id_, PAIN)]
    (flag,) = school.desk.to_handle(id_)
    assert (1, 2, True) == (flag.unread, flag.total, flag.priority)


def _lines(school: Scenario, act: Callable[[], object]) -> list[tuple[str, str | None, bool]]:
    """Return what the access log gets for a call: action, enrolment, granted."""
    before = len(school.storage.access_entries(UNIT))
    act()
    return [(e.action, e.enrolment_id, e.granted) for _, e in school.storage.access_entries(UNIT)[before:]]


LOGGED: dict[str, tuple[Callable[[Scenario], object], list[tuple[str, str | None, bool]]]] = {
    "the patient's list": (lambda s: s.room.enrolments(), [("see-enrolment", "e-0001", True)]),
    "the patient's conversations": (lambda s: s.room.conversations("e-0001"), [("read-conversation", "e-0001", True)]),
    "a page of the therapist's list": (lambda s: s.desk.caseload(limit=1), [("list-own-patients", "e-0001", True)]),
    "the therapist's list": (
        lambda s: s.desk.caseload(),
        [("list-own-patients", "e-0001", True), ("list-own-patients", "e-0002", True)],
    ),
    "the unit's list": (
        lambda s: s.coordinator.unit_caseload(),
        [("list-unit", "e-0001", True), ("list-unit", "e-0002", True)],
    ),
    "a person who is found": (lambda s: s.desk.find(ANNA), [("see-enrolment", "e-0001", True)]),
    "a person who is not": (lambda s: s.desk.find("195704289999"), [("see-enrolment", None, False)]),
    "the answers to a form": (lambda s: s.desk.answers("e-0001", PAIN), [("read-answers", "e-0001", True)]),
}


@pytest.mark.rule("M-06")
@pytest.mark.rule("D-21c")
@pytest.mark.parametrize("what", LOGGED)
def test_whoever_is_shown_is_in_the_log_once_and_nobody_else(what: str) -> None:
    """Otherwise a look would leave no trace, or a trace in the record of somebody who was not looked at."""
    school = Scenario()
    school.start(ANNA)
    school.start(BO)
    call, expected = LOGGED[what]
    assert expected == _lines(school, lambda: call(school))


@pytest.mark.rule("M-09")
def test_a_later_page_is_judged_at_the_instant_of_the_first() -> None:
    """Otherwise a patient would be on no page, or on two, while somebody leafs through the list."""
    school = Scenario()
    for number in (ANNA, BO, CILLA):
        school.start(number)
    school.advance(days=21)
    pages = [school.desk.caseload(limit=1)]
    while (cursor := pages[-1].next) is not None:
        school.advance(seconds=1)
        pages.append(school.desk.caseload(cursor, limit=1))
    assert [False] * 3 == [case.review_due for page in pages for case in page.rows]
    assert [True] * 3 == [case.review_due for case in school.desk.caseload().rows]


@pytest.mark.rule("M-16")
def test_the_timeline_of_a_form_has_that_form_alone() -> None:
    """Otherwise the answers to one form would be counted as those to another."""
    school = Scenario()
    id_ = school.start()
    school.room.save_form(id_, PAIN, {"smarta": 3})
    school.room.save_form(id_, DAILY, {"hemma": "bra"})
    assert [[2], [3]] == [[entry.seq for entry in school.desk.timeline(id_, form=form)] for form in (PAIN, DAILY)]


@pytest.mark.rule("M-18")
def test_nothing_is_recommended_in_maintenance() -> None:
    """Otherwise a patient would be sent to a module that may only be read, or not at all."""
    school = Scenario()
    id_ = school.start()
    assert 1 == school.room.overview(id_).next_module
    school.desk.maintain(id_, days=30, modules=(1, 2))
    assert None is school.room.overview(id_).next_module


@pytest.mark.rule("M-22")
@pytest.mark.rule("D-21c")
def test_a_profile_is_for_those_who_are_notified() -> None:
    """Otherwise somebody who has no patients could ask to be notified of them, and leave no trace."""
    school = Scenario()
    with pytest.raises(NotPermitted):
        school.school.therapist(ARCHIVIST).profile()
    (entry,) = (entry for _, entry in school.storage.access_entries(UNIT))
    assert ("keep-profile", ARCHIVIST.hsa_id, False) == (entry.action, entry.by, entry.granted)


def test_the_own_list_has_the_own_patients_and_the_unit_s_all() -> None:
    """Otherwise a therapist would answer for others' patients, or a flag be lost while a colleague is away (D-09a)."""
    school = Scenario()
    school.start(ANNA)
    school.coordinator.start(BO, program="smartskola", therapist=str(NURSE.hsa_id))
    school.coordinator.hand_over("e-0002", "SE2321000131-P000000000002")
    assert ["e-0001"] == [case.enrolment_id for case in school.desk.caseload().rows]
    assert ["e-0002"] == [case.enrolment_id for case in school.colleague.caseload().rows]
    assert ["e-0001", "e-0002"] == [case.enrolment_id for case in school.coordinator.unit_caseload().rows]


OWN = Policy(
    zone=ZoneInfo("Pacific/Auckland"),
    collected_at=time(10),
    review_after_days=7,
    heading="Vårt samtal",
    message_limit=5,
    staff_flags=frozenset({FlagKind.FORM_SAVED}),
    patient_link="https://unit.example/patient",
    staff_link="https://unit.example/staff",
)


@pytest.fixture
def own() -> Scenario:
    """A school in which the unit has a policy of its own."""
    school = Scenario()
    school.restart(evolve(school.catalogue, units={UNIT: UnitTerms(policy=OWN)}))
    return school


def test_a_unit_s_own_policy_holds_at_its_desks(own: Scenario) -> None:
    """Otherwise what the unit has decided would not hold where its staff and patients meet it."""
    id_ = own.start()
    own.desk.start_conversation(id_, "Hej")
    own.room.write(id_, "Hej")
    assert ["Vårt samtal"] * 2 == [conversation.heading for conversation in own.desk.conversations(id_)]
    with refused("M-10", Reason.TEXT_TOO_LONG):
        own.room.write(id_, "för långt", conversation=FIRST)
    assert frozenset({FlagKind.FORM_SAVED}) == own.desk.profile().on_offer
    own.advance(days=7, seconds=1)
    assert [True] == [case.review_due for case in own.desk.caseload().rows]


@pytest.mark.rule("D-13c")
@pytest.mark.rule("M-22")
@pytest.mark.rule("M-23")
def test_each_notification_has_its_own_link_and_goes_to_its_own_address(own: Scenario) -> None:
    """Otherwise a patient would be sent to the staff's page, or an SMS go to an e-mail address."""
    id_ = own.start()
    own.desk.receive_notifications(email=True, sms=True)
    own.desk.start_conversation(id_, "Hej", notify=Notify.DIRECT)
    own.room.save_form(id_, PAIN, {"smarta": 3})
    own.deliver()
    assert [(PERSON, OWN.patient_link)] == [(notice.person, notice.link) for notice in own.environment.inbox.delivered]
    (email,), (sms,) = own.environment.email.sent, own.environment.sms.sent
    assert [("nurse@vgregion.example", OWN.staff_link), ("+46700000000", OWN.staff_link)] == [
        (message.address.value, message.link) for message in (email, sms)
    ]


@pytest.mark.rule("D-07a")
def test_ten_digits_are_read_on_the_unit_s_own_day(own: Scenario) -> None:
    """Otherwise a person who is born today would be read as a hundred years old, in the hours that lie between."""
    own.now = datetime(2085, 7, 8, 13, tzinfo=UTC)  # in Auckland it is the ninth already, in Stockholm not yet
    assert "20850709" == own.desk.identify("8507099805").value[:8]
    own.now -= timedelta(hours=2)
    assert "19850709" == own.desk.identify("8507099805").value[:8]


@pytest.mark.rule("D-23a")
def test_a_channel_without_a_messenger_cannot_be_ticked() -> None:
    """Otherwise a therapist would wait for an SMS that nothing sends."""

    def without_sms(environment: Environment) -> Any:
        return environment.ports(messengers=(environment.email,))

    school = Scenario(without_sms)
    assert frozenset({Channel.EMAIL}) == school.desk.profile().channels
    with refused("D-23a", Reason.NOT_ON_OFFER, channel="sms"):
        school.desk.receive_notifications(email=True, sms=True)
    assert not school.desk.profile().chosen.wants(Channel.EMAIL)


@pytest.mark.rule("M-21")
def test_the_figures_of_an_export_are_those_of_the_enrolment(tmp_path: Path) -> None:
    """Otherwise a figure would be wrong, and what it was made from is deleted."""
    school = Scenario()
    id_ = talked(school)
    school.room.open_module(id_, 2)
    school.room.complete_module(id_, 1)
    for pain in (9, 3):
        school.room.save_form(id_, PAIN, {"smarta": pain})
    school.desk.mark_read(id_, PAIN, up_to=1)
    school.advance(days=2)
    school.desk.end(id_, reason="klar")
    school.office.export(tmp_path / "out")
    with (tmp_path / "out" / "enrolments.csv").open(newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    state = school.state(id_)
    assert state.ended_at is not None
    assert {
        "started_at": state.started_at.isoformat(),
        "ended_at": state.ended_at.isoformat(),
        "completed_modules": "1",
        "forms_saved": "2",
        "messages_from_patient": "1",
        "messages_from_therapist": "3",
    } == {name: row[name] for name in row if name.startswith(("started", "ended", "completed", "forms", "messages"))}
    with (tmp_path / "out" / "answers.csv").open(newline="", encoding="utf-8") as file:
        answers = [
            (answer["number"], answer["answer"], answer["score"], answer["alert"]) for answer in csv.DictReader(file)
        ]
    assert [("1", "9", "", "1"), ("2", "3", "", "0")] == answers
