"""The directory contract over a real LDAP server, in the three ways of saying who works where."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, ClassVar

import pytest

from digital_painschool.domain.people import HsaId
from digital_painschool.ports.directory import Directory, StaffEntry
from digital_painschool.testing.contracts.directory import DirectoryContract
from tests.adapters.ldap_directory import region
from tests.adapters.ldap_directory.conftest import without_library
from tests.adapters.ldap_directory.slapd import ACCOUNT, SECRET, SUFFIX, Slapd


class TestPersonsBelowTheirUnit(DirectoryContract):
    """A person's entry lies below the unit's; over LDAPS."""

    answers_within = 20.0
    secrets = (SECRET, ACCOUNT)
    _options: ClassVar[Mapping[str, Any]] = {}
    _scheme: ClassVar[str] = "ldaps"

    @pytest.fixture
    def place(self, server: Slapd) -> Iterator[Slapd]:
        """The server, as it was loaded."""
        without_library()
        yield server
        if not server.is_running:
            server.start()
        server.write({dn: {} for dn in region.ELSEWHERE})
        self._write(server, self.known)

    def open(self, place: Slapd) -> Directory:
        """Open the directory."""
        from digital_painschool.adapters.ldap_directory.directory import LdapDirectory
        from digital_painschool.adapters.ldap_directory.options import LdapOptions

        ports = {"ldap": place.ldap, "ldaps": place.ldaps}
        return LdapDirectory(
            LdapOptions(
                uris=(f"{self._scheme}://localhost:{ports[self._scheme]}",),
                user=ACCOUNT,
                password="env:LDAP_PASSWORD",
                ca_file=place.folder / "ca.pem",
                base=SUFFIX,
                display_name=("displayName",),
                connect_seconds=1.0,
                **self._options,
            )
        )

    def change(self, place: Slapd, hsa_id: HsaId, entry: StaffEntry) -> None:
        """Write the person's entry anew."""
        self._write(place, {hsa_id: entry})

    def leave(self, place: Slapd, hsa_id: HsaId) -> None:
        """Move the person's entry out of the units."""
        place.write(region.left({hsa_id: self.known[hsa_id]}))

    def double(self, place: Slapd, hsa_id: HsaId) -> None:
        """Write a second entry."""
        place.write(region.doubled(hsa_id))

    def spoil(self, place: Slapd) -> None:
        """Kill the server."""
        place.stop()

    def mend(self, place: Slapd) -> None:
        """Start the server again."""
        place.start()

    def _write(self, server: Slapd, people: Mapping[HsaId, StaffEntry]) -> None:
        server.write(region.known(people))


class TestHangingServer(TestPersonsBelowTheirUnit):
    """The same over StartTLS, and with a server that hangs."""

    _scheme = "ldap"

    def hanging(self, place: Slapd) -> AbstractContextManager[object]:
        """Stop the server's clock."""
        return place.hanging()


class TestUnitsOfAPerson(TestPersonsBelowTheirUnit):
    """A person's entry holds HSA-ids of units, in small letters, in an attribute that tells letters apart."""

    _options: ClassVar[Mapping[str, Any]] = {"membership": "attribute", "unit": "regionUnit"}


class TestEntriesOfAPersonsUnits(TestPersonsBelowTheirUnit):
    """A person's entry holds the DNs of units, spelt differently."""

    _options: ClassVar[Mapping[str, Any]] = {"membership": "dn", "unit": "regionUnitDN"}
