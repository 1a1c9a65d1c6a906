"""Who works at the desk: inviting, changing roles, revoking. How they sign in is in signing_in.py."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from newsletter.db.statuses import EditorRole
from newsletter.editing.newsroom import Newsroom
from newsletter.editing.people import editors_store as store
from newsletter.editing.people.audit import Action, audit
from newsletter.editing.people.editors_store import Editor
from newsletter.editing.people.signing_in import make_link
from newsletter.errors import BadInput, NotFound
from newsletter.readers.addresses import parse_address
from newsletter.readers.wording import NAME, one_line

#: How long the links hold that a person hands on, and the one that a new installation prints.
INVITED_FOR, PRINTED_FOR = timedelta(hours=24), timedelta(hours=1)


def invite(newsroom: Newsroom, address: str, role: EditorRole, *, name: str = "", by: str) -> str:
    """Let somebody in: an editor of this role, and a link that signs them in. Commits.

    An editor keeps their name where none is given; one who was revoked is an editor again. Raises BadInput.
    """
    now = newsroom.clock.now()
    with newsroom.database.write() as connection:
        editor = _put_editor(connection, address, role, name, now)
        audit(connection, by=by, action=Action.INVITED, detail=f"editor {editor.id} as {role}", at=now)
        return make_link(newsroom, connection, editor.id, INVITED_FOR)


def _put_editor(connection: Connection, address: str, role: EditorRole, name: str, now: datetime) -> Editor:
    parsed = parse_address(address)
    name = one_line(name, "the name", NAME)
    known = store.find_editor(connection, parsed)
    if known is None:
        name = name or parsed.text.partition("@")[0]
        return store.get_editor(connection, store.add_editor(connection, parsed, name, role, now))
    store.change_editor(connection, known.id, name=name or known.name, role=role, revoked_at=None)
    return replace(known, name=name or known.name, role=role, revoked_at=None)


def first_link(newsroom: Newsroom) -> str | None:
    """A link for the first editor of a new installation, the operator; None once anybody signed in. Commits."""
    settings = newsroom.settings
    address = settings.operator_address or settings.reply_to or settings.from_address
    now = newsroom.clock.now()
    with newsroom.database.write() as connection:
        if not address or store.has_anybody_signed_in(connection):
            return None
        editor = next((each for each in store.list_editors(connection) if each.revoked_at is None), None)
        editor = editor or _put_editor(connection, address, EditorRole.PUBLISHER, "", now)
        return make_link(newsroom, connection, editor.id, PRINTED_FOR)


def list_editors(newsroom: Newsroom) -> tuple[Editor, ...]:
    with newsroom.database.read() as connection:
        return store.list_editors(connection)


def find_editor(newsroom: Newsroom, address: str) -> Editor:
    """The editor with this address, revoked or not; raises BadInput, NotFound."""
    parsed = parse_address(address)
    with newsroom.database.read() as connection:
        found = store.find_editor(connection, parsed)
    if found is None:
        raise NotFound("editor", parsed.text, "List them with: newsletter editors list")
    return found


def set_role(newsroom: Newsroom, editor_id: int, role: EditorRole, *, by: str) -> None:
    """Let an editor do more, or less, from the next page on. Commits; raises NotFound, and BadInput for the last publisher."""
    now = newsroom.clock.now()
    with newsroom.database.write() as connection:
        editor = store.get_editor(connection, editor_id)
        if role is not EditorRole.PUBLISHER:
            _keep_a_publisher(connection, editor)
        store.change_editor(connection, editor_id, role=role)
        audit(connection, by=by, action=Action.INVITED, detail=f"editor {editor_id} as {role}", at=now)


def revoke(newsroom: Newsroom, editor_id: int, *, by: str) -> None:
    """Let somebody in no more; their sessions end at once. Commits; raises NotFound, and BadInput for the last publisher."""
    now = newsroom.clock.now()
    with newsroom.database.write() as connection:
        editor = store.get_editor(connection, editor_id)
        if editor.revoked_at is not None:
            return
        _keep_a_publisher(connection, editor)
        store.change_editor(connection, editor_id, revoked_at=now)
        store.revoke_everything(connection, editor_id, now)
        audit(connection, by=by, action=Action.REVOKED, detail=f"editor {editor_id}", at=now)


def _keep_a_publisher(connection: Connection, editor: Editor) -> None:
    others = (each for each in store.list_editors(connection) if each.id != editor.id)
    if editor.may_publish and not any(each.may_publish and each.revoked_at is None for each in others):
        raise BadInput(f"{editor.name} is the only publisher: invite another one first.")
