"""Making a draft and changing it: its items, its words, and what was done to it."""
