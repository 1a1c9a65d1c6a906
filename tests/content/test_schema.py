"""The published schema of packs is the one that the program has."""

import json
from pathlib import Path

from newsletter.content.packs import pack_schema
from newsletter.content.records import Pack

PUBLISHED = Path(__file__).parents[2] / "docs/reference/pack.schema.json"


def test_the_published_schema_is_up_to_date() -> None:
    assert PUBLISHED.read_text(encoding="utf-8") == pack_schema()


def test_the_schema_names_every_field_and_allows_no_other() -> None:
    schema = json.loads(pack_schema())
    assert list(schema["properties"]) == list(Pack.model_fields)
    assert all(
        each["additionalProperties"] is False for each in schema["$defs"].values() if "enum" not in each
    )
    assert "title" not in schema["$defs"]["ToolEntry"]


def test_values_may_be_numbers_and_what_only_exports_hold_is_said() -> None:
    schema = json.loads(pack_schema())
    kinds = {each["type"] for each in schema["$defs"]["ClaimEntry"]["properties"]["value"]["anyOf"]}
    assert kinds == {"string", "number", "boolean"}
    assert schema["properties"]["imports"]["description"] == "In exports only."
