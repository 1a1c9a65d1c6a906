"""`newsletter facts`: what is printed of a tool and why, what contradicts itself, and the editor's ruling."""

from collections.abc import Iterable

import click

from newsletter.app import App
from newsletter.cli.frame import json_option, pass_app, print_json, print_table, say
from newsletter.content.conflicts.contradiction import Contradiction, ContradictionSide
from newsletter.digest.wording import clip
from newsletter.editing.facts import (
    DatedClaim,
    FactSheet,
    facts_of,
    open_contradictions,
    withdraw_ruling,
)
from newsletter.editing.facts import rule as rule_on

#: Sentences listed at most.
NOT_UNDERSTOOD = 50
COLUMNS = ("Attribute", "Value", "Rule", "Source", "Line", "Dated", "Age", "Claim")


class Facts(click.Group):
    """A group whose first word may be a tool: `newsletter facts TOOL` is `newsletter facts show TOOL`."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        known = args[0] in self.commands or args[0].startswith("-")
        return super().resolve_command(ctx, args if known else ["show", *args])


@click.group(cls=Facts, subcommand_metavar="TOOL | COMMAND [ARGS]...")
def facts() -> None:
    """What is printed of a tool and why, and where sources contradict each other.

    `newsletter facts TOOL` is short for `newsletter facts show TOOL`.
    """


@facts.command()
@click.argument("tool", metavar="TOOL")
@json_option
@pass_app
def show(app: App, tool: str, as_json: bool) -> None:
    """Show every fact on a tool: claim, source, line, date, the rule that chose it, and what differs.

    A fact is stale when its statement is older than digest.stale_after.
    """
    sheet = facts_of(app, tool)
    if as_json:
        print_json(_sheet(sheet))
        return
    rows = (
        _row(each, "differs" if place else fact.reason)
        for fact, claims in sheet.facts
        for place, each in enumerate(claims)
    )
    print_table(COLUMNS, rows)
    for attribute in sheet.left_out:
        say(f"An editor leaves out {attribute}.")
    if sheet.contradictions:
        click.echo()
        _print(sheet.contradictions)


def _row(stated: DatedClaim, rule: str) -> tuple[object, ...]:
    claim = stated.claim
    unit = claim.unit if claim.number is not None else ""
    return (
        claim.attribute,
        f"{claim.value} {unit}".strip(),
        rule,
        stated.source.name,
        claim.line,
        stated.day,
        "stale" if stated.stale else "",
        claim.id,
    )


def _sheet(sheet: FactSheet) -> dict[str, object]:
    return {
        "tool": sheet.tool.id,
        "facts": [
            {
                **_stated(chosen),
                "rule": fact.reason,
                "differs": [_stated(other) for other in others],
            }
            for fact, (chosen, *others) in sheet.facts
        ],
        "left_out": list(sheet.left_out),
        "contradictions": [_finding(each) for each in sheet.contradictions],
    }


def _stated(stated: DatedClaim) -> dict[str, object]:
    claim = stated.claim
    return {
        "attribute": claim.attribute,
        "value": claim.value,
        "unit": claim.unit,
        "source": stated.source.name,
        "line": claim.line,
        "dated": stated.day,
        "stale": stated.stale,
        "claim": claim.id,
        "words": claim.words,
    }


@facts.command()
@json_option
@pass_app
def check(app: App, as_json: bool) -> None:
    """List what contradicts itself: both statements, where they stand, and why they cannot both be true.

    What an editor has ruled on is not listed again. Price sentences that were not understood, so that nothing is held
    against them, are counted and listed below.
    """
    not_understood: list[ContradictionSide] = []
    found = open_contradictions(app, not_understood)
    if as_json:
        print_json([_finding(each) for each in found])
        return
    if found:
        _print(found)
    else:
        say("Nothing contradicts itself.")
    if not_understood:
        count = len(not_understood)
        say(
            "1 price sentence was not understood:"
            if count == 1
            else f"{count} price sentences were not understood:"
        )
        for side in not_understood[:NOT_UNDERSTOOD]:
            say(f'   - {side.place}: "{clip(side.words, 160)}"')
        if count > NOT_UNDERSTOOD:
            say(f"   … and {count - NOT_UNDERSTOOD} more.")


def _print(found: Iterable[Contradiction]) -> None:
    for number, each in enumerate(found, 1):
        sure = "" if each.certain else ", likely"
        say(f"{number}. {each.kind} ({_severity(each)}{sure}): {', '.join(each.tool_ids)}, {each.attribute}")
        say(f"   {each.reason}.")
        for side in (each.left, each.right, *each.also):
            say(f'   - {side.place}, {side.dated}: {side.value}. "{clip(side.words, 160)}"')


def _severity(found: Contradiction) -> str:
    return "serious" if found.is_serious else "minor"


def _finding(found: Contradiction) -> dict[str, object]:
    return {
        "kind": found.kind,
        "severity": _severity(found),
        "certain": found.certain,
        "tools": list(found.tool_ids),
        "attribute": found.attribute,
        "reason": found.reason,
        "left": _side(found.left),
        "right": _side(found.right),
        "also": [_side(each) for each in found.also],
    }


def _side(side: ContradictionSide) -> dict[str, object]:
    return {
        "tool": side.tool_id,
        "value": side.value,
        "words": side.words,
        "source": side.source,
        "line": side.line,
        "dated": side.dated,
        "claim": side.claim_id,
    }


@facts.command()
@click.argument("tool", metavar="TOOL")
@click.argument("attribute", metavar="ATTRIBUTE")
@click.argument("claim", metavar="CLAIM", required=False)
@click.option("--leave-out", is_flag=True, help="Print nothing of it, and ask no more.")
@click.option("--withdraw", is_flag=True, help="Take an earlier ruling back.")
@click.option("--reason", default="", metavar="TEXT", help="Why, for the record.")
@click.option(
    "--by", metavar="NAME", default="command line", show_default=True, help="Who rules, for the record."
)
@pass_app
def rule(
    app: App,
    tool: str,
    attribute: str,
    claim: str | None,
    leave_out: bool,
    withdraw: bool,
    reason: str,
    by: str,
) -> None:
    """Rule which claim is the fact, or that nothing is printed.

    CLAIM is an id that `newsletter facts TOOL` shows. A ruling on a claim holds as long as its source says so. That
    two records are not one tool is ruled with the attribute "identity" and --leave-out.
    """
    if [claim is not None, leave_out, withdraw].count(True) != 1:
        raise click.UsageError("give a CLAIM, or --leave-out, or --withdraw")
    if withdraw:
        withdraw_ruling(app, tool, attribute)
        say(f"The ruling on {attribute} of {tool} is taken back.")
        return
    ruled = rule_on(app, tool, attribute, claim, reason=reason, by=by)
    what = f"left out of {ruled.name}" if claim is None else f"of {ruled.name} is settled by {claim}"
    say(f"Ruled: {attribute} {what}. Issues that are approved already stay as they are.")


COMMANDS: tuple[click.Command, ...] = (facts,)
