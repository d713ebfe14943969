"""The names of the school's tables, for tools that look at a whole database."""

from digital_painschool.adapters.sql.revisions import VERSION_TABLE
from digital_painschool.adapters.sql.schema import METADATA

_NAMES = frozenset({VERSION_TABLE, *METADATA.tables})


def is_own_table(name: str | None) -> bool:
    """Return whether a table of a shared database is the school's: of its storage, inbox or messages to staff.

    The school migrates its own tables. A host's tools are to leave them alone: in Alembic by `include_name`, in Django
    by naming the other tables to `inspectdb`.

    Args:
        name: The name of the table, without a schema.
    """
    return name in _NAMES
