"""The contract of the identity port. Rule: M-07, D-07a."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from time import perf_counter
from typing import Any, ClassVar

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from digital_painschool.domain.people import PersonId
from digital_painschool.errors import InvalidIdentity
from digital_painschool.ports.identity import Identity
from digital_painschool.testing.contracts.base import Contract
from digital_painschool.testing.contracts.clauses import proves
from digital_painschool.testing.contracts.concurrency import THREADS, in_threads
from digital_painschool.testing.contracts.silence import assert_silent
from digital_painschool.testing.people import ANNA, PERSON

_PART = 4
"""A part of a number that would tell whose it is: so many characters in a row."""
_ODD = "0123456789 \t\x00-+.,/OoIlåÅ%_\u00a0\u200b\u2010\u2212\uff11\u0661\u00b2"
"""Other digits, and characters that look like digits or separators, or like nothing at all."""
_ZEROS = (0x0660, 0x06F0, 0x0966, 0xFF10, 0x1D7CE)
"""The zeros of other digits: Arabic, Persian, Devanagari, full-width, mathematical."""
_DASHES = "\u00ad\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d"
"""What a word processor makes of a hyphen."""


class IdentityContract(Contract[Identity]):
    """Every clause of the identity port: say how yours is made and what it accepts, and run pytest.

        class TestOurIdentity(IdentityContract):
            numbers = {PersonId("our-number", "19850709M071"): ("850709M071",)}
            of_their_day = ()
            unborn = (("19850709M071", date(1985, 7, 8)),)

            def open(self, place: Path) -> Identity:
                return OurIdentity()

    Use numbers of public test series. `place`, `durable` and `shared` have no meaning here.

    Attributes:
        today: The day on which the numbers are read.
        numbers: Some persons, each with every spelling that is accepted on that day, beside the canonical one.
        of_their_day: Texts that mean another person on another day: what is typed, when, and who that is. By default
            those of Sweden: ten digits are the latest person born by that day, and `+` is of one who is 100 years or
            more at the end of that year.
        unborn: Texts that are refused on a day before the person's birth: what is typed, and when.
    """

    about: ClassVar[tuple[type, ...]] = (Identity,)
    today: ClassVar[date] = date(2026, 1, 15)
    numbers: ClassVar[Mapping[PersonId, Sequence[str]]] = {PERSON: ("8507099805", "850709-9805", "19850709-9805")}
    of_their_day: ClassVar[Sequence[tuple[str, date, PersonId]]] = (
        ("8507099805", date(2085, 7, 8), PERSON),
        ("8507099805", date(2085, 7, 9), PersonId(PERSON.scheme, f"20{ANNA[2:]}")),
        ("850709-9805", date(1984, 12, 31), PersonId(PERSON.scheme, f"18{ANNA[2:]}")),
        ("850709+9805", date(2085, 1, 1), PERSON),
    )
    unborn: ClassVar[Sequence[tuple[str, date]]] = ((ANNA, date(1985, 7, 8)),)

    @pytest.fixture
    def identity(self, place: Any) -> Iterator[Identity]:
        """The reader of numbers."""
        with self.opened(place) as identity:
            yield identity

    def spellings(self) -> list[tuple[str, PersonId]]:
        """Return every accepted spelling, and whose it is."""
        return [(text, person) for person, others in self.numbers.items() for text in (person.value, *others)]

    def read(self, identity: Identity, text: str, today: date | None = None) -> PersonId | None:
        """Return the person, or None for a refusal, which must say nothing of the number."""
        try:
            return identity.parse(text, today=today or self.today)
        except InvalidIdentity as refusal:
            assert_silent(refusal, *parts_of(text))
            return None

    @proves("Identity: canonical", "Identity.parse")
    def test_every_accepted_spelling_gives_the_one_person(self, identity: Identity) -> None:
        """Otherwise the same patient would be started twice, once under each spelling (D-07a)."""
        assert self.numbers
        for text, person in self.spellings():
            assert person == identity.parse(text, today=self.today)

    @proves("Identity: canonical")
    def test_the_canonical_value_is_a_spelling_of_itself(self, identity: Identity) -> None:
        """Otherwise a number that the library gives back could not be given to it again."""
        for person in self.numbers:
            again = identity.parse(person.value, today=self.today)
            assert (person.scheme, person.value) == (again.scheme, again.value)

    @proves("Identity: pure")
    def test_the_same_text_and_day_give_the_same_answer(self, identity: Identity) -> None:
        """Otherwise one call would leave something behind that changes the next."""
        asked = [*self.spellings(), *self.spellings()[::-1]]
        assert [person for _, person in asked] == [identity.parse(text, today=self.today) for text, _ in asked]

    @proves("Identity: pure", "Identity.parse")
    def test_the_given_day_decides_and_no_clock(self, identity: Identity) -> None:
        """Otherwise a child and its great-grandparent would be taken for one another (D-07a)."""
        for text, today, person in (*self.of_their_day, *self.of_their_day[::-1]):
            read = identity.parse(text, today=today)
            assert person == read, f"of `of_their_day`, what is typed as {_shape(text)} was misread on {today}"

    @proves("Identity.parse")
    def test_nobody_is_read_before_the_birth(self, identity: Identity) -> None:
        """Otherwise a mistyped year would start somebody who does not exist (D-07a)."""
        for text, today in self.unborn:
            assert None is self.read(identity, text, today)

    @proves("Identity: pure")
    def test_many_threads_get_each_their_own_answer(self, identity: Identity) -> None:
        """Otherwise two starts at the same moment could be given each other's patient."""

        def read() -> list[PersonId]:
            return [identity.parse(text, today=self.today) for text, _ in self.spellings()]

        assert [[person for _, person in self.spellings()]] * THREADS == in_threads([read] * THREADS)

    @proves("Identity: refusing, not repairing", "Identity: silent")
    def test_any_text_gives_a_person_or_a_refusal_that_is_silent(self, identity: Identity) -> None:
        """Otherwise what somebody pastes into the field would be an error that no host expects, or end up in a log."""

        @settings(deadline=None)
        @given(st.text() | st.text("0123456789-+ ABKMX", max_size=14), st.dates(date(1900, 1, 1), date(2200, 1, 1)))
        def check(text: str, today: date) -> None:
            person = self.read(identity, text, today)
            assert person is None or person == identity.parse(person.value, today=today)

        check()

    @proves("Identity: refusing, not repairing", "Identity: silent")
    def test_a_number_with_a_wrong_character_is_not_repaired(self, identity: Identity) -> None:
        """Otherwise a slip of the pen would be read as somebody, or a pasted letter as a digit."""
        accepted = self.spellings()
        texts = {text for text, _ in accepted}

        @settings(deadline=None)
        @given(
            st.sampled_from(accepted), st.integers(0, 14), st.integers(0, 1), st.sampled_from(_ODD) | st.characters()
        )
        def check(number: tuple[str, PersonId], place: int, length: int, character: str) -> None:
            text, person = number
            typed = text[:place] + character + text[place + length :]
            assume(typed.strip() not in texts)
            assert person != self.read(identity, typed)

        check()

    @proves("Identity: refusing, not repairing")
    def test_what_looks_like_a_digit_or_a_hyphen_is_neither(self, identity: Identity) -> None:
        """Otherwise two spellings of one number would be two texts elsewhere: in a log, a letter, another register."""
        accepted = {text for text, _ in self.spellings()}
        for text, person in self.spellings():
            for place, character in enumerate(text):
                for odd in _looking_like(character):
                    typed = text[:place] + odd + text[place + 1 :]
                    repaired = typed not in accepted and self.read(identity, typed) == person
                    assert not repaired, f"U+{ord(odd):04X} was read as {character!r}"

    @proves("Identity: refusing, not repairing")
    def test_blanks_around_a_number_are_dropped_or_refused(self, identity: Identity) -> None:
        """Otherwise a blank that was pasted with it would make somebody else of the person."""
        for text, person in self.spellings():
            for typed in (f" {text}", f"{text}\n", f"\t{text} "):
                assert self.read(identity, typed) in {None, person}

    @proves("Identity: refusing, not repairing")
    def test_a_blank_within_a_number_is_refused(self, identity: Identity) -> None:
        """Otherwise what is no number would be mended into somebody's."""
        for text, _ in self.spellings():
            for place in range(1, len(text)):
                assert None is self.read(identity, f"{text[:place]} {text[place:]}")

    @proves("Identity: refusing, not repairing", "Identity: silent")
    def test_numbers_run_together_are_refused(self, identity: Identity) -> None:
        """Otherwise of two numbers in one field one would be started, and nobody asked which."""
        for text, _ in self.spellings():
            for typed in (f"{text}{text}", f"{text} {text}", f"{text},", f"'{text}'", f"{text}0", f"0{text}", ""):
                assert None is self.read(identity, typed)

    @proves("Identity: refusing, not repairing")
    def test_a_text_of_any_length_is_refused_at_once(self, identity: Identity) -> None:
        """Otherwise one pasted file would keep a web worker busy for minutes."""
        text, _ = self.spellings()[0]
        for piece, end in (("1", ""), ("-", "x"), (" ", "x"), (f"{text}-", "")):
            short, long = (f"{text}{piece * number}{end}" for number in (750, 75_000))
            # A hundred times as long takes no more than a hundred times as long, and some.
            assert self._refusing_takes(identity, long) <= 1_000 * self._refusing_takes(identity, short)

    def _refusing_takes(self, identity: Identity, text: str) -> float:
        """Return the seconds of the shortest of a few refusals."""
        taken: list[float] = []
        for _ in range(5):
            began = perf_counter()
            with pytest.raises(InvalidIdentity):
                identity.parse(text, today=self.today)
            taken.append(perf_counter() - began)
        return min(taken)

    @pytest.mark.parametrize("thing", [None, int(ANNA), ANNA.encode(), [ANNA], PERSON], ids=lambda x: type(x).__name__)
    @proves("Identity.parse")
    def test_what_is_no_text_is_a_type_error(self, identity: Identity, thing: Any) -> None:
        """Otherwise a number that lost its leading zero as an `int` would be read as another."""
        with pytest.raises(TypeError) as refusal:
            identity.parse(thing, today=self.today)
        assert_silent(refusal.value, *parts_of(ANNA))


def _shape(text: str) -> str:
    return "".join("#" if character.isdecimal() else character for character in text)


def _looking_like(character: str) -> str:
    if character.isdecimal():
        return "".join(chr(zero + int(character)) for zero in _ZEROS)
    return _DASHES if character == "-" else ""


def parts_of(text: str) -> set[str]:
    """Return the parts of a text that would identify a person: digits in a row, with or without separators."""
    digits = "".join(filter(str.isdecimal, text))
    return {digits[start : start + _PART] for start in range(len(digits) - _PART + 1)}
