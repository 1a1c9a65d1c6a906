"""The published JSON Schema of packs, made from the models of `pack`; docs/reference/pack.schema.json is its text."""

import json
from typing import Any

from newsletter.content.pack import Pack

#: What only the store's own exports hold.
_FOR_EXPORTS = ("texts", "revisions", "reader_votes", "imports")


def pack_schema() -> str:
    """The schema as a JSON text, for editors and other programs."""
    schema = _without_titles(Pack.model_json_schema())
    for field in _FOR_EXPORTS:
        schema["properties"][field]["description"] = "In exports only."
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A pack of comparisons, reviews, prices and the like",
    }
    return json.dumps(head | schema, indent=2, ensure_ascii=False) + "\n"


def _without_titles(value: Any) -> Any:
    """The same without the titles that pydantic makes from the names."""
    if isinstance(value, list):
        return [_without_titles(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _without_titles(each)
        for key, each in value.items()
        if not (key == "title" and isinstance(each, str))
    }
