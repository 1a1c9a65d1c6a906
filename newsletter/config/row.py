"""A row of the table of settings."""

from dataclasses import MISSING, field
from typing import Any


def setting(
    name: str,
    default: Any = MISSING,
    *,
    help: str,
    needed: bool = False,
    secret: bool = False,
    example: str = "",
) -> Any:
    """A row of the table. `needed`: nothing leaves before it is set. `secret`: environment or file only."""
    metadata = {"name": name, "help": help, "needed": needed, "secret": secret, "example": example}
    return field(default=default, metadata=metadata)
