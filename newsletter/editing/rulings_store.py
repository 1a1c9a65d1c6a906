"""The editors' rulings with who, when and why. What a digest asks of them is in digest/store.py."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from newsletter.db.schema import rulings


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """An editor's word on an attribute of a tool. `claim_id` is None where nothing is to be printed."""

    tool_id: str
    attribute: str
    claim_id: str | None
    reason: str
    by: str
    at: datetime


def list_rulings(connection: Connection, limit: int, tool_id: str | None = None) -> tuple[Ruling, ...]:
    """The latest first; on one tool where asked for."""
    query = select(rulings).order_by(rulings.c.at.desc(), rulings.c.tool_id, rulings.c.attribute)
    if tool_id is not None:
        query = query.where(rulings.c.tool_id == tool_id)
    return tuple(Ruling(**row._mapping) for row in connection.execute(query.limit(limit)))
