"""The editors' rulings with who, when and why. What a digest asks of them is in digest/store.py."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

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


def all_rulings(connection: Connection) -> dict[str, dict[str, str | None]]:
    """Every ruling by tool and attribute; a claim's id, or None to leave the figure out."""
    found: dict[str, dict[str, str | None]] = {}
    for row in connection.execute(select(rulings).order_by(rulings.c.tool_id, rulings.c.attribute)):
        found.setdefault(row.tool_id, {})[row.attribute] = row.claim_id
    return found


def record_ruling(
    connection: Connection,
    tool_id: str,
    attribute: str,
    claim_id: str | None,
    *,
    reason: str,
    by: str,
    at: datetime,
) -> None:
    """What the editor says now, in place of what was said before."""
    delete_ruling(connection, tool_id, attribute)
    connection.execute(
        insert(rulings).values(
            tool_id=tool_id, attribute=attribute, claim_id=claim_id, reason=reason, by=by, at=at
        )
    )


def delete_ruling(connection: Connection, tool_id: str, attribute: str) -> bool:
    """Whether there was one."""
    ruling = (rulings.c.tool_id == tool_id) & (rulings.c.attribute == attribute)
    return connection.execute(delete(rulings).where(ruling)).rowcount > 0
