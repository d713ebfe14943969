"""The operator's page: what did not arrive, sent again or dropped, without a person on it."""

import pytest

from digital_painschool import EnrolmentId, FlagKind, Notify
from portal.people import ANNA, PATIENTS
from portal.sample import Clock
from portal.school import school
from portal.visitor import ClientVisitor
from portal.walk import sign_in_staff

RESERVE_NUMBER = "19810829M071"
"""A person whom the inbox does not know."""


@pytest.fixture
def lost(portal: Clock) -> EnrolmentId:
    """Start the program for a person who is not in the inbox, and try to notify them twice."""
    desk = school().therapist(ANNA.actor)
    id_ = desk.start(RESERVE_NUMBER, program="digitala-smartskolan").id
    for text in ("Välkommen!", "Ring mig."):
        desk.start_conversation(id_, text, notify=Notify.DIRECT)
        portal.wait(minutes=1)
        school().delivery().run()
    return id_


@pytest.fixture
def eva(lost: EnrolmentId) -> ClientVisitor:
    """Return Eva, the operator."""
    visitor = ClientVisitor()
    sign_in_staff(visitor, "Eva Engdahl")
    return visitor


def buttons(visitor: ClientVisitor) -> list[str]:
    """Return what the buttons of the list are called, the newest first."""
    return [str(button["aria-label"]) for button in visitor.page.select("tbody button")]


def test_what_did_not_arrive_is_sent_again_or_dropped(eva: ClientVisitor, lost: EnrolmentId) -> None:
    """Otherwise an operator would need the command line, and a notice wait for somebody who has one (D-13d)."""
    assert "Mottagaren kan inte nås där" in eva.text
    assert not any(word in str(eva.page) for word in (RESERVE_NUMBER, "1981", *PATIENTS.values()))
    newest, oldest = buttons(eva)
    eva.press(newest)
    assert eva.status == 422  # nothing was chosen
    eva.click("Till listan")
    assert newest != oldest
    for button, reason in ((newest, "recipient-reachable"), (oldest, "informed-otherwise")):
        eva.filled["reason"] = [reason]  # each row has the field
        eva.press(button)
        assert "Noterat:" in eva.text
    assert "Allt som skulle lämnas fram är framme." in eva.text
    desk = school().therapist(ANNA.actor)
    assert ["pending", "dropped"] == sorted((one.status.value for one in desk.notifications(lost)), reverse=True)
    assert FlagKind.UNDELIVERED in {flag.kind for flag in desk.to_handle(lost)}  # the therapist's, until it is handled
