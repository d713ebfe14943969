"""Calls under a key of the host's, and steps from a view: a double click, a lost answer, an old page."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from digital_painschool.application.export import Format
from digital_painschool.application.once import once_of
from digital_painschool.application.results import SentMessage
from digital_painschool.domain.draft import draft_tag
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.people import Author
from digital_painschool.domain.policy import FlagKind
from digital_painschool.domain.retention import PlanState
from digital_painschool.errors import NotPermitted, OutcomeUnknown, Reason, RuleViolation
from digital_painschool.ports.storage import CallKey, find_call
from digital_painschool.rules.permissions import Action
from digital_painschool.testing.environment import PortsFactory, in_memory, stored_at
from digital_painschool.testing.example import DAILY, PAIN
from digital_painschool.testing.faults import Call, Fault, FaultPlan, When
from digital_painschool.testing.people import ANNA, ARCHIVIST, BO, CILLA, COLLEAGUE, NURSE, UNIT
from digital_painschool.testing.scenario import Scenario
from tests.application.desk_calls import PEOPLE, PLANNED, E, lived
from tests.application.test_access_log import entries
from tests.application.test_bad_input import METHODS, RECEIPT, good
from tests.scenario import beside, refused

OTHER: Mapping[str, Any] = {
    "out_of_order": True,
    "answers": {"smarta": 4},
    "conversation": 2,
    "days": 31,
    "decision": "RS 3",
    "email": False,
    "enrolment_id": EnrolmentId("e-0002"),
    "expected": 1,
    "flag": FlagKind.UNDELIVERED,
    "flags": {FlagKind.FORM_SAVED},
    "folder": "another",
    "form": DAILY,
    "formats": (Format.CSV,),
    "language": "sv",
    "heading": "Annan",
    "module": 1,
    "modules": (1, 2),
    "notify": Notify.DIRECT,
    "number": CILLA,
    "opened": True,
    "plan": PLANNED,
    "program": "smartskola",
    "reason": "avbruten",
    "replaces": draft_tag(None),
    "shortens": True,
    "receipt": evolve(RECEIPT, purged=(EnrolmentId("e-0009"),)),
    "sms": True,
    "summary": True,
    "text": "Annat",
    "therapist": NURSE.hsa_id,
    "up_to": 0,
}
"""Another argument than the good one, by the name of the parameter."""
OTHER_OF: Mapping[tuple[str, str], Any] = {
    ("desk.reactivate", "enrolment_id"): E,
    ("desk.withdraw", "enrolment_id"): E,
}
"""Where that is the good one, by the method and the parameter."""
ONCE = {
    method: {p.name: good(method, p.name) for p in parameters if p.default is p.empty}
    for method, parameters in METHODS.items()
    if "once" in {p.name for p in parameters}
}
"""The good arguments of every method that takes a key."""
CALLBACKS = {"progress", "left"}
"""The parameters that are no content."""

READING = frozenset(
    f"{who}.{name}"
    for who, names in {
        "coordinator": "unit_caseload unit_counts",
        "office": "download plan overdue receipts access_log pages.access_log pages.plans pages.exports",
        "desk": "programs limits staff caseload counts profile identify find find_withdrawable enrolment program "
        "module end_reasons next_module to_handle answers patient_page form_answers open_form conversations "
        "read_conversation timeline notifications pages.timeline pages.conversations pages.messages "
        "pages.notifications",
        "room": "enrolments overview form form_page form_answers conversations read_conversation limits draft "
        "open_module read_page pages.conversations pages.messages",
    }.items()
    for name in names.split()
)
"""What reads, and takes no key; a download, whose bytes are wanted each time; what marks by reading, once by itself."""


@pytest.fixture(autouse=True)
def _in_a_folder(without_waiting: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Write exports into a folder of the test's own."""
    monkeypatch.chdir(tmp_path)


def call(school: Scenario, method: str, **arguments: object) -> Any:
    """Call a method under the key, with good arguments but for some."""
    who, _, name = method.partition(".")
    return getattr(PEOPLE[who][1](school.school), name)(**{**ONCE[method], "once": "k", **arguments})


def test_every_changing_call_takes_a_key() -> None:
    """Otherwise a step that is added later could be taken twice by a double click."""
    assert READING == METHODS.keys() - ONCE.keys()


@pytest.mark.rule("D-24a")
@pytest.mark.parametrize("method", ONCE)
def test_the_same_key_returns_the_first_result_and_changes_nothing(method: str) -> None:
    """Otherwise a double click or a lost answer would write a message twice, end in a refusal, or leave no trace."""
    school = lived()
    before = len(entries(school))
    first = call(school, method)
    lines = entries(school)[before:]
    if method.startswith("office."):  # what is repeated is about no record
        lines = [evolve(lines[-1], enrolment_id=None, person=None)]
    with suppress(RuleViolation):  # in maintenance and after the end
        school.room.write(E, "Ett till", conversation=1)
        school.room.rename_conversation(E, 1, "Ännu en", once="another")
    for plan in school.office.pages.plans(state=PlanState.OPEN).rows:
        school.office.approve(plan.id, decision="RS 4")
    school.advance(days=3)
    school.restart()
    before = len(entries(school))
    with school.unchanged():
        assert first == call(school, method)
    assert [evolve(one, at=school.now) for one in lines] == entries(school)[before:]


@pytest.mark.rule("D-24a")
@pytest.mark.parametrize(
    ("method", "parameter"), [(m, p.name) for m in ONCE for p in METHODS[m] if p.name not in {"once", *CALLBACKS}]
)
def test_another_content_under_the_key_is_refused(method: str, parameter: str) -> None:
    """Otherwise a host that uses a key twice would take a message for written that nobody has."""
    school = lived()
    call(school, method)
    with school.unchanged(), refused("D-24a", Reason.KEY_OF_ANOTHER_CALL):
        call(school, method, **{parameter: OTHER_OF.get((method, parameter), OTHER[parameter])})


@pytest.mark.rule("D-24a")
def test_a_key_is_the_caller_s_and_the_action_s_own() -> None:
    """Otherwise two portals that both count from one would get each other's results."""
    school = lived()
    other = EnrolmentId("e-0004")
    school.room.write(E, "ett", conversation=1, once="1")
    school.desk.write(E, 1, "två", once="1")
    school.colleague.start_conversation(other, "tre", once="1")
    school.desk.rename_conversation(E, 1, "fyra", once="1")
    school.room.rename_conversation(E, 1, "fem", once="1")
    conversation = school.state(E).conversations[0]
    assert (2, 1) == (conversation.sent(Author.PATIENT), conversation.sent(Author.THERAPIST))
    assert 1 == len(school.state(other).conversations)


@pytest.mark.rule("D-18b", "D-24a")
def test_a_maintenance_under_a_key_of_an_earlier_version_is_the_same_call() -> None:
    """Otherwise a click of before an update, repeated after it, would be told that its key is another call's."""
    school = lived()
    before = once_of("k", "maintain", days=365, modules=(1,), expected=None)
    after = school.desk.maintain(E, days=365, modules=(1,), once="k")
    assert before is not None
    assert after == before.first_state(school.storage, Action.MAINTAIN, NURSE, unit=UNIT, enrolment_id=E)
    with school.unchanged(), refused("D-24a", Reason.KEY_OF_ANOTHER_CALL):
        school.desk.maintain(E, days=365, modules=(1,), shortens=True, once="k")


@pytest.mark.rule("D-24a")
def test_a_refused_step_leaves_its_key_free() -> None:
    """Otherwise the corrected form could not be sent under the key of the page."""
    school = lived()
    with school.unchanged(), refused("M-19", Reason.UNKNOWN_END_REASON):
        school.desk.end(E, reason="okand", once="k")
    assert school.desk.end(E, reason="klar", once="k").ended_at is not None


@pytest.mark.rule("D-24a")
def test_a_call_that_changed_nothing_changes_nothing_later_either() -> None:
    """Otherwise a repeated click would mark as read what came after the first one."""
    school = lived()
    school.desk.mark_read(E, PAIN)
    nothing = school.desk.mark_read(E, PAIN, once="k")
    school.room.save_form(E, PAIN, {"smarta": 9})
    with school.unchanged():
        assert nothing == school.desk.mark_read(E, PAIN, once="k")
    assert 1 == school.state(E).form(PAIN).unread


@pytest.mark.rule("D-24a")
@pytest.mark.parametrize("ports", [in_memory, stored_at("sqlite:///{folder}/once.db")], ids=["memory", "sqlite"])
def test_a_lost_answer_is_given_again(ports: PortsFactory) -> None:
    """Otherwise nobody could know whether a step was taken whose connection was lost at the commit."""
    with Scenario(ports) as school:
        lost = Fault("save", when=When.AFTER, does=OutcomeUnknown("the connection was lost"), times=None)
        losing = beside(school, FaultPlan(lost))
        with pytest.raises(OutcomeUnknown):
            losing.therapist(NURSE).start(ANNA, program="smartskola", once="k")
        first = school.desk.start(ANNA, program="smartskola", once="k")
        with pytest.raises(OutcomeUnknown):
            losing.patient(ANNA).save_form(first.id, PAIN, {"smarta": 9}, once="k")
        with school.unchanged():
            assert 1 == school.room.save_form(first.id, PAIN, {"smarta": 9}, once="k").number
        assert (1, 2) == (first.version, school.state(first.id).version)


@pytest.mark.rule("D-24a")
def test_who_may_no_longer_gets_no_result_again() -> None:
    """Otherwise a key would open a record to somebody who has handed the patient over."""
    school = lived()
    school.desk.write(E, 1, "Hej", once="k")
    school.coordinator.hand_over(E, COLLEAGUE.hsa_id, once="h")
    with school.unchanged(), pytest.raises(NotPermitted):
        school.desk.write(E, 1, "Hej", once="k")
    with school.unchanged():
        assert COLLEAGUE.hsa_id == school.coordinator.hand_over(E, COLLEAGUE.hsa_id, once="h").therapist


@pytest.mark.rule("D-24a")
def test_a_content_is_kept_as_a_digest_that_no_list_of_numbers_finds() -> None:
    """Otherwise twelve digits would be guessed from a plain hash in seconds, without the rows of the patients."""
    school = Scenario()
    kept = []
    for number in (ANNA, BO):
        school.desk.start(number, program="smartskola", once=number[:4])
        key = CallKey(unit=UNIT, caller=NURSE.hsa_id, action="start", key=number[:4])
        found = find_call(school.storage, key)
        assert found is not None
        kept.append(found.fingerprint)
    assert 2 == len({one.partition(":")[0] for one in kept})
    assert [32, 32] == [len(one.partition(":")[0]) for one in kept]
    assert not [one for one in kept for number in (ANNA, BO) if number in one]


def test_without_a_key_the_storage_is_asked_for_none() -> None:
    """Otherwise every step would pay for what few of them use."""
    school, asked = lived(), list[str]()

    def listen(call: Call) -> object:
        kind = call.args[0].kind.__name__ if call.method in {"load_record", "save_record"} else ""
        asked.append(call.method + kind)
        return call.go()

    listening = beside(school, listen)
    listening.patient(ANNA).save_form(E, PAIN, {"smarta": 3})
    listening.therapist(NURSE).end(E, reason="klar")
    listening.administrator(ARCHIVIST).plan_purge()
    assert (2, 0) == (asked.count("save"), asked.count("load_recordCompletedCall"))
    assert (1, 0) == (asked.count("save_recordPurgePlan"), asked.count("load_recordDeskCall"))
    listening.therapist(NURSE).start(BO, program="somnskola", once="k")
    assert 1 == asked.count("load_recordCompletedCall")


# --- steps from a view


@pytest.mark.rule("D-19b")
@pytest.mark.parametrize("method", ["desk.end", "desk.maintain", "coordinator.hand_over"])
def test_a_step_from_an_old_view_is_refused_and_says_what_came(method: str) -> None:
    """Otherwise an alarm of 10 that came while the page was open would vanish with "Avsluta"."""
    school = lived()
    view = school.state(E).version
    school.desk.review(E)
    school.desk.write(E, 1, "Hej")
    school.room.save_form(E, PAIN, {"smarta": 10})
    school.room.write(E, "Vänta!", conversation=1)
    with (
        school.unchanged(),
        refused("D-19b", Reason.VIEW_IS_OLD, flags=("form-saved", "message-received"), counts=(1, 1)),
    ):
        call(school, method, expected=view)
    present = school.state(E).version
    school.desk.review(E)
    assert present + 2 <= call(school, method, expected=present).version


@pytest.mark.rule("D-19b")
def test_a_mark_from_an_old_view_settles_what_the_view_showed() -> None:
    """Otherwise one click on *undelivered* would sweep away a failure that nobody has seen."""
    school = Scenario()
    id_ = school.start()
    view = school.state(id_).version
    school.complete(id_, 1, 2, 3)
    with school.unchanged():
        assert school.state(id_) == school.desk.mark_handled(id_, FlagKind.PROGRAM_DONE, expected=view)
    seen = school.state(id_).version
    school.room.write(id_, "Hej")
    assert school.desk.mark_handled(id_, FlagKind.PROGRAM_DONE, expected=seen).done_handled


@pytest.mark.rule("D-19b", "M-10")
@pytest.mark.parametrize(
    "send",
    [
        lambda desk, text, **view: desk.write(E, 1, text, **view),
        lambda desk, text, **view: desk.start_conversation(E, text, **view),
    ],
)
def test_an_answer_says_which_page_it_was_written_on(send: Callable[..., SentMessage]) -> None:
    """Otherwise an answer would be sent to a question that the patient has taken back meanwhile."""
    school = lived()
    views = [school.desk.pages.messages(E, 1).head for _ in range(2)]
    view, present = (0 if head is None else head.version for head in views)
    assert 0 < send(school.desk, "Ett svar", expected=present).number
    school.room.write(E, "Glöm det!", conversation=1)
    for once in (None, "k"):
        with school.unchanged(), refused("D-19b", Reason.VIEW_IS_OLD, flags=("message-received",), counts=(1,)):
            send(school.desk, "Ett svar", expected=view, once=once)
    assert send(school.desk, "Ett svar", once="k") == send(school.desk, "Ett svar", once="k")
    with school.unchanged(), refused("D-24a", Reason.KEY_OF_ANOTHER_CALL):
        send(school.desk, "Ett svar", expected=view, once="k")
