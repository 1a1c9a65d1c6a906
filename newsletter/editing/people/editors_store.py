"""The queries of editors, their sign-in links and their sessions. Nothing here commits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, func, insert, or_, select, update

from newsletter.db.schema import editor_sessions, editors, sign_in_links
from newsletter.db.statuses import EditorRole
from newsletter.errors import NotFound
from newsletter.readers.addresses import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Editor:
    """Somebody who works at the desk. `revoked_at` is None for an editor of today."""

    id: int
    address: str
    name: str
    role: EditorRole
    added_at: datetime
    revoked_at: datetime | None = None

    @property
    def may_publish(self) -> bool:
        return self.role is EditorRole.PUBLISHER


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A signed-in browser. `token_hash` names it."""

    token_hash: str
    editor_id: int
    made_at: datetime
    seen_at: datetime
    expires_at: datetime


_COLUMNS = tuple(editors.c[name] for name in Editor.__dataclass_fields__)
_SESSION = tuple(editor_sessions.c[name] for name in Session.__dataclass_fields__)


def find_editor(connection: Connection, address: Address) -> Editor | None:
    """The editor with this address, revoked or not."""
    return _find(connection, editors.c.address_key == address.key)


def get_editor(connection: Connection, editor_id: int) -> Editor:
    """The editor with this id, revoked or not; raises NotFound."""
    found = _find(connection, editors.c.id == editor_id)
    if found is None:
        raise NotFound("editor", editor_id, "List them with: newsletter editors list")
    return found


def _find(connection: Connection, where: ColumnElement[bool]) -> Editor | None:
    row = connection.execute(select(*_COLUMNS).where(where)).first()
    return None if row is None else Editor(**row._mapping)


def list_editors(connection: Connection) -> tuple[Editor, ...]:
    """Everybody who is or was an editor, in the order in which they came."""
    return tuple(
        Editor(**row._mapping) for row in connection.execute(select(*_COLUMNS).order_by(editors.c.id))
    )


def add_editor(connection: Connection, address: Address, name: str, role: EditorRole, now: datetime) -> int:
    row = {
        "address": address.text,
        "address_key": address.key,
        "name": name,
        "role": role,
        "added_at": now,
    }
    added: int = connection.execute(insert(editors).values(row).returning(editors.c.id)).scalar_one()
    return added


def change_editor(connection: Connection, editor_id: int, **values: object) -> None:
    connection.execute(update(editors).where(editors.c.id == editor_id).values(**values))


# ── sign-in links ──────────────────────────────────────────────────────────────────────────────────────


def add_link(
    connection: Connection, token_hash: str, editor_id: int, now: datetime, expires_at: datetime
) -> None:
    row = {"token_hash": token_hash, "editor_id": editor_id, "made_at": now, "expires_at": expires_at}
    connection.execute(insert(sign_in_links), row)


def editor_of_link(connection: Connection, token_hash: str, now: datetime) -> Editor | None:
    """Whom an unused link that still holds would sign in."""
    query = (
        select(*_COLUMNS)
        .join_from(sign_in_links, editors)
        .where(_usable(token_hash, now), editors.c.revoked_at.is_(None))
    )
    row = connection.execute(query).first()
    return None if row is None else Editor(**row._mapping)


def use_link(connection: Connection, token_hash: str, now: datetime) -> bool:
    """Use up a link; False when somebody was faster, or it does not hold any more."""
    used = update(sign_in_links).where(_usable(token_hash, now)).values(used_at=now)
    return connection.execute(used).rowcount == 1


def _usable(token_hash: str, now: datetime) -> ColumnElement[bool]:
    return (
        (sign_in_links.c.token_hash == token_hash)
        & sign_in_links.c.used_at.is_(None)
        & (sign_in_links.c.expires_at >= now)
    )


def has_anybody_signed_in(connection: Connection) -> bool:
    """Whether an editor of today ever signed in, or can be one of several who will."""
    today = select(editors.c.id).where(editors.c.revoked_at.is_(None))
    signed_in = select(editor_sessions.c.editor_id).where(editor_sessions.c.editor_id.in_(today)).limit(1)
    if connection.execute(signed_in).first() is not None:
        return True
    return bool(connection.execute(select(func.count()).select_from(today.subquery())).scalar_one() > 1)


# ── sessions ───────────────────────────────────────────────────────────────────────────────────────────


def add_session(
    connection: Connection, token_hash: str, editor_id: int, now: datetime, expires_at: datetime
) -> None:
    row = {
        "token_hash": token_hash,
        "editor_id": editor_id,
        "made_at": now,
        "seen_at": now,
        "expires_at": expires_at,
    }
    connection.execute(insert(editor_sessions), row)


def find_session(
    connection: Connection, token_hash: str, now: datetime, idle_since: datetime
) -> tuple[Editor, Session] | None:
    """An open session of an editor of today: not over, and last used after `idle_since`."""
    query = (
        select(*_COLUMNS, *_SESSION)
        .join_from(editor_sessions, editors)
        .where(editor_sessions.c.token_hash == token_hash, _open(now, idle_since))
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    return Editor(**dict(zip(Editor.__dataclass_fields__, row, strict=False))), Session(
        **dict(zip(Session.__dataclass_fields__, row[len(_COLUMNS) :], strict=True))
    )


def list_sessions(
    connection: Connection, now: datetime, idle_since: datetime, editor_id: int | None = None
) -> tuple[Session, ...]:
    """The open sessions, the latest used first; of one editor where asked for."""
    query = select(*_SESSION).join_from(editor_sessions, editors).where(_open(now, idle_since))
    if editor_id is not None:
        query = query.where(editor_sessions.c.editor_id == editor_id)
    rows = connection.execute(query.order_by(editor_sessions.c.seen_at.desc()))
    return tuple(Session(**row._mapping) for row in rows)


def touch_session(connection: Connection, token_hash: str, now: datetime) -> None:
    """Note that a session was used."""
    connection.execute(
        update(editor_sessions).where(editor_sessions.c.token_hash == token_hash).values(seen_at=now)
    )


def revoke_session(connection: Connection, token_hash: str, now: datetime) -> None:
    _revoke(connection, editor_sessions.c.token_hash == token_hash, now)


def revoke_everything(connection: Connection, editor_id: int, now: datetime) -> int:
    """End an editor's sessions, and the links not used yet; returns how many sessions."""
    unused = (sign_in_links.c.editor_id == editor_id) & sign_in_links.c.used_at.is_(None)
    connection.execute(update(sign_in_links).where(unused).values(used_at=now))
    return _revoke(connection, editor_sessions.c.editor_id == editor_id, now)


def _revoke(connection: Connection, where: ColumnElement[bool], now: datetime) -> int:
    still = where & editor_sessions.c.revoked_at.is_(None)
    return connection.execute(update(editor_sessions).where(still).values(revoked_at=now)).rowcount


def _open(now: datetime, idle_since: datetime) -> ColumnElement[bool]:
    return (
        editor_sessions.c.revoked_at.is_(None)
        & (editor_sessions.c.expires_at >= now)
        & (editor_sessions.c.seen_at >= idle_since)
        & editors.c.revoked_at.is_(None)
    )


def forget_doors(connection: Connection, before: datetime) -> int:
    """Delete the links and sessions that were over before a moment; returns how many."""
    links = delete(sign_in_links).where(sign_in_links.c.expires_at < before)
    over = or_(editor_sessions.c.expires_at < before, editor_sessions.c.revoked_at < before)
    counts: Sequence[int] = (
        connection.execute(links).rowcount,
        connection.execute(delete(editor_sessions).where(over)).rowcount,
    )
    return sum(counts)
