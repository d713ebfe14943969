"""A database of the version before rows said since when they wait is brought up to date, as steps would have.

So is one whose rows did not say what is noted of silent patients and coming ends.
"""

from collections.abc import Callable

import pytest

from digital_painschool.adapters.sql import migrate, migration_sql
from digital_painschool.domain.notification import Notify
from digital_painschool.domain.policy import POINTED_OUT, FlagKind, Policy
from digital_painschool.ports.storage import CaseQuery, readable
from digital_painschool.rules.attention import attention_limits
from digital_painschool.rules.flags import caseload_counts
from digital_painschool.testing.environment import stored_at
from digital_painschool.testing.example import DAILY, PAIN
from digital_painschool.testing.people import NUMBERS, RESERVE_NUMBER, UNIT
from digital_painschool.testing.scenario import Scenario
from tests.databases import execute, run_script
from tests.drift import drift
from tests.older_schema import back_to_0004

WAITING = "SELECT id, waiting_since FROM enrolments ORDER BY id"


def by_hand(url: str) -> None:
    """Migrate as a database administrator does."""
    run_script(url, migration_sql(url, since="0004"))


def lived(school: Scenario) -> None:
    """Let everything that a flag waits for come and be settled: wholly, in part, and not at all."""
    form, message, done, lost, ended = (school.start(number) for number in (*NUMBERS[:3], RESERVE_NUMBER, NUMBERS[3]))
    school.start(NUMBERS[4])
    rooms = {
        id_: school.school.patient(number) for id_, number in zip((form, message, done, ended), NUMBERS, strict=False)
    }
    for hour in range(4):
        school.advance(hours=1)
        for id_ in (form, ended):
            rooms[id_].save_form(id_, PAIN, {"smarta": hour})
        rooms[form].save_form(form, DAILY, {"hemma": "bra", "fritext": '"number":9,"form":"x"'})
        rooms[message].write(message, "Hej", conversation=1 if hour else None)
        rooms[message].write(message, "Hej")
    school.desk.mark_read(form, DAILY)
    school.desk.mark_read(form, PAIN, up_to=1)
    school.desk.mark_read(form, PAIN, up_to=2)
    school.desk.read_conversation(message, 1)
    school.desk.read_conversation(message, 2)
    school.desk.start_conversation(message, "Hej")
    rooms[message].read_conversation(message, 6)
    school.complete(done, 1, 2, 3)
    school.desk.end(ended, reason="klar")
    for settled in (True, False):
        school.advance(hours=1)
        school.desk.start_conversation(lost, "Hej", notify=Notify.DIRECT)
        school.deliver()
        if settled:
            school.desk.mark_handled(lost, FlagKind.UNDELIVERED)
    school.advance(hours=1)
    rooms[done].save_form(done, PAIN, {"smarta": 9})


@pytest.mark.rule("D-15b")
@pytest.mark.parametrize("how", [migrate, by_hand])
def test_the_rows_say_since_when_they_wait_as_a_step_would(url: str, how: Callable[[str], None]) -> None:
    """Otherwise whoever waited already would come first or last, until the next step."""
    school = Scenario(stored_at(url))
    with school.school:
        lived(school)
        expected = execute(url, WAITING)
        assert 6 == len(expected)
        assert 4 == len({since for _, since in expected if since is not None})
        assert [row for row in school.desk.caseload().rows if row.flags] != []
        for id_, since in expected:
            assert (since is None) is (caseload_counts(school.state(id_)).waiting_since is None)
    back_to_0004(url)
    how(url)
    assert [] == drift(url)
    assert expected == execute(url, WAITING)


@pytest.mark.rule("D-17b")
@pytest.mark.parametrize("how", [migrate, by_hand])
def test_what_is_noted_stays_noted(url: str, how: Callable[[str], None]) -> None:
    """Otherwise each run would ask for ever about the patients who were silent before the update, or forget some."""
    with Scenario(stored_at(url), policy=Policy(staff_flags=POINTED_OUT)) as school:
        _, came, moved, back = (school.start(number) for number in NUMBERS[:4])
        school.desk.maintain(back, days=1, modules=[1], shortens=True)
        school.desk.reactivate(back)
        school.desk.maintain(back, days=1, modules=[1], shortens=True)
        school.at("2027-02-10 08:00")
        assert 3 == school.deliver().pointed_out
        school.school.patient(NUMBERS[1]).open_module(came, 1)
        school.desk.maintain(moved, days=40, modules=[1])
        school.at("2027-02-27 08:00")
        school.desk.reactivate(back)
        asked = (UNIT, school.now, attention_limits(school.catalogue.policy, school.now))
        assert (came, moved, back) == school.storage.unnoted_attention(*asked)
        rows = readable(school.storage.list_caseload(CaseQuery(unit=UNIT, therapist=None, now=school.now)))
        assert [back] == [row.enrolment_id for row in rows if row.reactivated_at is not None]
    back_to_0004(url)
    how(url)
    assert [] == drift(url)
    with Scenario(stored_at(url)) as again:
        assert (came, moved, back) == again.storage.unnoted_attention(*asked)
        assert rows == readable(again.storage.list_caseload(CaseQuery(unit=UNIT, therapist=None, now=asked[1])))


@pytest.mark.rule("D-15b")
def test_a_damaged_entry_stops_no_migration(url: str) -> None:
    """Otherwise one row that was changed by hand would keep a region from its update."""
    school = Scenario(stored_at(url))
    with school.school:
        lived(school)
    for data in ("", "{", "null", '{"form":', '{"number":"x"}', '{"number":99999999999999999999}', '{"up_to":-1}'):
        back_to_0004(url)
        execute(url, f"UPDATE timeline SET data = '{data}' WHERE seq = 2")  # noqa: S608 - constants
        migrate(url)
        assert 6 == len(execute(url, WAITING))
