"""What an editor does to an issue: draft, edit, preview, check, approve, send, correct; and editors, readers and reports.

No pages, no commands. `compiled.CompiledIssue` is what preview, checks and approval look at; `cache.DeskCache` is what a running
desk remembers; `audit.record_action` writes down what somebody did, in the transaction that does it.
"""
