"""How somebody looks at a mail: how wide, in which scheme, with images or without, which part, and as whom.

All of it stands in the address of the page, so that a view can be kept and sent on. A reader stands there by number.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import urlencode

from fastapi import Request

from newsletter.delivery.personal import NO_WISHES, Wishes
from newsletter.digest.letter import Letter
from newsletter.readers.preferences import read_preferences
from newsletter.render.scheme import Scheme


class Width(StrEnum):
    PHONE = "phone"
    DESKTOP = "desktop"


class Part(StrEnum):
    """What of the mail is shown."""

    MAIL = "mail"
    TEXT = "text"
    HEADERS = "headers"
    SOURCE = "source"


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One way to look. `reader` is a reader's number, 0 for somebody made up with these `wishes`."""

    width: Width = Width.DESKTOP
    scheme: Scheme = Scheme.LIGHT
    images: bool = True
    part: Part = Part.MAIL
    beside: bool = False
    reader: int = 0
    wishes: Wishes = NO_WISHES

    def query(self, **changes: Any) -> str:
        """The same view but for the changes, as the end of an address: "?width=phone", or nothing."""
        other = replace(self, **changes)
        usual = View()
        pairs: list[tuple[str, str]] = [
            (name, getattr(other, name).value)
            for name in ("width", "scheme", "part")
            if getattr(other, name) is not getattr(usual, name)
        ]
        pairs += [] if other.images else [("images", "off")]
        pairs += [("beside", "on")] if other.beside else []
        pairs += [("reader", str(other.reader))] if other.reader else []
        pairs += [("topics", each) for each in other.wishes.topics]
        pairs += [("tools", each) for each in other.wishes.tools]
        numbers = {"monthly_tokens": other.wishes.monthly_tokens, "team_size": other.wishes.team_size}
        pairs += [(name, str(number)) for name, number in numbers.items() if number]
        return f"?{urlencode(pairs)}" if pairs else ""

    @property
    def is_made_up(self) -> bool:
        """Whether it is as somebody with wishes, whom there is not."""
        return not self.reader and self.wishes != NO_WISHES


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What a made-up reader can choose in an issue: only that changes their copy. Tools are id and name."""

    topics: tuple[str, ...]
    tools: tuple[tuple[str, str], ...]
    has_costs: bool


def choices_of(letter: Letter) -> Choices:
    topics = {each.topic for each in letter.more} | {each.topic for each in letter.cards}
    topics |= {each.topic for each in letter.lines}
    costs = letter.lead.costs if letter.lead is not None else None
    return Choices(
        topics=tuple(sorted(filter(None, topics), key=str.casefold)),
        tools=tuple((each.tool_id, each.name) for each in letter.followed),
        has_costs=costs is not None and costs.rates is not None,
    )


def view_of(request: Request, topics: Sequence[str], today: date) -> View:
    """The view in an address: what is not understood is as usual. Raises FieldFault for a wrong number."""
    asked = request.query_params
    return View(
        width=_one(Width, asked, "width", Width.DESKTOP),
        scheme=_one(Scheme, asked, "scheme", Scheme.LIGHT),
        images=asked.get("images") != "off",
        part=_one(Part, asked, "part", Part.MAIL),
        beside=asked.get("beside") == "on",
        reader=int(asked["reader"][:18]) if asked.get("reader", "").isdecimal() else 0,
        wishes=_wishes(request, topics, today),
    )


def _wishes(request: Request, topics: Sequence[str], today: date) -> Wishes:
    asked = request.query_params
    many = {name: asked.getlist(name) for name in ("topics", "tools")}
    chosen = read_preferences(dict(asked), many, topics=topics, today=today)
    return Wishes(
        topics=chosen.topics,
        tools=chosen.tools,
        monthly_tokens=chosen.monthly_tokens,
        team_size=chosen.team_size,
    )


_Choice = TypeVar("_Choice", bound=StrEnum)


def _one(kind: type[_Choice], asked: Mapping[str, str], name: str, usual: _Choice) -> _Choice:
    given = asked.get(name, "")
    return kind(given) if given in set(kind) else usual
