"""The ends of lines: a browser sends two characters and counts one, as the library keeps and counts them."""

from collections.abc import Callable, Mapping

import pytest

from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.policy import Policy
from digital_painschool.domain.validation import plain_text, storable_text
from digital_painschool.errors import Reason, RuleViolation
from digital_painschool.testing.example import DAILY
from digital_painschool.testing.scenario import Scenario
from tests.scenario import refused

SENT, KEPT = "Rad 1\r\nRad 2\rRad 3\n", "Rad 1\nRad 2\nRad 3\n"
PLACES: Mapping[str, tuple[Callable[[Scenario, EnrolmentId, str], object], Callable[[Scenario, EnrolmentId], str]]] = {
    "the patient's message": (
        lambda s, e, text: s.room.write(e, text),
        lambda s, e: s.desk.read_conversation(e, 1).messages[0].text,
    ),
    "the patient's next message": (
        lambda s, e, text: (s.room.write(e, "Hej"), s.room.write(e, text, conversation=1)),
        lambda s, e: s.desk.read_conversation(e, 1).messages[1].text,
    ),
    "the therapist's message": (
        lambda s, e, text: s.desk.start_conversation(e, text),
        lambda s, e: s.room.read_conversation(e, 1).messages[0].text,
    ),
    "an answer": (
        lambda s, e, text: s.room.save_form(e, DAILY, {"hemma": "bra", "fritext": text}),
        lambda s, e: str(s.desk.answers(e, DAILY)[0].answers["fritext"]),
    ),
    "a draft": (
        lambda s, e, text: s.room.save_draft(e, DAILY, {"fritext": text}),
        lambda s, e: str(getattr(s.room.draft(e, DAILY), "answers", {})["fritext"]),
    ),
}
"""Where a person's text enters, and where it is read again."""


@pytest.mark.rule("M-10", "M-11", "M-14")
@pytest.mark.parametrize("place", PLACES)
def test_a_text_is_kept_with_lines_that_end_in_one_way(place: str) -> None:
    """Otherwise a text would look and count otherwise according to the browser that it was written in."""
    write, read = PLACES[place]
    school = Scenario()
    id_ = school.start()
    write(school, id_, SENT)
    assert KEPT == read(school, id_)


@pytest.mark.rule("M-10", "M-11", "M-14")
@pytest.mark.parametrize(("place", "limit"), [("the patient's message", 9), ("an answer", 40)])
def test_the_end_of_a_line_counts_as_one_character(place: str, limit: int) -> None:
    """Otherwise a browser would count down to a limit at which the text is refused."""
    write, read = PLACES[place]
    school = Scenario(policy=Policy(message_limit=9, heading_limit=9, heading="Hej"))
    id_ = school.start()
    lines = "\r\n" * (limit - 1) + "x"
    with pytest.raises(RuleViolation):
        write(school, id_, lines + "x")
    write(school, id_, lines)
    assert "\n" * (limit - 1) + "x" == read(school, id_)


@pytest.mark.rule("D-24a")
def test_a_call_that_is_repeated_by_another_browser_is_the_same_call() -> None:
    """Otherwise a message that was sent twice would be refused as another one, or be there twice."""
    school = Scenario()
    id_ = school.start()
    sent = school.room.write(id_, SENT, once="a")
    assert sent == school.room.write(id_, KEPT, once="a")
    saved = school.room.save_form(id_, DAILY, {"hemma": "bra", "fritext": SENT, "var": ("rygg",)}, once="b")
    assert saved == school.room.save_form(id_, DAILY, {"hemma": "bra", "fritext": KEPT, "var": ["rygg"]}, once="b")
    with refused("D-24a", Reason.KEY_OF_ANOTHER_CALL):
        school.room.write(id_, KEPT + "\r\n", once="a")


@pytest.mark.rule("D-21a")
def test_the_decision_of_a_purge_is_kept_so_too() -> None:
    """Otherwise the same decision would be two in a register."""
    school = Scenario(policy=Policy(export_before_purge=False))
    plan = school.office.plan_purge()
    approved = school.office.approve(plan, decision="RS 1\r\nRS 2")
    assert approved.decision is not None
    assert "RS 1\nRS 2" == approved.decision.reference


def test_what_a_file_says_is_left_as_it_is() -> None:
    """Otherwise a program that was stored would be another one than its file, and no new patient could start it."""
    assert (SENT, KEPT) == (storable_text(SENT), plain_text(SENT))
