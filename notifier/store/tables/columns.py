"""The column types and mix-ins that every table shares."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import JSON, DateTime, Dialect, LargeBinary, MetaData, String, TypeDecorator, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column


class UtcTime(TypeDecorator[datetime]):
    """An aware time, stored in UTC. Refuses naive values on both databases."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return `value` in UTC (SQLite keeps no offset, so it is dropped there)."""
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError("a naive time can't be stored")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the stored time, aware and in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Ids(Uuid[UUID]):
    """UUIDs. SQLite has them as text, of which a job's rows name the same few again and again."""

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """Return what reads a value; PostgreSQL's driver has read it already."""
        read = super().result_processor(dialect, coltype)  # type: ignore[no-untyped-call]
        return _id_of if read is not None else None


@lru_cache(maxsize=10_000)  # at some 200 bytes each
def _id_of(text: str | None) -> UUID | None:
    return UUID(text) if text is not None else None


class Base(DeclarativeBase):
    """All tables. Constraint names are fixed so that both databases migrate alike."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        datetime: UtcTime,
        UUID: Ids,
        dict[str, Any]: JSON().with_variant(JSONB, "postgresql"),
        list[Any]: JSON().with_variant(JSONB, "postgresql"),
    }


#: A UUIDv7, made by the service's `ids`, never by the database.
Id = Annotated[UUID, mapped_column(Ids, primary_key=True)]

#: AES-GCM under the key of the person or source that it belongs to (`vault.py`).
Sealed = Annotated[bytes, mapped_column(LargeBinary)]

#: A keyed hash: finds a value that is stored sealed.
Blind = Annotated[bytes, mapped_column(LargeBinary(32))]

#: A member of a closed list, kept as text so that adding one is no migration.
Word = Annotated[str, mapped_column(String(40))]

#: An expectation in JSON (`domain.windows.to_json`).
ExpectationJson = Annotated[
    Any,
    mapped_column(JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")),
]
