"""Signing in: a link that works once opens a session. Of both only the hash of a random token is kept.

A link is mailed to an editor, or printed for whoever set the newsletter up. Whoever asks for one learns nothing of
who is an editor. A session is over at a fixed time, after a while without use, and when it is revoked.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b, sha256
from hmac import compare_digest
from typing import Protocol

from sqlalchemy import Connection

from newsletter.db.statuses import LimitScope, MailKind
from newsletter.delivery.mails import queue_mail
from newsletter.editing.newsroom import Newsroom
from newsletter.editing.people import editors_store as store
from newsletter.editing.people.audit import Action, audit
from newsletter.editing.people.editors_store import Editor, Session
from newsletter.errors import BadLink
from newsletter.readers import own_store
from newsletter.readers.addresses import parse_address
from newsletter.readers.limits import TooMany

#: How long a mailed link holds.
MAILED_FOR = timedelta(minutes=15)
#: A use of a session is noted when the last one noted is so long ago.
NOTED_EVERY = timedelta(minutes=5)
#: Mails that an hour may bring one editor, and tries that it may bring one network.
PER_ADDRESS, PER_NETWORK = 5, 30


class KeyedNewsroom(Newsroom, Protocol):
    """A newsroom that has a key to hide whose a count is; `newsletter.app.App` is one."""

    @property
    def suppression_key(self) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A new session: its editor, the cookie's token, and how long the browser keeps it."""

    editor: Editor
    token: str
    lasts: timedelta


def ask_for_link(newsroom: KeyedNewsroom, text: str, network: str) -> None:
    """Mail a link to whoever this address is an editor's; for every other nothing is different. Commits.

    Raises BadInput for what is no address, and TooMany when the network asked very often.
    """
    address = parse_address(text)
    now = newsroom.clock.now()
    with newsroom.database.write() as connection:
        counted = _count(newsroom, connection, network, address.key, now)
        editor = store.find_editor(connection, address)
        if editor is None or editor.revoked_at is not None or counted[LimitScope.DESK_ADDRESS] > PER_ADDRESS:
            return
        values = {
            "sign_in_url": make_link(newsroom, connection, editor.id, MAILED_FOR),
            "minutes": str(MAILED_FOR // timedelta(minutes=1)),
        }
        key = f"sign-in:{secrets.token_hex(8)}"
        queue_mail(connection, MailKind.SIGN_IN, key, None, values, now, editor_id=editor.id)


def _count(
    newsroom: KeyedNewsroom, connection: Connection, network: str, address: str, now: datetime
) -> Mapping[LimitScope, int]:
    """Count one more of this hour; raises TooMany."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    named = {LimitScope.DESK_NETWORK: network, LimitScope.DESK_ADDRESS: address}
    hashes = {scope: _keyed(newsroom.suppression_key, text) for scope, text in named.items()}
    before = own_store.count_sign_ups(connection, list(hashes.values()), hour)
    if before.get(LimitScope.DESK_NETWORK, 0) >= PER_NETWORK:
        raise TooMany("Very many links were asked for from there just now. Please try again in an hour.")
    own_store.add_sign_up(connection, hashes, hour)
    return {scope: before.get(scope, 0) + 1 for scope in hashes}


def make_link(newsroom: Newsroom, connection: Connection, editor_id: int, holds: timedelta) -> str:
    """The address of a new link that signs an editor in, once; in the caller's transaction."""
    token, now = secrets.token_urlsafe(32), newsroom.clock.now()
    store.add_link(connection, _hashed(token), editor_id, now, now + holds)
    return f"{_base(newsroom)}/desk/sign-in/{token}"


def look(newsroom: Newsroom, token: str) -> Editor:
    """Whom a link would sign in; raises BadLink. Changes nothing: mail programs open every link."""
    with newsroom.database.read() as connection:
        editor = store.editor_of_link(connection, _hashed(token), newsroom.clock.now())
    if editor is None:
        raise BadLink
    return editor


def sign_in(newsroom: Newsroom, token: str) -> SignedIn:
    """Use up a link and open a session. Commits; raises BadLink."""
    now, cookie = newsroom.clock.now(), secrets.token_urlsafe(32)
    lasts = newsroom.settings.desk_session
    with newsroom.database.write() as connection:
        editor = store.editor_of_link(connection, _hashed(token), now)
        if editor is None or not store.use_link(connection, _hashed(token), now):
            raise BadLink
        store.add_session(connection, _hashed(cookie), editor.id, now, now + lasts)
        audit(connection, by=editor.name, action=Action.SIGNED_IN, at=now)
    return SignedIn(editor=editor, token=cookie, lasts=lasts)


def find_signed_in(newsroom: Newsroom, token: str) -> Editor | None:
    """Whose session a cookie's token is, or None. Notes now and then that the session was used: its one write."""
    now, hashed = newsroom.clock.now(), _hashed(token)
    with newsroom.database.read() as connection:
        found = store.find_session(connection, hashed, now, now - newsroom.settings.desk_idle)
    if found is None:
        return None
    editor, session = found
    if now - session.seen_at >= NOTED_EVERY:
        with newsroom.database.write() as connection:
            store.touch_session(connection, hashed, now)
    return editor


def sign_out(newsroom: Newsroom, editor: Editor, token: str) -> None:
    """End one session. Commits."""
    now = newsroom.clock.now()
    with newsroom.database.write() as connection:
        store.revoke_session(connection, _hashed(token), now)
        audit(connection, by=editor.name, action=Action.SIGNED_OUT, at=now)


def sign_out_everywhere(newsroom: Newsroom, editor: Editor, *, by: str) -> int:
    """End every session of an editor, and every link not used yet; returns how many sessions. Commits."""
    now = newsroom.clock.now()
    with newsroom.database.write() as connection:
        count = store.revoke_everything(connection, editor.id, now)
        audit(connection, by=by, action=Action.SIGNED_OUT, detail=f"editor {editor.id} everywhere", at=now)
    return count


def sessions_of(newsroom: Newsroom, editor_id: int | None = None) -> tuple[Session, ...]:
    """The open sessions, the latest used first; of one editor where asked for."""
    now = newsroom.clock.now()
    with newsroom.database.read() as connection:
        return store.list_sessions(connection, now, now - newsroom.settings.desk_idle, editor_id)


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


def _base(newsroom: Newsroom) -> str:
    settings = newsroom.settings
    return settings.public_url.rstrip("/") or f"http://{settings.web_host}:{settings.web_port}"
