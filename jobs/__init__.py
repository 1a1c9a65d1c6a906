"""Scheduled jobs: one file each, what and when, then one call."""
