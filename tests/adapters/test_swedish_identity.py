"""The reference identity adapter: what it reads, what it refuses, and what it never says. Rule: M-07, D-07a."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digital_painschool.adapters.swedish_identity import SwedishIdentity
from digital_painschool.codes import IdentityReason
from digital_painschool.domain.people import PersonId
from digital_painschool.errors import ConfigurationError, InvalidIdentity
from digital_painschool.ports.identity import Identity
from digital_painschool.testing.contracts.identity import IdentityContract

TODAY = date(2026, 1, 15)
IDENTITY: Identity = SwedishIdentity()
DATA = Path(__file__).parents[1] / "data" / "personnummer"
LISTED: list[dict[str, Any]] = json.loads((DATA / "list.json").read_text())
STRUCTURED: dict[str, dict[str, dict[str, list[Any]]]] = json.loads((DATA / "structured.json").read_text())
INTERIM: list[dict[str, Any]] = json.loads((DATA / "interim.json").read_text())
SPELLINGS = ("long_format", "short_format", "separated_format", "separated_long")

# Public test numbers of Skatteverket and Inera, given to nobody.
PERSONNUMMER = (
    "198507099805",
    "191212121212",
    "196101182803",
    "189002029800",
    "200302022389",
    "199002222397",
    "200001252386",
    "189602029812",
    *(entry["long_format"] for entry in LISTED if entry["valid"] and entry["type"] == "ssn"),
)
SAMORDNINGSNUMMER = (
    "191401682396",
    "196109732393",
    *(entry["long_format"] for entry in LISTED if entry["valid"] and entry["type"] == "con"),
)
NATIONAL = (
    "22790814AA01",
    "22950606FH12",
    "22950606FH20",
    "25780404KHD5",
    "00342145BZ31",
    "00749852BZK0",
    "98240301AA06",
)
VGR = ("19810829M071", "19450829K088", "19930829X802", "20210325K069")
NUMBERS = {
    "personnummer": PERSONNUMMER,
    "samordningsnummer": SAMORDNINGSNUMMER,
    "nationellt-reservnummer": NATIONAL,
    "vgr-reservnummer": VGR,
}
EVERY = [(scheme, value) for scheme, values in NUMBERS.items() for value in values]
CIVIC = [(scheme, value) for scheme, value in EVERY if value.isdigit()]


def refusal(text: str, today: date = TODAY, identity: Identity = IDENTITY) -> str:
    """Return the words in which a text is refused."""
    with pytest.raises(InvalidIdentity) as caught:
        identity.parse(text, today=today)
    return str(caught.value)


def born(value: str) -> date:
    """Return the day of birth that a personnummer or samordningsnummer tells of."""
    return date(int(value[:4]), int(value[4:6]), int(value[6:8]) % 60)


def spellings(value: str, today: date) -> Iterator[str]:
    """Write a personnummer or samordningsnummer in every way that is right on that day."""
    sign = "+" if today.year - int(value[:4]) >= 100 else "-"
    yield from (value, f"{value[:8]}{sign}{value[8:]}", f"{value[2:8]}{sign}{value[8:]}")
    if sign == "-":
        yield value[2:]


class TestSwedishIdentity(IdentityContract):
    """The adapter, by the contract of its port; all numbers of the public series, in every spelling."""

    numbers: ClassVar = {
        PersonId(scheme, value): tuple(spellings(value, TODAY)) if (scheme, value) in CIVIC else ()
        for scheme, value in EVERY
    }
    unborn = tuple((value, born(value) - timedelta(days=1)) for _, value in CIVIC[:8])

    def open(self, place: Path) -> SwedishIdentity:
        """Make the reader."""
        return SwedishIdentity()


# --- what is read


@pytest.mark.parametrize("entry", LISTED, ids=lambda entry: entry["long_format"])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_each_spelling_of_the_shared_list(entry: dict[str, Any], spelling: str) -> None:
    """We would disagree with the other implementations about what a valid spelling is."""
    if not entry["valid"]:
        refusal(entry[spelling])
        return
    scheme = {"ssn": "personnummer", "con": "samordningsnummer"}[entry["type"]]
    person = IDENTITY.parse(entry[spelling], today=TODAY)
    lost_its_sign = spelling == "short_format" and "+" in entry["separated_format"]
    expected = f"20{entry['short_format']}" if lost_its_sign else entry["long_format"]
    assert PersonId(scheme, expected) == person


@pytest.mark.parametrize(
    ("kind", "valid", "text"),
    [
        (kind, validity == "valid", str(text))
        for kind, shapes in STRUCTURED.items()
        for lists in shapes.values()
        for validity, texts in lists.items()
        for text in texts
    ],
)
def test_the_shared_structured_list(kind: str, valid: bool, text: str) -> None:
    """We would disagree with the other implementations about which numbers there are."""
    if valid:
        scheme = {"ssn": "personnummer", "con": "samordningsnummer"}[kind]
        person = IDENTITY.parse(text, today=TODAY)
        assert (scheme, text[-4:]) == (person.scheme, person.value[-4:])
    else:
        refusal(text)


@given(st.sampled_from(CIVIC), st.data())
def test_all_spellings_of_a_number_give_one_person(number: tuple[str, str], data: st.DataObject) -> None:
    """One person would become two, depending on who typed the number and when."""
    scheme, value = number
    today = data.draw(st.dates(born(value), date(born(value).year + 149, 12, 31)))
    blanks = data.draw(st.text(" \t\r\n", max_size=3))
    people = {IDENTITY.parse(f"{blanks}{text}{blanks}", today=today) for text in spellings(value, today)}
    assert {PersonId(scheme, value)} == people


# --- the century


@pytest.mark.parametrize(
    ("text", "today", "value"),
    [
        ("121212-1212", date(2011, 12, 31), "191212121212"),
        ("121212+1212", date(2012, 1, 1), "191212121212"),
        ("19121212-1212", date(2011, 12, 31), "191212121212"),
        ("19121212+1212", date(2012, 1, 1), "191212121212"),
        ("1212121212", date(2011, 12, 31), "191212121212"),
        ("1212121212", date(2012, 12, 11), "191212121212"),
        ("1212121212", date(2012, 12, 12), "201212121212"),
        ("121212-1212", date(2012, 12, 12), "201212121212"),
        ("121212+1212", date(2012, 12, 12), "191212121212"),
        ("121212+1212", date(2061, 1, 1), "191212121212"),
        ("140168+2396", date(2014, 1, 1), "191401682396"),
        ("1401682396", date(2014, 1, 7), "191401682396"),
        ("1401682396", date(2014, 1, 8), "201401682396"),
        ("000229-2399", date(2000, 2, 29), "200002292399"),
        ("000229-2399", date(2099, 12, 31), "200002292399"),
        ("000229+2399", date(2100, 1, 1), "200002292399"),
        ("0002292399", date(2100, 2, 28), "200002292399"),
    ],
)
def test_ten_digits_take_their_century_from_the_day_and_the_sign(text: str, today: date, value: str) -> None:
    """On the wrong side of a year's or a birthday's boundary a person of a hundred would become a child."""
    assert value == IDENTITY.parse(text, today=today).value


@pytest.mark.parametrize(
    ("text", "today"),
    [
        ("121212+1212", date(2011, 12, 31)),
        ("19121212+1212", date(2011, 12, 31)),
        ("19121212-1212", date(2012, 1, 1)),
        ("121212-1212", date(2012, 12, 11)),
        ("19850709+9805", TODAY),
        ("20210791+9967", TODAY),
        ("19140168-2396", date(2014, 1, 1)),
        ("140168-2396", date(2014, 1, 7)),
    ],
)
def test_a_sign_that_contradicts_the_year_is_refused(text: str, today: date) -> None:
    """A slip in the century would pass, though the sign tells of it and the check digit cannot."""
    refusal(text, today)


@pytest.mark.parametrize("scheme_and_value", [pair for pair in EVERY if not pair[1].startswith("00")])
def test_nobody_is_read_on_the_day_before_the_birth(scheme_and_value: tuple[str, str]) -> None:
    """Somebody who is not born yet could be enrolled after a slip in the year."""
    scheme, value = scheme_and_value
    century = {"22": "19", "25": "19", "98": "20"}.get(value[:2], value[:2])
    day = born(century + value[2:])
    assert PersonId(scheme, value) == IDENTITY.parse(value, today=day)
    assert "ahead of today" in refusal(value, day - timedelta(days=1))


def test_nobody_is_a_hundred_and_fifty_years_old() -> None:
    """A slip of a century in the other direction would pass."""
    assert "189002029800" == IDENTITY.parse("189002029800", today=date(2040, 2, 1)).value
    assert "longer ago" in refusal("189002029800", date(2040, 2, 2))
    assert "longer ago" in refusal("900202+9800", date(2040, 2, 2))


@pytest.mark.parametrize(
    ("text", "today"),
    [
        ("0002292399", date(2000, 2, 28)),
        ("000229-2399", date(2100, 3, 1)),
        ("0002292399", date(2100, 3, 1)),
        ("190002292399", TODAY),
        ("200102292399", TODAY),
        ("200013292399", TODAY),
        ("200000292399", TODAY),
        ("200002002399", TODAY),
        ("000002292399", TODAY),
        ("22950631FH20", TODAY),
        ("24950606FH20", TODAY),
        ("19950606FH20", TODAY),
        ("01342145BZ31", TODAY),
        ("19810229M071", TODAY),
    ],
)
def test_a_day_that_does_not_exist_is_no_birthday(text: str, today: date) -> None:
    """29 February would be found in a year that has none, or a made-up day would pass."""
    assert "no such day" in refusal(text, today)


@pytest.mark.parametrize("unknown", ["191400682390", "191401602390", "191400602390", "191404912390"])
def test_the_birth_date_of_a_samordningsnummer_may_be_unknown(unknown: str) -> None:
    """Official numbers with month 0, day 0 or 31 April would be refused; these fail on their check digit alone."""
    assert "check digit" in refusal(unknown)


@pytest.mark.parametrize("impossible", ["191413682396", "191401922396", "191401992396"])
def test_a_samordningsnummer_keeps_to_twelve_months_and_thirty_one_days(impossible: str) -> None:
    """A slip in month or day would be taken for an unknown birth date."""
    assert "no such day" in refusal(impossible)


# --- what is refused


@pytest.mark.parametrize("entry", INTERIM, ids=lambda entry: entry["long_format"])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_interim_numbers_are_refused(entry: dict[str, Any], spelling: str) -> None:
    """A university's interim number would be taken for a VGR reserve number of somebody else."""
    refusal(entry[spelling])


@pytest.mark.parametrize(("_", "value"), CIVIC)
def test_every_single_mistyped_digit_is_found(_: str, value: str) -> None:
    """A typing error would open another person's treatment; the century alone is outside the check digit."""
    for position in range(2, 12):
        for digit in "0123456789".replace(value[position], ""):
            refusal(value[:position] + digit + value[position + 1 :])
    for position in range(8, 11):
        pair = value[position : position + 2]
        if {*pair} not in ({"0", "9"}, {pair[0]}):  # Luhn's sum does not see 09 for 90
            refusal(value[:position] + pair[::-1] + value[position + 2 :])


@pytest.mark.parametrize(("_", "value"), EVERY)
def test_every_wrong_check_digit_is_found(_: str, value: str) -> None:
    """The check digit of a reserve number would be decoration."""
    for digit in "0123456789".replace(value[-1], ""):
        assert "check digit" in refusal(value[:-1] + digit)


@pytest.mark.parametrize("value", ["19810829M070", "19450829K087", "19930829X801"])
def test_vgr_check_digits_of_the_older_specification_are_refused(value: str) -> None:
    """Two check digits would fit each VGR number, and half of the typing errors would pass."""
    assert "check digit" in refusal(value)


@pytest.mark.parametrize(
    "text",
    [
        "19810829M081",
        "19450829K078",
        "19930829X792",
        "19930829X902",
        "20210325K049",
        "19810829L071",
        "22950606IH20",
        "22950606FO20",
        "22950606FHQ0",
        "22950606FHV0",
        "22950606FW20",
        "22950606FÅ20",
        "00341945BZ31",
        "00342139BZ31",
        "00342160BZ31",
    ],
)
def test_reserve_numbers_outside_their_specification_are_refused(text: str) -> None:
    """A serial of the other sex, an excluded letter or a series that is not in use would hang on the check digit."""
    assert "check digit" not in refusal(text)


@pytest.mark.parametrize("value", NATIONAL + VGR)
def test_reserve_numbers_have_one_spelling(value: str) -> None:
    """Short forms, separators or small letters would be guessed at, and look like interim numbers."""
    for text in (value[2:], value.lower(), *(f"{value[:8]}{sign}{value[8:]}" for sign in "-+ ")):
        refusal(text)
    refusal(f"{value[2:8]}-{value[8:]}")


@pytest.mark.parametrize("text", ["201509160006", "1509160006", "150916-0006", "20150916-0006"])
def test_serial_zero_is_refused(text: str) -> None:
    """A placeholder that fits in all else, and that no authority gives, would open an enrolment."""
    assert "serial" in refusal(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "hej",
        "0",
        "0000000000",
        "000000000000",
        "85-0709-9805",
        "8507099-805",
        "198507-099805",
        "850709--9805",
        "850709-+9805",
        "850709 9805",
        "850709 -9805",
        "850709-9805-",
        "-8507099805",
        "+198507099805",
        "850709−9805",  # noqa: RUF001 - a minus sign, not a hyphen
        "850709–9805",  # noqa: RUF001 - a dash, not a hyphen
        "850709.9805",
        "85O709-9805",
        "85O7O9-98O5",
        "l98507099805",
        "8507099805x",
        "9198507099805",
        "98507099805",
        "１９８５０７０９９８０５",  # noqa: RUF001 - full-width digits
        "١٩٨٥٠٧٠٩٩٨٠٥",
        "𝟏𝟗𝟖𝟓𝟎𝟕𝟎𝟗𝟗𝟖𝟎𝟓",  # noqa: RUF001 - mathematical digits
        "19850709980５",  # noqa: RUF001 - one full-width digit
        "19850709980²",
        "850709\x009805",
        "198507099805\x00",
        "\x00198507099805",
        "850709-9805\n850709-9805",
        "\ufeff198507099805",
        "\u00a0198507099805",
        "\u2028198507099805",
        "\x1f198507099805",
        "19850709\u200b9805",
        "\ud800" * 12,
        "1e11",
        "1985_07_09_9805",
        "0701234567",
        "070-1234567",
    ],
)
def test_odd_text_is_refused_and_never_repaired(text: str) -> None:
    """Something that is no identity number would be bent into one, perhaps into another person's."""
    refusal(text)


@pytest.mark.parametrize("today", [datetime(2026, 1, 15, tzinfo=UTC), None, "2026-01-15", 2026])
def test_today_is_a_plain_date(today: object) -> None:
    """An instant in UTC would give yesterday's date around midnight, and with it another century."""
    with pytest.raises(TypeError, match="date"):
        IDENTITY.parse("198507099805", today=today)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["140168+2396", "1401682396", "850709+9805", "8507099805"])
def test_a_day_in_the_first_century_is_no_crash(text: str) -> None:
    """A wrong clock would surface as another error than the port allows: the century before year 1 is no year."""
    refusal(text, date(1, 1, 1))


# --- the schemes


@pytest.mark.parametrize("scheme", NUMBERS)
def test_only_the_configured_schemes_are_read(scheme: str) -> None:
    """A unit that takes no reserve numbers would get them all the same."""
    identity = SwedishIdentity(schemes=[scheme])
    for of_scheme, value in EVERY:
        if of_scheme == scheme:
            assert scheme == identity.parse(value, today=TODAY).scheme
        else:
            with pytest.raises(InvalidIdentity, match=scheme) as caught:
                identity.parse(value, today=TODAY)
            assert IdentityReason.SCHEME_NOT_ACCEPTED is caught.value.reason


def test_schemes_keep_their_configured_order() -> None:
    """The order in the settings would be lost, and a text that fits two schemes would go to the wrong one."""
    names = tuple(reversed(NUMBERS))
    identity = SwedishIdentity(schemes=iter(names))
    assert names == identity.schemes
    assert [scheme for scheme, _ in EVERY] == [identity.parse(value, today=TODAY).scheme for _, value in EVERY]


def test_the_first_scheme_that_reads_a_text_gets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The four shapes never overlap; once a fifth does, the settings would no longer decide."""
    table = {"one": lambda text, _: text, "other": lambda text, _: text}
    monkeypatch.setattr("digital_painschool.adapters.swedish_identity._READERS", table)
    for names in (("one", "other"), ("other", "one")):
        assert names[0] == SwedishIdentity(schemes=names).parse("198507099805", today=TODAY).scheme


@pytest.mark.parametrize(
    "schemes",
    [
        (),
        [""],
        ["passport"],
        ["personnummer", "passport"],
        ["personnummer", "personnummer"],
        ["Personnummer"],
        ["personnummer "],
        "personnummer",
        "",
        None,
        1,
        [None],
        [["personnummer"]],
        ["personnummer"] * 1000,
    ],
)
def test_wrong_scheme_names_name_the_choices(schemes: object) -> None:
    """A misspelt setting would refuse every patient at the first start instead of failing when the program starts."""
    with pytest.raises(ConfigurationError) as caught:
        SwedishIdentity(schemes=schemes)  # type: ignore[arg-type]
    assert all(name in str(caught.value) for name in NUMBERS)


def test_equal_settings_are_equal_adapters_and_frozen() -> None:
    """A shared adapter could be changed under the feet of another thread."""
    assert SwedishIdentity(tuple(NUMBERS)) == SwedishIdentity()
    with pytest.raises(AttributeError):
        SwedishIdentity().schemes = ()  # type: ignore[misc]


# --- what is never said


@pytest.mark.parametrize(
    ("text", "reason", "advice"),
    [
        ("198507099806", IdentityReason.WRONG_CHECK_DIGIT, "look for a mistyped or swapped character"),
        ("850709980", IdentityReason.TOO_SHORT, "write all twelve characters"),
        ("", IdentityReason.TOO_SHORT, "too short"),
        ("19850709--9805", IdentityReason.TOO_LONG, "write all twelve characters"),
        ("850709-980", IdentityReason.WRONG_FORM, "write all twelve characters"),
        ("22950606fh20", IdentityReason.WRONG_FORM, "letters as capitals"),
        ("19850709+9805", IdentityReason.SIGN_CONTRADICTS_YEAR, "write all twelve digits without sign"),
        ("202612319805", IdentityReason.BORN_IN_THE_FUTURE, "check the year"),
        ("187507099805", IdentityReason.BORN_TOO_LONG_AGO, "check the year"),
        ("198513099805", IdentityReason.NO_SUCH_DAY, "check year, month and day"),
        ("201509160006", IdentityReason.SERIAL_NEVER_GIVEN, "serial number"),
    ],
)
def test_a_refusal_says_what_to_do_and_never_the_number(text: str, reason: IdentityReason, advice: str) -> None:
    """Staff would be left with a bare no, or the number would travel with the error into a log."""
    with pytest.raises(InvalidIdentity) as caught:
        IDENTITY.parse(text, today=TODAY)
    assert advice in str(caught.value)
    assert reason is caught.value.reason
    assert not any(character.isdigit() for character in f"{caught.value!r}{caught.value.args}")
    assert (None, None) == (caught.value.__cause__, caught.value.__context__)
