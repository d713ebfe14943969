"""Drafts in several tabs, and requests that come twice: what was written last is lost in no silence."""

from collections.abc import Callable, Mapping

import pytest

from digital_painschool.application.patient import PatientDesk
from digital_painschool.domain.draft import Draft
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.errors import Reason
from digital_painschool.ports.storage import CallKey, find_call
from digital_painschool.testing.example import DAILY, PAIN
from digital_painschool.testing.faults import Call, Fault, FaultPlan, Meanwhile
from digital_painschool.testing.people import ANNA, BO, UNIT
from digital_painschool.testing.scenario import Scenario
from tests.scenario import beside, refused

pytestmark = pytest.mark.rule("D-14a")

Act = Callable[[Scenario, EnrolmentId], object]
FIRST: Mapping[str, object] = {"smarta": 3}
SECOND: Mapping[str, object] = {"smarta": 4}
THIRD: Mapping[str, object] = {"smarta": 5}
MEANWHILE: dict[str, tuple[bool, Act]] = {
    "another tab saved": (True, lambda s, e: s.room.save_draft(e, PAIN, SECOND)),
    "another tab discarded": (True, lambda s, e: s.room.discard_draft(e, PAIN)),
    "another tab sent the form": (True, lambda s, e: s.room.save_form(e, PAIN, SECOND)),
    "another tab began": (False, lambda s, e: s.room.save_draft(e, PAIN, {})),
}
"""What happens while a tab is open: whether it showed a draft, and what comes."""
OLD_TABS: dict[str, Callable[[PatientDesk, EnrolmentId, str], object]] = {
    "save": lambda room, e, tag: room.save_draft(e, PAIN, THIRD, replaces=tag),
    "save under a key": lambda room, e, tag: room.save_draft(e, PAIN, THIRD, replaces=tag, once="k"),
    "discard": lambda room, e, tag: room.discard_draft(e, PAIN, replaces=tag),
}


@pytest.mark.rule("D-24a")
@pytest.mark.parametrize("act", OLD_TABS)
@pytest.mark.parametrize("meanwhile", MEANWHILE)
def test_an_old_tab_is_refused_and_changes_nothing(meanwhile: str, act: str) -> None:
    """Otherwise what the patient wrote last would be overwritten in silence by what was written before."""
    shows, come = MEANWHILE[meanwhile]
    school = Scenario()
    id_ = school.start()
    if shows:
        school.room.save_draft(id_, PAIN, FIRST)
    page = school.room.form_page(id_, PAIN)
    come(school, id_)
    with school.unchanged(), refused("D-14a", Reason.VIEW_IS_OLD, form=PAIN) as old:
        OLD_TABS[act](school.room, id_, page.tag)
    assert "look at it and decide again" in str(old.value)
    OLD_TABS[act](school.room, id_, school.room.form_page(id_, PAIN).tag)
    assert (act == "discard") is (school.room.draft(id_, PAIN) is None)


def test_a_tab_that_saves_again_names_what_it_saved_last() -> None:
    """Otherwise a page that saves by itself would have to be drawn anew each time, or overwrite another tab."""
    school = Scenario()
    id_ = school.start()
    tag = school.room.form_page(id_, PAIN).tag
    for answers in (FIRST, SECOND, {}, FIRST):
        tag = school.room.save_draft(id_, PAIN, answers, replaces=tag)
        assert tag == school.room.form_page(id_, PAIN).tag
    other = school.room.save_draft(id_, PAIN, SECOND)
    with school.unchanged(), refused("D-14a", Reason.VIEW_IS_OLD):
        school.room.save_draft(id_, PAIN, THIRD, replaces=tag)
    school.room.discard_draft(id_, PAIN, replaces=other)
    assert None is school.room.draft(id_, PAIN)


def test_two_drafts_of_one_instant_are_told_apart() -> None:
    """Otherwise a clock that stands still or goes back would let an old tab win."""
    school = Scenario()
    id_ = school.start()
    tags = {school.room.form_page(id_, PAIN).tag}
    drafts: list[Mapping[str, object]] = [{}, FIRST, SECOND, {"smarta": 11}]
    tags |= {school.room.save_draft(id_, PAIN, answers) for answers in drafts}
    tags |= {school.room.save_draft(id_, DAILY, one) for one in ({"timmar": 7}, {"timmar": 7.0}, {"fritext": "7"})}
    assert 1 + len(drafts) + 3 == len(tags)
    kept = school.room.save_draft(id_, DAILY, {"timmar": 7, "fritext": "a\r\nb"})
    school.advance(hours=-1)
    assert kept == school.room.save_draft(id_, DAILY, {"fritext": "a\nb", "timmar": 7}, replaces=kept)


@pytest.mark.rule("D-24a")
@pytest.mark.parametrize("replaces", [False, True], ids=["any draft", "what the page showed"])
def test_a_request_that_comes_late_once_more_leaves_the_newer_draft(replaces: bool) -> None:
    """Otherwise a proxy that repeats a request would take away, hours later, what was written since."""
    school = Scenario()
    id_ = school.start()
    shown = school.room.form_page(id_, PAIN).tag if replaces else None
    saved = school.room.save_draft(id_, PAIN, FIRST, replaces=shown, once="save")
    school.room.discard_draft(id_, PAIN, replaces=saved if replaces else None, once="discard")
    school.advance(hours=5)
    school.room.save_draft(id_, PAIN, SECOND)
    school.restart()
    with school.unchanged():
        assert saved == school.room.save_draft(id_, PAIN, FIRST, replaces=shown, once="save")
        school.room.discard_draft(id_, PAIN, replaces=saved if replaces else None, once="discard")
    draft = school.room.draft(id_, PAIN)
    assert draft is not None
    assert SECOND == draft.answers


@pytest.mark.rule("D-24a")
def test_the_key_of_a_draft_holds_a_digest_that_tells_nothing() -> None:
    """Otherwise what is for the patient alone would outlive the draft beside the enrolment."""
    school = Scenario()
    found = []
    for number in (ANNA, BO):
        id_ = school.start(number)
        school.school.patient(number).save_draft(id_, DAILY, {"fritext": "Hemligt"}, once="k")
        school.school.patient(number).discard_draft(id_, DAILY)
        key = CallKey(unit=UNIT, caller=f"personnummer:{number}", action="save-draft", key="k")
        call = find_call(school.storage, key)
        assert call is not None
        found.append(call.fingerprint.partition(":"))
        assert (id_, school.state(id_).version) == (call.enrolment_id, call.version)
    assert [2, 2] == [len({one[place] for one in found}) for place in (0, 2)]
    assert [(32, 64)] * 2 == [(len(salt), len(digest)) for salt, _, digest in found]


@pytest.mark.rule("D-24a")
@pytest.mark.usefixtures("without_waiting")
@pytest.mark.parametrize("act", ["save", "discard"])
@pytest.mark.parametrize("meanwhile", ["the other tab", "the same call"])
def test_what_comes_between_the_look_and_the_save_is_seen(meanwhile: str, act: str) -> None:
    """Otherwise two tabs at the same moment would both win, or a double click be told that its page is old."""
    school = Scenario()
    id_ = school.start()
    tag = school.room.save_draft(id_, PAIN, FIRST)

    def tab(desk: PatientDesk) -> object:
        if act == "save":
            return desk.save_draft(id_, PAIN, THIRD, replaces=tag, once="k")
        desk.discard_draft(id_, PAIN, replaces=tag, once="k")
        return None

    acts: dict[str, Callable[[], object]] = {
        "the other tab": lambda: school.room.save_draft(id_, PAIN, SECOND, replaces=tag),
        "the same call": lambda: tab(school.room),
    }
    plan = FaultPlan(Fault("save_draft", does=Meanwhile(lambda _: acts[meanwhile]())))
    busy = beside(school, plan).patient(ANNA)
    if meanwhile == "the other tab":
        with refused("D-14a", Reason.VIEW_IS_OLD):
            tab(busy)
        draft = school.room.draft(id_, PAIN)
        assert draft is not None
        assert SECOND == draft.answers
    else:
        assert tab(busy) == tab(school.room)
    assert 1 == len(plan.struck)


def test_without_a_page_the_storage_is_asked_for_no_draft() -> None:
    """Otherwise a host that saves as before would pay for a look at the draft."""
    school, looks = Scenario(), []
    id_ = school.start()

    def listen(call: Call) -> object:
        looks.extend([call.method] if call.method == "load_record" and call.args[0].kind is Draft else [])
        return call.go()

    listening = beside(school, listen).patient(ANNA)
    for tag, expected in ((school.room.form_page(id_, PAIN).tag, 1), (None, 1)):
        listening.save_draft(id_, PAIN, {}, replaces=tag)
        assert expected == len(looks)
