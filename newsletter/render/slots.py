"""The names of everything in a mail that differs from reader to reader. What fills them is in delivery/message.py."""

from enum import StrEnum


class SlotName(StrEnum):
    """A place in a plan that each reader's mail fills with a value of its own."""

    #: The reader's mailbox as the To header wants it (`Mailbox.header_form` of render/headers.py).
    TO = "to"
    #: The bare address, as a person reads it.
    ADDRESS = "address"
    #: With its angle brackets.
    MESSAGE_ID = "message_id"
    #: As RFC 5322 writes it: "Thu, 26 Nov 2026 09:00:00 +0000".
    DATE = "date"
    UNSUBSCRIBE_URL = "unsubscribe_url"
    #: A whole mailto: URL.
    UNSUBSCRIBE_MAILTO = "unsubscribe_mailto"
    PREFERENCES_URL = "preferences_url"
    VIEW_URL = "view_url"
    #: The names of the followed tools of which there is no news: "Heron, Finch and 3 more".
    UNCHANGED = "unchanged"
    #: The reader's own volume, and what it costs with either side of the lead.
    VOLUME = "volume"
    VOLUME_LEFT = "volume_left"
    VOLUME_RIGHT = "volume_right"
    #: The reader's own team, and what it costs.
    TEAM = "team"
    TEAM_LEFT = "team_left"
    TEAM_RIGHT = "team_right"


#: Values of usual length, for measuring sizes and for a preview that has no reader.
SAMPLE_VALUES: dict[SlotName, str] = {
    SlotName.TO: "reader@example.org",
    SlotName.ADDRESS: "reader@example.org",
    SlotName.MESSAGE_ID: "<nl.12.0123456789abcdef01234567@news.example.org>",
    SlotName.DATE: "Thu, 26 Nov 2026 09:00:00 +0000",
    SlotName.UNSUBSCRIBE_URL: "https://news.example.org/unsubscribe/" + "a1B2c3D4e5" * 6,
    SlotName.UNSUBSCRIBE_MAILTO: "mailto:news@example.org?subject=unsubscribe%20" + "a1B2c3D4e5" * 6,
    SlotName.PREFERENCES_URL: "https://news.example.org/preferences/" + "a1B2c3D4e5" * 6,
    SlotName.VIEW_URL: "https://news.example.org/view/" + "a1B2c3D4e5" * 6,
    SlotName.UNCHANGED: "Heron Small, Pelican Large, Osprey 7B",
    SlotName.VOLUME: "25M tokens a month",
    SlotName.VOLUME_LEFT: "$57.50",
    SlotName.VOLUME_RIGHT: "$11.25",
    SlotName.TEAM: "Team of 12",
    SlotName.TEAM_LEFT: "$303.60",
    SlotName.TEAM_RIGHT: "$59.40",
}
