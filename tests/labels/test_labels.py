"""The labels: complete in each language, in the manual's words, and filled in with facts and nothing else."""

import inspect
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import get_args

import pytest
from attrs import evolve, fields
from hypothesis import given
from hypothesis import strategies as st

import digital_painschool
from digital_painschool import errors
from digital_painschool.adapters.ldap_directory.options import Membership
from digital_painschool.adapters.ldap_directory.problems import Problem
from digital_painschool.adapters.smtp import Security
from digital_painschool.adapters.smtp.answers import Stage
from digital_painschool.adapters.sql.case_order import Filter
from digital_painschool.application.timeline_lines import FACTS
from digital_painschool.codes import Action, AnswerCode, AnswerProblem, IdentityReason, OtherAction, ValueReason
from digital_painschool.domain import digest
from digital_painschool.domain.events import (
    Event,
    FlagHandled,
    FormSaved,
    Maintained,
    MessageSent,
    ModuleOpened,
    Started,
)
from digital_painschool.domain.notification import Notify, Template
from digital_painschool.domain.people import Author, PersonId, Role
from digital_painschool.domain.policy import FlagKind
from digital_painschool.errors import (
    Conflict,
    DeliveryError,
    InvalidIdentity,
    InvalidProgram,
    InvalidValue,
    PainSchoolError,
    Reason,
    RuleViolation,
    StorageError,
)
from digital_painschool.labels.lookup import LABELS, Language, label
from digital_painschool.labels.words import Count, Word
from digital_painschool.ports.inbox import Delivered
from digital_painschool.ports.storage import AccessEntry, Activity
from digital_painschool.rules.digests import Doubt
from digital_painschool.testing.environment import START
from digital_painschool.testing.people import ANNA, UNIT
from docs import tables
from tests.modules import modules

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
NOBODY_READS = {Delivered, Doubt, Filter, Membership, Problem, Security, Stage, digest.Action}
"""Enums between the library and its adapters, within an adapter, or within a rule."""


def enums() -> Iterator[type[Enum]]:
    """Yield each enum of the library that a person reads."""
    for module in modules("digital_painschool.testing", "digital_painschool.cli", "pytest_plugin", "migrations"):
        for _, one in inspect.getmembers(module, inspect.isclass):
            if issubclass(one, Enum) and one.__module__ == module.__name__ and one not in NOBODY_READS:
                yield one


def error_classes() -> Iterator[str]:
    """Yield the name of each error that has no reason of its own."""
    for name, one in inspect.getmembers(errors, inspect.isclass):
        if issubclass(one, PainSchoolError) and one not in (RuleViolation, InvalidIdentity):
            yield name


def names_of(event: type[Event]) -> set[str]:
    """Return the names of an event's fields."""
    return {field.name for field in fields(event)}


def facts_of(event: type[Event]) -> set[str]:
    """Return the names of the facts that the line of an event adds."""
    return {name for of, (name, _) in FACTS.items() if of in names_of(event)}


WANTED = {
    *((one.__name__, member.name) for one in enums() for member in one),
    *(("Event", one.__name__) for one in get_args(Event)),
    *(("Error", name) for name in error_classes()),
}
PLACES: Mapping[str, set[str]] = {
    **{f"Reason.{name}": facts for name, facts in tables._facts().items()},
    **{f"Event.{one.__name__}": {*names_of(one), *facts_of(one)} for one in get_args(Event)},
    **{f"AnswerCode.{code.name}": {"lowest", "highest", "limit", "count"} for code in AnswerCode},
    "Error.NotPermitted": {"whom"},
    **{f"Count.{one.name}": {"number"} for one in Count},
    **{f"ValueReason.{reason.name}": {"limit"} for reason in ValueReason},
}
"""By label, the facts that may come with its value."""


@pytest.mark.rule("D-24d")
@pytest.mark.parametrize("language", Language)
def test_everything_that_a_person_reads_has_a_label_in_each_language(language: Language) -> None:
    """Otherwise a new reason, flag or event would come onto a screen as its code, or not at all."""
    there = {(group, name) for group, labels in LABELS[language].items() for name in labels}
    assert (set(), set()) == (WANTED - there, there - WANTED), "without a label; with a label of nothing"


@pytest.mark.parametrize("language", Language)
def test_no_two_of_a_kind_have_the_same_label(language: Language) -> None:
    """Otherwise a person could not tell two choices of a list apart."""
    for labels in LABELS[language].values():
        assert len(labels) == len({text.casefold() for text in labels.values()})


@pytest.mark.parametrize(("group", "name"), sorted(WANTED))
def test_the_places_of_a_label_are_those_of_its_facts_and_can_all_be_left_out(group: str, name: str) -> None:
    """Otherwise a person would read a bare `{limit}`, or a figure in one language and none in the other."""
    places = {language: set(re.findall(r"\{(\w+)\??\}", LABELS[language][group][name])) for language in Language}
    assert 1 == len(set(map(frozenset, places.values()))), places
    assert places[Language.SWEDISH] <= PLACES.get(f"{group}.{name}", set())
    for language in Language:
        bare = re.sub(r"\[[^][]*\]", "", LABELS[language][group][name])
        assert bare.strip()
        assert not re.search(r"[][{}]", bare)


@pytest.mark.rule("D-24d")
@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("Mina", Word.MINE),
        ("Hantera", Word.HANDLE),
        ("Meddelande", Word.MESSAGE),
        ("Tidslinje", Word.TIMELINE),
        ("Min profil", Word.MY_PROFILE),
        ("Moment", Word.PROGRAM),
        ("Nytt moment", Word.NEW_PROGRAM),
        ("Starta nytt moment", Action.START),
        ("Skapa ny konversation", Word.NEW_CONVERSATION),
        ("Trådrubrik", Word.HEADING),
        ("Avisera till inkorgen i e-tjänsterna", Word.NOTIFY_INBOX),
        ("Direkt", Notify.DIRECT),
        ("Uppsamlat", Notify.COLLECTED),
        ("Vidmakthåll", Action.MAINTAIN),
        ("Avsluta", Action.END),
        ("Avslutningsorsak", Word.END_REASON),
        ("Ta emot notifieringar", Word.RECEIVE_NOTIFICATIONS),
        ("Gallra", Action.PURGE),
        ("Dataadministratör", Role.DATA_ADMINISTRATOR),
    ],
)
def test_the_screens_have_the_words_of_the_manual(word: str, value: Word | Action | Notify | Role) -> None:
    """Otherwise a therapist would look in vain for the button that the manual names."""
    assert word == label(value) == label(value, "sv")


@pytest.mark.rule("D-24d")
@pytest.mark.parametrize(
    ("value", "swedish", "english"),
    [
        (
            RuleViolation("M-18", Reason.DAYS_OUT_OF_RANGE, fewest=1, most=3650),
            "Ange ett helt antal dagar, minst 1 och högst 3\N{NO-BREAK SPACE}650.",
            "Give a whole number of days, at least 1 and at most 3,650.",
        ),
        (Reason.DAYS_OUT_OF_RANGE, "Ange ett helt antal dagar.", "Give a whole number of days."),
        (
            RuleViolation("D-04a", Reason.EARLIER_MODULES_FIRST, module=3, missing=(1, 2)),
            "Gör klart de tidigare modulerna först: 1, 2.",
            "Complete the earlier modules first: 1, 2.",
        ),
        (
            AnswerProblem("tid", AnswerCode.NOT_A_NUMBER_WITHIN, {"lowest": -0.5, "highest": 24.0}),
            "Ange ett tal från -0,5 till 24.",
            "Give a number from -0.5 to 24.",
        ),
        (
            AnswerProblem("s", AnswerCode.NOT_ON_SCALE, {"lowest": 0, "highest": 10}),
            "Välj ett tal på skalan, från 0 till 10.",
            "Choose a number on the scale, from 0 to 10.",
        ),
        (
            InvalidIdentity("", reason=IdentityReason.BORN_IN_THE_FUTURE),
            "Födelsedagen ligger i framtiden. Kontrollera året.",
            "The day of birth is in the future. Check the year.",
        ),
        (
            InvalidIdentity("of another make"),
            "Det är inget giltigt personnummer. Kontrollera det.",
            "It is not a valid personal identity number. Check it.",
        ),
        (
            InvalidValue("", reason=ValueReason.TEXT_TOO_LONG, limit=1_000_000),
            "Texten är för lång. Korta den till högst 1\N{NO-BREAK SPACE}000\N{NO-BREAK SPACE}000 tecken.",
            "The text is too long. Shorten it to at most 1,000,000 characters.",
        ),
        (
            InvalidValue("opened is True or False"),
            "Uppgiften kan inte tas emot. Kontrollera den.",
            "The value cannot be accepted. Check it.",
        ),
        (
            InvalidProgram("x", ["title: is empty"]),
            "Momentets innehåll är inte användbart.",
            "The content of the program is not usable.",
        ),
        (
            Conflict(),
            "Någon annan ändrade samtidigt. Ladda om sidan och försök igen.",
            "Someone else changed it at the same time. Reload the page and try again.",
        ),
        (
            Maintained(at=AT, by="x", days=90, modules=frozenset({10, 2}), access_until=AT),
            "Vidmakthåll, antal dagar: 90, moduler: 2, 10",
            "Maintenance, number of days: 90, modules: 2, 10",
        ),
        (Maintained, "Vidmakthåll", "Maintenance"),
        (
            FlagHandled(at=AT, by="x", flag=FlagKind.PROGRAM_DONE),
            "Hanterades: Klar med momentet",
            "Handled: Done with the program",
        ),
        (
            FormSaved(at=AT, by="patient", form="halsa", number=2, score=0),
            "Formulär sparades: halsa, gång 2, poäng 0",
            "A form was saved: halsa, time 2, score 0",
        ),
        (
            FormSaved(at=AT, by="patient", form="halsa", number=2),
            "Formulär sparades: halsa, gång 2",
            "A form was saved: halsa, time 2",
        ),
        (ModuleOpened(at=AT, by="patient", module=5), "Modul 5 öppnades", "Module 5 was opened"),
        (
            ModuleOpened(at=AT, by="patient", module=5, out_of_order=True),
            "Modul 5 öppnades, utanför ordningen",
            "Module 5 was opened, out of order",
        ),
        (
            MessageSent(at=AT, by="patient", conversation=1, author=Author.PATIENT, number=1),
            "Meddelande skickades i konversation 1 av: Patient",
            "A message was sent in conversation 1 by: Patient",
        ),
    ],
)
def test_a_label_is_filled_in_with_the_facts_that_there_are(
    value: Reason | Event | type[Event] | AnswerProblem | PainSchoolError, swedish: str, english: str
) -> None:
    """Otherwise a person would be told that something is wrong, and not which limit to keep to."""
    assert (swedish, english) == (label(value), label(value, Language.ENGLISH))


def test_the_facts_of_a_host_come_before_those_of_the_value() -> None:
    """Otherwise a timeline would show the key of a form, where the portal knows its title."""
    saved = FormSaved(at=AT, by="patient", form="halsa", number=2)
    assert "Formulär sparades: Hälsoskattning, gång 2" == label(saved, form="Hälsoskattning")
    assert "Ange ett helt antal dagar, minst 1 och högst 30." == label(Reason.DAYS_OUT_OF_RANGE, fewest=1, most=30)


def test_an_error_of_an_adapters_own_has_the_label_of_its_parent() -> None:
    """Otherwise a third party's error would itself fail where it is shown."""

    class MailIsDown(DeliveryError):
        pass

    assert label(DeliveryError("busy")) == label(MailIsDown("busy")) != label(StorageError("busy"))


def test_a_person_is_in_no_label() -> None:
    """Otherwise a number would stand on a screen, and in its log, because a label names the person's field."""
    person = PersonId("personnummer", "198507099805")
    begun = Started(
        at=AT,
        by="SE2321000131-P000000123456",
        enrolment_id=digital_painschool.EnrolmentId("e"),
        person=person,
        unit="SE2321000131-E000000000001",
        therapist="SE2321000131-P000000123456",
        program="p",
        program_version="1",
        access_until=AT,
    )
    assert "Momentet startades" == label(begun)
    assert (
        label(Reason.TEXT_TOO_LONG)
        == label(Reason.TEXT_TOO_LONG, limit=person)
        == label(Reason.TEXT_TOO_LONG, limit=True)
    )
    assert "1985" not in label(Reason.UNKNOWN_MODULE, module=person)


@pytest.mark.rule("D-24d")
@pytest.mark.parametrize("language", ["fi", "SV", "", "svenska", None])
def test_a_language_that_there_is_not_is_refused(language: str) -> None:
    """Otherwise a portal in Finnish would be in Swedish, and nobody know why."""
    with pytest.raises(InvalidValue, match="that language; choose one of sv, en"):
        label(Reason.EMPTY_TEXT, language)


@pytest.mark.parametrize("value", [Delivered.ACCEPTED, digest.Action.SEND, "empty-text", None, str, ANNA])
def test_what_nobody_reads_has_no_label(value: object) -> None:
    """Otherwise a portal would show an empty line where it passed the wrong thing."""
    with pytest.raises(InvalidValue, match="there is no label"):
        label(value)  # type: ignore[arg-type]


@pytest.mark.rule("D-24d", "D-21c")
@pytest.mark.parametrize("language", Language)
def test_a_line_of_the_access_log_has_words_for_its_action(language: Language) -> None:
    """Otherwise a data administrator would read codes, or miss the lines that an older version wrote."""
    entry = AccessEntry(at=START, by="system", unit=UNIT, action="plan-purge", activity=Activity.READ)
    assert Action.PLAN_PURGE is entry.action
    assert str(entry.action) == "plan-purge"
    assert label(Action.PLAN_PURGE, language) == label(entry.action, language) != "plan-purge"
    older = evolve(entry, action="see-the-past")
    assert OtherAction("see-the-past") == older.action
    assert "see-the-past" == label(older.action, language)
    assert older == evolve(older, action=older.action)


@pytest.mark.parametrize("template", Template)
def test_a_notice_is_worded_once(template: Template) -> None:
    """Otherwise a patient would read another text in the portal than in the inbox."""
    assert template.text == label(template)


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_written_with_the_signs_of_the_language(number: float) -> None:
    """Otherwise a limit of 0.5 would be read as 5, or one of 10 000 as 10."""
    english = label(Reason.TEXT_TOO_LONG, "en", limit=number)
    swedish = label(Reason.TEXT_TOO_LONG, limit=number)
    assert number == float(re.findall(r"most (.*) char", english)[0].replace(",", ""))
    written = re.findall(r"högst (.*) tecken", swedish)[0]
    assert number == float(written.replace("\N{NO-BREAK SPACE}", "").replace(",", "."))


@pytest.mark.rule("D-19b", "D-24d")
def test_a_refusal_names_flags_by_their_words() -> None:
    """Otherwise "what came" would be said in codes, or not at all; a code of another version stands as it is."""
    old = RuleViolation("D-19b", Reason.VIEW_IS_OLD, flags=("message-received", "of-later"), counts=(1, 1))
    assert "sedan sidan visades: Nytt meddelande, OF_LATER." in label(old)
    assert "since the page was shown: New message, OF_LATER." in label(old, "en")
    assert "sedan sidan visades. Titta" in label(Reason.VIEW_IS_OLD)
