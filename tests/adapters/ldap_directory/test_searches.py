"""Filters and DNs: nothing that is asked about can change a search."""

import pytest

from digital_painschool import InvalidValue
from digital_painschool.testing.people import NURSE, UNIT
from tests.adapters.ldap_directory.conftest import Make, without_library

HOSTILE = ["*", "SE2321000131-P*", ")(uid=*", "x)(|(uid=*", "\\2a", "\x00", "SE2321000131-P1)(mail=*", "å", "a" * 5000]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_id_is_a_value_and_nothing_else(text: str) -> None:
    """Otherwise whoever can name a colleague could search the whole directory, and be mailed in another's place."""
    without_library()
    from digital_painschool.adapters.ldap_directory.exchange import is_filter
    from digital_painschool.adapters.ldap_directory.searches import both, equal

    found = both("(objectClass=person)", equal("hsaIdentity", text))
    assert is_filter(found)
    assert (found.count("("), found.count(")"), found.count("*")) == (5, 5, 0)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_id_is_refused_before_anything_is_sent(make: Make, text: str) -> None:
    """Otherwise a server with a filter of its own making might understand what we did not mean."""
    directory = make(uris=("ldaps://localhost:1",))
    for question in (
        lambda: directory.find(text),  # type: ignore[arg-type]
        lambda: directory.works_at(UNIT, text),  # type: ignore[arg-type]
        lambda: directory.works_at(text, NURSE.hsa_id),  # type: ignore[arg-type]
        lambda: directory.staff_of(text, 9),  # type: ignore[arg-type]
    ):
        with pytest.raises(InvalidValue):
            question()


DNS = [("ou=Enhet, o=Region", "OU=enhet,O=region", True), ("ou=a+cn=b,o=r", "cn=b+ou=a,o=r", True)]
DNS += [("ou=Smärt\\, Öst,o=r", "ou=SMÄRT\\2C ÖST,o=r", True), ("ou=a,o=r", "ou=ab,o=r", False), ("no dn", "", True)]


@pytest.mark.parametrize(("one", "other", "same"), DNS)
def test_dns_are_compared_and_not_their_texts(one: str, other: str, same: bool) -> None:
    """Otherwise a space that one program writes, and another does not, would send a person away from their unit."""
    without_library()
    from digital_painschool.adapters.ldap_directory.searches import name_of

    assert same == (name_of(one) == name_of(other))


def test_below_is_below_and_not_beside() -> None:
    """Otherwise the staff of a unit whose name ends in the same way would count as a unit's own."""
    without_library()
    from digital_painschool.adapters.ldap_directory.searches import is_below, name_of

    base = name_of("ou=Org,o=r")
    below = ["ou=Org,o=r", "cn=x,ou=a,ou=org,o=R"]
    beside = ["ou=AnotherOrg,o=r", "cn=x,ou=Org+cn=y,o=r", "o=r", "cn=x\\,ou=Org,o=r", ""]
    assert below == [dn for dn in (*below, *beside) if is_below(name_of(dn), base)]
