"""Who works at the desk and what each did, and the readers that they look after."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2b, sha256
from hmac import compare_digest

from sqlalchemy import ColumnElement, Connection, delete, func, insert, or_, select, update

from newsletter.app import App
from newsletter.db.schema import editor_sessions, editors, sign_in_links
from newsletter.db.statuses import EditorRole, LimitScope, MailKind
from newsletter.delivery.transactional import queue_mail
from newsletter.editing.audit import Action, forget_entries, record_action
from newsletter.errors import BadInput, BadLink, NotFound
from newsletter.readers import store as own_store
from newsletter.readers.addresses import NAME, Address, one_line, parse_address
from newsletter.readers.subscribing import TooMany

# The queries of editors, their sign-in links and their sessions. Nothing here commits.


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


def select_editor(connection: Connection, address: Address) -> Editor | None:
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


def select_editors(connection: Connection) -> tuple[Editor, ...]:
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


# Signing in: a link that works once opens a session. Of both only the hash of a random token is kept.
#
# A link is mailed to an editor, or printed for whoever set the newsletter up. Whoever asks for one learns nothing of
# who is an editor. A session is over at a fixed time, after a while without use, and when it is revoked.

#: How long a mailed link holds.
MAILED_FOR = timedelta(minutes=15)
#: A use of a session is noted when the last one noted is so long ago.
NOTED_EVERY = timedelta(minutes=5)
#: Mails that an hour may bring one editor, and tries that it may bring one network.
PER_ADDRESS, PER_NETWORK = 5, 30


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A new session: its editor, the cookie's token, and how long the browser keeps it."""

    editor: Editor
    token: str
    lasts: timedelta


def ask_for_link(app: App, text: str, network: str) -> None:
    """Mail a link to whoever this address is an editor's; for every other nothing is different. Commits.

    Raises BadInput for what is no address, and TooMany when the network asked very often.
    """
    address = parse_address(text)
    now = app.clock.now()
    with app.database.write() as connection:
        counted = _count(app, connection, network, address.key, now)
        editor = select_editor(connection, address)
        if editor is None or editor.revoked_at is not None or counted[LimitScope.DESK_ADDRESS] > PER_ADDRESS:
            return
        values = {
            "sign_in_url": make_link(app, connection, editor.id, MAILED_FOR),
            "minutes": str(MAILED_FOR // timedelta(minutes=1)),
        }
        key = f"sign-in:{secrets.token_hex(8)}"
        queue_mail(connection, MailKind.SIGN_IN, key, None, values, now, editor_id=editor.id)


def _count(
    app: App, connection: Connection, network: str, address: str, now: datetime
) -> Mapping[LimitScope, int]:
    """Count one more of this hour; raises TooMany."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    named = {LimitScope.DESK_NETWORK: network, LimitScope.DESK_ADDRESS: address}
    hashes = {scope: _keyed(app.suppression_key, text) for scope, text in named.items()}
    before = own_store.count_sign_ups(connection, list(hashes.values()), hour)
    if before.get(LimitScope.DESK_NETWORK, 0) >= PER_NETWORK:
        raise TooMany("Very many links were asked for from there just now. Please try again in an hour.")
    own_store.add_sign_up(connection, hashes, hour)
    return {scope: before.get(scope, 0) + 1 for scope in hashes}


def make_link(app: App, connection: Connection, editor_id: int, holds: timedelta) -> str:
    """The address of a new link that signs an editor in, once; in the caller's transaction."""
    token, now = secrets.token_urlsafe(32), app.clock.now()
    add_link(connection, _hashed(token), editor_id, now, now + holds)
    return f"{_base(app)}/desk/sign-in/{token}"


def look(app: App, token: str) -> Editor:
    """Whom a link would sign in; raises BadLink. Changes nothing: mail programs open every link."""
    with app.database.read() as connection:
        editor = editor_of_link(connection, _hashed(token), app.clock.now())
    if editor is None:
        raise BadLink
    return editor


def sign_in(app: App, token: str) -> SignedIn:
    """Use up a link and open a session. Commits; raises BadLink."""
    now, cookie = app.clock.now(), secrets.token_urlsafe(32)
    lasts = app.settings.desk.session
    with app.database.write() as connection:
        editor = editor_of_link(connection, _hashed(token), now)
        if editor is None or not use_link(connection, _hashed(token), now):
            raise BadLink
        add_session(connection, _hashed(cookie), editor.id, now, now + lasts)
        record_action(connection, by=editor.name, action=Action.SIGNED_IN, at=now)
    return SignedIn(editor=editor, token=cookie, lasts=lasts)


def find_signed_in(app: App, token: str) -> Editor | None:
    """Whose session a cookie's token is, or None. Notes now and then that the session was used: its one write."""
    now, hashed = app.clock.now(), _hashed(token)
    with app.database.read() as connection:
        found = find_session(connection, hashed, now, now - app.settings.desk.idle)
    if found is None:
        return None
    editor, session = found
    if now - session.seen_at >= NOTED_EVERY:
        with app.database.write() as connection:
            touch_session(connection, hashed, now)
    return editor


def sign_out(app: App, editor: Editor, token: str) -> None:
    """End one session. Commits."""
    now = app.clock.now()
    with app.database.write() as connection:
        revoke_session(connection, _hashed(token), now)
        record_action(connection, by=editor.name, action=Action.SIGNED_OUT, at=now)


def sign_out_everywhere(app: App, editor: Editor, *, by: str) -> int:
    """End every session of an editor, and every link not used yet; returns how many sessions. Commits."""
    now = app.clock.now()
    with app.database.write() as connection:
        count = revoke_everything(connection, editor.id, now)
        record_action(
            connection, by=by, action=Action.SIGNED_OUT, detail=f"editor {editor.id} everywhere", at=now
        )
    return count


def sessions_of(app: App, editor_id: int | None = None) -> tuple[Session, ...]:
    """The open sessions, the latest used first; of one editor where asked for."""
    now = app.clock.now()
    with app.database.read() as connection:
        return list_sessions(connection, now, now - app.settings.desk.idle, editor_id)


def is_session_of(session: Session, token: str) -> bool:
    """Whether a session is the one that this cookie's token opens."""
    return compare_digest(session.token_hash, _hashed(token))


def form_token(token: str) -> str:
    """What the forms of a session carry: nobody who does not read its pages can know it."""
    return blake2b(b"form", key=token.encode()[:64], digest_size=16).hexdigest()


def _hashed(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def _keyed(key: bytes, text: str) -> str:
    return blake2b(text.encode(), digest_size=16, key=key[:64], person=b"desk").hexdigest()


def _base(app: App) -> str:
    settings = app.settings
    return settings.site.public_url.rstrip("/") or f"http://{settings.web.host}:{settings.web.port}"


# Who works at the desk: inviting, changing roles, revoking. How they sign in is in signing_in.py.

#: How long the links hold that a person hands on, and the one that a new installation prints.
INVITED_FOR, PRINTED_FOR = timedelta(hours=24), timedelta(hours=1)


def invite(app: App, address: str, role: EditorRole, *, name: str = "", by: str) -> str:
    """Let somebody in: an editor of this role, and a link that signs them in. Commits.

    An editor keeps their name where none is given; one who was revoked is an editor again. Raises BadInput.
    """
    now = app.clock.now()
    with app.database.write() as connection:
        editor = _put_editor(connection, address, role, name, now)
        record_action(
            connection, by=by, action=Action.INVITED, detail=f"editor {editor.id} as {role}", at=now
        )
        return make_link(app, connection, editor.id, INVITED_FOR)


def _put_editor(connection: Connection, address: str, role: EditorRole, name: str, now: datetime) -> Editor:
    parsed = parse_address(address)
    name = one_line(name, "the name", NAME)
    known = select_editor(connection, parsed)
    if known is None:
        name = name or parsed.text.partition("@")[0]
        return get_editor(connection, add_editor(connection, parsed, name, role, now))
    change_editor(connection, known.id, name=name or known.name, role=role, revoked_at=None)
    return replace(known, name=name or known.name, role=role, revoked_at=None)


def first_link(app: App) -> str | None:
    """A link for the first editor of a new installation, the operator; None once anybody signed in. Commits."""
    settings = app.settings
    address = settings.mail.operator_address or settings.mail.reply_to or settings.mail.from_address
    now = app.clock.now()
    with app.database.write() as connection:
        if not address or has_anybody_signed_in(connection):
            return None
        editor = next((each for each in select_editors(connection) if each.revoked_at is None), None)
        editor = editor or _put_editor(connection, address, EditorRole.PUBLISHER, "", now)
        return make_link(app, connection, editor.id, PRINTED_FOR)


def list_editors(app: App) -> tuple[Editor, ...]:
    with app.database.read() as connection:
        return select_editors(connection)


def find_editor(app: App, address: str) -> Editor:
    """The editor with this address, revoked or not; raises BadInput, NotFound."""
    parsed = parse_address(address)
    with app.database.read() as connection:
        found = select_editor(connection, parsed)
    if found is None:
        raise NotFound("editor", parsed.text, "List them with: newsletter editors list")
    return found


def set_role(app: App, editor_id: int, role: EditorRole, *, by: str) -> None:
    """Let an editor do more, or less, from the next page on. Commits; raises NotFound, and BadInput for the last publisher."""
    now = app.clock.now()
    with app.database.write() as connection:
        editor = get_editor(connection, editor_id)
        if role is not EditorRole.PUBLISHER:
            _keep_a_publisher(connection, editor)
        change_editor(connection, editor_id, role=role)
        record_action(
            connection, by=by, action=Action.INVITED, detail=f"editor {editor_id} as {role}", at=now
        )


def revoke(app: App, editor_id: int, *, by: str) -> None:
    """Let somebody in no more; their sessions end at once. Commits; raises NotFound, and BadInput for the last publisher."""
    now = app.clock.now()
    with app.database.write() as connection:
        editor = get_editor(connection, editor_id)
        if editor.revoked_at is not None:
            return
        _keep_a_publisher(connection, editor)
        change_editor(connection, editor_id, revoked_at=now)
        revoke_everything(connection, editor_id, now)
        record_action(connection, by=by, action=Action.REVOKED, detail=f"editor {editor_id}", at=now)


def _keep_a_publisher(connection: Connection, editor: Editor) -> None:
    others = (each for each in select_editors(connection) if each.id != editor.id)
    if editor.may_publish and not any(each.may_publish and each.revoked_at is None for each in others):
        raise BadInput(f"{editor.name} is the only publisher: invite another one first.")


# What the desk lets go of when its time is over: deeds, sign-in links, sessions.


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """How many deeds, and links and sessions, were let go."""

    deeds: int
    doors: int


def forget_desk(app: App) -> Forgotten:
    """Delete what the settings say is old enough. Commits."""
    now, settings = app.clock.now(), app.settings
    with app.database.write() as connection:
        return Forgotten(
            deeds=forget_entries(connection, now - settings.retention.audit),
            doors=forget_doors(connection, now - settings.retention.sessions),
        )
