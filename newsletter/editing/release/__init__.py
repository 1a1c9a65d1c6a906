"""Letting an issue go: approving, test sends, its time, its start, and correcting it afterwards."""
