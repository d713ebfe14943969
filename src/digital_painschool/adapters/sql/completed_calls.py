"""Calls that were completed under an idempotency key, in SQL."""

from typing import Any

from sqlalchemy import bindparam, select

from digital_painschool.adapters.sql.connection import Connection
from digital_painschool.adapters.sql.inserts import insert_into
from digital_painschool.adapters.sql.rows import Row, require_readable
from digital_painschool.adapters.sql.schema import completed_calls
from digital_painschool.domain.people import HsaId
from digital_painschool.ports.storage import CallKey, CompletedCall
from digital_painschool.serialization.stored import read_stored

_SCOPE = (completed_calls.c.unit, completed_calls.c.caller, completed_calls.c.action, completed_calls.c.key)
_CALL = select(completed_calls.c.enrolment_id, completed_calls.c.version, completed_calls.c.fingerprint).where(
    *(column == bindparam(column.name) for column in _SCOPE)
)
ADD_CALL = insert_into(completed_calls)


def read_call(connection: Connection, unit: str, caller: str, action: str, key: str) -> CompletedCall | None:
    """Return the call that was completed under a key in an enrolment, or None."""
    scope = CallKey(unit=HsaId(unit), caller=caller, action=action, key=key)
    rows = connection.fetch_each(_CALL, scope_values(scope))
    return read_stored("a completed call", _completed_call, scope, rows[0]) if rows else None


def call_values(call: CompletedCall) -> dict[str, Any]:
    """Return the row of a completed call."""
    return {
        **scope_values(call.key),
        "enrolment_id": call.enrolment_id,
        "version": call.version,
        "fingerprint": call.fingerprint,
    }


def scope_values(key: CallKey) -> dict[str, Any]:
    """Return the values of the columns that hold a key in its scope."""
    return {"unit": str(key.unit), "caller": str(key.caller), "action": key.action, "key": key.key}


def _completed_call(key: CallKey, row: Row) -> CompletedCall:
    require_readable(row)
    enrolment_id, version, fingerprint = row
    return CompletedCall(key=key, enrolment_id=enrolment_id, version=version, fingerprint=fingerprint)
