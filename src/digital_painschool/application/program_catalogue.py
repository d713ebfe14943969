"""The program catalogue: the programs and the policy of each unit."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from types import MappingProxyType

from attrs import field, frozen

from digital_painschool.domain.checks import check, one, one_or_none, satisfies, several
from digital_painschool.domain.people import HsaId, by_hsa_id
from digital_painschool.domain.policy import Policy
from digital_painschool.domain.program import Ordering, Program
from digital_painschool.errors import ConfigurationError, InvalidProgram, NotFound


@frozen(kw_only=True)
class UnitTerms:
    """The policy and the programs of one unit.

    Args:
        policy: The unit's whole policy; None, or left out: the common one. To change a few values of the common one,
            use `attrs.evolve`.
        programs: Programs that only this unit offers.
    """

    policy: Policy | None = field(default=None, validator=one_or_none(Policy))
    programs: tuple[Program, ...] = field(default=(), validator=several(Program))


def _are_units(units: object) -> bool:
    return isinstance(units, Mapping) and all(
        isinstance(unit, str) and isinstance(terms, UnitTerms) for unit, terms in units.items()
    )


UNITS = check((satisfies(_are_units), "is a mapping from HSA-ids to UnitTerms"))


def _units(units: Mapping[str, UnitTerms]) -> Mapping[HsaId, UnitTerms]:
    # Before the conversion, which goes through the entries.
    UNITS.require("units", units)
    return MappingProxyType(by_hsa_id(units))


@frozen(kw_only=True)
class Catalogue:
    """The programs that can be started, and the policies.

    Args:
        programs: The programs of every unit, in the order of the list "Moment".
        policy: The common policy: that of every unit without its own.
        units: The policies and programs of single units, by HSA-id.

    Raises:
        InvalidValue: A value is of another type, a key of `units` is no HSA-id, or two keys are the same HSA-id.
        ConfigurationError: A unit would be offered two programs with one key.
    """

    programs: tuple[Program, ...] = field(default=(), validator=several(Program))
    policy: Policy = field(default=Policy(), validator=one(Policy))
    units: Mapping[HsaId, UnitTerms] = field(factory=dict, converter=_units)
    _offered: Mapping[HsaId | None, tuple[Program, ...]] = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        _require_one_each(self.programs, "every unit")
        for unit, terms in self.units.items():
            _require_one_each((*self.programs, *terms.programs), f"unit {unit}")
        everywhere = tuple(program.ordered(self.policy.ordering) for program in self.programs)
        units = {
            unit: tuple(one.ordered(self.policy_of(unit).ordering) for one in (*self.programs, *terms.programs))
            for unit, terms in self.units.items()
        }
        object.__setattr__(self, "_offered", {None: everywhere, **units})

    def policy_of(self, unit: HsaId) -> Policy:
        """Return the policy that holds for a unit."""
        own = self.units.get(HsaId(unit))
        return self.policy if own is None or own.policy is None else own.policy

    def units_with(self, fits: Callable[[Policy], bool]) -> tuple[HsaId, ...] | None:
        """Return the units whose policy fits; None when the common one does: then the units are not known here.

        Args:
            fits: Returns whether a policy fits.
        """
        return None if fits(self.policy) else tuple(unit for unit in self.units if fits(self.policy_of(unit)))

    def offered(self, unit: HsaId) -> tuple[Program, ...]:
        """Return the list "Moment" of a unit, in the ordering that the unit's policy asks for. Rule: M-07, D-04a."""
        return self._offered.get(HsaId(unit), self._offered[None])

    def program(self, unit: HsaId, key: str) -> Program:
        """Return the program with a key from a unit's list.

        Raises:
            NotFound: The unit offers no such program.
        """
        for program in self.offered(unit):
            if program.key == key:
                return program
        raise NotFound("program on the unit's list")

    def orderings(self, unit: HsaId, key: str) -> Iterator[Program]:
        """Yield a program of a unit's list in each ordering that it can have, each of them a version. Rule: D-05c."""
        own = self.units.get(HsaId(unit))
        for program in (*self.programs, *(() if own is None else own.programs)):
            for ordering in Ordering if program.key == key else ():
                with suppress(InvalidProgram):  # it has no reading order, and so no ordering that needs one
                    yield program.ordered(ordering)


def _require_one_each(programs: Iterable[Program], whose: str) -> None:
    seen: dict[str, Program] = {}
    for program in programs:
        other = seen.get(program.key)
        seen[program.key] = program
        if other is not None:
            raise ConfigurationError(
                f"two programs with the key {program.key!r} are offered to {whose}: "
                f"{other.title!r} version {other.version} and {program.title!r} version {program.version}; keep one"
            )
