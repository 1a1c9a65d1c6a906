"""`newsletter serve`: the schedule, the senders and the pages, until the program is told to stop."""

import os
import signal
import sys
from typing import TYPE_CHECKING

import click

from newsletter.cli.frame import json_option, pass_app, print_table, say

if TYPE_CHECKING:
    from newsletter.app import App
    from newsletter.schedule.supervisor import Supervisor

#: Seconds between two looks at the senders.
LOOK_SECONDS = 5

#: The key of the one process of the pages; issues count from 1.
_PAGES = 0


@click.command()
@pass_app
def serve(app: "App") -> None:
    """Run the schedule, send what is due and serve the pages, until SIGTERM or Ctrl-C.

    Stopping is gentle: a running job is finished, and a sender finishes what it has begun. A second signal stops at
    once; nothing is lost by it, but what was on its way may have to be listed as unsure.
    """
    from datetime import timedelta

    from newsletter.editing.schedule import dispatch_chosen
    from newsletter.schedule.ticker import Beat, start_beats

    _log_to_stderr()
    ticker, senders, pages = app.ticker, _supervise_senders(app), _supervise_pages(app)
    _say_what_comes(app)
    stopping = _catch_signals()
    look = timedelta(seconds=LOOK_SECONDS)
    beats = (
        Beat(call=ticker.tick),
        Beat(call=lambda: dispatch_chosen(app)),
        Beat(call=senders.look, every=look),
        Beat(call=pages.look, every=look),
        Beat(call=app.transactional_sender.deliver, every=look),
        Beat(call=app.alert_webhook.deliver, every=look),
        Beat(call=app.read_webhooks, every=look),
    )
    scheduler = start_beats(*beats, clock=app.clock)
    os.read(stopping, 1)
    say("Stopping: what has begun is finished first.")
    scheduler.shutdown()
    pages.stop()
    senders.stop()
    say("Stopped.")


def _log_to_stderr() -> None:
    import logging

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    # It warns whenever a tick takes longer than the interval, which is no trouble here.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)


def _supervise_senders(app: "App") -> "Supervisor":
    from newsletter.editing.sending import issues_going_out
    from newsletter.schedule.supervisor import Supervisor

    sender = (sys.executable, "-m", "newsletter", "--folder", str(app.settings.folder), "send")
    return Supervisor(
        wanted=lambda: issues_going_out(app),
        command=lambda issue: (*sender, str(issue)),
        clock=app.clock,
        alerts=app.alerts,
    )


def _supervise_pages(app: "App") -> "Supervisor":
    """The pages are a process of their own: a sender that works hard must not keep a visitor waiting."""
    from newsletter.schedule.supervisor import Supervisor

    web = (sys.executable, "-m", "newsletter.web", "--folder", str(app.settings.folder), "--with-parent")
    return Supervisor(
        wanted=lambda: (_PAGES,) if app.settings.web.port else (),
        command=lambda key: web,
        clock=app.clock,
        alerts=app.alerts,
        name=lambda key: "process of the pages",
        advice=lambda key: f"python -m newsletter.web --folder {app.settings.folder}",
    )


def _say_what_comes(app: "App") -> None:
    from newsletter.schedule.turns import State, list_turns

    with app.database.read() as connection:
        turns = list_turns(connection, app.ticker.jobs, app.clock.now())
    for turn in turns:
        if turn.state in (State.NEXT, State.WAITING):
            say(f"{turn.job}: {turn.state.value}, due {turn.due_at:%a %d %b %Y %H:%M %Z}")
    if app.settings.web.port:
        say(f"Pages at http://{app.settings.web.host}:{app.settings.web.port}/subscribe")
        _say_how_to_sign_in(app)
    say(f"Serving {app.settings.folder}. Stop with Ctrl-C.")


def _say_how_to_sign_in(app: "App") -> None:
    """A link for the first editor, on the terminal alone: whoever started the program may be that."""
    from newsletter.editing.editors import first_link

    link = first_link(app)
    if link is not None:
        say("Nobody has signed in at the editors' desk yet. This link lets you in, once, within the hour:")
        say(link)


def _catch_signals() -> int:
    """A file descriptor that becomes readable at the first SIGTERM or SIGINT; the second acts as usual."""
    reading, writing = os.pipe()

    def catch(number: int, frame: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.write(writing, b"!")

    signal.signal(signal.SIGTERM, catch)
    signal.signal(signal.SIGINT, catch)
    return reading


# `newsletter jobs`: what the schedule did, does and will do, and running a job now.

if TYPE_CHECKING:
    from newsletter.app import App
    from newsletter.schedule.jobs import Job


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def jobs(ctx: click.Context, as_json: bool) -> None:
    """Show each job's last, next, waiting and missed slots.

    Times are in the zone of schedule.time_zone. "Issue" is the slot of the issue that the job works for, "due" is
    when the job's own turn comes.
    """
    if ctx.invoked_subcommand is None:
        _show(as_json)


@pass_app
def _show(app: "App", as_json: bool) -> None:
    from newsletter.schedule.turns import list_turns

    with app.database.read() as connection:
        turns = list_turns(connection, app.ticker.jobs, app.clock.now())
    rows = [(turn.job, turn.state.value, turn.issue_at, turn.due_at, turn.outcome) for turn in turns]
    print_table(["Job", "State", "Issue", "Due", "Outcome"], rows, as_json)


@jobs.command("run")
@click.argument("name")
@click.option(
    "--slot", help="The slot to run, such as 2026-11-26T09:00; otherwise the one that waits, or the next."
)
@pass_app
def run(app: "App", name: str, slot: str | None) -> None:
    """Run a job now.

    It runs as its slot that waits, or else as its next one, and is recorded as that: the schedule will not run it a
    second time.
    """
    from newsletter.schedule.jobs import Waiting
    from newsletter.schedule.runner import Failed
    from newsletter.schedule.slots import slot_words
    from newsletter.schedule.turns import find_named_slot, find_slot_to_run, run_slot

    ticker = app.ticker
    job = _find(ticker.jobs, name)
    record = find_named_slot(ticker, job, slot) if slot else find_slot_to_run(ticker, job)
    result = run_slot(ticker, job, record)
    say(f"{job.name} for {slot_words(record.name, job.schedule.zone)}: {result.words}")
    if isinstance(result, Failed):
        click.get_current_context().exit(1)
    if isinstance(result, Waiting):
        say("It is not done: `newsletter serve` asks again when its time comes.")
    else:
        say("It is recorded as that slot: the schedule will not run it again.")


def _find(loaded: "tuple[Job, ...]", name: str) -> "Job":
    from newsletter.errors import NotFound

    for job in loaded:
        if job.name == name:
            return job
    raise NotFound("job", name, "The jobs are: " + ", ".join(job.name for job in loaded))


COMMANDS: tuple[click.Command, ...] = (
    serve,
    jobs,
)
