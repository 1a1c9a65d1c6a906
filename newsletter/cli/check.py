"""`newsletter check|answer|test-send|hold|release`: what an editor does between a draft and its going out."""

import click

from newsletter.app import App
from newsletter.cli.frame import json_option, pass_app, print_json, print_table, say, say_undelivered
from newsletter.commands import suggest
from newsletter.db.statuses import IssueStatus
from newsletter.editing import test_send as trial
from newsletter.editing.checks import Finding, answers
from newsletter.editing.checks import check as run_checks
from newsletter.editing.checks.answers import with_answers
from newsletter.editing.checks.links import Opener
from newsletter.editing.checks.slow import SlowCheck, run_slow_check
from newsletter.editing.compiled import compile_issue, letter_of
from newsletter.editing.issues import find_issue
from newsletter.editing.send_time import choose_time
from newsletter.editing.sending import hold as hold_back
from newsletter.editing.sending import release as let_go

issue_argument = click.argument("issue", metavar="ISSUE")

by_option = click.option(
    "--by", metavar="NAME", default="command line", show_default=True, help="Who, for the record."
)


@click.command()
@issue_argument
@click.option("--slow", is_flag=True, help="Ask SpamAssassin as well, where it is installed, and open links.")
@json_option
@pass_app
def check(app: App, issue: str, slow: bool, as_json: bool) -> None:
    """Check an issue before approval; exits with 1 when something holds it back.

    Errors hold it until they are mended or overridden with a reason; warnings are acknowledged: `newsletter answer`. Links are opened only with --slow or desk.check_links, never on a private network.
    """
    found = find_issue(app.database, issue)
    findings = run_checks(app, found)
    if slow or app.settings.desk.check_links:
        compiled = compile_issue(app, found)
        asked = SlowCheck if slow else (SlowCheck.LINKS,)
        findings += tuple(each for one in asked for each in run_slow_check(one, compiled, Opener()))
    answered = with_answers(app, found, findings)
    if as_json:
        print_json([_document(each) for each in answered])
    elif answered:
        _print(found.id, answered)
    else:
        say("Nothing to complain of.")
    if not as_json:
        say_undelivered(app)
    if any(each.blocks_approval for each in answered):
        click.get_current_context().exit(1)


def _print(issue_id: int, findings: tuple[Finding, ...]) -> None:
    for number, finding in enumerate(findings, 1):
        answer = finding.answer
        said = f" ({answer.answer} by {answer.by})" if answer else ""
        say(f"{number}. {finding.severity}{said}, {finding.where}: {finding.what}")
        say(f"   {finding.why} {finding.how}")
        for choice in finding.conflict.options if finding.conflict else ():
            say(f"   - {choice.value}, {choice.said_by}: --use {choice.claim_id}")
        if answer is None and (options := _options(finding)):
            say(f"   To answer: {suggest('answer', issue_id, finding.key)} {' | '.join(options)}")


def _options(finding: Finding) -> list[str]:
    if finding.severity == "error":
        return [] if finding.firm else ["--override REASON"]
    conflict = finding.conflict
    options = ["--use CLAIM"] if conflict and conflict.options else []
    options += ["--both"] if conflict and conflict.both else []
    options += ["--leave-out"] if conflict else []
    return [*options, "--acknowledge"]


def _document(finding: Finding) -> dict[str, object]:
    answer = finding.answer
    return {
        "key": finding.key,
        "severity": finding.severity,
        "what": finding.what,
        "where": finding.where,
        "why": finding.why,
        "how": finding.how,
        "link": finding.link,
        "may_be_overridden": finding.severity == "error" and not finding.firm,
        "choices": [
            {"claim": each.claim_id, "value": each.value, "said_by": each.said_by}
            for each in (finding.conflict.options if finding.conflict else ())
        ],
        "answer": answer.answer if answer else None,
        "reason": answer.reason if answer else None,
        "by": answer.by if answer else None,
    }


@click.command()
@issue_argument
@click.argument("key", metavar="KEY")
@click.option("--acknowledge", is_flag=True, help="The warning was seen.")
@click.option(
    "--override", metavar="REASON", help="Let the issue go in spite of the error; the reason is kept."
)
@click.option("--use", metavar="CLAIM", help="Print this claim from now on.")
@click.option("--both", is_flag=True, help="Print the values side by side.")
@click.option("--leave-out", is_flag=True, help="Print nothing of it.")
@click.option("--take-back", is_flag=True, help="Ask again.")
@by_option
@pass_app
def answer(
    app: App,
    issue: str,
    key: str,
    acknowledge: bool,
    override: str | None,
    use: str | None,
    both: bool,
    leave_out: bool,
    take_back: bool,
    by: str,
) -> None:
    """Answer a finding of `newsletter check`, named by its KEY.

    An answer holds as long as the finding says the same. --use and --leave-out are rulings, as `newsletter facts rule` makes
    them, and mend the draft at once.
    """
    given = [acknowledge, override is not None, use is not None, both, leave_out, take_back]
    if given.count(True) != 1:
        raise click.UsageError(
            "give one of --acknowledge, --override REASON, --use CLAIM, --both, --leave-out, --take-back"
        )
    found = find_issue(app.database, issue)
    if take_back:
        was_answered = answers.take_back(app, found, key, by)
        say("It is asked again." if was_answered else "Nothing had been answered.")
        return
    finding = answers.find_finding(found, run_checks(app, found), key)
    if override is not None:
        answers.override(app, found, finding, override, by)
    elif use is not None:
        answers.use_claim(app, found, finding, use, by)
    elif leave_out:
        answers.leave_out(app, found, finding, by)
    elif both:
        answers.show_both(app, found, finding, by)
    else:
        answers.acknowledge(app, found, finding, by)
    say(f"Answered: {finding.what}")


@click.command("test-send")
@issue_argument
@click.option("--to", multiple=True, metavar="ADDRESS", help="Whom it goes to; may be given again.")
@click.option("--group", is_flag=True, help="To everybody in desk.test_group.")
@click.option(
    "--as",
    "kinds",
    multiple=True,
    type=click.Choice(["usual", "topics", "follower", "volume", "everything"]),
    help="As a made-up reader of this kind; may be given again. Default: usual.",
)
@click.option("--as-reader", "readers", multiple=True, metavar="ADDRESS", help="As this reader would get it.")
@by_option
@pass_app
def test_send(
    app: App,
    issue: str,
    to: tuple[str, ...],
    group: bool,
    kinds: tuple[str, ...],
    readers: tuple[str, ...],
    by: str,
) -> None:
    """Send an issue to people who check it, exactly as it will go out, marked in its subject.

    It goes by the way out that issues go by and is in no ledger; its links lead nowhere, so that nobody can leave by one.
    """
    if group and not app.settings.desk.test_group:
        raise click.UsageError(
            "desk.test_group is empty: name its addresses in newsletter.toml, or give --to"
        )
    app.require_ready()
    found = find_issue(app.database, issue)
    wanted = kinds or (() if readers else ("usual",))
    letter = letter_of(app, found)
    copies = {each: trial.sample_preferences(letter, trial.SampleReader(each)) for each in wanted}
    copies |= dict(trial.preferences_of_reader(app, each) for each in readers)
    tried = trial.send_test(app, found, [*to, *(app.settings.desk.test_group if group else ())], copies, by)
    say_undelivered(app)
    outcomes = ("accepted" if each.was_accepted else f"not accepted ({each.code})" for each in tried)
    rows = ((each.to, each.copy, outcome) for each, outcome in zip(tried, outcomes, strict=True))
    print_table(("To", "As", "Outcome"), rows)
    if not all(each.was_accepted for each in tried):
        click.get_current_context().exit(1)


@click.command()
@issue_argument
@click.option("--reason", default="", metavar="TEXT", help="Why, for the record.")
@by_option
@pass_app
def hold(app: App, issue: str, reason: str, by: str) -> None:
    """Put an issue on hold: it does not go out until it is released, whatever its time."""
    held = hold_back(app, find_issue(app.database, issue), by, reason)
    say(f"Issue {held.label} is on hold. To let it go: {suggest('release', held.id)}")


@click.command()
@issue_argument
@click.option(
    "--at", metavar="TIME", help="At this local time instead of its slot's, such as 2026-11-27T08:00."
)
@by_option
@pass_app
def release(app: App, issue: str, at: str | None, by: str) -> None:
    """Let an issue that is on hold go out at its time again, or let any go at another time.

    TIME is local time in schedule.time_zone; that of its slot takes a choice back.
    """
    found = find_issue(app.database, issue)
    if at is not None:
        say(choose_time(app, found, at, by).sentence)
        return
    issue_now = let_go(app, found, by)
    approval = "" if issue_now.status is IssueStatus.APPROVED else ", once it is approved"
    say(f"Issue {issue_now.label} goes out at its time{approval}.")


COMMANDS: tuple[click.Command, ...] = (
    check,
    answer,
    test_send,
    hold,
    release,
)
