"""What became of issues: the list of them, the outbox, and the sums behind the report."""
