"""The second reader of the code: each test's name is a sentence about what holds."""
