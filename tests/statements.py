"""Every statement of the adapter in SQL that reads or changes rows which are there."""

import importlib
from collections.abc import Collection, Iterator
from pkgutil import iter_modules
from typing import Any

import pytest
from sqlalchemy import Delete, Select, Update
from sqlalchemy.sql import ClauseElement

from digital_painschool.adapters import sql
from digital_painschool.adapters.sql.array_params import OfIds
from digital_painschool.adapters.sql.json_rows import BulkStatement
from digital_painschool.adapters.sql.placed_lists import PlacedList
from digital_painschool.adapters.sql.receipts import Receipts

_LEFT_OUT = frozenset(
    {
        *("RECORDS", "_COUNT"),  # never run: other statements begin with them
        *("_WAITING", "_DEAD"),  # figures for operators: they count all rows of a partial index
        *("_ALIVE", "_LAST_SEEN", "_FORGET_WORKERS"),  # a table with a row for each worker of a day
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
    if isinstance(value, PlacedList):
        return tuple(value.queries.values())
    if isinstance(value, Receipts):
        return (value.one, *_held_by(value.listed))
    if isinstance(value, dict):
        held = (one for key, one in value.items() if not isinstance(key, ClauseElement))
        return tuple(statement for one in held for statement in _held_by(one))
    return value if isinstance(value, tuple) else (value,)
