"""Copies of an installation: making one, keeping so many, and putting one back."""
