"""HSA-ids in their canonical form, in capitals. Rule: D-06b.

Where two rows become one, the migration refuses and names them: a person decides (docs, "Migrate").

Revision: 0002.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import context, op

from digital_painschool.errors import StorageError

revision = "0002"
down_revision = "0001"

_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "access_log": ("unit", "by"),
    "documents": ("unit",),
    "enrolments": ("unit", "therapist"),
    "exports": ("unit",),
    "notices": ("unit",),
    "notification_causes": ("unit",),
    "notifications": ("unit", "recipient_value"),
    "profiles": ("unit", "hsa_id"),
    "programs": ("unit",),
    "purge_plan_items": ("unit",),
    "purge_plans": ("unit",),
    "purge_progress": ("unit",),
    "purge_receipts": ("unit",),
    "timeline": ("unit", "by"),
}
"""The columns that hold an HSA-id; some hold `patient`, `system` or an identity number in other rows."""

_JSON: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("enrolments", "state"): ("unit", "therapist"),
    ("exports", "data"): ("unit", "exported_by"),
    ("purge_plans", "data"): ("unit", "made_by", "by"),
    ("purge_receipts", "data"): ("unit", "purged_by", "by"),
    ("timeline", "data"): ("unit", "therapist"),
}
"""The columns of JSON text that hold HSA-ids, and the names that these have there."""

_OF_SOME_KINDS = {"timeline": "kind IN ('started', 'handed-over') AND "}

_BECOME_ONE = """\
SELECT 'open enrolments of one person in one program' AS what, id AS which FROM enrolments AS one
WHERE ended_at IS NULL AND EXISTS (SELECT 1 FROM enrolments AS other
  WHERE other.ended_at IS NULL AND other.person_value = one.person_value AND other.person_scheme = one.person_scheme
  AND other.program = one.program AND upper(other.unit) = upper(one.unit) AND other.unit <> one.unit)
UNION ALL
SELECT 'programs of one unit, key and version with other content', upper(unit) || ' ' || key || ' ' || version
FROM programs GROUP BY upper(unit), key, version HAVING count(DISTINCT data) > 1
UNION ALL
SELECT 'profiles of one member of staff with other choices', upper(unit)
FROM profiles GROUP BY upper(unit), upper(hsa_id) HAVING count(DISTINCT data) > 1
ORDER BY 1, 2"""
"""What nobody but a person can make one of two."""

_REFUSAL = "HSA-ids that differ in small letters and capitals become one, and so would these; decide, and migrate again"
_SHOWN = 20


_REFUSE_ON_POSTGRESQL = f"""\
DO $$
DECLARE found text;
BEGIN
SELECT string_agg(what || ': ' || quote_literal(which), '; ') INTO found FROM (
{_BECOME_ONE}) AS one;
IF found IS NOT NULL THEN RAISE EXCEPTION USING MESSAGE = '{_REFUSAL}: ' || found; END IF;
END $$"""  # noqa: S608 - constants


def _statements(position: str) -> Iterator[str]:
    """Yield the statements that change the rows, in their order.

    Args:
        position: What the database calls the function that finds a text in another.
    """
    # Rows that say the same, of which one is enough.
    yield (
        "DELETE FROM programs WHERE unit <> upper(unit) AND EXISTS (SELECT 1 FROM programs AS other"
        " WHERE other.unit < programs.unit AND upper(other.unit) = upper(programs.unit)"
        " AND other.key = programs.key AND other.version = programs.version AND other.data = programs.data)"
    )
    yield (
        "DELETE FROM profiles WHERE EXISTS (SELECT 1 FROM profiles AS other"
        " WHERE other.unit || ' ' || other.hsa_id < profiles.unit || ' ' || profiles.hsa_id"
        " AND upper(other.unit) = upper(profiles.unit) AND upper(other.hsa_id) = upper(profiles.hsa_id)"
        " AND other.data = profiles.data)"
    )
    # Two that wait for one patient and day stay two. They are of one lane then, and go as one.
    yield (
        "UPDATE notifications SET slot = id WHERE status = 'pending' AND token IS NULL AND unit <> upper(unit)"
        " AND EXISTS (SELECT 1 FROM notifications AS other WHERE other.status = 'pending' AND other.token IS NULL"
        " AND other.unit < notifications.unit AND upper(other.unit) = upper(notifications.unit)"
        " AND other.channel = notifications.channel AND other.recipient_scheme = notifications.recipient_scheme"
        " AND upper(other.recipient_value) = upper(notifications.recipient_value)"
        ' AND other."window" = notifications."window" AND other.slot = notifications.slot)'
    )
    yield (
        "UPDATE notifications SET lane = upper(unit) || substr(lane, length(unit) + 1)"
        " WHERE collected AND unit <> upper(unit) AND substr(lane, 1, length(unit)) = unit"
    )
    for (table, column), keys in _JSON.items():
        capitals = column
        for key in keys:
            capitals = _in_capitals(capitals, column, key, position)
        some = _OF_SOME_KINDS.get(table, "")
        yield f"UPDATE {table} SET {column} = {capitals} WHERE {some}{column} <> {capitals}"  # noqa: S608 - constants
    for table, columns in _COLUMNS.items():
        for name in columns:
            small = f'substr("{name}", 1, 2) = \'SE\' AND "{name}" <> upper("{name}")'
            yield f'UPDATE {table} SET "{name}" = upper("{name}") WHERE {small}'  # noqa: S608 - constants


def _in_capitals(text: str, column: str, key: str, position: str) -> str:
    # Quotation marks within JSON's texts are escaped: `"key":"` is nothing but the key. What is damaged stays as it is.
    name = f'\'"{key}":"\''
    rest = f"substr({column}, {position}({column}, {name}) + {len(key) + 4})"
    value = f"substr({rest}, 1, {position}({rest} || '\"', '\"') - 1)"
    return f"replace({text}, {name} || {value} || '\"', {name} || upper({value}) || '\"')"


def upgrade() -> None:
    """Write every HSA-id in capitals, or refuse and change nothing.

    Raises:
        StorageError: Two rows would become one; they are named.
    """
    if not context.is_offline_mode():
        _refuse(op.get_bind().execute(sa.text(_BECOME_ONE)).all())
    elif op.get_context().dialect.name == "postgresql":
        op.execute(_REFUSE_ON_POSTGRESQL)
    else:  # The client prints what it finds, and a key that comes twice ends the script.
        op.execute(_BECOME_ONE)
    for statement in _statements("strpos" if op.get_context().dialect.name == "postgresql" else "instr"):
        op.execute(statement)


def _refuse(found: Sequence[sa.Row[Any]]) -> None:
    if not found:
        return
    named = [f"{row.what}: {row.which!r}" for row in found[:_SHOWN]]
    more = [f"and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
    raise StorageError(f"{_REFUSAL}: {'; '.join([*named, *more])}; nothing was changed")


def downgrade() -> None:
    """Refuse: how the ids were written before is not known any more."""
    raise NotImplementedError("how the HSA-ids were written before is not kept")
