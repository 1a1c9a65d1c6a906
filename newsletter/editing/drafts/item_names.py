"""How people call a draft's items: by a title, and on the command line by a key such as "comparison:kite-vs-wren"."""

from collections.abc import Iterable

from sqlalchemy import Connection

from newsletter.content.draft_store import questions_by_id
from newsletter.content.store import ContentStore
from newsletter.db.statuses import ItemKind
from newsletter.digest.draft_store import exclusions_of, read_items
from newsletter.digest.issues import ItemKey
from newsletter.digest.sentences import clip
from newsletter.errors import BadInput, NotFound


def titles_of(content: ContentStore, keys: Iterable[ItemKey]) -> dict[ItemKey, str]:
    """What each is called: "Kite vs Wren", "Kite", a question's words; the key of what the store no longer has."""
    wanted = tuple(keys)
    compared = content.comparisons(each.key for each in wanted if each.kind is ItemKind.COMPARISON)
    named = {each.key for each in wanted if each.kind in (ItemKind.VERDICT, ItemKind.MODEL)}
    tools = content.tools(
        {*named, *(side for each in compared.values() for side in (each.left_id, each.right_id))}
    )
    asked = questions_by_id(content, (each.key for each in wanted if each.kind is ItemKind.QUESTION))

    def title(key: ItemKey) -> str:
        if key.kind is ItemKind.COMPARISON and key.key in compared:
            sides = (compared[key.key].left_id, compared[key.key].right_id)
            return " vs ".join(clip(tools[each].name) if each in tools else each for each in sides)
        if key.kind is ItemKind.QUESTION and key.key in asked:
            return clip(asked[key.key].question, 120)
        return clip(tools[key.key].name) if key.key in tools else clip(key.key)

    return {each: title(each) or clip(each.key) for each in wanted}


def find_item(connection: Connection, issue_id: int, name: str) -> ItemKey:
    """The item called "verdict:kite", or "kite" where only one has that key; raises BadInput."""
    kind, _, key = name.partition(":")
    if kind in set(ItemKind) and key:
        return ItemKey(ItemKind(kind), key)
    keys = [ItemKey(each, name) for each in ItemKind]
    known = {**read_items(connection, issue_id, keys), **exclusions_of(connection, issue_id)}
    found = [each for each in keys if each in known]
    if not found:
        raise NotFound("item", name, f"List the issue's items with: newsletter show {issue_id}")
    if len(found) > 1:
        raise BadInput(
            f"{name} is two items: say {' or '.join(f'{each.kind}:{each.key}' for each in found)}."
        )
    return found[0]
