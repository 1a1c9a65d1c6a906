"""`newsletter jobs`: what the schedule did, does and will do, and running a job now."""

from datetime import timedelta

import click
from sqlalchemy import Connection

from newsletter.app import App
from newsletter.cli.frame import json_option, pass_app, print_table, say
from newsletter.db.statuses import Edition, IssueStatus
from newsletter.digest.store import find_issue_of_slot
from newsletter.editing.send_time import goes_out_words, own_time
from newsletter.errors import NotFound
from newsletter.schedule.jobs import Waiting
from newsletter.schedule.runner import Failed
from newsletter.schedule.slots import NAME, issue_schedule, slot_words
from newsletter.schedule.turns import Turn, find_named_slot, find_slot_to_run, list_turns, run_slot


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
def _show(app: App, as_json: bool) -> None:
    with app.database.read() as connection:
        turns = list_turns(connection, app.ticker.jobs, app.clock.now())
        rows = [
            (
                turn.job,
                turn.state.value,
                turn.issue_at,
                turn.due_at,
                turn.outcome or _foreseen(app, connection, turn),
            )
            for turn in turns
        ]
    print_table(["Job", "State", "Issue", "Due", "Outcome"], rows, as_json)


def _foreseen(app: App, connection: Connection, turn: Turn) -> str:
    """Return why a turn of a job for issues will come to nothing, or be later; empty where nothing is known of it."""
    schedule = next(each.schedule for each in app.ticker.jobs if each.name == turn.job).before(timedelta(0))
    for edition in Edition:
        issue = find_issue_of_slot(connection, edition, turn.issue_at.strftime(NAME))
        if issue is None or schedule != issue_schedule(app.settings, edition):
            continue
        if issue.status not in (IssueStatus.DRAFT, IssueStatus.APPROVED):
            return f"Issue {issue.label} was {issue.status} already."
        if own_time(issue, app.settings.zone) is not None:
            return f"Issue {issue.label} goes out on {goes_out_words(issue, app.settings.zone)}."
    return ""


@jobs.command("run")
@click.argument("name")
@click.option(
    "--slot", help="The slot to run, such as 2026-11-26T09:00; otherwise the one that waits, or the next."
)
@pass_app
def run(app: App, name: str, slot: str | None) -> None:
    """Run a job now.

    It runs as its slot that waits, or else as its next one, and is recorded as that: the schedule will not run it a
    second time.
    """
    ticker = app.ticker
    job = next((each for each in ticker.jobs if each.name == name), None)
    if job is None:
        raise NotFound("job", name, "The jobs are: " + ", ".join(each.name for each in ticker.jobs))
    record = find_named_slot(ticker, job, slot) if slot else find_slot_to_run(ticker, job)
    result = run_slot(ticker, job, record)
    say(f"{job.name} for {slot_words(record.name, job.schedule.zone)}: {result.words}")
    if isinstance(result, Failed):
        click.get_current_context().exit(1)
    if isinstance(result, Waiting):
        say("It is not done: `newsletter serve` asks again when its time comes.")
    else:
        say("It is recorded as that slot: the schedule will not run it again.")


COMMANDS: tuple[click.Command, ...] = (jobs,)
