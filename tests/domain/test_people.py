"""Who takes part: ids that are checked, numbers that are masked."""

import copy
import pickle

import pytest

from digital_painschool.domain.people import Actor, HsaId, Patient, PersonId, Role, SystemActor, by_hsa_id
from digital_painschool.errors import InvalidIdentity, InvalidValue
from digital_painschool.testing.people import ANNA, COORDINATION_NUMBER, NURSE, PERSON, UNIT
from digital_painschool.testing.scenario import Scenario


@pytest.mark.rule("M-06")
@pytest.mark.parametrize("text", [NURSE.hsa_id, UNIT, "SE2321000131-1", "SE2321000131-" + "X" * 18])
def test_an_hsa_id_is_taken_as_it_is(text: str) -> None:
    """Otherwise a member of staff of the region could not sign in."""
    assert text == HsaId(text)
    assert isinstance(HsaId(text), str)
    assert HsaId(HsaId(text)) == HsaId(text)


@pytest.mark.rule("D-06b")
@pytest.mark.parametrize("text", ["se2321000131-p00ab", "Se2321000131-P00aB", "sE2321000131-p00AB"])
def test_an_hsa_id_is_one_in_small_letters_and_in_capitals(text: str) -> None:
    """Otherwise a therapist who signs in through another service would see no patient."""
    expected = HsaId("SE2321000131-P00AB")
    for found in (HsaId(text), pickle.loads(pickle.dumps(HsaId(text))), copy.deepcopy(HsaId(text))):  # noqa: S301
        assert (expected, hash(expected), "SE2321000131-P00AB") == (found, hash(found), str(found))
    actor = Actor(hsa_id=text, unit=text, roles={Role.THERAPIST})
    assert (expected, expected, expected) == (actor.hsa_id, actor.unit, actor.signature)


@pytest.mark.rule("D-06b")
def test_two_entries_that_become_one_are_refused_by_name() -> None:
    """Otherwise one of two units' policies, or of two addresses, would be passed over in silence."""
    assert {HsaId("SE2321000131-A"): 1, HsaId("SE2321000131-B"): 2} == by_hsa_id(
        {"se2321000131-a": 1, "SE2321000131-B": 2}
    )
    with pytest.raises(InvalidValue, match="SE2321000131-A comes twice"):
        by_hsa_id({"se2321000131-a": 1, "SE2321000131-A": 2})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SE2321000131",
        "SE2321000131-",
        "\u017fe2321000131-1",
        "SE2321000131-\u0131",
        "SE2321000131-\u212a",
        "SE2321000131-ß",
        "SE2321000131-1 ",
        "SE\u00ad2321000131-1",
        "SE232100013-1",
        "SE2321000131-1\n",
        " SE2321000131-1",
        "SE2321000131-å",
        "SE2321000131-" + "X" * 19,
        "SE23210001\uff13\uff11-1",
        "patient",
        "system",
        None,
        5,
        b"SE2321000131-1",
    ],
)
def test_what_is_no_hsa_id_is_refused(text: object) -> None:
    """Otherwise a timeline entry could be signed "patient" or "system" by a member of staff."""
    with pytest.raises(InvalidValue):
        HsaId(text)  # type: ignore[arg-type]


@pytest.mark.parametrize("scheme", ["", "-", "person nummer", "personnummer\n", "å", "\x00", None, 5, b"personnummer"])
def test_a_scheme_is_named_in_plain_letters(scheme: object) -> None:
    """Otherwise a host's slip would be kept as a scheme of its own, and one person would be two."""
    with pytest.raises(InvalidValue, match="scheme is named"):
        PersonId(scheme, ANNA)  # type: ignore[arg-type]


@pytest.mark.rule("M-06", "M-07")
@pytest.mark.parametrize(
    ("scheme", "value"),
    [
        ("samordningsnummer", ANNA),
        ("vgr-reservnummer", ANNA),
        ("okant", ANNA),
        ("Personnummer", ANNA),
        ("personnummer", "198507099806"),
        ("personnummer", "198513399805"),
        ("personnummer", COORDINATION_NUMBER),
        ("personnummer", "ABCDEFGHIJKL"),
    ],
)
def test_a_number_that_the_host_has_put_together_wrongly_starts_nothing_and_opens_nothing(
    scheme: str, value: str
) -> None:
    """Otherwise a person would have two records, or a record that the person can never sign in to."""
    school = Scenario()
    school.start(ANNA)
    person = PersonId(scheme, value)
    for call in (
        lambda: school.school.patient(person),
        lambda: school.desk.start(person, program="somnskola"),  # type: ignore[arg-type]
        lambda: school.desk.identify(person),  # type: ignore[arg-type]
        lambda: school.desk.find(person),  # type: ignore[arg-type]
    ):
        with school.unchanged(), pytest.raises(InvalidIdentity) as broken:
            call()
        assert value not in f"{broken.value} {broken.value!r}"


@pytest.mark.parametrize(
    "value", ["", "19850709980", "1985070998055", "198507099805\n", "19850709980a", 198507099805, None]
)
def test_an_identity_number_is_in_its_canonical_form(value: object) -> None:
    """Otherwise one person could be two."""
    with pytest.raises(InvalidValue) as broken:
        PersonId("personnummer", value)  # type: ignore[arg-type]
    assert "1985" not in str(broken.value)


def test_a_number_of_another_scheme_is_another_person() -> None:
    """Otherwise a reserve number that looks like a personnummer would open somebody's record."""
    assert PersonId("vgr-reservnummer", ANNA) != PERSON
    assert 1 == len({PERSON, PersonId("personnummer", ANNA)})


@pytest.mark.parametrize("roles", [{"therapist"}, "therapist", None, [None], Role.THERAPIST, {Role.THERAPIST: 1}])
def test_roles_are_a_set_of_role(roles: object) -> None:
    """Otherwise a text from a token would be a role that no table knows, or every letter one."""
    with pytest.raises(InvalidValue):
        Actor(hsa_id=NURSE.hsa_id, unit=UNIT, roles=roles)  # type: ignore[arg-type]


def test_an_actor_takes_plain_texts_and_checks_them() -> None:
    """Otherwise a host would have to import more than it needs, or could pass anything."""
    actor = Actor(hsa_id=str(NURSE.hsa_id), unit=str(UNIT), roles=[Role.THERAPIST, Role.THERAPIST])
    assert NURSE == actor
    assert {NURSE} == {actor}
    with pytest.raises(InvalidValue):
        Actor(hsa_id="nurse", unit=UNIT, roles=set())


def test_a_signature_says_who_without_an_identity_number() -> None:
    """Otherwise every timeline entry of a patient would hold the number."""
    assert [NURSE.hsa_id, "patient", "system"] == [one.signature for one in (NURSE, Patient(PERSON), SystemActor())]


@pytest.mark.parametrize("value", [NURSE, PERSON, Patient(PERSON), SystemActor(), UNIT])
def test_who_takes_part_can_be_copied_and_sent_to_another_process(value: object) -> None:
    """Otherwise a host could not hand a signed-in actor to a worker."""
    assert value == copy.deepcopy(value) == pickle.loads(pickle.dumps(value))  # noqa: S301 - our own
