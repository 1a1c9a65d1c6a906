"""`newsletter draft`: making an issue for a slot, and taking newer items into it."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from newsletter.cli.frame import json_option, pass_app, print_json, print_table, say

if TYPE_CHECKING:
    from newsletter.app import App
    from newsletter.db.statuses import Edition
    from newsletter.digest.draft import Drafted, Thin


@click.command()
@click.option(
    "--slot",
    metavar="DATE-TIME",
    help="One of the schedule's slots, as local time: 2026-11-26T09:00, or its day. Default: the next one.",
)
@click.option(
    "--edition",
    type=click.Choice(["weekly", "monthly"]),
    default="weekly",
    show_default=True,
    help="Which edition. A monthly issue is made from the weekly ones that went out since the last.",
)
@click.option(
    "--now", "at_once", is_flag=True, help="Outside the schedule: it may go out once it is approved."
)
@click.option(
    "--merge", is_flag=True, help="Take newer items into the slot's draft; its cutoff moves to now."
)
@click.option("--dry-run", is_flag=True, help="With --merge: only say what would come in, move and go out.")
@click.option(
    "--even-thin", is_flag=True, help="Make an issue of anything at all, whatever digest.thin_week says."
)
@pass_app
def draft(
    app: "App", slot: str | None, edition: str, at_once: bool, merge: bool, dry_run: bool, even_thin: bool
) -> None:
    """Draft an issue from everything not yet published, or a monthly one from what was.

    Drafting the same slot twice changes nothing.
    """
    from newsletter.db.statuses import Edition
    from newsletter.digest.draft import Drafted
    from newsletter.editing.draft import draft_at_once, draft_now, merge_now

    if at_once and slot is not None:
        raise click.UsageError("give --slot or --now, not both")
    if dry_run and (at_once or not merge):
        raise click.UsageError("--dry-run goes with --merge, and not with --now")
    wanted = Edition(edition)
    name = None if slot is None else _slot_name(app, slot, wanted)
    if dry_run:
        _say_merge(app, name, wanted)
        return
    drafted = (
        draft_at_once(app, even_thin=even_thin, edition=wanted)
        if at_once
        else draft_now(app, name, even_thin=even_thin, edition=wanted)
    )
    if merge and isinstance(drafted, Drafted):
        drafted = merge_now(app, drafted.issue)
    _say_drafted(app, drafted)


def _say_merge(app: "App", name: str | None, edition: "Edition") -> None:
    from newsletter.digest.selection import ROOM_NAMES
    from newsletter.digest.store import find_issue_of_slot
    from newsletter.editing.draft import plan_merge
    from newsletter.errors import NotFound
    from newsletter.schedule.slots import issue_schedule, next_slot

    slot = name or next_slot(issue_schedule(app.settings, edition), app.clock.now()).name
    with app.database.read() as connection:
        issue = find_issue_of_slot(connection, edition, slot)
    if issue is None:
        raise NotFound("issue for", slot, "Make one with: newsletter draft")
    plan = plan_merge(app, issue)
    counted = ((plan.comes, plan.coming), (plan.moves, plan.moving), (plan.goes, plan.going))
    for what, (changes, count) in zip(("comes in", "moves", "goes out"), counted, strict=True):
        for each in changes:
            places = [ROOM_NAMES[room] for room in (each.before, each.after) if room is not None]
            say(f"{each.title} {what}: {' → '.join(places)}")
        if count > len(changes):
            say(f"And {count - len(changes):,} more: {what}.")
    say("Nothing would change." if plan.is_empty else "Nothing was changed: leave out --dry-run to merge.")


def _slot_name(app: "App", text: str, edition: "Edition") -> str:
    from newsletter.schedule.slots import issue_schedule, named_slot

    schedule = issue_schedule(app.settings, edition)
    return named_slot(schedule, text, now=app.clock.now(), catch_up=app.settings.schedule.catch_up).name


def _say_drafted(app: "App", drafted: "Drafted | Thin") -> None:
    from newsletter.db.statuses import IssueStatus
    from newsletter.digest.draft import Thin
    from newsletter.schedule.slots import slot_words

    if isinstance(drafted, Thin):
        anyway = " To make one anyway: newsletter draft --even-thin" if drafted.waiting else ""
        say(f"{drafted.words}{anyway}")
        return
    issue = drafted.issue
    slot = slot_words(issue.slot, app.settings.zone)
    if drafted.fresh:
        say(
            f"Issue {issue.label} for {slot} is drafted. Look at it: newsletter preview {issue.id} --format text"
        )
    else:
        say(f"There is already an issue for {slot}: {issue.label}, {issue.status}. Nothing was changed.")
        if issue.status is IssueStatus.CANCELLED:
            say("For one outside the schedule: newsletter draft --now")


# `newsletter edit|undo`: correcting a draft from the command line, as the desk does on its pages.

if TYPE_CHECKING:
    from newsletter.app import App
    from newsletter.digest.issues import Issue, ItemKey
    from newsletter.editing.edits import Edit

PLACES = ("up", "down", "lead", "more", "card", "overflow")

#: What is given more than once, with the value it takes.
Pairs = Sequence[tuple[str, str]]


@click.command()
@click.argument("issue", metavar="ISSUE")
@click.option("--subject", metavar="TEXT", help="The subject; empty: computed.")
@click.option(
    "--preheader", metavar="TEXT", help="What mail programs show after the subject; empty: computed."
)
@click.option("--note", metavar="MARKDOWN", help="Your own words at the top, at most 60.")
@click.option("--bottom-line", metavar="TEXT", help="The lead's one sentence; empty: computed.")
@click.option("--lead", metavar="ITEM", help="The comparison that leads.")
@click.option(
    "--move",
    metavar="ITEM PLACE",
    type=(str, click.Choice(PLACES)),
    multiple=True,
    help=f"Put an item somewhere else: {', '.join(PLACES)}. It is pinned there.",
)
@click.option(
    "--pin", metavar="ITEM", multiple=True, help="Leave an item where it is when newer ones are merged."
)
@click.option("--unpin", metavar="ITEM", multiple=True, help="Let the rules place an item again.")
@click.option("--exclude", metavar="ITEM", multiple=True, help="Keep an item out until the next issue.")
@click.option("--never", metavar="ITEM", multiple=True, help="Keep an item out of every issue.")
@click.option("--bring-back", metavar="ITEM", multiple=True, help="Take back an exclusion of this issue.")
@click.option(
    "--item-note",
    metavar="ITEM MARKDOWN",
    type=(str, str),
    multiple=True,
    help="What you say of an item, at most 30 words; empty: nothing.",
)
@click.option(
    "--quote",
    metavar="REVIEW SENTENCE",
    type=(str, str),
    multiple=True,
    help="Quote another sentence of a review of the lead's; empty: computed.",
)
@pass_app
def edit(
    app: "App",
    issue: str,
    subject: str | None,
    preheader: str | None,
    note: str | None,
    bottom_line: str | None,
    lead: str | None,
    move: Pairs,
    pin: Sequence[str],
    unpin: Sequence[str],
    exclude: Sequence[str],
    never: Sequence[str],
    bring_back: Sequence[str],
    item_note: Pairs,
    quote: Pairs,
) -> None:
    """Correct a draft: write over what is computed, move, pin or take out items.

    ITEM is a key of `newsletter show ISSUE`, with its kind where that is needed: "verdict:kite". All that one command
    says is done as one step, or none of it; `newsletter undo ISSUE` takes it back.
    """
    from newsletter.db.statuses import ExclusionReach
    from newsletter.editing.audit import COMMAND_LINE
    from newsletter.editing.edits import BringBack, Exclude, Pin, Write, WriteNote, make_edits
    from newsletter.editing.issues import find_issue

    words = Write(subject=subject, preheader=preheader, note=note, bottom_line=bottom_line)
    asked = (words.texts, lead, move, pin, unpin, exclude, never, bring_back, item_note, quote)
    if not any(asked):
        raise click.UsageError("say what to change, for example --subject TEXT")
    found = find_issue(app.database, issue)
    edits: list[Edit] = [words] if words.texts else []
    moves = [*([(lead, "lead")] if lead else []), *move]
    edits += [_move(_item(app, found, name), place) for name, place in moves]
    edits += [Pin(_item(app, found, name)) for name in pin]
    edits += [Pin(_item(app, found, name), pinned=False) for name in unpin]
    edits += [Exclude(_item(app, found, name), ExclusionReach.THIS_ISSUE) for name in exclude]
    edits += [Exclude(_item(app, found, name), ExclusionReach.FOR_EVER) for name in never]
    edits += [BringBack(_item(app, found, name)) for name in bring_back]
    edits += [WriteNote(_item(app, found, name), text) for name, text in item_note]
    edits += _quotes(app, found, quote)
    edited = make_edits(app, found, edits, by=COMMAND_LINE)
    if edited.version == found.version:
        say(f"Issue {edited.label} is so already. Nothing was changed.")
        return
    say(f"Issue {edited.label} is changed. Look at it: newsletter preview {edited.id} --format text")


@click.command()
@click.argument("issue", metavar="ISSUE")
@click.option("--redo", is_flag=True, help="Do again what was undone last.")
@pass_app
def undo(app: "App", issue: str, redo: bool) -> None:
    """Take back the last edit of a draft; again, the one before."""
    from newsletter.editing import revisions
    from newsletter.editing.audit import COMMAND_LINE
    from newsletter.editing.issues import find_issue

    found = find_issue(app.database, issue)
    step = revisions.redo if redo else revisions.undo
    changed = step(app, found, by=COMMAND_LINE)
    with app.database.read() as connection:
        [last] = revisions.list_revisions(connection, changed.id, most=1)
    say(f"Issue {changed.label}. {last.what}.")


def _item(app: "App", issue: "Issue", name: str) -> "ItemKey":
    from newsletter.editing.edits import find_item

    with app.database.read() as connection:
        return find_item(connection, issue.id, name)


def _move(item: "ItemKey", place: str) -> "Edit":
    from newsletter.db.statuses import Room
    from newsletter.digest.selection import Way
    from newsletter.editing.edits import MoveItem

    return MoveItem(item, Way(place) if place in set(Way) else Room(place))


def _quotes(app: "App", issue: "Issue", quotes: Pairs) -> Iterator["Edit"]:
    from newsletter.db.statuses import ItemKind, Room
    from newsletter.digest.store import read_shown_items
    from newsletter.editing.edits import ChooseQuote

    if not quotes:
        return
    with app.database.read() as connection:
        items = read_shown_items(connection, issue.id, 0).items
    leads = [each.key for each in items if each.room is Room.LEAD and each.kind is ItemKind.COMPARISON]
    yield from (ChooseQuote(lead, review, words) for review, words in quotes for lead in leads)


# `newsletter check|answer|test-send|hold|release`: what an editor does between a draft and its going out.

if TYPE_CHECKING:
    from newsletter.app import App
    from newsletter.editing.checks import Finding

issue_argument = click.argument("issue", metavar="ISSUE")
by_option = click.option(
    "--by", metavar="NAME", default="command line", show_default=True, help="Who, for the record."
)


@click.command()
@issue_argument
@click.option("--slow", is_flag=True, help="Ask SpamAssassin as well, where it is installed, and open links.")
@json_option
@pass_app
def check(app: "App", issue: str, slow: bool, as_json: bool) -> None:
    """Check an issue before approval; exits with 1 when something holds it back.

    Errors hold it until they are mended or overridden with a reason; warnings are acknowledged: `newsletter answer`. Links are opened only with --slow or desk.check_links, never on a private network.
    """
    from newsletter.editing.checks import check as run_checks
    from newsletter.editing.checks.answers import with_answers
    from newsletter.editing.checks.links import Opener
    from newsletter.editing.checks.slow import SlowCheck, run_slow_check
    from newsletter.editing.compiled import compile_issue
    from newsletter.editing.issues import find_issue

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
    if any(each.holds_back for each in answered):
        click.get_current_context().exit(1)


def _print(issue_id: int, findings: "tuple[Finding, ...]") -> None:
    for number, finding in enumerate(findings, 1):
        answer = finding.answer
        said = f" ({answer.answer} by {answer.by})" if answer else ""
        say(f"{number}. {finding.severity}{said}, {finding.where}: {finding.what}")
        say(f"   {finding.why} {finding.how}")
        for choice in finding.conflict.options if finding.conflict else ():
            say(f"   - {choice.value}, {choice.said_by}: --use {choice.claim_id}")
        if answer is None and (options := _options(finding)):
            say(f"   To answer: newsletter answer {issue_id} '{finding.key}' {' | '.join(options)}")


def _options(finding: "Finding") -> list[str]:
    if finding.severity == "error":
        return [] if finding.firm else ["--override REASON"]
    conflict = finding.conflict
    options = ["--use CLAIM"] if conflict and conflict.options else []
    options += ["--both"] if conflict and conflict.both else []
    options += ["--leave-out"] if conflict else []
    return [*options, "--acknowledge"]


def _document(finding: "Finding") -> dict[str, object]:
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
        "choices": _choices(finding),
        "answer": answer.answer if answer else None,
        "reason": answer.reason if answer else None,
        "by": answer.by if answer else None,
    }


def _choices(finding: "Finding") -> list[dict[str, str]]:
    choices = finding.conflict.options if finding.conflict else ()
    return [{"claim": each.claim_id, "value": each.value, "said_by": each.said_by} for each in choices]


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
    app: "App",
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
    from newsletter.editing.checks import answers
    from newsletter.editing.checks import check as run_checks
    from newsletter.editing.issues import find_issue

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
    finding = answers.find_finding(run_checks(app, found), key)
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
    app: "App",
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
    from newsletter.delivery.transports import require_ready_to_send
    from newsletter.editing import test_send as trial
    from newsletter.editing.compiled import letter_of
    from newsletter.editing.issues import find_issue

    if group and not app.settings.desk.test_group:
        raise click.UsageError(
            "desk.test_group is empty: name its addresses in newsletter.toml, or give --to"
        )
    require_ready_to_send(app.settings)
    found = find_issue(app.database, issue)
    wanted = kinds or (() if readers else ("usual",))
    letter = letter_of(app, found)
    copies = {each: trial.sample_preferences(letter, trial.SampleReader(each)) for each in wanted}
    copies |= dict(trial.preferences_of_reader(app, each) for each in readers)
    tried = trial.send_test(app, found, [*to, *(app.settings.desk.test_group if group else ())], copies, by)
    print_table(("To", "As", "Outcome"), [(each.to, each.copy, _outcome(each)) for each in tried])
    if not all(each.was_accepted for each in tried):
        click.get_current_context().exit(1)


def _outcome(tried: object) -> str:
    from newsletter.editing.test_send import SentTest

    assert isinstance(tried, SentTest)
    return "accepted" if tried.was_accepted else f"not accepted ({tried.code})"


@click.command()
@issue_argument
@click.option("--reason", default="", metavar="TEXT", help="Why, for the record.")
@by_option
@pass_app
def hold(app: "App", issue: str, reason: str, by: str) -> None:
    """Hold an issue back: it does not go out until it is released, whatever its time."""
    from newsletter.editing.issues import find_issue
    from newsletter.editing.sending import hold as hold_back

    held = hold_back(app, find_issue(app.database, issue), by, reason)
    say(f"Issue {held.label} is held back. To let it go: newsletter release {held.id}")


@click.command()
@issue_argument
@click.option(
    "--at", metavar="TIME", help="At this local time instead of its slot's, such as 2026-11-27T08:00."
)
@by_option
@pass_app
def release(app: "App", issue: str, at: str | None, by: str) -> None:
    """Let an issue that was held back go out at its time again, or let any go at another time.

    TIME is local time in schedule.time_zone; that of its slot takes a choice back.
    """
    from newsletter.db.statuses import IssueStatus
    from newsletter.editing.issues import find_issue
    from newsletter.editing.send_time import choose_time
    from newsletter.editing.sending import release as let_go

    found = find_issue(app.database, issue)
    if at is not None:
        say(choose_time(app, found, at, by).sentence)
        return
    issue_now = let_go(app, found, by)
    approval = "" if issue_now.status is IssueStatus.APPROVED else ", once it is approved"
    say(f"Issue {issue_now.label} goes out at its time{approval}.")


COMMANDS: tuple[click.Command, ...] = (
    draft,
    edit,
    undo,
    check,
    answer,
    test_send,
    hold,
    release,
)
