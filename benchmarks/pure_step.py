"""P1: a full pure step (the rule with its checks, its event, the new state) beside the same rule in other libraries."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import reduce
from typing import Any

from benchmarks.database import MESSAGE, NURSE, POLICY, PROGRAM, SCORED_ANSWERS, SCORED_FORM, SHORT_ANSWERS, SHORT_FORM
from benchmarks.database import START as STARTED
from benchmarks.measuring import calls, interleaved
from benchmarks.same_rules import PEERS, REFUSALS, Facts
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
_OVER = STARTED + timedelta(days=400)
_NEW = 4
"""The module that is opened."""

_WANTED = {"transitions": 3.0, "python-statemachine": 15.0, "eventsourcing, aggregate": 2.0}

Rule = Callable[[Enrolment], tuple[Event, ...]]
Step = Callable[[Any, datetime], object]
_STEPS: Mapping[str, tuple[Rule, Step]] = {
    "open_module": (
        lambda state: open_module(state, _TERMS, _NEW, by=_PATIENT, at=_AT),
        lambda peer, at: peer.open_module(at, _NEW),
    ),
    "review": (
        lambda state: review(state, _TERMS, by=NURSE, at=_AT),
        lambda peer, at: peer.review(at),
    ),
    "save_form, not scored": (
        lambda state: save_form(state, _TERMS, SHORT_FORM, SHORT_ANSWERS, by=_PATIENT, at=_AT),
        lambda peer, at: peer.save_form(at, SHORT_FORM, SHORT_ANSWERS),
    ),
    "save_form, scored": (
        lambda state: save_form(state, _TERMS, SCORED_FORM, SCORED_ANSWERS, by=_PATIENT, at=_AT),
        lambda peer, at: peer.save_form(at, SCORED_FORM, SCORED_ANSWERS),
    ),
}
"""Each step: this library's rule, and the same of a peer."""


def measure(*, quick: bool) -> Iterable[Row]:
    """Measure the steps of a patient in the midst of the program."""
    state = _midway()
    number, rounds = (20, 3) if quick else (1_000, 51)
    for step, (rule, of_peer) in _STEPS.items():
        jobs = {step: calls(lambda rule=rule: _taken(rule, state), number)}  # type: ignore[misc] # a default binds it
        for name, make in PEERS.items():
            peer, facts = make()
            _require_same_rule(name, of_peer, peer, facts, rule(state)[0])
            jobs[name] = calls(lambda of_peer=of_peer, peer=peer, facts=facts: _step(of_peer, peer, facts), number)  # type: ignore[misc] # as above
        timings = interleaved(jobs, rounds)
        for name, wanted in _WANTED.items():
            yield Row.timed(timings, step, name, aim="P1", what=step, beside=name, wanted=wanted)


def _taken(rule: Rule, state: Enrolment) -> Enrolment:
    (event,) = rule(state)
    return apply(state, event)


def _step(of_peer: Step, peer: Any, facts: Facts) -> None:
    """Run a step of a peer, and drop the facts that it noted, so that each step finds the same."""
    of_peer(peer, _AT)
    facts.entries.clear()
    facts.opened.discard(_NEW)
    facts.alerts.clear()
    facts.waiting.clear()
    if pending := getattr(peer, "pending_events", None):
        pending.clear()


def _require_same_rule(name: str, of_peer: Step, peer: Any, facts: Facts, event: Event) -> None:
    of_peer(peer, _AT)
    (entry,) = facts.entries
    kept = {what: getattr(event, what) for what in entry if what not in ("kind", "by")}
    if type(event).__name__ != entry["kind"] or any(entry[what] != kept[what] for what in kept):
        raise RuntimeError(f"{name} did not do the same work: {entry} beside {event}")
    _step(of_peer, peer, facts)
    if entry["by"] == "patient":
        with suppress(*REFUSALS):
            of_peer(peer, _OVER)
        if facts.entries:
            raise RuntimeError(f"{name} refuses nothing after the year")


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
