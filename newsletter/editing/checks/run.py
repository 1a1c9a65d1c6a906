"""All the checks on one issue: of a draft as it reads now, of an approved one as it was approved."""

from collections.abc import Callable, Iterable, Iterator

from newsletter.app import App
from newsletter.config import Settings, require_ready_to_send
from newsletter.content.conflicts.findings import Contradiction
from newsletter.content.store import ContentStore
from newsletter.db.statuses import IssueStatus
from newsletter.delivery.transports.sendgrid_webhook import webhook_trouble
from newsletter.digest.issues import Issue
from newsletter.digest.store import refuse_published
from newsletter.editing.checks import figures
from newsletter.editing.checks.content import in_letter
from newsletter.editing.checks.figures import changed, reckoned
from newsletter.editing.checks.findings import Finding, Severity, error, read_printed, warning
from newsletter.editing.checks.links import Opener, unreachable
from newsletter.editing.checks.mail import in_mail
from newsletter.editing.checks.spam import spam as ask_spamassassin
from newsletter.editing.facts import open_contradictions
from newsletter.editing.preview import Proof, is_frozen, pull_proof
from newsletter.errors import AlreadyPublished, ConfigError


def check(app: App, issue: Issue) -> tuple[Finding, ...]:
    """Every finding on the issue as it stands, errors first."""
    return check_proof(app, pull_proof(app, issue))


def check_proof(app: App, proof: Proof) -> tuple[Finding, ...]:
    """Every finding on a proof, errors first; what depends on more than the proof is looked up now."""
    around = (*published(app, proof.issue), *look_around(app, proof.issue))
    return _sorted((*look_over(app, proof), *around))


def look_over(
    app: App, proof: Proof, known: Callable[[], Iterable[Contradiction]] | None = None
) -> tuple[Finding, ...]:
    """What the proof itself shows, and the facts behind it. `known` gives the open contradictions where they are remembered."""
    found = [*look_at_mail(app, proof)]
    if not is_frozen(proof.issue):
        contradictions = known() if known is not None else open_contradictions(app)
        with app.content() as content:
            found += _facts(app, proof, content, contradictions)
    elif proof.issue.status is IssueStatus.APPROVED:
        found += changed(app, proof)
    return _sorted(found)


def look_at_mail(app: App, proof: Proof) -> tuple[Finding, ...]:
    """What shows without looking anything up: every error among it."""
    letter = proof.letter
    found = [*in_letter(letter, app.settings), *reckoned(letter)]
    if proof.plan is None:
        found.append(_broken(proof.trouble))
    else:
        found += in_mail(proof.plan, letter, proof.sent)
    return _sorted(found)


def look_around(app: App, issue: Issue) -> Iterator[Finding]:
    """What stands outside the issues: settings, the way back."""
    if not is_frozen(issue):
        yield from _settings(app.settings)
        yield from _way_back(app)


def _sorted(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Errors first, each key once."""
    by_key: dict[str, Finding] = {}
    for each in found:
        by_key.setdefault(each.key, each)
    return tuple(sorted(by_key.values(), key=lambda each: each.severity is not Severity.ERROR))


def _broken(trouble: str) -> Finding:
    return error("broken", trouble, "the mail", "It cannot be made.", "Put that right first.", firm=True)


def _facts(
    app: App, proof: Proof, content: ContentStore, contradictions: Iterable[Contradiction]
) -> Iterator[Finding]:
    letter, settings = proof.letter, app.settings
    printed = read_printed(app, content, letter)
    yield from figures.disputed(letter, printed)
    yield from figures.contradicted(letter, printed, contradictions)
    yield from figures.retold(letter, printed)
    yield from figures.stale(printed, app.clock.now().date(), settings.digest.stale_after)
    yield from figures.unsourced(letter, proof.issue, printed)


def _settings(settings: Settings) -> Iterator[Finding]:
    try:
        require_ready_to_send(settings)
    except ConfigError as trouble:
        yield error(
            f"setting:{trouble.setting}",
            str(trouble),
            trouble.setting,
            "No mail may leave without it.",
            "Set it in newsletter.toml.",
            firm=True,
        )


def published(app: App, issue: Issue) -> Iterator[Finding]:
    """What another issue has published; of tens of thousands of items it takes a moment."""
    if is_frozen(issue):
        return
    try:
        with app.database.read() as connection:
            refuse_published(connection, issue.id)
    except AlreadyPublished as trouble:
        yield error(
            f"published:{trouble.item}",
            str(trouble),
            "items",
            "Readers would have it twice.",
            "Exclude it from this issue.",
            link="#items",
            firm=True,
        )


def _way_back(app: App) -> Iterator[Finding]:
    """Whether we will hear what becomes of the mails."""
    if trouble := webhook_trouble(app.database, app.settings):
        yield warning(
            "sendgrid-webhook",
            trouble,
            "sendgrid",
            "Mail that keeps going to dead addresses ends in spam folders.",
            "Set the webhook up as docs/how-to/sendgrid.md says.",
        )


# Checks that take seconds and ask others: whether links open, what SpamAssassin says. Run only when somebody asks for them.


def check_slowly(
    app: App, issue: Issue, *, spam: bool = True, links: bool = True, opener: Opener | None = None
) -> tuple[Finding, ...]:
    """What only others can say of the issue."""
    proof = pull_proof(app, issue)
    found = [*unreachable(proof.letter, opener or Opener())] if links else []
    if spam and proof.plan is not None:
        found += ask_spamassassin(proof.plan)
    return tuple(found)
