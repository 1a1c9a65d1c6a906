"""From an approved issue to the readers' mail servers: audience, ledger, sender, transports, single mails."""
