"""Editors: who works at the desk, how they sign in, and for how long they are signed in.

A link that works once opens a session; of both only the hash of a random token is kept. A link is mailed to an editor, or
printed for whoever set the newsletter up. Whoever asks for one learns nothing of who is an editor. A session is over at
a fixed time, after a while without use, and when it is revoked. What editors did is in audit.py.
"""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2b, sha256
from hmac import compare_digest

from sqlalchemy import ColumnElement, Connection, delete, func, insert, or_, select, update

from newsletter.app import App
from newsletter.commands import suggest
from newsletter.db.schema import editor_sessions, editors, mails, sign_in_links
from newsletter.db.statuses import EditorRole, LimitScope, MailKind
from newsletter.delivery.transactional import HOLDS, queue_mail
from newsletter.editing.audit import Action, delete_entries, record_action
from newsletter.errors import BadInput, BadLink, NotFound
from newsletter.readers.addresses import NAME, Address, one_line, parse_address
from newsletter.readers.subscribing import TooMany, add_sign_up, count_sign_ups

#: How long the links hold that a person hands on, the one that a new installation prints, and a mailed one.
INVITED_FOR, PRINTED_FOR, MAILED_FOR = timedelta(hours=24), timedelta(hours=1), HOLDS[MailKind.SIGN_IN]
#: A use of a session is noted when the last one noted is so long ago.
NOTED_EVERY = timedelta(minutes=5)
#: Mails that an hour may bring one editor who signs in by none of them, and tries that it may bring one network.
PER_ADDRESS, PER_NETWORK = 5, 30
HOUR = timedelta(hours=1)


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
class EditorSession:
    """A signed-in browser. `token_hash` names it."""

    token_hash: str
    editor_id: int
    made_at: datetime
    seen_at: datetime
    expires_at: datetime

    def is_of(self, token: str) -> bool:
        """Return whether it is the session that this cookie's token opens."""
        return compare_digest(self.token_hash, _hashed(token))


_COLUMNS = tuple(editors.c[name] for name in Editor.__dataclass_fields__)


def list_editors(connection: Connection) -> tuple[Editor, ...]:
    """List everybody who is or was an editor, in the order in which they came."""
    rows = connection.execute(select(*_COLUMNS).order_by(editors.c.id))
    return tuple(Editor(**row._mapping) for row in rows)


def find_editor(connection: Connection, address: Address) -> Editor | None:
    """Return the editor with this address, revoked or not."""
    return _find(connection, editors.c.address_key == address.key)


def get_editor(connection: Connection, editor_id: int) -> Editor:
    """Return the editor with this id, revoked or not; raises NotFound."""
    found = _find(connection, editors.c.id == editor_id)
    if found is None:
        raise NotFound("editor", editor_id, f"List them with: {suggest('editors', 'list')}")
    return found


def get_editor_by_address(app: App, address: str) -> Editor:
    """Return the editor with this address, revoked or not; raises BadInput, NotFound."""
    parsed = parse_address(address)
    with app.database.read() as connection:
        found = find_editor(connection, parsed)
    if found is None:
        raise NotFound("editor", parsed.text, f"List them with: {suggest('editors', 'list')}")
    return found


def _find(connection: Connection, where: ColumnElement[bool]) -> Editor | None:
    row = connection.execute(select(*_COLUMNS).where(where)).first()
    return None if row is None else Editor(**row._mapping)


def invite(app: App, address: str, role: EditorRole, *, name: str = "", by: str) -> str:
    """Let somebody in: make an editor of this role, and a link that signs them in. Commits.

    An editor keeps their name where none is given; one who was revoked is an editor again. Raises BadInput.
    """
    now = app.clock.now()
    with app.database.write() as connection:
        editor = put_editor(connection, address, role, name, now)
        detail = f"editor {editor.id} as {role}"
        record_action(connection, by=by, action=Action.INVITED, detail=detail, at=now)
        return make_link(app, connection, editor.id, INVITED_FOR)


def nobody_has_signed_in(app: App) -> bool:
    """Return whether the first editor has still to come; one of several can be invited again by the others."""
    with app.database.read() as connection:
        today = [each for each in list_editors(connection) if each.revoked_at is None]
        signed_in = select(editor_sessions.c.editor_id).where(
            editor_sessions.c.editor_id.in_([each.id for each in today])
        )
        return len(today) <= 1 and connection.execute(signed_in.limit(1)).first() is None


def first_link(app: App) -> str | None:
    """Make a link for the first editor of a new installation, the operator; None once anybody signed in. Commits."""
    settings = app.settings
    address = settings.mail.operator_address or settings.mail.reply_to or settings.mail.from_address
    if not address or not nobody_has_signed_in(app):
        return None
    now = app.clock.now()
    with app.database.write() as connection:
        today = [each for each in list_editors(connection) if each.revoked_at is None]
        editor = today[0] if today else put_editor(connection, address, EditorRole.PUBLISHER, "", now)
        return make_link(app, connection, editor.id, PRINTED_FOR)


def put_editor(connection: Connection, address: str, role: EditorRole, name: str, now: datetime) -> Editor:
    """Add an editor, or give one another role; in the caller's transaction. Raises BadInput."""
    parsed = parse_address(address)
    name = one_line(name, "the name", NAME)
    known = find_editor(connection, parsed)
    if known is not None:
        known = replace(known, name=name or known.name, role=role, revoked_at=None)
        _change(connection, known.id, name=known.name, role=role, revoked_at=None)
        return known
    row = {
        "address": parsed.text,
        "address_key": parsed.key,
        "name": name or parsed.text.partition("@")[0],
        "role": role,
        "added_at": now,
    }
    added = connection.execute(insert(editors).values(row).returning(editors.c.id)).scalar_one()
    return get_editor(connection, added)


def set_role(app: App, editor_id: int, role: EditorRole, *, by: str) -> None:
    """Change an editor's role, from the next page on. Commits; raises NotFound, and BadInput for the last publisher."""
    now, detail = app.clock.now(), f"editor {editor_id} as {role}"
    with app.database.write() as connection:
        editor = get_editor(connection, editor_id)
        if role is not EditorRole.PUBLISHER:
            _keep_a_publisher(connection, editor)
        _change(connection, editor_id, role=role)
        record_action(connection, by=by, action=Action.INVITED, detail=detail, at=now)


def revoke(app: App, editor_id: int, *, by: str) -> None:
    """Revoke an editor's access; their sessions end at once. Commits; raises NotFound, and BadInput for the last publisher."""
    now, detail = app.clock.now(), f"editor {editor_id}"
    with app.database.write() as connection:
        editor = get_editor(connection, editor_id)
        if editor.revoked_at is not None:
            return
        _keep_a_publisher(connection, editor)
        _change(connection, editor_id, revoked_at=now)
        end_sessions(connection, editor_id, now)
        record_action(connection, by=by, action=Action.REVOKED, detail=detail, at=now)


def _keep_a_publisher(connection: Connection, editor: Editor) -> None:
    others = (each for each in list_editors(connection) if each.id != editor.id)
    if editor.may_publish and not any(each.may_publish and each.revoked_at is None for each in others):
        raise BadInput(f"{editor.name} is the only publisher: invite another one first.")


def _change(connection: Connection, editor_id: int, **values: object) -> None:
    connection.execute(update(editors).where(editors.c.id == editor_id).values(**values))


# Sign-in links.


def ask_for_link(app: App, text: str, network: str) -> None:
    """Mail a link to whoever this address is an editor's; for everybody else nothing is different. Commits.

    Raises BadInput for what is no address, and TooMany when the network asked very often.
    """
    address = parse_address(text)
    now = app.clock.now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    key = app.suppression_key[:64]
    hashed = blake2b(network.encode(), digest_size=16, key=key, person=b"desk").hexdigest()
    with app.database.write() as connection:
        if count_sign_ups(connection, [hashed], hour).get(LimitScope.DESK_NETWORK, 0) >= PER_NETWORK:
            raise TooMany("Very many links were asked for from there just now. Please try again in an hour.")
        add_sign_up(connection, {LimitScope.DESK_NETWORK: hashed}, hour)
        editor = find_editor(connection, address)
        if editor is None or editor.revoked_at is not None:
            return
        asked = (
            mails.c.editor_id == editor.id,
            mails.c.queued_at > now - HOUR,
            mails.c.answered_at.is_(None),
        )
        if connection.execute(select(func.count()).where(*asked)).scalar_one() >= PER_ADDRESS:
            return
        values = {
            "sign_in_url": make_link(app, connection, editor.id, MAILED_FOR),
            "minutes": str(MAILED_FOR // timedelta(minutes=1)),
        }
        once = f"sign-in:{secrets.token_hex(8)}"
        queue_mail(connection, MailKind.SIGN_IN, once, None, values, now, editor_id=editor.id)


def make_link(app: App, connection: Connection, editor_id: int, holds: timedelta) -> str:
    """Make a new link that signs an editor in, once; return its address. In the caller's transaction."""
    token, now, settings = secrets.token_urlsafe(32), app.clock.now(), app.settings
    row = {"token_hash": _hashed(token), "editor_id": editor_id, "made_at": now, "expires_at": now + holds}
    connection.execute(insert(sign_in_links), row)
    base = settings.site.public_url.rstrip("/") or f"http://{settings.web.host}:{settings.web.port}"
    return f"{base}/desk/sign-in/{token}"


def check_link(app: App, token: str) -> Editor:
    """Return whom a link would sign in; raises BadLink. Changes nothing: mail programs open every link."""
    with app.database.read() as connection:
        return _editor_of_link(connection, _hashed(token), app.clock.now())


def sign_in(app: App, token: str) -> tuple[Editor, str]:
    """Use up a link and open a session, which lasts for desk.session. Commits; raises BadLink.

    Return whose it is, and the token of its cookie.
    """
    now, hashed, cookie = app.clock.now(), _hashed(token), secrets.token_urlsafe(32)
    with app.database.write() as connection:
        editor = _editor_of_link(connection, hashed, now)
        used = update(sign_in_links).where(_is_usable(hashed, now)).values(used_at=now)
        if connection.execute(used).rowcount == 0:
            # Somebody was faster.
            raise BadLink
        row = {"token_hash": _hashed(cookie), "editor_id": editor.id, "made_at": now, "seen_at": now}
        connection.execute(insert(editor_sessions), row | {"expires_at": now + app.settings.desk.session})
        record_action(connection, by=editor.name, action=Action.SIGNED_IN, at=now)
        asked = mails.c.editor_id == editor.id, mails.c.answered_at.is_(None)
        connection.execute(update(mails).where(*asked).values(answered_at=now))
    return editor, cookie


def _editor_of_link(connection: Connection, token_hash: str, now: datetime) -> Editor:
    usable = (_is_usable(token_hash, now), editors.c.revoked_at.is_(None))
    row = connection.execute(select(*_COLUMNS).join_from(sign_in_links, editors).where(*usable)).first()
    if row is None:
        raise BadLink
    return Editor(**row._mapping)


def _is_usable(token_hash: str, now: datetime) -> ColumnElement[bool]:
    return (
        (sign_in_links.c.token_hash == token_hash)
        & sign_in_links.c.used_at.is_(None)
        & (sign_in_links.c.expires_at >= now)
    )


# Sessions.


def find_signed_in(app: App, token: str) -> Editor | None:
    """Return whose session a cookie's token is, or None. Notes now and then that the session was used: its one write."""
    now, hashed = app.clock.now(), _hashed(token)
    mine = editor_sessions.c.token_hash == hashed
    query = select(*_COLUMNS, editor_sessions.c.seen_at).join_from(editor_sessions, editors)
    with app.database.read() as connection:
        row = connection.execute(query.where(mine, _is_open(app, now))).first()
    if row is None:
        return None
    *values, seen_at = row
    if now - seen_at >= NOTED_EVERY:
        with app.database.write() as connection:
            connection.execute(update(editor_sessions).where(mine).values(seen_at=now))
    return Editor(**dict(zip(Editor.__dataclass_fields__, values, strict=True)))


def list_sessions(app: App, editor_id: int | None = None) -> tuple[EditorSession, ...]:
    """List the open sessions, the latest used first; of one editor where asked for."""
    columns = (editor_sessions.c[name] for name in EditorSession.__dataclass_fields__)
    query = select(*columns).join_from(editor_sessions, editors).where(_is_open(app, app.clock.now()))
    if editor_id is not None:
        query = query.where(editor_sessions.c.editor_id == editor_id)
    with app.database.read() as connection:
        rows = connection.execute(query.order_by(editor_sessions.c.seen_at.desc()))
        return tuple(EditorSession(**row._mapping) for row in rows)


def sign_out(app: App, editor: Editor, token: str) -> None:
    """End one session. Commits."""
    now = app.clock.now()
    with app.database.write() as connection:
        _end(connection, editor_sessions.c.token_hash == _hashed(token), now)
        record_action(connection, by=editor.name, action=Action.SIGNED_OUT, at=now)


def sign_out_everywhere(app: App, editor: Editor, *, by: str) -> int:
    """End every session of an editor, and every link not used yet; return how many sessions. Commits."""
    now, detail = app.clock.now(), f"editor {editor.id} everywhere"
    with app.database.write() as connection:
        count = end_sessions(connection, editor.id, now)
        record_action(connection, by=by, action=Action.SIGNED_OUT, detail=detail, at=now)
    return count


def end_sessions(connection: Connection, editor_id: int, now: datetime) -> int:
    """End an editor's sessions, and the links not used yet, in the caller's transaction; return how many sessions."""
    unused = (sign_in_links.c.editor_id == editor_id) & sign_in_links.c.used_at.is_(None)
    connection.execute(update(sign_in_links).where(unused).values(used_at=now))
    return _end(connection, editor_sessions.c.editor_id == editor_id, now)


def _end(connection: Connection, where: ColumnElement[bool], now: datetime) -> int:
    still = where & editor_sessions.c.revoked_at.is_(None)
    return connection.execute(update(editor_sessions).where(still).values(revoked_at=now)).rowcount


def _is_open(app: App, now: datetime) -> ColumnElement[bool]:
    """Return the condition for a session that is not over, used lately, of an editor of today."""
    return (
        editor_sessions.c.revoked_at.is_(None)
        & (editor_sessions.c.expires_at >= now)
        & (editor_sessions.c.seen_at >= now - app.settings.desk.idle)
        & editors.c.revoked_at.is_(None)
    )


def form_token(token: str) -> str:
    """Return what the forms of a session carry: nobody who does not read its pages can know it."""
    return blake2b(b"form", key=token.encode()[:64], digest_size=16).hexdigest()


def _hashed(token: str) -> str:
    return sha256(token.encode()).hexdigest()


# Retention.


def forget_desk(app: App) -> tuple[int, int]:
    """Delete what is older than retention.audit and retention.sessions allow. Commits.

    Return how many entries of the activity log were deleted, and how many links and sessions that were over.
    """
    now, settings = app.clock.now(), app.settings
    before = now - settings.retention.sessions
    over = or_(editor_sessions.c.expires_at < before, editor_sessions.c.revoked_at < before)
    with app.database.write() as connection:
        links = connection.execute(delete(sign_in_links).where(sign_in_links.c.expires_at < before))
        sessions = connection.execute(delete(editor_sessions).where(over))
        entries = delete_entries(connection, now - settings.retention.audit)
    return entries, links.rowcount + sessions.rowcount
