"""What an editor may do to a draft: words, order, rooms, quotes. Each edit is a value; several are made together or not at all.

What follows from moving an item is in digest/arranging.py; how an edit is written down and undone, in revisions.py.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from functools import partial

from sqlalchemy import Connection

from newsletter.app import App
from newsletter.commands import suggest
from newsletter.content.records import Review
from newsletter.content.store import ContentStore
from newsletter.db.statuses import ExclusionReach, ItemKind, Room
from newsletter.digest import store
from newsletter.digest.arranging import ROOM_NAMES, Arrangement, Way
from newsletter.digest.draft import askable, find_question_for
from newsletter.digest.issues import Issue, Item, ItemKey
from newsletter.digest.quotes import quotable
from newsletter.digest.store import ChosenQuote
from newsletter.digest.subject import PREHEADER_CHARS, SUBJECT_CHARS
from newsletter.digest.wording import clip, count_words, plain
from newsletter.editing.audit import Action
from newsletter.editing.revisions import DraftChange, commit_change, is_done
from newsletter.errors import BadInput, NotFound
from newsletter.render.environment import clean_lines
from newsletter.render.markdown import has_image

NOTE_WORDS = 60
ITEM_NOTE_WORDS = 30
#: How many of those that wait an arrangement looks at, of comparisons and of tools.
WAITING = 10
#: A longer sentence is none that could be quoted.
MOST_QUOTE = 1_000

# What an editor may write. Control, zero-width and direction characters are removed, as from every text of an issue; images are
# refused, since a mail of ours fetches nothing.


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLimits:
    """How much may be written: characters, of which phones show `shown`; words, where they are counted, else 0."""

    chars: int
    shown: int = 0
    words: int = 0


#: What may be written over what is computed.
FIELDS = {
    "subject": TextLimits(chars=150, shown=SUBJECT_CHARS),
    "preheader": TextLimits(chars=200, shown=PREHEADER_CHARS),
    "note": TextLimits(chars=2_000, words=NOTE_WORDS),
    "bottom_line": TextLimits(chars=300),
}
ITEM_NOTE = TextLimits(chars=500, words=ITEM_NOTE_WORDS)


def check_text(field: str, text: str) -> str:
    """Return the text as it is stored; raises BadInput, in a sentence, for what cannot be."""
    return _checked(f"The {field.replace('_', ' ')}", text, FIELDS[field], markdown=field == "note")


def check_item_note(text: str) -> str:
    """Return the note on an item as it is stored, Markdown on one line; raises BadInput."""
    return plain(_checked("The note on an item", text, ITEM_NOTE, markdown=True))


def _checked(what: str, text: str, limits: TextLimits, *, markdown: bool) -> str:
    # Before anything reads it: nobody writes ten megabytes by hand.
    if len(text) > 10 * limits.chars:
        raise BadInput(f"{what} has {len(text):,} characters; at most {limits.chars:,} are allowed.")
    # In Markdown lines count; the others stand on one.
    text = clean_lines(text).strip() if markdown else plain(text)
    if len(text) > limits.chars:
        raise BadInput(f"{what} has {len(text):,} characters; at most {limits.chars:,} are allowed.")
    if limits.words and count_words(text) > limits.words:
        raise BadInput(f"{what} has {count_words(text)} words; at most {limits.words} are allowed.")
    if markdown and has_image(text):
        raise BadInput(
            f"{what} has an image; images are not allowed: link to it instead, [words](https://…)."
        )
    return text


# What people call a draft's items: a title, and on the command line a key such as "comparison:kite-vs-wren".


def titles_of(content: ContentStore, keys: Iterable[ItemKey]) -> dict[ItemKey, str]:
    """Return what each item is called: "Kite vs Wren", "Kite", a question's words; the key of what the store no longer has."""
    wanted = tuple(keys)
    compared = content.comparisons(each.key for each in wanted if each.kind is ItemKind.COMPARISON)
    named = {each.key for each in wanted if each.kind in (ItemKind.VERDICT, ItemKind.MODEL)}
    tools = content.tools(
        {*named, *(side for each in compared.values() for side in (each.left_id, each.right_id))}
    )
    asked = content.questions_by_id(each.key for each in wanted if each.kind is ItemKind.QUESTION)

    def title(key: ItemKey) -> str:
        if key.kind is ItemKind.COMPARISON and key.key in compared:
            sides = (compared[key.key].left_id, compared[key.key].right_id)
            return " vs ".join(clip(tools[each].name) if each in tools else each for each in sides)
        if key.kind is ItemKind.QUESTION and key.key in asked:
            return clip(asked[key.key].question, 120)
        return clip(tools[key.key].name) if key.key in tools else clip(key.key)

    return {each: title(each) or clip(each.key) for each in wanted}


def find_item(connection: Connection, issue_id: int, name: str) -> ItemKey:
    """Return the item called "verdict:kite", or "kite" where only one has that key; raises NotFound, BadInput."""
    whole = ItemKey.of_name(name)
    if whole is not None:
        return whole
    keys = [ItemKey(each, name) for each in ItemKind]
    known = {**store.read_items(connection, issue_id, keys), **store.exclusions_of(connection, issue_id)}
    found = [each for each in keys if each in known]
    if not found:
        raise NotFound("item", name, f"List the issue's items with: {suggest('show', issue_id)}")
    if len(found) > 1:
        raise BadInput(f"{name} is two items: say {' or '.join(each.name for each in found)}.")
    return found[0]


# The edits.


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """Write over what is computed; empty is computed again, None leaves it."""

    subject: str | None = None
    preheader: str | None = None
    note: str | None = None
    bottom_line: str | None = None

    @property
    def texts(self) -> dict[str, str]:
        """What is to be written, by field."""
        said = ((each.name, getattr(self, each.name)) for each in fields(self))
        return {name: text for name, text in said if text is not None}


@dataclass(frozen=True, slots=True)
class WriteNote:
    """What the editor says of one item, in Markdown; empty for nothing."""

    item: ItemKey
    note: str


@dataclass(frozen=True, slots=True)
class MoveItem:
    """Put an item into a room, or one place up or down in its own."""

    item: ItemKey
    to: Room | Way


@dataclass(frozen=True, slots=True)
class Pin:
    """Whether an item stays where it is when newer ones are merged."""

    item: ItemKey
    pinned: bool = True


@dataclass(frozen=True, slots=True)
class Exclude:
    """Keep an item out of this issue only, so that the next may have it; or for ever."""

    item: ItemKey
    reach: ExclusionReach


@dataclass(frozen=True, slots=True)
class BringBack:
    """Take back an exclusion of this issue."""

    item: ItemKey


@dataclass(frozen=True, slots=True)
class ChooseQuote:
    """Quote another sentence of a review in a comparison; empty: the computed one again."""

    comparison_id: str
    review_id: str
    words: str


Edit = Write | WriteNote | MoveItem | Pin | Exclude | BringBack | ChooseQuote


def make_edits(app: App, issue: Issue, edits: Sequence[Edit], *, by: str, request: str = "") -> Issue:
    """Make all the edits, as one step that can be undone; return the issue as it is then. Commits.

    Raises BadInput for what cannot be, InvalidTransition when the issue is no draft any more, ChangedMeanwhile when it is
    older than what is stored. A `request` (a hash of what was asked) that was answered for this version is not done twice.
    """
    with app.content() as content, app.database.write() as connection:
        store.lock_issue(connection, issue.id)
        if is_done(connection, issue, request):
            return store.get_issue(connection, issue.id)
        store.require_draft(connection, issue)
        draft = _EditedDraft(app, content, connection, issue, _arrange(content, connection, issue.id, edits))
        for each in edits:
            draft.make(each)
        # First: what follows from the edits is described too.
        change = draft.change()
        return commit_change(
            connection,
            issue,
            change,
            by=by,
            what="; ".join(draft.done),
            action=Action.EXCLUDED if any(isinstance(each, Exclude) for each in edits) else Action.EDITED,
            request=request,
            at=app.clock.now(),
        )


class _EditedDraft:
    """A draft while it is edited: what it was, and what becomes of it. `done` says that in words."""

    def __init__(
        self, app: App, content: ContentStore, connection: Connection, issue: Issue, items: Arrangement
    ) -> None:
        self._settings, self._content = app.settings, content
        self._connection, self._issue = connection, issue
        self._items = items
        self._lead = _lead_of(items.items)
        self._excluded = store.exclusions_of(connection, issue.id)
        self._texts: dict[str, str] = {}
        self._exclusions: dict[ItemKey, ExclusionReach | None] = {}
        self._quotes: dict[tuple[str, str], ChosenQuote | None] = {}
        self.done: list[str] = []

    def make(self, edit: Edit) -> None:
        """Make one edit; raises BadInput for what cannot be."""
        match edit:
            case Write():
                said = {field: check_text(field, text) for field, text in edit.texts.items()}
                changed = {name: text for name, text in said.items() if text != getattr(self._issue, name)}
                self._texts |= changed
                if changed:
                    names = [each.replace("_", " ") for each in changed]
                    self.done.append(
                        f"wrote the {' and '.join(filter(None, (', '.join(names[:-1]), names[-1])))}"
                    )
            case ChooseQuote():
                self._quote(edit)
            case _:
                self._arrange(edit)

    def change(self) -> DraftChange:
        """Return what changes, with what follows from it."""
        self._choose_question()
        items = self._items.changes()
        if (
            _lead_of(self._items.items) != self._lead
            and self._issue.bottom_line
            and "bottom_line" not in self._texts
        ):
            # It would stand under another comparison than the one it was written for.
            self._texts["bottom_line"] = ""
            self.done.append("with the lead went its written bottom line")
        return DraftChange(
            texts=self._texts,
            items=tuple(items.items()),
            exclusions=tuple(self._exclusions.items()),
            quotes=tuple(self._quotes.items()),
        )

    def _arrange(self, edit: WriteNote | MoveItem | Pin | Exclude | BringBack) -> None:
        key, title = edit.item, titles_of(self._content, [edit.item])[edit.item]
        match edit:
            case WriteNote():
                self._items.write_note(key, check_item_note(edit.note))
                self.done.append(
                    f"wrote a note on {title}" if edit.note.strip() else f"removed the note on {title}"
                )
            case MoveItem(to=Room() as room):
                self._items.move(key, room)
                self.done.append(f"moved {title} to {ROOM_NAMES[room]}")
            case MoveItem(to=Way() as way):
                self._items.step(key, way)
                self.done.append(f"moved {title} {way}")
            case Pin():
                self._items.pin(key, edit.pinned)
                self.done.append(f"{'pinned' if edit.pinned else 'unpinned'} {title}")
            case Exclude():
                self._items.take_out(key)
                self._exclusions[key] = edit.reach
                how = "for ever" if edit.reach is ExclusionReach.FOR_EVER else "until the next issue"
                self.done.append(f"took {title} out {how}")
            case BringBack():
                self._bring_back(key)
                self.done.append(f"brought {title} back")

    def _bring_back(self, key: ItemKey) -> None:
        if key not in self._excluded:
            raise BadInput(f"The {key} was not taken out of this issue.")
        if store.is_taken(self._connection, self._issue.id, key):
            raise BadInput(f"The {key} is in another issue by now.")
        self._items.bring_back(key)
        self._exclusions[key] = None

    def _quote(self, edit: ChooseQuote) -> None:
        comparison = self._content.comparisons([edit.comparison_id]).get(edit.comparison_id)
        if comparison is None or self._lead != ItemKey(ItemKind.COMPARISON, edit.comparison_id):
            raise BadInput("Only the lead quotes reviews, and this is not its comparison.")
        review = self._review(edit.review_id, (comparison.left_id, comparison.right_id))
        key, who = (edit.comparison_id, edit.review_id), clip(review.reviewer or "a reviewer", 40)
        if not edit.words:
            self._quotes[key] = None
            self.done.append(f"let the rules choose what to quote of {who}")
            return
        words = plain(edit.words[:MOST_QUOTE])
        if words not in quotable(review):
            raise BadInput(f"That is no whole sentence of {who}'s review.")
        self._quotes[key] = ChosenQuote(comparison_id=key[0], review_id=key[1], words=words)
        self.done.append(f"chose what to quote of {who}")

    def _review(self, review_id: str, sides: Sequence[str]) -> Review:
        said = (each for found in self._content.reviews(sides).values() for each in found)
        review = next((each for each in said if each.id == review_id), None)
        sources = {} if review is None else self._content.sources([review.source_id])
        if review is None or not any(each.ours for each in sources.values()):
            raise BadInput(
                "This is none of our reviews of the two sides: other people's words are not quoted."
            )
        return review

    def _choose_question(self) -> None:
        """Choose another question where the one there was is about nothing that the issue still shows, or was taken out."""
        items = self._items.items
        asked = next((each for each in items if each.room is Room.QUESTION), None)
        was_excluded = any(each.kind is ItemKind.QUESTION for each in self._exclusions)
        if asked is None and not was_excluded:
            return
        comparisons, tools = askable(items)
        about = {each.id for each in self._content.questions(comparison_ids=comparisons, tool_ids=tools)}
        if asked is not None and asked.key in about:
            return
        taken = store.unavailable(self._connection, self._issue.id, (ItemKind.QUESTION,))
        known = {each.key for each in (*taken, *self._exclusions)} | ({asked.key} if asked else set())
        rulings = partial(store.rulings_on, self._connection)
        found = find_question_for(items, self._content, self._settings, rulings, known)
        self._items.ask(None if found is None else ItemKey(ItemKind.QUESTION, found))


def _arrange(
    content: ContentStore, connection: Connection, issue_id: int, edits: Iterable[Edit]
) -> Arrangement:
    """Arrange a draft's items as far as the edits need it, without the tens of thousands that wait."""
    named = [
        each.item for each in edits if isinstance(each, WriteNote | MoveItem | Pin | Exclude | BringBack)
    ]
    shown = store.read_shown_items(connection, issue_id, 0)
    waiting = [
        item
        for kinds in ((ItemKind.COMPARISON,), (ItemKind.VERDICT, ItemKind.MODEL))
        for item in store.first_of_overflow(connection, issue_id, WAITING, kinds, pinned=False)
    ]
    asked = store.read_items(connection, issue_id, named).values()
    found = {each.item_key: each for each in (*shown, *waiting, *asked)}
    compared = {key.key for key in (*found, *named) if key.kind is ItemKind.COMPARISON}
    sides = {key: (each.left_id, each.right_id) for key, each in content.comparisons(compared).items()}
    tools = {side for pair in sides.values() for side in pair}
    keys = (ItemKey(kind, tool) for tool in sorted(tools) for kind in (ItemKind.VERDICT, ItemKind.MODEL))
    found |= store.read_items(connection, issue_id, keys)
    first = store.lowest_of_overflow(connection, issue_id)
    return Arrangement(found.values(), sides, first=first)


def _lead_of(items: Iterable[Item]) -> ItemKey | None:
    leads = (each.item_key for each in items if each.room is Room.LEAD and each.kind is ItemKind.COMPARISON)
    return next(leads, None)
