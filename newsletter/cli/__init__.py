"""The command line: parse, call, print. Decisions live in the folders it calls."""
