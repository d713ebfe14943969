"""A staff directory's file in TOML, as text."""

import json
from collections.abc import Iterable, Mapping

from digital_painschool.domain.people import HsaId
from digital_painschool.ports.directory import StaffEntry, StaffMember


def staff_file(entries: Mapping[HsaId, StaffEntry], staff: Mapping[HsaId, Iterable[StaffMember]]) -> str:
    """Return the text of a file with entries by HSA-id, and with the staff of each unit among them."""
    lines = []
    for hsa_id, entry in entries.items():
        lines.append(f'["{hsa_id}"]')
        ways = (("email", entry.email), ("sms", entry.sms))
        lines += [f'{way} = "{address.value}"' for way, address in ways if address is not None]
        jobs = {unit: member for unit, members in staff.items() for member in members if member.hsa_id == hsa_id}
        lines += [f'name = "{name}"' for name in {member.name for member in jobs.values() if member.name}]
        lines.append(f"units = {json.dumps([*jobs])}")
    return "\n".join(lines)
