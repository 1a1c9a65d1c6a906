"""How an approved issue reaches its readers: audience, ledger, sender and the transports. Chooses no content."""
