"""What a unit or a therapist has switched off while a notification of it waited."""

from collections.abc import Collection, Mapping
from typing import Any

import pytest
from attrs import evolve

from digital_painschool.application.program_catalogue import Catalogue
from digital_painschool.delivery.report import DeliveryReport
from digital_painschool.domain.events import NotificationDropped
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Profile, Template
from digital_painschool.domain.policy import FlagKind
from digital_painschool.errors import StorageError
from digital_painschool.ports.storage import Record, RecordKey
from digital_painschool.testing.example import PROGRAM
from digital_painschool.testing.scenario import Scenario
from tests.delivery.faulty import done, notes
from tests.delivery.test_summaries import ALL, mails

DONE = frozenset({FlagKind.PROGRAM_DONE})
SUMMARY = "2026-03-03 09:00"


def waiting(*, email: bool = True, sms: bool = False) -> Scenario:
    """Return a school where a summary is to say next morning that a patient is done."""
    school = Scenario(policy=ALL)
    tick(school, email=email, sms=sms)
    school.at("2026-03-02 14:00")
    done(school)
    return school


def tick(school: Scenario, *, email: bool, sms: bool, flags: Collection[FlagKind] = DONE) -> None:
    """Choose on "Min profil"."""
    school.desk.receive_notifications(email=email, sms=sms, flags=flags, summary=True)


def sent(school: Scenario) -> tuple[int, int]:
    """Return how many e-mails and how many SMS were sent."""
    return len(school.environment.email.sent), len(school.environment.sms.sent)


def taken_back(school: Scenario, id_: EnrolmentId) -> list[FlagKind | None]:
    """Return which note each drop on a timeline takes back."""
    return [one.takes_back for one in school.events(id_) if isinstance(one, NotificationDropped)]


OFF: Mapping[str, tuple[FlagKind, Mapping[str, Any]]] = {
    "silent is not on offer": (FlagKind.SILENT, {"staff_flags": frozenset(FlagKind) - {FlagKind.SILENT}}),
    "nobody is silent": (FlagKind.SILENT, {"silent_after_days": 0}),
    "ends-soon is not on offer": (FlagKind.ENDS_SOON, {"staff_flags": frozenset(FlagKind) - {FlagKind.ENDS_SOON}}),
    "nothing ends soon": (FlagKind.ENDS_SOON, {"ending_within_days": 0}),
}


@pytest.mark.rule("D-17b", "D-23a")
@pytest.mark.parametrize(("flag", "off"), OFF.values(), ids=OFF)
def test_what_the_unit_has_switched_off_is_notified_no_more(flag: FlagKind, off: Mapping[str, Any]) -> None:
    """Otherwise a summary would call to what the unit does not point out, or never again when it is switched on."""
    school = Scenario(policy=ALL)
    tick(school, email=True, sms=False, flags={flag})
    id_ = school.start()
    school.at({FlagKind.SILENT: "2026-03-17 14:00", FlagKind.ENDS_SOON: "2027-02-10 14:00"}[flag])
    assert 1 == school.deliver().pointed_out
    school.restart(Catalogue(programs=(PROGRAM,), policy=evolve(ALL, **off)))
    school.advance(hours=20)
    assert 1 == school.deliver().dropped
    assert ([], 1) == (mails(school), notes(school, NotificationDropped, id_)[0])
    assert [flag] == taken_back(school, id_)
    school.restart(Catalogue(programs=(PROGRAM,), policy=ALL))
    assert 1 == school.deliver().pointed_out
    school.advance(days=1)
    assert (1, [Template.SUMMARY]) == (school.deliver().sent, mails(school))


MOVED: Mapping[str, tuple[FlagKind, str, Mapping[str, Any], str]] = {
    "silent after 60 days": (FlagKind.SILENT, "2026-03-17", {"silent_after_days": 60}, "2026-05-02"),
    "ends within 10 days": (FlagKind.ENDS_SOON, "2027-02-10", {"ending_within_days": 10}, "2027-02-21"),
}
"""A kind of note, the day of the first, a limit that moves, and the day of the second."""


@pytest.mark.rule("D-17b")
@pytest.mark.parametrize(("flag", "day", "moved", "later"), MOVED.values(), ids=MOVED)
def test_a_limit_that_has_moved_takes_back_what_waits_and_it_is_noted_again(
    flag: FlagKind, day: str, moved: Mapping[str, Any], later: str
) -> None:
    """Otherwise a summary would call to what no list points out, or nobody be told under the new limit."""
    school = Scenario(policy=ALL)
    tick(school, email=True, sms=False, flags={flag})
    id_ = school.start()
    school.at(f"{day} 14:00")
    assert 1 == school.deliver().pointed_out
    school.restart(Catalogue(programs=(PROGRAM,), policy=evolve(ALL, **moved)))
    school.advance(hours=20)
    assert DeliveryReport(dropped=1) == school.deliver()
    assert (1, [flag]) == (notes(school, NotificationDropped, id_)[0], taken_back(school, id_))
    assert DeliveryReport() == school.deliver()
    school.at(f"{later} 08:30")
    assert 1 == school.deliver().pointed_out
    school.at(f"{later} 09:00")
    assert (1, [Template.SUMMARY]) == (school.deliver().sent, mails(school))


@pytest.mark.rule("D-17b")
def test_a_limit_that_moves_back_loses_nobody() -> None:
    """Otherwise a limit that was wrong for a day would keep a silence from the therapist for good."""
    school = Scenario(policy=ALL)
    tick(school, email=True, sms=False, flags={FlagKind.SILENT})
    school.start()
    school.at("2026-03-17 14:00")
    assert 1 == school.deliver().pointed_out
    for limit, report in ((60, DeliveryReport(dropped=1)), (14, DeliveryReport(pointed_out=1))):
        school.advance(hours=20 if limit == 60 else 1)
        school.restart(Catalogue(programs=(PROGRAM,), policy=evolve(ALL, silent_after_days=limit)))
        assert report == school.deliver()
    school.advance(days=1)
    assert (1, [Template.SUMMARY]) == (school.deliver().sent, mails(school))


@pytest.mark.rule("D-17b")
def test_a_therapist_who_unticks_takes_no_note_back() -> None:
    """Otherwise each untick would be followed by a second note of one silence on the timeline."""
    school = Scenario(policy=ALL)
    tick(school, email=True, sms=False, flags={FlagKind.SILENT})
    id_ = school.start()
    school.at("2026-03-17 14:00")
    school.deliver()
    tick(school, email=False, sms=False)
    school.advance(hours=20)
    assert (DeliveryReport(dropped=1), DeliveryReport()) == (school.deliver(), school.deliver())
    assert [None] == taken_back(school, id_)


@pytest.mark.rule("M-22", "D-23a")
def test_what_the_therapist_has_unticked_is_notified_no_more() -> None:
    """Otherwise a box that is unticked before a holiday would be ticked for one more morning."""
    for flags in (DONE, {FlagKind.FORM_SAVED}):
        school = waiting(sms=True)
        tick(school, email=flags is not DONE, sms=False, flags=flags)
        school.at(SUMMARY)
        assert DeliveryReport(dropped=2) == school.deliver()
        assert (0, 0) == sent(school)


@pytest.mark.rule("M-22", "M-23")
@pytest.mark.parametrize(
    ("before", "after"),
    [((True, False), (False, True)), ((False, True), (True, False)), ((True, True), (False, True))],
)
def test_who_changes_the_channel_is_notified_once_over_the_new_one(
    before: tuple[bool, bool], after: tuple[bool, bool]
) -> None:
    """Otherwise a therapist would not be told, or be told twice, of what came while the old box was ticked."""
    school = waiting(email=before[0], sms=before[1])
    tick(school, email=after[0], sms=after[1])
    for _ in range(4):
        school.advance(days=1)
        school.at(f"{school.now:%Y-%m-%d} 09:00")
        school.deliver()
    assert after == sent(school)


@pytest.mark.rule("M-22")
def test_a_damaged_profile_keeps_no_notification_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise one row would silence a therapist: nobody can tell what they have unticked."""
    school = waiting()

    load = school.storage.load_record

    def damaged(key: RecordKey) -> Record | None:
        if key.kind is Profile:
            raise StorageError("a profile cannot be read")
        return load(key)

    monkeypatch.setattr(school.ports.storage, "load_record", damaged)
    school.at(SUMMARY)
    assert 1 == school.deliver().sent
