"""Alembic's migrations of `subscribers.db`: append-only, never edited once released."""
