"""The words that a setting may be, where it is one of a few."""

from enum import StrEnum


class TransportName(StrEnum):
    """The ways out."""

    OUTBOX = "outbox"
    SMTP = "smtp"
    SENDGRID = "sendgrid"


class AlertTransport(StrEnum):
    """The ways of alerts: that of issues, or one of their own."""

    SAME = "same"
    OUTBOX = "outbox"
    SMTP = "smtp"
    SENDGRID = "sendgrid"


class Approval(StrEnum):
    """Who lets an issue go."""

    REQUIRED = "required"
    AUTOMATIC = "automatic"


class ThinWeek(StrEnum):
    """What happens to a week with too few items."""

    SKIP = "skip"
    SEND = "send"
    ROLL_OVER = "roll-over"


class ChangedFigures(StrEnum):
    """What happens to an issue of which a figure changed after approval."""

    HOLD = "hold"
    SEND = "send"


class Tls(StrEnum):
    """How an SMTP connection is protected."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


class Weekday(StrEnum):
    """A day of the week, by name: numbers mean different days to different programs."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"
