"""What an issue shows and the site has no longer: deleted there since it was drafted, as the last sync found."""

from collections.abc import Iterator

from newsletter.app import App
from newsletter.commands import suggest
from newsletter.content.store import ContentStore
from newsletter.db.statuses import IssueStatus, ItemKind
from newsletter.digest.issues import ItemKey
from newsletter.digest.store import items_of
from newsletter.digest.wording import clip
from newsletter.editing.checks.findings import Finding, error, warning
from newsletter.editing.compiled import CompiledIssue, is_frozen


def check_gone(app: App, compiled: CompiledIssue) -> Iterator[Finding]:
    """Check that the site still has what a draft, or an approved issue that waits, shows."""
    issue = compiled.issue
    if issue.status not in (IssueStatus.DRAFT, IssueStatus.APPROVED):
        return
    with app.database.read() as connection:
        shown = [each.item_key for each in items_of(connection, issue.id) if not each.is_told]
    shown += [ItemKey(ItemKind.COMPARISON, each.comparison_id) for each in compiled.letter.weeks]
    with app.content() as content:
        gone = dict(_gone(content, shown))
    for item, name in gone.items():
        what = f"The site no longer has {clip(name)}"
        key, why = (
            f"gone:{item.kind}:{item.key}",
            "Its links lead nowhere, and what was said there is withdrawn.",
        )
        if is_frozen(issue):
            how = "Withdraw the issue and keep that out of it, or let it go as it is."
            yield warning(key, what, where="items", why=why, how=how)
        else:
            how = f"Keep it out: {suggest('edit', issue.id, '--exclude', item.name)}"
            yield error(key, what, where="items", why=why, how=how, link="#items")


def _gone(content: ContentStore, shown: list[ItemKey]) -> Iterator[tuple[ItemKey, str]]:
    """Yield what is gone of what is shown, with what readers know it by."""
    tools, comparisons = content.gone_tools(), content.gone_comparisons()
    if not tools and not comparisons:
        return
    compared = content.comparisons(each.key for each in shown if each.kind is ItemKind.COMPARISON)
    asked = content.questions_by_id(each.key for each in shown if each.kind is ItemKind.QUESTION)
    sides = (side for each in compared.values() for side in (each.left_id, each.right_id))
    named = content.tools({*sides, *(each.key for each in shown)})
    for item in shown:
        if item.kind is ItemKind.COMPARISON:
            if item.key in comparisons and item.key in compared:
                pair = compared[item.key]
                yield item, f"{named[pair.left_id].name} vs {named[pair.right_id].name}"
        elif item.kind is ItemKind.QUESTION:
            question = asked.get(item.key)
            if question and (question.comparison_id in comparisons or question.tool_id in tools):
                yield item, question.question
        elif item.key in named and named[item.key].id in tools:
            yield item, named[item.key].name
