"""The searches of the directory: a person by HSA-id, and the staff of a unit in the three ways that directories have.

Every value that enters a filter is escaped. One rule decides about one person and about each of a list, so that
`works_at` and `staff_of` agree.
"""

import logging
from collections.abc import Callable, Sequence
from contextlib import closing

import ldap
from attrs import frozen
from ldap.dn import str2dn
from ldap.filter import escape_filter_chars

from digital_painschool.adapters.ldap_directory.entries import Entry
from digital_painschool.adapters.ldap_directory.exchange import Deadline, is_filter
from digital_painschool.adapters.ldap_directory.failures import LdapFailure
from digital_painschool.adapters.ldap_directory.options import LdapOptions, Membership
from digital_painschool.adapters.ldap_directory.problems import Problem
from digital_painschool.adapters.ldap_directory.session import Session
from digital_painschool.domain.people import HsaId
from digital_painschool.errors import ConfigurationError

_log = logging.getLogger(__name__)

Name = tuple[frozenset[tuple[str, str]], ...]
"""A DN as it is compared: without regard to case, and to the order within each of its parts."""


@frozen
class Staff:
    """The staff of a unit.

    Args:
        base: The DN to search below.
        filter: The filter that the server applies.
        has: A function that returns whether an entry is one of them.
    """

    base: str
    filter: str
    has: Callable[[Entry], bool]


@frozen
class Scope:
    """The entries below a DN that pass a filter, by an attribute.

    Args:
        base: The DN.
        filter: The filter.
        attribute: The name of the attribute.
        none: The problem that there is where no entry has the attribute.
        several: The problem that there is where several entries have the same HSA-id.
    """

    base: str
    filter: str
    attribute: str
    none: Problem
    several: Problem = Problem.OTHER

    def one(self, session: Session, hsa_id: HsaId, wanted: Sequence[str], until: Deadline) -> Entry | None:
        """Return the one entry with an HSA-id, or None.

        Raises:
            LdapFailure: There are several, and the first one found is nobody's in particular. Or the attribute cannot
                be read, or no entry at all has it.
        """
        search = both(self.filter, equal(self.attribute, hsa_id))
        try:
            found = list(session.search(self.base, search, wanted, until, size=2))
        except ldap.SIZELIMIT_EXCEEDED:
            raise LdapFailure(self.several) from None
        if not all(entry.values(self.attribute) for entry in found):
            raise LdapFailure(Problem.UNREADABLE)
        matching = [entry for entry in found if hsa_id in entry.hsa_ids(self.attribute)]
        if len(matching) > 1:
            raise LdapFailure(self.several)
        if not matching:
            self.require_any(session, until)
            return None
        return matching[0]

    def require_any(self, session: Session, until: Deadline) -> None:
        """Refuse a scope in which no entry has the attribute: the options are wrong, or the account may see nobody.

        Raises:
            LdapFailure: No entry has the attribute, or it cannot be read under this name.
        """
        search = both(self.filter, f"({self.attribute}=*)")
        with closing(session.search(self.base, search, [self.attribute], until, size=1)) as found:
            entry = next(found, None)
        if entry is None:
            raise LdapFailure(self.none)
        if not entry.values(self.attribute):
            raise LdapFailure(Problem.UNREADABLE)


class Searches:
    """The searches, by the options.

    Raises:
        ConfigurationError: A DN or a filter of the options is malformed.
    """

    def __init__(self, options: LdapOptions) -> None:
        self._options = options
        self._unit_base = options.unit_base or options.base
        self._attributes = (options.hsa_id, *(() if options.unit is None else (options.unit,)))
        for option, dn in (("base", options.base), ("unit_base", self._unit_base)):
            if not name_of(dn):
                raise ConfigurationError(f"directory 'ldap': option {option!r}: must be a DN, such as o=region,c=SE")
        for option, text in (("filter", options.filter), ("unit_filter", options.unit_filter)):
            if not is_filter(text):
                raise ConfigurationError(f"directory 'ldap': option {option!r}: must be a filter in parentheses")

    def person(self, session: Session, hsa_id: HsaId, until: Deadline) -> Entry | None:
        """Return the one entry with a person's HSA-id, or None.

        Raises:
            LdapFailure: There are several, or the account may not read the HSA-id.
        """
        options = self._options
        wanted = (*self._attributes, *options.email, *options.sms)
        scope = Scope(options.base, options.filter, options.hsa_id, Problem.NO_PERSONS, Problem.TWO_PERSONS)
        return scope.one(session, hsa_id, wanted, until)

    def works_at(self, session: Session, unit: HsaId, hsa_id: HsaId, until: Deadline) -> bool:
        """Return whether a person works at a unit.

        Raises:
            LdapFailure: As for `person` and `staff`.
        """
        staff = self._staff(session, unit, until)
        person = None if staff is None else self.person(session, hsa_id, until)
        if staff is None or person is None:
            return False
        if not staff.has(person):
            self._require_memberships(session, until)
            return False
        return True

    def _staff(self, session: Session, unit: HsaId, until: Deadline) -> Staff | None:
        """Return where the staff of a unit are, or None for an unknown unit.

        Raises:
            LdapFailure: There are several units with the HSA-id, or the unit's entry does not lie below `base`.
        """
        options = self._options
        membership = Membership(options.membership)
        if membership is Membership.ATTRIBUTE:
            attribute = options.unit or ""
            return Staff(options.base, equal(attribute, unit), lambda entry: unit in entry.hsa_ids(attribute))
        attribute = options.unit_hsa_id
        scope = Scope(self._unit_base, options.unit_filter, attribute, Problem.NO_UNITS, Problem.TWO_UNITS)
        entry = scope.one(session, unit, (attribute,), until)
        if entry is None:
            return None
        return self._below(entry.dn) if membership is Membership.BELOW else self._with_dn(entry.dn)

    def members(self, session: Session, unit: HsaId, limit: int, until: Deadline) -> dict[HsaId, Entry]:
        """Return the entries of a unit's staff by HSA-id, at most `limit`.

        Raises:
            LdapFailure: As for `staff`, or the account may not read an attribute that the search needs.
            LDAPError: The server's size limit cuts the list short.
        """
        options = self._options
        staff = self._staff(session, unit, until)
        members: dict[HsaId, Entry] = {}
        doubled: set[HsaId] = set()
        if staff is None or limit < 1:
            return members
        filter_ = both(options.filter, f"({options.hsa_id}=*)", staff.filter)
        wanted = (*self._attributes, *options.display_name)
        found = session.search(staff.base, filter_, wanted, until, page=min(options.page, limit))
        with closing(found):
            for entry in found:
                if not all(map(entry.values, self._attributes)):
                    raise LdapFailure(Problem.UNREADABLE)
                hsa_id = next(iter(entry.hsa_ids(options.hsa_id)), None)
                if hsa_id is None or not staff.has(entry) or hsa_id in doubled:
                    continue
                if members.pop(hsa_id, None) is not None:
                    doubled.add(hsa_id)
                    continue
                members[hsa_id] = entry
                if len(members) == limit:
                    break
        if not members:
            self._require_memberships(session, until)
        if doubled:
            _log.warning("a unit's staff are listed without %d HSA-ids that several entries have", len(doubled))
        return members

    def _require_memberships(self, session: Session, until: Deadline) -> None:
        # Without this, a misspelt attribute would mean that nobody works anywhere.
        if self._options.unit is not None:
            scope = Scope(self._options.base, self._options.filter, self._options.unit, Problem.NO_MEMBERS)
            scope.require_any(session, until)

    def _below(self, dn: str) -> Staff:
        name = name_of(dn)
        if not is_below(name, name_of(self._options.base)):
            raise LdapFailure(Problem.UNIT_OUTSIDE)
        return Staff(dn, "", lambda entry: is_below(name_of(entry.dn), name))

    def _with_dn(self, dn: str) -> Staff:
        name, attribute = name_of(dn), self._options.unit or ""
        return Staff(
            self._options.base,
            f"({attribute}={_escaped(dn)})",
            lambda entry: name in map(name_of, entry.values(attribute)),
        )


def both(*filters: str) -> str:
    """Return the filter of entries that pass each of some filters."""
    return f"(&{''.join(filters)})"


def equal(attribute: str, text: str) -> str:
    """Return the filter of entries with a value, written in capitals or in small letters. Rule: D-06b.

    HSA's own attributes are compared without regard to case, and then one spelling would do. Others may not be.
    """
    return f"(|({attribute}={_escaped(text.upper())})({attribute}={_escaped(text.lower())}))"


def name_of(dn: str) -> Name:
    """Return a DN as it is compared; an empty tuple where the text is no DN."""
    try:
        parts = str2dn(dn)
    except ldap.DECODING_ERROR:
        return ()
    return tuple(
        frozenset((kind.lower(), " ".join(value.casefold().split())) for kind, value, _ in part) for part in parts
    )


def is_below(name: Name, base: Name) -> bool:
    """Return whether a DN is another one's, or lies below it."""
    return len(name) >= len(base) and name[len(name) - len(base) :] == base


def _escaped(text: str) -> str:
    return str(escape_filter_chars(text))
