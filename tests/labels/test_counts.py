"""The words beside a number: one has another form than several."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from attrs import evolve, fields

from digital_painschool.decisions.statement import statement
from digital_painschool.domain.policy import Policy
from digital_painschool.domain.program import Pace
from digital_painschool.errors import InvalidValue
from digital_painschool.labels.lookup import LABELS, Language, label
from digital_painschool.labels.words import Count
from digital_painschool.testing.example import PROGRAM

pytestmark = pytest.mark.rule("D-24d")

UNINFLECTED = {
    Language.SWEDISH: {
        *("att", "med", "moment", "tecken", "till", "och", "vars"),
        *("fick", "finns", "har", "innan", "skapades", "är", "än"),
    },
    Language.ENGLISH: {
        *("to", "and", "with", "whose", "silent", "unread"),
        *("before", "does", "got", "is", "was", "yet"),
    },
}
"""The words that stand behind a number in a label of one form: they are the same for one and for several."""


@pytest.mark.parametrize("language", Language)
def test_a_word_behind_a_number_is_the_same_for_one_or_has_two_forms(language: Language) -> None:
    """Otherwise a therapist would read "1 olästa"."""
    texts = (text for labels in LABELS[language].values() for text in labels.values() if "|" not in text)
    assert {word for text in texts for word in re.findall(r"\{\w+\}\]? ?\]?(\w+)", text)} <= UNINFLECTED[language]


DEFINITE = re.compile(r"(?:\b[Tt]he \w+|\b(?:[Mm]odulen|[Ss]idan|[Ff]ormuläret|[Kk]onversationen|[Mm]omentet))\[? ?\{")


@pytest.mark.parametrize("language", Language)
def test_a_number_stands_behind_a_word_as_a_person_writes_it(language: Language) -> None:
    """Otherwise a therapist would read "modulen 2" and "the module 2"."""
    assert [] == [text for labels in LABELS[language].values() for text in labels.values() if DEFINITE.search(text)]


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("count", Count)
def test_a_number_has_its_form_and_no_number_the_form_of_several(count: Count, language: Language) -> None:
    """Otherwise a screen would write one form for all, or a sign between the two."""
    one, several, none = (label(count, language, **known) for known in ({"number": 1}, {"number": 2}, {}))
    forms = LABELS[language]["Count"][count.name].split("|")
    assert (one.replace("1", "2") != several) is (len(forms) == 2)
    assert several.replace("2 ", "").replace(" 2", "") == none
    assert several.replace("2", "0") == label(count, language, number=0)
    assert "|" not in one + several + none


def test_the_examples_of_the_walk_read_as_a_person_writes() -> None:
    """Otherwise the table could hold two wrong forms."""
    said = [label(one, number=1) for one in (Count.UNREAD, Count.UNREAD_MESSAGES, Count.TIMES_FILLED_IN)]
    assert ["1 oläst", "1 oläst meddelande", "ifyllt 1 gång"] == said
    assert "1 day" == label(Count.DAYS, "en", number=1)
    assert "1\N{NO-BREAK SPACE}200 dagar" == label(Count.DAYS, number=1200)


SEVERAL = re.compile(r"\b(?:1 (?:dagar|minuter|kalendermånader|timmar|days|years|minutes|characters|hours))\b")


def least() -> Iterator[Any]:
    """Yield a policy and a program for each value that can be one."""
    answers: tuple[Any, ...] = (1, (1,), (1, 1))
    for value in fields(Policy):
        for one in answers:
            try:
                yield evolve(Policy(heading="H", retention_decision="RS 1"), **{value.name: one})
            except InvalidValue:
                continue
    yield evolve(PROGRAM, access_months=1, pace=Pace(modules_a_week=1, hours_from=1, hours_to=2))


@pytest.mark.parametrize("language", Language)
def test_a_decision_for_one_day_is_said_so(language: Language) -> None:
    """Otherwise the page for a clinic's head would say "1 dagar"."""
    found = [line.sentence for decided in least() for line in statement(decided, language)]
    assert 10 < len(found)
    assert [] == [sentence for sentence in found if SEVERAL.search(sentence)]
