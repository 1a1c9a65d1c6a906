"""`newsletter send|pause|resume|unsure|mails`: issues and single mails on their way out."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from newsletter.app import App
from newsletter.cli.frame import json_option, pass_app, print_table, say, say_undelivered
from newsletter.cli.program import INTERRUPTED, TERMINATED
from newsletter.commands import suggest
from newsletter.db.statuses import IssueStatus, MailKind, MailStatus
from newsletter.delivery.progress import Counts
from newsletter.delivery.sender import Ending, Sender
from newsletter.delivery.status import describe, get_situation
from newsletter.delivery.throttle import RetryPolicy
from newsletter.delivery.transactional import (
    TransactionalMail,
    list_open_mails,
    resend_mail,
    sender_is_gone,
    take_over_mails,
)
from newsletter.delivery.transports import entry_of, only_checks, require_ready_to_send
from newsletter.delivery.transports.webhook import webhook_trouble
from newsletter.delivery.unsure import list_unsure
from newsletter.digest.issues import Issue
from newsletter.editing import sending as steering
from newsletter.editing.issues import find_issue
from newsletter.editing.send_time import early_words
from newsletter.editing.sending import (
    dry_run_of,
    find_obstacle,
    issues_going_out,
    require_approved,
    send_once_more,
    send_to_missed,
    start,
)
from newsletter.errors import BadInput
from newsletter.stopping import stopped_by_signals

issue_argument = click.argument("issue", metavar="ISSUE")


@click.command()
@issue_argument
@click.option(
    "--to-missed",
    is_flag=True,
    help="Go on with an issue that has begun or is sent, with those too who missed it for no reason of theirs.",
)
@pass_app
def send(app: App, issue: str, to_missed: bool) -> None:
    """Send an approved issue, or go on with one that was interrupted.

    With a provider's sandbox switched on it is a dry run: each copy is checked, nobody gets one, and the issue stays approved.

    Safe at any time: readers who have it, were refused it or may have it are never sent it again. Ctrl-C and SIGTERM stop
    after the messages on their way, a second one at once. Within ten seconds it ends, whatever the server does: a message
    that has left and has no answer by then is unsure.

    With --to-missed, whoever was put off is tried at once, and so is whoever was refused it for your sake (dropped by the provider, over
    quota say; refused for what is sent or who sends it), or was put off until the last try. Nobody of these has a copy.

    Exits with 0 when everybody is done, 1 when the issue is paused, 130 or 143 when Ctrl-C or SIGTERM stopped it before.
    """
    found = find_issue(app.database, issue)
    # A sender that died may have left readers of a cancelled issue without an outcome; nobody is mailed any more.
    left_open = found.status is IssueStatus.CANCELLED and found.id in issues_going_out(app)
    if found.status is IssueStatus.CANCELLED and not left_open:
        raise BadInput(
            f"issue {found.label} is cancelled: nobody is mailed. Why: {suggest('status', found.id)}"
        )
    require_approved(found)
    if to_missed and found.started_at is None:
        raise BadInput(f"issue {found.label} has not begun. To begin: {suggest('send', found.id)}")
    if to_missed and found.status in (IssueStatus.SENDING, IssueStatus.SENT):
        found = _to_missed(app, found)
    if found.status is IssueStatus.SENT:
        say(f"Issue {found.label} is sent already; nothing was done. {_next_step(app, found.id)}".strip())
        return
    if found.status is IssueStatus.PAUSED:
        say(f"Issue {found.label} is paused: {found.reason or 'somebody paused it'}.")
        say(f"To go on: {suggest('resume', found.id)}")
        raise click.exceptions.Exit(1)
    if found.status is IssueStatus.APPROVED and (undelivered := only_checks(app.settings)):
        _dry_run(app, found, undelivered)
        return
    say_undelivered(app)
    if trouble := webhook_trouble(app.database, app.settings):
        say(f"Warning: {trouble}", err=True)
    if found.status is IssueStatus.APPROVED and (early := early_words(app, found)):
        say(f"Warning: {early}", err=True)
    if not left_open:
        start(app, found)
    with _shown_progress(f"Issue {found.label}") as watch:
        sender = app.sender(found.id, watch)
        with stopped_by_signals(sender.stop, app.clock) as interrupted:
            ending = sender.send()
    _say_ending(app, found, ending, sender)
    raise click.exceptions.Exit(_exit_status(ending, interrupted))


def _to_missed(app: App, issue: Issue) -> Issue:
    """Let the issue go on to whoever missed it, and return it as it is then."""
    if count := send_to_missed(app, issue):
        readers = "1 reader who missed it is" if count == 1 else f"{count:,} readers who missed it are"
        say(f"Issue {issue.label} goes on: {readers} sent it now.")
    return find_issue(app.database, str(issue.id))


def _dry_run(app: App, issue: Issue, undelivered: str) -> None:
    """Have the issue's copies checked, say what came of it, and exit with 1 where it ended early."""
    done = dry_run_of(app, issue)
    say(f"A dry run: {undelivered}. {done.words[:1].upper()}{done.words[1:]}.")
    say(f"Issue {issue.label} is still approved. Take that setting out, then: {suggest('send', issue.id)}")
    if done.trouble:
        raise click.exceptions.Exit(1)


def _exit_status(ending: Ending, signals: list[int]) -> int:
    if ending is Ending.STOPPED:
        return INTERRUPTED if signal.SIGINT in signals else TERMINATED
    return 1 if ending is Ending.PAUSED else 0


@contextmanager
def _shown_progress(label: str) -> Iterator[Callable[[Counts], None]]:
    """Show a bar with the outcomes, the rate and the time left on a terminal; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda counts: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(show_speed=True),
        TextColumn("{task.fields[outcomes]}"),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=None, outcomes="")

        def watch(counts: Counts) -> None:
            bar.update(task, total=counts.readers, completed=counts.done, outcomes=_outcome_words(counts))

        yield watch


def _outcome_words(counts: Counts) -> str:
    named = {name: getattr(counts, name) for name in ("accepted", "rejected", "skipped", "unsure")}
    return ", ".join(f"{count:,} {name}" for name, count in named.items() if count or name == "accepted")


def _say_ending(app: App, issue: Issue, ending: Ending, sender: Sender) -> None:
    with app.database.read() as connection:
        situation = get_situation(connection, issue.id, app.journals)
    words = _outcome_words(situation.counts)
    match ending:
        case Ending.SENT:
            say(f"Issue {issue.label} is sent: {words}.")
        case Ending.PAUSED:
            say(
                f"Issue {issue.label} is paused: {situation.issue.reason or 'somebody paused it'}. So far {words}."
            )
        case Ending.CANCELLED:
            say(f"Issue {issue.label} was cancelled. Until then {words}.")
        case Ending.STOPPED:
            left = (
                "1 reader left" if situation.counts.open == 1 else f"{situation.counts.open:,} readers left"
            )
            say(f"Stopped; nothing is lost. So far {words}; {left}. To go on: {suggest('send', issue.id)}")
    if entry_of(app.settings).is_local:
        folder = app.settings.path(app.settings.paths.outbox) / "new"
        if mails := sorted(folder.glob("*.eml")):
            last = mails[-1].resolve().as_uri()
            say(f"{len(mails):,} mails lie in the outbox {folder}; one of them: {last}")
    if ending is Ending.PAUSED:
        say(f"To go on: {suggest('resume', issue.id)}")
    elif ending is not Ending.STOPPED and (step := _next_step(app, issue.id)):
        say(step)


def _next_step(app: App, issue_id: int) -> str:
    with app.database.read() as connection:
        situation = get_situation(connection, issue_id, app.journals)
    told = describe(situation, app.clock.now(), app.settings.zone, find_obstacle(app, situation.issue))
    return f"{told.why[:1].upper()}{told.why[1:]}. Next: {told.next_command}" if told.next_command else ""


@click.command()
@issue_argument
@click.option("--reason", default="", help="Why, for those who look later.")
@pass_app
def pause(app: App, issue: str, reason: str) -> None:
    """Pause an issue that is going out: within a second nobody new is mailed."""
    found = find_issue(app.database, issue)
    steering.pause(app, found.id, reason=reason)
    say(f"Issue {found.label} is paused. To go on: {suggest('resume', found.id)}")


@click.command()
@issue_argument
@pass_app
def resume(app: App, issue: str) -> None:
    """Let a paused issue go on."""
    found = find_issue(app.database, issue)
    steering.resume(app, found.id)
    say(
        f"Issue {found.label} goes on: by itself where newsletter serve runs, else with: {suggest('send', found.id)}"
    )


@click.command()
@issue_argument
@click.option(
    "--send-again",
    "again",
    multiple=True,
    metavar="READER",
    help="Send it to this reader once more: a number of the list, or an address.",
)
@click.option("--send-all-again", is_flag=True, help="Send it to everybody listed once more.")
@json_option
@pass_app
def unsure(app: App, issue: str, again: tuple[str, ...], send_all_again: bool, as_json: bool) -> None:
    """List the readers of whom nobody can say whether they have the issue, and what is known.

    The connection ended after their message had left and before the server said anything. They are left alone unless
    you ask: sending once more may give them a second copy.
    """
    found = find_issue(app.database, issue)
    with app.database.read() as connection:
        listed = list_unsure(connection, found.id)
    named = {each.strip().casefold() for each in again}
    known = {str(each.reader_id): each.reader_id for each in listed}
    known |= {each.address.casefold(): each.reader_id for each in listed if each.address}
    if missing := named - known.keys():
        raise BadInput(
            f"reader {min(missing)} is not unsure of issue {found.label}. Who is: {suggest('unsure', found.id)}"
        )
    chosen = {each.reader_id for each in listed} if send_all_again else {known[name] for name in named}
    if chosen:
        count = send_once_more(app, found.id, chosen)
        readers = "1 reader gets" if count == 1 else f"{count:,} readers get"
        say(f"{readers} issue {found.label} once more, and may then have it twice.")
        say(f"That happens by itself where newsletter serve runs, else with: {suggest('send', found.id)}")
        return
    if not listed and not as_json:
        say(f"Nobody is unsure of issue {found.label}.")
        return
    rows = [(each.reader_id, each.address, each.at, each.words) for each in listed]
    print_table(["Reader", "Address", "Since", "What is known"], rows, as_json)
    if listed and not as_json and found.status is not IssueStatus.CANCELLED:
        say(
            f"Leave them, or send once more: {suggest('unsure', found.id, '--send-again', 'READER')}, or --send-all-again"
        )


@click.group()
def mails() -> None:
    """Single mails: confirmations, links that readers asked for, alerts."""


@mails.command("send")
@pass_app
def send_mails(app: App) -> None:
    """Send the single mails and alerts that wait. `newsletter serve` does this by itself every few seconds."""
    require_ready_to_send(app.settings)
    say_undelivered(app)
    app.alert_webhook.deliver()
    count = app.transactional_sender.deliver()
    say(f"{count} {'mail' if count == 1 else 'mails'} sent.")
    _say_what_waits(app)


def _say_what_waits(app: App) -> None:
    now = app.clock.now()
    with app.database.read() as connection:
        listed = list_open_mails(connection, app.hash_address, now)
    waiting = [each for each in listed if each.status is MailStatus.PENDING and not each.obstacle]
    if not waiting:
        return
    first = min(each.not_before for each in waiting)
    when = f"from {first:%Y-%m-%d %H:%M:%S %Z} on" if first > now else "at any time"
    say(
        f"{len(waiting):,} {'waits' if len(waiting) == 1 else 'wait'} and can be tried again {when}: by newsletter serve where it runs, "
        f"else by {suggest('mails', 'send')}. Why: {suggest('mails', 'list')}"
    )


@mails.command("list")
@json_option
@pass_app
def list_mails(app: App, as_json: bool) -> None:
    """List the single mails that wait, are on their way, or may or may not have arrived.

    The last are unsure: the connection ended after the mail had left and before the server said anything, or the program
    was killed in that moment. They are left alone unless you send them again; alerts are repeated by themselves.
    """
    with app.database.read() as connection:
        listed = list_open_mails(connection, app.hash_address, app.clock.now())
    held = app.nothing_leaves()
    rows = [
        (each.id, each.kind, _recipient(each), each.status, each.queued_at, _known_of(app, each, held))
        for each in listed
    ]
    if not rows and not as_json:
        say("No single mail waits, and none is unsure.")
        return
    print_table(["Mail", "Kind", "To", "State", "Since", "What is known"], rows, as_json)
    if any(each.status is MailStatus.UNSURE for each in listed) and not as_json:
        say(f"Leave the unsure ones, or send them once more: {suggest('mails', 'resend', 'MAIL')}, or --all")


def _known_of(app: App, mail: TransactionalMail, held: str) -> str:
    """Return what is known of a mail; `held` is why none leaves at all."""
    now = app.clock.now()
    if mail.status is MailStatus.BEGUN and sender_is_gone(mail, app.journals, now):
        return (
            f"its sender is gone; newsletter serve finds out what became of it, or {suggest('mails', 'send')}"
        )
    if mail.status is not MailStatus.PENDING or mail.obstacle:
        return mail.words
    if held:
        return f"waits: {held}"
    until = f", until {mail.not_before:%Y-%m-%d %H:%M %Z}" if mail.not_before > now else ""
    waits = f"waits for newsletter serve or {suggest('mails', 'send')}"
    return f"{mail.words or waits}{until}"


def _recipient(mail: TransactionalMail) -> str:
    if mail.is_for_operator and mail.kind is not MailKind.TEST:
        return "the operator"
    return mail.address or ""


@mails.command("resend")
@click.argument("numbers", metavar="[MAIL]...", type=click.IntRange(1, 2**63 - 1), nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every unsure mail that may still be sent.")
@pass_app
def resend_mails(app: App, numbers: tuple[int, ...], everything: bool) -> None:
    """Send unsure single mails once more; they may then arrive twice. `newsletter mails list` shows them.

    A mail whose reader left, complained or was suppressed since, or whose link holds no longer, is not sent again.
    """
    if bool(numbers) == everything:
        raise BadInput(f"name the mails to send again, or --all. Which: {suggest('mails', 'list')}")
    now = app.clock.now()
    if not app.marks.trouble():
        # What a killed sender had begun is unsure, or waits again, from here on.
        take_over_mails(app.database, app.journals, now, RetryPolicy())
    with app.database.write() as connection:
        listed = list_open_mails(connection, app.hash_address, now) if everything else ()
        chosen = numbers or [
            each.id
            for each in listed
            if each.status is MailStatus.UNSURE and each.kind is not MailKind.TEST and not each.obstacle
        ]
        for number in dict.fromkeys(chosen):
            resend_mail(connection, number, app.hash_address, now)
    count = len(set(chosen))
    if not count:
        say("There is nothing to send again: no mail is unsure that may still be sent.")
        return
    say(f"{count} {'mail goes' if count == 1 else 'mails go'} out once more, and may then arrive twice.")
    say(f"That happens by itself where newsletter serve runs, else with: {suggest('mails', 'send')}")


COMMANDS: tuple[click.Command, ...] = (
    send,
    pause,
    resume,
    unsure,
    mails,
)
