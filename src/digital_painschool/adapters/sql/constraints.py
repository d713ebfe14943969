"""Names of constraints, and indexes with a condition."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy import Column, Index

NAMING: Mapping[str, str] = MappingProxyType(
    {
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)


def partial_index(name: str, *columns: Column[Any], where: Any, unique: bool = False) -> Index:
    """Return the index of the rows that a condition holds for."""
    return Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)
