"""The entries of a region's directory, as they are loaded into the server."""

from collections.abc import Mapping

from digital_painschool.domain.people import HsaId
from digital_painschool.ports.directory import StaffEntry
from digital_painschool.testing.contracts.directory import DirectoryContract
from digital_painschool.testing.people import OTHER_UNIT, UNIT
from tests.adapters.ldap_directory.slapd import SUFFIX, Attributes, account

LARGE_UNIT = HsaId("SE2321000131-E000000001500")
DOUBLED_UNIT = HsaId("SE2321000131-E000000000022")
DOUBLED = HsaId("SE2321000131-P000000000022")
TRIPLED = HsaId("SE2321000131-P000000000044")
BROKEN = HsaId("SE2321000131-P000000000033")
LARGE = 1500

_ORG = f"ou=Org,{SUFFIX}"
_DNS = {UNIT: f"ou=Smärtenheten\\, Öst,{_ORG}", OTHER_UNIT: f"ou=Mottagningen,ou=Smärtenheten\\, Öst,{_ORG}"}
ELSEWHERE = (f"cn=elsewhere,{_ORG}",)
"""The DNs of entries that tests write outside the units."""
_DNS |= {LARGE_UNIT: f"ou=Stora enheten,{_ORG}"}


def entries() -> dict[str, Attributes]:
    """Return every entry by DN."""
    found: dict[str, Attributes] = {SUFFIX: {"objectClass": ["organization"], "o": ["region"]}}
    for name in ("school", "limited", "blind", "outsider"):
        found[f"cn={name},{SUFFIX}"] = account(name)
    found[_ORG] = {"objectClass": ["organizationalUnit"], "ou": ["Org"]}
    for unit, dn in _DNS.items():
        found[dn] = _unit(dn, unit)
    for number in (1, 2):
        dn = f"ou=Dubbel {number},{_ORG}"
        found[dn] = _unit(dn, DOUBLED_UNIT)
        found[f"cn=Dubbel {number},{dn}"] = _person(f"Dubbel {number}", DOUBLED, DOUBLED_UNIT, dn, mail=["d@r.example"])
    for number in (3, 4, 5):
        found[f"cn=Dubbel {number},{dn}"] = _person(f"Dubbel {number}", TRIPLED, DOUBLED_UNIT, dn)
    found |= known(DirectoryContract.known)
    dn = _DNS[LARGE_UNIT]
    for number in range(LARGE):
        name = f"Anställd {number}"
        found[f"cn={name},{dn}"] = _person(name, HsaId(f"SE2321000131-P{9_000_000 + number}"), LARGE_UNIT, dn)
    found[f"cn=Trasig,{dn}"] = _person(
        "Trasig", BROKEN, LARGE_UNIT, dn, mail=["no address"], mobile=["växeln"], displayName=["Bo\u202eEk"]
    )
    # A service account among the staff, without an HSA-id, and a branch that another server has.
    found[f"cn=Skrivare,{dn}"] = {"objectClass": ["inetOrgPerson"], "cn": ["Skrivare"], "sn": ["S"]}
    found[f"ou=Annorstädes,{_ORG}"] = {
        "objectClass": ["referral", "extensibleObject"],
        "ou": ["Annorstädes"],
        "ref": [f"ldap://127.0.0.1:1/ou=Annorstädes,{SUFFIX}"],
    }
    return found


def known(people: Mapping[HsaId, StaffEntry]) -> dict[str, Attributes]:
    """Return the entries of those whom the directory contract knows, with the addresses given."""
    staff = DirectoryContract.staff
    found: dict[str, Attributes] = {}
    for hsa_id, entry in people.items():
        units = [unit for unit, members in staff.items() if any(one.hsa_id == hsa_id for one in members)]
        names = {one.name for members in staff.values() for one in members if one.hsa_id == hsa_id and one.name}
        dn, attributes = _known(hsa_id, entry, units, sorted(names))
        found[dn] = attributes
    return found


def left(people: Mapping[HsaId, StaffEntry]) -> dict[str, Attributes]:
    """Return the entries of people who have left every unit: their old ones without data, and new ones."""
    found: dict[str, Attributes] = {}
    for (dn, attributes), elsewhere in zip(known(people).items(), ELSEWHERE, strict=False):
        found |= {dn: {}, elsewhere: {name: values for name, values in attributes.items() if "Unit" not in name}}
    return found


def doubled(hsa_id: HsaId) -> dict[str, Attributes]:
    """Return a second entry with an HSA-id, in another person's name."""
    return {ELSEWHERE[0]: _person("Annan", hsa_id, UNIT, _DNS[UNIT], mail=["annan@r.example"], cn=["elsewhere"])}


def _known(hsa_id: HsaId, entry: StaffEntry, units: list[HsaId], names: list[str]) -> tuple[str, Attributes]:
    cn = f"p{hsa_id[-6:]}"
    attributes: dict[str, list[str]] = {
        # The directory's own way of writing: small letters, and separators in numbers.
        "objectClass": ["inetOrgPerson", "hsaThing"],
        "cn": [cn],
        "sn": ["X"],
        "hsaIdentity": [hsa_id.lower()],
        "regionUnit": [unit.lower() for unit in units],
        "regionUnitDN": [_DNS[unit].upper().replace(",OU", ", OU") for unit in units],
        "displayName": names,
        "mail": [] if entry.email is None else [entry.email.value],
        "mobile": [] if entry.sms is None else [f"0{entry.sms.value[3:5]}-{entry.sms.value[5:]}"],
    }
    # In the innermost unit: a directory has a person once, and whoever is below a unit's part is below the unit.
    return f"cn={cn},{_DNS[units[-1]]}", {name: values for name, values in attributes.items() if values}


def _unit(dn: str, hsa_id: HsaId) -> Attributes:
    name = dn.partition(",ou=")[0].removeprefix("ou=").replace("\\,", ",")
    return {"objectClass": ["organizationalUnit", "hsaThing"], "ou": [name], "hsaIdentity": [hsa_id]}


def _person(name: str, hsa_id: HsaId, unit: HsaId, dn: str, **more: list[str]) -> Attributes:
    needed: dict[str, list[str]] = {
        "objectClass": ["inetOrgPerson", "hsaThing"],
        "cn": [name],
        "sn": ["X"],
        "hsaIdentity": [hsa_id],
    }
    return {**needed, "regionUnit": [unit], "regionUnitDN": [dn], **more}


def members(unit: HsaId) -> set[HsaId]:
    """Return the HSA-ids of the staff of a unit, as it was loaded."""
    return {one.hsa_id for one in DirectoryContract.staff.get(unit, ())}
