"""All tables of `subscribers.db`: readers, issues, the delivery ledger, single mails, slots.

Public facts are not here: they live in `content.db` (newsletter/content/). Only `readers.address` holds a
reader's address; everything else speaks of reader ids. Amounts of time are seconds, moments are UTC.
Whoever asks for a table or for `metadata` asks this package, so that no table is missing from it.
"""

from newsletter.db.schema.base import metadata
from newsletter.db.schema.desk import audit, editor_sessions, editors, finding_answers, rulings, sign_in_links
from newsletter.db.schema.drafting import chosen_quotes, exclusions, issues, items, publications, revisions
from newsletter.db.schema.feedback import (
    mailboxes,
    provider_events,
    reports,
    soft_bounces,
    webhook_posts,
    webhooks,
)
from newsletter.db.schema.frozen import clicks, errata, links, plans, snapshots
from newsletter.db.schema.ledger import batches, deliveries, mails, quotas, senders
from newsletter.db.schema.schedule import alerts, slots
from newsletter.db.schema.subscription import (
    consents,
    reader_tools,
    reader_topics,
    readers,
    sign_up_counts,
    suppressions,
    vote_marks,
)
from newsletter.db.schema.sums import consent_sums, issue_sums, summed

__all__ = [
    "alerts",
    "audit",
    "batches",
    "chosen_quotes",
    "clicks",
    "consent_sums",
    "consents",
    "deliveries",
    "editor_sessions",
    "editors",
    "errata",
    "exclusions",
    "finding_answers",
    "issue_sums",
    "issues",
    "items",
    "links",
    "mailboxes",
    "mails",
    "metadata",
    "plans",
    "provider_events",
    "publications",
    "quotas",
    "reader_tools",
    "reader_topics",
    "readers",
    "reports",
    "revisions",
    "rulings",
    "senders",
    "sign_in_links",
    "sign_up_counts",
    "slots",
    "snapshots",
    "soft_bounces",
    "summed",
    "suppressions",
    "vote_marks",
    "webhook_posts",
    "webhooks",
]
