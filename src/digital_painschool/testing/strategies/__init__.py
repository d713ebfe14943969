"""Hypothesis strategies for everything that a school meets; they shrink to something that a person can read.

Answers and histories have a counterpart that is refused, each for one thing:

    @given(wrong_answers(form, "too long"))
    @given(histories(refused=True))
"""

from digital_painschool.testing.strategies.answers import WrongAnswers, answers, wrong_answers
from digital_painschool.testing.strategies.boundary_instants import Moment, clock_changes, instants
from digital_painschool.testing.strategies.forms import forms, questions
from digital_painschool.testing.strategies.histories import histories
from digital_painschool.testing.strategies.people import actors, numbers, people, roles, spellings
from digital_painschool.testing.strategies.policies import ZONES, policies
from digital_painschool.testing.strategies.programs import end_reasons, programs
from digital_painschool.testing.strategies.texts import texts, words

__all__ = [
    "ZONES",
    "Moment",
    "WrongAnswers",
    "actors",
    "answers",
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
]
