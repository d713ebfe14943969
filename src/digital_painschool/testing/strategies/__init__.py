"""Hypothesis strategies for everything that a school meets; they shrink to something that a person can read.

Each valid kind has a counterpart that is wrong in one named way:

    @given(broken_programs("alert off the scale"))
    @given(histories(refused=True))
"""

from digital_painschool.testing.strategies.answers import WrongAnswers, answers, wrong_answers
from digital_painschool.testing.strategies.boundary_instants import Moment, clock_changes, instants
from digital_painschool.testing.strategies.forms import forms, questions
from digital_painschool.testing.strategies.histories import histories
from digital_painschool.testing.strategies.people import (
    NUMBER_FAULTS,
    WrongNumber,
    actors,
    numbers,
    people,
    roles,
    spellings,
    wrong_numbers,
)
from digital_painschool.testing.strategies.policies import (
    POLICY_FAULTS,
    ZONES,
    BrokenPolicy,
    broken_policies,
    policies,
)
from digital_painschool.testing.strategies.programs import (
    PROGRAM_FAULTS,
    BrokenProgram,
    broken_programs,
    end_reasons,
    programs,
)
from digital_painschool.testing.strategies.texts import texts, words

__all__ = [
    "NUMBER_FAULTS",
    "POLICY_FAULTS",
    "PROGRAM_FAULTS",
    "ZONES",
    "BrokenPolicy",
    "BrokenProgram",
    "Moment",
    "WrongAnswers",
    "WrongNumber",
    "actors",
    "answers",
    "broken_policies",
    "broken_programs",
    "clock_changes",
    "end_reasons",
    "forms",
    "histories",
    "instants",
    "numbers",
    "people",
    "policies",
    "programs",
    "questions",
    "roles",
    "spellings",
    "texts",
    "words",
    "wrong_answers",
    "wrong_numbers",
]
