"""What an editor does to an issue: draft, edit, check, preview, approve, withdraw, cancel. No pages, no commands."""
