"""The lifecycle machine: three lines point it at adapters, and a broken law is named by the run that breaks it."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from itertools import product
from typing import Any
from unittest import TestCase

import pytest
from attrs import evolve
from hypothesis import HealthCheck, settings
from hypothesis import Phase as Phases
from hypothesis.stateful import run_state_machine_as_test

from digital_painschool.adapters.memory import MemoryStorage
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.notification import Notify, ResolutionReason, Status
from digital_painschool.domain.pace import ChannelPace
from digital_painschool.domain.policy import FlagKind, Policy
from digital_painschool.domain.program import Ordering
from digital_painschool.ports import Ports
from digital_painschool.ports.storage import Storage, Timeline, load_notifications
from digital_painschool.testing.environment import Environment, PortsFactory, at_a_pace, in_memory, on_sqlite
from digital_painschool.testing.example import PAIN
from digital_painschool.testing.faults.calls import Call, watched
from digital_painschool.testing.lifecycle import LifecycleMachine
from digital_painschool.testing.lifecycle.base import MOST_ENROLMENTS
from digital_painschool.testing.lifecycle.days import REFUSALS, RUNS
from digital_painschool.testing.lifecycle.options import FOCUSES, POLICIES
from digital_painschool.testing.lifecycle.passes import TROUBLES
from digital_painschool.testing.lifecycle.repeating import FROM_VIEW, KEYED, MEANWHILE
from digital_painschool.testing.lifecycle.retention import LIVES
from digital_painschool.testing.people import COLLEAGUE, NURSE
from digital_painschool.testing.reference.laws import Law, LawViolation
from tests.kit.wrong.mistake import Mistake, Wrong

Steps = Callable[[LifecycleMachine], object]


def run_steps(
    steps: Steps, ports_factory: PortsFactory | None = None, *, reference: bool = True, **begins: str
) -> None:
    """Let one history happen, on adapters, with the laws checked after it; `begins` says how it begins."""
    about = {
        "reference": reference,
        **({} if ports_factory is None else {"ports_factory": staticmethod(ports_factory)}),
    }
    machine = type("Machine", (LifecycleMachine,), about)()
    usual = {"start": "2026-06-01 08:00", "ordering": "guided", "policy": "usual", "focus": "everything"}
    try:
        machine.begin(**usual | begins)
        machine.the_laws_hold()
        steps(machine)
        machine.the_laws_hold()
    finally:
        machine.teardown()


def stored_with(bug: str) -> PortsFactory:
    """Return an opening of a storage with a bug of the table, the same one for a world as long as that is there."""
    _, _, method, wrong = BUGS[bug]
    kind = Mistake(bug, "", method, wrong).within(MemoryStorage)
    storages: dict[int, MemoryStorage] = {}
    return lambda environment: environment.ports(storage=storages.setdefault(id(environment), kind()))


class OurLifecycle(LifecycleMachine):
    """What an integrator writes, in three lines."""

    ports_factory = staticmethod(in_memory)


def test_a_test_case_has_a_test_for_each_focus_and_policy() -> None:
    """Otherwise three lines would not be enough, or would test less than they promise."""
    case = OurLifecycle.TestCase
    assert issubclass(case, TestCase)
    assert {f"test_{focus}_{policy}" for focus in FOCUSES for policy in POLICIES} == {
        name for name in dir(case) if name.startswith("test_")
    }
    assert case is OurLifecycle.TestCase
    assert case is not LifecycleMachine.TestCase


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("focus", FOCUSES)
def test_the_test_case_runs_the_machine(focus: str, policy: str) -> None:
    """Otherwise the tests would pass whatever the adapters do."""

    class Machine(LifecycleMachine):
        ports_factory = staticmethod(stored_with("timelines are numbered wrongly"))

    Machine.TestCase.settings = settings(max_examples=3, stateful_step_count=2, database=None, phases=[Phases.generate])
    with pytest.raises(LawViolation):
        Machine.TestCase(f"test_{focus}_{policy}").debug()


def test_a_failing_history_is_printed_as_steps_that_a_person_can_follow(capsys: pytest.CaptureFixture[str]) -> None:
    """Otherwise what broke a law could not be read, or done again."""
    machine = type(
        "Machine", (LifecycleMachine,), {"ports_factory": staticmethod(stored_with("timelines are numbered wrongly"))}
    )
    with pytest.raises(LawViolation) as found:
        run_state_machine_as_test(machine, settings=settings(max_examples=5, database=None, report_multiple_bugs=False))
    notes = "\n".join(found.value.__notes__)
    assert "state.begin(" in notes
    assert "focus='treatment'" in notes
    assert " object at " not in notes


def test_options_are_kept_to() -> None:
    """Otherwise adapters that cannot do something would be asked for it, and fail for no reason."""
    opened: list[Environment] = []

    def ports_factory(environment: Environment) -> Ports:
        assert environment not in opened, "opened again"
        opened.append(environment)
        return environment.ports()

    class Machine(LifecycleMachine):
        crashes = False
        reference = False
        orderings = (Ordering.RELEASED,)

        def at_last(self) -> None:
            """See that the options were kept to."""
            super().at_last()
            assert {Ordering.RELEASED} == {program.ordering for program in self.programs}
            assert 1 == len(self.asked.all)

    Machine.ports_factory = staticmethod(ports_factory)  # type: ignore[method-assign]
    quick = settings(max_examples=10, stateful_step_count=10, deadline=None, database=None)
    run_state_machine_as_test(Machine, settings=settings(quick, suppress_health_check=list(HealthCheck)))
    assert len(opened) >= 10


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"port_factory": staticmethod(in_memory)}, "did you mean 'ports_factory'?"),
        ({"opening": staticmethod(in_memory)}, "the options are ports_factory, reference"),
        ({"policy": Policy()}, "did you mean 'policies'?"),
        ({"anything": 1}, "no option of the machine"),
        ({"focuses": ("mesages",)}, "focuses must not be"),
        ({"focuses": ()}, "focuses must not be"),
        ({"orderings": Ordering.GUIDED}, "orderings must not be"),
        ({"policies": (Policy(),)}, "policies must not be"),
        ({"reference": "no"}, "reference must not be"),
        ({"numbers": ("1",)}, "numbers must not be"),
    ],
)
def test_an_option_that_is_unknown_or_wrong_is_refused(wrong: dict[str, object], says: str) -> None:
    """Otherwise a typing error would have the adapters in memory tested, or nothing, and everything would be green."""
    with pytest.raises(TypeError, match=re.escape(says)):
        type("Machine", (LifecycleMachine,), wrong)


def test_a_machine_may_have_steps_and_helpers_of_its_own() -> None:
    """Otherwise nobody could add a rule for an adapter of their own."""

    class Machine(LifecycleMachine):
        _helper = 1

        def another_rule(self) -> None:
            """Take a step of our own."""

    assert LifecycleMachine.focuses == Machine.focuses


def test_an_example_without_steps_closes_nothing() -> None:
    """Otherwise a machine that was never begun would fail at its end."""
    machine = LifecycleMachine()
    machine.the_laws_hold()
    machine.teardown()
    assert machine.schools is None


def _each(found: Mapping[EnrolmentId, Timeline], change: Callable[[Timeline], Timeline]) -> object:
    return {id_: change(timeline) for id_, timeline in found.items()}


def _numbered_wrongly(timeline: Timeline) -> Timeline:
    return evolve(timeline, entries=tuple(evolve(entry, seq=entry.seq + 1) for entry in timeline.entries))


def _under_other_keys(right: Wrong, _: Any, decided: Any) -> object:
    return {id_: evolve(batch, key=f"another.1.inbox.then.{batch.key}") for id_, batch in right(decided).items()}


def _without_its_first_line(right: Wrong, _: Any, *args: Any, after: int = 0, **options: Any) -> Any:
    found = right(*args, after=after, **options)
    return found if after or len(found) < 4 else found[1:]


def _with_an_error_of_its_own(*_: Any) -> object:
    raise KeyError("limit")


def _morning(it: LifecycleMachine) -> None:
    it.therapist_writes(enrolment=0, conversation=1, notify="direct")
    it.deliver()


def _reads_meanwhile(it: LifecycleMachine) -> None:
    it.therapist_writes(enrolment=0, conversation=1, notify="direct")
    it.deliver_with_trouble(troubles=["patient reads"], struck="no", write=0, batch=200)


BUGS: dict[str, tuple[int, Steps, str, Wrong]] = {
    "timelines are numbered wrongly": (
        1,
        lambda it: None,
        "load_timelines",
        lambda right, _, *args, **options: _each(right(*args, **options), _numbered_wrongly),
    ),
    "what arrives is not kept": (5, _morning, "begin", _under_other_keys),
    "an adapter's own error stops all": (8, _morning, "claim", _with_an_error_of_its_own),
    "a storage loses texts": (
        8,
        lambda it: it.patient_writes(enrolment=0, conversation=0),
        "load_timelines",
        lambda right, _, *args, **options: _each(right(*args, **options), lambda one: evolve(one, documents={})),
    ),
    "a storage gives nothing to workers": (8, _reads_meanwhile, "claim", lambda *_: ()),
    "the access log forgets": (9, lambda it: it.wait_for("run", 0, 0), "access_entries", _without_its_first_line),
}
"""By what is wrong: the law that says so, the steps, and the storage's method that is wrong.

`proofs/seeded_bugs` has the bugs of rules.
"""


@pytest.mark.parametrize("bug", BUGS)
def test_what_is_wrong_is_found_and_named(bug: str) -> None:
    """Otherwise a bug would pass, or would be reported as something else than it is."""
    law, steps, *_ = BUGS[bug]
    with pytest.raises(LawViolation, match=f"^Law {law}: ") as found:
        run_steps(steps, stored_with(bug), reference=law == 8)
    assert f"Law{law}Violation" == type(found.value).__name__
    assert Law(law).sentence in str(found.value)


def _walk(it: LifecycleMachine) -> None:
    """Take the turnings that chance may pass by."""
    it.tick(who="nurse", email=True, sms=True, summary=False)
    it.tick(who="elsewhere", email=True, sms=False, summary=True)
    it.complete_all_modules(enrolment=0, released=True, another=4)
    it.deliver_with_trouble(troubles=["patient reads"], struck="no", write=0, batch=200)
    it.save_form(enrolment=0, form=PAIN, answers=0)
    it.deliver_with_trouble(troubles=["refused for good"], struck="no", write=0, batch=200)
    it.the_next_step(write=1, how="dies before")
    it.save_form(enrolment=0, form=PAIN, answers=1)
    it.the_next_step(write=0, how="dies after")
    it.save_form(enrolment=0, form=PAIN, answers=1)
    it.draw_the_box(enrolment=0, form=PAIN)
    it.mark_from_the_screen(view=0, further=0)
    it.wait_for_the(edge="new year", microseconds=0)
    it.wait_for_the(edge="clock change", microseconds=1)
    it.look_for_a_conversation(enrolment=0, conversation=1)
    it.look_for_a_conversation(enrolment=0, conversation=0)
    it.a_patient_who_cannot_be_reached(messages=2, first="undelivered")
    it.start(patient=2, therapist="nurse", program=0)
    it.a_patient_who_cannot_be_reached(messages=1, first="program-done")
    it.therapist_writes(enrolment=0, conversation=0, notify="direct")
    for trouble in TROUBLES:
        it.therapist_writes(enrolment=0, conversation=0, notify="direct")
        it.deliver_with_trouble(troubles=[trouble], struck="no", write=0, batch=1)
    for struck in ("fails", "dies before", "dies after"):
        it.two_days_in_one(
            first=0, run="busy, after a late pass", again="busy", act="reads", of_first=True, afterwards=True
        )
        it.deliver_with_trouble(troubles=[], struck=struck, write=0, batch=200)


def _summaries(it: LifecycleMachine) -> None:
    """Let one summary a day go in every way in which the sending of one can go, and hand over what waits."""
    it.tick(who="nurse", email=True, sms=True, summary=True)
    for number, trouble in enumerate(TROUBLES):
        for answers in (0, 1):
            it.save_form(enrolment=0, form=PAIN, answers=answers)
        it.wait_for(edge="run", days=0, microseconds=0)
        it.deliver_with_trouble(troubles=[trouble], struck="no", write=0, batch=1)
        if number % 2:
            it.open_form(enrolment=0, form=PAIN)
        it.deliver()
    it.tick(who="colleague", email=True, sms=True, summary=False)
    for to, trouble in product((COLLEAGUE, NURSE), ("busy", "dies", "hangs, then takes")):
        it.save_form(enrolment=0, form=PAIN, answers=0)
        it.wait_for(edge="run", days=0, microseconds=0)
        it.deliver_with_trouble(troubles=[trouble, trouble], struck="no", write=0, batch=200)
        it.hand_over(enrolment=0, to=to)
        it.deliver()


def _again(it: LifecycleMachine) -> None:
    """Do every step twice under its key, the process dying or not, and use pages that were drawn before."""
    for number, step in enumerate(KEYED):
        it.call_twice(
            enrolment=0, step=step, dies=(None, "dies before", "dies after")[number % 3], otherwise=number % 2 == 1
        )
        it.the_laws_hold()
        it.start(patient=2, therapist="nurse", program=0)  # a step may have ended or withdrawn the one before
        it.call_twice(enrolment=-1, step=step, dies=None, otherwise=number % 2 == 0)
        it.the_laws_hold()
        it.use_a_page_that_was_open(
            enrolment=-1,
            meanwhile=[MEANWHILE[number % len(MEANWHILE)]],
            delivers=number % 2 == 1,
            step=FROM_VIEW[number % 9],
        )
    for call in range(10):
        it.call_again(call=call, otherwise=call % 2 == 1)


def _maintenance(it: LifecycleMachine) -> None:
    """Let access end, be renewed and end again, and try what is over."""
    it.maintain_and_read(enrolment=0, days=30, modules=[1, 3], shortens=False)
    it.maintain_and_go_back(enrolment=0, days=30)
    it.maintain_and_read(enrolment=0, days=30, modules=[1, 3], shortens=True)
    it.two_ends_of_access(enrolment=0, days=1)
    for then in ("back", "maintain", "anew", "no"):
        it.wait_for_the_end_of_access(enrolment=0, microseconds=0, module=1, then=then)
    for trouble in REFUSALS:
        it.one_for_two(trouble=trouble, struck="no", write=0)
    for enrolment in range(len(it.enrolments)):
        it.end(enrolment=enrolment, reason="klar")
    it.end(enrolment=0, reason="klar")
    it.two_ends_of_access(enrolment=0, days=1)
    it.wait_for_the_end_of_access(enrolment=0, microseconds=0, module=1, then="no")


def _treatment(it: LifecycleMachine) -> None:
    """Do every step of a treatment when it is right, and when it is not."""
    for _ in range(2):
        it.the_laws_hold()
        it.the_laws_hold()
        it.open_module(enrolment=0, module=1)
        it.open_module(enrolment=0, module=5)
        it.go_through_the_modules(enrolment=0, modules=[3, 1, 2, 4], completes=False)
        it.go_through_the_modules(enrolment=0, modules=[3, 1, 2, 4], completes=True)
        it.release_module(enrolment=0, module=2, out_of_order=None)
        it.complete_all_modules(enrolment=0, released=True, another=4)
        it.save_all_sorts(enrolment=0)
        it.save_rubbish(enrolment=0, form=PAIN)
        it.keep_rubbish(enrolment=0, form=PAIN)
        it.keep_drafts(enrolment=0, place=0, then="saved")
        it.keep_drafts(enrolment=0, place=1, then="read")
        it.walk(enrolment=0, limit=2, newest_first=True)
        it.save_while_the_box_is_shown(enrolment=0, form=PAIN, before=1, meanwhile=1, alerts=1)
        it.mark_from_two_screens(enrolment=0, form=PAIN)
        it.mark_from_the_screen(view=0, further=9)
        it.therapist_reads(enrolment=0, conversation=1)
        it.patient_writes(enrolment=0, conversation=0)
        it.therapist_reads(enrolment=0, conversation=1)
        it.therapist_writes(enrolment=0, conversation=1, notify="none")
        it.patient_reads(enrolment=0, conversation=1)
        it.mark_handled(enrolment=0, flag=FlagKind.PROGRAM_DONE)
        it.mark_handled(enrolment=0, flag=FlagKind.UNDELIVERED)
        it.review(enrolment=0)
        it.hand_over(enrolment=0, to=COLLEAGUE)
        it.wait(hours=9, microseconds=1)
        it.wait_long(days=7)
        it.wait_for_a_review(enrolment=0, microseconds=0)
        it.wait_for_attention(enrolment=0, what="silence", microseconds=1)
        it.restart()
        it.maintain_and_read(enrolment=0, days=30, modules=[2], shortens=True)
        it.maintain_and_read(enrolment=0, days=0, modules=[], shortens=False)
        it.reactivate(enrolment=0, shortens=True)
        it.reactivate(enrolment=0, shortens=True)
        it.wait_for_the_end_of_access(enrolment=0, microseconds=0, module=2, then="maintain")
        it.wait_for_the_end_of_access(enrolment=0, microseconds=-1, module=2, then="no")
        it.end(enrolment=0, reason="okand")
        it.end(enrolment=0, reason="klar")
    it.wait_for_the_end_of_access(enrolment=0, microseconds=0, module=1, then="anew")
    it.start(patient=0, therapist="nurse", program=1)
    it.start(patient=0, therapist="nurse", program=1)
    it.start_again(enrolment=0)
    for _ in range(MOST_ENROLMENTS):
        it.wait_for_the_end_of_access(enrolment=0, microseconds=0, module=1, then="anew")


def _days(it: LifecycleMachine) -> None:
    """Let the worst days come together."""
    it.start(patient=0, therapist="colleague", program=1)
    for closing, missed in (("no", [0]), ("ends", []), ("is maintained", [0, 1])):
        it.a_day(
            missed=missed,
            written=[0, 1],
            edge="run",
            microseconds=0,
            troubles=["busy"],
            struck="no",
            write=0,
            read=[1],
            then=[0],
            closing=closing,
            closed=0,
            more=[(5, ["hangs"]), (35, [])],
        )
    it.a_day_on_which_all_is_read(struck="fails", write=1, ended=False)
    it.a_day_on_which_all_is_read(struck="fails", write=2, ended=True)
    it.a_day_on_which_all_is_read(struck="dies after", write=1, ended=False)
    for notify in ("collected", "direct"):
        for renewed in (False, True):
            it.a_message_on_the_last_day(enrolment=0, hours=1, notify=notify, renewed=renewed)
    for run in RUNS:
        it.two_days_in_one(first=0, run=run, again="none", act="ends", of_first=True, afterwards=False)
    for before, run in ((False, "none"), (False, "dies"), (True, "dies")):
        it.a_message_that_comes_late(missed=before, run=run, same=True, minutes=16, days=0)
    for enrolment in range(len(it.enrolments)):
        it.end(enrolment=enrolment, reason="klar")
    it.a_message_on_the_last_day(enrolment=0, hours=0, notify="direct", renewed=False)
    it.a_patient_who_cannot_be_reached(messages=1, first="undelivered")
    it.deliver_with_trouble(troubles=["patient reads"], struck="no", write=0, batch=200)
    it.start(patient=1, therapist="nurse", program=0)
    it.therapist_writes(enrolment=0, conversation=0, notify="collected")


def _operations(it: LifecycleMachine) -> None:
    """Let every notice be given up or reported in every way, and be sent again or dropped."""
    for number, (goes, status) in enumerate(
        product(("refused for good", "reported", "reported early"), (Status.PENDING, Status.DROPPED))
    ):
        for again in ("none", "reported", "refused for good"):
            it.a_dead_letter(
                enrolment=number % 3,
                notify=Notify.COLLECTED if number % 2 else Notify.DIRECT,
                goes=goes,
                status=status,
                act="none" if again == "none" else "reads",
                days=number % 3,
                again=again,
                twice=True,
            )
    it.a_dead_letter(
        enrolment=0,
        notify=Notify.DIRECT,
        goes="reported",
        status=Status.PENDING,
        act="none",
        days=0,
        again="dies",
        twice=False,
    )
    it.report(which=1)  # of what was sent before the operator sent it again, at the same instant
    it.a_patient_who_cannot_be_reached(messages=1, first="undelivered")
    for dead, reason in product((True, False), ResolutionReason):
        it.resolve(which=0, dead=dead, status=Status.PENDING, reason=reason)
        it.deliver()
    it.list_dead_letters(limit=1)
    it.report(which=0)
    it.report(which=0)
    it.end(enrolment=0, reason="klar")
    it.report(which=3)
    it.deliver()


def _afterwards(it: LifecycleMachine) -> None:
    """Take the turnings of the years after."""
    it.wait_for_the_end_of_the_period(enrolment=0, microseconds=0)
    for life in LIVES:
        it.a_life(patient=1, therapist="nurse", life=life)
        it.a_life(patient=0, therapist="elsewhere", life=life)
        it.export(where="elsewhere")
        it.wait_for_the_end_of_the_period(enrolment=-1, microseconds=1)
        it.the_whole_procedure(
            lives=[],
            exports=life == "quiet",
            passes={"notified": "after it", "quiet": "before the plan"}.get(life, "never"),
            microseconds=1,
            dies=1,
            how="dies after",
        )
        it.plan(where="elsewhere")
        it.purge(plan=0, inbox_fails=False)
        it.approve(plan=0)
        it.purge(plan=0, inbox_fails=True)
        it.purge(plan=0, inbox_fails=False)
    it.start(patient=0, therapist="nurse", program=1)
    it.a_life(patient=0, therapist="nurse", life="quiet")
    for dies in (it.plan, it.export):
        it.the_next_step(write=0, how="dies before")
        dies(where="here")
    it.plan(where="here")
    it.the_next_step(write=0, how="dies before")
    it.approve(plan=0)
    it.the_next_step(write=0, how="dies before")
    it.the_whole_procedure(lives=[], exports=False, passes="never", microseconds=1, dies=None, how="dies before")
    gone = next(place for place, one in enumerate(it.enrolments) if one.purged)
    it.everybody_tries_everything(enrolment=gone)
    it.everybody_tries_everything(enrolment=0)
    it.a_life(patient=1, therapist="nurse", life="quiet")
    it.a_life(patient=1, therapist="nurse", life="quiet")


def test_a_flag_that_was_settled_may_be_raised_again_by_the_pass_that_drops_its_summary() -> None:
    """Otherwise the machine would expect a summary of what the therapist has handled, beside the one of what came."""

    def steps(it: Any) -> None:
        it.tick(who="nurse", email=True, sms=False, summary=True)
        it.start(patient=2, program=0, therapist="nurse")
        it.a_patient_who_cannot_be_reached(messages=2, first="program-done")
        it.wait_for(edge="run", days=0, microseconds=0)
        it.resolve(which=0, dead=True, status=Status.PENDING, reason=ResolutionReason.CHANNEL_REPAIRED)
        it.deliver()

    run_steps(steps, policy="own")


def test_what_was_in_doubt_waits_for_the_run_that_drops_it_after_a_withdrawal_too() -> None:
    """Otherwise the machine would ask for a drop before the forenoon, once the inbox has forgotten the key."""

    def steps(it: Any) -> None:
        it.therapist_writes(enrolment=0, conversation=0, notify="collected")
        it.wait_for(edge="run", days=0, microseconds=0)
        it.deliver_with_trouble(troubles=["dies"], struck="no", write=0, batch=200)
        it.withdraw(enrolment=0, by=NURSE, reason="wrong-person")
        it.deliver()
        it.wait_for(edge="run", days=0, microseconds=-1)
        for _ in range(2):
            it.deliver()
            it.the_laws_hold()
            it.wait_for(edge="run", days=0, microseconds=0)
        assert [Status.DROPPED] == [r.status for r in load_notifications(it.school.storage, it.enrolments[0].id)]

    run_steps(steps, focus="records", policy="own")


def test_a_gateway_may_report_what_was_purged_with_its_enrolment() -> None:
    """Otherwise the machine would expect a result that nobody stores any more."""

    def steps(it: Any) -> None:
        it.a_slip(patient=1, ends=False, life="notified and claimed")
        it.the_whole_procedure(lives=[], exports=False, passes="never", microseconds=1, dies=None, how="dies before")
        it.report(which=0)

    run_steps(steps, focus="records")


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("before", [1, 3, 61, 4_000])
def test_a_forenoon_that_is_too_short_is_lawful_too(before: int, policy: str) -> None:
    """Otherwise the machine would find that a pace breaks a law where it has no slot left."""

    def steps(it: LifecycleMachine) -> None:
        it.a_short_forenoon(first=[1, 3], second=[0, 2], direct=True, read=False, before=before)
        it.a_short_forenoon(first=[2], second=[1, 0], direct=False, read=True, before=before)
        for trouble in ("dies", "another worker", "busy"):
            it.therapist_writes(enrolment=0, conversation=0, notify="direct")
            it.deliver_with_trouble(troubles=[trouble], struck="no", write=0, batch=1)
            it.deliver()

    pace = ChannelPace(interval=timedelta(seconds=2), round_size=2, pause=timedelta(minutes=70))
    run_steps(steps, at_a_pace(pace), policy=policy, focus="messages")


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("ordering", ["guided", "enforced", "released"])
@pytest.mark.parametrize("tour", [_treatment, _walk, _again, _summaries, _days, _operations, _afterwards, _maintenance])
def test_what_chance_may_pass_by_is_lawful_too(tour: Steps, ordering: str, policy: str) -> None:
    """Otherwise a rare turning would say that a law is broken where none is."""
    run_steps(tour, start="2026-10-23 12:00", ordering=ordering, policy=policy)


def test_what_a_dead_process_had_open_is_closed() -> None:
    """Otherwise each restart would leave connections, until a server has none left."""
    closed: list[int] = []

    def ports_factory(environment: Environment) -> Ports:
        place = len(handles)

        def around(call: Call) -> object:
            if call.method != "close":
                return call.go()
            closed.append(place)
            return None

        handles.append(watched(environment.storage, around))
        return environment.ports(storage=handles[-1])

    handles: list[Storage] = []
    run_steps(lambda it: (it.restart(), it.save_form(enrolment=0, form=PAIN, answers=0), it.restart()), ports_factory)
    assert [0, 1, 2] == closed[:3]
    assert 3 == len(handles)


@pytest.mark.parametrize("dies", [0, 1, 2, 3])
def test_a_purge_is_checked_by_the_process_that_continues_it(dies: int) -> None:
    """Otherwise the machine would ask a storage that its process has closed."""
    pytest.importorskip("sqlalchemy")
    run_steps(
        lambda it: it.the_whole_procedure(
            lives=["quiet"], exports=True, passes="never", microseconds=1, dies=dies, how="dies before"
        ),
        on_sqlite,
    )


def test_a_storage_that_forgets_at_a_restart_is_found() -> None:
    """Otherwise what was saved could be lost with the process, and no law would say so."""
    openings = iter(MemoryStorage() for _ in range(9))
    with pytest.raises(LawViolation, match=r"^Law 8: "):
        run_steps(lambda it: it.restart(), lambda environment: environment.ports(storage=next(openings)))
