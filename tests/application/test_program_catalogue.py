"""Which programs are on a unit's list, and under which policy."""

import pytest

from digital_painschool.application.program_catalogue import Catalogue, UnitTerms
from digital_painschool.domain.policy import Policy
from digital_painschool.errors import ConfigurationError, InvalidValue, NotFound
from digital_painschool.testing.example import PROGRAM, SLEEP, program
from digital_painschool.testing.people import OTHER_UNIT, UNIT
from digital_painschool.testing.scenario import Scenario

OWN = UnitTerms(policy=Policy(zone="Europe/Helsinki"), programs=(SLEEP,))


@pytest.mark.rule("M-07")
def test_a_unit_offers_what_all_offer_and_what_is_its_own() -> None:
    """Otherwise a unit's own program would be on every list, or on none."""
    catalogue = Catalogue(programs=(PROGRAM,), units={UNIT: OWN})
    assert (PROGRAM, SLEEP) == catalogue.offered(UNIT)
    assert (PROGRAM,) == catalogue.offered(OTHER_UNIT)
    assert SLEEP == catalogue.program(UNIT, "somnskola")
    with pytest.raises(NotFound):
        catalogue.program(OTHER_UNIT, "somnskola")


def test_a_unit_s_own_policy_holds_for_it_alone() -> None:
    """Otherwise one unit's decision would bind another."""
    catalogue = Catalogue(policy=Policy(review_after_days=7), units={UNIT: OWN})
    assert OWN.policy == catalogue.policy_of(UNIT)
    assert 7 == catalogue.policy_of(OTHER_UNIT).review_after_days


def test_two_programs_with_one_key_are_refused_and_both_are_named() -> None:
    """Otherwise which of them a patient gets would depend on an order."""
    with pytest.raises(ConfigurationError, match=r"version 1 and .* version 2"):
        Catalogue(programs=(PROGRAM, program(version="2")))
    with pytest.raises(ConfigurationError, match=UNIT):
        Catalogue(programs=(SLEEP,), units={UNIT: OWN})


def test_the_same_program_twice_is_the_same_program_once_too_often() -> None:
    """Otherwise the list "Moment" would hold a line twice without anybody being told."""
    catalogue = Catalogue(programs=(PROGRAM,), units={UNIT: UnitTerms(programs=(SLEEP,))})
    assert 2 == len(catalogue.offered(UNIT))
    with pytest.raises(ConfigurationError):
        Catalogue(programs=(PROGRAM, PROGRAM))


def test_a_unit_is_named_by_its_hsa_id() -> None:
    """Otherwise a misspelt unit would have terms that never hold."""
    with pytest.raises(InvalidValue):
        Catalogue(units={"enheten": OWN})


@pytest.mark.rule("M-07")
def test_a_program_that_is_not_on_the_list_cannot_be_started() -> None:
    """Otherwise a unit could start what it does not give."""
    school = Scenario(programs=(PROGRAM,))
    with school.unchanged(), pytest.raises(NotFound):
        school.start(key="somnskola")
