"""What all tables share: how their constraints are named, and their keys."""

from sqlalchemy import BigInteger, Integer, MetaData, String

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: SQLite needs INTEGER for a rowid key, PostgreSQL BIGINT for room to grow.
Id = BigInteger().with_variant(Integer(), "sqlite")


def by_bytes(length: int) -> String:
    """A text compared byte by byte on either database, so that an index finds it by its beginning."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")
