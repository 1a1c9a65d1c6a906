"""`newsletter serve`: the schedule, the senders and the pages, until the program is told to stop."""

import logging
import os
import shlex
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from threading import Thread

import click

from newsletter.app import App
from newsletter.cli.frame import pass_app, say, say_undelivered
from newsletter.clock import Clock
from newsletter.commands import name_folder, suggest
from newsletter.db.statuses import IssueStatus
from newsletter.delivery.store import list_current_issues
from newsletter.digest.store import get_issue
from newsletter.editing.editors import first_link, nobody_has_signed_in
from newsletter.editing.schedule import dispatch_chosen, find_delay
from newsletter.editing.sending import issues_going_out
from newsletter.errors import BadInput
from newsletter.readers.keys import require_keys
from newsletter.schedule.listening import listen
from newsletter.schedule.supervisor import PATIENCE, Supervisor
from newsletter.schedule.ticker import Beat, start_beats
from newsletter.schedule.turns import State, list_turns
from newsletter.stopping import Stop, stopped_by_signals

#: Seconds between two looks at the senders.
LOOK_SECONDS = 5

_LOOK_FOR_SIGNALS = timedelta(seconds=0.2)

#: The key of the one process of the pages; issues count from 1.
_PAGES = 0


@click.command()
@pass_app
def serve(app: App) -> None:
    """Run the schedule, send what is due and serve the pages, until SIGTERM or Ctrl-C.

    Stopping is gentle: a running job and the messages on their way are finished. After ten seconds, or at a second signal, it
    ends all the same: a job is done again at the next start, a message that has left and has no answer is unsure.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    # It warns whenever a tick takes longer than the interval, which is no trouble here.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    require_keys(app.settings)
    # What it says is read in a log, or in an alert.
    name_folder(app.settings.folder)
    click.get_current_context().call_on_close(lambda: name_folder(None))
    web = app.settings.web
    listening = listen(web.host, web.port) if web.port else None
    ticker, senders, pages = app.ticker, _supervise_senders(app), _supervise_pages(app, listening)
    _say_what_comes(app)
    look = timedelta(seconds=LOOK_SECONDS)
    beats = (
        Beat(call=ticker.tick),
        Beat(call=lambda: dispatch_chosen(app)),
        Beat(call=senders.look, every=look),
        Beat(call=pages.look, every=look),
        Beat(call=lambda: app.no_mail_can_leave() or app.transactional_sender.deliver(), every=look),
        Beat(call=app.alert_webhook.deliver, every=look),
        Beat(call=app.read_webhooks, every=look),
    )
    stop = Stop()
    with stopped_by_signals(stop, app.clock):
        scheduler = start_beats(*beats, clock=app.clock)
        while not stop.asked:
            app.clock.sleep(_LOOK_FOR_SIGNALS)
        say("Stopping: what has begun is finished first.")
        # A key may be gone by now.
        with suppress(BadInput):
            app.transactional_sender.stop.asked = True
        in_time = _end_all((senders.stop, pages.stop, scheduler.shutdown), stop, app.clock)
    say("Stopped." if in_time else "Stopped. What was not finished in time is taken up at the next start.")
    if not in_time:
        # Threads that wait for somebody's server would be waited for in their turn.
        sys.stdout.flush()
        os._exit(0)


def _end_all(endings: tuple[Callable[[], None], ...], stop: Stop, clock: Clock) -> bool:
    """End everything at the same time; return whether all of it ended before our patience did."""
    threads = [Thread(target=ending, daemon=True) for ending in endings]
    for thread in threads:
        thread.start()
    until = clock.monotonic() + PATIENCE.total_seconds()
    while left := [thread for thread in threads if thread.is_alive()]:
        if stop.at_once or clock.monotonic() > until:
            return False
        left[0].join(0.05)
    return True


def _supervise_senders(app: App) -> Supervisor:
    sender = (sys.executable, "-m", "newsletter", "--folder", str(app.settings.folder), "send")
    return Supervisor(
        wanted=lambda: () if app.marks.trouble() else issues_going_out(app),
        command=lambda issue: (*sender, str(issue)),
        clock=app.clock,
        raise_alert=app.alerts.raise_once,
    )


def _supervise_pages(app: App, listening: socket.socket | None) -> Supervisor:
    """Return what runs the pages, a process of their own: a sender that works hard must not keep a visitor waiting."""
    fd = listening.fileno() if listening else -1
    web = (sys.executable, "-m", "newsletter.web", "--folder", str(app.settings.folder))
    return Supervisor(
        wanted=lambda: (_PAGES,) if listening else (),
        command=lambda key: (*web, "--fd", str(fd), "--with-parent", str(os.getpid())),
        pass_fds=(fd,) if listening else (),
        clock=app.clock,
        raise_alert=app.alerts.raise_once,
        name=lambda key: "process of the pages",
        advice=lambda key: shlex.join(web),
    )


def _say_what_comes(app: App) -> None:
    if trouble := app.marks.trouble():
        say(trouble, err=True)
        # By its URL: nothing is mailed now.
        app.alerts.raise_once(f"stopped:{app.clock.now():%Y-%m-%d}", "Nothing is sent", trouble)
    elif held := app.no_mail_can_leave():
        say(f"What will not work: no mail leaves; single mails wait. {held}", err=True)
    say_undelivered(app)
    with app.database.read() as connection:
        coming = [get_issue(connection, each) for each in list_current_issues(connection)]
    for issue in coming:
        is_next = issue.status is IssueStatus.APPROVED and not trouble
        if is_next and (obstacle := find_delay(app, issue)) is not None:
            say(f"Issue {issue.label} does not go out: {obstacle.words}. Next: {obstacle.command}", err=True)
    with app.database.read() as connection:
        turns = list_turns(connection, app.ticker.jobs, app.clock.now())
    for turn in turns:
        if turn.state in (State.NEXT, State.WAITING):
            say(f"{turn.job}: {turn.state.value}, due {turn.due_at:%a %d %b %Y %H:%M %Z}")
    if app.settings.web.port:
        say(f"Pages at http://{app.settings.web.host}:{app.settings.web.port}/subscribe")
        _say_how_to_sign_in(app)
    say(f"Serving {app.settings.folder}. Stop with Ctrl-C.")


def _say_how_to_sign_in(app: App) -> None:
    """Print the first editor's link on a terminal: whoever started the program may be that, whoever reads its log not."""
    if not nobody_has_signed_in(app):
        return
    said = "Nobody has signed in at the editors' desk yet."
    if sys.stdout.isatty() and (link := first_link(app)):
        say(f"{said} This link lets you in, once, within the hour:")
        say(link)
    else:
        say(f"{said} To get in: {suggest('editors', 'invite', 'ADDRESS', '--role', 'publisher')}")


COMMANDS: tuple[click.Command, ...] = (serve,)
