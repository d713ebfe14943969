"""Completed calls that concern no single enrolment, in SQL."""

from sqlalchemy import bindparam, select

from digital_painschool.adapters.sql.completed_calls import scope_values
from digital_painschool.adapters.sql.connection import Connection
from digital_painschool.adapters.sql.inserts import insert_into
from digital_painschool.adapters.sql.rows import Row, require_readable
from digital_painschool.adapters.sql.schema import desk_calls
from digital_painschool.domain.people import HsaId
from digital_painschool.ports.storage import CallKey, DeskCall
from digital_painschool.serialization.stored import read_stored

_CALL = select(desk_calls.c.result, desk_calls.c.fingerprint).where(
    *(desk_calls.c[part] == bindparam(part) for part in ("unit", "caller", "action", "key"))
)
_ADD_CALL = insert_into(desk_calls)


def read_desk_call(connection: Connection, unit: str, caller: str, action: str, key: str) -> DeskCall | None:
    """Return the call that was completed under a key and concerns no enrolment, or None."""
    scope = CallKey(unit=HsaId(unit), caller=caller, action=action, key=key)
    rows = connection.fetch_each(_CALL, scope_values(scope))
    return read_stored("a completed call", _desk_call, scope, rows[0]) if rows else None


def add_desk_call(connection: Connection, completed: DeskCall | None) -> None:
    """Add a completed call to the transaction of its step; a taken key is a conflict, which undoes the step."""
    if completed is not None:
        values = {"result": completed.result, "fingerprint": completed.fingerprint}
        connection.execute(_ADD_CALL, {**scope_values(completed.key), **values})


def _desk_call(key: CallKey, row: Row) -> DeskCall:
    require_readable(row)
    result, fingerprint = row
    return DeskCall(key=key, result=result, fingerprint=fingerprint)
