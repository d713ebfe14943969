"""Every statement of the adapter in SQL that reads or changes rows which are there."""

import importlib
from collections.abc import Collection, Iterator
from pkgutil import iter_modules
from typing import Any

import pytest
from sqlalchemy import Delete, Select, Update

from digital_painschool.adapters import sql
from digital_painschool.adapters.sql.array_params import OfIds
from digital_painschool.adapters.sql.json_rows import BulkStatement

_LEFT_OUT = frozenset(
    {
        "_RECORDS",  # never run: other statements begin with it
        "_VERSION",  # the table of the schema's version has one row
    }
)


def statements(*, without: Collection[str] = ()) -> Iterator[Any]:
    """Yield the constants of all modules, each as a parameter that is named after its module and itself.

    Args:
        without: The names of those that the database in question never runs.
    """
    seen: set[int] = set()
    for module in iter_modules(sql.__path__):
        for name, value in vars(importlib.import_module(f"{sql.__name__}.{module.name}")).items():
            if name in _LEFT_OUT or name in without:
                continue
            for statement in _held_by(value):
                if isinstance(statement, (Select, Update, Delete)) and id(statement) not in seen:
                    seen.add(id(statement))  # another module imports it
                    yield pytest.param(statement, id=f"{module.name}.{name}")


def _held_by(value: object) -> tuple[object, ...]:
    if isinstance(value, BulkStatement):
        return (value.each,)
    if isinstance(value, OfIds):
        return (value.single, value.many)
    if isinstance(value, dict):
        return tuple(one for held in value.values() if isinstance(held, (OfIds, Select)) for one in _held_by(held))
    return value if isinstance(value, tuple) else (value,)
