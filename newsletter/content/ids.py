"""Ids made from contents, so that the same statement has the same id in every store."""

import hashlib
import json


def content_id(kind: str, *parts: object) -> str:
    """A short id from what makes a record itself."""
    text = json.dumps([kind, *(None if part is None else str(part) for part in parts)], ensure_ascii=False)
    return f"{kind}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
