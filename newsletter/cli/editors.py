"""`newsletter editors`: who works at the desk."""

import click

from newsletter.app import App
from newsletter.cli.frame import json_option, pass_app, print_table, say
from newsletter.db.statuses import EditorRole
from newsletter.editing.audit import COMMAND_LINE
from newsletter.editing.editors import (
    INVITED_FOR,
    get_editor_by_address,
    list_editors,
    list_sessions,
    set_role,
    sign_out_everywhere,
)
from newsletter.editing.editors import invite as let_in
from newsletter.editing.editors import revoke as let_out

role_type = click.Choice([each.value for each in EditorRole])


@click.group()
def editors() -> None:
    """Who works at the desk, and signing them in and out.

    A writer works on drafts; a publisher also lets them go, and sees readers.
    """


@editors.command()
@click.argument("address")
@click.option("--role", type=role_type, required=True, help="What they may do.")
@click.option("--name", default="", help="What to call them; empty: what stands before the @.")
@pass_app
def invite(app: App, address: str, role: str, name: str) -> None:
    """Let somebody in, and print the link that signs them in.

    The link works once, for a day. Later they ask for one by mail, at /desk/sign-in. Whoever is an editor already
    gets the role, and whoever was revoked is back.
    """
    link = let_in(app, address, EditorRole(role), name=name, by=COMMAND_LINE)
    hours = int(INVITED_FOR.total_seconds()) // 3600
    say(f"{address} is a {role}. This link signs them in, once, within {hours} hours:")
    say(link)


@editors.command("list")
@json_option
@pass_app
def list_(app: App, as_json: bool) -> None:
    """List editors, those of today and those revoked."""
    columns = ["Id", "Address", "Name", "Role", "Added at", "Revoked at"]
    with app.database.read() as connection:
        found = list_editors(connection)
    rows = ((each.id, each.address, each.name, each.role, each.added_at, each.revoked_at) for each in found)
    print_table(columns, rows, as_json)


@editors.command()
@click.argument("address")
@pass_app
def revoke(app: App, address: str) -> None:
    """Let somebody in no more; what they are signed in with ends at once."""
    let_out(app, get_editor_by_address(app, address).id, by=COMMAND_LINE)
    say(f"{address} is no editor any more.")


@editors.command()
@click.argument("address")
@click.argument("role", type=role_type)
@pass_app
def role(app: App, address: str, role: str) -> None:
    """Let somebody do more, or less."""
    set_role(app, get_editor_by_address(app, address).id, EditorRole(role), by=COMMAND_LINE)
    say(f"{address} is a {role}.")


@editors.command()
@click.argument("address", required=False)
@click.option("--end", is_flag=True, help="Sign them out everywhere.")
@json_option
@pass_app
def sessions(app: App, address: str | None, end: bool, as_json: bool) -> None:
    """List who is signed in, everybody or one editor; with --end that editor is signed out everywhere."""
    if end and address is None:
        raise click.UsageError("--end needs the address of the editor to sign out")
    editor = get_editor_by_address(app, address) if address else None
    if end and editor is not None:
        count = sign_out_everywhere(app, editor, by=COMMAND_LINE)
        say(f"{address} is signed out: {count} {'session' if count == 1 else 'sessions'}.")
        return
    with app.database.read() as connection:
        names = {each.id: each.address for each in list_editors(connection)}
    open_ones = list_sessions(app, editor.id if editor else None)
    rows = ((names[each.editor_id], each.made_at, each.seen_at, each.expires_at) for each in open_ones)
    print_table(["Editor", "Signed in at", "Last seen at", "Until"], rows, as_json)


COMMANDS: tuple[click.Command, ...] = (editors,)
