"""An issue as one reader has it in the mail, for the browser: the reader's own blocks and links, without the address.

A mail that is handed on carries its links, so whoever opens this page may not be the reader.
"""

from newsletter.delivery.message import mailings_of
from newsletter.delivery.recipients import Recipient
from newsletter.delivery.wishes import find_wishes
from newsletter.editing.proofs.letters import EVERYBODY
from newsletter.editing.proofs.preview import Format, SigningNewsroom, compose, part_of
from newsletter.editing.store import variant_of
from newsletter.render.slots import SlotName

#: Stands where the mail names the reader's address.
NOBODY, NOBODYS_ADDRESS = "you", "you@localhost"


def view_issue(newsroom: SigningNewsroom, issue_id: int, reader_id: int) -> str:
    """The HTML of the reader's copy; raises NotFound for an issue that was not approved."""
    with newsroom.database.read() as connection:
        mailings = mailings_of(connection, issue_id, newsroom.links, newsroom.marks, newsroom.clock)
        variant = variant_of(connection, issue_id, reader_id) or EVERYBODY
        wishes = find_wishes(connection, reader_id)
    mailing = mailings.get(variant) or next(iter(mailings.values()))
    reader = Recipient(reader_id=reader_id, address=NOBODYS_ADDRESS, attempts=0, wishes=wishes)
    values = mailing.values(reader) | {SlotName.ADDRESS: NOBODY}
    return part_of(compose(mailing.plan, values, mailing.program(reader)), Format.HTML)
