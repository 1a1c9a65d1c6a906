"""All the checks on one issue: of a draft as it reads now, of an approved one as it was approved."""

from collections.abc import Callable, Iterable, Iterator

from newsletter.app import App
from newsletter.content.conflicts.contradiction import Contradiction
from newsletter.db.statuses import IssueStatus
from newsletter.delivery.transports.webhook import webhook_trouble
from newsletter.digest.issues import Issue
from newsletter.digest.store import refuse_published
from newsletter.editing.checks.arithmetic import check_arithmetic
from newsletter.editing.checks.changed import changed_figures
from newsletter.editing.checks.content import check_content
from newsletter.editing.checks.figures import check_figures
from newsletter.editing.checks.findings import Finding, Severity, error, warning
from newsletter.editing.checks.gone import check_gone
from newsletter.editing.checks.mail import check_mail
from newsletter.editing.compiled import CompiledIssue, compile_issue, is_frozen
from newsletter.editing.facts import open_contradictions
from newsletter.editing.sending import MARKS, UNDELIVERED, list_obstacles
from newsletter.errors import AlreadyPublished


def check(app: App, issue: Issue) -> tuple[Finding, ...]:
    """Return every finding on the issue as it stands, errors first."""
    compiled = compile_issue(app, issue)
    return _sorted(
        (*check_compiled(app, compiled), *check_published(app, issue), *check_settings(app, issue))
    )


def check_compiled(
    app: App, compiled: CompiledIssue, known: Callable[[], Iterable[Contradiction]] | None = None
) -> tuple[Finding, ...]:
    """Check the issue itself, and the facts behind it. `known` gives the open contradictions where they are remembered."""
    found = [*check_without_facts(app, compiled)]
    if not is_frozen(compiled.issue):
        found += check_figures(app, compiled, open_contradictions(app) if known is None else known())
    elif compiled.issue.status is IssueStatus.APPROVED:
        found += changed_figures(app, compiled)
    return _sorted(found)


def check_without_facts(app: App, compiled: CompiledIssue) -> tuple[Finding, ...]:
    """Check what shows without comparing facts: every error is among it."""
    letter = compiled.letter
    found = [
        *check_content(letter, app.settings, compiled.issue.id),
        *check_arithmetic(letter, app.settings.language),
        *check_gone(app, compiled),
    ]
    if compiled.plan is not None:
        found += check_mail(compiled.plan, letter, compiled.sent)
    else:
        trouble, how = str(compiled.fault), "Put that right first."
        found.append(error("broken", trouble, where="the mail", why="It cannot be made.", how=how, firm=True))
    return _sorted(found)


def check_published(app: App, issue: Issue) -> Iterator[Finding]:
    """Check that no other issue has published an item of the draft; of tens of thousands of items it takes a moment."""
    if is_frozen(issue):
        return
    try:
        with app.database.read() as connection:
            refuse_published(connection, issue.id)
    except AlreadyPublished as trouble:
        yield error(
            f"published:{trouble.item}",
            str(trouble),
            where="items",
            why="Readers would have it twice.",
            how="Exclude it from this issue.",
            link="#items",
            firm=True,
        )


def check_settings(app: App, issue: Issue) -> Iterator[Finding]:
    """Check what stands outside the issues: whether mail may leave, and whether we will hear what becomes of it."""
    if issue.status not in (IssueStatus.DRAFT, IssueStatus.APPROVED):
        return
    is_draft, transport = issue.status is IssueStatus.DRAFT, app.settings.mail.transport
    for obstacle in list_obstacles(app, issue):
        what = f"{obstacle.words[:1].upper()}{obstacle.words[1:]}."
        if obstacle.cause == UNDELIVERED:
            yield warning(
                f"{transport}-undelivered",
                what,
                where=transport,
                why="It can be approved and checked, but it does not go out.",
                how="Change that in newsletter.toml before it is due.",
                firm=not is_draft,
            )
        elif not obstacle.is_chosen and not (is_draft and obstacle.cause == MARKS):
            # That a database was put back keeps nobody from approving.
            setting = obstacle.cause.removeprefix("setting:")
            is_setting = setting != obstacle.cause
            yield error(
                obstacle.cause,
                what,
                where=setting,
                why="No mail may leave without it." if is_setting else "It does not go out like this.",
                how="Set it in newsletter.toml." if is_setting else f"See: {obstacle.command}",
                firm=True,
            )
    if is_draft and (silence := webhook_trouble(app.database, app.settings)):
        yield warning(
            f"{transport}-webhook",
            silence,
            where=transport,
            why="Mail that keeps going to dead addresses ends in spam folders.",
            how=f"Set the webhook up as docs/how-to/{transport}.md says.",
        )


def _sorted(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Put errors first; each key once."""
    by_key: dict[str, Finding] = {}
    for each in found:
        by_key.setdefault(each.key, each)
    return tuple(sorted(by_key.values(), key=lambda each: each.severity is not Severity.ERROR))
