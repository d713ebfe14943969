"""States without a storage, and refusals that are expected: what the tests of rules are made of."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import reduce

import pytest
from attrs import evolve

from digital_painschool.bootstrap.school import PainSchool
from digital_painschool.domain.enrolment import Enrolment
from digital_painschool.domain.events import Event
from digital_painschool.domain.fold import apply
from digital_painschool.domain.ids import EnrolmentId
from digital_painschool.domain.people import PersonId
from digital_painschool.domain.policy import Policy, Terms
from digital_painschool.errors import Reason, RuleViolation
from digital_painschool.rules.lifecycle import start
from digital_painschool.rules.ordering import complete_module, open_module
from digital_painschool.testing.environment import START
from digital_painschool.testing.example import PROGRAM
from digital_painschool.testing.faults import watched
from digital_painschool.testing.faults.calls import Around
from digital_painschool.testing.people import NURSE, PATIENT, PERSON, UNIT
from digital_painschool.testing.scenario import Scenario

POLICY = Policy()
TERMS = Terms(PROGRAM, POLICY)


def started(at: datetime = START, terms: Terms = TERMS, person: PersonId = PERSON) -> Enrolment:
    """Return the state of a new enrolment, without any storage."""
    events = start(
        terms, person, (), enrolment_id=EnrolmentId("e-1"), unit=UNIT, therapist=NURSE.hsa_id, by=NURSE, at=at
    )
    return apply(None, events[0])


def folded(enrolment: Enrolment, events: Iterable[Event]) -> Enrolment:
    """Return the state after some more events."""
    return reduce(apply, events, enrolment)


def completed(enrolment: Enrolment, *modules: int, terms: Terms = TERMS, at: datetime = START) -> tuple[Event, ...]:
    """Return the events of the patient who opens and completes modules in turn."""
    events: tuple[Event, ...] = ()
    for module in modules:
        for act in (open_module, complete_module):
            events += act(folded(enrolment, events), terms, module, by=PATIENT, at=at)
    return events


def beside(school: Scenario, around: Around) -> PainSchool:
    """Return another process on the same storage, whose calls of it go through a function or a plan of faults."""
    return school.another(evolve(school.ports, storage=watched(school.storage, around)))


@contextmanager
def refused(rule: str, reason: Reason, **facts: object) -> Iterator[pytest.ExceptionInfo[RuleViolation]]:
    """Expect a refusal by this rule, for this reason, with at least these facts."""
    with pytest.raises(RuleViolation) as broken:
        yield broken
    assert (rule, reason) == (broken.value.rule, broken.value.reason)
    assert facts == {name: broken.value.facts[name] for name in facts}
