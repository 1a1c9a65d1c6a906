"""Plans and readers' values for the tests of the wire: usual ones, hostile ones, and what both should become."""

import unicodedata
from collections.abc import Mapping, Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import escape

from hypothesis import strategies as st

from newsletter.render.encode import mailbox_form
from newsletter.render.headers import issue_headers
from newsletter.render.plan import Block, Plan, PlanSlot, SlotName
from tests.render.letters import FRAME

ADDRESS, VIEW, LEAVE = (
    PlanSlot(SlotName.ADDRESS),
    PlanSlot(SlotName.VIEW_URL),
    PlanSlot(SlotName.UNSUBSCRIBE_URL),
)
PREFERENCES = PlanSlot(SlotName.PREFERENCES_URL)

PLAN = Plan(
    headers=issue_headers(FRAME, "Two verdicts, and a question — read “on”"),
    text=(
        Block("", ("Weekly Verdicts\n\nIn the browser: ", VIEW, "\n\n")),
        Block("lead", (".lead\nFrom here on  \n", "x" * 200, "\n")),
        Block("more", ("More: é, 漢字, 😀\n",)),
        Block("", ("This goes to ", ADDRESS, ".\n", PREFERENCES, "\n", LEAVE, "\n")),
    ),
    html=(
        Block("", ('<!doctype html>\n<a href="', VIEW, '">browser</a>\n')),
        Block("lead", ("<p>.lead</p>\n", "<p>" + "long " * 60 + "</p>")),
        Block("more", ("<p>More: é, 漢字, 😀</p>\n",)),
        Block("", ("<p>", ADDRESS, '</p><a href="', LEAVE, '">leave</a>', PREFERENCES, "</html>\n")),
    ),
)

TOKEN = "a1B2c3D4e5" * 6

VALUES: dict[str, str] = {
    "to": "alice@example.org",
    "address": "alice@example.org",
    "message_id": "<nl.12.0123456789abcdef@news.example.org>",
    "date": "Thu, 26 Nov 2026 09:00:00 +0000",
    "unsubscribe_url": f"https://news.example.org/unsubscribe/{TOKEN}",
    "unsubscribe_mailto": f"mailto:weekly@news.example.org?subject=unsubscribe%20{TOKEN}",
    "preferences_url": f"https://news.example.org/preferences/{TOKEN}",
    "view_url": f"https://news.example.org/view/{TOKEN}",
}

#: Names and words that break careless mail.
HOSTILE = (
    'O"Brien & Sons <x>',
    "o'brien@example.org",
    ".dot",
    "From here",
    "trailing blank ",
    "trailing tab\t",
    " leading",
    "a = b =3D c=",
    "😀👩‍👩‍👧‍👦🏴‍☠️",
    "مرحبا بالعالم",
    "שלום",
    "漢字かな한국어",
    "e\u0301a\u0308o\u0302",
    "\u202eright to left\u202c",
    "a\r\nBcc: x@example.org",
    "a\x00b\x0bc\x85d\u2028e",
    "x" * 75,
    "x" * 76,
    "x" * 75 + ".y",
    "x" * 350,
    "{{ name }} %s %(a)s ${x} -tag-",
    "--=_boundary",
    "",
)

_pieces = st.sampled_from((*HOSTILE, "a", "b", ".", "=", " ", "<", "&", "y" * 74, "\t"))
#: Text of any kind, built to hit the ends of lines.
texts = st.one_of(st.lists(_pieces, max_size=4).map("".join), st.text(max_size=40))
#: The same with line ends, for what a template says. LF only, and no halves of characters.
statics = st.lists(st.one_of(texts, st.just("\n")), max_size=4).map("".join).map(lambda text: _static(text))
#: Anything that may stand in a URL, but for what looks like an encoded word.
urls = (
    st.text("".join(map(chr, range(0x21, 0x7F))), max_size=320)
    .filter(lambda path: "=?" not in path)
    .map(lambda path: f"https://x.example/{path}")
)
names = texts.map(lambda name: "".join(map(_printable, name)))


def _static(text: str) -> str:
    return text.replace("\r", "").encode(errors="replace").decode()


def _printable(character: str) -> str:
    return "" if unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") else character


#: One reader's values, all of them as hostile as their kind allows.
reader_values = st.fixed_dictionaries(
    {
        "to": names.map(lambda name: mailbox_form(name, "alice@example.org")),
        "address": texts,
        "message_id": st.just(VALUES["message_id"]),
        "date": st.just(VALUES["date"]),
        "unsubscribe_url": urls,
        "unsubscribe_mailto": st.just(VALUES["unsubscribe_mailto"]),
        "preferences_url": urls,
        "view_url": urls,
    }
)

_segments = st.lists(
    st.one_of(statics, st.sampled_from([ADDRESS, VIEW, LEAVE, PREFERENCES])), max_size=6
).map(tuple)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Any plan: frame blocks and named ones in any order, in both parts."""
    ids = st.sampled_from(["", "a", "b", "c"])
    blocks = st.lists(st.builds(Block, ids, _segments), max_size=4).map(tuple)
    return Plan(headers=PLAN.headers, text=draw(blocks), html=draw(blocks))


def substituted(blocks: Sequence[Block], values: Mapping[str, str], *, html: bool) -> str:
    """What a part should say: the plan's text with values put in, and a line end behind it if the plan has none."""

    def shown(value: str) -> str:
        printable = "".join(map(_printable, value))
        return escape(printable) if html else printable

    segments = [segment for block in blocks for segment in block.segments if segment != ""]
    shown_segments = [shown(values[each.name]) if isinstance(each, PlanSlot) else each for each in segments]
    is_open = bool(segments) and (isinstance(segments[-1], PlanSlot) or not segments[-1].endswith("\n"))
    return "".join(shown_segments) + "\n" * is_open


def parsed(message: bytes) -> EmailMessage:
    """Python's parser's word on a message, which must find nothing wrong with it or any part."""
    read = message_from_bytes(message, policy=policy.default)
    assert isinstance(read, EmailMessage)
    for part in read.walk():
        assert part.defects == []
        assert all(value.defects == () for value in part.values())
    return read


def part_text(message: EmailMessage, kind: str) -> str:
    """The decoded text of the part text/`kind`."""
    part = next(part for part in message.iter_parts() if part.get_content_type() == f"text/{kind}")
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content.decode().replace("\r\n", "\n")
