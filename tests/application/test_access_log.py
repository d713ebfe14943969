"""The access log, call by call: the lines that every call of every desk leaves, granted or refused, and no other."""

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from digital_painschool.bootstrap.school import PainSchool
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import Actor, PersonId
from digital_painschool.domain.policy import FlagKind, Policy
from digital_painschool.errors import InvalidIdentity, InvalidValue, NotFound, NotPermitted, RuleViolation, StorageError
from digital_painschool.ports.storage import AccessEntry, Activity
from digital_painschool.testing.environment import INSTANT
from digital_painschool.testing.example import PAIN
from digital_painschool.testing.faults import Call
from digital_painschool.testing.people import (
    ANNA,
    BO,
    CILLA,
    NURSE,
    OTHER_UNIT,
    UNIT,
)
from digital_painschool.testing.scenario import Scenario
from tests.application.desk_calls import (
    ENDED,
    GRANTED,
    MAINTAINED,
    NOBODY,
    PEOPLE,
    PLANNED,
    TREATED,
    E,
    Line,
    Of,
    lived,
    public_methods,
)
from tests.scenario import beside

pytestmark = [pytest.mark.rule("M-06"), pytest.mark.rule("D-21c")]

ACTIVITIES = {
    **dict.fromkeys(
        [
            *("list-own-patients", "list-unit", "count-own-patients", "count-unit", "see-enrolment", "see-flags"),
            *("find-withdrawable", "see-timeline", "see-notifications", "see-program", "open-module", "read-page"),
            *("read-draft", "read-answers", "read-conversation", "see-access-log", "see-plans", "plan-purge"),
        ],
        Activity.READ,
    ),
    "export": Activity.PRINT,
    "purge": Activity.DELETE,
}
"""What the law calls an action; everything else is writing."""


OF_ANNA = Of(None, ANNA)
REFUSED: dict[str, tuple[Callable[..., object], Line]] = {
    # by the permission table
    "another.overview": (lambda r: r.overview(E), ("see-enrolment", Of(E, BO))),
    "another.save_form": (lambda r: r.save_form(E, PAIN, {"smarta": 3}), ("save-form", Of(E, BO))),
    "stranger.enrolment": (lambda d: d.enrolment(E), ("see-enrolment", TREATED)),
    "colleague.answers": (lambda d: d.answers(E, PAIN), ("read-answers", TREATED)),
    "archivist.find": (lambda d: d.find(ANNA), ("see-enrolment", OF_ANNA)),
    "archivist.find nobody": (lambda d: d.find("195704289999"), ("see-enrolment", Of(None, CILLA))),
    "archivist.find no number": (lambda d: d.find("198507099806"), ("see-enrolment", NOBODY)),
    "archivist.identify": (lambda d: d.identify(ANNA), ("start", OF_ANNA)),
    "archivist.start": (lambda d: d.start(ANNA, program="smartskola"), ("start", OF_ANNA)),
    "archivist.profile": (lambda d: d.profile(), ("keep-profile", NOBODY)),
    "archivist.counts": (lambda d: d.counts(), ("count-own-patients", NOBODY)),
    "archivist.caseload": (lambda d: d.caseload(), ("list-own-patients", NOBODY)),
    "nurse.access_log": (lambda o: o.access_log(person=ANNA), ("see-access-log", OF_ANNA)),
    "nurse.export": (lambda o: o.export("nowhere"), ("export", NOBODY)),
    # by a rule, or the reading of the arguments
    "coordinator.hand_over": (lambda d: d.hand_over(E, NURSE.hsa_id), ("hand-over", TREATED)),
    "coordinator.hand_over to nobody": (lambda d: d.hand_over(E, "nobody"), ("hand-over", TREATED)),
    "desk.maintain": (lambda d: d.maintain(E, days=0, modules=(1,)), ("maintain", TREATED)),
    "desk.maintain no days": (lambda d: d.maintain(E, days="x", modules=(1,)), ("maintain", TREATED)),
    "desk.maintain for less": (lambda d: d.maintain(E, days=30, modules=(1,)), ("maintain", TREATED)),
    "desk.reactivate": (lambda d: d.reactivate(E), ("reactivate", TREATED)),
    "desk.end": (lambda d: d.end(E, reason="?"), ("end", TREATED)),
    "desk.release_module": (lambda d: d.release_module(MAINTAINED.enrolment, 1), ("release-module", MAINTAINED)),
    "desk.answers": (lambda d: d.answers(E, "?"), ("read-answers", TREATED)),
    "desk.open_form": (lambda d: d.open_form(E, "?"), ("read-answers", TREATED)),
    "desk.mark_read": (lambda d: d.mark_read(E, PAIN, up_to=5), ("mark-form-read", TREATED)),
    "desk.mark_handled": (lambda d: d.mark_handled(E, FlagKind.ENDING), ("mark-flag-handled", TREATED)),
    "desk.read_conversation": (lambda d: d.read_conversation(E, 7), ("read-conversation", TREATED)),
    "desk.start_conversation": (lambda d: d.start_conversation(E, " "), ("write-message", TREATED)),
    "desk.write": (lambda d: d.write(E, 1, 5), ("write-message", TREATED)),
    "desk.rename_conversation": (lambda d: d.rename_conversation(E, 7, "Ny"), ("rename-conversation", TREATED)),
    "desk.timeline": (lambda d: d.timeline(E, form="?"), ("see-timeline", TREATED)),
    "desk.timeline of no kinds": (lambda d: d.timeline(E, [str]), ("see-timeline", TREATED)),
    "desk.pages.timeline no cursor": (lambda d: d.pages.timeline(E, "?"), ("see-timeline", TREATED)),
    "desk.pages.timeline of another form": (lambda d: d.pages.timeline(E, form="?"), ("see-timeline", TREATED)),
    "desk.pages.notifications": (lambda d: d.pages.notifications(E, limit=0), ("see-notifications", TREATED)),
    "desk.pages.messages": (lambda d: d.pages.messages(E, 7), ("read-conversation", TREATED)),
    "former.pages.conversations": (
        lambda r: r.pages.conversations(ENDED.enrolment),
        ("read-conversation", ENDED),
    ),
    "former.pages.messages": (lambda r: r.pages.messages(ENDED.enrolment, 1), ("read-conversation", ENDED)),
    "office.pages.exports": (lambda o: o.pages.exports("?"), ("see-plans", NOBODY)),
    "office.pages.plans": (lambda o: o.pages.plans("?"), ("see-plans", NOBODY)),
    "office.pages.access_log": (lambda o: o.pages.access_log(action="?"), ("see-access-log", NOBODY)),
    "office.pages.access_log of a person": (
        lambda o: o.pages.access_log(person=BO, limit=0),
        ("see-access-log", Of(None, BO)),
    ),
    "room.open_module": (lambda r: r.open_module(E, 99), ("open-module", TREATED)),
    "room.read_page": (lambda r: r.read_page(E, 1, 99), ("read-page", TREATED)),
    "desk.module": (lambda d: d.module(E, 99), ("see-enrolment", TREATED)),
    "room.complete_module": (lambda r: r.complete_module(E, 99), ("complete-module", TREATED)),
    "room.form": (lambda r: r.form(E, "?"), ("see-program", TREATED)),
    "room.form_page": (lambda r: r.form_page(E, "?"), ("read-draft", TREATED)),
    "former.conversations": (lambda r: r.conversations(ENDED.enrolment), ("read-conversation", ENDED)),
    "former.read_conversation": (lambda r: r.read_conversation(ENDED.enrolment, 1), ("read-conversation", ENDED)),
    "former.open_module": (lambda r: r.open_module(ENDED.enrolment, 1), ("open-module", ENDED)),
    "former.save_form": (lambda r: r.save_form(ENDED.enrolment, PAIN, {"smarta": 3}), ("save-form", ENDED)),
    "room.form in maintenance": (lambda r: r.form(MAINTAINED.enrolment, PAIN), ("see-program", MAINTAINED)),
    "room.save_form": (lambda r: r.save_form(E, PAIN, {}), ("save-form", TREATED)),
    "room.save_form no answers": (lambda r: r.save_form(E, PAIN, None), ("save-form", TREATED)),
    "another.draft": (lambda r: r.draft(E, PAIN), ("read-draft", Of(E, BO))),
    "room.save_draft": (lambda r: r.save_draft(E, PAIN, {"okand": 1}), ("save-draft", TREATED)),
    "room.save_draft in maintenance": (
        lambda r: r.save_draft(MAINTAINED.enrolment, PAIN, {}),
        ("save-draft", MAINTAINED),
    ),
    "former.draft": (lambda r: r.draft(ENDED.enrolment, PAIN), ("read-draft", ENDED)),
    "room.discard_draft": (lambda r: r.discard_draft(E, "?"), ("discard-draft", TREATED)),
    "room.read_conversation": (lambda r: r.read_conversation(E, 7), ("read-conversation", TREATED)),
    "room.write": (lambda r: r.write(E, "", heading="Ny"), ("write-message", TREATED)),
    "room.write two headings": (
        lambda r: r.write(E, "Hej", conversation=1, heading="Ny"),
        ("write-message", TREATED),
    ),
    "room.rename_conversation": (lambda r: r.rename_conversation(E, 7, "Ny"), ("rename-conversation", TREATED)),
    "desk.start no program": (lambda d: d.start(ANNA, program="?"), ("start", OF_ANNA)),
    "colleague.start a second one": (lambda d: d.start(ANNA, program="smartskola"), ("start", OF_ANNA)),
    "coordinator.start for nobody": (lambda d: d.start(CILLA, program="somnskola"), ("start", Of(None, CILLA))),
    "desk.receive_notifications": (
        lambda d: d.receive_notifications(email=True, flags=[FlagKind.ENDING]),
        ("keep-profile", NOBODY),
    ),
    "office.approve": (lambda o: o.approve(PLANNED, decision=""), ("approve-purge", NOBODY)),
    "office.approve nothing": (lambda o: o.approve("?", decision="RS 1"), ("approve-purge", NOBODY)),
    "office.purge": (lambda o: o.purge(PLANNED), ("purge", NOBODY)),
    "office.plan": (lambda o: o.plan("?"), ("plan-purge", NOBODY)),
    "outsider.plan": (lambda o: o.plan(PLANNED), ("plan-purge", NOBODY)),
}
"""Calls that are refused, each with its line."""
SILENT: dict[str, tuple[Callable[..., object], Line]] = {
    "desk.find nobody": (lambda d: d.find("194608239986"), ("see-enrolment", Of(None, "194608239986"))),
    "colleague.find_withdrawable": (lambda d: d.find_withdrawable(ANNA), ("find-withdrawable", OF_ANNA)),
    "colleague.find another's": (lambda d: d.find(ANNA), ("see-enrolment", OF_ANNA)),
    "stranger.find another unit's": (lambda d: d.find(ANNA), ("see-enrolment", OF_ANNA)),
}
"""Calls that give nothing, and are logged as refused: the answer says that nobody is there."""


def entries(school: Scenario) -> list[AccessEntry]:
    """Return what the logs of both units have."""
    return [entry for unit in (UNIT, OTHER_UNIT) for _, entry in school.storage.access_entries(unit, limit=10_000)]


def line(school: Scenario, who: str, what: Line, *, granted: bool) -> AccessEntry:
    """Return the entry that a line of a table stands for."""
    by, (action, of) = PEOPLE[who][0], what
    return AccessEntry(
        at=school.now,
        by=by.signature,
        unit=by.unit if isinstance(by, Actor) and of.enrolment is None else UNIT,
        action=action,
        activity=ACTIVITIES.get(action, Activity.WRITE),
        enrolment_id=of.enrolment,
        person=None if of.person is None else PersonId("personnummer", of.person),
        granted=granted,
    )


@pytest.mark.parametrize("name", GRANTED)
def test_each_call_leaves_its_lines_and_no_other(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a look would leave no trace, a wrong one, or one in the record of somebody who was not looked at."""
    school, who, (call, lines) = lived(), name.partition(".")[0], GRANTED[name]
    before = len(entries(school))
    desk = PEOPLE[who][1](school.school)
    school.advance(minutes=1)
    monkeypatch.chdir(tmp_path)
    call(desk)
    assert [line(school, who, what, granted=True) for what in lines] == entries(school)[before:]


@pytest.mark.parametrize("name", GRANTED)
def test_a_step_and_its_line_are_of_one_instant(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise timeline and log would disagree on when it happened."""
    monkeypatch.chdir(tmp_path)
    school, who, ticks = lived(), name.partition(".")[0], count(1)
    ids = [EnrolmentId(f"e-{number:04}") for number in range(1, 8)]
    lines, known = len(entries(school)), {id_: len(school.events(id_)) for id_ in ids}
    moving = PainSchool(
        school.ports,
        catalogue=school.catalogue,
        clock=lambda: school.now + next(ticks) * INSTANT,
        new_id=lambda _: ids[-1],
    )
    GRANTED[name][0](PEOPLE[who][1](moving))
    logged = {entry.at for entry in entries(school)[lines:]}
    assert {event.at for id_ in ids for event in school.events(id_)[known[id_] :]} <= logged


@pytest.mark.parametrize("name", [*REFUSED, *SILENT])
def test_each_refusal_leaves_one_line_that_says_so(name: str) -> None:
    """Otherwise anybody could learn from refusals who is in treatment, and nobody would find out who asked."""
    school, who, (call, what) = lived(), name.partition(".")[0], {**REFUSED, **SILENT}[name]
    before = entries(school)
    school.advance(minutes=1)
    refusals = (RuleViolation, InvalidValue, NotFound, NotPermitted)
    told = ""
    with school.unchanged():
        if name in SILENT:
            assert () == call(PEOPLE[who][1](school.school))
        else:
            with pytest.raises(refusals) as refusal:
                call(PEOPLE[who][1](school.school))
            told = str(refusal.value)
    (entry,) = (one for one in entries(school) if one not in before)
    assert line(school, who, what, granted=False) == entry
    # The same again, where the log cannot be written: nothing is told of the refusal.
    with school.unchanged(), pytest.raises(StorageError) as failure:
        call(PEOPLE[who][1](beside(school, _no_refusal_is_logged)))
    assert None is failure.value.__cause__ is failure.value.__context__
    assert not told or told not in str(failure.value)


def _no_refusal_is_logged(call: Call) -> object:
    lines: Any = call.args[0] if call.method == "log" else ()
    if not all(entry.granted for entry in lines):
        raise StorageError("the log is full")
    return call.go()


def test_every_method_of_every_desk_is_in_the_table() -> None:
    """Otherwise a new method would come without a thought of who is to find its traces."""
    school = Scenario()
    methods = {"coordinator": "desk"}
    tested = {f"{methods.get(who, who)}.{name.split(' ')[0]}" for who, _, name in (n.partition(".") for n in GRANTED)}
    desks = {"desk": school.desk, "office": school.office, "room": school.room}
    public = {f"{who}.{name}" for who, desk in desks.items() for name in public_methods(desk)}
    assert public - {"office.replay"} == tested


@pytest.mark.rule("D-21a")
def test_a_purge_and_its_replay_are_logged_for_what_is_deleted_and_for_nothing_else() -> None:
    """Otherwise the log would say deleted of a record that is there, or say nothing of one that is gone."""
    early = Policy(retention_years=0, retention_decision="RS 0", export_before_purge=False)
    school, restored = lived(), lived()
    school.desk.end(E, reason="klar")
    school.restart(evolve(school.catalogue, policy=early))
    school.advance(minutes=1)
    plan = school.office.approve(school.office.plan_purge(), decision="RS 3")
    school.restart(restored.catalogue)  # what was planned is too young again
    receipt = school.office.purge(plan)
    assert ((ENDED.enrolment,), [E]) == (receipt.purged, [skipped.enrolment_id for skipped in receipt.skipped])
    restored.now = school.now
    assert 1 == restored.office.replay(receipt)
    for one in (school, restored):
        deleted = [entry for entry in entries(one) if entry.action == "purge" and entry.enrolment_id is not None]
        assert [line(one, "office", ("purge", ENDED), granted=True)] == deleted


@pytest.mark.parametrize("page", [1, 3, 100])
def test_the_log_is_read_page_by_page_to_its_end(page: int) -> None:
    """Otherwise a long log would be its first page for ever, or show somebody else's lines."""
    school = lived()
    for person in (None, ANNA, BO):
        expected = [e for e in entries(school) if person is None or (e.person is not None and e.person.value == person)]
        found: list[AccessEntry] = []
        after = 0
        while lines := school.office.access_log(person=person, after=after, limit=page)[: len(expected) - len(found)]:
            found += [entry for _, entry in lines]
            assert after < lines[0][0]
            after = lines[-1][0]
        assert expected == found


def test_a_number_that_is_none_names_nobody() -> None:
    """Otherwise a slip of the finger would stand in somebody's log."""
    school = lived()
    with pytest.raises(InvalidIdentity):
        school.office.access_log(person="198507099806")
    assert [] == [entry for entry in entries(school) if not entry.granted]


@pytest.mark.rule("M-08")
def test_a_search_gives_the_ended_too_oldest_first() -> None:
    """Otherwise a patient who comes back would seem to be new."""
    school = lived()
    again = school.start(CILLA)
    assert [ENDED.enrolment, again] == [enrolment.id for enrolment in school.desk.find(CILLA)]
