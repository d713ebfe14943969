"""The one path between rules and ports, where several people meet at one record, or the record has a hole."""

from collections.abc import Callable

import pytest
from attrs import evolve

from digital_painschool.application.program_catalogue import Catalogue, UnitTerms
from digital_painschool.domain.notification import Profile
from digital_painschool.domain.policy import FlagKind, Policy
from digital_painschool.domain.program import Ordering, Program
from digital_painschool.errors import Conflict, InvalidProgram, NotFound, StorageError
from digital_painschool.ports.storage import load_notifications
from digital_painschool.testing.environment import in_memory, stored_at
from digital_painschool.testing.example import PAIN, PROGRAM
from digital_painschool.testing.faults import Answers, Call, Fault, FaultPlan, watched, with_faults
from digital_painschool.testing.people import ANNA, BO, OTHER_UNIT, STRANGER, UNIT
from digital_painschool.testing.scenario import Scenario
from tests.databases import execute


def _of(kind: type) -> Callable[[Call], bool]:
    """Return a function that returns whether a call is about a record of a kind."""
    return lambda call: call.args[0].kind is kind


@pytest.mark.usefixtures("without_waiting")
def test_a_start_and_a_step_are_tried_again_and_not_for_ever() -> None:
    """Otherwise they would fail at the first meeting with somebody else, or never come to an end."""
    plan = FaultPlan()
    school = Scenario(lambda environment: environment.ports(storage=watched(environment.storage, plan)))

    def others_are_faster(times: int) -> None:
        plan.inject(Fault("save", does=Conflict("somebody else was faster"), times=times))

    others_are_faster(9)
    id_ = school.start()
    others_are_faster(9)
    assert 2 == school.desk.review(id_).version
    again: dict[str, Callable[[], object]] = {
        "the enrolment could not be started": lambda: school.start(BO),
        "the step could not be taken": lambda: school.desk.review(id_),
    }
    for told, call in again.items():
        plan.clear()
        plan.calls.clear()
        others_are_faster(1000)
        with school.unchanged(), pytest.raises(Conflict, match=told):
            call()
        assert 10 == plan.calls.count("save")


UNITS = pytest.mark.parametrize("url", ["memory://", "sqlite"])


@UNITS
@pytest.mark.rule("D-05c")
def test_two_units_with_a_program_of_one_name_each_keep_their_own(url: str, request: pytest.FixtureRequest) -> None:
    """Otherwise a patient would get the content of the unit that was first to start somebody."""
    theirs = evolve(PROGRAM, title="Den andra enhetens", forms=tuple(evolve(f, title="Annan") for f in PROGRAM.forms))
    offered = Catalogue(units={UNIT: UnitTerms(programs=(PROGRAM,)), OTHER_UNIT: UnitTerms(programs=(theirs,))})
    school = Scenario(stored_at(request.getfixturevalue("sqlite_url")) if url == "sqlite" else in_memory)
    school.restart(offered)
    own = school.start()
    other = school.school.therapist(STRANGER).start(ANNA, program="smartskola").id
    for _ in range(2):
        assert PROGRAM == school.desk.program(own)
        assert theirs == school.school.therapist(STRANGER).program(other)
        assert (PROGRAM.form(PAIN), theirs.form(PAIN)) == (school.room.form(own, PAIN), school.room.form(other, PAIN))
        school.restart(Catalogue())


@UNITS
@pytest.mark.rule("D-05c")
def test_changed_content_under_one_version_is_refused_at_a_unit(url: str, request: pytest.FixtureRequest) -> None:
    """Otherwise two patients of one version would read different things, and nobody could tell what each has read."""
    school = Scenario(stored_at(request.getfixturevalue("sqlite_url")) if url == "sqlite" else in_memory)
    id_ = school.start()
    changed = Catalogue(programs=(evolve(PROGRAM, title="Ändrad i smyg"),))
    within_the_process = school.school._executor
    within_the_process.catalogue = changed
    with school.unchanged(), pytest.raises(InvalidProgram, match="'1' stood for other content before"):
        school.start(BO)
    school.restart(changed)
    with school.unchanged(), pytest.raises(InvalidProgram, match="'1' stood for other content before"):
        school.start(BO)
    assert PROGRAM == school.desk.program(id_)
    stranger = school.school.therapist(STRANGER)
    assert "Ändrad i smyg" == stranger.program(stranger.start(BO, program="smartskola").id).title
    school.restart(Catalogue(programs=(evolve(PROGRAM, title="Ändrad", version="2"),)))
    assert "Ändrad" == school.desk.program(school.start(BO)).title


@UNITS
@pytest.mark.rule("D-04a", "D-05c")
@pytest.mark.parametrize("then", [None, *Ordering])
@pytest.mark.parametrize("now", [None, *Ordering])
def test_content_may_not_change_together_with_the_ordering(
    url: str, then: Ordering | None, now: Ordering | None, request: pytest.FixtureRequest
) -> None:
    """Otherwise the change would be met months later, when the unit takes its ordering back."""

    def offered(ordering: Ordering | None, title: str = PROGRAM.title) -> Catalogue:
        return Catalogue(programs=(evolve(PROGRAM, title=title),), policy=Policy(ordering=ordering))

    school = Scenario(stored_at(request.getfixturevalue("sqlite_url")) if url == "sqlite" else in_memory)
    school.restart(offered(then))
    school.start()
    school.restart(offered(now, title="Ändrad i smyg"))
    with school.unchanged(), pytest.raises(InvalidProgram, match="stood for other content before"):
        school.start(BO)
    school.restart(offered(now))
    school.start(BO)


@pytest.mark.rule("D-05c")
def test_the_same_content_read_anew_is_the_same_version() -> None:
    """Otherwise a service that is started again could start nobody."""
    school = Scenario()
    school.start()
    school.school._executor.catalogue = Catalogue(programs=(evolve(PROGRAM),))
    assert 1 == school.state(school.start(BO)).version


@pytest.mark.rule("D-05c")
@pytest.mark.rule("D-05c")
def test_a_start_after_a_restore_has_its_program(sqlite_url: str) -> None:
    """Otherwise whoever starts somebody would store a treatment that no other process could open, ever."""
    school = Scenario(stored_at(sqlite_url))
    school.start()
    execute(sqlite_url, "DELETE FROM programs")  # as a backup from before the first start
    later = school.start(BO)
    school.restart()
    assert PROGRAM.title == school.desk.patient_page(later).title


def test_an_enrolment_whose_program_is_missing_is_named() -> None:
    """Otherwise a storage that was restored without its programs would run patients under another content."""
    school = Scenario(
        with_faults(in_memory, storage=[Fault("load_record", of=_of(Program), does=Answers(None), times=None)])
    )
    id_ = school.start()
    with pytest.raises(NotFound, match="program version of enrolment e-0001 in the storage"):
        school.room.complete_module(id_, 1)
    assert 1 == school.state(id_).version


@pytest.mark.rule("D-23a")
def test_a_damaged_profile_stops_no_patient(caplog: pytest.LogCaptureFixture) -> None:
    """Otherwise a patient could not save a form because a row of the therapist's is damaged."""
    damaged = Fault("load_record", of=_of(Profile), does=StorageError("a stored Profile cannot be read"), times=None)
    policy = Policy(staff_flags=frozenset({FlagKind.FORM_SAVED}))
    school = Scenario(with_faults(in_memory, storage=[damaged]), policy=policy)
    id_ = school.start()
    assert 1 == school.room.save_form(id_, PAIN, {"smarta": 3}).number
    assert ((), f"nobody is notified of a flag of enrolment {id_}") == (
        load_notifications(school.storage, id_),
        caplog.messages[-1].partition(":")[0],
    )
