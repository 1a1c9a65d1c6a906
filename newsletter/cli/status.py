"""`newsletter status`: where issues stand, and what to do next."""

from dataclasses import asdict

import click

from newsletter.app import App
from newsletter.cli.frame import json_option, pass_app, print_json, say, say_undelivered
from newsletter.commands import suggest
from newsletter.delivery.status import describe, get_situation
from newsletter.delivery.store import list_current_issues
from newsletter.delivery.transactional import describe_mails
from newsletter.delivery.transports import entry_of
from newsletter.editing.issues import find_issue
from newsletter.editing.schedule import find_delay
from newsletter.errors import StoreError
from newsletter.readers.subscribing import TRAP_TOLD_FOR


@click.command()
@click.argument("issue", metavar="[ISSUE]", required=False)
@json_option
@pass_app
def status(app: App, issue: str | None, as_json: bool) -> None:
    """Say where an issue stands: state, why, since when, what happens by itself, and the next command.

    Without ISSUE: every issue that is not over, the last one that went out, and one that was cancelled since; and the
    single mails, where some wait or may not have arrived. Below them what is known of the SMTP relay: how far it was seen to
    take commands ahead of its answers, how many messages a connection, and what it said where it let nobody in.
    """
    if issue is not None:
        ids = [find_issue(app.database, issue).id]
    else:
        with app.database.read() as connection:
            ids = list(list_current_issues(connection))
    documents = [_document(app, issue_id) for issue_id in ids]
    mails = _of_mails(app) if issue is None else None
    with app.database.read() as connection:
        server, known = entry_of(app.settings).describe_server(app.settings, connection)
    try:
        with app.content():
            pass
    except StoreError as error:
        say(str(error), err=True)
    if held := app.no_mail_can_leave():
        say(held, err=True)
    if as_json:
        print_json([{**each, "server": dict(known)} for each in (*documents, *filter(None, (mails,)))])
        return
    if not documents:
        say(f"There is no issue yet. Make one with: {suggest('draft')}")
    for document in documents:
        _say_document(f"Issue {document['issue']}", document)
    if mails:
        _say_document("Single mails", mails)
    if known:
        say(server)
    for name, words in known:
        say(f"  {name:<12}{words}")
    say_undelivered(app)


def _of_mails(app: App) -> dict[str, object] | None:
    now = app.clock.now()
    with app.database.read() as connection:
        told = describe_mails(connection, app.journals, now, now - TRAP_TOLD_FOR, app.nothing_leaves())
    return None if told is None else {"issue": None, **asdict(told), "progress": None, "senders": []}


def _document(app: App, issue_id: int) -> dict[str, object]:
    now = app.clock.now()
    with app.database.read() as connection:
        situation = get_situation(connection, issue_id, app.journals)
    return {
        "issue": situation.issue.label,
        "undelivered": entry_of(app.settings).undelivered(app.settings),
        **asdict(describe(situation, now, app.settings.zone, find_delay(app, situation.issue))),
        "progress": {**asdict(situation.counts), "open": situation.counts.open},
        "senders": [each.name for each in situation.senders_alive(now)],
    }


def _say_document(of: str, document: dict[str, object]) -> None:
    progress = document["progress"]
    say(f"{of}: {document['state']}")
    rows = [
        ("why", document["why"]),
        ("since", document["since"]),
        ("by itself", document["by_itself"]),
        ("next", document["next_command"] or "nothing to do"),
    ]
    if isinstance(progress, dict) and progress["readers"]:
        rows.append(("readers", ", ".join(f"{count:,} {name}" for name, count in progress.items() if count)))
    for name, value in rows:
        if value is None:
            continue
        shown = f"{value:%Y-%m-%d %H:%M:%S %Z}" if hasattr(value, "strftime") else value
        say(f"  {name:<10}{shown}")


COMMANDS: tuple[click.Command, ...] = (status,)
