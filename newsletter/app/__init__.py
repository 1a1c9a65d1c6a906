"""Puts the parts together: the only place that chooses implementations."""

from newsletter.app.app import App, open_app

__all__ = ["App", "open_app"]
