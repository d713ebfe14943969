"""The language of what is sent: each unit's own, within one school."""

import pytest

from digital_painschool.application.program_catalogue import Catalogue, UnitTerms
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.people import Actor, HsaId
from digital_painschool.domain.policy import FlagKind, Policy
from digital_painschool.labels.lookup import Language
from digital_painschool.testing.example import PAIN, PROGRAM
from digital_painschool.testing.people import ANNA, BO, NURSE, OTHER_UNIT, UNIT
from digital_painschool.testing.scenario import Scenario


@pytest.mark.rule("D-24d", "D-13c")
def test_each_unit_s_patients_and_staff_are_written_to_in_its_language() -> None:
    """Otherwise a unit's patients could not read their notices, or each language would need a school of its own."""
    school = Scenario()
    flags = frozenset({FlagKind.FORM_SAVED})
    english = Policy(language=Language.ENGLISH, staff_flags=flags)
    school.restart(
        Catalogue(
            programs=(PROGRAM,),
            policy=Policy(staff_flags=flags),
            units={HsaId(OTHER_UNIT): UnitTerms(programs=(), policy=english)},
        )
    )
    for unit, number in ((UNIT, ANNA), (OTHER_UNIT, BO)):
        desk = school.school.therapist(Actor(hsa_id=NURSE.hsa_id, unit=unit, roles=NURSE.roles))
        desk.receive_notifications(email=True)
        id_ = desk.start(number, program=PROGRAM.key).id
        desk.start_conversation(id_, "Hej", notify=Notify.DIRECT)
        school.school.patient(number).save_form(id_, PAIN, {"smarta": 3})
    school.deliver()
    texts = {(notice.unit, notice.text) for notice in school.environment.inbox.delivered}
    assert {
        (UNIT, "Du har något nytt att läsa. Logga in för att se det."),
        (OTHER_UNIT, "You have something new to read. Sign in to see it."),
    } == texts
    assert [Language.SWEDISH, Language.ENGLISH] == [message.language for message in school.environment.email.sent]
