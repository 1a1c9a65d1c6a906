"""Every status a row of `subscribers.db` can have. The CHECK constraints are made from these."""

from enum import StrEnum


class ReaderStatus(StrEnum):
    """What a reader is to us; only an ACTIVE reader may receive an issue."""

    UNCONFIRMED = "unconfirmed"
    ACTIVE = "active"
    LEFT = "left"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    ERASED = "erased"


class Edition(StrEnum):
    """How often an issue of this kind appears."""

    WEEKLY = "weekly"
    MONTHLY = "monthly"


class ConsentEvent(StrEnum):
    """What happened to a reader's consent. The ledger is append-only."""

    REQUESTED = "requested"
    CONFIRMED = "confirmed"
    IMPORTED = "imported"
    ADDED = "added"
    WITHDRAWN = "withdrawn"
    RESTORED = "restored"


class ConsentChannel(StrEnum):
    """The way a request, a consent or its withdrawal reached us. A confirmation has that of its request."""

    FORM = "form"
    API = "api"
    IMPORT = "import"
    COMMAND = "command"
    DESK = "desk"
    #: A page of the reader's own, behind the link of a mail.
    PAGE = "page"
    ONE_CLICK = "one-click"
    MAIL = "mail"
    PROVIDER = "provider"
    #: Recorded before there were channels, in words that do not tell.
    UNKNOWN = "unknown"


class WithdrawalReason(StrEnum):
    """Why a consent ended: what the reader answered when leaving, or else what ended it."""

    TOO_OFTEN = "too-often"
    NOT_FOR_ME = "not-for-me"
    NEVER_ASKED = "never-asked"
    NOT_TRUE = "not-true"
    OTHER = "other"
    COMPLAINT = "complaint"
    SUPPRESSED = "suppressed"
    ERASED = "erased"


class SuppressionKind(StrEnum):
    """Why an address is on the suppression list; what each kind forbids is in readers/suppression.py."""

    LEFT = "left"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    #: Somebody who runs the newsletter wants nothing sent there.
    OPERATOR = "operator"
    ERASED = "erased"


class LimitScope(StrEnum):
    """What sign-ups and editors' sign-ins are counted by, to keep strangers from flooding mailboxes through us."""

    NETWORK = "network"
    DOMAIN = "domain"
    MAILBOX = "mailbox"
    DESK_NETWORK = "desk-network"
    #: Forms with the field filled in that people do not see: counted, never limited.
    TRAP = "trap"


class EditorRole(StrEnum):
    """What an editor may do: a WRITER works on drafts, a PUBLISHER also lets them go and sees readers."""

    WRITER = "writer"
    PUBLISHER = "publisher"


class IssueStatus(StrEnum):
    """An issue's life: draft → approved → sending ⇄ paused → sent, or cancelled; approved → draft again."""

    DRAFT = "draft"
    APPROVED = "approved"
    SENDING = "sending"
    PAUSED = "paused"
    SENT = "sent"
    CANCELLED = "cancelled"


class ItemKind(StrEnum):
    """What an item of an issue is about."""

    COMPARISON = "comparison"
    VERDICT = "verdict"
    MODEL = "model"
    QUESTION = "question"


class Room(StrEnum):
    """Which block of the issue an item stands in; OVERFLOW is the one linked line."""

    LEAD = "lead"
    MORE = "more"
    CARD = "card"
    OVERFLOW = "overflow"
    QUESTION = "question"


class ExclusionReach(StrEnum):
    """How long an editor keeps an item out."""

    THIS_ISSUE = "this-issue"
    FOR_EVER = "for-ever"


class Vote(StrEnum):
    """What a reader would do with a tool."""

    SHIP = "ship"
    SKIP = "skip"


class RevisionState(StrEnum):
    """Whether an edit of a draft holds: DONE, UNDONE, or GONE for good; a STEP is the undoing itself."""

    DONE = "done"
    UNDONE = "undone"
    GONE = "gone"
    STEP = "step"


class BatchStatus(StrEnum):
    """A batch's life. A RUNNING batch has an owner and a lease."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"


class DeliveryStatus(StrEnum):
    """One reader's copy of one issue. Final for the sender: ACCEPTED, REJECTED, SKIPPED, UNSURE."""

    PENDING = "pending"
    BEGUN = "begun"
    RETRY = "retry"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    SKIPPED = "skipped"
    UNSURE = "unsure"


class MailKind(StrEnum):
    """A single mail, outside any issue."""

    CONFIRMATION = "confirmation"
    REMINDER = "reminder"
    WELCOME = "welcome"
    SIGN_IN = "sign-in"
    PERSONAL_LINK = "personal-link"
    FOLLOW = "follow"
    TEST = "test"
    ALERT = "alert"


class MailStatus(StrEnum):
    """A single mail's life, with the same outcomes as a delivery."""

    PENDING = "pending"
    BEGUN = "begun"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    SKIPPED = "skipped"
    UNSURE = "unsure"


class SlotStatus(StrEnum):
    """A scheduled slot: leased work that is done once, or skipped loudly."""

    DUE = "due"
    RUNNING = "running"
    DONE = "done"
    SKIPPED = "skipped"


class ReportKind(StrEnum):
    """What came back by mail about a message of ours."""

    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    LEAVING = "leaving"
    AUTO_REPLY = "auto-reply"


class ClickKind(StrEnum):
    """Who opened a link, as far as a request tells."""

    HUMAN = "human"
    MACHINE = "machine"
    UNSURE = "unsure"


class FindingAnswer(StrEnum):
    """What a person says to a finding of the checks."""

    ACKNOWLEDGED = "acknowledged"
    OVERRIDDEN = "overridden"
    #: A printed figure is disputed, and both values are to be shown.
    BOTH = "both"
