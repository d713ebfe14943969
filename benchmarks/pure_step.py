"""P1: a full pure step (the rule with all its checks, its events, the new state) beside a bare transition."""

from collections.abc import Iterable
from datetime import timedelta
from functools import reduce

from eventsourcing.domain import Aggregate, event
from statemachine import State, StateMachine
from transitions import Machine

from benchmarks.database import MESSAGE, NURSE, POLICY, PROGRAM, SCORED_ANSWERS, SCORED_FORM, SHORT_ANSWERS, SHORT_FORM
from benchmarks.database import START as STARTED
from benchmarks.measuring import calls, interleaved
from benchmarks.table import Row
from digital_painschool import Enrolment, Event, PersonId, apply
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import Patient
from digital_painschool.domain.policy import Terms
from digital_painschool.rules.conversations import start_conversation
from digital_painschool.rules.forms import save_form
from digital_painschool.rules.lifecycle import review, start
from digital_painschool.rules.ordering import complete_module, open_module

_TERMS = Terms(PROGRAM, POLICY)
_PERSON = PersonId("made-up", "EXAMPLE00000")
_PATIENT = Patient(_PERSON)
_AT = STARTED + timedelta(days=40)

_STEPS = ("open_module", "review", "save_form, not scored", "save_form, scored")
_TRANSITIONS, _STATEMACHINE, _AGGREGATE = "transitions", "python-statemachine", "eventsourcing, aggregate"
_WANTED = {_TRANSITIONS: 3.0, _STATEMACHINE: 60.0}


class _Flags:
    """The model that `transitions` moves: between two states, with no condition and no callback."""


class _Bare(StateMachine):  # type: ignore[misc] # the library has no types here
    """Two states and one event, with no condition and no callback."""

    one = State(initial=True)
    other = State()
    step = one.to(other) | other.to(one)


class _Treatment(Aggregate):  # type: ignore[misc] # the library has no types here
    """An aggregate with one event that changes one number, and no checks."""

    def __init__(self) -> None:
        self.module = 0

    @event("ModuleOpened")  # type: ignore[untyped-decorator] # the library has no types here
    def open_module(self, module: int) -> None:
        self.module = module


def measure(*, quick: bool) -> Iterable[Row]:
    """Measure the steps of a patient in the midst of the program."""
    state = _midway()
    flags = _Flags()
    there_and_back = [["step", "one", "other"], ["step", "other", "one"]]
    Machine(flags, ["one", "other"], initial="one", transitions=there_and_back, auto_transitions=False)
    bare = _Bare()
    treatment = _Treatment()

    def open_() -> Enrolment:
        (opened,) = open_module(state, _TERMS, 4, by=_PATIENT, at=_AT)
        return apply(state, opened)

    def review_() -> Enrolment:
        (reviewed,) = review(state, _TERMS, by=NURSE, at=_AT)
        return apply(state, reviewed)

    def save_unscored() -> Enrolment:
        (saved,) = save_form(state, _TERMS, SHORT_FORM, SHORT_ANSWERS, by=_PATIENT, at=_AT)
        return apply(state, saved)

    def save_scored() -> Enrolment:
        (saved,) = save_form(state, _TERMS, SCORED_FORM, SCORED_ANSWERS, by=_PATIENT, at=_AT)
        return apply(state, saved)

    def trigger() -> None:
        treatment.open_module(4)
        treatment.pending_events.clear()

    number, rounds = (20, 3) if quick else (2_000, 101)
    timings = interleaved(
        {
            **{
                name: calls(job, number)
                for name, job in zip(_STEPS, (open_, review_, save_unscored, save_scored), strict=True)
            },
            _TRANSITIONS: calls(lambda: flags.step(), number),  # type: ignore[attr-defined] # noqa: PLW0108 - it is set on the model
            _STATEMACHINE: calls(lambda: bare.step(), number // 10),  # noqa: PLW0108 - it is a descriptor
            _AGGREGATE: calls(trigger, number),
        },
        rounds,
    )
    for peer in (_TRANSITIONS, _STATEMACHINE, _AGGREGATE):
        for step in _STEPS:
            yield Row.timed(
                timings,
                step,
                peer,
                aim="P1",
                what=step,
                beside=peer,
                wanted=_WANTED.get(peer),
            )


def _after(state: Enrolment, events: tuple[Event, ...]) -> Enrolment:
    return reduce(apply, events, state)


def _midway() -> Enrolment:
    begun = start(
        _TERMS,
        _PERSON,
        (),
        enrolment_id=EnrolmentId("0" * 32),
        unit=NURSE.unit,
        therapist=NURSE.hsa_id,
        by=NURSE,
        at=STARTED,
    )
    state = apply(None, begun[0])
    for module in (1, 2, 3):
        state = _after(state, open_module(state, _TERMS, module, by=_PATIENT, at=STARTED))
        state = _after(state, complete_module(state, _TERMS, module, by=_PATIENT, at=STARTED))
    for form, answers in ((SHORT_FORM, SHORT_ANSWERS), (SCORED_FORM, SCORED_ANSWERS)):
        state = _after(state, save_form(state, _TERMS, form, answers, by=_PATIENT, at=STARTED))
    return _after(state, start_conversation(state, _TERMS, MESSAGE, "Min konversation", by=NURSE, at=STARTED))
