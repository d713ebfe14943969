"""Column types that hold the same values on SQLite and PostgreSQL."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Integer, TypeDecorator
from sqlalchemy import Text as PlainText
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeEngine

from digital_painschool.domain.local_time import utc
from digital_painschool.serialization.scalars import instant_from_text, optional_instant_to_text


class Instant(TypeDecorator[datetime]):
    """An instant in UTC: TIMESTAMPTZ on PostgreSQL; on SQLite ISO 8601 text of one width, which sorts like time."""

    impl = PlainText
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the column type of a database."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.TIMESTAMP(timezone=True))
        return dialect.type_descriptor(PlainText())

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], str | None] | None:
        """Return the function that writes an instant; None on PostgreSQL, whose driver writes a `datetime`."""
        return None if dialect.name == "postgresql" else optional_instant_to_text

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime]:  # noqa: ARG002
        """Return the function that reads an instant, never NULL, and refuses a year in which no treatment can be."""
        return utc if dialect.name == "postgresql" else instant_from_text

    @property
    def python_type(self) -> type[datetime]:
        """The type of a value that is read."""
        return datetime


class StrictBoolean(TypeDecorator[bool]):
    """BOOLEAN on both databases. SQLite stores any value in such a column; 0 and 1 alone can be read."""

    impl = Boolean
    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], bool] | None:  # noqa: ARG002
        """Return the function that reads a boolean, never NULL; None on PostgreSQL, whose driver returns a `bool`."""
        return None if dialect.name == "postgresql" else _BOOLEANS.__getitem__


_BOOLEANS = {0: False, 1: True}

Text = PlainText().with_variant(PlainText(collation="C"), "postgresql")
"""Text that sorts by code points on both databases, whatever the server's collation is."""

SequenceNumber = BigInteger().with_variant(Integer(), "sqlite")
"""A rising number that the database assigns; SQLite assigns one to an INTEGER primary key alone."""
