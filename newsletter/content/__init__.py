"""What the week holds: `content.db`, its importers and the facts desk. Public facts only, nothing about readers."""
