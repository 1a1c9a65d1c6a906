"""A plan for a provider that puts readers' values in itself: tags where the slots are, and what each tag becomes.

Such a provider inserts values as they are, in text and HTML alike, so a slot has two tags: one whose value is
escaped for HTML and one whose value is bare. How the pieces make a request is the transport's business.
"""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256

from newsletter.render.encode import ascii_header, header_form, html_text, plain_text
from newsletter.render.plan import Block, Header, Plan, Slot
from newsletter.render.slots import SlotName

#: The provider writes these itself, from fields of its own.
_PROVIDERS_OWN = frozenset({"from", "to", "reply-to", "subject", "date"})


class TaggedMail:
    """A plan and program with tags. Headers are those that the provider does not write itself, on one line each."""

    def __init__(self, plan: Plan, program: Sequence[str] | None = None) -> None:
        # Nothing that a plan says can hold the plan's own digest, so no text is taken for a tag.
        self._salt = sha256(plan.to_bytes()).hexdigest()[:8]
        self._personal = tuple(header for header in _sendable(plan.headers) if header.is_personal)
        text, html = plan.text_blocks(program), plan.html_blocks(program)
        self._text_tags = {name: self._tag("text", name) for name in _names(text)}
        self._html_tags = {name: self._tag("html", name) for name in _names(html)}
        self.subject = plan.subject
        self.text = _tagged(text, self._text_tags)
        self.html = _tagged(html, self._html_tags)
        self.headers = {
            header.name: header_form(header.name, header.static)
            for header in _sendable(plan.headers)
            if not header.is_personal
        }

    def substitutions(self, values: Mapping[str, str]) -> dict[str, str]:
        """What each tag becomes for one reader; KeyError for a slot without a value."""
        return {
            **{tag: plain_text(values[name]) for name, tag in self._text_tags.items()},
            **{tag: html_text(values[name]) for name, tag in self._html_tags.items()},
        }

    def personal_headers(self, values: Mapping[str, str]) -> dict[str, str]:
        """One reader's own headers; raises BadHeader for a value that cannot stand in one."""
        return {header.name: _filled(header, values) for header in self._personal}

    def _tag(self, use: str, name: SlotName) -> str:
        return f"[%{self._salt}.{use}.{name}%]"


def _sendable(headers: Iterable[Header]) -> Iterable[Header]:
    return (header for header in headers if header.name.lower() not in _PROVIDERS_OWN)


def _names(blocks: Iterable[Block]) -> list[SlotName]:
    slots = (segment for block in blocks for segment in block.segments if isinstance(segment, Slot))
    return list(dict.fromkeys(slot.name for slot in slots))


def _tagged(blocks: Iterable[Block], tags: Mapping[SlotName, str]) -> str:
    segments = (segment for block in blocks for segment in block.segments)
    return "".join(tags[segment.name] if isinstance(segment, Slot) else segment for segment in segments)


def _filled(header: Header, values: Mapping[str, str]) -> str:
    return "".join(
        ascii_header(header.name, values[segment.name])
        if isinstance(segment, Slot)
        else header_form(header.name, segment)
        for segment in header.segments
    )
