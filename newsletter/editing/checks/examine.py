"""All the checks on one issue: of a draft as it reads now, of an approved one as it was approved."""

from collections.abc import Callable, Iterable, Iterator

from newsletter.config import Settings, require_ready_to_send
from newsletter.content.desk.findings import Contradiction
from newsletter.content.store import ContentStore
from newsletter.db.statuses import IssueStatus
from newsletter.delivery.webhook import webhook_trouble
from newsletter.digest.issues import Issue
from newsletter.digest.store import refuse_published
from newsletter.editing.checks import figures
from newsletter.editing.checks.arithmetic import reckoned
from newsletter.editing.checks.changed import changed
from newsletter.editing.checks.findings import Finding, Severity, error, warning
from newsletter.editing.checks.letter import in_letter
from newsletter.editing.checks.mail import in_mail
from newsletter.editing.checks.printed import read_printed
from newsletter.editing.facts import open_contradictions
from newsletter.editing.newsroom import Newsroom
from newsletter.editing.proofs.letters import is_frozen
from newsletter.editing.proofs.proof import Proof, pull_proof
from newsletter.errors import AlreadyPublished, ConfigError


def check(newsroom: Newsroom, issue: Issue) -> tuple[Finding, ...]:
    """Every finding on the issue as it stands, errors first."""
    return check_proof(newsroom, pull_proof(newsroom, issue))


def check_proof(newsroom: Newsroom, proof: Proof) -> tuple[Finding, ...]:
    """Every finding on a proof, errors first; what depends on more than the proof is looked up now."""
    around = (*published(newsroom, proof.issue), *look_around(newsroom, proof.issue))
    return _sorted((*look_over(newsroom, proof), *around))


def look_over(
    newsroom: Newsroom, proof: Proof, known: Callable[[], Iterable[Contradiction]] | None = None
) -> tuple[Finding, ...]:
    """What the proof itself shows, and the facts behind it. `known` gives the open contradictions where they are remembered."""
    found = [*look_at_mail(newsroom, proof)]
    if not is_frozen(proof.issue):
        contradictions = known() if known is not None else open_contradictions(newsroom)
        with newsroom.content() as content:
            found += _facts(newsroom, proof, content, contradictions)
    elif proof.issue.status is IssueStatus.APPROVED:
        found += changed(newsroom, proof)
    return _sorted(found)


def look_at_mail(newsroom: Newsroom, proof: Proof) -> tuple[Finding, ...]:
    """What shows without looking anything up: every error among it."""
    letter = proof.letter
    found = [*in_letter(letter, newsroom.settings), *reckoned(letter)]
    if proof.plan is None:
        found.append(_broken(proof.trouble))
    else:
        found += in_mail(proof.plan, letter, proof.sent)
    return _sorted(found)


def look_around(newsroom: Newsroom, issue: Issue) -> Iterator[Finding]:
    """What stands outside the issues: settings, the way back."""
    if not is_frozen(issue):
        yield from _settings(newsroom.settings)
        yield from _way_back(newsroom)


def _sorted(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Errors first, each key once."""
    by_key: dict[str, Finding] = {}
    for each in found:
        by_key.setdefault(each.key, each)
    return tuple(sorted(by_key.values(), key=lambda each: each.severity is not Severity.ERROR))


def _broken(trouble: str) -> Finding:
    return error("broken", trouble, "the mail", "It cannot be made.", "Put that right first.", firm=True)


def _facts(
    newsroom: Newsroom, proof: Proof, content: ContentStore, contradictions: Iterable[Contradiction]
) -> Iterator[Finding]:
    letter, settings = proof.letter, newsroom.settings
    printed = read_printed(newsroom, content, letter)
    yield from figures.disputed(letter, printed)
    yield from figures.contradicted(letter, printed, contradictions)
    yield from figures.retold(letter, printed)
    yield from figures.stale(printed, newsroom.clock.now().date(), settings.stale_after)
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


def published(newsroom: Newsroom, issue: Issue) -> Iterator[Finding]:
    """What another issue has published; of tens of thousands of items it takes a moment."""
    if is_frozen(issue):
        return
    try:
        with newsroom.database.read() as connection:
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


def _way_back(newsroom: Newsroom) -> Iterator[Finding]:
    """Whether we will hear what becomes of the mails."""
    if trouble := webhook_trouble(newsroom.database, newsroom.settings):
        yield warning(
            "sendgrid-webhook",
            trouble,
            "sendgrid",
            "Mail that keeps going to dead addresses ends in spam folders.",
            "Set the webhook up as docs/how-to/sendgrid.md says.",
        )
