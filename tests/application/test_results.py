"""The results of the desks: which record was written."""

import pytest

from digital_painschool import CompletedModule, SentMessage
from digital_painschool.ports.storage import load_documents
from digital_painschool.testing.scenario import Scenario


@pytest.mark.rule("M-10")
def test_a_sent_message_is_known_by_its_conversation_and_its_ordinal_on_its_side() -> None:
    """Otherwise a portal could not show the message that it has just sent."""
    school = Scenario()
    id_ = school.start()
    assert SentMessage(conversation=1, number=1) == school.desk.start_conversation(id_, "Hej")
    assert SentMessage(conversation=1, number=1) == school.room.write(id_, "Hej själv", conversation=1)
    assert SentMessage(conversation=1, number=2) == school.desk.write(id_, 1, "Hur går det?")
    assert SentMessage(conversation=2, number=1) == school.room.write(id_, "En fråga")
    assert SentMessage(conversation=1, number=2) == school.room.write(id_, "Bra", conversation=1)
    texts = [(m.number, m.text) for m in school.desk.read_conversation(id_, 1).messages]
    assert [(1, "Hej"), (1, "Hej själv"), (2, "Hur går det?"), (2, "Bra")] == texts


@pytest.mark.rule("M-10", "M-11")
def test_heading_and_text_stay_with_their_own_events() -> None:
    """Otherwise the first message of a conversation would stand where its heading is."""
    school = Scenario()
    id_ = school.start()
    school.desk.start_conversation(id_, "Hej", heading="Sömn")
    school.desk.rename_conversation(id_, 1, "Vila")
    (view,) = school.room.conversations(id_)
    assert "Vila" == view.heading
    assert {2: "Sömn", 3: "Hej", 4: "Vila"} == load_documents(school.storage, id_, range(1, 5))


@pytest.mark.rule("M-04", "D-05b")
def test_a_completed_module_says_what_comes_next_and_when_all_is_done() -> None:
    """Otherwise a portal would have to ask for the overview to lead the patient on."""
    school = Scenario()
    id_ = school.start()
    for module in (1, 2, 3):
        school.room.open_module(id_, module)
    results = [school.room.complete_module(id_, module) for module in (1, 1, 2, 3)]
    assert [CompletedModule(module=1, next_module=2, done=False)] * 2 == results[:2]
    overview = school.room.overview(id_)
    assert results[-1] == CompletedModule(module=3, next_module=overview.next_module, done=overview.done)
    assert overview.done
